//! Imports between the files of a crate: no circles.

use crate::*;

/// The files of a crate, and which of them each takes something from, as its `use` says.
fn imports(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let files = sources(folder);
    // `crates/app/src/usecases/login/mod.rs` is the module `usecases::login`.
    let module_of = |path: &str| {
        let inner = path.strip_prefix(folder).unwrap_or(path).trim_matches('/').trim_end_matches(".rs");
        let inner = inner.trim_end_matches("mod").trim_end_matches('/').replace('/', "::");
        if inner == "lib" { String::new() } else { inner }
    };
    let modules: BTreeMap<String, String> =
        files.iter().map(|source| (module_of(&source.path), source.path.clone())).collect();
    let mut found = BTreeMap::new();
    for source in &files {
        let own = module_of(&source.path);
        let parent = own.rsplit_once("::").map_or("", |(parent, _)| parent).to_owned();
        // `self` is the module, `super` the one above it.
        let absolute = |path: &str| {
            let path = path.trim_start_matches("pub ");
            let join = |base: &str, rest: &str| format!("{base}::{rest}").trim_matches(':').to_owned();
            if let Some(rest) = path.strip_prefix("crate::") {
                return Some(rest.to_owned());
            }
            if let Some(rest) = path.strip_prefix("super::super::") {
                return Some(join(parent.rsplit_once("::").map_or("", |(above, _)| above), rest));
            }
            if let Some(rest) = path.strip_prefix("super::") {
                return Some(join(&parent, rest));
            }
            None
        };
        let mut taken = BTreeSet::new();
        for path in uses(&source.code).iter().filter_map(|path| absolute(path)) {
            // The longest prefix that is a module of its own.
            let mut module = path.as_str();
            while !modules.contains_key(module) && !module.is_empty() {
                module = module.rsplit_once("::").map_or("", |(above, _)| above);
            }
            if let Some(file) = modules.get(module).filter(|file| **file != source.path) {
                taken.insert(file.clone());
            }
        }
        found.insert(source.path.clone(), taken);
    }
    found
}

/// Every path of every `use` at the start of a line, braces taken apart.
fn uses(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in code.split('\n').collect::<Vec<_>>().join("\n").split("\nuse ").skip(1) {
        let tree = part.split(';').next().unwrap_or_default();
        expand("", &tree.split_whitespace().collect::<String>(), &mut found);
    }
    found
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
    let taken = imports("crates/api/src");
    let takes = |file: &str, from: &str| {
        let [file, from] = [file, from].map(|name| format!("crates/api/src/{name}"));
        taken[&file].contains(&from)
    };
    assert!(takes("server.rs", "http/wire/endpoints.rs"), "crate::http::wire::{{…}}");
    assert!(takes("http/categories.rs", "http/wire/crud.rs"), "super::wire::{{…}}");
    assert!(takes("http/wire/change.rs", "http/wire/problem.rs"), "super::problem");
}

#[test]
fn no_two_files_of_app_or_api_import_each_other_in_a_circle() {
    for folder in ["crates/app/src", "crates/api/src"] {
        let mut left = imports(folder);
        // Whoever takes nothing from those that are left is in no circle.
        while let Some(free) = left.iter().find(|(_, taken)| taken.is_empty()).map(|(path, _)| path.clone()) {
            left.remove(&free);
            left.values_mut().for_each(|taken| {
                taken.remove(&free);
            });
        }
        assert_none("in a circle of imports", left.into_keys().collect());
    }
}
