//! What can be set, one struct for each concern.
//!
//! Every setting stands in a table, [`SETTINGS`] or that of whoever serves the shop; `tradepost help settings` prints them, and nothing is
//! read that is not in one.

mod values;

pub use values::{Setting, Values, WrongSetting, help};

use tradepost_domain::{contact::Country, money::Currency};

/// The settings of a shop, whoever serves it.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "DATABASE_URL",
        default: "sqlite://tradepost.db",
        about: "The database: sqlite://<path> or postgres://<user>:<password>@<host>/<name>.",
    },
    Setting {
        name: "TRADEPOST_PUBLIC_URL",
        default: "",
        about: "How the outside reaches this program, for example https://shop.example; for the addresses it hands out. Unset: by the \
                name that the caller has used.",
    },
    Setting {
        name: "TRADEPOST_SECRET_KEY",
        default: "",
        about: "At least 32 characters, the same for all replicas; signs cursors and seals the secrets of tills. Unset on SQLite: made once and kept, \
                mode 0600, beside the database file. On PostgreSQL it must be set.",
    },
    Setting {
        name: "TRADEPOST_SECRET_KEY_OLD",
        default: "",
        about: "Secret keys from before, separated by commas (so none that has a comma): what they sealed can still be read, and is \
                sealed anew with the current one at the start.",
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
        name: "TRADEPOST_DATABASE_CONNECTIONS",
        default: "8",
        about: "Connections to the database beside the ledger's own, 1 to 64. More of them make PostgreSQL slower, not faster.",
    },
    Setting {
        name: "TRADEPOST_QUEUE",
        default: "1024",
        about: "How many may wait for the database, 16 to 65536; who comes on top is told to try again.",
    },
    Setting { name: "TRADEPOST_TOKEN_HOURS", default: "720", about: "How long a login lasts, 1 to 8760 hours." },
];

/// Which database and how much of it.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// `sqlite://…` or `postgres://…`.
    pub url: String,
    /// Connections beside the ledger's own, 1 to 64.
    pub connections: usize,
    /// How many may wait, 16 to 65,536.
    pub queue: usize,
}

/// What the shop is.
#[derive(Debug, Clone)]
pub struct ShopConfig {
    /// Chosen at the first start; `None` where nobody says.
    pub currency: Option<Currency>,
    /// Completes national phone numbers; `None`: they are refused.
    pub country: Option<Country>,
    /// How the outside reaches it, without a slash at the end; `None`: as whoever asks has reached it.
    pub public_url: Option<String>,
}

/// Keys, and how long credentials live.
#[derive(Clone)]
pub struct SecurityConfig {
    /// Signs cursors and seals secrets, at least 32 characters; `None`: made and kept beside an SQLite file.
    pub secret_key: Option<String>,
    /// Those from before, which open what they have sealed.
    pub old_secret_keys: Vec<String>,
    /// How long a login lasts, in hours, 1 to 8,760.
    pub token_hours: i64,
}

/// Everything that can be set about a shop.
#[derive(Clone)]
pub struct Config {
    /// Which database, and how much of it at once.
    pub database: DatabaseConfig,
    /// What the shop is.
    pub shop: ShopConfig,
    /// Keys, and how long credentials live.
    pub security: SecurityConfig,
}

impl Config {
    /// Reads the settings of a shop.
    ///
    /// # Errors
    /// One sentence that names the setting.
    pub fn of(values: &Values) -> Result<Self, WrongSetting> {
        // The secret itself is never repeated: what is logged is read by others.
        let current =
            values.given("TRADEPOST_SECRET_KEY").map(|key| secret_key("TRADEPOST_SECRET_KEY", key)).transpose()?;
        let old = values.given("TRADEPOST_SECRET_KEY_OLD").unwrap_or_default().split(',').map(str::trim);
        let old = old.filter(|key| !key.is_empty()).map(|key| secret_key("TRADEPOST_SECRET_KEY_OLD", key));
        let old_secret_keys = old.collect::<Result<_, _>>()?;
        Ok(Self {
            database: DatabaseConfig {
                url: values.text("DATABASE_URL").to_owned(),
                connections: values.number("TRADEPOST_DATABASE_CONNECTIONS", 1, 64)?,
                queue: values.number("TRADEPOST_QUEUE", 16, 65_536)?,
            },
            shop: ShopConfig {
                currency: values.optional("TRADEPOST_CURRENCY", Currency::parse)?,
                country: values.optional("TRADEPOST_PHONE_COUNTRY", Country::parse)?,
                public_url: values.optional("TRADEPOST_PUBLIC_URL", public_url)?,
            },
            security: SecurityConfig {
                secret_key: current,
                old_secret_keys,
                token_hours: i64::try_from(values.number("TRADEPOST_TOKEN_HOURS", 1, 8_760)?).unwrap_or(720),
            },
        })
    }
}

fn public_url(text: &str) -> Result<String, &'static str> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host)
            if !host.trim_matches('/').is_empty()
                && !text.chars().any(|c| c.is_whitespace() || matches!(c, '?' | '#' | '@')) =>
        {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("it must be an address such as https://shop.example, without a name or a password in it"),
    }
}

fn secret_key(name: &str, text: &str) -> Result<String, WrongSetting> {
    if text.chars().count() < 32 {
        return Err(WrongSetting(format!("{name} is too short: a secret key has at least 32 characters")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Config, WrongSetting> {
        let given = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::of(&Values::from_map(&[SETTINGS], given)?)
    }

    #[test]
    fn everything_is_optional() {
        let config = load(&[]).map_err(|e| e.to_string()).unwrap();
        assert_eq!((config.database.url.as_str(), config.security.token_hours), ("sqlite://tradepost.db", 720));
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("TRADEPOST_CURRENCY", "DOLLARS"),
            ("TRADEPOST_PHONE_COUNTRY", "XX"),
            ("TRADEPOST_QUEUE", "many"),
            ("TRADEPOST_PUBLIC_URL", "shop.example"),
            ("TRADEPOST_PUBLIC_URL", "https://user:password@shop.example"),
            ("TRADEPOST_SECRET_KEY", "short"),
            ("TRADEPOST_SECRET_KEY_OLD", "a key of more than thirty-two characters, short"),
        ] {
            let sentence = load(&[(name, value)]).err().unwrap().to_string();
            assert!(sentence.starts_with(name), "{sentence}");
        }
        let short = load(&[("TRADEPOST_SECRET_KEY", "hush")]).err().unwrap().to_string();
        assert!(!short.contains("hush"), "{short}");
        let old = format!("{0}, {0} ,", "k".repeat(32));
        assert_eq!(load(&[("TRADEPOST_SECRET_KEY_OLD", &old)]).ok().unwrap().security.old_secret_keys.len(), 2);
    }

    #[test]
    fn what_is_no_setting_is_named_with_the_one_that_was_meant() {
        for (name, meant) in [
            ("TRADEPOST_QUEU", "did you mean TRADEPOST_QUEUE?"),
            ("TRADEPOST_SECRETKEY", "did you mean TRADEPOST_SECRET_KEY?"),
            ("tradepost_token_hours", "did you mean TRADEPOST_TOKEN_HOURS?"),
            ("TRADEPOST_CURENRCY", "did you mean TRADEPOST_CURRENCY?"),
            ("TRADEPOST_HAT", "`tradepost help settings` lists them"),
            ("TRADEPOST_", "`tradepost help settings` lists them"),
        ] {
            let sentence =
                load(&[("TRADEPOST_QUEUE", "64"), (name, "64"), ("PATH", "/bin")]).err().unwrap().to_string();
            assert_eq!(sentence, format!("{name} is no setting; {meant}"));
        }
    }

    #[test]
    fn what_kubernetes_says_of_services_is_no_misspelt_setting() {
        for (name, value) in [
            ("TRADEPOST_SERVICE_HOST", "10.0.0.7"),
            ("TRADEPOST_SERVICE_PORT_HTTP", "8080"),
            ("TRADEPOST_PORT", "tcp://10.0.0.7:8080"),
            ("TRADEPOST_PORT_8080_TCP_ADDR", "10.0.0.7"),
        ] {
            assert!(load(&[(name, value)]).is_ok(), "{name}");
        }
        assert!(load(&[("TRADEPOST_PORT", "8080")]).is_err(), "somebody means TRADEPOST_BIND");
    }

    #[test]
    fn help_lists_every_setting() {
        let help = help(&[SETTINGS]);
        assert!(SETTINGS.iter().all(|setting| help.contains(setting.name)));
    }
}
