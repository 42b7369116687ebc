//! `/pos-connections`: registered tills and POS accounts, and which of our products their products are.

use super::pos_events::EventView;
use super::wire::{
    change::Change,
    crud,
    json::{Id, Time, present},
    lists::{List, ListOf, Paging},
    path::{PathId, PathText},
    problem::Problem,
    public_url::PublicUrl,
    response,
    texts::{CodeText, NameText},
    words::{DialectWord, OnShortageWord, RefusedDeliveryWord},
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::{
    Shop, clock,
    credentials::webhooks::Secret,
    usecases::{entities, pos_connections},
};
use tradepost_domain::{
    field_errors::FieldErrors,
    ids::{LocationId, PosConnectionId},
    ledger::{Command, pos},
    pos::{OnShortage, PosConnection, PosConnectionPatch, RefusedDeliveries},
    repository::PosConnections,
};
use tradepost_store::{Answer, Session, pos as stored};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// The one dialect there is.
const DIALECT: &str = "standard";

/// A registered till or POS account.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = PosConnection)]
pub struct ConnectionView {
    id: Id,
    #[schema(example = "Till 1")]
    name: String,
    /// `standard`: Standard Webhooks 1.0.
    #[schema(value_type = DialectWord)]
    dialect: &'static str,
    /// Where its sales take stock from; `null`: the default location.
    #[schema(required = true)]
    location_id: Option<Id>,
    /// What to do with a report of goods that, by the books, are not there: `refuse` or `hold`.
    #[schema(value_type = OnShortageWord)]
    on_shortage: &'static str,
    /// Where it sends its events: at `TRADEPOST_PUBLIC_URL`, else at the host that this request came to.
    #[schema(example = "http://127.0.0.1:8080/api/v1/webhooks/pos/0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c")]
    url: String,
    /// What it signs them with. Shown once, when the connection is made or the secret is rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
    /// Deliveries to its address that were not let in, by reason, as written down every few seconds. They are no change of the connection.
    #[schema(max_items = 4)]
    refused_deliveries: Vec<RefusedView>,
    created_at: Time,
    updated_at: Time,
}

/// Deliveries that were not let in for one reason.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = RefusedDeliveries)]
pub struct RefusedView {
    /// Why they were not let in.
    #[schema(value_type = RefusedDeliveryWord)]
    reason: &'static str,
    /// How many so far.
    #[schema(example = 3, minimum = 1)]
    count: i64,
    /// When the last of them came.
    last_at: Time,
    /// Where it is the clock: how far the last of them was ahead of the shop's, in seconds; negative where it was behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = -3600)]
    clock_off_seconds: Option<i64>,
}

impl From<RefusedDeliveries> for RefusedView {
    fn from(refused: RefusedDeliveries) -> Self {
        let RefusedDeliveries { reason, count, last_at, seconds_off } = refused;
        Self { reason: reason.as_str(), count, last_at: Time(last_at), clock_off_seconds: seconds_off }
    }
}

impl ConnectionView {
    /// What to show once, and what to keep of that answer: all but the secret.
    fn once(self, secret: &Secret) -> (Self, Vec<u8>) {
        let kept = response::to_json(&self);
        (Self { secret: Some(secret.expose().to_owned()), ..self }, kept)
    }

    fn new(connection: &PosConnection, refused: Vec<RefusedDeliveries>, public_url: &str) -> Self {
        Self {
            id: connection.id.into(),
            name: connection.name.clone(),
            dialect: DIALECT,
            location_id: connection.location.map(Id::from),
            on_shortage: connection.on_shortage.as_str(),
            url: format!("{public_url}/api/v1/webhooks/pos/{}", connection.id),
            secret: None,
            refused_deliveries: refused.into_iter().map(RefusedView::from).collect(),
            created_at: Time(connection.created_at),
            updated_at: Time(connection.updated_at),
        }
    }
}

/// A connection to be.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Till 1", "on_shortage": "hold"}))]
pub struct CreatePosConnection {
    /// Unique without regard to case.
    #[schema(value_type = NameText)]
    name: String,
    /// `standard`, also where absent.
    #[schema(value_type = Option<DialectWord>)]
    dialect: Option<String>,
    location_id: Option<Id>,
    /// `refuse` (also where absent) or `hold`.
    #[schema(value_type = Option<OnShortageWord>)]
    on_shortage: Option<String>,
}

/// What of a connection to change; `null` empties a field.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on_shortage": "hold"}))]
pub struct UpdatePosConnection {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NameText>, nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DialectWord>, nullable = false)]
    dialect: Option<String>,
    #[serde(default, deserialize_with = "present")]
    location_id: Option<Option<Id>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<OnShortageWord>, nullable = false)]
    on_shortage: Option<String>,
}

/// Which of our products a till's product is.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MapProduct {
    product_id: Id,
}

/// What the mapping led to.
#[derive(Serialize, ToSchema)]
#[schema(as = PosMapping)]
pub struct MappingView {
    connection_id: Id,
    #[schema(example = "4711")]
    external_id: String,
    product_id: Id,
    /// The deliveries that had waited for it, as they stand now.
    events: Vec<EventView>,
}

/// Which connections.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConnectionFilter {
    name: Option<String>,
    /// Words of the name.
    search: Option<String>,
}

fn patch(
    name: Option<String>,
    dialect: Option<&str>,
    location: Option<Option<Id>>,
    on_shortage: Option<&str>,
) -> Result<PosConnectionPatch, FieldErrors> {
    let mut errors = FieldErrors::new();
    if dialect.is_some_and(|dialect| dialect != DIALECT) {
        errors.add("/dialect", "invalid", "the only dialect is standard");
    }
    let parsed = on_shortage.map(OnShortage::parse);
    if parsed == Some(None) {
        errors.add("/on_shortage", "invalid", "this is refuse or hold");
    }
    errors.into_result()?;
    let location = location.map(|id| id.map(LocationId::from));
    Ok(PosConnectionPatch { name, location, on_shortage: parsed.flatten() })
}

/// List POS connections
#[utoipa::path(operation_id = "list_pos_connections", tag = "POS", params(Paging, ConnectionFilter), responses((status = 200, description = "A page.", body = List<ConnectionView>)), extensions(("x-orderings" = json!(stored::CONNECTION_ORDERINGS))))]
#[get("/pos-connections")]
pub(crate) async fn list(
    shop: Data<Shop>,
    list: ListOf<ConnectionFilter>,
    base: PublicUrl,
) -> Result<HttpResponse, Problem> {
    let ConnectionFilter { name, search } = list.filter.clone();
    let request = list.request(stored::ConnectionFilter { name, search }, stored::CONNECTION_ORDERINGS)?;
    let find = move |session: &mut Session<'_>| -> tradepost_app::Result<_> {
        let page = stored::connections(session, &request)?;
        let ids: Vec<_> = page.rows.iter().map(|connection| connection.id).collect();
        Ok((page, session.refused_deliveries(&ids)?))
    };
    let (page, refused) = shop.store.read(find).await?;
    let view = |connection: PosConnection| {
        let of_it = refused.iter().filter(|(id, _)| *id == connection.id).map(|(_, refused)| *refused);
        ConnectionView::new(&connection, of_it.collect(), &base.0)
    };
    Ok(list.answer(page, view))
}

/// Register a POS connection
///
/// The answer holds the secret that signs deliveries: it is shown once, and not again when the request is repeated.
#[utoipa::path(operation_id = "create_pos_connection", tag = "POS", request_body = CreatePosConnection, responses((status = 201, description = "The connection, with its secret.", body = ConnectionView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[post("/pos-connections")]
pub(crate) async fn add(shop: Data<Shop>, change: Change, base: PublicUrl) -> Result<HttpResponse, Problem> {
    let form: CreatePosConnection = change.json()?;
    let location = form.location_id.map(Some);
    let patch = patch(Some(form.name), form.dialect.as_deref(), location, form.on_shortage.as_deref())?;
    let id = PosConnectionId::from_uuid(clock::new_uuid());
    let connection = PosConnection::new(id, &patch, clock::now())?;
    let (secret, sealed) = new_secret(&shop, id)?;
    let work = move |session: &mut Session<'_>| -> tradepost_app::Result<_> {
        pos_connections::register(session, &connection, &sealed)?;
        let (shown, kept) = ConnectionView::new(&connection, Vec::new(), &base.0).once(&secret);
        let address = format!("/api/v1/pos-connections/{id}");
        Ok(Answer { stored_body: Some(kept), ..response::created(&shown, Some(connection.version), address) })
    };
    Ok(response::send(shop.write_about_connection(id, change.keyed(), work).await?))
}

/// What was not let in at a connection's address.
fn refused(session: &mut Session<'_>, id: PosConnectionId) -> tradepost_app::Result<Vec<RefusedDeliveries>> {
    Ok(session.refused_deliveries(&[id])?.into_iter().map(|(_, refused)| refused).collect())
}

/// A secret to show once, and as it is kept.
fn new_secret(shop: &Shop, id: PosConnectionId) -> Result<(Secret, String), Problem> {
    let secret = Secret::generate().map_err(Problem::internal)?;
    let sealed = shop.keys.seal(id, &secret).map_err(Problem::internal)?;
    Ok((secret, sealed))
}

/// Rotate the secret of a POS connection
///
/// Gives it a new secret; its address stays. The one before is good for 24 hours more, so that the till can be told in between; of several
/// rotations within that time only the two newest secrets are. The answer holds the new one: it is shown once, and not again when the request
/// is repeated.
#[utoipa::path(operation_id = "rotate_pos_secret", tag = "POS", params(("id" = Id, Path)), responses((status = 200, description = "The connection, with its new secret.", body = ConnectionView)))]
#[post("/pos-connections/{id}/rotate-secret")]
pub(crate) async fn rotate_secret(
    shop: Data<Shop>,
    id: PathId<PosConnectionId>,
    change: Change,
    base: PublicUrl,
) -> Result<HttpResponse, Problem> {
    change.without_body()?;
    let (id, expected) = (id.0, change.expected_version);
    let (secret, sealed) = new_secret(&shop, id)?;
    let work = move |session: &mut Session<'_>| -> tradepost_app::Result<_> {
        let connection = pos_connections::rotate(session, id, expected, &sealed, clock::now())?;
        let refused = refused(session, id)?;
        let (shown, kept) = ConnectionView::new(&connection, refused, &base.0).once(&secret);
        Ok(Answer { stored_body: Some(kept), ..response::changed(200, &shown, Some(connection.version)) })
    };
    Ok(response::send(shop.write_about_connection(id, change.keyed(), work).await?))
}

/// Read a POS connection
#[utoipa::path(operation_id = "get_pos_connection", tag = "POS", params(("id" = Id, Path)), responses((status = 200, description = "The connection.", body = ConnectionView)))]
#[get("/pos-connections/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    id: PathId<PosConnectionId>,
    base: PublicUrl,
) -> Result<HttpResponse, Problem> {
    let find = move |session: &mut Session<'_>| -> tradepost_app::Result<_> {
        Ok((entities::get::<PosConnection>(session, id.0)?, refused(session, id.0)?))
    };
    let (connection, refused) = shop.store.read(find).await?;
    Ok(response::one(&request, connection.version, &ConnectionView::new(&connection, refused, &base.0)))
}

/// Change a POS connection
#[utoipa::path(operation_id = "update_pos_connection", tag = "POS", params(("id" = Id, Path)), request_body = UpdatePosConnection, responses((status = 200, description = "The connection.", body = ConnectionView)), extensions(("x-problems" = json!(["duplicate"]))))]
#[patch("/pos-connections/{id}")]
pub(crate) async fn edit(
    shop: Data<Shop>,
    id: PathId<PosConnectionId>,
    change: Change,
    base: PublicUrl,
) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let form: UpdatePosConnection = change.json_about(&shop, crud::exists(id)).await?;
    let patch = patch(form.name, form.dialect.as_deref(), form.location_id, form.on_shortage.as_deref());
    let expected = change.expected_version;
    let is_edit = !change.says_nothing();
    let work = move |session: &mut Session<'_>| -> tradepost_app::Result<_> {
        let connection = match is_edit {
            true => pos_connections::edit(session, id, expected, patch.clone(), clock::now())?,
            false => crud::unchanged(session, id, expected)?,
        };
        let view = ConnectionView::new(&connection, refused(session, id)?, &base.0);
        Ok(response::changed(200, &view, Some(connection.version)))
    };
    Ok(response::send(shop.store.write(change.keyed(), work).await?))
}

/// Remove a POS connection
///
/// Its secret is forgotten; what it reported stays.
#[utoipa::path(operation_id = "delete_pos_connection", tag = "POS", params(("id" = Id, Path)), responses((status = 204, description = "Removed.")))]
#[delete("/pos-connections/{id}")]
pub(crate) async fn remove(
    shop: Data<Shop>,
    id: PathId<PosConnectionId>,
    change: Change,
) -> Result<HttpResponse, Problem> {
    let (id, expected) = (id.0, change.expected_version);
    let work = move |session: &mut Session<'_>| -> tradepost_app::Result<_> {
        entities::remove::<PosConnection>(session, id, expected, clock::now())?;
        Ok(response::no_content())
    };
    Ok(response::send(shop.write_about_connection(id, change.keyed(), work).await?))
}

/// Map a till's product
///
/// Says which of our products a till's product is. Deliveries that waited for it are judged again, in order, and applied once.
#[utoipa::path(operation_id = "map_pos_product", tag = "POS", params(("id" = Id, Path), ("external_id" = CodeText, Path)), request_body = MapProduct, responses((status = 200, description = "The mapping, and what it led to.", body = MappingView)))]
#[put("/pos-connections/{id}/products/{external_id}")]
pub(crate) async fn map(
    shop: Data<Shop>,
    id: PathId<PosConnectionId>,
    external_id: PathText,
    change: Change,
) -> Result<HttpResponse, Problem> {
    let (id, external_id) = (id.0, external_id.0);
    let form: MapProduct = change.json_about(&shop, crud::exists(id)).await?;
    let product = form.product_id.into();
    let command = Command::Pos(pos::Command::Map { connection: id, external_id, product });
    change
        .submit(&shop, command, move |effects| {
            let events = effects.pos.events.iter().map(|event| EventView::from(&*event.value)).collect();
            let mapping = MappingView {
                connection_id: id.into(),
                // As it is kept: trimmed.
                external_id: effects
                    .pos
                    .mapping
                    .as_ref()
                    .map_or_else(String::new, |mapping| mapping.external_id.clone()),
                product_id: form.product_id,
                events,
            };
            response::changed(200, &mapping, None)
        })
        .await
}

/// Forget a mapping
#[utoipa::path(operation_id = "unmap_pos_product", tag = "POS", params(("id" = Id, Path), ("external_id" = CodeText, Path)), responses((status = 204, description = "Forgotten.")))]
#[delete("/pos-connections/{id}/products/{external_id}")]
pub(crate) async fn unmap(
    shop: Data<Shop>,
    id: PathId<PosConnectionId>,
    external_id: PathText,
    change: Change,
) -> Result<HttpResponse, Problem> {
    let command = Command::Pos(pos::Command::Unmap { connection: id.0, external_id: external_id.0 });
    change.submit(&shop, command, |_| response::no_content()).await
}
