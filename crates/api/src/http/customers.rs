//! `/customers`: who buys.

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
    customers::{Customer, CustomerForm, CustomerPatch},
    ids::CustomerId,
    repository::{Remove, Repository},
};
use tradepost_store::{Session, customers as stored};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// Who buys.
#[derive(Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerView {
    id: Id,
    /// Unique without regard to case.
    #[schema(example = "C-7QK2M4N8P0RS")]
    code: String,
    #[schema(example = "Amina Otieno")]
    name: String,
    /// In E.164.
    #[schema(example = "+254712345678")]
    phone: Option<String>,
    #[schema(example = "amina@example.org")]
    email: Option<String>,
    /// The login, where there is one.
    user_id: Option<Id>,
    created_at: Time,
    updated_at: Time,
}

impl From<&Customer> for CustomerView {
    fn from(customer: &Customer) -> Self {
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
pub struct AddCustomer {
    name: String,
    /// Unique without regard to case; made where absent.
    code: Option<String>,
    /// With `+` and the country's code, or national where the shop has a country.
    phone: Option<String>,
    email: Option<String>,
}

/// What of a customer to change; `null` empties a field.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "amina@example.org", "phone": null}))]
pub struct EditCustomer {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    code: Option<String>,
    #[serde(default, deserialize_with = "present")]
    phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    email: Option<Option<String>>,
}

/// Which customers.
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
#[utoipa::path(tag = "Customers", params(Paging, CustomerFilter), responses((status = 200, description = "A page.", body = List<CustomerView>)))]
#[get("/customers")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<CustomerFilter>) -> Result<HttpResponse, Problem> {
    let CustomerFilter { code, name, email, phone, search, created_after, created_before } = list.filter.clone();
    let (created_after, created_before) = (created_after.map(|time| time.0), created_before.map(|time| time.0));
    let filter = stored::CustomerFilter { code, name, email, phone, search, created_after, created_before };
    let request = list.request(filter, stored::ORDERINGS)?;
    let page = shop.store.read(move |session| stored::list(session, &request).map_err(Problem::from)).await?;
    Ok(list.answer(page, |customer| CustomerView::from(&customer)))
}

/// Add a customer
#[utoipa::path(tag = "Customers", request_body = AddCustomer, responses((status = 201, description = "The new customer.", body = CustomerView)))]
#[post("/customers")]
pub(crate) async fn add(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let AddCustomer { name, code, phone, email } = change.json()?;
    let id = CustomerId::from_uuid(clock::new_uuid());
    let customer = CustomerForm { name, code, phone, email }.parse(id, shop.country, clock::now())?;
    let work = move |session: &mut Session<'_>| -> Result<_, Problem> {
        session.add(&customer)?;
        let location = format!("/api/v1/customers/{id}");
        Ok(answer::created(&CustomerView::from(&customer), Some(customer.version), location))
    };
    Ok(answer::send(shop.store.write(change.keyed(), work).await?))
}

/// Read a customer
#[utoipa::path(tag = "Customers", params(("id" = Id, Path)), responses((status = 200, description = "The customer.", body = CustomerView)))]
#[get("/customers/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    id: PathId<CustomerId>,
) -> Result<HttpResponse, Problem> {
    let customer = shop.store.read_one(move |session| find(session, id.0)).await?;
    Ok(answer::one(&request, customer.version, &CustomerView::from(&customer)))
}

/// Change a customer
#[utoipa::path(tag = "Customers", params(("id" = Id, Path)), request_body = EditCustomer, responses((status = 200, description = "The customer.", body = CustomerView)))]
#[patch("/customers/{id}")]
pub(crate) async fn edit(shop: Data<Shop>, id: PathId<CustomerId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let form: EditCustomer = change.json_about(&shop, move |session| Ok(session.find(id)?.is_some())).await?;
    let patch = CustomerPatch { name: form.name, code: form.code, phone: form.phone, email: form.email };
    let (country, expected) = (shop.country, change.expected_version);
    let work = move |session: &mut Session<'_>| -> Result<_, Problem> {
        let mut customer = find(session, id)?;
        let version = customer.version;
        customer.edit(&patch, country, clock::now())?;
        check_version(expected, version)?;
        session.update(&customer)?;
        Ok(answer::changed(200, &CustomerView::from(&customer), Some(customer.version)))
    };
    Ok(answer::send(shop.store.write(change.keyed(), work).await?))
}

/// Remove a customer
///
/// Erases what is personal; documents stay.
#[utoipa::path(tag = "Customers", params(("id" = Id, Path)), responses((status = 204, description = "Erased.")))]
#[delete("/customers/{id}")]
pub(crate) async fn remove(shop: Data<Shop>, id: PathId<CustomerId>, change: Change) -> Result<HttpResponse, Problem> {
    let expected = change.expected_version;
    let work = move |session: &mut Session<'_>| -> Result<_, Problem> {
        let customer = find(session, id.0)?;
        check_version(expected, customer.version)?;
        session.remove(id.0, clock::now())?;
        Ok(answer::no_content())
    };
    Ok(answer::send(shop.store.write(change.keyed(), work).await?))
}

fn find(session: &mut Session<'_>, id: CustomerId) -> Result<Customer, Problem> {
    session.find(id)?.ok_or_else(Problem::not_found)
}
