//! Who logs in.

use crate::{
    StoreError, carts, customers,
    dialect::Sql,
    list::{Conditions, KeyValue, ListRequest, Page, Shape, Sort, SortKeys, page, search_text, unreadable},
    schema::users,
    session::Session,
    types::{At, Id},
};
use diesel::prelude::*;
use tradepost_domain::{
    contact::{Email, Phone},
    identity::{Permission, Permissions, Role, User},
    ids::UserId,
    instant::Instant,
    repository::{self, Users},
    text::fold,
};

#[derive(QueryableByName, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true)]
pub(crate) struct Row {
    id: Id,
    username: Option<String>,
    username_key: Option<String>,
    email: String,
    email_key: String,
    first_name: String,
    last_name: String,
    phone: Option<String>,
    date_of_birth: Option<String>,
    role: String,
    permissions: String,
    active: bool,
    search_text: String,
    version: i64,
    created_at: At,
    updated_at: At,
}

/// The columns of [`Row`], of a table called `u`.
pub(crate) const COLUMNS: &str = "u.id, u.username, u.username_key, u.email, u.email_key, u.first_name, u.last_name, u.phone, \
    u.date_of_birth, u.role, u.permissions, u.active, u.search_text, u.version, u.created_at, u.updated_at ";

impl From<&User> for Row {
    fn from(user: &User) -> Self {
        let permissions: Vec<_> = user.permissions.iter().map(Permission::as_str).collect();
        let words = [user.username.as_deref().unwrap_or(""), user.email.as_str(), &user.first_name, &user.last_name];
        Self {
            id: user.id.into(),
            username: user.username.clone(),
            username_key: user.username.as_deref().map(fold),
            email: user.email.to_string(),
            email_key: user.email.key(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            phone: user.phone.as_ref().map(ToString::to_string),
            date_of_birth: user.date_of_birth.map(|date| date.to_string()),
            role: user.role.as_str().to_owned(),
            permissions: permissions.join(" "),
            active: user.active,
            search_text: search_text(&words),
            version: user.version,
            created_at: user.created_at.into(),
            updated_at: user.updated_at.into(),
        }
    }
}

impl Row {
    pub(crate) fn user(self) -> Result<User, StoreError> {
        let role = Role::parse(&self.role).ok_or_else(|| unreadable("role", &self.role))?;
        // A permission that a newer program knows is one that this one does not grant.
        let permissions: Permissions = self.permissions.split(' ').filter_map(Permission::parse).collect();
        let born = self.date_of_birth.as_deref().map(str::parse).transpose();
        Ok(User {
            id: self.id.into(),
            username: self.username,
            email: Email::parse(&self.email).map_err(|error| unreadable("user", error))?,
            first_name: self.first_name,
            last_name: self.last_name,
            phone: self.phone.map(Phone::from_stored),
            date_of_birth: born.map_err(|error| unreadable("user", error))?,
            role,
            permissions,
            active: self.active,
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

impl SortKeys for Row {
    fn key(&self, field: &str) -> KeyValue {
        match field {
            "email" => self.email_key.clone().into(),
            "username" => self.username_key.clone().unwrap_or_default().into(),
            "created_at" => self.created_at.into(),
            _ => self.id.into(),
        }
    }
}

/// What a list of users can be sorted by.
pub const ORDERINGS: &[&str] = &["created_at", "email", "username"];

/// Which users.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// This address, without regard to case.
    pub email: Option<String>,
    /// This name, without regard to case.
    pub username: Option<String>,
    /// This role.
    pub role: Option<Role>,
    /// May log in or not.
    pub active: Option<bool>,
    /// Words in username, e-mail, first and last name.
    pub search: Option<String>,
    /// Registered from then on.
    pub created_after: Option<Instant>,
    /// Registered before then.
    pub created_before: Option<Instant>,
}

/// A page of those that were not erased, oldest first unless told otherwise.
///
/// # Errors
/// What the database said.
pub fn list(session: &mut Session<'_>, request: &ListRequest<UserFilter>) -> Result<Page<User>, StoreError> {
    let shape = Shape {
        select: Sql::new("SELECT ").text(COLUMNS),
        from: Sql::new("FROM users u"),
        keys: &[
            ("created_at", "u.created_at"),
            ("email", "u.email_key"),
            ("username", "COALESCE(u.username_key, '')"),
            ("id", "u.id"),
        ],
        order: Sort { field: "created_at", descending: false },
    };
    let filter = &request.filter;
    let mut conditions = Conditions::always("u.erased_at IS NULL");
    conditions.when("u.email_key = ", filter.email.as_deref().map(fold));
    conditions.when("u.username_key = ", filter.username.as_deref().map(fold));
    conditions.when("u.role = ", filter.role.map(Role::as_str));
    conditions.when("u.active = ", filter.active);
    conditions.between("u.created_at", filter.created_after, filter.created_before);
    conditions.search("u.search_text", filter.search.as_deref());
    page::<Row, _>(session, &shape, conditions, request)?.map(Row::user)
}

#[derive(QueryableByName)]
struct WithHash {
    #[diesel(embed)]
    user: Row,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    password_hash: Option<String>,
}

#[derive(QueryableByName)]
struct JustId {
    #[diesel(sql_type = crate::types::UuidSql)]
    id: Id,
}

impl Users for Session<'_> {
    fn user(&mut self, id: UserId) -> repository::Result<Option<User>> {
        let sql = Sql::new("SELECT ").text(COLUMNS).text("FROM users u WHERE u.erased_at IS NULL AND u.id = ");
        Ok(self.first::<Row>(sql.with(Id::from(id)))?.map(Row::user).transpose()?)
    }

    fn user_by_login(&mut self, login_key: &str) -> repository::Result<Option<(User, Option<String>)>> {
        let sql = Sql::new("SELECT ")
            .text(COLUMNS)
            .text(", u.password_hash FROM users u WHERE u.erased_at IS NULL AND (u.username_key = ")
            .with(login_key)
            .text(" OR u.email_key = ")
            .with(login_key)
            .text(")");
        let found = self.first::<WithHash>(sql)?;
        Ok(found.map(|found| Ok::<_, StoreError>((found.user.user()?, found.password_hash))).transpose()?)
    }

    fn add_user(&mut self, user: &User, password_hash: Option<&str>) -> repository::Result<()> {
        let row = (Row::from(user), users::password_hash.eq(password_hash));
        self.run(|conn| diesel::insert_into(users::table).values(row).execute(conn))?;
        Ok(())
    }

    fn update_user(&mut self, user: &User) -> repository::Result<()> {
        let row = Row::from(user);
        let before =
            users::table.find(row.id).filter(users::version.eq(row.version - 1)).filter(users::erased_at.is_null());
        let changed = self.run(|conn| diesel::update(before).set(&row).execute(conn))?;
        Ok(self.exactly_one(changed)?)
    }

    fn lock_active_owners(&mut self) -> repository::Result<Vec<UserId>> {
        let sql = Sql::new("SELECT id FROM users WHERE role = 'owner' AND active AND erased_at IS NULL ORDER BY id");
        let owners = self.load::<JustId>(sql.either(" FOR UPDATE", ""))?;
        Ok(owners.into_iter().map(|owner| owner.id.into()).collect())
    }

    fn erase_user(&mut self, id: UserId, now: Instant) -> repository::Result<()> {
        let address = format!("erased-{id}@erased.invalid");
        let erase = Sql::new("UPDATE users SET username = NULL, username_key = NULL, password_hash = NULL, email = ")
            .with(address.as_str())
            .text(", email_key = ")
            .with(address.as_str())
            .text(
                ", first_name = '', last_name = '', phone = NULL, date_of_birth = NULL, permissions = '', active = FALSE, \
                 search_text = '', version = version + 1, updated_at = ",
            )
            .with(now)
            .text(", erased_at = ")
            .with(now)
            .text(" WHERE erased_at IS NULL AND id = ")
            .with(Id::from(id));
        self.execute(erase)?;
        // Before their customer record, as when a cart is placed.
        carts::erase(self, id)?;
        self.execute(customers::erase("c.user_id = ", id.into(), now))?;
        self.execute(Sql::new("DELETE FROM tokens WHERE user_id = ").with(Id::from(id)))?;
        // Their stored answers repeat what was erased.
        self.execute(Sql::new("DELETE FROM idempotency_keys WHERE principal = ").with(format!("user:{id}")))?;
        Ok(())
    }
}
