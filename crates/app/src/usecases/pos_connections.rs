//! Registering tills and POS accounts.

use super::{check_version, entities::get};
use crate::{Error, Result};
use tradepost_domain::{
    field_errors::FieldErrors,
    ids::{LocationId, PosConnectionId},
    instant::Instant,
    pos::{PosConnection, PosConnectionPatch},
    repository::{PosConnections, Repository},
    stock::Location,
};

/// Registers a connection with the secret that its deliveries are signed with.
///
/// # Errors
/// `Invalid` for a location that does not exist, `Duplicate` for its name.
pub fn register(
    repository: &mut (impl PosConnections + Repository<Location>),
    connection: &PosConnection,
    secret: &str,
) -> Result<()> {
    check_location(repository, connection.location)?;
    repository.add(connection)?;
    Ok(repository.set_connection_secret(connection.id, secret)?)
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

fn check_location(repository: &mut impl Repository<Location>, location: Option<LocationId>) -> Result<()> {
    match location {
        Some(id) if repository.find(id)?.is_none() => {
            Err(Error::invalid("/location_id", "unknown_location", "there is no such location"))
        }
        Some(_) | None => Ok(()),
    }
}
