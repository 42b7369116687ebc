//! What may stand in one place only, and what must stand everywhere.

use crate::*;

/// The map names only what is there.
#[test]
fn every_path_that_the_architecture_names_exists() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).expect("the map");
    let starts = ["crates/", "tests/", "migrations/", "docs/", "scripts/"];
    let quoted = text.split('`').skip(1).step_by(2);
    let paths: BTreeSet<&str> = quoted.filter(|path| starts.iter().any(|start| path.starts_with(start))).collect();
    assert!(paths.len() > 20, "the map names only {} paths", paths.len());
    let gone = paths.into_iter().filter(|path| !path.contains(['*', '<', '{']) && !root().join(path).exists());
    assert_none("docs/architecture.md names", gone.map(str::to_owned).collect());
}

/// SQL that is not prepared, and text that is pushed by hand: where a `String` could become SQL, somebody has looked.
#[test]
fn raw_sql_is_written_in_few_files_of_the_store() {
    let raw = ["batch_execute", "push_sql", "begin_transaction_sql", "sql_query", "dsl::sql"];
    let known = [
        "connection.rs",
        "dialect/",
        "bulk/",
        "migrate.rs",
        "store.rs",
        "pool.rs",
        "wal.rs",
        "schema.rs",
        "parts.rs",
        "verify/mod.rs",
    ];
    let all = sources("crates/store/src").into_iter();
    let elsewhere =
        all.filter(|source| !known.iter().any(|file| source.path["crates/store/src/".len()..].starts_with(file)));
    assert_none("raw SQL", elsewhere.flat_map(|source| source.places_of(&raw)).collect());
    let formatted = sources("crates/store/src").into_iter().flat_map(|source| {
        source.places_of(&["batch_execute(&format!", "push_sql(&format!", "batch_execute(&sql", "batch_execute(&text"])
    });
    assert_none("SQL that was put together at run time", formatted.collect());
}

#[test]
fn each_file_says_first_what_lives_there() {
    let all = sources("crates").into_iter().chain(sources("tests"));
    let silent = all.filter(|source| !source.code.starts_with("//! "));
    assert_none("no first line that says what lives there", silent.map(|source| source.path).collect());
}

#[test]
fn time_is_read_in_one_file() {
    let words = ["Utc::now", "Local::now", "SystemTime::now", "now_v7(", "Timestamp::now("];
    let all = sources("crates").into_iter().filter(|source| source.path != "crates/app/src/clock.rs");
    assert_none("the only clock is crates/app/src/clock.rs", all.flat_map(|source| source.places_of(&words)).collect());
}

#[test]
fn domain_has_no_floats_no_randomness_and_no_input_or_output() {
    let words = [
        "f32",
        "f64",
        "std::fs",
        "std::net",
        "std::env",
        "std::thread",
        "std::process",
        "Instant::now",
        "println!",
        "async ",
        "new_v4",
    ];
    assert_none(
        "not in domain",
        sources("crates/domain/src").iter().flat_map(|source| source.places_of(&words)).collect(),
    );
}

#[test]
fn money_and_quantities_are_never_floats_outside_json() {
    let all = sources("crates").into_iter().filter(|source| {
        // Readings for people and machines: durations of requests and the like.
        let is_reading = ["/metrics", "/throttle", "/examples/"].iter().any(|part| source.path.contains(part));
        // What was refused is read once more only to say what is wrong with it.
        !is_reading && !source.path.ends_with("/wire/explain_json.rs")
    });
    // serde's list of what a deserializer may be asked for names them without having any.
    let floats =
        all.flat_map(|source| source.places_of(&["f32", "f64"])).filter(|place| !place.contains("f32 f64 char str"));
    assert_none("floats", floats.collect());
}

#[test]
fn failures_are_not_swallowed_or_panicked_over() {
    let words = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "#[allow("];
    let crates = ["crates/domain/src", "crates/store/src", "crates/app/src", "crates/api/src"];
    let places = crates.iter().flat_map(|folder| sources(folder)).flat_map(|source| source.places_of(&words)).collect();
    assert_none("not outside tests", places);
}

#[test]
fn migrations_are_paired_by_name_with_a_way_up_and_down() {
    let names = |engine: &str| -> BTreeSet<String> {
        let folder = root().join("migrations").join(engine);
        let found: BTreeSet<String> = fs::read_dir(folder)
            .expect("the migrations")
            .map(|entry| entry.expect("an entry of a folder").file_name().to_string_lossy().into_owned())
            .collect();
        assert!(!found.is_empty(), "no migrations for {engine}");
        for name in &found {
            for way in ["up.sql", "down.sql"] {
                let path = root().join("migrations").join(engine).join(name).join(way);
                let text = fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
                assert!(!text.trim().is_empty(), "{} is empty", path.display());
            }
        }
        found
    };
    assert_eq!(names("postgres"), names("sqlite"), "both engines have the same migrations");
}

/// The code that a fault is noted with: the first word in quotes after the fault's place.
fn code_of(call: &str) -> Option<&str> {
    let statement = call.split(';').next()?;
    let mut rest = statement;
    while let Some((_, after)) = rest.split_once(", \"") {
        let (text, behind) = after.split_once('"')?;
        if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && behind.starts_with(',') {
            return Some(text);
        }
        rest = after;
    }
    None
}

#[test]
fn every_code_that_a_fault_is_noted_with_is_in_the_contract() {
    let document = fs::read_to_string(root().join("docs/openapi.json")).expect("the contract");
    let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    let known = document["components"]["schemas"]["FieldError"]["properties"]["code"]["examples"].as_array();
    let known: BTreeSet<&str> = known.expect("a list of codes").iter().filter_map(|code| code.as_str()).collect();
    let notes = [
        "errors.add(",
        "FieldErrors::one(",
        "Refusal::invalid(",
        "Error::invalid(",
        "Problem::at(",
        "Problem::parameter(",
    ];
    let mut found = BTreeSet::new();
    for source in
        ["crates/domain/src", "crates/app/src", "crates/api/src/http"].iter().flat_map(|folder| sources(folder))
    {
        let code = source.code.split_whitespace().collect::<Vec<_>>().join(" ");
        let calls = notes.iter().flat_map(|note| code.split(note).skip(1));
        found.extend(calls.filter_map(code_of).map(str::to_owned));
    }
    assert!(found.len() > 15, "{found:?}");
    assert_none("not in the contract", found.into_iter().filter(|code| !known.contains(code.as_str())).collect());
}
