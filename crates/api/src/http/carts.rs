//! `/cart`: what the caller wishes to buy. It reserves nothing, and survives logging out.

use super::wire::{
    auth::Caller,
    change::Change,
    json::{Amount, Id, Qty, WantedQty, present},
    path::PathId,
    problem::Problem,
    response,
    texts::{CodeText, NoteText},
    words::PromoRefusalWord,
};
use super::{orders::placed, promos::typed_code};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::{
    Shop, clock,
    usecases::carts::{self, Owner, Wish},
};
use tradepost_domain::{
    field_errors::FieldErrors,
    ids::ProductId,
    ledger::{
        Command,
        orders::{self, Quote, QuotedLine},
    },
    promos::PromoRefusal,
};
use tradepost_store::{
    Session,
    catalogue::{self, View},
};
use utoipa::ToSchema;
use validator::Validate;

/// A cart, at the prices of this moment.
#[derive(Serialize, ToSchema)]
#[schema(as = Cart)]
pub struct CartView {
    /// In the order in which they were put in.
    lines: Vec<CartLineView>,
    /// The sum of the lines.
    subtotal: Amount,
    /// What the promo code takes off: nothing where it cannot be used now.
    discount: Amount,
    #[schema(required = true, example = "MANGO10")]
    promo_code: Option<String>,
    /// Why the promo code cannot be used now: `unknown`, `inactive`, `not_started`, `expired`, `used_up`, `already_used`,
    /// `minimum_not_reached` or `other_currency`.
    #[schema(required = true, value_type = Option<PromoRefusalWord>)]
    promo_refused: Option<&'static str>,
    /// What would be paid: the subtotal less the discount.
    total: Amount,
    #[schema(example = "USD")]
    currency: String,
}

/// One product in a cart.
#[derive(Serialize, ToSchema)]
#[schema(as = CartLine)]
pub struct CartLineView {
    product_id: Id,
    #[schema(example = "SMO-MANGO")]
    sku: String,
    #[schema(example = "Mango smoothie")]
    name: String,
    quantity: Qty,
    /// Of one unit, now.
    unit_price: Amount,
    line_total: Amount,
    /// How much could be ordered now.
    available: Qty,
    /// Is it not on sale any more? Then the cart cannot be placed with it.
    unavailable: bool,
    /// Is the price another one than when it was put in?
    price_changed: bool,
}

impl From<Quote> for CartView {
    fn from(quote: Quote) -> Self {
        Self {
            currency: quote.total.currency().code().to_owned(),
            lines: quote.lines.into_iter().map(CartLineView::from).collect(),
            subtotal: Amount(quote.subtotal),
            discount: Amount(quote.discount),
            promo_code: quote.promo_code,
            promo_refused: quote.promo_refused.map(PromoRefusal::as_str),
            total: Amount(quote.total),
        }
    }
}

impl From<QuotedLine> for CartLineView {
    fn from(line: QuotedLine) -> Self {
        Self {
            product_id: line.product.id.into(),
            sku: line.product.sku.to_string(),
            name: line.product.name.clone(),
            quantity: Qty(line.quantity),
            unit_price: Amount(line.product.price.money()),
            line_total: Amount(line.line_total),
            available: Qty(line.available),
            unavailable: line.unavailable.is_some(),
            price_changed: line.price_seen != Some(line.product.price),
        }
    }
}

/// What of a cart to change.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"promo_code": "MANGO10"}))]
pub struct UpdateCart {
    /// `null` takes it out.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<CodeText>)]
    promo_code: Option<Option<String>>,
}

/// How much of a product.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quantity": 2}))]
pub struct PutItem {
    /// In the place of what was wished of it before; more than zero.
    #[schema(value_type = WantedQty)]
    quantity: Qty,
}

/// How to place a cart.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"promo_code": "MANGO10", "notes": "Ring twice"}))]
pub struct Checkout {
    /// The cart's own where absent.
    #[schema(value_type = Option<CodeText>)]
    promo_code: Option<String>,
    #[schema(value_type = Option<NoteText>)]
    notes: Option<String>,
}

/// Show the cart
///
/// Prices and what is available are those of this moment.
#[utoipa::path(operation_id = "get_cart", tag = "Cart", responses((status = 200, description = "The cart.", body = CartView)))]
#[get("/cart")]
pub(crate) async fn read(shop: Data<Shop>, request: HttpRequest, caller: Caller) -> Result<HttpResponse, Problem> {
    let owner = Owner::of(caller.user, &caller.principal);
    let cart = shop.store.read(move |session| carts::priced(session, owner, clock::now())).await?;
    Ok(response::one(&request, cart.cart_version, &CartView::from(cart)))
}

/// Change the cart's promo code
///
/// It is kept as typed. `promo_refused` says whether it can be used now; it is judged when the cart is placed.
#[utoipa::path(operation_id = "update_cart", tag = "Cart", request_body = UpdateCart, responses((status = 200, description = "The cart.", body = CartView)))]
#[patch("/cart")]
pub(crate) async fn edit(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let form: UpdateCart = change.json()?;
    let mut errors = FieldErrors::new();
    let code = form.promo_code.map(|code| typed_code(code, &mut errors));
    errors.into_result()?;
    let (user, expected) = (change.caller.user, change.expected_version);
    let work = move |session: &mut Session<'_>| match &code {
        Some(code) => carts::set_promo(session, user, code.as_deref(), expected, clock::now()),
        None => carts::check(session, user, expected),
    };
    write(&shop, &change, work).await
}

/// Empty the cart
#[utoipa::path(operation_id = "empty_cart", tag = "Cart", responses((status = 200, description = "The cart, with nothing in it.", body = CartView)))]
#[delete("/cart")]
pub(crate) async fn empty(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let (user, expected) = (change.caller.user, change.expected_version);
    write(&shop, &change, move |session| carts::empty(session, user, expected, clock::now())).await
}

/// Put a product into the cart
#[utoipa::path(operation_id = "put_cart_item", tag = "Cart", params(("product_id" = Id, Path)), request_body = PutItem, responses((status = 200, description = "The cart.", body = CartView)), extensions(("x-problems" = json!(["product_unavailable", "conflict"]))))]
#[put("/cart/items/{product_id}")]
pub(crate) async fn put_item(shop: Data<Shop>, id: PathId<ProductId>, change: Change) -> Result<HttpResponse, Problem> {
    let product = id.0;
    let exists = move |session: &mut Session<'_>| Ok(catalogue::product(session, View::Staff, product)?.is_some());
    let form: PutItem = change.json_about(&shop, exists).await?;
    let (user, expected) = (change.caller.user, change.expected_version);
    let wish = Wish { product, quantity: form.quantity.0 };
    write(&shop, &change, move |session| carts::put(session, user, wish, expected, clock::now())).await
}

/// Take a product out of the cart
#[utoipa::path(operation_id = "remove_cart_item", tag = "Cart", params(("product_id" = Id, Path)), responses((status = 200, description = "The cart.", body = CartView)))]
#[delete("/cart/items/{product_id}")]
pub(crate) async fn remove_item(
    shop: Data<Shop>,
    id: PathId<ProductId>,
    change: Change,
) -> Result<HttpResponse, Problem> {
    let (user, expected) = (change.caller.user, change.expected_version);
    write(&shop, &change, move |session| carts::take_out(session, user, id.0, expected, clock::now())).await
}

/// Check out
///
/// Places what is in the cart for the caller's own customer, and empties it: both or neither.
#[utoipa::path(operation_id = "check_out_cart", tag = "Cart", request_body = Option<Checkout>, responses((status = 201, description = "The order.", body = super::order_views::OrderView)), extensions(("x-problems" = json!(["cart_empty", "insufficient_stock", "product_unavailable", "promo_refused", "conflict"]))))]
#[post("/cart/checkout")]
pub(crate) async fn checkout(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let Checkout { promo_code, notes } = change.optional_json_about(&shop, |_| Ok(true)).await?;
    let mut errors = FieldErrors::new();
    let promo_code = typed_code(promo_code, &mut errors);
    errors.into_result()?;
    let Owner { user, customer } = Owner::of(change.caller.user, &change.caller.principal);
    let command = Command::Orders(orders::Command::Checkout { user, customer, promo_code, notes });
    change.submit(&shop, command, placed).await
}

/// Changes the caller's cart and answers it.
async fn write(
    shop: &Shop,
    change: &Change,
    work: impl Fn(&mut Session<'_>) -> tradepost_app::Result<()> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let owner = Owner::of(change.caller.user, &change.caller.principal);
    let work = move |session: &mut Session<'_>| -> tradepost_app::Result<_> {
        work(session)?;
        let cart = carts::priced(session, owner, clock::now())?;
        let version = cart.cart_version;
        Ok(response::changed(200, &CartView::from(cart), Some(version)))
    };
    Ok(response::send(shop.store.write(change.keyed(), work).await?))
}
