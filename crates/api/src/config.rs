//! What can be set about serving a shop. Everything else that can be set is the shop's ([`tradepost_app::config`]).

use std::net::{IpAddr, SocketAddr};
use tradepost_app::config::{self, Setting, Values, WrongSetting};

/// The settings of the server.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "TRADEPOST_BIND",
        default: "127.0.0.1:8080",
        about: "Where to listen. Port 0 takes a free one; `listening on http://…` on standard output says which.",
    },
    Setting {
        name: "TRADEPOST_TRUSTED_PROXIES",
        default: "",
        about: "Addresses of reverse proxies, separated by commas, whose X-Forwarded-For, -Host and -Proto are believed; without them everybody \
                behind a proxy has the proxy's address.",
    },
    Setting {
        name: "TRADEPOST_WORKERS",
        default: "",
        about: "Threads that speak HTTP, 1 to 64. Unset: one for each core.",
    },
    Setting {
        name: "TRADEPOST_LOG",
        default: "info,actix_server=warn,actix_http::h1=off",
        about: "What is logged to standard error, in env_logger's words, for example `debug` (every request) or `warn,tradepost_app=info`.",
    },
];

/// Every setting there is.
pub const ALL: &[&[Setting]] = &[config::SETTINGS, SETTINGS];

/// How the program listens.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Address and port; 0 takes a free one.
    pub bind: SocketAddr,
    /// Threads that speak HTTP, 1 to 64; `None`: one for each core.
    pub workers: Option<usize>,
    /// Proxies that tell truly who is behind them.
    pub proxies: Vec<IpAddr>,
}

/// Everything that can be set.
#[derive(Clone)]
pub struct Config {
    /// The shop: its database, what it is, its keys and credentials, however it is served.
    pub shop: config::Config,
    /// How it is served: address, threads and trusted proxies.
    pub server: ServerConfig,
    /// What is logged, in env_logger's words.
    pub log: String,
}

impl Config {
    /// Reads the environment and the file `.env` of the current folder.
    ///
    /// # Errors
    /// One sentence that names the setting, or what is wrong with the file.
    pub fn load() -> Result<Self, WrongSetting> {
        Self::of(&Values::load(ALL)?)
    }

    fn of(values: &Values) -> Result<Self, WrongSetting> {
        Ok(Self {
            shop: config::Config::of(values)?,
            server: ServerConfig {
                bind: values.parse("TRADEPOST_BIND", "an address and port such as 127.0.0.1:8080")?,
                workers: values.optional_number("TRADEPOST_WORKERS", 1, 64)?,
                proxies: values.list("TRADEPOST_TRUSTED_PROXIES", "addresses such as 10.0.0.7, separated by commas")?,
            },
            log: values.text("TRADEPOST_LOG").to_owned(),
        })
    }
}

/// The text of `tradepost help settings`.
pub fn help() -> String {
    config::help(ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Config, WrongSetting> {
        let given = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::of(&Values::from_map(ALL, given)?)
    }

    #[test]
    fn everything_is_optional_and_a_wrong_setting_is_named() {
        assert_eq!(load(&[]).map_err(|e| e.to_string()).unwrap().server.bind.port(), 8080);
        for (name, value) in [
            ("TRADEPOST_BIND", "everywhere"),
            ("TRADEPOST_WORKERS", "0"),
            ("TRADEPOST_TRUSTED_PROXIES", "10.0.0.7, proxy"),
        ] {
            let sentence = load(&[(name, value)]).err().unwrap().to_string();
            assert!(sentence.starts_with(name), "{sentence}");
        }
    }

    #[test]
    fn help_lists_every_setting() {
        let help = help();
        assert!(ALL.iter().copied().flatten().all(|setting| help.contains(setting.name)));
    }
}
