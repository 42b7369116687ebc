//! `/dashboard`: what those who run the shop look at in the morning.

use super::wire::{
    json::{Id, Time},
    problem::Problem,
    response,
};
use actix_web::{HttpResponse, get, http::StatusCode, web::Data};
use serde::Serialize;
use tradepost_app::Shop;
use tradepost_domain::orders::OrderStatus;
use tradepost_store::orders::{self as stored, WaitingRow};
use utoipa::ToSchema;

/// The orders that wait for somebody, state by state.
#[derive(Serialize, ToSchema)]
pub struct WaitingOrders {
    /// New ones that wait for being accepted or rejected.
    pending: WaitingView,
    /// Accepted ones that wait for being shipped.
    accepted: WaitingView,
    /// Shipped ones that wait for being delivered.
    shipped: WaitingView,
}

/// How many wait, and which longest.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Waiting)]
pub struct WaitingView {
    #[schema(example = 3)]
    count: i64,
    /// The one that was placed first; `null` where none waits.
    #[schema(required = true)]
    oldest: Option<OldestView>,
}

/// The order that waits longest.
#[derive(Serialize, ToSchema)]
#[schema(as = OldestOrder)]
pub struct OldestView {
    id: Id,
    #[schema(example = 1042)]
    number: i64,
    created_at: Time,
}

impl WaitingView {
    fn of(status: OrderStatus, rows: &[WaitingRow]) -> Self {
        let Some(row) = rows.iter().find(|row| row.status == status.as_str()) else { return Self::default() };
        let created_at = row.oldest_created_at.into();
        let oldest = OldestView { id: row.oldest_id.into(), number: row.oldest_number, created_at };
        Self { count: row.count, oldest: Some(oldest) }
    }
}

/// Show waiting orders
///
/// How many wait in each state, and the oldest of them.
#[utoipa::path(operation_id = "get_order_dashboard", tag = "Reports", responses((status = 200, description = "The orders that wait.", body = WaitingOrders)))]
#[get("/dashboard/orders")]
pub(crate) async fn orders(shop: Data<Shop>) -> Result<HttpResponse, Problem> {
    let rows = shop.store.read_one(|session| stored::waiting(session).map_err(tradepost_app::Error::from)).await?;
    let waiting = WaitingOrders {
        pending: WaitingView::of(OrderStatus::Pending, &rows),
        accepted: WaitingView::of(OrderStatus::Accepted, &rows),
        shipped: WaitingView::of(OrderStatus::Shipped, &rows),
    };
    Ok(response::plain(StatusCode::OK, &waiting))
}
