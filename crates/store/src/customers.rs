//! Who buys: their records, and what is left of one that was erased. Orders and sales are not here.

use crate::{
    StoreError,
    connection::Conn,
    list::{Conditions, List, ListRequest, Page, Sort, search_text, unreadable},
    repository::{repository, unique_keys},
    schema::tables,
    session::Session,
    types::{At, Id},
};
use diesel::prelude::*;
use tradepost_domain::{
    contact::{Email, Phone},
    customers::Customer,
    ids::{CustomerId, UserId},
    instant::Instant,
    repository::{self, Customers, Remove},
    text::fold,
};

tables! {
    customers (id) {
        id -> UuidSql,
        code -> Text,
        code_key -> Text,
        name -> Text,
        name_key -> Text,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        user_id -> Nullable<UuidSql>,
        search_text -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
        erased_at -> Nullable<InstantSql>,
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
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

unique_keys! {
    customers {
        customers_code_key (code_key) is "code",
        customers_user_id (user_id) is "user_id",
    }
}

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

/// What a list of customers can be sorted by: by name where nobody says.
pub const ORDERINGS: &[&str] = &["name", "code", "created_at"];

/// Which customers, of those that were not erased; every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// This code, without regard to case.
    pub code: Option<String>,
    /// This name, without regard to case.
    pub name: Option<String>,
    /// This e-mail address, without regard to case.
    pub email: Option<String>,
    /// This phone number, in E.164, for example `+254712345678`.
    pub phone: Option<String>,
    /// Words that all occur in name, code, phone or e-mail, without regard to case.
    pub search: Option<String>,
    /// Noted down then or later.
    pub created_after: Option<Instant>,
    /// Noted down before then, not at that instant.
    pub created_before: Option<Instant>,
}

/// A page of those that were not erased, by name unless told otherwise.
///
/// # Errors
/// Where the database cannot be read.
pub fn list(session: &mut Session<'_>, request: &ListRequest<CustomerFilter>) -> Result<Page<Customer>, StoreError> {
    let list = List::<Row>::new(" FROM customers", Sort { field: "name", descending: false })
        .key("name", customers::name_key, |row| row.name_key.clone())
        .key("code", customers::code_key, |row| row.code_key.clone())
        .key("created_at", customers::created_at, |row| row.created_at)
        .key("id", customers::id, |row| row.id);
    let filter = &request.filter;
    let mut conditions = Conditions::default();
    conditions.filter(customers::erased_at.is_null());
    conditions.equals(customers::code_key, filter.code.as_deref().map(fold));
    conditions.equals(customers::name_key, filter.name.as_deref().map(fold));
    conditions.equals(customers::email_key, filter.email.as_deref().map(fold));
    conditions.equals(customers::phone, filter.phone.as_deref());
    conditions.spans(customers::created_at, filter.created_after, filter.created_before);
    conditions.contains(customers::search_text, filter.search.as_deref());
    list.page(session, conditions, request)?.map(Row::customer)
}

repository! {
    Customer, customers,
    stored Row,
    read Row => |row, _session| row.customer(),
    alive customers::erased_at.is_null(),
}

impl Remove<Customer> for Session<'_> {
    fn remove(&mut self, id: CustomerId, now: Instant) -> repository::Result<()> {
        self.run(|conn| erase(conn, id, now))?;
        Ok(())
    }
}

/// Empties a customer's row of what is personal.
fn erase(conn: &mut Conn, id: CustomerId, now: Instant) -> QueryResult<usize> {
    let (code, now) = (format!("erased-{id}"), At::from(now));
    let names = (
        customers::code.eq(&code),
        customers::code_key.eq(&code),
        customers::name.eq("Erased"),
        customers::name_key.eq("erased"),
        customers::phone.eq(None::<String>),
        customers::email.eq(None::<String>),
        customers::email_key.eq(None::<String>),
        customers::user_id.eq(None::<Id>),
        customers::search_text.eq(""),
    );
    let edit = (
        customers::version.eq(customers::version + 1),
        customers::updated_at.eq(now),
        customers::erased_at.eq(Some(now)),
    );
    let customer = customers::table.find(Id::from(id)).filter(customers::erased_at.is_null());
    diesel::update(customer).set((names, edit)).execute(conn)
}

/// Erases the record of a user, where they have one.
pub(crate) fn erase_of_user(session: &mut Session<'_>, user: UserId, now: Instant) -> Result<(), StoreError> {
    let of_user = customers::table.filter(customers::user_id.eq(Id::from(user))).select(customers::id);
    if let Some(id) = session.run(|conn| of_user.first::<Id>(conn).optional())? {
        session.run(|conn| erase(conn, id.into(), now))?;
    }
    Ok(())
}

impl Customers for Session<'_> {
    fn customer_of_user(&mut self, user: UserId) -> repository::Result<Option<Customer>> {
        let of_user = customers::table.filter(customers::user_id.eq(Id::from(user)));
        let of_user = of_user.filter(customers::erased_at.is_null()).select(Row::as_select());
        let row = self.run(|conn| of_user.first(conn).optional())?;
        Ok(row.map(Row::customer).transpose()?)
    }
}
