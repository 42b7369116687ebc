//! `/` and `/favicon.ico`: what somebody sees who opens the program's address in a browser.

use super::{docs::page, problems::html_page};
use actix_web::{
    HttpResponse,
    http::header,
    web::{self, ServiceConfig},
};

const ABOUT: &str = r#"<p>This is a shop's backend: it keeps the stock and takes the orders.
<ul>
<li><a href="/api/docs">The API, to try</a> (Swagger UI), <a href="/api/redoc">the API, to read</a> (ReDoc), <a href="/api/openapi.json">the API, for programs</a> (OpenAPI)
<li><a href="/api/problems">What errors mean</a>
<li><a href="/healthz">Is the process up?</a> <a href="/readyz">Does the database answer?</a> <a href="/metrics">Figures for Prometheus</a>
</ul>"#;

/// A crate, in the colours of a crate.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect x="1" y="3" width="14" height="11" rx="1" fill="#b5793a"/><path d="M1 7h14M5 3v11M11 3v11" stroke="#6e4418" fill="none"/></svg>"##;

/// The pages. They are no part of the contract, and open to everybody.
pub fn routes(config: &mut ServiceConfig) {
    config.service(page("/", web::get().to(front))).service(page("/favicon.ico", web::get().to(icon)));
}

async fn front() -> HttpResponse {
    html_page("Tradepost", ABOUT)
}

async fn icon() -> HttpResponse {
    let kept = (header::CACHE_CONTROL, "public, max-age=86400");
    HttpResponse::Ok().insert_header(kept).content_type("image/svg+xml").body(ICON)
}
