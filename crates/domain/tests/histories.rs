//! Whatever commands come in whatever order, the books stay true.

#![allow(clippy::unwrap_used, reason = "a test says so when something is missing")]

mod common;

use common::*;
use proptest::prelude::*;
use std::collections::HashMap;
use tradepost_domain::{
    ids::{EventId, LocationId, OrderId, ProductId, SaleId},
    ledger::{Command, Refusal},
    orders::OrderStatus,
    pos::{EventStatus, OnShortage},
    promos::PromoPatch,
    quantity::{Delta, Quantity},
    sales::SaleStatus,
    stock::{Level, Source},
};

const SKUS: [&str; 3] = ["TEA", "MILK", "RICE"];

/// A command in terms of what there will be by then: the n-th sale, the n-th delivery.
#[derive(Debug, Clone)]
enum Step {
    Sell(Vec<(usize, u32)>, bool),
    Correct(usize, Vec<(usize, u32)>),
    Refund(usize, Vec<(usize, u32)>, bool),
    Void(usize),
    Adjust(usize, i32),
    Count(usize, u32, i64),
    Deliver(usize, Vec<(usize, i32)>),
    Retry(usize),
    Dismiss(usize),
    Map(usize),
    Order(bool, Vec<(usize, u32)>, bool),
    EditOrder(usize, Vec<(usize, u32)>, Option<bool>),
    MoveOrder(usize, usize),
    DeleteOrder(usize),
    ReturnOrder(usize, Vec<(usize, u32)>, bool),
    Tick(i64),
}

fn lines() -> impl Strategy<Value = Vec<(usize, u32)>> {
    prop::collection::vec((0..SKUS.len(), 0..8u32), 1..4)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (lines(), any::<bool>()).prop_map(|(lines, here)| Step::Sell(lines, here)),
        2 => (0..8usize, lines()).prop_map(|(n, lines)| Step::Correct(n, lines)),
        2 => (0..8usize, lines(), any::<bool>()).prop_map(|(n, lines, restock)| Step::Refund(n, lines, restock)),
        1 => (0..8usize).prop_map(Step::Void),
        2 => (0..SKUS.len(), -6..12i32).prop_map(|(p, by)| Step::Adjust(p, by)),
        1 => (0..SKUS.len(), 0..20u32, -200..50i64).prop_map(|(p, n, ago)| Step::Count(p, n, ago)),
        3 => (0..6usize, prop::collection::vec((0..SKUS.len() + 1, -6..6i32), 1..3)).prop_map(|(n, l)| Step::Deliver(n, l)),
        1 => (0..6usize).prop_map(Step::Retry),
        1 => (0..6usize).prop_map(Step::Dismiss),
        1 => (0..SKUS.len()).prop_map(Step::Map),
        4 => (any::<bool>(), lines(), any::<bool>()).prop_map(|(who, lines, promo)| Step::Order(who, lines, promo)),
        2 => (0..8usize, lines(), any::<Option<bool>>()).prop_map(|(n, lines, code)| Step::EditOrder(n, lines, code)),
        5 => (0..8usize, 0..5usize).prop_map(|(n, step)| Step::MoveOrder(n, step)),
        1 => (0..8usize).prop_map(Step::DeleteOrder),
        1 => (0..8usize, lines(), any::<bool>()).prop_map(|(n, lines, restock)| Step::ReturnOrder(n, lines, restock)),
        1 => (1..100i64).prop_map(Step::Tick),
    ]
}

/// Makes a command of lines.
type Make<'a> = &'a dyn Fn(&[(&str, &str)]) -> Command;

struct History {
    shop: Shop,
    sales: Vec<SaleId>,
    events: Vec<EventId>,
    orders: Vec<OrderId>,
}

impl History {
    fn new(on_shortage: OnShortage) -> Self {
        let limits =
            PromoPatch { usage_limit: Some(Some(3)), per_customer_limit: Some(Some(2)), ..PromoPatch::default() };
        let mut shop = Shop::new().with_till(on_shortage).with_promo("TEN", "10", limits);
        for (sku, amount) in SKUS.iter().zip(["10", "5", "0"]) {
            shop = shop.with(sku, amount);
        }
        Self { shop, sales: Vec::new(), events: Vec::new(), orders: Vec::new() }
    }

    fn nth<T: Copy>(list: &[T], n: usize) -> Option<T> {
        if list.is_empty() { None } else { Some(list[n % list.len()]) }
    }

    fn command(&self, step: &Step) -> Option<Command> {
        let named = |lines: &[(usize, u32)]| -> Vec<(String, String)> {
            lines.iter().map(|(p, n)| (SKUS[*p].to_owned(), n.to_string())).collect()
        };
        let borrowed = |lines: &[(String, String)], make: Make<'_>| {
            let lines: Vec<(&str, &str)> = lines.iter().map(|(p, n)| (p.as_str(), n.as_str())).collect();
            make(&lines)
        };
        Some(match step {
            Step::Sell(lines, here) => match borrowed(&named(lines), &|lines| sell(lines)) {
                Command::RecordSale { lines, buyer, occurred_at, .. } => {
                    let location = Some(if *here { MAIN } else { STORE_ROOM });
                    Command::RecordSale { lines, buyer, occurred_at, location }
                }
                other => other,
            },
            Step::Correct(n, lines) => {
                let id = Self::nth(&self.sales, *n)?;
                borrowed(&named(lines), &|lines| correct(id, lines))
            }
            Step::Refund(n, lines, restock) => {
                let id = Self::nth(&self.sales, *n)?;
                borrowed(&named(lines), &|lines| refund(id, lines, *restock))
            }
            Step::Void(n) => Command::VoidSale { id: Self::nth(&self.sales, *n)? },
            Step::Adjust(product, by) => adjust(SKUS[*product], &by.to_string()),
            Step::Count(product, counted, ago) => {
                count(SKUS[*product], &counted.to_string(), Some(self.shop.now.plus_seconds(*ago)))
            }
            Step::Deliver(n, lines) => {
                let line = |(product, by): &(usize, i32)| {
                    let product = SKUS.get(*product).map_or(external("4711"), |name| sku(name));
                    reported(product, &by.to_string())
                };
                delivery(&format!("e{n}"), lines.iter().map(line).collect())
            }
            Step::Retry(n) => Command::RetryPosEvent { id: Self::nth(&self.events, *n)? },
            Step::Dismiss(n) => Command::DismissPosEvent { id: Self::nth(&self.events, *n)?, reason: None },
            Step::Map(product) => {
                Command::MapProduct { connection: TILL, external_id: "4711".into(), product: id_of(SKUS[*product]) }
            }
            Step::Order(who, lines, promo) => {
                let customer = if *who { ANN } else { BOB };
                borrowed(&named(lines), &|lines| order(customer, lines, promo.then_some("TEN")))
            }
            Step::EditOrder(n, lines, code) => {
                let id = Self::nth(&self.orders, *n)?;
                let mut command = borrowed(&named(lines), &|lines| edit_order(id, lines));
                if let (Command::EditOrder { patch, .. }, Some(with)) = (&mut command, code) {
                    patch.promo_code = Some(with.then(|| "ten".to_owned()));
                }
                command
            }
            Step::MoveOrder(n, which) => {
                use tradepost_domain::orders::Step as To;
                let to = [To::Accept, To::Reject, To::Cancel, To::Ship, To::Deliver][*which];
                common::step(Self::nth(&self.orders, *n)?, to)
            }
            Step::DeleteOrder(n) => Command::DeleteOrder { id: Self::nth(&self.orders, *n)? },
            Step::ReturnOrder(n, lines, restock) => {
                let id = Self::nth(&self.orders, *n)?;
                borrowed(&named(lines), &|lines| give_back(id, lines, *restock))
            }
            Step::Tick(_) => return None,
        })
    }

    fn take(&mut self, step: &Step) {
        if let Step::Tick(seconds) = step {
            self.shop.now = self.shop.now.plus_seconds(*seconds);
        }
        let Some(command) = self.command(step) else { return };
        let held = |id: &EventId| self.shop.book.event(*id).is_some_and(|e| e.status == EventStatus::Held);
        let waiting = self.events.iter().copied().filter(held).collect();
        self.shop.book.enter_waiting(TILL, waiting);
        match self.shop.submit(&command) {
            Ok(effects) => {
                self.sales.extend(effects.sales.iter().filter(|s| s.is_new).map(|s| s.value.id));
                self.orders.extend(effects.orders.iter().filter(|o| o.is_new).map(|o| o.value.id));
                self.events.extend(effects.events.iter().filter(|e| e.is_new).map(|e| e.value.id));
            }
            Err(Refusal::InsufficientStock(short)) => {
                assert!(short.iter().all(|s| s.available < s.requested), "a refusal's figures are true");
            }
            Err(_) => {}
        }
    }

    fn check(&self) {
        let mut levels: HashMap<(ProductId, LocationId), Level> = HashMap::new();
        for movement in &self.shop.movements {
            let key = (movement.product, movement.location);
            let level = levels.entry(key).or_insert(Level::untouched(movement.product, movement.location));
            assert_eq!(movement.seq, level.seq + 1, "movements are numbered without gaps");
            assert_eq!(level.on_hand.after(movement.change.on_hand), Some(movement.on_hand_after));
            assert_eq!(level.reserved.after(movement.change.reserved), Some(movement.reserved_after));
            assert!(
                level.recorded_at.is_none_or(|last| last <= movement.recorded_at),
                "booking never goes back in time"
            );
            *level = level.after(movement);
        }
        for level in self.shop.book.levels() {
            assert_eq!(levels.get(&(level.product, level.location)), Some(level), "replaying rebuilds every level");
        }
        self.check_orders();
        self.sales.iter().for_each(|id| self.check_sale(*id));
        for id in &self.events {
            let event = self.shop.book.event(*id).unwrap();
            let moved = self.shop.movements.iter().filter(|m| m.source == Some(Source::PosEvent(*id))).count();
            assert!(moved == 0 || event.status == EventStatus::Applied, "only what is applied has moved stock");
        }
    }

    /// What is reserved is what open orders hold, line by line; and a code is held by as many open orders as it says.
    fn check_orders(&self) {
        let mut held: HashMap<ProductId, i64> = HashMap::new();
        let mut with_code = 0;
        for id in &self.orders {
            let order = self.shop.order(*id);
            let subtotal: i64 = order.lines.iter().map(|l| l.line_total.minor()).sum();
            assert_eq!(order.subtotal.minor(), subtotal);
            assert_eq!(order.discount.minor() + order.total.minor(), subtotal);
            assert!((0..=subtotal).contains(&order.discount.minor()));
            if order.status.holds_stock() {
                for line in &order.lines {
                    *held.entry(line.product).or_default() += line.quantity.hundred_thousandths();
                }
            }
            let gave_back = matches!(order.status, OrderStatus::Rejected | OrderStatus::Cancelled);
            with_code += i64::from(order.promo.is_some() && !gave_back);
        }
        for level in self.shop.book.levels().filter(|level| level.location == MAIN) {
            let held = held.get(&level.product).copied().unwrap_or_default();
            assert_eq!(level.reserved.hundred_thousandths(), held, "what is reserved is what open orders hold");
        }
        assert_eq!(self.shop.times_used("TEN"), with_code);
        assert!(with_code <= 3);
    }

    fn check_sale(&self, id: SaleId) {
        let sale = self.shop.book.sale(id).unwrap();
        let total: i64 = sale.lines.iter().map(|l| l.line_total.minor()).sum();
        assert_eq!(sale.total.minor(), total);
        assert!((0..=total).contains(&sale.refunded_total.minor()));
        let mut out: HashMap<ProductId, i64> = HashMap::new();
        for line in &sale.lines {
            assert!(line.restocked <= line.returned && line.returned <= line.quantity);
            let stays = if sale.status == SaleStatus::Voided { line.returned } else { line.quantity };
            let gone = Delta::between(line.restocked, stays);
            *out.entry(line.product).or_default() += gone.hundred_thousandths();
        }
        for movement in self.shop.movements.iter().filter(|m| m.source == Some(Source::Sale(id))) {
            *out.entry(movement.product).or_default() += movement.change.on_hand.hundred_thousandths();
        }
        assert!(out.values().all(|rest| *rest == 0), "what a sale moved is what it holds: {out:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_keep_every_invariant(steps in prop::collection::vec(step(), 1..40), holds in any::<bool>()) {
        let mut history = History::new(if holds { OnShortage::Hold } else { OnShortage::Refuse });
        for step in &steps {
            history.take(step);
        }
        history.check();
    }

    #[test]
    fn the_same_book_command_and_inputs_give_the_same_effects(steps in prop::collection::vec(step(), 1..20)) {
        let (mut one, mut other) = (History::new(OnShortage::Hold), History::new(OnShortage::Hold));
        for step in &steps {
            one.take(step);
            other.take(step);
        }
        prop_assert_eq!(&one.shop.movements, &other.shop.movements);
    }

    #[test]
    fn adding_and_taking_a_quantity_leaves_what_was(a in 0..=i64::MAX / 4, b in 0..=i64::MAX / 4) {
        let (a, b) = (Quantity::from_hundred_thousandths(a).unwrap(), Quantity::from_hundred_thousandths(b).unwrap());
        prop_assert_eq!(a.checked_add(b).and_then(|sum| sum.checked_sub(b)), Some(a));
        prop_assert_eq!(a.after(Delta::between(a, b)), Some(b));
    }
}
