//! What the sample shop puts to the ledger, and in which form.

use crate::{Error, Result};
use tradepost_domain::{
    identity::Principal,
    ids::ProductId,
    ledger::{Command, Effects, SellLine},
    money::{Currency, Money},
    quantity::Quantity,
};
use tradepost_store::{Answer, Store, Submission};

/// Prices are noted in cents; other currencies get figures of the same size.
pub(super) fn price(cents: i64, currency: Currency) -> Money {
    let minor = match currency.decimals() {
        0..=2 => cents,
        more => cents * 10_i64.pow(u32::from(more) - 2),
    };
    Money::from_minor(minor, currency)
}

/// Has the ledger do something.
pub(super) async fn submit(store: &Store, command: Command) -> Result<()> {
    submit_for(store, command, |_| Answer::default()).await.map(drop)
}

/// The same, with what `answer` makes of it.
pub(super) async fn submit_for(
    store: &Store,
    command: Command,
    answer: impl Fn(&Effects) -> Answer + Send + 'static,
) -> Result<Answer> {
    let principal = Principal::system();
    let submission = Submission { command, principal, key: None, expected_version: None, answer: Box::new(answer) };
    store.ledger().submit(submission).await.map(|done| done.answer).map_err(Error::from)
}

/// Lines of these goods, each named by its place in [`GOODS`].
pub(super) fn lines_of(lines: &[(usize, u32)], products: &[ProductId]) -> Vec<SellLine> {
    let line = |(index, quantity): &(usize, u32)| SellLine {
        line: None,
        product: products.get(*index).copied(),
        quantity: Quantity::whole(*quantity).unwrap_or_default(),
        unit_price: None,
    };
    lines.iter().map(line).collect()
}
