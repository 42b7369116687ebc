//! Is the process up, can it serve, and what has it counted?

use super::wire::{Wire, metrics::Figures, problem::Problem};
use actix_web::{HttpResponse, get, web::Data};
use tradepost_app::Shop;

/// Is the process up?
#[utoipa::path(operation_id = "check_health", tag = "Health", responses((status = 200, description = "It is.", body = String, content_type = "text/plain", example = "ok")))]
#[get("/healthz")]
pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok")
}

/// Can it serve?
///
/// The database answers and its tables are those that this program knows.
#[utoipa::path(operation_id = "check_readiness", tag = "Health", responses(
    (status = 200, description = "It can.", body = String, content_type = "text/plain", example = "ready"),
), extensions(("x-problems" = json!(["unavailable"]))))]
#[get("/readyz")]
pub(crate) async fn readyz(shop: Data<Shop>) -> Result<HttpResponse, Problem> {
    shop.store.ready().await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready"))
}

/// Figures for Prometheus
///
/// Requests by route, method and status, latencies, SQL statements, the ledger's batches and its queue.
#[utoipa::path(operation_id = "get_metrics", tag = "Health", responses((status = 200, description = "In Prometheus' text format.", content_type = "text/plain")))]
#[get("/metrics")]
pub(crate) async fn metrics(shop: Data<Shop>, wire: Data<Wire>) -> Result<HttpResponse, Problem> {
    let text = wire.metrics.text(&Figures::of(&shop)).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
