//! What the sample shop's customers have ordered.

use super::ledger::{lines_of, price, submit_for};
use crate::{Result, clock};
use anyhow::{Context, anyhow};
use tradepost_domain::{
    ids::{CustomerId, OrderId, ProductId, PromoId},
    ledger::{
        Command, Effects,
        orders::{self, NewOrder},
    },
    money::Currency,
    orders::Step,
    promos::{Promo, PromoPatch},
    repository::{Promos, Repository},
};
use tradepost_store::{Answer, Session, Store};
use uuid::Uuid;

/// A year, in seconds.
const YEAR_SECONDS: i64 = 365 * 24 * 60 * 60;

/// The sample shop's promo code.
const CODE: &str = "MANGO10";

struct Ordered {
    by: CustomerId,
    /// Goods by their place, and how many of each.
    lines: &'static [(usize, u32)],
    code: Option<&'static str>,
    /// What has become of it since.
    steps: &'static [Step],
}

/// Adds a promo code, and orders in several states of two customers. Answers how many.
pub(super) async fn place(
    store: &Store,
    currency: Currency,
    (amina, jonas): (CustomerId, CustomerId),
    products: &[ProductId],
) -> anyhow::Result<usize> {
    promo(store, currency).await?;
    let orders = [
        Ordered { by: amina, lines: &[(0, 2), (26, 3)], code: Some(CODE), steps: &[] },
        Ordered { by: jonas, lines: &[(14, 1), (20, 2)], code: None, steps: &[Step::Accept] },
        Ordered { by: amina, lines: &[(9, 4)], code: None, steps: &[Step::Accept, Step::Ship, Step::Deliver] },
    ];
    for Ordered { by, lines, code, steps } in &orders {
        let new = NewOrder {
            customer: Some(*by),
            lines: lines_of(lines, products),
            promo_code: code.map(str::to_owned),
            ..NewOrder::default()
        };
        let id = order(store, new).await?;
        for step in *steps {
            let command = Command::Orders(orders::Command::Step { id, step: *step, reason: None });
            submit_for(store, command, |_| Answer::default()).await?;
        }
    }
    Ok(orders.len())
}

async fn order(store: &Store, new: NewOrder) -> anyhow::Result<OrderId> {
    let id_of = |effects: &Effects| {
        let id = effects.orders.orders.first().map(|written| written.order.value.id.uuid());
        Answer { body: id.map(|id| id.as_bytes().to_vec()).unwrap_or_default(), ..Answer::default() }
    };
    let command = Command::Orders(orders::Command::Place(Box::new(new)));
    let answer = submit_for(store, command, id_of).await?;
    Ok(OrderId::from_uuid(Uuid::from_slice(&answer.body).context("an order without an id")?))
}

/// Ten percent off, at most 5.00, for a year; any customer once. Nothing where the code is taken.
async fn promo(store: &Store, currency: Currency) -> anyhow::Result<()> {
    let now = clock::now();
    let form = PromoPatch {
        code: Some(CODE.to_owned()),
        name: Some("Mango season".to_owned()),
        kind: Some("percentage".to_owned()),
        percentage: Some(Some("10".to_owned())),
        max_discount: Some(Some(price(500, currency).to_string())),
        valid_from: Some(now),
        valid_until: Some(now.plus_seconds(YEAR_SECONDS)),
        ..PromoPatch::default()
    };
    let id = PromoId::from_uuid(clock::new_uuid());
    let promo = Promo::new(id, &form, currency, now).map_err(|errors| anyhow!("{errors}"))?;
    let work = move |session: &mut Session<'_>| -> Result<_> {
        if session.promo_by_code(&promo.code_key())?.is_none() {
            session.add(&promo)?;
        }
        Ok(())
    };
    store.write_plain(work).await.map_err(Into::into)
}
