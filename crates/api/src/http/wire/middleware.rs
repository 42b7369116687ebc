//! What every request passes through: its id, who asks and whether they may, panics, problems, figures and the log.

use super::{
    Wire, auth,
    endpoints::Endpoint,
    missing,
    problem::{Code, Problem},
    query,
    request_id::{self, RequestId},
};
use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
};
use tradepost_app::{Shop, access::Access, clock};

/// The outermost layer: it names the request, finds its endpoint, sees to it that every answer is one, and counts and logs it.
///
/// # Errors
/// Only after a panic: then there is no request left to answer, but there is still an answer.
pub async fn answer(
    wire: Data<Wire>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = clock::ticks();
    let path = request.path().to_owned();
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    if method == Method::HEAD {
        // What answers GET answers HEAD; the connection leaves the body out.
        request.head_mut().method = Method::GET;
    }
    // The path as the router sees it, so that no way of writing it goes past the table.
    let endpoint = wire.endpoints.endpoint(request.method(), request.match_info().as_str());
    if let Some(endpoint) = endpoint {
        request.extensions_mut().insert(endpoint);
    }
    let result = caught(next.call(request)).await.map(ServiceResponse::map_into_boxed_body);
    let status = result.as_ref().map_or(StatusCode::INTERNAL_SERVER_ERROR, ServiceResponse::status);
    wire.metrics.answered(endpoint.map(|endpoint| endpoint.index), status, began.elapsed());
    let level = if status.is_server_error() { log::Level::Warn } else { log::Level::Debug };
    log::log!(level, "{method} {path} {} in {:?} [{}]", status.as_u16(), began.elapsed(), id.0);
    match result {
        Ok(response) => {
            let explain = |problem, request: &HttpRequest| {
                let problem = missing::named(problem, &wire.endpoints, endpoint, request.match_info().as_str());
                match endpoint {
                    Some(Endpoint { index, .. }) => wire.explainer.complete(problem, request, index),
                    None => problem,
                }
            };
            Ok(finish(response, &id, path.starts_with("/api/v1"), explain))
        }
        Err(error) => Err(named(&error, &id).with_header(request_id::HEADER, &id.0).into()),
    }
}

/// The layer before the router: only who may comes further, and only by a method that the path knows.
///
/// # Errors
/// Whatever the router says.
pub async fn admit(
    (shop, wire): (Data<Shop>, Data<Wire>),
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let endpoint = request.extensions().get::<Endpoint>().copied();
    let admitted = match endpoint {
        Some(endpoint) => check(&shop, &request, endpoint).await,
        None => match wire.endpoints.allowed(request.match_info().as_str()) {
            Some(allowed) if request.method() == Method::OPTIONS => {
                let answer = HttpResponse::NoContent().insert_header((header::ALLOW, allowed)).finish();
                return Ok(request.into_response(answer));
            }
            Some(allowed) => {
                let detail = format!("{} cannot be done here; {allowed} can.", request.method());
                Err(Problem::new(Code::METHOD_NOT_ALLOWED, detail).with_header(header::ALLOW, allowed))
            }
            None => Ok(()),
        },
    };
    match admitted {
        Ok(()) => next.call(request).await,
        Err(problem) => Ok(request.error_response(problem).map_into_boxed_body()),
    }
}

/// Finds out who asks and whether they may, and refuses what the endpoint does not know.
async fn check(shop: &Shop, request: &ServiceRequest, endpoint: Endpoint) -> Result<(), Problem> {
    let Endpoint { access, takes_query, takes_version, .. } = endpoint;
    if let Some(caller) = auth::admit(shop, request, access).await? {
        request.extensions_mut().insert(caller);
    }
    let is_read = request.method() == Method::GET;
    if !takes_version && !is_read && access != Access::Signature && request.headers().contains_key(header::IF_MATCH) {
        // Silence would let somebody believe that nothing is overwritten.
        return Err(Problem::parameter(
            "If-Match",
            "unknown",
            "nothing here has a version that this could be based on",
        ));
    }
    // Where the signature comes first, the endpoint itself looks at its query afterwards.
    if takes_query || access == Access::Signature { Ok(()) } else { query::refuse_all(request.query_string()) }
}

/// A panic in a handler becomes an answer; its connection lives on.
async fn caught<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut work = pin!(work);
    poll_fn(move |context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or_else(|_| std::task::Poll::Ready(Err(Problem::internal("a handler panicked").into())))
    })
    .await
}

fn finish(
    response: ServiceResponse<BoxBody>,
    id: &RequestId,
    is_api: bool,
    explain: impl FnOnce(Problem, &HttpRequest) -> Problem,
) -> ServiceResponse<BoxBody> {
    let problem = response.response().error().map(|error| explain(named(error, id), response.request()));
    let mut response = match problem {
        Some(problem) => {
            // Which pages may read it was said before it was put into other words.
            let of_cors = |name: &HeaderName| *name == header::VARY || name.as_str().starts_with("access-control-");
            let kept: Vec<_> = response.headers().iter().filter(|(name, _)| of_cors(name)).collect();
            let mut answer = problem.error_response();
            kept.into_iter().for_each(|(name, value)| answer.headers_mut().append(name.clone(), value.clone()));
            response.into_response(answer)
        }
        None => response,
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(request_id::HEADER, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_api {
        headers.append(header::VARY, HeaderValue::from_static("Authorization"));
    }
    response
}

/// The error as a problem that names its request. Errors of the framework itself become ours.
fn named(error: &Error, id: &RequestId) -> Problem {
    let problem = error.as_error::<Problem>().cloned().unwrap_or_else(|| {
        if error.as_error::<actix_cors::CorsError>().is_some() {
            let detail = "Pages of this origin may not use the API in this way: TRADEPOST_CORS_ORIGINS lists the origins that may.";
            return Problem::new(Code::FORBIDDEN, detail);
        }
        let status = error.as_response_error().status_code();
        match status.as_u16() {
            404 => Problem::not_found(),
            405 => Problem::new(Code::METHOD_NOT_ALLOWED, "This cannot be done with it."),
            413 => Problem::new(Code::PAYLOAD_TOO_LARGE, "The body is too large."),
            415 => Problem::new(Code::UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."),
            400..=499 => Problem::new(Code::MALFORMED, "The request cannot be read."),
            _ => Problem::internal(error),
        }
    });
    if let Some(inside) = problem.inside() {
        let level = if problem.code().status == 500 { log::Level::Error } else { log::Level::Warn };
        log::log!(level, "{inside} [{}]", id.0);
    }
    problem.in_request(&id.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_panic_becomes_an_answer() {
        let answer: Result<(), Error> = caught(async { panic!("on purpose") }).await;
        let problem = named(&answer.unwrap_err(), &RequestId("r-1".to_owned()));
        assert_eq!(
            (problem.code(), problem.error_response().status()),
            (Code::INTERNAL, StatusCode::INTERNAL_SERVER_ERROR)
        );
    }

    #[test]
    fn errors_of_the_framework_become_problems_with_their_status() {
        for (error, status) in [
            (actix_web::error::ErrorNotFound("x"), 404),
            (actix_web::error::ErrorBadRequest("x"), 400),
            (actix_web::error::ErrorPayloadTooLarge("x"), 413),
            (actix_web::error::ErrorInternalServerError("x"), 500),
        ] {
            assert_eq!(named(&error, &RequestId("r-1".to_owned())).code().status, status);
        }
    }
}
