//! `/webhooks/pos/{connection_id}`: what tills report, in the dialect `standard` (Standard Webhooks 1.0).
//!
//! The signature is verified in memory before anything else. What is not signed leaves no trace but a counter, and at a connection that exists
//! the reason.

use super::movements::MovementView;
use super::wire::{
    Wire, body,
    error::{self, Reader},
    json::{GivenQty, GivenQtyChange, Id, Qty, QtyChange, Time, present_objects},
    problem::{Code, Problem},
    query,
    request_id::RequestId,
    response,
    texts::{CodeText, NoteText},
    words::PosEventStatusWord,
};
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, post,
    web::{Data, Payload},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tradepost_app::{Shop, clock, credentials::webhooks::Signed};
use tradepost_domain::{
    field_errors::FieldErrors,
    identity::Principal,
    ids::PosConnectionId,
    ledger::{Command, Effects, Names, Refusal, pos},
    pos::{PosEvent, PosEventLine, PosEventStatus, Reference, Report, WebhookDelivery},
    stock::Movement,
};
use tradepost_store::{Answer, Submission, SubmitError};
use utoipa::ToSchema;
use validator::Validate;

/// What happened at the till: a single change, several (`changes`, all or nothing), or counts (`counts`).
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "SMO-MANGO", "quantity_change": -2, "reason": "Sold to customer"}))]
pub struct PosReport {
    product_id: Option<Id>,
    /// The shop's own SKU of it, without regard to case.
    #[schema(value_type = Option<CodeText>)]
    sku: Option<String>,
    /// The till's own, which a mapping leads to one of our products.
    #[schema(value_type = Option<CodeText>)]
    external_id: Option<String>,
    /// So much more or less; negative for what was sold, and not zero.
    #[schema(value_type = Option<GivenQtyChange>)]
    quantity_change: Option<QtyChange>,
    #[schema(value_type = Option<NoteText>)]
    reason: Option<String>,
    /// By the till's clock; when it was received where absent.
    occurred_at: Option<Time>,
    /// Several changes, all or nothing.
    #[serde(default, deserialize_with = "present_objects")]
    #[schema(nullable = false)]
    #[validate(length(min = 1, max = 200, message = "there are 1 to 200 changes or counts in a delivery"))]
    changes: Option<Vec<ReportedChange>>,
    /// What was counted, product by product.
    #[serde(default, deserialize_with = "present_objects")]
    #[schema(nullable = false)]
    #[validate(length(min = 1, max = 200, message = "there are 1 to 200 changes or counts in a delivery"))]
    counts: Option<Vec<ReportedCount>>,
}

/// So much more or less of one product.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedChange {
    product_id: Option<Id>,
    #[schema(value_type = Option<CodeText>)]
    sku: Option<String>,
    #[schema(value_type = Option<CodeText>)]
    external_id: Option<String>,
    #[schema(value_type = GivenQtyChange)]
    quantity_change: QtyChange,
    #[schema(value_type = Option<NoteText>)]
    reason: Option<String>,
    occurred_at: Option<Time>,
}

/// So much was there of one product.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedCount {
    product_id: Option<Id>,
    #[schema(value_type = Option<CodeText>)]
    sku: Option<String>,
    #[schema(value_type = Option<CodeText>)]
    external_id: Option<String>,
    #[schema(value_type = GivenQty)]
    counted: Qty,
    /// By the till's clock, at most 31 days ago; when it was received where absent. Sales since then stay valid.
    counted_at: Option<Time>,
}

/// What came of a delivery.
#[derive(Serialize, ToSchema)]
pub struct PosOutcome {
    event_id: Id,
    /// `applied`, `held` or `dismissed`.
    #[schema(value_type = PosEventStatusWord)]
    status: &'static str,
    /// Why it is held, for people; absent where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// What was booked; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    movements: Option<Vec<MovementView>>,
}

/// Receive a report from a till
///
/// Signed with the connection's secret: headers `webhook-id`, `webhook-timestamp` (300 s tolerance) and `webhook-signature`
/// (`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`). An id is applied once, however often it comes.
#[utoipa::path(operation_id = "receive_pos_webhook", tag = "POS",
    params(
        ("connection_id" = Id, Path),
        ("webhook-id" = String, Header, description = "The sender's id of this delivery."),
        ("webhook-timestamp" = String, Header, description = "Seconds since 1970."),
    ),
    request_body = PosReport,
    responses(
        (status = 200, description = "Applied, now or before.", body = PosOutcome),
        (status = 202, description = "Held: a product is unknown, or there is too little on a connection that holds.", body = PosOutcome),
    ),
    extensions(("x-problems" = json!(["insufficient_stock", "product_unavailable", "conflict", "idempotency_key_reused"])))
)]
#[post("/webhooks/pos/{connection_id}")]
pub(crate) async fn receive(
    (shop, wire): (Data<Shop>, Data<Wire>),
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let body = body::read(&request, &mut payload.into_inner()).await?;
    let connection = authenticate(&shop, &wire, &request, &body).await?;
    query::refuse_all(request.query_string())?;
    let webhook_id = header(&request, "webhook-id").to_owned();
    if !(1..=255).contains(&webhook_id.len()) {
        return Err(Problem::parameter("webhook-id", "invalid", "an id is 1 to 255 visible characters"));
    }
    let (lines, is_single) = body::parse::<PosReport>(&body)?.into_lines()?;
    let (body_hash, headers) = (Sha256::digest(&body).into(), signed_headers(&request));
    let delivery = WebhookDelivery { connection, webhook_id, body_hash, body: body.to_vec(), headers, lines };
    let instance = request.extensions().get::<RequestId>().cloned();
    let submission = Submission {
        command: Command::Pos(pos::Command::Apply(Arc::new(delivery))),
        principal: Principal::of_connection(connection),
        key: None,
        expected_version: None,
        answer: Box::new(move |effects| outcome(effects, instance.as_ref())),
    };
    let done = shop.store.ledger().submit(submission).await.map_err(|error| refused(error, is_single))?;
    Ok(response::send(done))
}

/// Who sends it, if the signature is good. Whatever is wrong, the answer is the same.
async fn authenticate(
    shop: &Shop,
    wire: &Wire,
    request: &HttpRequest,
    body: &[u8],
) -> Result<PosConnectionId, Problem> {
    let named: Option<PosConnectionId> = request.match_info().get("connection_id").and_then(|text| text.parse().ok());
    let signed = Signed {
        id: header(request, "webhook-id"),
        timestamp: header(request, "webhook-timestamp"),
        signatures: header(request, "webhook-signature"),
        body,
    };
    let now = clock::now();
    let stranger = match shop.webhook_secrets.sender((&shop.store, &shop.keys), named, &signed, now).await? {
        Ok(id) => return Ok(id),
        Err(stranger) => stranger,
    };
    wire.metrics.bad_signatures.inc();
    // Only what can be looked at again is worth a number of its own, and a line in the log.
    if let Some(id) = stranger.connection {
        shop.refused_deliveries.note(id, stranger.why, now);
        log::info!("a delivery of the POS connection {id} was not let in: {}", stranger.why.fault);
    }
    Err(bad_signature())
}

fn bad_signature() -> Problem {
    let detail = "Sign `webhook-id.webhook-timestamp.body` with the connection's secret, and send it within 5 minutes.";
    Problem::new(Code::BAD_SIGNATURE, detail)
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    let mut values = request.headers().get_all(name);
    // What is no text, or stands there twice, is not absent: it cannot be what it should be.
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().unwrap_or("\0"),
        (Some(_), Some(_)) => "\0",
        (None, _) => "",
    }
}

fn signed_headers(request: &HttpRequest) -> String {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), json!(header(request, name)))).collect();
    serde_json::Value::Object(headers).to_string()
}

/// What to answer, from what was decided now or, where nothing was, before.
fn outcome(effects: &Effects, instance: Option<&RequestId>) -> Answer {
    let decided = effects.pos.events.first().map(|written| (&written.value, effects.movements()));
    let before = || effects.pos.duplicate.as_ref().map(|known| (&known.event, known.movements.as_slice()));
    let Some((event, movements)) = decided.or_else(before) else { return response::no_content() };
    if let Some(refusal) = &effects.pos.refused {
        let problem = error::refused(refusal.clone(), Reader::Staff).with("event_id", event.id.to_string());
        let problem = instance.map_or(problem.clone(), |id| problem.in_request(&id.0));
        return Answer { status: problem.code().status, body: problem.body(), ..response::no_content() };
    }
    response::changed(status(event), &PosOutcome::of_effects(event, movements, &effects.names), None)
}

fn status(event: &PosEvent) -> u16 {
    match event.status {
        PosEventStatus::Applied | PosEventStatus::Dismissed => 200,
        PosEventStatus::Held | PosEventStatus::Received => 202,
        PosEventStatus::Refused => 409,
    }
}

impl PosOutcome {
    fn of_effects(event: &PosEvent, movements: &[Movement], names: &Names) -> Self {
        let movements = || movements.iter().map(|movement| MovementView::of_effects(movement, names)).collect();
        Self {
            event_id: event.id.into(),
            status: event.status.as_str(),
            reason: event.reason.as_ref().map(|reason| reason.detail.clone()),
            movements: (event.status == PosEventStatus::Applied).then(movements),
        }
    }
}

/// The domain speaks of `/changes/0`; a till that sent a single change has no such place in its body.
fn refused(error: SubmitError, is_single: bool) -> Problem {
    match error {
        // The connection was removed after its signature was found good.
        SubmitError::Refused(Refusal::NotFound(_)) => bad_signature(),
        SubmitError::Refused(Refusal::Invalid(errors)) if is_single => {
            let mut moved = FieldErrors::new();
            for error in errors.as_slice() {
                let pointer = error.pointer.strip_prefix("/changes/0").unwrap_or(&error.pointer);
                moved.add(pointer, error.code, &error.detail);
            }
            moved.into()
        }
        other => tradepost_app::Error::from(other).into(),
    }
}

impl PosReport {
    fn has_single(&self) -> bool {
        let named = self.product_id.is_some() || self.sku.is_some() || self.external_id.is_some();
        named || self.quantity_change.is_some() || self.reason.is_some() || self.occurred_at.is_some()
    }

    /// The lines, and whether it was the form with a single change.
    fn into_lines(self) -> Result<(Vec<PosEventLine>, bool), Problem> {
        let is_single = self.has_single();
        let mut errors = FieldErrors::new();
        let lines = match (is_single, self.quantity_change, self.changes, self.counts) {
            (true, Some(quantity_change), None, None) => {
                let Self { product_id, sku, external_id, reason, occurred_at, .. } = self;
                let single = ReportedChange { product_id, sku, external_id, quantity_change, reason, occurred_at };
                vec![single.into_line("", &mut errors)]
            }
            (true, None, None, None) => return Err(Problem::at("/quantity_change", "required", "this is required")),
            (false, _, Some(changes), None) => {
                let line = |(index, change): (usize, ReportedChange)| {
                    change.into_line(&format!("/changes/{index}"), &mut errors)
                };
                changes.into_iter().enumerate().map(line).collect()
            }
            (false, _, None, Some(counts)) => {
                let line =
                    |(index, count): (usize, ReportedCount)| count.into_line(&format!("/counts/{index}"), &mut errors);
                counts.into_iter().enumerate().map(line).collect()
            }
            _ => return Err(Problem::at("", "form", FORM)),
        };
        errors.into_result()?;
        Ok((lines.into_iter().flatten().collect(), is_single))
    }
}

/// What a report is.
const FORM: &str = "a report is one change, or several in `changes`, or `counts`: one of these";

impl ReportedChange {
    fn into_line(self, at: &str, errors: &mut FieldErrors) -> Option<PosEventLine> {
        let product = reference(at, self.product_id, self.sku, self.external_id, errors)?;
        let occurred_at = self.occurred_at.map(|time| time.0);
        let report = Report::Change { change: self.quantity_change.0, occurred_at, reason: self.reason };
        Some(PosEventLine { product, report })
    }
}

impl ReportedCount {
    fn into_line(self, at: &str, errors: &mut FieldErrors) -> Option<PosEventLine> {
        let product = reference(at, self.product_id, self.sku, self.external_id, errors)?;
        let report = Report::Count { counted: self.counted.0, counted_at: self.counted_at.map(|time| time.0) };
        Some(PosEventLine { product, report })
    }
}

fn reference(
    at: &str,
    id: Option<Id>,
    sku: Option<String>,
    external_id: Option<String>,
    errors: &mut FieldErrors,
) -> Option<Reference> {
    match (id, sku, external_id) {
        (Some(id), None, None) => Some(Reference::Product(id.into())),
        (None, Some(sku), None) => Some(Reference::Sku(sku)),
        (None, None, Some(external_id)) => Some(Reference::External(external_id)),
        _ => {
            errors.add(at, "ambiguous", "name the product by one of product_id, sku and external_id");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(body: &str) -> Result<(Vec<PosEventLine>, bool), Problem> {
        body::parse::<PosReport>(body.as_bytes())?.into_lines()
    }

    #[test]
    fn a_header_that_stands_there_twice_is_not_what_it_should_be() {
        let once = actix_web::test::TestRequest::post().append_header(("webhook-id", "evt"));
        assert_eq!(header(&once.to_http_request(), "webhook-id"), "evt");
        let twice = actix_web::test::TestRequest::post().append_header(("webhook-id", "evt"));
        let twice = twice.append_header(("webhook-id", "other")).to_http_request();
        assert_eq!((header(&twice, "webhook-id"), header(&twice, "webhook-timestamp")), ("\0", ""));
    }

    #[test]
    fn a_report_has_one_of_three_forms() {
        let (single, is_single) =
            lines(r#"{"sku": "TEA", "quantity_change": -2, "reason": "Sold to customer"}"#).unwrap();
        assert!(is_single && single[0].product == Reference::Sku("TEA".into()));
        let changes =
            r#"{"changes": [{"sku": "TEA", "quantity_change": 0.5}, {"external_id": "7", "quantity_change": 1}]}"#;
        assert_eq!(lines(changes).unwrap().0.len(), 2);
        let counts = r#"{"counts": [{"sku": "TEA", "counted": 5, "counted_at": "2026-01-31T12:00:00Z"}]}"#;
        assert!(matches!(lines(counts).unwrap().0[0].report, Report::Count { .. }));
    }

    #[test]
    fn what_is_none_of_them_is_refused_where_it_is_wrong() {
        for (body, pointer) in [
            ("{}", ""),
            (r#"{"sku": "TEA"}"#, "/quantity_change"),
            (r#"{"quantity_change": 1}"#, ""),
            (r#"{"sku": "TEA", "external_id": "7", "quantity_change": 1}"#, ""),
            (r#"{"sku": "TEA", "quantity_change": "1"}"#, "/quantity_change"),
            (r#"{"sku": "TEA", "quantity_change": 1, "changes": []}"#, "/changes"),
            (r#"{"changes": []}"#, "/changes"),
            (r#"{"changes": [{"quantity_change": 1}]}"#, "/changes/0"),
            (r#"{"changes": [{"sku": "A", "quantity_change": 1}], "counts": [{"sku": "A", "counted": 1}]}"#, ""),
            (r#"{"counts": [{"sku": "A"}]}"#, "/counts/0/counted"),
        ] {
            let json: serde_json::Value = serde_json::from_slice(&lines(body).unwrap_err().body()).unwrap();
            assert_eq!(json["errors"][0]["pointer"], pointer, "{body}");
        }
    }
}
