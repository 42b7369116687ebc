//! How long files and functions may get.

use crate::*;

/// Lines of a file before its tests.
const FILE_LINES: usize = 400;
/// Half of the files have no more lines than this before their tests.
const MEDIAN_LINES: usize = 150;
/// Lines of a function, from `fn` to its closing brace.
const FUNCTION_LINES: usize = 60;
/// Lines of an HTTP handler.
const HANDLER_LINES: usize = 30;

#[test]
fn files_are_short_enough_to_be_read() {
    let all = sources("crates").into_iter().chain(sources("tests"));
    let long = all.map(|source| (source.code.lines().count(), source.path)).filter(|(lines, _)| *lines > FILE_LINES);
    assert_none(
        "too long",
        long.map(|(lines, path)| format!("{path}: {lines} lines before its tests, {FILE_LINES} are enough")).collect(),
    );
    let mut lengths: Vec<_> = sources("crates").iter().map(|source| source.code.lines().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median < MEDIAN_LINES, "half of the files have {median} lines or more");
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
        let limit = if source.path.starts_with("crates/api/src/http/") && !source.path.contains("/wire/") {
            HANDLER_LINES
        } else {
            FUNCTION_LINES
        };
        let over = functions(source).into_iter().filter(|(_, _, lines)| *lines > limit);
        long.extend(
            over.map(|(at, name, lines)| format!("{}:{at}: {name} has {lines} lines, {limit} are enough", source.path)),
        );
    }
    assert_none("too long", long);
}
