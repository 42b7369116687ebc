//! Making stored effects part of a shop again. Nothing is decided in here.

use super::Shop;
use crate::ledger::{Effects, NumberSeries};
use uuid::Uuid;

impl Shop {
    /// Makes effects that were decided before part of this shop, as [`submit`](Self::submit) does with those it decides, without asking the
    /// rules again. A shop that is given all effects of another one, in their order, stands where that one does and goes on with the ids
    /// and numbers that follow.
    ///
    /// They are taken for true: effects of another shop, in another order or twice make books that contradict themselves. What is not the
    /// ledger's (customers, categories, promo codes, carts) is not in them, and is added through its
    /// [repository](crate::repository::Repository).
    ///
    /// Only effects are to be journalled, not refusals; but a command that was refused has drawn ids all the same, so that deciding a journal's
    /// commands anew gives the same documents with other ids, unless the refused commands are decided again, too.
    pub fn replay(&mut self, effects: &Effects) {
        self.keep(effects);
        let sales = effects.sales.sales.iter().map(|sale| (NumberSeries::Sales, sale.value.number));
        let orders = effects.orders.orders.iter().map(|order| (NumberSeries::Orders, order.order.value.number));
        for (series, number) in sales.chain(orders) {
            let last = self.numbers.entry(series).or_insert(0);
            *last = (*last).max(number);
        }
        let series = self.next_id >> 64;
        let own = ids(effects).map(|id| id.as_u128()).filter(|id| id >> 64 == series);
        self.next_id = own.fold(self.next_id, u128::max);
    }
}

/// Every id that was drawn for these effects.
fn ids(effects: &Effects) -> impl Iterator<Item = Uuid> {
    let products = effects.catalogue.products.iter().map(|product| product.value.id.uuid());
    let movements = effects.stock.movements.iter().map(|movement| movement.id.uuid());
    let sales = effects.sales.sales.iter().map(|sale| &sale.value);
    let sales = sales.flat_map(|sale| [sale.id.uuid()].into_iter().chain(sale.lines.iter().map(|line| line.id.uuid())));
    let orders = effects.orders.orders.iter().map(|order| &order.order.value);
    let orders =
        orders.flat_map(|order| [order.id.uuid()].into_iter().chain(order.lines.iter().map(|line| line.id.uuid())));
    let events = effects.pos.events.iter().map(|event| event.value.id.uuid());
    let messages = effects.messages.iter().map(|message| message.id.uuid());
    let audit = effects.audit.iter().map(|entry| entry.id.uuid());
    products.chain(movements).chain(sales).chain(orders).chain(events).chain(messages).chain(audit)
}
