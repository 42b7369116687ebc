//! What `serve --demo` opens with: five lines for whoever tries the program for the first time, and for whoever comes back.

use tradepost_app::sample_data::Door;

/// Where things are.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// `http://` and what the program listens at.
    pub address: &'a str,
    /// How the outside reaches it, without a slash at the end.
    pub public_url: &'a str,
    /// `SQLite` or `PostgreSQL`.
    pub engine: &'a str,
    /// How this program was called.
    pub program: &'a str,
}

/// The address, who may log in, the documentation and what to do next. A password is the last word of its line, and shown nowhere else.
pub fn lines(place: Place<'_>, door: &Door) -> [String; 5] {
    let Place { address, public_url, engine, program } = place;
    let tour = "next: the tour in README.md";
    let (login, next) = match door {
        Door::New { login, password } => (
            format!("login: {login}; one-time password, shown only now: {password}"),
            format!("{tour}; POST /api/v1/me/password changes the one-time one"),
        ),
        Door::Known { login } => (
            format!("login: {login}"),
            format!("{tour}; if you are locked out: {program} user create --role owner --email you@shop.test"),
        ),
        Door::Shut => (
            "login: nobody yet".to_owned(),
            format!("next: {program} user create --role owner --username boss --email boss@shop.test"),
        ),
    };
    [
        format!("Tradepost {}, a shop to try things with, on {engine}", env!("CARGO_PKG_VERSION")),
        listening(address),
        login,
        format!("docs: {public_url}/api/docs"),
        next,
    ]
}

/// Where the program listens, as programs read it.
pub fn listening(address: &str) -> String {
    format!("listening on {address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place {
        address: "http://127.0.0.1:8080",
        public_url: "https://shop.example",
        engine: "SQLite",
        program: "target/debug/tradepost",
    };

    fn named(door: &Door, line: &str) -> String {
        let lines = lines(HERE, door);
        lines.into_iter().find_map(|said| said.strip_prefix(line).map(str::to_owned)).unwrap()
    }

    #[test]
    fn a_password_is_shown_once_and_is_the_last_word_of_its_line() {
        let new = Door::New { login: "owner".to_owned(), password: "x7".to_owned() };
        assert!(named(&new, "login: owner").ends_with(" x7"));
        assert_eq!(lines(HERE, &new).concat().matches("x7").count(), 1);
        assert_eq!(named(&new, "docs: "), "https://shop.example/api/docs");
        assert_eq!(named(&new, "listening on "), HERE.address);
    }

    #[test]
    fn who_comes_back_is_told_the_login_and_where_there_is_none_how_to_make_one() {
        assert_eq!(named(&Door::Known { login: "ann".to_owned() }, "login: "), "ann");
        assert!(named(&Door::Shut, "next: ").contains("user create --role owner"));
    }
}
