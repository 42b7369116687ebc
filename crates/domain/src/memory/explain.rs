//! What holds the stock that somebody was refused. Nothing changes in here.

use super::Shop;
use crate::{
    ids::{LocationId, ProductId},
    ledger::Refusal,
    orders::Order,
    quantity::Quantity,
};

impl Shop {
    /// The open orders that hold some of a product at a location and how much each holds, the oldest first. Together they hold what is
    /// reserved there.
    pub fn holders(&self, product: ProductId, location: LocationId) -> impl Iterator<Item = (&Order, Quantity)> {
        let quantity = move |order: &Order| {
            let lines = order.lines.iter().filter(|line| line.product == product);
            lines.fold(Quantity::ZERO, |sum, line| sum.checked_add(line.quantity).unwrap_or(sum))
        };
        let open = self.book.orders.orders.iter().map(|(_, order)| &**order);
        let open = open.filter(move |order| order.location == location && order.status.holds_stock());
        let mut holders: Vec<_> =
            open.map(|order| (order, quantity(order))).filter(|(_, held)| !held.is_zero()).collect();
        holders.sort_by_key(|(order, _)| (order.created_at, order.number));
        holders.into_iter()
    }

    /// The refusal in words; for too little stock also which orders hold the rest, how much of it and since when, as far as this shop
    /// knows now.
    ///
    /// For example `there is not enough stock: 7 requested of TEA, 3 available; order 1 holds 4 of TEA since 2026-01-31T12:00:00Z`.
    pub fn explain(&self, refusal: &Refusal) -> String {
        let Refusal::InsufficientStock(shortages) = refusal else {
            return refusal.to_string();
        };
        let mut told = refusal.to_string();
        for shortage in shortages {
            for (order, held) in self.holders(shortage.product, shortage.location) {
                let (number, sku, since) = (order.number, &shortage.sku, order.created_at);
                told.push_str(&format!("; order {number} holds {held} of {sku} since {since}"));
            }
        }
        told
    }
}
