//! What is the same for every noun that is kept as a whole: adding, reading, changing and removing it.

use super::{change::Change, problem::Problem, response};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use tradepost_app::{
    Result, Shop, clock,
    usecases::{check_version, entities},
};
use tradepost_domain::{
    field_errors::FieldErrors,
    ids::Id,
    instant::Instant,
    repository::{Entity, Remove, Repository},
};
use tradepost_store::Session;

/// Is there such a thing? For [`Change::json_about`].
pub fn exists<T>(id: Id<T>) -> impl FnOnce(&mut Session<'_>) -> Result<bool> + Send + 'static
where
    T: Entity + 'static,
    for<'c> Session<'c>: Repository<T>,
{
    move |session| Ok(session.find(id)?.is_some())
}

/// Adds a thing; `address` is that of the list it is in.
///
/// # Errors
/// 409 where one of its values is taken.
pub async fn add<T, V>(
    shop: &Shop,
    change: &Change,
    (entity, address): (T, &'static str),
    view: impl Fn(&T) -> V + Send + 'static,
) -> std::result::Result<HttpResponse, Problem>
where
    T: Entity + Send + 'static,
    V: Serialize,
    for<'c> Session<'c>: Repository<T>,
{
    let work = move |session: &mut Session<'_>| -> Result<_> {
        session.add(&entity)?;
        let location = format!("{address}/{}", entity.id());
        Ok(response::created(&view(&entity), Some(entity.version()), location))
    };
    Ok(response::send(shop.store.write(change.keyed(), work).await?))
}

/// Answers a thing with its entity tag, or that the client has it already.
///
/// # Errors
/// 404 where there is none with this id.
pub async fn read<T, V>(
    shop: &Shop,
    request: &HttpRequest,
    id: Id<T>,
    view: impl FnOnce(&T) -> V,
) -> std::result::Result<HttpResponse, Problem>
where
    T: Entity + Send + 'static,
    V: Serialize,
    for<'c> Session<'c>: Repository<T>,
{
    let entity = shop.store.read_one(move |session| entities::get(session, id)).await?;
    Ok(response::one(request, entity.version(), &view(&entity)))
}

/// Changes a thing; `edit` may be run several times.
///
/// # Errors
/// 404 where there is none; 412 where it was changed meanwhile; 400 for a wrong value, 409 for one that is taken.
pub async fn edit<T, V>(
    shop: &Shop,
    change: &Change,
    id: Id<T>,
    edit: impl Fn(&mut T, Instant) -> std::result::Result<(), FieldErrors> + Send + 'static,
    view: impl Fn(&T) -> V + Send + 'static,
) -> std::result::Result<HttpResponse, Problem>
where
    T: Entity + 'static,
    V: Serialize,
    for<'c> Session<'c>: Repository<T>,
{
    let expected = change.expected_version;
    let is_edit = !change.says_nothing();
    let work = move |session: &mut Session<'_>| -> Result<_> {
        let entity = if is_edit {
            entities::edit(session, id, expected, |entity| edit(entity, clock::now()))?
        } else {
            unchanged(session, id, expected)?
        };
        Ok(response::changed(200, &view(&entity), Some(entity.version())))
    };
    Ok(response::send(shop.store.write(change.keyed(), work).await?))
}

/// The thing as it is, for an edit that says nothing: it gets no new version.
///
/// # Errors
/// `NotFound`, `PreconditionFailed`.
pub fn unchanged<T>(session: &mut Session<'_>, id: Id<T>, expected_version: Option<i64>) -> Result<T>
where
    T: Entity,
    for<'c> Session<'c>: Repository<T>,
{
    let entity: T = entities::get(session, id)?;
    check_version(expected_version, entity.version())?;
    Ok(entity)
}

/// Removes a thing: whether its row goes, or is kept and emptied, is the noun's to say.
///
/// # Errors
/// 404 where there is none; 412 where it was changed meanwhile; 409 where something still refers to it.
pub async fn remove<T>(shop: &Shop, change: &Change, id: Id<T>) -> std::result::Result<HttpResponse, Problem>
where
    T: Entity + 'static,
    for<'c> Session<'c>: Remove<T>,
{
    let expected = change.expected_version;
    let work = move |session: &mut Session<'_>| -> Result<_> {
        entities::remove(session, id, expected, clock::now())?;
        Ok(response::no_content())
    };
    Ok(response::send(shop.store.write(change.keyed(), work).await?))
}
