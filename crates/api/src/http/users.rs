//! `/users`: who logs in, and what they may do.

use super::wire::{
    change::Change,
    crud,
    json::{Id, Time, present},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    query, response,
    texts::{DateText, EmailText, OptionalNameText, PasswordText, PhoneText, UsernameText},
    words::{PermissionWord, RoleWord},
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::{
    Shop, clock,
    usecases::{
        entities,
        users::{self, NewUser, UserPatch},
    },
};
use tradepost_domain::{
    identity::{Permission, Role, User, UserForm},
    ids::UserId,
};
use tradepost_store::{Session, users as stored};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// Somebody who logs in.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    id: Id,
    #[schema(required = true, example = "maria")]
    username: Option<String>,
    #[schema(example = "maria@example.org")]
    email: String,
    #[schema(example = "Maria")]
    first_name: String,
    #[schema(example = "Wanjiku")]
    last_name: String,
    /// In E.164.
    #[schema(required = true, example = "+254712345678")]
    phone: Option<String>,
    #[schema(required = true, example = "1990-01-31")]
    date_of_birth: Option<String>,
    /// `shopper`, `employee`, `admin` or `owner`.
    #[schema(value_type = RoleWord)]
    role: &'static str,
    /// What they may do: all there is for admins and owners.
    #[schema(value_type = Vec<PermissionWord>)]
    permissions: Vec<&'static str>,
    /// May they log in?
    active: bool,
    created_at: Time,
    updated_at: Time,
}

impl UserView {
    /// As the contract shows it.
    pub(super) fn of(user: &User) -> Self {
        Self {
            id: user.id.into(),
            username: user.username.clone(),
            email: user.email.to_string(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            phone: user.phone.as_ref().map(ToString::to_string),
            date_of_birth: user.date_of_birth.map(|date| date.to_string()),
            role: user.role.as_str(),
            permissions: user.effective_permissions().iter().map(Permission::as_str).collect(),
            active: user.active,
            created_at: Time(user.created_at),
            updated_at: Time(user.updated_at),
        }
    }
}

/// A user to be.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "till@shop.test", "password": "quiet river stone", "role": "employee", "permissions": ["sales.write"]}))]
pub struct CreateUser {
    #[schema(value_type = EmailText)]
    email: String,
    /// At least 10 characters, none of the common ones, and without the name one logs in with.
    #[schema(value_type = PasswordText)]
    password: String,
    #[schema(value_type = Option<UsernameText>)]
    username: Option<String>,
    #[schema(value_type = Option<OptionalNameText>)]
    first_name: Option<String>,
    #[schema(value_type = Option<OptionalNameText>)]
    last_name: Option<String>,
    #[schema(value_type = Option<PhoneText>)]
    phone: Option<String>,
    #[schema(value_type = Option<DateText>)]
    date_of_birth: Option<String>,
    /// `employee` where not said.
    #[schema(value_type = Option<RoleWord>)]
    role: Option<String>,
    #[validate(length(max = 64, message = "there are not so many permissions"))]
    #[schema(value_type = Option<Vec<PermissionWord>>)]
    permissions: Option<Vec<String>>,
}

/// What of a user to change.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"permissions": ["sales.read", "sales.write"]}))]
pub struct UpdateUser {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<RoleWord>, nullable = false)]
    role: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<PermissionWord>>, nullable = false)]
    #[validate(length(max = 64, message = "there are not so many permissions"))]
    permissions: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

/// Which users.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    email: Option<String>,
    username: Option<String>,
    #[param(value_type = Option<RoleWord>)]
    role: Option<String>,
    active: Option<bool>,
    /// Words of the name, the username or the e-mail address.
    search: Option<String>,
    created_after: Option<Time>,
    created_before: Option<Time>,
}

/// List users
#[utoipa::path(operation_id = "list_users", tag = "Users", params(Paging, UserFilter), responses((status = 200, description = "A page.", body = List<UserView>)), extensions(("x-orderings" = json!(stored::ORDERINGS))))]
#[get("/users")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<UserFilter>) -> Result<HttpResponse, Problem> {
    let UserFilter { email, username, role, active, search, created_after, created_before } = list.filter.clone();
    let role = query::named("role", role.as_deref(), Role::parse)?;
    let (created_after, created_before) = (created_after.map(|time| time.0), created_before.map(|time| time.0));
    let filter = stored::UserFilter { email, username, role, active, search, created_after, created_before };
    let request = list.request(filter, stored::ORDERINGS)?;
    let page =
        shop.store.read(move |session| stored::list(session, &request).map_err(tradepost_app::Error::from)).await?;
    Ok(list.answer(page, |user| UserView::of(&user)))
}

/// Add a user
#[utoipa::path(operation_id = "create_user", tag = "Users", request_body = CreateUser, responses((status = 201, description = "The new user.", body = UserView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[post("/users")]
pub(crate) async fn add(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let form: CreateUser = change.json()?;
    let role = users::parse_role(form.role.as_deref().unwrap_or(Role::Employee.as_str()))?;
    let permissions = users::parse_permissions(form.permissions.as_deref().unwrap_or_default())?;
    let CreateUser { email, password, username, first_name, last_name, phone, date_of_birth, .. } = form;
    let form = UserForm { username, email, first_name, last_name, phone, date_of_birth };
    let new = NewUser { form, password, role, permissions };
    let (user, hash) = users::prepare(&shop, &change.caller.principal, new).await?;
    let work = move |session: &mut Session<'_>| -> tradepost_app::Result<_> {
        users::add(session, &user, &hash)?;
        let location = format!("/api/v1/users/{}", user.id);
        Ok(response::created(&UserView::of(&user), Some(user.version), location))
    };
    Ok(response::send(shop.store.write(change.keyed(), work).await?))
}

/// Read a user
#[utoipa::path(operation_id = "get_user", tag = "Users", params(("id" = Id, Path)), responses((status = 200, description = "The user.", body = UserView)))]
#[get("/users/{id}")]
pub(crate) async fn read(shop: Data<Shop>, request: HttpRequest, id: PathId<UserId>) -> Result<HttpResponse, Problem> {
    crud::read(&shop, &request, id.0, UserView::of).await
}

/// Change what a user is and may
///
/// Nobody grants what they do not hold, only an owner makes admins and owners, and the last owner stays one.
#[utoipa::path(operation_id = "update_user", tag = "Users", params(("id" = Id, Path)), request_body = UpdateUser, responses((status = 200, description = "The user.", body = UserView)), extensions(("x-problems" = json!(["conflict"]))))]
#[patch("/users/{id}")]
pub(crate) async fn edit(shop: Data<Shop>, id: PathId<UserId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let form: UpdateUser = change.json_about(&shop, crud::exists(id)).await?;
    let role = form.role.as_deref().map(users::parse_role).transpose();
    let permissions = form.permissions.as_deref().map(users::parse_permissions).transpose();
    let (caller, expected) = (change.caller.principal.clone(), change.expected_version);
    let is_edit = !change.says_nothing();
    let work = move |session: &mut Session<'_>| -> tradepost_app::Result<_> {
        entities::get::<User>(session, id)?;
        let patch = UserPatch { role: role.clone()?, permissions: permissions.clone()?, active: form.active };
        let user = match is_edit {
            true => users::edit(session, &caller, id, patch, expected, clock::now())?,
            false => crud::unchanged(session, id, expected)?,
        };
        Ok(response::changed(200, &UserView::of(&user), Some(user.version)))
    };
    Ok(response::send(shop.write_about_user(id, change.keyed(), work).await?))
}

/// Remove a user
///
/// Erases what is personal and every credential; documents stay.
#[utoipa::path(operation_id = "delete_user", tag = "Users", params(("id" = Id, Path)), responses((status = 204, description = "Erased.")), extensions(("x-problems" = json!(["conflict"]))))]
#[delete("/users/{id}")]
pub(crate) async fn remove(shop: Data<Shop>, id: PathId<UserId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let (caller, expected) = (change.caller.principal.clone(), change.expected_version);
    let work = move |session: &mut Session<'_>| -> tradepost_app::Result<_> {
        users::erase(session, &caller, id, expected, clock::now())?;
        Ok(response::no_content())
    };
    Ok(response::send(shop.write_about_user(id, change.keyed(), work).await?))
}
