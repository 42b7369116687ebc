//! Registering tills and POS accounts, and what they sign with.

use super::{
    check_version,
    entities::{edit as edit_entity, get},
};
use crate::{
    Error, Result, Shop,
    credentials::{sealing::SecretKeys, webhooks::Secret},
};
use tradepost_domain::{
    field_errors::FieldErrors,
    ids::{LocationId, PosConnectionId},
    instant::Instant,
    pos::{KeptSecrets, PosConnection, PosConnectionPatch},
    repository::{PosConnections, Repository},
    stock::Location,
};
use tradepost_store::Session;

/// Registers a connection with the secret that its deliveries are signed with, sealed.
///
/// # Errors
/// `Invalid` for a location that does not exist, `Duplicate` for its name.
pub fn register(
    repository: &mut (impl PosConnections + Repository<Location>),
    connection: &PosConnection,
    sealed: &str,
) -> Result<()> {
    check_location(repository, connection.location)?;
    repository.add(connection)?;
    Ok(repository.set_connection_secrets(connection.id, &KeptSecrets::first(sealed.to_owned()))?)
}

/// Gives a connection another secret. The one before stays good for a day.
///
/// # Errors
/// `NotFound`, `PreconditionFailed`.
pub fn rotate(
    repository: &mut impl PosConnections,
    id: PosConnectionId,
    expected_version: Option<i64>,
    sealed: &str,
    now: Instant,
) -> Result<PosConnection> {
    let connection = edit_entity(repository, id, expected_version, |connection: &mut PosConnection| {
        connection.note_new_secret(now);
        Ok(())
    })?;
    let sealed = sealed.to_owned();
    let secrets = match repository.connection_secrets(id)? {
        Some(kept) => kept.rotated(sealed, now),
        None => KeptSecrets::first(sealed),
    };
    repository.set_connection_secrets(id, &secrets)?;
    Ok(connection)
}

/// Seals with the current key what is sealed with an old one, or not sealed at all. Answers the names of the connections of which a secret can
/// be read with none of the keys.
///
/// # Errors
/// Where nothing can be read or written, or the operating system has no randomness.
pub fn seal_anew(repository: &mut impl PosConnections, keys: &SecretKeys) -> Result<Vec<String>> {
    let mut unreadable = Vec::new();
    for (connection, kept) in repository.all_connection_secrets()? {
        let id = connection.id;
        let before = kept.before.as_ref().map(|(sealed, _)| sealed);
        let all: Vec<&String> = std::iter::once(&kept.current).chain(before).collect();
        let secrets = all.iter().map(|sealed| keys.open(id, sealed).or_else(|| Secret::unsealed(sealed)));
        for (sealed, secret) in all.iter().zip(secrets) {
            match secret {
                Some(_) if keys.is_current(sealed) => {}
                Some(secret) => {
                    let anew = keys.seal(id, &secret).map_err(Error::internal)?;
                    repository.seal_connection_secret_anew(id, sealed, &anew)?;
                }
                None if unreadable.last() == Some(&connection.name) => {}
                None => unreadable.push(connection.name.clone()),
            }
        }
    }
    Ok(unreadable)
}

/// Changes a connection. A connection that does not exist comes before what is wrong with the change, and that before the version that the
/// caller has seen.
///
/// # Errors
/// `NotFound`, `Invalid`, `PreconditionFailed`, `Duplicate` for its name.
pub fn edit(
    repository: &mut (impl PosConnections + Repository<Location>),
    id: PosConnectionId,
    expected_version: Option<i64>,
    patch: std::result::Result<PosConnectionPatch, FieldErrors>,
    now: Instant,
) -> Result<PosConnection> {
    let mut connection: PosConnection = get(repository, id)?;
    let (version, patch) = (connection.version, patch?);
    connection.edit(&patch, now)?;
    check_location(repository, patch.location.flatten())?;
    check_version(expected_version, version)?;
    repository.update(&connection)?;
    Ok(connection)
}

/// The same of a running shop.
///
/// # Errors
/// As [`seal_anew`].
pub async fn seal_all_anew(shop: &Shop) -> Result<Vec<String>> {
    let keys = shop.keys.clone();
    shop.store.write_plain(move |session: &mut Session<'_>| seal_anew(session, &keys)).await
}

fn check_location(repository: &mut impl Repository<Location>, location: Option<LocationId>) -> Result<()> {
    match location {
        Some(id) if repository.find(id)?.is_none() => {
            Err(Error::invalid("/location_id", "unknown_location", "there is no such location"))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_domain::{memory::Shop, money::Currency};

    const NOW: Instant = Instant::from_micros(0);
    const OLD: &str = "an old secret key of the shop, long enough to be one";
    const NEW: &str = "a new secret key of the shop, long enough to be one";

    fn a_secret() -> Secret {
        Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())
    }

    /// A till in a shop, whose secret is kept so.
    fn a_till(kept: impl FnOnce(PosConnectionId) -> String) -> (Shop, PosConnectionId) {
        let mut shop = Shop::new(Currency::parse("EUR").unwrap(), NOW);
        let id = PosConnectionId::from_uuid(shop.new_id());
        let form = PosConnectionPatch { name: Some("Till".to_owned()), ..PosConnectionPatch::default() };
        register(&mut shop, &PosConnection::new(id, &form, NOW).unwrap(), &kept(id)).unwrap();
        (shop, id)
    }

    #[test]
    fn a_rotation_is_an_edit_and_keeps_the_secret_before_for_a_day() {
        let (mut shop, id) = a_till(|_| "first".to_owned());
        assert!(matches!(rotate(&mut shop, id, Some(7), "x", NOW), Err(Error::Refused(_))));
        assert_eq!(rotate(&mut shop, id, Some(1), "second", NOW).unwrap().version, 2);
        let kept = shop.connection_secrets(id).unwrap().unwrap();
        assert_eq!(kept.good_at(NOW).collect::<Vec<_>>(), ["second", "first"]);
        assert_eq!(shop.forget_old_connection_secrets(NOW.plus_seconds(24 * 3_600 - 1)).unwrap(), 0);
        assert_eq!(shop.forget_old_connection_secrets(NOW.plus_seconds(24 * 3_600)).unwrap(), 1);
        assert_eq!(shop.connection_secrets(id).unwrap(), Some(KeptSecrets::first("second".to_owned())));
    }

    #[test]
    fn what_an_old_key_or_none_has_sealed_is_sealed_anew_and_the_secret_stays() {
        let sealed = |id| SecretKeys::new(OLD, &[]).seal(id, &a_secret()).unwrap();
        let kinds: [Box<dyn FnOnce(PosConnectionId) -> String>; 2] =
            [Box::new(sealed), Box::new(|_| a_secret().expose().to_owned())];
        for kept in kinds {
            let (mut shop, id) = a_till(kept);
            let keys = SecretKeys::new(NEW, &[OLD.to_owned()]);
            assert_eq!(seal_anew(&mut shop, &keys).unwrap(), [""; 0]);
            let kept = shop.connection_secrets(id).unwrap().unwrap();
            assert_eq!(SecretKeys::new(NEW, &[]).open(id, &kept.current), Some(a_secret()));
            assert_eq!(seal_anew(&mut shop, &keys).unwrap(), [""; 0]);
            assert_eq!(shop.connection_secrets(id).unwrap(), Some(kept), "once is enough");
        }
    }

    #[test]
    fn what_none_of_the_keys_can_read_is_named_and_left_alone() {
        let (mut shop, id) = a_till(|id| SecretKeys::new(OLD, &[]).seal(id, &a_secret()).unwrap());
        let kept = shop.connection_secrets(id).unwrap();
        rotate(&mut shop, id, None, "nonsense", NOW).unwrap();
        assert_eq!(seal_anew(&mut shop, &SecretKeys::new(NEW, &[])).unwrap(), ["Till"]);
        let left = shop.connection_secrets(id).unwrap().unwrap();
        assert_eq!(
            (left.current.as_str(), left.before.map(|(sealed, _)| sealed)),
            ("nonsense", kept.map(|kept| kept.current))
        );
    }
}
