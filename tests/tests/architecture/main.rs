//! The house rules that a compiler does not know: who may depend on whom, what may be said where, and how long things may get.

mod imports;
mod layers;
mod places;
mod sizes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
