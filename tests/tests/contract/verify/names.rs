//! What the things of the history are called, in statements and in sentences.

use crate::{Kept, new_id};
use tradepost_tests::{Engine, sql};
use uuid::Uuid;

/// Of what is nowhere in the shop.
const NOBODY: Uuid = Uuid::from_u128(0x7_0000_0000_7000_8000_0000_0000_000f);

#[derive(Clone)]
pub(super) struct Names(Vec<(String, Uuid)>);

impl Default for Names {
    fn default() -> Names {
        Names(vec![("nobody".to_owned(), NOBODY)])
    }
}

impl Names {
    pub(super) fn add(&mut self, name: &str, id: Uuid) {
        self.0.push((name.to_owned(), id));
    }

    /// Names what only the database knows.
    pub(super) fn find(&mut self, kept: &Kept, name: &str, query: &str) {
        let id = match kept.database.engine {
            Engine::Sqlite => format!("SELECT hex(({query}))"),
            Engine::Postgres => format!("SELECT CAST(({query}) AS text)"),
        };
        self.add(name, sql::text(&kept.database.url, &id).parse().expect("an id"));
    }

    pub(super) fn id(&self, name: &str) -> Uuid {
        self.0.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("nothing is called {name}")).1
    }

    /// In a statement, `{TEA}` is its id, `{text TEA}` its id as a text, `{new}` an id of its own each time, and times can be told apart by
    /// adding a `{second}`, an `{hour}` or a `{day}`.
    pub(super) fn as_sql(&self, statement: &str, engine: Engine) -> String {
        let literal = |id: Uuid| match engine {
            Engine::Sqlite => format!("x'{}'", id.simple()),
            Engine::Postgres => format!("CAST('{id}' AS uuid)"),
        };
        let mut parts = statement.split('{');
        let mut done = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (word, rest) = part.split_once('}').expect("every brace is closed");
            let time = |name: &str, seconds: i64| match engine {
                Engine::Sqlite => (seconds * 1_000_000).to_string(),
                Engine::Postgres => format!("INTERVAL '1 {name}'"),
            };
            done.push_str(&match word {
                "new" => literal(new_id()),
                "second" => time(word, 1),
                "hour" => time(word, 3_600),
                "day" => time(word, 86_400),
                name => match name.strip_prefix("text ") {
                    Some(name) => format!("'{}'", self.id(name)),
                    None => literal(self.id(name)),
                },
            });
            done.push_str(rest);
        }
        done
    }

    /// A sentence with names in the place of ids, and without times, which are never the same.
    pub(super) fn as_words(&self, sentence: &str) -> String {
        let mut words = Vec::new();
        for word in sentence.split(' ') {
            let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let is_a_time = bare.len() >= 20 && bare.ends_with('Z') && bare.contains('T') && bare.starts_with("20");
            let id = bare.rsplit('/').next().and_then(|id| Some((id, id.parse::<Uuid>().ok()?)));
            words.push(match id {
                _ if is_a_time => word.replace(bare, "<time>"),
                Some((text, id)) => {
                    let name = self.0.iter().find(|(_, known)| *known == id).map_or("<id>", |(name, _)| name);
                    word.replace(text, name)
                }
                None => word.to_owned(),
            });
        }
        words.join(" ")
    }
}
