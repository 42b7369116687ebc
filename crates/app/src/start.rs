//! Opening a shop: its database, its tables, what a new one needs, and its secret key.

use crate::{
    Shop, clock,
    config::{Config, WrongSetting},
    credentials::tokens,
    usecases::pos_connections,
};
use anyhow::{Context, anyhow, bail};
use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};
use tradepost_domain::{ids::LocationId, money::Currency};
use tradepost_store::{Engine, FirstStart, Sources, Store, StoreConfig};

/// Opens the database of these settings.
///
/// # Errors
/// A sentence that names what is wrong.
pub fn open(config: &Config) -> anyhow::Result<Store> {
    Ok(Store::open(&store_config(config))?)
}

/// Opens the database of these settings, which must be there already.
///
/// # Errors
/// A sentence that names what is wrong.
pub fn open_existing(config: &Config) -> anyhow::Result<Store> {
    Ok(Store::open_existing(&store_config(config))?)
}

fn store_config(config: &Config) -> StoreConfig {
    let sources = Sources::new(clock::now, clock::new_uuid);
    let database = &config.database;
    StoreConfig { url: database.url.clone(), readers: database.connections, queue: database.queue, sources }
}

/// Brings the tables up to date, and writes down what a new shop needs. Answers the shop's currency.
///
/// # Errors
/// A sentence that names what is wrong.
pub fn prepare(store: &Store, config: &Config, migrate: bool) -> anyhow::Result<Currency> {
    if migrate {
        let names = store.migrate()?;
        if let Some(last) = names.last() {
            log::info!("the tables were brought up to date: {} migrations, up to {last}", names.len());
        }
    }
    let pending = store.pending_migrations()?;
    if pending > 0 {
        bail!("the database is not up to date ({pending} migrations are not in yet): run `tradepost migrate`");
    }
    let first = FirstStart {
        shop_name: "My shop".to_owned(),
        currency: config.shop.currency,
        default_currency: Currency::parse("USD").context("USD is a currency")?,
        location: LocationId::from_uuid(clock::new_uuid()),
        now: clock::now(),
    };
    Ok(store.first_start(&first)?.currency)
}

/// The end of whatever wrote to a database: brings everything into its one file. What could not be is still beside it, and not lost.
pub fn checkpoint(store: &Store) {
    if let Err(error) = store.checkpoint() {
        log::warn!("some of the shop is still in the file beside the database's: {error}");
    }
}

/// The shop's secret keys.
#[derive(Clone)]
pub struct ShopKeys {
    /// The one that signs and seals.
    pub current: String,
    /// Those that it had before.
    pub old: Vec<String>,
}

/// The secret keys: as they are set, or on SQLite one that is made once and kept beside the database, for its owner's eyes only. Where one is
/// set on SQLite, the kept one is an old one.
///
/// # Errors
/// A sentence that names what is wrong: on PostgreSQL it must be set, for replicas need the same.
pub fn secret_keys(store: &Store, config: &Config) -> anyhow::Result<ShopKeys> {
    let mut old = config.security.old_secret_keys.clone();
    let path = match store.engine() {
        Engine::Postgres => None,
        Engine::Sqlite => {
            let path = config.database.url.strip_prefix("sqlite://").unwrap_or(&config.database.url);
            Some(PathBuf::from(format!("{path}-secret")))
        }
    };
    let kept =
        |path: &Path| kept_key(path).with_context(|| format!("the secret key in {} cannot be used", path.display()));
    match (&config.security.secret_key, path) {
        (Some(current), path) => {
            if let Some(path) = path.filter(|path| path.exists()) {
                old.push(kept(&path)?);
            }
            Ok(ShopKeys { current: current.clone(), old })
        }
        (None, Some(path)) => Ok(ShopKeys { current: kept(&path)?, old }),
        (None, None) => Err(WrongSetting::missing("TRADEPOST_SECRET_KEY", "it must be set on PostgreSQL").into()),
    }
}

/// Seals what is kept secret with the current key, and tells which of it none of the keys can read: that is to be known now, not when a till
/// reports.
///
/// # Errors
/// A sentence that names what is wrong with the database.
pub async fn seal_secrets(shop: &Shop) -> anyhow::Result<()> {
    let unreadable = pos_connections::seal_all_anew(shop).await?;
    if !unreadable.is_empty() {
        log::error!(
            "the secrets of these POS connections can be read with none of the keys in TRADEPOST_SECRET_KEY and \
             TRADEPOST_SECRET_KEY_OLD: {}. What they deliver is answered 503 until the key is there again or the secret is rotated.",
            unreadable.join(", ")
        );
    }
    Ok(())
}

fn kept_key(path: &Path) -> anyhow::Result<String> {
    match make_key(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => return made.map_err(Into::into),
    }
    close_to_others(path)?;
    let key = std::fs::read_to_string(path)?.trim().to_owned();
    if key.len() < 32 { Err(anyhow!("it has fewer than 32 characters")) } else { Ok(key) }
}

/// An older umask, or somebody's copy, may have left it open.
fn close_to_others(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode & 0o700))?;
            log::warn!("{} could be read by others (mode {mode:o}): it is its owner's alone now", path.display());
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn make_key(path: &Path) -> std::io::Result<String> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let key = tokens::generate().map_err(|error| std::io::Error::other(error.to_string()))?;
    writeln!(file, "{key}")?;
    file.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_key_is_made_once_and_kept_from_others() {
        let path = std::env::temp_dir().join(format!("tradepost-key-{}", clock::new_uuid()));
        let key = kept_key(&path).unwrap();
        assert!(key.len() >= 32);
        assert_eq!(kept_key(&path).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_file(&path).unwrap();
    }
}
