//! Who logs in: their rows, how they are found by name, and what is left of one that was erased. What they may do is never decided here.

use crate::{
    StoreError, carts,
    connection::Conn,
    customers,
    dialect::{Sql, replace_nul},
    list::{Conditions, List, ListRequest, Page, Sort, search_text, unreadable},
    repository::{repository, unique_keys},
    schema::{idempotency_keys, users},
    session::Session,
    types::{At, Id},
};
use diesel::prelude::*;
use tradepost_domain::{
    contact::{Email, Phone},
    identity::{Permission, Permissions, Role, User},
    ids::UserId,
    instant::Instant,
    repository::{self, Remove, Tokens as _, Users},
    text::fold,
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
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

unique_keys! {
    users {
        users_username_key (username_key) is "username",
        users_email_key (email_key) is "email",
    }
}

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

/// What a list of users can be sorted by: by `created_at`, oldest first, where nobody says.
pub const ORDERINGS: &[&str] = &["created_at", "email", "username"];

/// Which users, of those that were not erased; every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// This address, without regard to case.
    pub email: Option<String>,
    /// This name, without regard to case.
    pub username: Option<String>,
    /// With exactly this role.
    pub role: Option<Role>,
    /// `true`: those who may log in; `false`: those who may not.
    pub active: Option<bool>,
    /// Words that all occur in username, e-mail, first or last name, without regard to case.
    pub search: Option<String>,
    /// Registered then or later.
    pub created_after: Option<Instant>,
    /// Registered before then, not at that instant.
    pub created_before: Option<Instant>,
}

/// A page of those that were not erased, oldest first unless told otherwise.
///
/// # Errors
/// Where the database cannot be read.
pub fn list(session: &mut Session<'_>, request: &ListRequest<UserFilter>) -> Result<Page<User>, StoreError> {
    let list = List::<Row>::new(" FROM users", Sort { field: "created_at", descending: false })
        .key("created_at", users::created_at, |row| row.created_at)
        .key("email", users::email_key, |row| row.email_key.clone())
        .computed_key("username", "COALESCE(users.username_key, '')", |row| {
            row.username_key.clone().unwrap_or_default()
        })
        .key("id", users::id, |row| row.id);
    let filter = &request.filter;
    let mut conditions = Conditions::default();
    conditions.filter(users::erased_at.is_null());
    conditions.equals(users::email_key, filter.email.as_deref().map(fold));
    conditions.equals(users::username_key, filter.username.as_deref().map(fold));
    conditions.equals(users::role, filter.role.map(Role::as_str));
    conditions.equals(users::active, filter.active);
    conditions.spans(users::created_at, filter.created_after, filter.created_before);
    conditions.contains(users::search_text, filter.search.as_deref());
    list.page(session, conditions, request)?.map(Row::user)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct OwnerRow {
    id: Id,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct HashRow {
    password_hash: Option<String>,
}

repository! {
    User, users,
    stored Row,
    read Row => |row, _session| row.user(),
    alive users::erased_at.is_null(),
}

impl Remove<User> for Session<'_> {
    fn remove(&mut self, id: UserId, now: Instant) -> repository::Result<()> {
        self.run(|conn| erase(conn, id, now))?;
        // Before their customer record, as when a cart is placed.
        carts::remove(self, id)?;
        customers::erase_of_user(self, id, now)?;
        self.revoke_all_tokens(id)?;
        // Their stored answers repeat what was erased.
        let answers = idempotency_keys::table.filter(idempotency_keys::principal.eq(format!("user:{id}")));
        self.run(|conn| diesel::delete(answers).execute(conn))?;
        Ok(())
    }
}

/// Empties a user's row of what is personal.
fn erase(conn: &mut Conn, id: UserId, now: Instant) -> QueryResult<usize> {
    let (address, now) = (format!("erased-{id}@erased.invalid"), At::from(now));
    let names = (
        users::username.eq(None::<String>),
        users::username_key.eq(None::<String>),
        users::email.eq(&address),
        users::email_key.eq(&address),
        users::first_name.eq(""),
        users::last_name.eq(""),
        users::phone.eq(None::<String>),
        users::date_of_birth.eq(None::<String>),
        users::search_text.eq(""),
    );
    let rights = (users::password_hash.eq(None::<String>), users::permissions.eq(""), users::active.eq(false));
    let edit = (users::version.eq(users::version + 1), users::updated_at.eq(now), users::erased_at.eq(Some(now)));
    let user = users::table.find(Id::from(id)).filter(users::erased_at.is_null());
    diesel::update(user).set((names, rights, edit)).execute(conn)
}

impl Users for Session<'_> {
    fn user_by_login(&mut self, login_key: &str) -> repository::Result<Option<(User, Option<String>)>> {
        let login_key = replace_nul(login_key.to_owned());
        let by_login = users::username_key.eq(&login_key).or(users::email_key.eq(&login_key).nullable());
        let users = users::table.filter(users::erased_at.is_null()).filter(by_login);
        let row: Option<(Row, Option<String>)> =
            self.run(|conn| users.select((Row::as_select(), users::password_hash)).first(conn).optional())?;
        Ok(row.map(|(row, hash)| Ok::<_, StoreError>((row.user()?, hash))).transpose()?)
    }

    fn set_password_hash(&mut self, id: UserId, password_hash: &str) -> repository::Result<()> {
        let user = users::table.find(Id::from(id)).filter(users::erased_at.is_null());
        self.run(|conn| diesel::update(user).set(users::password_hash.eq(password_hash)).execute(conn))?;
        Ok(())
    }

    fn lock_password_hash(&mut self, id: UserId) -> repository::Result<Option<String>> {
        // Whoever refers to the user need not wait: their key stays.
        let hash = Sql::select::<HashRow>()
            .text(" FROM users WHERE ")
            .diesel(users::id.eq(Id::from(id)).and(users::erased_at.is_null()))
            .either(" FOR NO KEY UPDATE", "");
        Ok(self.first(hash)?.and_then(|row| row.password_hash))
    }

    fn lock_active_owners(&mut self) -> repository::Result<Vec<UserId>> {
        // In words: a partial index is used for what the text itself says, not for what is bound. Who writes on SQLite is alone.
        let owners = Sql::select::<OwnerRow>()
            .text(" FROM users WHERE role = 'owner' AND active AND erased_at IS NULL ORDER BY id")
            .either(" FOR UPDATE", "");
        let owners = self.load(owners)?;
        Ok(owners.into_iter().map(|owner| owner.id.into()).collect())
    }
}
