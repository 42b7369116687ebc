//! `/locations`: where stock is.

use super::wire::{
    change::Change,
    crud,
    json::{Id, Time, present},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    response,
    texts::{CodeText, NameText},
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::{Shop, clock};
use tradepost_domain::{
    ids::LocationId,
    ledger::{Command, stock},
    stock::Location,
};
use tradepost_store::locations as stored;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// Where stock is: a shop, a store room.
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

impl LocationView {
    /// As the contract shows it.
    pub(super) fn of(location: &Location) -> Self {
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
pub struct CreateLocation {
    /// Unique without regard to case.
    #[schema(value_type = CodeText)]
    code: String,
    /// Unique without regard to case.
    #[schema(value_type = NameText)]
    name: String,
}

/// What of a location to change.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Store room, back"}))]
pub struct UpdateLocation {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<CodeText>, nullable = false)]
    code: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NameText>, nullable = false)]
    name: Option<String>,
}

/// Filters of a list of locations; what is absent filters nothing.
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
#[utoipa::path(operation_id = "list_locations", tag = "Stock", params(Paging, LocationFilter), responses((status = 200, description = "A page.", body = List<LocationView>)), extensions(("x-orderings" = json!(stored::ORDERINGS))))]
#[get("/locations")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<LocationFilter>) -> Result<HttpResponse, Problem> {
    let LocationFilter { code, name, search } = list.filter.clone();
    let request = list.request(stored::LocationFilter { code, name, search }, stored::ORDERINGS)?;
    let page =
        shop.store.read(move |session| stored::list(session, &request).map_err(tradepost_app::Error::from)).await?;
    Ok(list.answer(page, |location| LocationView::of(&location)))
}

/// Add a location
#[utoipa::path(operation_id = "create_location", tag = "Stock", request_body = CreateLocation, responses((status = 201, description = "The new location.", body = LocationView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[post("/locations")]
pub(crate) async fn add(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let form: CreateLocation = change.json()?;
    let id = LocationId::from_uuid(clock::new_uuid());
    let location = Location::new(id, &form.code, &form.name, clock::now())?;
    crud::add(&shop, &change, (location, "/api/v1/locations"), LocationView::of).await
}

/// Read a location
#[utoipa::path(operation_id = "get_location", tag = "Stock", params(("id" = Id, Path)), responses((status = 200, description = "The location.", body = LocationView)))]
#[get("/locations/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    id: PathId<LocationId>,
) -> Result<HttpResponse, Problem> {
    crud::read(&shop, &request, id.0, LocationView::of).await
}

/// Change a location
#[utoipa::path(operation_id = "update_location", tag = "Stock", params(("id" = Id, Path)), request_body = UpdateLocation, responses((status = 200, description = "The location.", body = LocationView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[patch("/locations/{id}")]
pub(crate) async fn edit(shop: Data<Shop>, id: PathId<LocationId>, change: Change) -> Result<HttpResponse, Problem> {
    let form: UpdateLocation = change.json_about(&shop, crud::exists(id.0)).await?;
    let edit = move |location: &mut Location, now| location.edit(form.code.as_deref(), form.name.as_deref(), now);
    crud::edit(&shop, &change, id.0, edit, LocationView::of).await
}

/// Remove a location
///
/// Refused for the default location, and while there is stock at it.
#[utoipa::path(operation_id = "delete_location", tag = "Stock", params(("id" = Id, Path)), responses((status = 204, description = "Removed.")), extensions(("x-problems" = json!(["in_use"]))))]
#[delete("/locations/{id}")]
pub(crate) async fn remove(shop: Data<Shop>, id: PathId<LocationId>, change: Change) -> Result<HttpResponse, Problem> {
    let command = Command::Stock(stock::Command::RemoveLocation { id: id.0 });
    change.submit(&shop, command, |_| response::no_content()).await
}
