//! `/categories`: what products stand in. Everybody may read them.

use super::wire::{
    change::Change,
    crud,
    json::{Id, Time, present},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    texts::{DescriptionText, NameText},
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::{Shop, clock};
use tradepost_domain::{catalogue::Category, ids::CategoryId};
use tradepost_store::categories as stored;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// A group of products.
#[derive(Serialize, ToSchema)]
#[schema(as = Category)]
pub struct CategoryView {
    id: Id,
    #[schema(example = "Smoothies")]
    name: String,
    #[schema(example = "Blended to order.")]
    description: String,
    created_at: Time,
    updated_at: Time,
}

impl CategoryView {
    /// As the contract shows it.
    pub(super) fn of(category: &Category) -> Self {
        Self {
            id: category.id.into(),
            name: category.name.clone(),
            description: category.description.clone(),
            created_at: Time(category.created_at),
            updated_at: Time(category.updated_at),
        }
    }
}

/// A category to be.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Smoothies", "description": "Blended to order."}))]
pub struct CreateCategory {
    /// Unique without regard to case.
    #[schema(value_type = NameText)]
    name: String,
    #[schema(value_type = Option<DescriptionText>)]
    description: Option<String>,
}

/// What of a category to change.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"description": "Blended to order, with fruit of the season."}))]
pub struct UpdateCategory {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NameText>, nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DescriptionText>, nullable = false)]
    description: Option<String>,
}

/// Filters of a list of categories; what is absent filters nothing.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CategoryFilter {
    name: Option<String>,
    /// Words of the name or the description.
    search: Option<String>,
}

/// List categories
#[utoipa::path(operation_id = "list_categories", tag = "Catalogue", params(Paging, CategoryFilter), responses((status = 200, description = "A page.", body = List<CategoryView>)), extensions(("x-orderings" = json!(stored::ORDERINGS))))]
#[get("/categories")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<CategoryFilter>) -> Result<HttpResponse, Problem> {
    let CategoryFilter { name, search } = list.filter.clone();
    let request = list.request(stored::CategoryFilter { name, search }, stored::ORDERINGS)?;
    let page =
        shop.store.read(move |session| stored::list(session, &request).map_err(tradepost_app::Error::from)).await?;
    Ok(list.answer(page, |category| CategoryView::of(&category)))
}

/// Add a category
#[utoipa::path(operation_id = "create_category", tag = "Catalogue", request_body = CreateCategory, responses((status = 201, description = "The new category.", body = CategoryView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[post("/categories")]
pub(crate) async fn add(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let form: CreateCategory = change.json()?;
    let id = CategoryId::from_uuid(clock::new_uuid());
    let category = Category::new(id, &form.name, form.description.as_deref().unwrap_or(""), clock::now())?;
    crud::add(&shop, &change, (category, "/api/v1/categories"), CategoryView::of).await
}

/// Read a category
#[utoipa::path(operation_id = "get_category", tag = "Catalogue", params(("id" = Id, Path)), responses((status = 200, description = "The category.", body = CategoryView)))]
#[get("/categories/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    id: PathId<CategoryId>,
) -> Result<HttpResponse, Problem> {
    crud::read(&shop, &request, id.0, CategoryView::of).await
}

/// Change a category
#[utoipa::path(operation_id = "update_category", tag = "Catalogue", params(("id" = Id, Path)), request_body = UpdateCategory, responses((status = 200, description = "The category.", body = CategoryView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[patch("/categories/{id}")]
pub(crate) async fn edit(shop: Data<Shop>, id: PathId<CategoryId>, change: Change) -> Result<HttpResponse, Problem> {
    let form: UpdateCategory = change.json_about(&shop, crud::exists(id.0)).await?;
    let edit =
        move |category: &mut Category, now| category.edit(form.name.as_deref(), form.description.as_deref(), now);
    crud::edit(&shop, &change, id.0, edit, CategoryView::of).await
}

/// Remove a category
///
/// Refused while products stand in it.
#[utoipa::path(operation_id = "delete_category", tag = "Catalogue", params(("id" = Id, Path)), responses((status = 204, description = "Removed.")), extensions(("x-problems" = json!(["in_use"]))))]
#[delete("/categories/{id}")]
pub(crate) async fn remove(shop: Data<Shop>, id: PathId<CategoryId>, change: Change) -> Result<HttpResponse, Problem> {
    crud::remove(&shop, &change, id.0).await
}
