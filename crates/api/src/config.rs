//! What can be set about serving a shop. Everything else that can be set is the shop's ([`tradepost_app::config`]).

use actix_web::http::{Uri, uri::Authority};
use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};
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
        name: "TRADEPOST_CORS_ORIGINS",
        default: "",
        about: "Origins such as https://shop.example, separated by commas, whose pages may use the API from a browser; `*` for all. \
                Unset: none.",
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
    /// Whose pages may use the API from a browser; empty: nobody's.
    pub cors_origins: Vec<Origin>,
}

/// Where a page comes from, as browsers say it: `https://shop.example`, or `*` for everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// As browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it everywhere?
    pub fn is_any(&self) -> bool {
        self.0 == "*"
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_origin = host.is_some_and(|host| {
            let authority = host.parse::<Authority>();
            authority.is_ok_and(|authority| !authority.host().is_empty() && !host.contains('@'))
                && text.parse::<Uri>().is_ok()
        });
        // Browsers send it in small letters.
        let is_small = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        if text == "*" || (is_origin && is_small) { Ok(Self(text.to_owned())) } else { Err("no origin".to_owned()) }
    }
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
                cors_origins: values.list(
                    "TRADEPOST_CORS_ORIGINS",
                    "origins such as https://shop.example (small letters, no path), separated by commas, or *",
                )?,
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
            ("TRADEPOST_CORS_ORIGINS", "shop.example"),
            ("TRADEPOST_CORS_ORIGINS", "https://shop.example/"),
            ("TRADEPOST_CORS_ORIGINS", "https://Shop.example"),
            ("TRADEPOST_CORS_ORIGINS", "https://shop.example, ftp://shop.example"),
            ("TRADEPOST_CORS_ORIGINS", "https://"),
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
