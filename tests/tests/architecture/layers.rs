//! Who may depend on whom, and what may not be spoken of where.

use crate::*;

#[test]
fn arrows_go_from_api_to_app_to_store_to_domain_and_nowhere_else() {
    let ours = |package: &str| among(dependencies(package, "1"), &["tradepost"]);
    assert_eq!(ours("tradepost-domain"), Vec::<String>::new());
    assert_eq!(ours("tradepost-store"), ["tradepost-domain"]);
    assert_eq!(ours("tradepost-app"), ["tradepost-domain", "tradepost-store"]);
    assert_eq!(ours("tradepost-api"), ["tradepost-app", "tradepost-domain", "tradepost-store"]);
    assert_eq!(ours("tradepost-tests"), Vec::<String>::new(), "the harness knows the program from outside only");
}

#[test]
fn domain_needs_nothing_that_talks_to_the_world() {
    let worldly = [
        "diesel",
        "r2d2",
        "actix",
        "tokio",
        "async",
        "futures",
        "env_logger",
        "log",
        "tracing",
        "reqwest",
        "hyper",
        "serde_json",
        "rusqlite",
        "libsqlite3",
        "pq",
        "mio",
        "socket2",
        "anyhow",
        "utoipa",
        "clap",
        "validator",
    ];
    assert_none("domain depends on", among(dependencies("tradepost-domain", "99"), &worldly));
    assert_none("domain names", among(dependencies("tradepost-domain", "1"), &["serde", "rand", "getrandom"]));
}

#[test]
fn whoever_embeds_the_domain_builds_sixteen_crates_at_most() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments =
        ["tree", "--offline", "--locked", "-p", "tradepost-domain", "--no-default-features", "-e", "normal"];
    let told =
        Command::new(cargo).args(arguments).args(["--prefix", "none", "--format", "{p}"]).current_dir(root()).output();
    let told = String::from_utf8(told.expect("cargo runs").stdout).expect("UTF-8");
    let crates: BTreeSet<_> =
        told.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).collect();
    assert!((2..=16).contains(&crates.len()), "{crates:?}");
}

#[test]
fn store_and_app_know_no_http_and_app_and_api_know_no_diesel() {
    let http = ["actix", "http", "reqwest", "hyper", "utoipa", "clap", "env_logger", "validator"];
    assert_none("store depends on", among(dependencies("tradepost-store", "99"), &http));
    assert_none("app depends on", among(dependencies("tradepost-app", "99"), &http));
    let databases = ["diesel", "diesel_migrations", "r2d2", "pq", "libsqlite3", "rusqlite"];
    assert_none("app names", among(dependencies("tradepost-app", "1"), &databases));
    assert_none("api names", among(dependencies("tradepost-api", "1"), &databases));
}

/// Whoever asks a shop for something may do so in another way than over HTTP: not even a comment speaks of it.
#[test]
fn nothing_in_app_names_http() {
    let names_it = |line: &str| {
        let line = line.to_lowercase().replace("http://", "").replace("https://", "");
        let words = ["http", "endpoint", "header", "status code"];
        let is_status = |word: &str| word.len() == 3 && (word.starts_with('4') || word.starts_with('5'));
        let numbers = |line: &str| {
            let mut words = line.split_whitespace().map(|word| word.trim_matches(['.', ',', ';', ':', '(', ')']));
            words.any(|word| is_status(word) && word.bytes().all(|b| b.is_ascii_digit()))
        };
        words.iter().any(|word| line.contains(word)) || (line.trim_start().starts_with("//") && numbers(&line))
    };
    let places = sources("crates/app/src").into_iter().flat_map(|source| {
        let lines = source.code.lines().enumerate().filter(|(_, line)| names_it(line));
        lines.map(|(at, line)| format!("{}:{}: {}", source.path, at + 1, line.trim())).collect::<Vec<_>>()
    });
    assert_none("HTTP in crates/app", places.collect());
}

#[test]
fn sql_stays_in_store() {
    let looks_like_sql = |line: &str| {
        let line = line.trim_start().to_lowercase();
        let verbs = [
            "\"select ",
            "\"insert into ",
            "\"update ",
            "\"delete from ",
            "\"with recursive",
            "\"create table",
            "\"pragma ",
            "diesel::",
        ];
        verbs.iter().any(|verb| line.contains(verb)) && !line.starts_with("//")
    };
    let mut places = Vec::new();
    for source in ["api", "app", "domain"].into_iter().flat_map(|one| sources(&format!("crates/{one}/src"))) {
        let lines = source.code.lines().enumerate().filter(|(_, line)| looks_like_sql(line));
        places.extend(lines.map(|(at, line)| format!("{}:{}: {}", source.path, at + 1, line.trim())));
    }
    assert_none("SQL outside crates/store", places);
}
