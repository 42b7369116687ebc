//! Settings: from the environment or from a file `.env` in the current folder; the environment wins.
//!
//! Every setting stands in one table, [`SETTINGS`]; `tradepost help settings` prints it, and nothing is read that is not in it.

use std::{
    collections::HashMap,
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
    path::Path,
};
use tradepost_domain::{contact::Country, money::Currency};

/// One setting, as `tradepost help settings` tells of it.
pub struct Setting {
    /// The name of the variable.
    pub name: &'static str,
    /// What holds where it is not set; empty: nothing does.
    pub default: &'static str,
    /// What it is for.
    pub about: &'static str,
}

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "DATABASE_URL",
        default: "sqlite://tradepost.db",
        about: "The database: sqlite://<path> or postgres://<user>:<password>@<host>/<name>.",
    },
    Setting {
        name: "TRADEPOST_BIND",
        default: "127.0.0.1:8080",
        about: "Where to listen. Port 0 takes a free one; `listening on http://…` on standard output says which.",
    },
    Setting {
        name: "TRADEPOST_PUBLIC_URL",
        default: "",
        about: "How the outside reaches this program, for example https://shop.example; for the addresses it hands out.",
    },
    Setting {
        name: "TRADEPOST_TRUSTED_PROXIES",
        default: "",
        about: "Addresses of reverse proxies, separated by commas, whose X-Forwarded-For is believed; without them everybody \
                behind a proxy has the proxy's address.",
    },
    Setting {
        name: "TRADEPOST_SECRET_KEY",
        default: "",
        about: "At least 32 characters, the same for all replicas; signs cursors. Unset on SQLite: made once and kept, \
                mode 0600, beside the database file. On PostgreSQL it must be set.",
    },
    Setting {
        name: "TRADEPOST_CURRENCY",
        default: "",
        about: "The shop's currency (ISO 4217), chosen at the first start (USD where unset) and fixed from then on.",
    },
    Setting {
        name: "TRADEPOST_PHONE_COUNTRY",
        default: "",
        about: "The country (ISO 3166, for example KE) that completes national phone numbers; without it they are refused.",
    },
    Setting {
        name: "TRADEPOST_WORKERS",
        default: "",
        about: "Threads that speak HTTP, 1 to 64. Unset: one for each core.",
    },
    Setting {
        name: "TRADEPOST_DATABASE_CONNECTIONS",
        default: "8",
        about: "PosConnections to the database beside the ledger's own, 1 to 64. More of them make PostgreSQL slower, not faster.",
    },
    Setting {
        name: "TRADEPOST_QUEUE",
        default: "1024",
        about: "How many requests may wait for the database, 16 to 65536; what comes on top is answered 503.",
    },
    Setting { name: "TRADEPOST_TOKEN_HOURS", default: "720", about: "How long a login lasts, 1 to 8760 hours." },
    Setting {
        name: "TRADEPOST_LOG",
        default: "info,actix_server=warn,actix_http::h1=off",
        about: "What is logged to standard error, in env_logger's words, for example `debug` (every request) or `warn,tradepost_api=info`.",
    },
];

/// A setting that makes no sense: one sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongSetting(String);

impl WrongSetting {
    /// One that is needed and not there.
    pub fn missing(name: &str, why: &str) -> Self {
        Self(format!("{name} is not set: {why}"))
    }
}

/// Which database and how much of it.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// `sqlite://…` or `postgres://…`.
    pub url: String,
    /// Connections beside the ledger's own.
    pub connections: usize,
    /// How many requests may wait.
    pub queue: usize,
}

/// How the program listens.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Address and port; 0 takes a free one.
    pub bind: SocketAddr,
    /// Threads that speak HTTP; `None`: one for each core.
    pub workers: Option<usize>,
    /// How the outside reaches it, without a slash at the end.
    pub public_url: Option<String>,
    /// Proxies that tell truly who is behind them.
    pub proxies: Vec<IpAddr>,
}

/// What the shop is.
#[derive(Debug, Clone)]
pub struct ShopConfig {
    /// Chosen at the first start; `None` where nobody says.
    pub currency: Option<Currency>,
    /// Completes national phone numbers.
    pub country: Option<Country>,
}

/// Keys and credentials.
#[derive(Clone)]
pub struct SecurityConfig {
    /// Signs cursors; `None`: made and kept beside an SQLite file.
    pub secret_key: Option<String>,
    /// How long a login lasts, in hours.
    pub token_hours: i64,
}

/// Everything that can be set.
#[derive(Clone)]
pub struct Config {
    /// Which database.
    pub database: DatabaseConfig,
    /// How to listen.
    pub server: ServerConfig,
    /// What the shop is.
    pub shop: ShopConfig,
    /// Keys and credentials.
    pub security: SecurityConfig,
    /// What is logged.
    pub log: String,
    /// Names that look like settings and are none: most likely misspelt.
    pub unknown: Vec<String>,
}

impl Config {
    /// Reads the environment and the file `.env` of the current folder.
    ///
    /// # Errors
    /// One sentence that names the setting, or what is wrong with the file.
    pub fn load() -> Result<Self, WrongSetting> {
        let mut values = read_file(Path::new(".env"))?;
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| is_known(name) || name.starts_with("TRADEPOST_")) else {
                continue;
            };
            let value = value.into_string().map_err(|_| WrongSetting(format!("{name} is not text in UTF-8")))?;
            values.insert(name.to_owned(), value);
        }
        Self::from_values(&values)
    }

    /// Reads settings from a map. What is empty counts as not set.
    ///
    /// # Errors
    /// One sentence that names the setting.
    pub fn from_values(values: &HashMap<String, String>) -> Result<Self, WrongSetting> {
        let given = |name: &str| values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let or_default = |name: &str| given(name).unwrap_or_else(|| default_of(name));
        let number = |name, least, most| number(name, or_default(name), least, most);
        let text = |name| given(name).map(str::to_owned);
        Ok(Self {
            database: DatabaseConfig {
                url: or_default("DATABASE_URL").to_owned(),
                connections: number("TRADEPOST_DATABASE_CONNECTIONS", 1, 64)?,
                queue: number("TRADEPOST_QUEUE", 16, 65_536)?,
            },
            server: ServerConfig {
                bind: parse(
                    "TRADEPOST_BIND",
                    or_default("TRADEPOST_BIND"),
                    "an address and port such as 127.0.0.1:8080",
                )?,
                workers: given("TRADEPOST_WORKERS")
                    .map(|text| self::number("TRADEPOST_WORKERS", text, 1, 64))
                    .transpose()?,
                public_url: given("TRADEPOST_PUBLIC_URL").map(public_url).transpose()?,
                proxies: addresses("TRADEPOST_TRUSTED_PROXIES", or_default("TRADEPOST_TRUSTED_PROXIES"))?,
            },
            shop: ShopConfig {
                currency: given("TRADEPOST_CURRENCY")
                    .map(|text| {
                        Currency::parse(text).map_err(|why| wrong("TRADEPOST_CURRENCY", text, &why.to_string()))
                    })
                    .transpose()?,
                country: given("TRADEPOST_PHONE_COUNTRY")
                    .map(|text| {
                        Country::parse(text).map_err(|why| wrong("TRADEPOST_PHONE_COUNTRY", text, &why.to_string()))
                    })
                    .transpose()?,
            },
            security: SecurityConfig {
                secret_key: text("TRADEPOST_SECRET_KEY").map(secret_key).transpose()?,
                token_hours: i64::try_from(number("TRADEPOST_TOKEN_HOURS", 1, 8_760)?).unwrap_or(720),
            },
            log: or_default("TRADEPOST_LOG").to_owned(),
            unknown: values.keys().filter(|name| name.starts_with("TRADEPOST_") && !is_known(name)).cloned().collect(),
        })
    }
}

/// The text of `tradepost help settings`.
pub fn help() -> String {
    let mut text = String::from(
        "Settings come from the environment or from a file .env in the current folder; the environment wins.\n\
         All are optional. A wrong one stops the program with a sentence that names it.\n",
    );
    for setting in SETTINGS {
        let default = match setting.default {
            "" => "not set",
            default => default,
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{} (default: {default})\n    {}\n", setting.name, setting.about);
    }
    text
}

fn is_known(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.name == name)
}

fn default_of(name: &str) -> &'static str {
    SETTINGS.iter().find(|setting| setting.name == name).map_or("", |setting| setting.default)
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

fn wrong(name: &str, value: &str, wanted: &str) -> WrongSetting {
    WrongSetting(format!("{name} is {value:?}: {wanted}"))
}

fn parse<T: std::str::FromStr>(name: &str, text: &str, wanted: &str) -> Result<T, WrongSetting> {
    text.parse().map_err(|_| wrong(name, text, &format!("it must be {wanted}")))
}

fn number(name: &str, text: &str, least: usize, most: usize) -> Result<usize, WrongSetting> {
    let wanted = format!("it must be a whole number from {least} to {most}");
    match text.parse() {
        Ok(value) if (least..=most).contains(&value) => Ok(value),
        _ => Err(wrong(name, text, &wanted)),
    }
}

fn addresses(name: &str, text: &str) -> Result<Vec<IpAddr>, WrongSetting> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| parse(name, part, "addresses such as 10.0.0.7, separated by commas")).collect()
}

fn public_url(text: &str) -> Result<String, WrongSetting> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host)
            if !host.trim_matches('/').is_empty()
                && !text.chars().any(|c| c.is_whitespace() || c == '?' || c == '#') =>
        {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(wrong("TRADEPOST_PUBLIC_URL", text, "it must be an address such as https://shop.example")),
    }
}

fn secret_key(text: String) -> Result<String, WrongSetting> {
    // The value itself is never repeated: what is logged is read by others.
    if text.chars().count() < 32 {
        return Err(WrongSetting("TRADEPOST_SECRET_KEY is too short: it must have at least 32 characters".to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Config, WrongSetting> {
        Config::from_values(&pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn everything_is_optional() {
        let config = load(&[]).map_err(|e| e.to_string()).unwrap();
        assert_eq!(config.database.url, "sqlite://tradepost.db");
        assert_eq!(config.server.bind.port(), 8080);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("TRADEPOST_BIND", "everywhere"),
            ("TRADEPOST_CURRENCY", "DOLLARS"),
            ("TRADEPOST_PHONE_COUNTRY", "XX"),
            ("TRADEPOST_WORKERS", "0"),
            ("TRADEPOST_QUEUE", "many"),
            ("TRADEPOST_PUBLIC_URL", "shop.example"),
            ("TRADEPOST_TRUSTED_PROXIES", "10.0.0.7, proxy"),
            ("TRADEPOST_SECRET_KEY", "short"),
        ] {
            let sentence = load(&[(name, value)]).err().unwrap().to_string();
            assert!(sentence.starts_with(name), "{sentence}");
        }
    }

    #[test]
    fn help_lists_every_setting() {
        let help = help();
        assert!(SETTINGS.iter().all(|setting| help.contains(setting.name)));
    }
}
