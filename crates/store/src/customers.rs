//! Who buys.

use crate::{
    StoreError,
    dialect::Sql,
    list::{Conditions, KeyValue, ListRequest, Page, Shape, Sort, SortKeys, page, search_text, unreadable},
    schema::customers,
    session::Session,
    types::{At, Id},
};
use diesel::prelude::*;
use tradepost_domain::{
    contact::{Email, Phone},
    customers::Customer,
    ids::{CustomerId, UserId},
    instant::Instant,
    repository::{self, Customers},
    text::fold,
};

#[derive(QueryableByName, Insertable, AsChangeset)]
#[diesel(table_name = customers, treat_none_as_null = true)]
struct Row {
    id: Id,
    code: String,
    code_key: String,
    name: String,
    name_key: String,
    phone: Option<String>,
    email: Option<String>,
    email_key: Option<String>,
    user_id: Option<Id>,
    search_text: String,
    version: i64,
    created_at: At,
    updated_at: At,
}

const COLUMNS: &str = "SELECT c.id, c.code, c.code_key, c.name, c.name_key, c.phone, c.email, c.email_key, c.user_id, c.search_text, \
    c.version, c.created_at, c.updated_at ";

impl From<&Customer> for Row {
    fn from(customer: &Customer) -> Self {
        let phone = customer.phone.as_ref().map(|phone| phone.as_str().to_owned());
        let email = customer.email.as_ref().map(|email| email.as_str().to_owned());
        let words =
            [customer.name.as_str(), &customer.code, phone.as_deref().unwrap_or(""), email.as_deref().unwrap_or("")];
        Self {
            id: customer.id.into(),
            code: customer.code.clone(),
            code_key: fold(&customer.code),
            name: customer.name.clone(),
            name_key: fold(&customer.name),
            search_text: search_text(&words),
            phone,
            email,
            email_key: customer.email.as_ref().map(Email::key),
            user_id: customer.user.map(Into::into),
            version: customer.version,
            created_at: customer.created_at.into(),
            updated_at: customer.updated_at.into(),
        }
    }
}

impl Row {
    fn customer(self) -> Result<Customer, StoreError> {
        let email = self.email.as_deref().map(Email::parse).transpose();
        Ok(Customer {
            id: self.id.into(),
            code: self.code,
            name: self.name,
            phone: self.phone.map(Phone::from_stored),
            email: email.map_err(|error| unreadable("customer", error))?,
            user: self.user_id.map(Into::into),
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

impl SortKeys for Row {
    fn key(&self, field: &str) -> KeyValue {
        match field {
            "name" => self.name_key.clone().into(),
            "code" => self.code_key.clone().into(),
            "created_at" => self.created_at.into(),
            _ => self.id.into(),
        }
    }
}

/// What a list of customers can be sorted by.
pub const ORDERINGS: &[&str] = &["name", "code", "created_at"];

/// Which customers.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// This code, without regard to case.
    pub code: Option<String>,
    /// This name, without regard to case.
    pub name: Option<String>,
    /// This e-mail address, without regard to case.
    pub email: Option<String>,
    /// This phone number, in E.164.
    pub phone: Option<String>,
    /// Words in name, code, phone and e-mail.
    pub search: Option<String>,
    /// Noted down from then on.
    pub created_after: Option<Instant>,
    /// Noted down before then.
    pub created_before: Option<Instant>,
}

/// A page of those that were not erased, by name unless told otherwise.
///
/// # Errors
/// What the database said.
pub fn list(session: &mut Session<'_>, request: &ListRequest<CustomerFilter>) -> Result<Page<Customer>, StoreError> {
    let shape = Shape {
        select: Sql::new(COLUMNS),
        from: Sql::new("FROM customers c"),
        keys: &[("name", "c.name_key"), ("code", "c.code_key"), ("created_at", "c.created_at"), ("id", "c.id")],
        order: Sort { field: "name", descending: false },
    };
    let filter = &request.filter;
    let mut conditions = Conditions::always("c.erased_at IS NULL");
    conditions.when("c.code_key = ", filter.code.as_deref().map(fold));
    conditions.when("c.name_key = ", filter.name.as_deref().map(fold));
    conditions.when("c.email_key = ", filter.email.as_deref().map(fold));
    conditions.when("c.phone = ", filter.phone.as_deref());
    conditions.between("c.created_at", filter.created_after, filter.created_before);
    conditions.search("c.search_text", filter.search.as_deref());
    page::<Row, _>(session, &shape, conditions, request)?.map(Row::customer)
}

impl Customers for Session<'_> {
    fn customer(&mut self, id: CustomerId) -> repository::Result<Option<Customer>> {
        let sql = Sql::new(COLUMNS).text("FROM customers c WHERE c.erased_at IS NULL AND c.id = ").with(Id::from(id));
        Ok(self.first::<Row>(sql)?.map(Row::customer).transpose()?)
    }

    fn customer_of_user(&mut self, user: UserId) -> repository::Result<Option<Customer>> {
        let sql =
            Sql::new(COLUMNS).text("FROM customers c WHERE c.erased_at IS NULL AND c.user_id = ").with(Id::from(user));
        Ok(self.first::<Row>(sql)?.map(Row::customer).transpose()?)
    }

    fn add_customer(&mut self, customer: &Customer) -> repository::Result<()> {
        let row = Row::from(customer);
        self.run(|conn| diesel::insert_into(customers::table).values(&row).execute(conn))?;
        Ok(())
    }

    fn update_customer(&mut self, customer: &Customer) -> repository::Result<()> {
        let row = Row::from(customer);
        let before = customers::table
            .find(row.id)
            .filter(customers::version.eq(row.version - 1))
            .filter(customers::erased_at.is_null());
        let changed = self.run(|conn| diesel::update(before).set(&row).execute(conn))?;
        Ok(self.exactly_one(changed)?)
    }

    fn erase_customer(&mut self, id: CustomerId, now: Instant) -> repository::Result<()> {
        self.execute(erase("c.id = ", id.into(), now))?;
        Ok(())
    }
}

/// Erases what is personal in the customer that is found by this id.
pub(crate) fn erase(found_by: &'static str, id: Id, now: Instant) -> Sql {
    Sql::new("UPDATE customers AS c SET code = 'erased-' || ")
        .either("c.id::text", "lower(hex(c.id))")
        .text(", code_key = 'erased-' || ")
        .either("c.id::text", "lower(hex(c.id))")
        .text(
            ", name = 'Erased', name_key = 'erased', phone = NULL, email = NULL, email_key = NULL, user_id = NULL, \
             search_text = '', version = version + 1, updated_at = ",
        )
        .with(now)
        .text(", erased_at = ")
        .with(now)
        .text(" WHERE c.erased_at IS NULL AND ")
        .text(found_by)
        .with(id)
}
