//! What lines or a cart would come to now. Nothing is reserved, redeemed or kept.

use super::{check_promo, promo_by_code};
use crate::{
    carts::CartItem,
    catalogue::Product,
    ids::{CustomerId, ProductId, UserId},
    ledger::{
        Book, Effects, Inputs, Refusal, SellLine, Stop, Unavailable,
        lines::{self, RequestErrors},
    },
    money::{Currency, Money, Price},
    promos::PromoRefusal,
    quantity::Quantity,
    text,
};
use std::sync::Arc;

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum QuoteSubject {
    /// These lines, which must be such as could be ordered.
    Lines(Vec<SellLine>),
    /// What is in somebody's cart, whatever has become of it meanwhile.
    Cart(UserId),
}

/// One line of a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct QuotedLine {
    /// The product as it is in the catalogue now.
    pub product: Arc<Product>,
    /// How much is asked about, in the product's unit.
    pub quantity: Quantity,
    /// What it comes to at today's price; the most there is where that cannot be stored, for nobody can order it then.
    pub line_total: Money,
    /// How much could be ordered now.
    pub available: Quantity,
    /// Why it cannot be ordered at all.
    pub unavailable: Option<Unavailable>,
    /// Its price when it was put into the cart.
    pub price_seen: Option<Price>,
}

/// What lines come to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Quote {
    /// In the order in which they were asked about.
    pub lines: Vec<QuotedLine>,
    /// The sum of the lines.
    pub subtotal: Money,
    /// What the promo code takes off: nothing where it cannot be used now.
    pub discount: Money,
    /// What would be paid.
    pub total: Money,
    /// The code: the one that was asked about, or the cart's.
    pub promo_code: Option<String>,
    /// Why it cannot be used now.
    pub promo_refused: Option<PromoRefusal>,
    /// Of the cart; 0 where there is none.
    pub cart_version: i64,
}

/// One thing that is asked about: what, how much, and its price when it was put into a cart.
type Wish = (ProductId, Quantity, Option<Price>);

pub(super) fn quote(
    book: &Book,
    quoted: &QuoteSubject,
    (customer, promo_code): (Option<CustomerId>, Option<&str>),
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let (wishes, of_cart, cart_version) = wishes(book, quoted)?;
    let promo_code = promo_code.or(of_cart);
    book.require(|need| need.orders.promo_codes.extend(promo_code.map(text::fold)))?;
    let promo = promo_code.and_then(|code| promo_by_code(book, code)).map(|promo| promo.id);
    let home = book.default_location();
    book.require_last(|need| {
        lines::need_stock(need, wishes.iter().map(|(product, ..)| *product), home);
        need.orders.redemptions.extend(promo.zip(customer));
    })?;
    let lines = match quoted {
        QuoteSubject::Lines(wanted) => orderable(book, wanted, inputs)?,
        QuoteSubject::Cart(_) => wishes.iter().filter_map(|wish| line(book, *wish)).collect(),
    };
    let most = most(book.currency());
    let add = |sum: Money, line: &QuotedLine| sum.checked_add(line.line_total).unwrap_or(most);
    let subtotal = lines.iter().fold(Money::zero(book.currency()), add);
    if subtotal == most && matches!(quoted, QuoteSubject::Lines(_)) {
        return Err(lines::too_much_money(crate::lines::TooMuchMoney).into());
    }
    let checked = promo_code.map(|code| check_promo(book, code, (customer, subtotal), inputs));
    let discount = checked.and_then(Result::ok).map_or(Money::zero(book.currency()), |(_, discount)| discount);
    let mut effects = Effects::default();
    effects.orders.quote = Some(Quote {
        total: subtotal.checked_sub(discount).unwrap_or(subtotal),
        lines,
        subtotal,
        discount,
        promo_code: promo_code.map(str::to_owned),
        promo_refused: checked.and_then(Result::err),
        cart_version,
    });
    Ok(effects)
}

/// What is asked about, the cart's own code, and its version.
fn wishes<'b>(book: &'b Book, quoted: &QuoteSubject) -> Result<(Vec<Wish>, Option<&'b str>, i64), Stop> {
    let user = match quoted {
        QuoteSubject::Lines(lines) => {
            let wishes = lines.iter().filter_map(|line| Some((line.product?, line.quantity, None)));
            return Ok((wishes.collect(), None, 0));
        }
        QuoteSubject::Cart(user) => *user,
    };
    book.require(|need| need.orders.carts.add(user))?;
    let Some(cart) = book.orders.carts.get(&user) else { return Ok((Vec::new(), None, 0)) };
    let wish = |item: &CartItem| (item.product, item.quantity, Some(item.price_seen));
    Ok((cart.items.iter().map(wish).collect(), cart.promo_code.as_deref(), cart.version))
}

/// The lines as an order would have them, or why it would not be placed; but whether there is enough is not asked.
fn orderable(book: &Book, wanted: &[SellLine], inputs: &mut Inputs<'_>) -> Result<Vec<QuotedLine>, Refusal> {
    let mut errors = RequestErrors::default();
    lines::check_count(wanted.len(), &mut errors.fields);
    let draft = lines::draft_new(book, wanted, inputs, &mut errors);
    errors.into_result()?;
    Ok(draft.iter().filter_map(|one| line(book, (one.product, one.quantity, None))).collect())
}

fn line(book: &Book, (product, quantity, price_seen): Wish) -> Option<QuotedLine> {
    let product = book.product(product)?;
    let unavailable = Unavailable::of(product.removed_at.is_some(), product.enabled);
    let available = book.level(product.id, book.default_location()).available();
    Some(QuotedLine {
        product: Arc::clone(product),
        quantity,
        line_total: product.price.times(quantity).unwrap_or(most(book.currency())),
        available: if unavailable.is_some() { Quantity::ZERO } else { available },
        unavailable,
        price_seen,
    })
}

const fn most(currency: Currency) -> Money {
    Money::from_minor(i64::MAX, currency)
}
