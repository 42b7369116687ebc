//! `/locations`: where stock is.

use super::{
    answer,
    change::Change,
    json::{Id, Time, present},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
};
use crate::{clock, shop::Shop, usecases::check_version};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_domain::{
    ids::LocationId,
    ledger::{Command, stock},
    repository::Repository,
    stock::Location,
};
use tradepost_store::{Session, locations as stored};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// Where stock is.
#[derive(Serialize, ToSchema)]
#[schema(as = Location)]
pub struct LocationView {
    id: Id,
    #[schema(example = "main")]
    code: String,
    #[schema(example = "Shop floor")]
    name: String,
    /// What a request means that names no location. There is exactly one.
    is_default: bool,
    created_at: Time,
    updated_at: Time,
}

impl From<&Location> for LocationView {
    fn from(location: &Location) -> Self {
        Self {
            id: location.id.into(),
            code: location.code.clone(),
            name: location.name.clone(),
            is_default: location.is_default,
            created_at: Time(location.created_at),
            updated_at: Time(location.updated_at),
        }
    }
}

/// A location to be.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "store", "name": "Store room"}))]
pub struct AddLocation {
    /// Unique without regard to case.
    code: String,
    /// Unique without regard to case.
    name: String,
}

/// What of a location to change.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Store room, back"}))]
pub struct EditLocation {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    code: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<String>,
}

/// Which locations.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LocationFilter {
    code: Option<String>,
    name: Option<String>,
    /// Words of the code or the name.
    search: Option<String>,
}

/// List locations
#[utoipa::path(tag = "Stock", params(Paging, LocationFilter), responses((status = 200, description = "A page.", body = List<LocationView>)))]
#[get("/locations")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<LocationFilter>) -> Result<HttpResponse, Problem> {
    let LocationFilter { code, name, search } = list.filter.clone();
    let request = list.request(stored::LocationFilter { code, name, search }, stored::ORDERINGS)?;
    let page = shop.store.read(move |session| stored::list(session, &request).map_err(Problem::from)).await?;
    Ok(list.answer(page, |location| LocationView::from(&location)))
}

/// Add a location
#[utoipa::path(tag = "Stock", request_body = AddLocation, responses((status = 201, description = "The new location.", body = LocationView)))]
#[post("/locations")]
pub(crate) async fn add(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let form: AddLocation = change.json()?;
    let id = LocationId::from_uuid(clock::new_uuid());
    let location = Location::new(id, &form.code, &form.name, clock::now())?;
    let work = move |session: &mut Session<'_>| -> Result<_, Problem> {
        session.add(&location)?;
        let address = format!("/api/v1/locations/{id}");
        Ok(answer::created(&LocationView::from(&location), Some(location.version), address))
    };
    Ok(answer::send(shop.store.write(change.keyed(), work).await?))
}

/// Read a location
#[utoipa::path(tag = "Stock", params(("id" = Id, Path)), responses((status = 200, description = "The location.", body = LocationView)))]
#[get("/locations/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    id: PathId<LocationId>,
) -> Result<HttpResponse, Problem> {
    let location = shop.store.read_one(move |session| find(session, id.0)).await?;
    Ok(answer::one(&request, location.version, &LocationView::from(&location)))
}

/// Change a location
#[utoipa::path(tag = "Stock", params(("id" = Id, Path)), request_body = EditLocation, responses((status = 200, description = "The location.", body = LocationView)))]
#[patch("/locations/{id}")]
pub(crate) async fn edit(shop: Data<Shop>, id: PathId<LocationId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let form: EditLocation = change.json_about(&shop, move |session| Ok(session.find(id)?.is_some())).await?;
    let expected = change.expected_version;
    let work = move |session: &mut Session<'_>| -> Result<_, Problem> {
        let mut location = find(session, id)?;
        let version = location.version;
        location.edit(form.code.as_deref(), form.name.as_deref(), clock::now())?;
        check_version(expected, version)?;
        session.update(&location)?;
        Ok(answer::changed(200, &LocationView::from(&location), Some(location.version)))
    };
    Ok(answer::send(shop.store.write(change.keyed(), work).await?))
}

/// Remove a location
///
/// Refused for the default location, and while there is stock at it.
#[utoipa::path(tag = "Stock", params(("id" = Id, Path)), responses((status = 204, description = "Removed.")))]
#[delete("/locations/{id}")]
pub(crate) async fn remove(shop: Data<Shop>, id: PathId<LocationId>, change: Change) -> Result<HttpResponse, Problem> {
    let command = Command::Stock(stock::Command::RemoveLocation { id: id.0 });
    change.submit(&shop, command, |_| answer::no_content()).await
}

fn find(session: &mut Session<'_>, id: LocationId) -> Result<Location, Problem> {
    session.find(id)?.ok_or_else(Problem::not_found)
}
