//! `/categories`: what products stand in. Everybody may read them.

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
    catalogue::Category,
    ids::CategoryId,
    repository::{Remove, Repository},
};
use tradepost_store::{Session, categories as stored};
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

impl From<&Category> for CategoryView {
    fn from(category: &Category) -> Self {
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
pub struct AddCategory {
    /// Unique without regard to case.
    name: String,
    description: Option<String>,
}

/// What of a category to change.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"description": "Blended to order, with fruit of the season."}))]
pub struct EditCategory {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    description: Option<String>,
}

/// Which categories.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CategoryFilter {
    name: Option<String>,
    /// Words of the name or the description.
    search: Option<String>,
}

/// List categories
#[utoipa::path(tag = "Catalogue", params(Paging, CategoryFilter), responses((status = 200, description = "A page.", body = List<CategoryView>)))]
#[get("/categories")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<CategoryFilter>) -> Result<HttpResponse, Problem> {
    let CategoryFilter { name, search } = list.filter.clone();
    let request = list.request(stored::CategoryFilter { name, search }, stored::ORDERINGS)?;
    let page = shop.store.read(move |session| stored::list(session, &request).map_err(Problem::from)).await?;
    Ok(list.answer(page, |category| CategoryView::from(&category)))
}

/// Add a category
#[utoipa::path(tag = "Catalogue", request_body = AddCategory, responses((status = 201, description = "The new category.", body = CategoryView)))]
#[post("/categories")]
pub(crate) async fn add(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let form: AddCategory = change.json()?;
    let id = CategoryId::from_uuid(clock::new_uuid());
    let category = Category::new(id, &form.name, form.description.as_deref().unwrap_or(""), clock::now())?;
    let work = move |session: &mut Session<'_>| -> Result<_, Problem> {
        session.add(&category)?;
        let location = format!("/api/v1/categories/{id}");
        Ok(answer::created(&CategoryView::from(&category), Some(category.version), location))
    };
    Ok(answer::send(shop.store.write(change.keyed(), work).await?))
}

/// Read a category
#[utoipa::path(tag = "Catalogue", params(("id" = Id, Path)), responses((status = 200, description = "The category.", body = CategoryView)))]
#[get("/categories/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    id: PathId<CategoryId>,
) -> Result<HttpResponse, Problem> {
    let category = shop.store.read_one(move |session| find(session, id.0)).await?;
    Ok(answer::one(&request, category.version, &CategoryView::from(&category)))
}

/// Change a category
#[utoipa::path(tag = "Catalogue", params(("id" = Id, Path)), request_body = EditCategory, responses((status = 200, description = "The category.", body = CategoryView)))]
#[patch("/categories/{id}")]
pub(crate) async fn edit(shop: Data<Shop>, id: PathId<CategoryId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let form: EditCategory = change.json_about(&shop, move |session| Ok(session.find(id)?.is_some())).await?;
    let expected = change.expected_version;
    let work = move |session: &mut Session<'_>| -> Result<_, Problem> {
        let mut category = find(session, id)?;
        let version = category.version;
        category.edit(form.name.as_deref(), form.description.as_deref(), clock::now())?;
        check_version(expected, version)?;
        session.update(&category)?;
        Ok(answer::changed(200, &CategoryView::from(&category), Some(category.version)))
    };
    Ok(answer::send(shop.store.write(change.keyed(), work).await?))
}

/// Remove a category
///
/// Refused while products stand in it.
#[utoipa::path(tag = "Catalogue", params(("id" = Id, Path)), responses((status = 204, description = "Removed.")))]
#[delete("/categories/{id}")]
pub(crate) async fn remove(shop: Data<Shop>, id: PathId<CategoryId>, change: Change) -> Result<HttpResponse, Problem> {
    let expected = change.expected_version;
    let work = move |session: &mut Session<'_>| -> Result<_, Problem> {
        let category = find(session, id.0)?;
        check_version(expected, category.version)?;
        session.remove(id.0, clock::now())?;
        Ok(answer::no_content())
    };
    Ok(answer::send(shop.store.write(change.keyed(), work).await?))
}

fn find(session: &mut Session<'_>, id: CategoryId) -> Result<Category, Problem> {
    session.find(id)?.ok_or_else(Problem::not_found)
}
