//! Who sends a request, and may they.

use super::problem::{Code, Problem};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::{Payload, ServiceRequest},
    http::header,
};
use std::future::{Ready, ready};
use tradepost_app::{Shop, access::Access, principals};

/// The authenticated caller of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(principals::Caller);

/// Finds out who sends a request, and refuses who may not.
///
/// # Errors
/// 401 without a good credential where one is needed or was presented, 400 for two of them, 403 for who may not.
pub async fn admit(shop: &Shop, request: &ServiceRequest, access: Access) -> Result<Option<Caller>, Problem> {
    if matches!(access, Access::Anyone | Access::Signature) {
        return Ok(None);
    }
    let caller = match bearer(request)? {
        Some(token) => Some(Caller(shop.principals.identify(&shop.store, &token).await?)),
        None => None,
    };
    match &caller {
        None if access.needs_credential() => {
            Err(unauthenticated("Log in, and send the token as `Authorization: Bearer …`."))
        }
        Some(caller) if !access.allows(&caller.principal) => {
            let problem = Problem::new(Code::FORBIDDEN, format!("This needs {access}, which you do not have."));
            Err(match access {
                Access::Permission(permission) => problem.with("permission", permission.as_str()),
                Access::Anyone | Access::Public | Access::Signature | Access::SignedIn | Access::Owner => problem,
            })
        }
        _ => Ok(caller),
    }
}

fn unauthenticated(detail: &str) -> Problem {
    Problem::new(Code::UNAUTHENTICATED, detail)
}

fn bearer(request: &ServiceRequest) -> Result<Option<String>, Problem> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        // A proxy may look at one of them and we at the other.
        return Err(Problem::parameter("Authorization", "duplicate", "this header stands here twice"));
    }
    let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
    match parts {
        // RFC 9110: the name of a scheme is the same in capitals.
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim().to_owned())),
        _ => Err(unauthenticated("The header Authorization must be `Bearer` and a token.")),
    }
}

impl Caller {
    /// The caller of a request to an endpoint that needs one.
    ///
    /// # Errors
    /// 401 where there is none. The access table has made sure of one; this closes the door all the same.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let caller = request.extensions().get::<Self>().cloned();
        caller.ok_or_else(|| unauthenticated("Log in, and send the token as `Authorization: Bearer …`."))
    }
}

impl std::ops::Deref for Caller {
    type Target = principals::Caller;

    fn deref(&self) -> &principals::Caller {
        &self.0
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// The caller of a request to an endpoint that is open to everybody.
pub struct MaybeCaller(pub Option<Caller>);

impl MaybeCaller {
    /// Do they work here? Staff see what the public does not.
    pub fn is_staff(&self) -> bool {
        self.0.as_ref().is_some_and(|caller| caller.principal.is_staff())
    }
}

impl FromRequest for MaybeCaller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.extensions().get::<Caller>().cloned())))
    }
}
