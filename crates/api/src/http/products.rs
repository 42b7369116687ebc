//! `/products`: what the shop sells. Everybody may read what is on sale; staff see everything.

use super::product_views::ProductView;
use super::wire::{
    auth::MaybeCaller,
    change::Change,
    json::{GivenQty, Id, Qty, Time, present, present_whole_only, whole},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    query::{self, Parsed},
    response,
    texts::{AmountText, BarcodeText, CodeText, DescriptionText, ImageUrlText, NameText, PriceText, SkuText},
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use serde::Deserialize;
use std::sync::Arc;
use tradepost_app::{Shop, clock};
use tradepost_domain::{
    catalogue::{Product, ProductForm, ProductPatch},
    ids::{CategoryId, ProductId},
    ledger::{Command, Effects, catalogue},
    money::Currency,
    quantity::Quantity,
};
use tradepost_store::{
    Session,
    catalogue::{self as stored, View},
};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// A product to be.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "SMO-MANGO", "name": "Mango smoothie", "price": "4.50", "initial_quantity": 20}))]
pub struct CreateProduct {
    /// 1 to 64 characters without white space; unique for ever, without regard to case.
    #[schema(value_type = SkuText)]
    sku: String,
    /// Unique within its category, without regard to case.
    #[schema(value_type = NameText)]
    name: String,
    #[schema(value_type = Option<DescriptionText>)]
    description: Option<String>,
    /// More than zero; a decimal string.
    #[schema(value_type = PriceText)]
    price: String,
    category_id: Option<Id>,
    #[schema(value_type = Option<BarcodeText>)]
    barcode: Option<String>,
    /// Its address: http or https, up to 2,000 characters.
    #[schema(value_type = Option<ImageUrlText>)]
    image_url: Option<String>,
    /// What it is counted in; `each` where absent.
    #[schema(value_type = Option<CodeText>)]
    unit: Option<String>,
    /// 0 where absent; fixed once stock has moved.
    #[serde(default, deserialize_with = "whole")]
    unit_decimals: Option<u8>,
    #[schema(value_type = Option<GivenQty>)]
    low_stock_threshold: Option<Qty>,
    /// Is it on sale? `true` where absent.
    enabled: Option<bool>,
    /// Booked at the default location, as a movement; none where absent.
    #[schema(value_type = Option<GivenQty>)]
    initial_quantity: Option<Qty>,
}

impl CreateProduct {
    fn parse(self, currency: Currency) -> Result<(Product, Option<Quantity>), Problem> {
        let rest = ProductPatch {
            sku: None,
            name: None,
            description: self.description,
            price: Some(self.price),
            category: Some(self.category_id.map(CategoryId::from)),
            barcode: Some(self.barcode),
            image_url: Some(self.image_url),
            unit: self.unit,
            unit_decimals: self.unit_decimals,
            low_stock_threshold: Some(self.low_stock_threshold.map(|quantity| quantity.0)),
            enabled: self.enabled,
        };
        let form = ProductForm { sku: self.sku, name: self.name, rest };
        let product = form.parse(ProductId::from_uuid(clock::new_uuid()), currency, clock::now())?;
        Ok((product, self.initial_quantity.map(|quantity| quantity.0)))
    }
}

/// What of a product to change; `null` empties a field.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"price": "4.80", "barcode": null}))]
pub struct UpdateProduct {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<SkuText>, nullable = false)]
    sku: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NameText>, nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DescriptionText>, nullable = false)]
    description: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PriceText>, nullable = false)]
    price: Option<String>,
    #[serde(default, deserialize_with = "present")]
    category_id: Option<Option<Id>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<BarcodeText>)]
    barcode: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ImageUrlText>)]
    image_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<CodeText>, nullable = false)]
    unit: Option<String>,
    #[serde(default, deserialize_with = "present_whole_only")]
    #[schema(nullable = false)]
    unit_decimals: Option<u8>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<GivenQty>)]
    low_stock_threshold: Option<Option<Qty>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

impl From<UpdateProduct> for ProductPatch {
    fn from(form: UpdateProduct) -> Self {
        Self {
            sku: form.sku,
            name: form.name,
            description: form.description,
            price: form.price,
            category: form.category_id.map(|id| id.map(CategoryId::from)),
            barcode: form.barcode,
            image_url: form.image_url,
            unit: form.unit,
            unit_decimals: form.unit_decimals,
            low_stock_threshold: form.low_stock_threshold.map(|threshold| threshold.map(|quantity| quantity.0)),
            enabled: form.enabled,
        }
    }
}

/// Filters of a list of products; what is absent filters nothing.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProductFilter {
    category_id: Option<Id>,
    sku: Option<String>,
    name: Option<String>,
    #[param(value_type = Option<AmountText>)]
    price_min: Option<String>,
    #[param(value_type = Option<AmountText>)]
    price_max: Option<String>,
    #[param(value_type = Option<GivenQty>)]
    available_min: Option<Parsed<Quantity>>,
    #[param(value_type = Option<GivenQty>)]
    available_max: Option<Parsed<Quantity>>,
    /// `true`: anything available; `false`: nothing.
    in_stock: Option<bool>,
    /// At or below its threshold, or not; what has no threshold is not.
    low_stock: Option<bool>,
    /// Staff only: the public sees what is enabled.
    enabled: Option<bool>,
    /// Words that all occur in SKU, barcode, name or description, without regard to case.
    search: Option<String>,
    created_after: Option<Time>,
    created_before: Option<Time>,
}

impl ProductFilter {
    fn into_store_filter(self, currency: Currency) -> Result<stored::ProductFilter, Problem> {
        Ok(stored::ProductFilter {
            category: self.category_id.map(CategoryId::from),
            sku: self.sku,
            name: self.name,
            price_min: query::amount("price_min", self.price_min.as_deref(), currency)?,
            price_max: query::amount("price_max", self.price_max.as_deref(), currency)?,
            available_min: self.available_min.map(|quantity| quantity.0),
            available_max: self.available_max.map(|quantity| quantity.0),
            in_stock: self.in_stock,
            low_stock: self.low_stock,
            enabled: self.enabled,
            search: self.search,
            created_after: self.created_after.map(|time| time.0),
            created_before: self.created_before.map(|time| time.0),
        })
    }
}

fn view_of(caller: &MaybeCaller) -> View {
    if caller.is_staff() { View::Staff } else { View::Public }
}

/// List products
#[utoipa::path(operation_id = "list_products", tag = "Catalogue", params(Paging, ProductFilter), responses((status = 200, description = "A page.", body = List<ProductView>)), extensions(("x-orderings" = json!(stored::ORDERINGS))))]
#[get("/products")]
pub(crate) async fn list(
    shop: Data<Shop>,
    caller: MaybeCaller,
    list: ListOf<ProductFilter>,
) -> Result<HttpResponse, Problem> {
    let (view, currency) = (view_of(&caller), shop.currency());
    let filter = list.filter.clone().into_store_filter(currency)?;
    let request = list.request(filter, stored::ORDERINGS)?;
    let page = shop
        .store
        .read(move |session| stored::list(session, view, &request).map_err(tradepost_app::Error::from))
        .await?;
    Ok(list.answer(page, |row| ProductView::of_row(row, view, currency)))
}

/// Add a product
///
/// Its first stock is booked as a movement at the default location.
#[utoipa::path(operation_id = "create_product", tag = "Catalogue", request_body = CreateProduct, responses((status = 201, description = "The new product.", body = ProductView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[post("/products")]
pub(crate) async fn add(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let (product, initial_quantity) = change.json::<CreateProduct>()?.parse(shop.currency())?;
    let id = product.id;
    let command = Command::Catalogue(catalogue::Command::Add { product: Arc::new(product), initial_quantity });
    let answer = move |(view, version): (ProductView, i64)| {
        response::created(&view, Some(version), format!("/api/v1/products/{id}"))
    };
    change.submit(&shop, command, move |effects| written(effects).map_or_else(response::no_content, answer)).await
}

/// Read a product
#[utoipa::path(operation_id = "get_product", tag = "Catalogue", params(("id" = Id, Path)), responses((status = 200, description = "The product.", body = ProductView)))]
#[get("/products/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    caller: MaybeCaller,
    id: PathId<ProductId>,
) -> Result<HttpResponse, Problem> {
    let view = view_of(&caller);
    let row = shop
        .store
        .read_one(move |session| stored::product(session, view, id.0).map_err(tradepost_app::Error::from))
        .await?;
    let row = row.ok_or_else(Problem::not_found)?;
    Ok(response::one(&request, row.version, &ProductView::of_row(row, view, shop.currency())))
}

/// Change a product
#[utoipa::path(operation_id = "update_product", tag = "Catalogue", params(("id" = Id, Path)), request_body = UpdateProduct, responses((status = 200, description = "The product.", body = ProductView)), extensions(("x-problems" = json!(["duplicate", "conflict"]))))]
#[patch("/products/{id}")]
pub(crate) async fn edit(shop: Data<Shop>, id: PathId<ProductId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let form: UpdateProduct = change.json_about(&shop, move |session| exists(session, id)).await?;
    if change.says_nothing() {
        let find =
            move |session: &mut Session<'_>| Ok::<_, tradepost_app::Error>(stored::product(session, View::Staff, id)?);
        let row = shop.store.read(find).await?.filter(|row| row.removed_at.is_none()).ok_or_else(Problem::not_found)?;
        return change.unchanged(&shop, row.version, &ProductView::of_row(row, View::Staff, shop.currency())).await;
    }
    let command = Command::Catalogue(catalogue::Command::Edit { id, patch: Box::new(form.into()) });
    let answer = |(view, version): (ProductView, i64)| response::changed(200, &view, Some(version));
    change.submit(&shop, command, move |effects| written(effects).map_or_else(response::no_content, answer)).await
}

/// Remove a product
///
/// It leaves every list; its history stays, and staff can still read it.
#[utoipa::path(operation_id = "delete_product", tag = "Catalogue", params(("id" = Id, Path)), responses((status = 204, description = "Removed.")), extensions(("x-problems" = json!(["in_use"]))))]
#[delete("/products/{id}")]
pub(crate) async fn remove(shop: Data<Shop>, id: PathId<ProductId>, change: Change) -> Result<HttpResponse, Problem> {
    let command = Command::Catalogue(catalogue::Command::Remove { id: id.0 });
    change.submit(&shop, command, |_| response::no_content()).await
}

/// The product as it was just written, with its version.
fn written(effects: &Effects) -> Option<(ProductView, i64)> {
    let product = &effects.catalogue.products.first()?.value;
    Some((ProductView::of_effects(product, &effects.catalogue), product.version))
}

/// Is there such a product that may be changed?
///
/// # Errors
/// Where the database cannot be read.
pub fn exists(session: &mut Session<'_>, id: ProductId) -> tradepost_app::Result<bool> {
    Ok(stored::product(session, View::Staff, id)?.is_some_and(|row| row.removed_at.is_none()))
}
