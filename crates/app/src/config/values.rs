//! Settings as text: from the environment or from a file `.env` in the current folder; the environment wins.

use crate::nearest::nearest;
use std::{collections::HashMap, fmt::Write as _, path::Path, str::FromStr};

/// One setting, as `tradepost help settings` tells of it.
#[derive(Debug)]
pub struct Setting {
    /// The name of the variable.
    pub name: &'static str,
    /// What holds where it is not set; empty: nothing does.
    pub default: &'static str,
    /// What it is for.
    pub about: &'static str,
}

/// A setting that makes no sense: one sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongSetting(pub(super) String);

impl WrongSetting {
    /// One that is needed and not there.
    pub fn missing(name: &str, why: &str) -> Self {
        Self(format!("{name} is not set: {why}"))
    }

    /// What looks like a setting and is none, with the closest one where there is one so close that it must be meant.
    fn unknown(name: &str, tables: &[&[Setting]]) -> Self {
        // What all of them begin with says nothing of which was meant.
        fn rest(name: &str) -> &str {
            name.get(PREFIX.len()..).unwrap_or_default()
        }
        let known = tables.iter().copied().flatten().map(|setting| setting.name).filter(|known| is_ours(known));
        match nearest(rest(name), known.map(rest)) {
            Some(closest) => Self(format!("{name} is no setting; did you mean {PREFIX}{closest}?")),
            None => Self(format!("{name} is no setting; `tradepost help settings` lists them")),
        }
    }

    /// One that is there and cannot be used.
    pub fn of(name: &str, value: &str, why: &str) -> Self {
        Self(format!("{name} is {value:?}: {why}"))
    }
}

/// What the names of settings begin with, but for a few that are the same everywhere.
const PREFIX: &str = "TRADEPOST_";

/// Settings as somebody wrote them, and the tables of those that there are.
#[derive(Debug)]
pub struct Values {
    tables: &'static [&'static [Setting]],
    given: HashMap<String, String>,
}

impl Values {
    /// Reads the environment and the file `.env` of the current folder.
    ///
    /// # Errors
    /// One sentence that names the setting, or what is wrong with the file.
    pub fn load(tables: &'static [&'static [Setting]]) -> Result<Self, WrongSetting> {
        let mut given = read_file(Path::new(".env"))?;
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| setting(tables, name).is_some() || is_ours(name)) else {
                continue;
            };
            let value = value.into_string().map_err(|_| WrongSetting(format!("{name} is not text in UTF-8")))?;
            given.insert(name.to_owned(), value);
        }
        Self::from_map(tables, given)
    }

    /// Takes settings from a map.
    ///
    /// # Errors
    /// One sentence about a name that looks like a setting and is none: it is misspelt, and what was meant would silently not hold.
    pub fn from_map(
        tables: &'static [&'static [Setting]],
        given: HashMap<String, String>,
    ) -> Result<Self, WrongSetting> {
        let is_unknown = |(name, value): &(&String, &String)| {
            is_ours(name) && setting(tables, name).is_none() && !is_service_link(name, value)
        };
        // The same one of several, whatever the order of a map.
        match given.iter().filter(is_unknown).map(|(name, _)| name).min() {
            Some(name) => Err(WrongSetting::unknown(name, tables)),
            None => Ok(Self { tables, given }),
        }
    }

    /// What somebody wrote, trimmed. What is empty counts as not set.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// What somebody wrote, or what holds where nobody did; empty where nothing does.
    pub fn text(&self, name: &str) -> &str {
        self.given(name).unwrap_or_else(|| setting(self.tables, name).map_or("", |setting| setting.default))
    }

    /// A whole number within these bounds.
    ///
    /// # Errors
    /// One sentence that names the setting.
    pub fn number(&self, name: &str, least: usize, most: usize) -> Result<usize, WrongSetting> {
        number(name, self.text(name), least, most)
    }

    /// The same where it is set at all.
    ///
    /// # Errors
    /// One sentence that names the setting.
    pub fn optional_number(&self, name: &str, least: usize, most: usize) -> Result<Option<usize>, WrongSetting> {
        self.given(name).map(|text| number(name, text, least, most)).transpose()
    }

    /// A value that can be read from text; `wanted` says what it must be.
    ///
    /// # Errors
    /// One sentence that names the setting.
    pub fn parse<T: FromStr>(&self, name: &str, wanted: &str) -> Result<T, WrongSetting> {
        parse(name, self.text(name), wanted)
    }

    /// Values separated by commas; none where it is not set.
    ///
    /// # Errors
    /// One sentence that names the setting.
    pub fn list<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Vec<T>, WrongSetting> {
        let parts = self.text(name).split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| parse(name, part, wanted)).collect()
    }

    /// A value that its own reader takes, where it is set.
    ///
    /// # Errors
    /// One sentence that names the setting and says what the reader said.
    pub fn optional<T, E: ToString>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, WrongSetting> {
        let read = |text| read(text).map_err(|why| WrongSetting::of(name, text, &why.to_string()));
        self.given(name).map(read).transpose()
    }
}

/// The text of `tradepost help settings`.
pub fn help(tables: &[&[Setting]]) -> String {
    let mut text = String::from(
        "Settings come from the environment or from a file .env in the current folder; the environment wins.\n\
         All are optional. A wrong one, or one that is misspelt, stops the program with a sentence that names it.\n",
    );
    for Setting { name, default, about } in tables.iter().copied().flatten() {
        let default = if default.is_empty() { "not set" } else { default };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{name} (default: {default})\n    {about}\n");
    }
    text
}

/// Does a name say that it is meant for this program?
fn is_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// Kubernetes tells every container where each service is (`TRADEPOST_SERVICE_HOST`, `TRADEPOST_PORT=tcp://10.0.0.7:8080` …). Nobody who
/// calls a service `tradepost` has misspelt anything.
fn is_service_link(name: &str, value: &str) -> bool {
    let is_address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    let parts = ["_SERVICE_HOST", "_SERVICE_PORT", "_TCP_", "_UDP_", "_SCTP_"];
    is_address || parts.iter().any(|part| name.contains(part))
}

fn setting(tables: &'static [&'static [Setting]], name: &str) -> Option<&'static Setting> {
    tables.iter().copied().flatten().find(|setting| setting.name == name)
}

fn read_file(path: &Path) -> Result<HashMap<String, String>, WrongSetting> {
    let lines = match dotenvy::from_path_iter(path) {
        Ok(lines) => lines,
        Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(WrongSetting(format!("the file {} cannot be read: {error}", path.display()))),
    };
    lines
        .collect::<Result<HashMap<_, _>, _>>()
        .map_err(|error| WrongSetting(format!("the file {} is not a list of NAME=value: {error}", path.display())))
}

fn parse<T: FromStr>(name: &str, text: &str, wanted: &str) -> Result<T, WrongSetting> {
    text.parse().map_err(|_| WrongSetting::of(name, text, &format!("it must be {wanted}")))
}

fn number(name: &str, text: &str, least: usize, most: usize) -> Result<usize, WrongSetting> {
    match text.parse() {
        Ok(value) if (least..=most).contains(&value) => Ok(value),
        _ => Err(WrongSetting::of(name, text, &format!("it must be a whole number from {least} to {most}"))),
    }
}
