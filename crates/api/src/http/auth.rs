//! `/auth`: registering, logging in and out.

use super::users::UserView;
use super::wire::{
    Wire,
    auth::Caller,
    body, client_address,
    error::login_policy,
    json::Time,
    problem::RATE_LIMIT_POLICY,
    problem::{Code, Problem},
    response,
    texts::{DateText, EmailText, OptionalNameText, PasswordText, PhoneText, UsernameText},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    post,
    web::{Data, Payload},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tradepost_app::{
    Shop,
    usecases::{login as logins, register as registration},
};
use tradepost_domain::identity::UserForm;
use utoipa::ToSchema;
use validator::Validate;

/// Somebody who registers, always as a shopper.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "maria@example.org", "password": "quiet river stone", "first_name": "Maria"}))]
pub struct Register {
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
    /// With `+` and the country's code, or national where the shop has a country.
    #[schema(value_type = Option<PhoneText>)]
    phone: Option<String>,
    /// ISO 8601, for example `1990-01-31`.
    #[schema(value_type = Option<DateText>)]
    date_of_birth: Option<String>,
}

/// Who wants in, and the proof of it.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"login": "owner@shop.test", "password": "the password printed at the first start"}))]
pub struct Login {
    /// A username or an e-mail address.
    login: String,
    password: String,
}

/// A credential: send it as `Authorization: Bearer …`.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    /// Opaque; shown only here.
    #[schema(example = "tp_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    token: String,
    /// When it dies by itself.
    expires_at: Time,
    user: UserView,
}

/// Register as a shopper
///
/// Makes a user with the role `shopper` and their customer record.
#[utoipa::path(operation_id = "register", tag = "Identity", request_body = Register, responses((status = 201, description = "The new user.", body = UserView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[post("/auth/register")]
pub(crate) async fn register(
    shop: Data<Shop>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let form: Register = read(&request, payload).await?;
    let Register { email, password, username, first_name, last_name, phone, date_of_birth } = form;
    let form = UserForm { username, email, first_name, last_name, phone, date_of_birth };
    let user = registration::register(&shop, form, password).await?;
    Ok(response::plain(StatusCode::CREATED, &UserView::of(&user)))
}

/// Log in
///
/// After five wrong passwords for one login from one address each further attempt waits longer, up to a minute.
#[utoipa::path(operation_id = "log_in", tag = "Identity", request_body = Login, responses(
    (status = 200, description = "A bearer token.", body = LoggedIn),
), extensions(("x-problems" = json!(["bad_credentials", "rate_limited"]))))]
#[post("/auth/login")]
pub(crate) async fn login(
    shop: Data<Shop>,
    wire: Data<Wire>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let Login { login, password } = read(&request, payload).await?;
    let attempt = logins::Attempt { login, password, address: client_address::of(&request, &wire) };
    let logins::LoggedIn { token, expires_at, user } = logins::log_in(&shop, attempt).await?;
    let answer = LoggedIn { token, expires_at: Time(expires_at), user: UserView::of(&user) };
    let mut response = response::plain(StatusCode::OK, &answer);
    let policy = header::HeaderValue::try_from(login_policy()).map_err(Problem::internal)?;
    response.headers_mut().insert(RATE_LIMIT_POLICY, policy);
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Log out
///
/// This credential is dead at once.
#[utoipa::path(operation_id = "log_out", tag = "Identity", responses((status = 204, description = "Done.")))]
#[post("/auth/logout")]
pub(crate) async fn logout(shop: Data<Shop>, caller: Caller) -> Result<HttpResponse, Problem> {
    logins::log_out(&shop, caller.user, caller.token).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Log out everywhere
///
/// Every credential of the user is dead at once.
#[utoipa::path(operation_id = "log_out_everywhere", tag = "Identity", responses((status = 204, description = "Done.")))]
#[post("/auth/logout-all")]
pub(crate) async fn logout_all(shop: Data<Shop>, caller: Caller) -> Result<HttpResponse, Problem> {
    logins::log_out_everywhere(&shop, caller.user).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The body of a request that takes no key: what it holds is secret, and not to be kept with an answer.
pub(super) async fn read<T: DeserializeOwned + Validate>(
    request: &HttpRequest,
    payload: Payload,
) -> Result<T, Problem> {
    let body = body::read(request, &mut payload.into_inner()).await?;
    if !body::says_json(request) {
        return Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."));
    }
    body::parse(&body)
}
