//! The house rules that a compiler does not know: who may depend on whom, what may be said where, and how long things may get.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines of a file before its tests.
const FILE_LINES: usize = 500;
/// Lines of a function, from `fn` to its closing brace.
const FUNCTION_LINES: usize = 70;
/// Lines of an HTTP handler.
const HANDLER_LINES: usize = 30;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// One source file: its path from the root, and its text up to its tests.
struct Source {
    path: String,
    code: String,
}

impl Source {
    /// Numbered lines without comments and what is in string literals of one line.
    fn bare_lines(&self) -> impl Iterator<Item = (usize, String)> {
        self.code.lines().enumerate().map(|(at, line)| {
            let mut bare = String::new();
            for (nth, part) in line.split('"').enumerate() {
                if nth % 2 == 1 {
                    bare.push_str("\"\"");
                    continue;
                }
                let (code, comment) =
                    part.split_once("//").map_or((part, None), |(code, comment)| (code, Some(comment)));
                bare.push_str(code);
                if comment.is_some() {
                    break;
                }
            }
            (at + 1, bare)
        })
    }

    fn places_of(&self, words: &[&str]) -> Vec<String> {
        let found = self.bare_lines().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        found.map(|(at, line)| format!("{}:{at}: {}", self.path, line.trim())).collect()
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|problem| panic!("{}: {problem}", folder.display())) {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

fn sources(folder: &str) -> Vec<Source> {
    let root = root();
    let rust = files_below(&root.join(folder))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    let read = rust.map(|path| {
        let text = fs::read_to_string(&path).expect("a source file");
        let code = text.split("\n#[cfg(test)]").next().unwrap_or_default().to_owned();
        Source { path: path.strip_prefix(&root).expect("inside the workspace").display().to_string(), code }
    });
    let found: Vec<Source> = read.collect();
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

#[track_caller]
fn assert_none(what: &str, places: Vec<String>) {
    assert!(places.is_empty(), "{what}:\n  {}", places.join("\n  "));
}

/// What a package needs to be built on this machine, without what only its tests need: itself excepted, by name.
fn dependencies(package: &str, depth: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let told = Command::new(cargo)
        .args(["tree", "--offline", "--locked", "-e", "normal", "--prefix", "none", "--format", "{p}"])
        .args(["-p", package, "--depth", depth])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let names = String::from_utf8_lossy(&told.stdout)
        .lines()
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect::<Vec<_>>();
    names.into_iter().filter(|name| !name.is_empty() && name != package).collect()
}

/// Those of `names` that are one of `words`, or begin with one and a hyphen.
fn among(names: BTreeSet<String>, words: &[&str]) -> Vec<String> {
    let is_one = |name: &String| {
        words.iter().any(|word| name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    };
    names.into_iter().filter(is_one).collect()
}

#[test]
fn arrows_go_from_api_to_store_to_domain_and_nowhere_else() {
    let ours = |package: &str| among(dependencies(package, "1"), &["tradepost"]);
    assert_eq!(ours("tradepost-domain"), Vec::<String>::new());
    assert_eq!(ours("tradepost-store"), ["tradepost-domain"]);
    assert_eq!(ours("tradepost-api"), ["tradepost-domain", "tradepost-store"]);
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
fn store_knows_no_http_and_api_knows_no_diesel() {
    let http = ["actix", "reqwest", "hyper", "utoipa", "clap", "env_logger", "validator"];
    assert_none("store depends on", among(dependencies("tradepost-store", "99"), &http));
    let databases = ["diesel", "diesel_migrations", "r2d2", "pq", "libsqlite3", "rusqlite"];
    assert_none("api names", among(dependencies("tradepost-api", "1"), &databases));
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
        !source.path.contains("/metrics") && !source.path.contains("/throttle") && !source.path.contains("/examples/")
    });
    // serde's list of what a deserializer may be asked for names them without having any.
    let floats =
        all.flat_map(|source| source.places_of(&["f32", "f64"])).filter(|place| !place.contains("f32 f64 char str"));
    assert_none("floats", floats.collect());
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
    for source in sources("crates/api/src").into_iter().chain(sources("crates/domain/src")) {
        let lines = source.code.lines().enumerate().filter(|(_, line)| looks_like_sql(line));
        places.extend(lines.map(|(at, line)| format!("{}:{}: {}", source.path, at + 1, line.trim())));
    }
    assert_none("SQL outside crates/store", places);
}

#[test]
fn failures_are_not_swallowed_or_panicked_over() {
    let words = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "#[allow("];
    let crates = ["crates/domain/src", "crates/store/src", "crates/api/src"];
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

#[test]
fn files_are_short_enough_to_be_read() {
    let all = sources("crates").into_iter().chain(sources("tests"));
    let long = all.map(|source| (source.code.lines().count(), source.path)).filter(|(lines, _)| *lines > FILE_LINES);
    assert_none(
        "too long",
        long.map(|(lines, path)| format!("{path}: {lines} lines before its tests, {FILE_LINES} are enough")).collect(),
    );
}

/// Functions and their lengths. rustfmt sees to it that a function ends with a brace at its own indentation.
fn functions(source: &Source) -> Vec<(usize, String, usize)> {
    let lines: Vec<&str> = source.code.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        let mut words =
            bare.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty());
        let before_fn: Vec<&str> = words.by_ref().take_while(|word| *word != "fn").collect();
        let modifiers = ["pub", "crate", "super", "self", "in", "async", "const", "unsafe", "extern"];
        if !bare.contains("fn ") || before_fn.iter().any(|word| !modifiers.contains(word)) {
            continue;
        }
        let name = words.next().unwrap_or_default().to_owned();
        let brace = format!("{}}}", " ".repeat(indent));
        let length = if line.ends_with('}') || line.ends_with(';') {
            Some(0)
        } else {
            lines[at..].iter().position(|line| *line == brace)
        };
        found.push((at + 1, name, length.unwrap_or(0) + 1));
    }
    found
}

#[test]
fn functions_are_short_enough_to_be_read() {
    let mut long = Vec::new();
    for source in sources("crates").iter().filter(|source| source.path.contains("/src/")) {
        let limit = if source.path.starts_with("crates/api/src/http/") { HANDLER_LINES } else { FUNCTION_LINES };
        let over = functions(source).into_iter().filter(|(_, _, lines)| *lines > limit);
        long.extend(
            over.map(|(at, name, lines)| format!("{}:{at}: {name} has {lines} lines, {limit} are enough", source.path)),
        );
    }
    assert_none("too long", long);
}
