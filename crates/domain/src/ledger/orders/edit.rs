//! Editing an order while it is pending: the difference of each product is judged, all of it or nothing.

use super::{
    OrderPatch, Redemption, illegal, may_change, next, place, post_for, promo_by_code, redemption, update_totals,
    usable_promo, visible, written_with_message,
};
use crate::{
    ids::OrderId,
    ledger::{
        Book, Effects, Inputs, Refusal, Stop, Written,
        lines::{self, RequestErrors},
        stock,
    },
    lines::DraftLine,
    orders::{AppliedPromo, Order, OrderStatus},
    stock::{Change, Movement, MovementKind},
    text,
};

pub(super) fn edit(book: &Book, id: OrderId, patch: &OrderPatch, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    let before = visible(book, id, inputs)?;
    may_change(before, inputs)?;
    require_all(book, before, patch)?;
    let mut errors = RequestErrors::default();
    let notes = patch.notes.as_ref().map(|notes| place::notes(notes.as_deref(), &mut errors));
    let draft =
        patch.lines.as_ref().map(|wanted| lines::draft_edited(book, &before.lines, wanted, inputs, &mut errors));
    errors.unavailable = errors.unavailable.or_else(|| more_of_what_is_not_on_sale(book, before, draft.as_deref()?));
    errors.into_result()?;
    let mut order = next(before, inputs)?;
    if order.status != OrderStatus::Pending {
        return Err(illegal(before).into());
    }
    order.notes = notes.unwrap_or(order.notes);
    let has_new_lines = draft.is_some();
    if let Some(draft) = draft {
        order.lines = lines::lines_after_edit(book, &before.lines, draft)?;
    }
    let redemptions = change_promo(book, before, &mut order, patch, inputs)?;
    update_totals(&mut order, book)?;
    let movements = post_difference(book, before, &order, inputs)?;
    let order = if has_new_lines { Written::rewritten(order) } else { Written::changed(order) };
    let mut effects = written_with_message(book, (order, 0), movements, "order.edited", inputs);
    effects.orders.redemptions = redemptions;
    Ok(effects)
}

/// What is on an order stays, whatever became of its product; more of it must be on sale as if it were new.
fn more_of_what_is_not_on_sale(book: &Book, before: &Order, draft: &[DraftLine]) -> Option<Refusal> {
    let is_more =
        |wanted: &&DraftLine| before.lines.iter().any(|line| line.id == wanted.id && line.quantity < wanted.quantity);
    draft.iter().filter(is_more).find_map(|wanted| lines::check_on_sale(book, book.product(wanted.product)?))
}

/// What an edit depends on: the code it had and the one it shall have, its stock and that of what is added.
fn require_all(book: &Book, before: &Order, patch: &OrderPatch) -> Result<(), Stop> {
    let code = patch.promo_code.as_ref().and_then(Option::as_deref);
    book.require(|need| {
        if patch.promo_code.is_some() {
            need.orders.promos.extend(before.promo.as_ref().map(|applied| applied.promo));
            need.orders.promo_codes.extend(code.map(text::fold));
        }
    })?;
    let promo = code.and_then(|code| promo_by_code(book, code)).map(|promo| promo.id);
    book.require_last(|need| {
        let more = patch.lines.iter().flatten().filter_map(|line| line.product);
        lines::need_stock(need, before.lines.iter().map(|line| line.product).chain(more), before.location);
        need.customers.summaries.add(before.customer);
        need.orders.redemptions.extend(promo.map(|promo| (promo, before.customer)));
    })
}

/// Another code is judged as if it were new, and the one before is given back. The same code stays as it was promised.
fn change_promo(
    book: &Book,
    before: &Order,
    order: &mut Order,
    patch: &OrderPatch,
    inputs: &Inputs<'_>,
) -> Result<Vec<Redemption>, Refusal> {
    let Some(code) = &patch.promo_code else {
        return Ok(Vec::new());
    };
    let kept = before.promo.as_ref();
    let same_code = code.as_deref().map(text::fold) == kept.map(|applied| text::fold(&applied.code));
    // It may be called otherwise by now.
    let now = code.as_deref().and_then(|code| promo_by_code(book, code)).map(|promo| promo.id);
    if same_code || (now.is_some() && now == kept.map(|applied| applied.promo)) {
        return Ok(Vec::new());
    }
    order.promo = match code {
        Some(code) => {
            let promo = usable_promo(book, code, order, inputs)?;
            Some(AppliedPromo { promo: promo.id, code: promo.code.clone(), terms: promo.terms })
        }
        None => None,
    };
    Ok(redemption(before, false).into_iter().chain(redemption(order, true)).collect())
}

fn post_difference(
    book: &Book,
    before: &Order,
    order: &Order,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let back = before.lines.iter().map(|line| (line.product, line.quantity.as_decrease()));
    let wanted = order.lines.iter().map(|line| (line.product, line.quantity.as_increase()));
    let difference = lines::sum_by_product(back.chain(wanted));
    let (less, more): (Vec<_>, Vec<_>) = difference.into_iter().partition(|(_, change)| change.is_negative());
    let reserved = |changes: Vec<_>| -> Vec<_> {
        changes.into_iter().map(|(product, change)| (product, Change::reserved(change))).collect()
    };
    let mut movements =
        post_for(book, order, (MovementKind::Reserved, stock::Limit::Available), &reserved(more), inputs)?;
    movements.extend(post_for(book, order, (MovementKind::Released, stock::Limit::OnHand), &reserved(less), inputs)?);
    Ok(movements)
}
