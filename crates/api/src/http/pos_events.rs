//! `/pos-events`: the inbox of what tills reported, whatever came of it.

use super::movements::MovementView;
use super::wire::{
    change::Change,
    json::{Id, Qty, QtyChange, Time},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    query, response,
    texts::NoteText,
    words::PosEventStatusWord,
};
use actix_web::{HttpRequest, HttpResponse, get, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::Shop;
use tradepost_domain::{
    ids::PosEventId,
    ledger::{Command, Effects, pos},
    pos::{PosEvent, PosEventLine, PosEventStatus, Report},
};
use tradepost_store::{
    Answer,
    pos::{self as stored, EventLineRow, EventWithLines},
};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// One delivery from a till.
#[derive(Serialize, ToSchema)]
#[schema(as = PosEvent)]
pub struct EventView {
    id: Id,
    connection_id: Id,
    /// The sender's id of it, once per connection.
    #[schema(example = "msg_p5jXN8AQM9LWM0D4loKWxJek")]
    webhook_id: String,
    /// `received`, `applied`, `refused`, `held` or `dismissed`.
    #[schema(value_type = PosEventStatusWord)]
    status: String,
    /// Why it was refused, is held or was dismissed; stable: `unknown_product`, `unknown_location`, `insufficient_stock`,
    /// `product_unavailable`, `invalid`, `refused`, `dismissed`, or one of `ConflictReason`. `null` where it was not.
    #[schema(required = true, example = "unknown_product")]
    reason_code: Option<String>,
    /// The same for people, up to 500 characters.
    #[schema(required = true, example = "no product is known by the external_id 4711")]
    reason: Option<String>,
    lines: Vec<EventLineView>,
    received_at: Time,
    /// When it was last judged or dismissed.
    updated_at: Time,
}

/// What a till says happened to one product.
#[derive(Serialize, ToSchema)]
#[schema(as = PosEventLine)]
pub struct EventLineView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    product_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    quantity_change: Option<QtyChange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    counted: Option<Qty>,
    /// When it was counted: by the till's clock, or when it was received. Absent where it is a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    counted_at: Option<Time>,
    /// When it happened: by the till's clock, or when it was received. Absent where it is a count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    occurred_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

impl EventLineView {
    fn new(kind: &str, value: String) -> Self {
        let named = |name: &str| (kind == name).then(|| value.clone());
        Self {
            product_id: named("product_id"),
            sku: named("sku"),
            external_id: named("external_id"),
            quantity_change: None,
            counted: None,
            counted_at: None,
            occurred_at: None,
            reason: None,
        }
    }
}

impl EventLineView {
    /// A line of which the till did not say when is of the time when it came.
    fn stored(row: EventLineRow, received_at: Time) -> Self {
        let counted_at = row.counted_at.map_or(received_at, Time::from);
        let occurred_at = row.occurred_at.map_or(received_at, Time::from);
        Self {
            quantity_change: row.change.map(QtyChange::stored),
            counted: row.counted.map(Qty::stored),
            counted_at: row.counted.map(|_| counted_at),
            occurred_at: row.change.map(|_| occurred_at),
            reason: row.reason,
            ..Self::new(&row.ref_kind, row.ref_value)
        }
    }

    fn decided(line: &PosEventLine, received_at: Time) -> Self {
        let named = Self::new(line.product.kind(), line.product.value());
        match &line.report {
            Report::Change { change, occurred_at, reason } => Self {
                quantity_change: Some(QtyChange(*change)),
                occurred_at: Some(occurred_at.map_or(received_at, Time)),
                reason: reason.clone(),
                ..named
            },
            Report::Count { counted, counted_at } => {
                Self { counted: Some(Qty(*counted)), counted_at: Some(counted_at.map_or(received_at, Time)), ..named }
            }
        }
    }
}

impl From<EventWithLines> for EventView {
    fn from(EventWithLines { event, lines }: EventWithLines) -> Self {
        let received_at = Time::from(event.received_at);
        Self {
            id: event.id.into(),
            connection_id: event.connection_id.into(),
            webhook_id: event.webhook_id,
            status: event.status,
            reason_code: event.reason_code,
            reason: event.reason,
            lines: lines.into_iter().map(|line| EventLineView::stored(line, received_at)).collect(),
            received_at,
            updated_at: event.updated_at.into(),
        }
    }
}

impl From<&PosEvent> for EventView {
    fn from(event: &PosEvent) -> Self {
        let received_at = Time(event.received_at);
        Self {
            id: event.id.into(),
            connection_id: event.connection.into(),
            webhook_id: event.webhook_id.clone(),
            status: event.status.as_str().to_owned(),
            reason_code: event.reason.as_ref().map(|reason| reason.code.clone()),
            reason: event.reason.as_ref().map(|reason| reason.detail.clone()),
            lines: event.lines.iter().map(|line| EventLineView::decided(line, received_at)).collect(),
            received_at,
            updated_at: Time(event.updated_at),
        }
    }
}

/// A delivery that was judged again, and what it led to.
#[derive(Serialize, ToSchema)]
#[schema(as = JudgedPosEvent)]
pub struct JudgedView {
    #[serde(flatten)]
    event: EventView,
    /// What was booked; empty where it is still held or refused.
    movements: Vec<MovementView>,
}

/// Why a delivery shall not be applied.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Counted by hand since"}))]
pub struct Dismiss {
    #[schema(value_type = Option<NoteText>)]
    reason: Option<String>,
}

/// Filters of the inbox; what is absent filters nothing.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    connection_id: Option<Id>,
    #[param(value_type = Option<PosEventStatusWord>)]
    status: Option<String>,
    webhook_id: Option<String>,
    reason_code: Option<String>,
    received_after: Option<Time>,
    received_before: Option<Time>,
}

/// List the POS inbox
#[utoipa::path(operation_id = "list_pos_events", tag = "POS", params(Paging, EventFilter), responses((status = 200, description = "A page, newest first.", body = List<EventView>)), extensions(("x-orderings" = json!(stored::EVENT_ORDERINGS))))]
#[get("/pos-events")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<EventFilter>) -> Result<HttpResponse, Problem> {
    let filter = list.filter.clone();
    let filter = stored::EventFilter {
        connection: filter.connection_id.map(Into::into),
        status: query::named("status", filter.status.as_deref(), PosEventStatus::parse)?,
        webhook_id: filter.webhook_id,
        reason_code: filter.reason_code,
        received_after: filter.received_after.map(|time| time.0),
        received_before: filter.received_before.map(|time| time.0),
    };
    let request = list.request(filter, stored::EVENT_ORDERINGS)?;
    let page =
        shop.store.read(move |session| stored::events(session, &request).map_err(tradepost_app::Error::from)).await?;
    Ok(list.answer(page, EventView::from))
}

/// Read a delivery
#[utoipa::path(operation_id = "get_pos_event", tag = "POS", params(("id" = Id, Path)), responses((status = 200, description = "The delivery.", body = EventView)))]
#[get("/pos-events/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    id: PathId<PosEventId>,
) -> Result<HttpResponse, Problem> {
    let event =
        shop.store.read(move |session| stored::event(session, id.0).map_err(tradepost_app::Error::from)).await?;
    let event = event.ok_or_else(Problem::not_found)?;
    Ok(response::one(&request, event.event.version, &EventView::from(event)))
}

/// Judge a delivery again
///
/// One that was refused or is held: when there is stock again, or its product is known.
#[utoipa::path(operation_id = "retry_pos_event", tag = "POS", params(("id" = Id, Path)), responses((status = 200, description = "The delivery as it stands now, and what it led to.", body = JudgedView)), extensions(("x-problems" = json!(["illegal_transition", "conflict"]))))]
#[post("/pos-events/{id}/retry")]
pub(crate) async fn retry(shop: Data<Shop>, id: PathId<PosEventId>, change: Change) -> Result<HttpResponse, Problem> {
    change.without_body()?;
    change.submit(&shop, Command::Pos(pos::Command::Retry { id: id.0 }), judged).await
}

/// Dismiss a delivery
///
/// Decides that it shall not be applied.
#[utoipa::path(operation_id = "dismiss_pos_event", tag = "POS", params(("id" = Id, Path)), request_body = Option<Dismiss>, responses((status = 200, description = "The delivery.", body = JudgedView)), extensions(("x-problems" = json!(["illegal_transition"]))))]
#[post("/pos-events/{id}/dismiss")]
pub(crate) async fn dismiss(shop: Data<Shop>, id: PathId<PosEventId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let exists = move |session: &mut tradepost_store::Session<'_>| Ok(stored::event(session, id)?.is_some());
    let Dismiss { reason } = change.optional_json_about(&shop, exists).await?;
    change.submit(&shop, Command::Pos(pos::Command::Dismiss { id, reason }), judged).await
}

fn judged(effects: &Effects) -> Answer {
    let Some(event) = effects.pos.events.first() else { return response::no_content() };
    let view = |movement| MovementView::of_effects(movement, &effects.names);
    let movements = effects.movements().iter().map(view).collect();
    let judged = JudgedView { event: EventView::from(&*event.value), movements };
    response::changed(200, &judged, Some(event.value.version))
}
