//! The contract as the program itself shows it: the OpenAPI document, Swagger UI and ReDoc. Nothing is loaded from elsewhere.

use super::wire::problem::{Code, Problem};
use actix_web::{
    HttpRequest, HttpResponse, Resource, Route,
    http::{Method, header},
    web::{self, Bytes, Data, ServiceConfig},
};
use std::sync::Arc;
use utoipa_swagger_ui::Config;

const REDOC: &str = include_str!("../../assets/redoc.standalone.js");
const REDOC_PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tradepost API</title>
<style>body { margin: 0; padding: 0 }</style>
</head>
<body>
<redoc spec-url="/api/openapi.json" theme='{"typography":{"fontFamily":"system-ui, sans-serif","headings":{"fontFamily":"system-ui, sans-serif"}}}'></redoc>
<script src="/api/redoc.standalone.js"></script>
</body>
</html>
"#;

/// Scripts and styles from here only: whatever a bundle would like to load, the browser does not.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
    connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The document as it is sent, written once.
pub struct Documents {
    openapi: Bytes,
    swagger: Arc<Config<'static>>,
}

impl Documents {
    /// From the contract, which is written out once, here.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn new(document: &serde_json::Value) -> serde_json::Result<Self> {
        let swagger = Config::from("/api/openapi.json").validator_url("none").persist_authorization(true);
        Ok(Self { openapi: serde_json::to_vec(document)?.into(), swagger: Arc::new(swagger) })
    }
}

/// The pages. They are no part of the contract, and open to everybody.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(page("/api/openapi.json", web::get().to(openapi_json)))
        .service(page("/api/docs", web::get().to(to_swagger)))
        .service(page("/api/docs/{file:.*}", web::get().to(swagger)))
        .service(page("/api/redoc", web::get().to(redoc)))
        .service(page("/api/redoc/", web::get().to(redoc)))
        .service(page("/api/redoc.standalone.js", web::get().to(redoc_script)));
}

/// A page that can only be read.
pub(super) fn page(path: &str, read: Route) -> Resource {
    web::resource(path).route(read).default_service(web::to(only_get))
}

async fn only_get(request: HttpRequest) -> Result<HttpResponse, Problem> {
    const ALLOWED: &str = "GET, HEAD, OPTIONS";
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, ALLOWED)).finish());
    }
    Err(Problem::new(Code::METHOD_NOT_ALLOWED, "This page can only be read.").with_header(header::ALLOW, ALLOWED))
}

async fn openapi_json(documents: Data<Documents>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(documents.openapi.clone())
}

async fn to_swagger() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/api/docs/")).finish()
}

async fn swagger(documents: Data<Documents>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.match_info().query("file");
    let found = utoipa_swagger_ui::serve(path, Arc::clone(&documents.swagger)).map_err(Problem::internal)?;
    let file = found.ok_or_else(Problem::not_found)?;
    let mut response = HttpResponse::Ok();
    if file.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, header::ContentEncoding::Gzip));
    }
    response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
    Ok(response.content_type(file.content_type).body(file.bytes.into_owned()))
}

async fn redoc() -> HttpResponse {
    let policy = (header::CONTENT_SECURITY_POLICY, POLICY);
    HttpResponse::Ok().insert_header(policy).content_type("text/html; charset=utf-8").body(REDOC_PAGE)
}

async fn redoc_script() -> HttpResponse {
    let kept = (header::CACHE_CONTROL, "public, max-age=86400");
    HttpResponse::Ok().insert_header(kept).content_type("text/javascript; charset=utf-8").body(REDOC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_names_another_host() {
        assert!(!REDOC_PAGE.contains("http"));
        assert!(!REDOC.contains("cdn.redoc") && !REDOC.contains("fonts.googleapis"));
    }
}
