//! Editing an order while it is pending: the net difference is judged, all of it or nothing.

use super::{illegal, judged, may_change, move_for, next, place, redemption, settle, visible};
use crate::{
    ids::OrderId,
    ledger::{
        Book, Effects, Inputs, OrderPatch, Refusal, Written,
        lines::{self, Objections},
        stock,
    },
    orders::{AppliedPromo, Order, OrderStatus},
    stock::{Change, Kind, Movement},
    text,
};

pub(in crate::ledger) fn edit(
    book: &Book,
    id: OrderId,
    patch: &OrderPatch,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let before = visible(book, id, inputs)?;
    may_change(before, inputs)?;
    let mut objections = Objections::default();
    let notes = patch.notes.as_ref().map(|notes| place::notes(notes.as_deref(), &mut objections));
    let draft = patch.lines.as_ref().map(|wanted| lines::redraft(book, &before.lines, wanted, inputs, &mut objections));
    objections.raise()?;
    let mut order = next(before, inputs)?;
    if order.status != OrderStatus::Pending {
        return Err(illegal(before));
    }
    order.notes = notes.unwrap_or(order.notes);
    if let Some(draft) = draft {
        order.lines = lines::relined(book, &before.lines, draft)?;
    }
    let redemptions = change_promo(book, before, &mut order, patch, inputs)?;
    settle(&mut order, book)?;
    let movements = move_difference(book, before, &order, inputs)?;
    Ok(Effects { movements, redemptions, orders: vec![Written::changed(order)], ..Effects::default() })
}

/// Another code is judged as if it were new, and the one before is given back. The same code stays as it was promised.
fn change_promo(
    book: &Book,
    before: &Order,
    order: &mut Order,
    patch: &OrderPatch,
    inputs: &Inputs<'_>,
) -> Result<Vec<super::Redemption>, Refusal> {
    let Some(code) = &patch.promo_code else {
        return Ok(Vec::new());
    };
    let kept = before.promo.as_ref().map(|applied| text::fold(&applied.code));
    if code.as_deref().map(text::fold) == kept {
        return Ok(Vec::new());
    }
    order.promo = match code {
        Some(code) => {
            let promo = judged(book, code, order, inputs)?;
            Some(AppliedPromo { promo: promo.id, code: promo.code.clone(), terms: promo.terms })
        }
        None => None,
    };
    Ok(redemption(before, false).into_iter().chain(redemption(order, true)).collect())
}

fn move_difference(
    book: &Book,
    before: &Order,
    order: &Order,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let back = before.lines.iter().map(|line| (line.product, line.quantity.taken()));
    let wanted = order.lines.iter().map(|line| (line.product, line.quantity.gained()));
    let net = lines::net(back.chain(wanted));
    let (less, more): (Vec<_>, Vec<_>) = net.into_iter().partition(|(_, change)| change.is_negative());
    let reserved = |changes: Vec<_>| -> Vec<_> {
        changes.into_iter().map(|(product, change)| (product, Change::reserved(change))).collect()
    };
    let mut moved = move_for(book, order, (Kind::Reserved, stock::Judged::AsPromise), &reserved(more), inputs)?;
    moved.extend(move_for(book, order, (Kind::Released, stock::Judged::AsFact), &reserved(less), inputs)?);
    Ok(moved)
}
