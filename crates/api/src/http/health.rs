//! Is the process up, and can it serve?

use super::problem::Problem;
use crate::shop::Shop;
use actix_web::{HttpResponse, get, web::Data};

/// Is the process up?
#[utoipa::path(tag = "Health", responses((status = 200, description = "It is.", body = String, content_type = "text/plain", example = "ok")))]
#[get("/healthz")]
pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok")
}

/// Can it serve?
///
/// The database answers and its tables are those that this program knows.
#[utoipa::path(tag = "Health", responses(
    (status = 200, description = "It can.", body = String, content_type = "text/plain", example = "ready"),
    (status = 503, description = "Not now.", body = super::problem::ProblemShape, content_type = "application/problem+json"),
))]
#[get("/readyz")]
pub(crate) async fn readyz(shop: Data<Shop>) -> Result<HttpResponse, Problem> {
    shop.store.ready().await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready"))
}
