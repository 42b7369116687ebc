//! Settings on the command line: a wrong one, a misspelt one, a missing one, and databases and addresses that cannot be had. Each is one
//! sentence that names it.

use tradepost_tests::{Database, Engine, Program, sql};

/// Runs the program in a folder of its own.
pub(crate) fn in_a_folder(arguments: &[&str], settings: &[(&str, &str)]) -> tradepost_tests::Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program =
        settings.iter().fold(Program::new(folder.path(), arguments), |program, (name, value)| program.env(name, value));
    program.run()
}

#[test]
fn a_setting_that_makes_no_sense_is_one_sentence_that_names_it() {
    for (name, value) in [
        ("TRADEPOST_BIND", "nonsense"),
        ("TRADEPOST_BIND", "127.0.0.1:99999"),
        ("TRADEPOST_CURRENCY", "euro"),
        ("TRADEPOST_PHONE_COUNTRY", "XX1"),
        ("TRADEPOST_SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://root@localhost/shop"),
        ("DATABASE_URL", "sqlite://:memory:"),
        ("DATABASE_URL", "nonsense"),
    ] {
        in_a_folder(&["serve"], &[("TRADEPOST_BIND", "127.0.0.1:0"), (name, value)]).refused_naming(name);
    }
}

#[test]
fn a_misspelt_setting_stops_the_program_and_the_sentence_names_the_one_that_was_meant() {
    let sentence = "TRADEPOST_BNID is no setting; did you mean TRADEPOST_BIND?";
    for command in ["serve", "migrate", "verify"] {
        let refused = in_a_folder(&[command], &[("TRADEPOST_BNID", "127.0.0.1:0")]).refused_naming(sentence);
        assert_eq!(refused.status, Some(2), "as for any wrong setting");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join(".env"), "TRADEPOST_BNID=127.0.0.1:0\n").expect("a file");
    Program::new(folder.path(), &["serve"]).run().refused_naming(sentence);
    assert!(!folder.path().join("tradepost.db").exists(), "nothing was done");
    in_a_folder(&["help", "settings"], &[("TRADEPOST_BNID", "127.0.0.1:0")]).succeeded();
}

#[test]
fn an_unknown_scheme_and_a_database_that_cannot_be_opened_are_named() {
    in_a_folder(&["serve"], &[("DATABASE_URL", "mysql://root@localhost/shop")]).refused_naming("mysql");
    in_a_folder(&["serve"], &[("DATABASE_URL", "sqlite:///nowhere/at/all/shop.db")])
        .refused_naming("/nowhere/at/all/shop.db")
        .refused_naming("DATABASE_URL");
    let refused = in_a_folder(&["serve"], &[("DATABASE_URL", "postgres://me:hush-hush@127.0.0.1:1/shop")])
        .refused_naming("127.0.0.1")
        .refused_naming("DATABASE_URL");
    assert!(!refused.stderr.contains("hush-hush"), "a password is not for the log: {refused:?}");
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("shop.db"), "this is not a database, ".repeat(500)).expect("a file");
    let url = format!("sqlite://{}/shop.db", folder.path().display());
    Program::new(folder.path(), &["serve"])
        .env("DATABASE_URL", &url)
        .env("TRADEPOST_BIND", "127.0.0.1:0")
        .run()
        .refused_naming("shop.db");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    in_a_folder(&["serve"], &[("TRADEPOST_BIND", &address)]).refused_naming(&address);
}

#[test]
fn postgres_needs_a_secret_key() {
    let database = Database::empty(Engine::Postgres);
    let program = database.program(&["serve"]).without("TRADEPOST_SECRET_KEY").env("TRADEPOST_BIND", "127.0.0.1:0");
    program.run().refused_naming("TRADEPOST_SECRET_KEY");
}

#[test]
fn a_database_that_cannot_hold_every_text_is_refused_with_what_to_do() {
    let server = tradepost_tests::postgres::shared_server_url();
    let neighbour = Database::empty(Engine::Postgres);
    let name = tradepost_tests::postgres::fresh_name();
    let latin = format!("create database \"{name}\" encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0");
    sql::execute(server, &latin);
    let url = tradepost_tests::postgres::with_database(server, &name);
    for command in ["serve", "migrate"] {
        let program = neighbour.program(&[command]).env("DATABASE_URL", &url).env("TRADEPOST_BIND", "127.0.0.1:0");
        program.run().refused_naming("LATIN1").refused_naming("ENCODING 'UTF8'");
    }
    assert_eq!(sql::number(&url, "select count(*) from pg_tables where schemaname = 'public'"), 0);
    sql::execute(server, &format!("drop database \"{name}\" with (force)"));
}
