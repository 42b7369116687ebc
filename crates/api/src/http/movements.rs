//! `/stock-movements`: the ledger, read-only.

use super::wire::{
    json::{Id, Qty, QtyChange, Time},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    query, response,
    words::{ActorTypeWord, MovementKindWord, SourceTypeWord},
};
use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::Shop;
use tradepost_domain::{
    identity::Actor,
    ids::MovementId,
    ledger::Names,
    stock::{Movement, MovementKind, Source},
};
use tradepost_store::stock::{self as stored, MovementRow};
use utoipa::{IntoParams, ToSchema};

/// One row of the ledger. Never changed, never deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = Movement)]
pub struct MovementView {
    id: Id,
    product_id: Id,
    #[schema(example = "SMO-MANGO")]
    sku: String,
    location_id: Id,
    /// 1, 2, 3 … within its product and location.
    #[schema(example = 3)]
    seq: i64,
    #[schema(value_type = MovementKindWord)]
    kind: String,
    on_hand_change: QtyChange,
    reserved_change: QtyChange,
    on_hand_after: Qty,
    reserved_after: Qty,
    #[schema(required = true, example = "Sold to customer")]
    reason: Option<String>,
    /// The document it belongs to; `null`: none, as when somebody counts.
    #[schema(required = true)]
    source: Option<SourceView>,
    /// The user, the till or the program itself.
    actor: ActorView,
    /// When it happened, by the caller's word.
    occurred_at: Time,
    /// When it was booked, by the server's clock.
    recorded_at: Time,
}

/// The document that a movement belongs to.
#[derive(Serialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceView {
    /// `sale`, `order` or `pos_event`.
    #[serde(rename = "type")]
    #[schema(value_type = SourceTypeWord)]
    kind: String,
    id: Id,
}

/// Who did a thing; the `id` is `null` for `system`.
#[derive(Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorView {
    /// `user`, `pos_connection` or `system`.
    #[serde(rename = "type")]
    #[schema(value_type = ActorTypeWord)]
    kind: String,
    #[schema(required = true)]
    id: Option<Id>,
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        let (kind, id) = match actor {
            Actor::User(id) => ("user", Some(id.into())),
            Actor::Connection(id) => ("pos_connection", Some(id.into())),
            Actor::System => ("system", None),
        };
        Self { kind: kind.to_owned(), id }
    }
}

impl From<MovementRow> for MovementView {
    fn from(row: MovementRow) -> Self {
        let source = row.source_type.zip(row.source_id);
        let actor = match row.actor_type.as_str() {
            "connection" => "pos_connection",
            other => other,
        };
        Self {
            id: row.id.into(),
            product_id: row.product_id.into(),
            sku: row.sku,
            location_id: row.location_id.into(),
            seq: row.seq,
            kind: row.kind,
            on_hand_change: QtyChange::stored(row.on_hand_change),
            reserved_change: QtyChange::stored(row.reserved_change),
            on_hand_after: Qty::stored(row.on_hand_after),
            reserved_after: Qty::stored(row.reserved_after),
            reason: row.reason,
            source: source.map(|(kind, id)| SourceView { kind, id: id.into() }),
            actor: ActorView { kind: actor.to_owned(), id: row.actor_id.map(Id::from) },
            occurred_at: row.occurred_at.into(),
            recorded_at: row.recorded_at.into(),
        }
    }
}

impl MovementView {
    /// As it was just booked.
    pub fn of_effects(movement: &Movement, names: &Names) -> Self {
        let source =
            movement.source.map(|source| SourceView { kind: source.type_name().to_owned(), id: source.uuid().into() });
        Self {
            id: movement.id.into(),
            product_id: movement.product.into(),
            sku: names.skus.get(&movement.product).map(ToString::to_string).unwrap_or_default(),
            location_id: movement.location.into(),
            seq: movement.seq,
            kind: movement.kind.as_str().to_owned(),
            on_hand_change: QtyChange(movement.change.on_hand),
            reserved_change: QtyChange(movement.change.reserved),
            on_hand_after: Qty(movement.on_hand_after),
            reserved_after: Qty(movement.reserved_after),
            reason: movement.reason.clone(),
            source,
            actor: movement.actor.into(),
            occurred_at: Time(movement.occurred_at),
            recorded_at: Time(movement.recorded_at),
        }
    }
}

/// Filters of the ledger; what is absent filters nothing.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MovementFilter {
    product_id: Option<Id>,
    location_id: Option<Id>,
    #[param(value_type = Option<MovementKindWord>)]
    kind: Option<String>,
    /// `sale`, `order` or `pos_event`.
    #[param(value_type = Option<SourceTypeWord>)]
    source_type: Option<String>,
    source_id: Option<Id>,
    occurred_after: Option<Time>,
    occurred_before: Option<Time>,
    recorded_after: Option<Time>,
    recorded_before: Option<Time>,
}

fn source_type(name: &str) -> Option<&'static str> {
    Source::TYPE_NAMES.into_iter().find(|known| *known == name)
}

/// List stock movements
#[utoipa::path(operation_id = "list_stock_movements", tag = "Stock", params(Paging, MovementFilter), responses((status = 200, description = "A page, newest first.", body = List<MovementView>)), extensions(("x-orderings" = json!(stored::MOVEMENT_ORDERINGS))))]
#[get("/stock-movements")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<MovementFilter>) -> Result<HttpResponse, Problem> {
    let filter = list.filter.clone();
    let filter = stored::MovementFilter {
        product: filter.product_id.map(Into::into),
        location: filter.location_id.map(Into::into),
        kind: query::named("kind", filter.kind.as_deref(), MovementKind::parse)?,
        source_type: query::named("source_type", filter.source_type.as_deref(), source_type)?.map(str::to_owned),
        source_id: filter.source_id.map(Into::into),
        occurred_after: filter.occurred_after.map(|time| time.0),
        occurred_before: filter.occurred_before.map(|time| time.0),
        recorded_after: filter.recorded_after.map(|time| time.0),
        recorded_before: filter.recorded_before.map(|time| time.0),
    };
    let request = list.request(filter, stored::MOVEMENT_ORDERINGS)?;
    let page = shop
        .store
        .read(move |session| stored::movements(session, &request).map_err(tradepost_app::Error::from))
        .await?;
    Ok(list.answer(page, MovementView::from))
}

/// Read a stock movement
#[utoipa::path(operation_id = "get_stock_movement", tag = "Stock", params(("id" = Id, Path)), responses((status = 200, description = "The movement.", body = MovementView)))]
#[get("/stock-movements/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    id: PathId<MovementId>,
) -> Result<HttpResponse, Problem> {
    let row =
        shop.store.read_one(move |session| stored::movement(session, id.0).map_err(tradepost_app::Error::from)).await?;
    let movement = MovementView::from(row.ok_or_else(Problem::not_found)?);
    // A movement is never edited: its first version is its last.
    Ok(response::one(&request, 1, &movement))
}
