//! `/customers`: who buys.

use super::wire::{
    change::Change,
    crud,
    json::{Id, Time, present},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    texts::{CodeText, EmailText, NameText, PhoneText},
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::{Shop, clock};
use tradepost_domain::{
    customers::{Customer, CustomerForm, CustomerPatch},
    ids::CustomerId,
};
use tradepost_store::customers as stored;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// Who buys, with or without a login.
#[derive(Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerView {
    id: Id,
    /// Unique without regard to case.
    #[schema(example = "C-7QK2M4N8P0RS")]
    code: String,
    #[schema(example = "Amina Otieno")]
    name: String,
    /// In E.164; `null`: not known.
    #[schema(required = true, example = "+254712345678")]
    phone: Option<String>,
    #[schema(required = true, example = "amina@example.org")]
    email: Option<String>,
    /// The user they log in as; `null`: they have no login.
    #[schema(required = true)]
    user_id: Option<Id>,
    created_at: Time,
    updated_at: Time,
}

impl CustomerView {
    /// As the contract shows it.
    pub(super) fn of(customer: &Customer) -> Self {
        Self {
            id: customer.id.into(),
            code: customer.code.clone(),
            name: customer.name.clone(),
            phone: customer.phone.as_ref().map(ToString::to_string),
            email: customer.email.as_ref().map(ToString::to_string),
            user_id: customer.user.map(Id::from),
            created_at: Time(customer.created_at),
            updated_at: Time(customer.updated_at),
        }
    }
}

/// A customer to be.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Amina Otieno", "phone": "+254712345678"}))]
pub struct CreateCustomer {
    #[schema(value_type = NameText)]
    name: String,
    /// Unique without regard to case; made where absent.
    #[schema(value_type = Option<CodeText>)]
    code: Option<String>,
    /// With `+` and the country's code, or national where the shop has a country.
    #[schema(value_type = Option<PhoneText>)]
    phone: Option<String>,
    #[schema(value_type = Option<EmailText>)]
    email: Option<String>,
}

/// What of a customer to change; `null` empties a field.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "amina@example.org", "phone": null}))]
pub struct UpdateCustomer {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NameText>, nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<CodeText>, nullable = false)]
    code: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PhoneText>)]
    phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<EmailText>)]
    email: Option<Option<String>>,
}

/// Filters of a list of customers; what is absent filters nothing.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomerFilter {
    code: Option<String>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    /// Words of the name, the code, the phone number or the e-mail address.
    search: Option<String>,
    created_after: Option<Time>,
    created_before: Option<Time>,
}

/// List customers
#[utoipa::path(operation_id = "list_customers", tag = "Customers", params(Paging, CustomerFilter), responses((status = 200, description = "A page.", body = List<CustomerView>)), extensions(("x-orderings" = json!(stored::ORDERINGS))))]
#[get("/customers")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<CustomerFilter>) -> Result<HttpResponse, Problem> {
    let CustomerFilter { code, name, email, phone, search, created_after, created_before } = list.filter.clone();
    let (created_after, created_before) = (created_after.map(|time| time.0), created_before.map(|time| time.0));
    let filter = stored::CustomerFilter { code, name, email, phone, search, created_after, created_before };
    let request = list.request(filter, stored::ORDERINGS)?;
    let page =
        shop.store.read(move |session| stored::list(session, &request).map_err(tradepost_app::Error::from)).await?;
    Ok(list.answer(page, |customer| CustomerView::of(&customer)))
}

/// Add a customer
#[utoipa::path(operation_id = "create_customer", tag = "Customers", request_body = CreateCustomer, responses((status = 201, description = "The new customer.", body = CustomerView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[post("/customers")]
pub(crate) async fn add(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let CreateCustomer { name, code, phone, email } = change.json()?;
    let id = CustomerId::from_uuid(clock::new_uuid());
    let customer = CustomerForm { name, code, phone, email }.parse(id, shop.country(), clock::now())?;
    crud::add(&shop, &change, (customer, "/api/v1/customers"), CustomerView::of).await
}

/// Read a customer
#[utoipa::path(operation_id = "get_customer", tag = "Customers", params(("id" = Id, Path)), responses((status = 200, description = "The customer.", body = CustomerView)))]
#[get("/customers/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    id: PathId<CustomerId>,
) -> Result<HttpResponse, Problem> {
    crud::read(&shop, &request, id.0, CustomerView::of).await
}

/// Change a customer
#[utoipa::path(operation_id = "update_customer", tag = "Customers", params(("id" = Id, Path)), request_body = UpdateCustomer, responses((status = 200, description = "The customer.", body = CustomerView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[patch("/customers/{id}")]
pub(crate) async fn edit(shop: Data<Shop>, id: PathId<CustomerId>, change: Change) -> Result<HttpResponse, Problem> {
    let UpdateCustomer { name, code, phone, email } = change.json_about(&shop, crud::exists(id.0)).await?;
    let patch = CustomerPatch { name, code, phone, email };
    let country = shop.country();
    let edit = move |customer: &mut Customer, now| customer.edit(&patch, country, now);
    crud::edit(&shop, &change, id.0, edit, CustomerView::of).await
}

/// Remove a customer
///
/// Erases what is personal; documents stay.
#[utoipa::path(operation_id = "delete_customer", tag = "Customers", params(("id" = Id, Path)), responses((status = 204, description = "Erased.")))]
#[delete("/customers/{id}")]
pub(crate) async fn remove(shop: Data<Shop>, id: PathId<CustomerId>, change: Change) -> Result<HttpResponse, Problem> {
    crud::remove(&shop, &change, id.0).await
}
