//! Imports between the files of a crate: no circles.

use crate::*;

/// The modules of a crate, by their path from its root (`""` is `lib.rs`).
struct Modules {
    files: BTreeMap<String, String>,
    /// What a module takes, and what of it it hands on under the same name: path as it is written, and whether it is handed on.
    taken: BTreeMap<String, Vec<(String, bool)>>,
}

fn join(base: &str, rest: &str) -> String {
    format!("{base}::{rest}").trim_matches(':').to_owned()
}

fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or("", |(parent, _)| parent)
}

impl Modules {
    fn of(folder: &str) -> Self {
        let (mut files, mut taken) = (BTreeMap::new(), BTreeMap::new());
        for source in sources(folder) {
            // `crates/app/src/workers/mod.rs` is the module `workers`.
            let inner = source.path.strip_prefix(folder).unwrap_or(&source.path).trim_matches('/');
            let inner = inner.trim_end_matches(".rs").replace('/', "::");
            let module = if inner == "lib" { "" } else { inner.strip_suffix("::mod").unwrap_or(&inner) };
            taken.insert(module.to_owned(), mentioned(&source));
            files.insert(module.to_owned(), source.path);
        }
        Self { files, taken }
    }

    /// A path as it is written in a module, from the root of the crate; `None` where it leads out of the crate.
    fn absolute(&self, module: &str, path: &str) -> Option<String> {
        let (mut base, mut rest) = match path.split_once("::") {
            Some(("crate", rest)) => ("", rest),
            Some(("self", rest)) => (module, rest),
            Some(("super", rest)) => (parent(module), rest),
            // A child of this module.
            _ if self.files.contains_key(&join(module, path.split("::").next().unwrap_or_default())) => (module, path),
            _ => return None,
        };
        while let Some(above) = rest.strip_prefix("super::") {
            (base, rest) = (parent(base), above);
        }
        Some(join(base, rest))
    }

    /// The file that says what this path names, through whatever hands it on.
    fn file(&self, path: &str) -> Option<&String> {
        let mut module = path;
        while !self.files.contains_key(module) {
            module = parent(module);
        }
        let name = path[module.len()..].trim_start_matches("::").split("::").next().unwrap_or_default();
        let handed_on = self.taken[module]
            .iter()
            .find(|(taken, is_handed_on)| *is_handed_on && !name.is_empty() && taken.rsplit("::").next() == Some(name));
        match handed_on.and_then(|(taken, _)| self.absolute(module, taken)).filter(|target| target != path) {
            Some(target) => self.file(&target),
            None => self.files.get(module),
        }
    }

    /// Which files each file takes something from.
    fn imports(&self) -> BTreeMap<String, BTreeSet<String>> {
        let of = |(module, paths): (&String, &Vec<(String, bool)>)| {
            let own = &self.files[module];
            let files = paths.iter().filter_map(|(path, _)| self.file(&self.absolute(module, path)?));
            (own.clone(), files.filter(|file| *file != own).cloned().collect())
        };
        self.taken.iter().map(of).collect()
    }
}

/// Every path that a file takes by `use`, braces taken apart, or names in full where it needs it; and whether it is handed on (`pub use`).
fn mentioned(source: &Source) -> Vec<(String, bool)> {
    let code: String = source.bare_lines().map(|(_, line)| line + "\n").collect();
    let mut found = Vec::new();
    let mut rest = String::new();
    for statement in code.split_inclusive(';') {
        let (before, after) = match statement.rfind("use ") {
            Some(at) if statement[..at].trim_end().lines().next_back().is_none_or(is_visibility) => {
                statement.split_at(at)
            }
            Some(at) if at == 0 || statement[..at].ends_with('\n') => statement.split_at(at),
            _ => (statement, ""),
        };
        rest.push_str(before);
        let is_handed_on = before.trim_end().lines().next_back().is_some_and(is_visibility);
        let mut paths = Vec::new();
        expand(
            "",
            &after.trim_start_matches("use ").split_whitespace().collect::<String>().replace(';', ""),
            &mut paths,
        );
        found.extend(paths.into_iter().filter(|path| !path.is_empty()).map(|path| (path, is_handed_on)));
    }
    for word in rest.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == ':')) {
        found.extend(word.contains("::").then(|| (word.trim_matches(':').to_owned(), false)));
    }
    found
}

fn is_visibility(line: &str) -> bool {
    let line = line.trim();
    line == "pub" || (line.starts_with("pub(") && line.ends_with(')'))
}

fn expand(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let Some((before, rest)) = tree.split_once('{') else {
        found.push(format!("{prefix}{tree}"));
        return;
    };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let item = &inner[start..at];
                if !item.is_empty() {
                    expand(&format!("{prefix}{before}"), item, found);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

#[test]
fn imports_are_found_through_braces_and_super() {
    let taken = Modules::of("crates/api/src").imports();
    let takes = |file: &str, from: &str| {
        let [file, from] = [file, from].map(|name| format!("crates/api/src/{name}"));
        taken[&file].contains(&from)
    };
    assert!(takes("server.rs", "http/wire/endpoints.rs"), "crate::http::wire::{{…}}");
    assert!(takes("http/categories.rs", "http/wire/crud.rs"), "super::wire::{{…}}");
    assert!(takes("http/wire/change.rs", "http/wire/problem.rs"), "super::problem");
    assert!(takes("http/mod.rs", "http/health.rs"), "a path that is named in full");
    let taken = Modules::of("crates/app/src").imports();
    let takes = |file: &str, from: &str| {
        let [file, from] = [file, from].map(|name| format!("crates/app/src/{name}"));
        taken[&file].contains(&from)
    };
    assert!(takes("usecases/carts.rs", "error.rs"), "crate::Error, which lib.rs hands on");
    assert!(takes("workers/mod.rs", "workers/worker.rs"), "pub use");
    assert!(!takes("usecases/carts.rs", "lib.rs"), "lib.rs only hands it on");
}

#[test]
fn no_two_files_of_app_or_api_import_each_other_in_a_circle() {
    for folder in ["crates/app/src", "crates/api/src"] {
        let mut left = Modules::of(folder).imports();
        // Whoever takes nothing from those that are left is in no circle.
        while let Some(free) = left.iter().find(|(_, taken)| taken.is_empty()).map(|(path, _)| path.clone()) {
            left.remove(&free);
            left.values_mut().for_each(|taken| {
                taken.remove(&free);
            });
        }
        let told = left.into_iter().map(|(file, taken)| format!("{file} takes from {taken:?}"));
        assert_none("in a circle of imports, or above one", told.collect());
    }
}
