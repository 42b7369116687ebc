//! `/me`: who am I, and my password.

use super::auth;
use super::users::UserView;
use super::wire::{Wire, auth::Caller, client_address, crud, problem::Problem, texts::PasswordText};
use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Payload},
};
use serde::Deserialize;
use tradepost_app::{
    Shop,
    usecases::change_password::{self as change, Passwords},
};
use utoipa::ToSchema;
use validator::Validate;

/// A new password, and the proof that one may choose it.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "the password printed at the first start", "new_password": "quiet river stone"}))]
pub struct ChangePassword {
    /// The one there is.
    current_password: String,
    /// At least 10 characters, none of the common ones, and without the name one logs in with.
    #[schema(value_type = PasswordText)]
    new_password: String,
}

/// Who am I?
#[utoipa::path(operation_id = "get_me", tag = "Identity", responses((status = 200, description = "The caller.", body = UserView)))]
#[get("/me")]
pub(crate) async fn me(shop: Data<Shop>, request: HttpRequest, caller: Caller) -> Result<HttpResponse, Problem> {
    crud::read(&shop, &request, caller.user, UserView::of).await
}

/// Change my password
///
/// All other credentials of the caller are dead at once; the one this is sent with lives on. A wrong current password counts as a failed
/// login, and waits as one does. As under `/auth`, no `Idempotency-Key` is taken: sent again, the current password is another.
#[utoipa::path(operation_id = "change_password", tag = "Identity", request_body = ChangePassword,
    responses((status = 204, description = "Done.")), extensions(("x-problems" = json!(["bad_credentials", "rate_limited"]))))]
#[post("/me/password")]
pub(crate) async fn change_password(
    shop: Data<Shop>,
    wire: Data<Wire>,
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let ChangePassword { current_password: current, new_password: new } = auth::read(&request, payload).await?;
    let address = client_address::of(&request, &wire);
    change::change_password(&shop, &caller, Passwords { current, new }, address).await?;
    Ok(HttpResponse::NoContent().finish())
}
