//! `/promo-codes`: what they take off, for whom, and how often.

use super::wire::{
    change::Change,
    crud,
    json::{Amount, Id, Time, present, present_whole, whole},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    query,
    texts::{AmountText, NameText, PercentageText, PriceText, SkuText},
    words::PromoKindWord,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::{Shop, clock};
use tradepost_domain::{
    field_errors::FieldErrors,
    ids::PromoId,
    promos::{Discount, Percentage, Promo, PromoPatch},
    text::{self, limits},
};
use tradepost_store::promos as stored;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// A promo code, its terms and how often it is used.
#[derive(Serialize, ToSchema)]
#[schema(as = PromoCode)]
pub struct PromoView {
    id: Id,
    /// What a customer types, unique without regard to case.
    #[schema(example = "MANGO10")]
    code: String,
    /// What staff call it.
    #[schema(example = "Mango season")]
    name: String,
    /// `fixed`: an amount; `percentage`: a part of the subtotal.
    #[schema(value_type = PromoKindWord)]
    kind: &'static str,
    /// What a fixed one takes off; `null` for a percentage.
    #[schema(required = true)]
    amount: Option<Amount>,
    /// What part of the subtotal a percentage takes off: a decimal string; `null` for a fixed one.
    #[schema(required = true, example = "12.5")]
    percentage: Option<String>,
    /// Never more than this comes off; `null`: no such limit.
    #[schema(required = true)]
    max_discount: Option<Amount>,
    /// Only from this subtotal on; `null`: from any.
    #[schema(required = true)]
    minimum_subtotal: Option<Amount>,
    /// The first instant at which it can be used.
    valid_from: Time,
    /// The last instant at which it can be used.
    valid_until: Time,
    active: bool,
    /// How often in all; `null`: without limit.
    #[schema(required = true, example = 100)]
    usage_limit: Option<u32>,
    /// How often by one customer; `null`: without limit.
    #[schema(required = true, example = 1)]
    per_customer_limit: Option<u32>,
    /// How many orders hold it. Those that were rejected or cancelled gave it back.
    #[schema(example = 17)]
    times_used: i64,
    created_at: Time,
    updated_at: Time,
}

impl PromoView {
    /// As the contract shows it.
    pub(super) fn of(promo: &Promo) -> Self {
        let (amount, percentage) = match promo.terms.reduction {
            Discount::Fixed(amount) => (Some(Amount(amount.money())), None),
            Discount::Percentage(percentage) => (None, Some(percentage.to_string())),
        };
        Self {
            id: promo.id.into(),
            code: promo.code.clone(),
            name: promo.name.clone(),
            kind: promo.terms.reduction.kind(),
            amount,
            percentage,
            max_discount: promo.terms.max_discount.map(Amount),
            minimum_subtotal: promo.terms.minimum_subtotal.map(Amount),
            valid_from: Time(promo.valid_from),
            valid_until: Time(promo.valid_until),
            active: promo.active,
            usage_limit: promo.usage_limit,
            per_customer_limit: promo.per_customer_limit,
            times_used: promo.times_used,
            created_at: Time(promo.created_at),
            updated_at: Time(promo.updated_at),
        }
    }
}

/// A promo code to be.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "MANGO10", "name": "Mango season", "kind": "percentage", "percentage": "10", "max_discount": "5.00",
    "valid_from": "2026-06-01T00:00:00Z", "valid_until": "2026-08-31T23:59:59Z", "usage_limit": 100}))]
pub struct CreatePromoCode {
    /// Up to 64 characters without white space, unique without regard to case.
    #[schema(value_type = SkuText)]
    code: String,
    #[schema(value_type = NameText)]
    name: String,
    /// `fixed` with an `amount`, or `percentage` with a `percentage`.
    #[schema(value_type = PromoKindWord)]
    kind: String,
    /// Of a fixed one: more than zero, a decimal string.
    #[schema(value_type = Option<PriceText>)]
    amount: Option<String>,
    /// Of a percentage: more than 0, at most 100, with at most two decimals.
    #[schema(value_type = Option<PercentageText>)]
    percentage: Option<String>,
    #[schema(value_type = Option<PriceText>)]
    max_discount: Option<String>,
    #[schema(value_type = Option<PriceText>)]
    minimum_subtotal: Option<String>,
    valid_from: Time,
    valid_until: Time,
    /// Is it switched on? `true` where absent.
    active: Option<bool>,
    /// How often in all, at least 1; without limit where absent.
    #[serde(default, deserialize_with = "whole")]
    usage_limit: Option<u32>,
    /// 1 where absent; `null`: without limit.
    #[serde(default, deserialize_with = "present_whole")]
    per_customer_limit: Option<Option<u32>>,
}

/// What of a promo code to change; `null` empties a field. Orders that hold it keep the terms they were promised.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"active": false}))]
pub struct UpdatePromoCode {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<SkuText>, nullable = false)]
    code: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NameText>, nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PromoKindWord>, nullable = false)]
    kind: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PriceText>)]
    amount: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PercentageText>)]
    percentage: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PriceText>)]
    max_discount: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PriceText>)]
    minimum_subtotal: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    valid_from: Option<Time>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    valid_until: Option<Time>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    active: Option<bool>,
    #[serde(default, deserialize_with = "present_whole")]
    usage_limit: Option<Option<u32>>,
    #[serde(default, deserialize_with = "present_whole")]
    per_customer_limit: Option<Option<u32>>,
}

impl From<CreatePromoCode> for PromoPatch {
    fn from(form: CreatePromoCode) -> Self {
        Self {
            code: Some(form.code),
            name: Some(form.name),
            kind: Some(form.kind),
            amount: form.amount.map(Some),
            percentage: form.percentage.map(Some),
            max_discount: form.max_discount.map(Some),
            minimum_subtotal: form.minimum_subtotal.map(Some),
            valid_from: Some(form.valid_from.0),
            valid_until: Some(form.valid_until.0),
            active: form.active,
            usage_limit: form.usage_limit.map(Some),
            per_customer_limit: form.per_customer_limit,
        }
    }
}

impl From<UpdatePromoCode> for PromoPatch {
    fn from(form: UpdatePromoCode) -> Self {
        Self {
            code: form.code,
            name: form.name,
            kind: form.kind,
            amount: form.amount,
            percentage: form.percentage,
            max_discount: form.max_discount,
            minimum_subtotal: form.minimum_subtotal,
            valid_from: form.valid_from.map(|time| time.0),
            valid_until: form.valid_until.map(|time| time.0),
            active: form.active,
            usage_limit: form.usage_limit,
            per_customer_limit: form.per_customer_limit,
        }
    }
}

/// Filters of a list of promo codes; what is absent filters nothing.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PromoFilter {
    code: Option<String>,
    name: Option<String>,
    /// One kind alone: `fixed` or `percentage`.
    #[param(value_type = Option<PromoKindWord>)]
    kind: Option<String>,
    active: Option<bool>,
    #[param(value_type = Option<AmountText>)]
    amount_min: Option<String>,
    #[param(value_type = Option<AmountText>)]
    amount_max: Option<String>,
    #[param(value_type = Option<PercentageText>)]
    percentage_min: Option<String>,
    #[param(value_type = Option<PercentageText>)]
    percentage_max: Option<String>,
    valid_from_after: Option<Time>,
    valid_from_before: Option<Time>,
    valid_until_after: Option<Time>,
    valid_until_before: Option<Time>,
    /// Words of the code and the name.
    search: Option<String>,
}

/// List promo codes
#[utoipa::path(operation_id = "list_promo_codes", tag = "Promo codes", params(Paging, PromoFilter), responses((status = 200, description = "A page, newest first.", body = List<PromoView>)), extensions(("x-orderings" = json!(stored::ORDERINGS))))]
#[get("/promo-codes")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<PromoFilter>) -> Result<HttpResponse, Problem> {
    let (filter, currency) = (list.filter.clone(), shop.currency());
    let kind = |name: &str| ["fixed", "percentage"].contains(&name).then(|| name.to_owned());
    let filter = stored::PromoFilter {
        code: filter.code,
        name: filter.name,
        kind: query::named("kind", filter.kind.as_deref(), kind)?,
        active: filter.active,
        amount_min: query::amount("amount_min", filter.amount_min.as_deref(), currency)?,
        amount_max: query::amount("amount_max", filter.amount_max.as_deref(), currency)?,
        percentage_min: percentage("percentage_min", filter.percentage_min.as_deref())?,
        percentage_max: percentage("percentage_max", filter.percentage_max.as_deref())?,
        valid_from_after: filter.valid_from_after.map(|time| time.0),
        valid_from_before: filter.valid_from_before.map(|time| time.0),
        valid_until_after: filter.valid_until_after.map(|time| time.0),
        valid_until_before: filter.valid_until_before.map(|time| time.0),
        search: filter.search,
    };
    let request = list.request(filter, stored::ORDERINGS)?;
    let page =
        shop.store.read(move |session| stored::list(session, &request).map_err(tradepost_app::Error::from)).await?;
    Ok(list.answer(page, |promo| PromoView::of(&promo)))
}

/// Add a promo code
#[utoipa::path(operation_id = "create_promo_code", tag = "Promo codes", request_body = CreatePromoCode, responses((status = 201, description = "The new promo code.", body = PromoView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[post("/promo-codes")]
pub(crate) async fn add(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let form: CreatePromoCode = change.json()?;
    let id = PromoId::from_uuid(clock::new_uuid());
    let promo = Promo::new(id, &form.into(), shop.currency(), clock::now())?;
    crud::add(&shop, &change, (promo, "/api/v1/promo-codes"), PromoView::of).await
}

/// Read a promo code
#[utoipa::path(operation_id = "get_promo_code", tag = "Promo codes", params(("id" = Id, Path)), responses((status = 200, description = "The promo code.", body = PromoView)))]
#[get("/promo-codes/{id}")]
pub(crate) async fn read(shop: Data<Shop>, request: HttpRequest, id: PathId<PromoId>) -> Result<HttpResponse, Problem> {
    crud::read(&shop, &request, id.0, PromoView::of).await
}

/// Change a promo code
#[utoipa::path(operation_id = "update_promo_code", tag = "Promo codes", params(("id" = Id, Path)), request_body = UpdatePromoCode, responses((status = 200, description = "The promo code.", body = PromoView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[patch("/promo-codes/{id}")]
pub(crate) async fn edit(shop: Data<Shop>, id: PathId<PromoId>, change: Change) -> Result<HttpResponse, Problem> {
    let form: UpdatePromoCode = change.json_about(&shop, crud::exists(id.0)).await?;
    let (patch, currency) = (PromoPatch::from(form), shop.currency());
    let edit = move |promo: &mut Promo, now| promo.edit(&patch, currency, now);
    crud::edit(&shop, &change, id.0, edit, PromoView::of).await
}

/// Remove a promo code
///
/// Orders that hold it keep the terms they were promised. Its code is free again.
#[utoipa::path(operation_id = "delete_promo_code", tag = "Promo codes", params(("id" = Id, Path)), responses((status = 204, description = "Removed.")))]
#[delete("/promo-codes/{id}")]
pub(crate) async fn remove(shop: Data<Shop>, id: PathId<PromoId>, change: Change) -> Result<HttpResponse, Problem> {
    crud::remove(&shop, &change, id.0).await
}

/// A parameter that is a percentage, in hundredths of a percent.
fn percentage(parameter: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let parse = |text| Percentage::parse(text).map_err(|why| Problem::parameter(parameter, "invalid", why));
    text.map(|text| parse(text).map(Percentage::hundredths)).transpose()
}

/// A code as somebody typed it into `promo_code`. Whether there is one like it is for the rules to say.
pub(super) fn typed_code(text: Option<String>, errors: &mut FieldErrors) -> Option<String> {
    errors.take("/promo_code", text::required(&text?, limits::CODE))
}
