//! A shop in which a history happens, and what its steps mean there.

use crate::common::*;
use crate::start::{CODES, LOCATIONS, SKUS, TILLS, a_shop};
use crate::steps::{self, Edited, Event, Named, Step, Wanted, Who};
use std::sync::Arc;
use tradepost_domain::{
    carts::CartItem,
    catalogue::ProductPatch,
    identity::{Actor, Principal},
    ids::{CustomerId, OrderId, PosConnectionId, PosEventId, ProductId, SaleId, UserId},
    instant::Instant,
    ledger::{
        Command, Effects, RefundLine, Refusal, SellLine, catalogue,
        orders::{self, NewOrder, OrderPatch, QuoteSubject},
        pos,
        sales::{self, NewSale},
        stock,
    },
    memory::{self, Submission},
    money::{Money, Price},
    orders::{OrderStatus, Step as To},
    pos::{PosEventLine, PosEventStatus, Reference, Report, WebhookDelivery},
    quantity::{Delta, Quantity},
    repository::Carts,
    sales::Buyer,
    text,
};
use uuid::Uuid;

/// What became of a command.
pub type Answer = Result<Effects, Refusal>;

/// What happened in a history, in words that another shop understands.
pub enum Entry {
    Asked { submission: Box<Submission>, now: Instant, answer: Box<Answer> },
    Filled { user: UserId, item: CartItem, code: Option<&'static str>, now: Instant },
}

/// A shop, its clock, and all that its history has led to so far.
pub struct World {
    pub shop: memory::Shop,
    pub now: Instant,
    pub products: Vec<ProductId>,
    pub sales: Vec<SaleId>,
    pub orders: Vec<OrderId>,
    pub events: Vec<PosEventId>,
    deliveries: Vec<Arc<WebhookDelivery>>,
}

fn nth<T: Copy>(list: &[T], n: usize) -> Option<T> {
    if list.is_empty() { None } else { Some(list[n % list.len()]) }
}

fn tenths(n: u32) -> Quantity {
    Quantity::from_hundred_thousandths(i64::from(n) * 10_000).unwrap()
}

fn customer(is_ann: bool) -> CustomerId {
    if is_ann { ANN } else { BOB }
}

fn user(is_ann: bool) -> UserId {
    UserId::from_uuid(customer(is_ann).uuid())
}

impl World {
    pub fn new() -> Self {
        let products = SKUS[..4].iter().map(|sku| id_of(sku)).collect();
        let shop = a_shop();
        let sales = shop.book().sales.sales.iter().map(|(id, _)| *id).collect();
        let mut orders: Vec<_> = shop.book().orders.orders.iter().map(|(id, _)| *id).collect();
        orders.sort_unstable();
        Self { shop, now: NOON, products, sales, orders, events: Vec::new(), deliveries: Vec::new() }
    }

    /// Lets it happen; `None` where there is nothing yet that it could happen to.
    pub fn happen(&mut self, event: &Event) -> Option<Entry> {
        match event {
            Event::Ticked(seconds) => {
                self.now = self.now.plus_seconds(*seconds);
                None
            }
            Event::Filled { whose, product, tenths: n, code } => {
                let price_seen = self.shop.book().product(nth(&self.products, *product)?)?.price;
                let product = nth(&self.products, *product)?;
                let item = CartItem { product, quantity: tenths(*n), price_seen, added_at: self.now };
                let code = code.map(|code| CODES[code]);
                let filled = Entry::Filled { user: user(*whose), item, code, now: self.now };
                fill(&mut self.shop, &filled);
                Some(filled)
            }
            Event::Asked(step, who, expected_version) => {
                let principal = match who {
                    Who::Owner => Principal { actor: Actor::User(CLERK), ..Principal::system() },
                    Who::Clerk => clerk(),
                    Who::Shopper(is_ann) => shopper(customer(*is_ann)),
                };
                let submission =
                    Submission { command: self.command(step)?, principal, expected_version: *expected_version };
                let mut answers = self.shop.submit_batch(std::slice::from_ref(&submission), self.now);
                let answer = Box::new(answers.pop().expect("a batch settles its first"));
                self.note(&answer);
                Some(Entry::Asked { submission: Box::new(submission), now: self.now, answer })
            }
        }
    }

    fn note(&mut self, answer: &Answer) {
        if let Ok(effects) = answer {
            self.check_kept(effects);
            let is_new = effects.catalogue.products.iter().filter(|written| written.is_new);
            self.products.extend(is_new.map(|written| written.value.id));
            self.sales
                .extend(effects.sales.sales.iter().filter(|written| written.is_new).map(|written| written.value.id));
            let orders = effects.orders.orders.iter().map(|written| &written.order);
            self.orders.extend(orders.filter(|written| written.is_new).map(|written| written.value.id));
            self.events
                .extend(effects.pos.events.iter().filter(|written| written.is_new).map(|written| written.value.id));
        }
    }

    fn command(&mut self, step: &Step) -> Option<Command> {
        match step {
            Step::Catalogue(step) => self.with_products(step).map(Command::Catalogue),
            Step::Stock(step) => self.with_stock(step).map(Command::Stock),
            Step::Sales(step) => self.with_sales(step).map(Command::Sales),
            Step::Orders(step) => self.with_orders(step).map(Command::Orders),
            Step::Pos(step) => self.with_tills(step).map(Command::Pos),
        }
    }

    fn lines(&self, lines: &[Wanted]) -> Vec<SellLine> {
        let line = |(product, n, is_dear): &Wanted| SellLine {
            line: None,
            product: nth(&self.products, *product),
            quantity: tenths(*n),
            unit_price: is_dear.then(|| Price::new(Money::from_minor(300, eur())).unwrap()),
        };
        lines.iter().map(line).collect()
    }

    fn back(&self, lines: &[Wanted]) -> Vec<RefundLine> {
        let line = |line: SellLine| RefundLine { line: None, product: line.product, quantity: line.quantity };
        self.lines(lines).into_iter().map(line).collect()
    }

    fn with_products(&self, step: &steps::Catalogue) -> Option<catalogue::Command> {
        Some(match step {
            steps::Catalogue::Add { sku, name, first } => {
                let id = ProductId::from_uuid(Uuid::from_u128(1_000_000 + self.products.len() as u128));
                let product = Arc::new(a_product(id, SKUS[*sku], SKUS[*name], ProductPatch::default()));
                let initial_quantity = Some(tenths(*first * 10)).filter(|first| !first.is_zero());
                catalogue::Command::Add { product, initial_quantity }
            }
            steps::Catalogue::Edit { product, what } => {
                let mut patch = ProductPatch::default();
                match what {
                    Edited::Sku(sku) => patch.sku = Some(format!(" {}", SKUS[*sku])),
                    Edited::Name(name) => patch.name = Some(SKUS[*name].to_lowercase()),
                    Edited::Price(minor) => patch.price = Some(Money::from_minor(i64::from(*minor), eur()).to_string()),
                    Edited::Decimals(decimals) => patch.unit_decimals = Some(*decimals),
                    Edited::Enabled(enabled) => patch.enabled = Some(*enabled),
                }
                catalogue::Command::Edit { id: nth(&self.products, *product)?, patch: Box::new(patch) }
            }
            steps::Catalogue::Remove(product) => catalogue::Command::Remove { id: nth(&self.products, *product)? },
        })
    }

    fn with_stock(&self, step: &steps::Stock) -> Option<stock::Command> {
        Some(match step {
            steps::Stock::Adjust { product, location, tenths } => stock::Command::Adjust {
                product: nth(&self.products, *product)?,
                location: Some(LOCATIONS[*location]).filter(|location| *location != MAIN),
                change: Delta::from_hundred_thousandths(i64::from(*tenths) * 10_000),
                reason: "because".into(),
            },
            steps::Stock::Count { product, location, tenths: n, ago } => stock::Command::Count {
                product: nth(&self.products, *product)?,
                location: Some(LOCATIONS[*location]),
                counted: tenths(*n),
                counted_at: ago.map(|ago| self.now.plus_seconds(-ago)),
            },
            steps::Stock::Restock => stock::Command::Adjust {
                product: self.meant(self.refused()?)?,
                location: Some(STORE_ROOM),
                change: change("5"),
                reason: "more".into(),
            },
            steps::Stock::RemoveLocation(location) => stock::Command::RemoveLocation { id: LOCATIONS[*location] },
        })
    }

    fn with_sales(&self, step: &steps::Sales) -> Option<sales::Command> {
        let buyer = |is_ann: &bool| if *is_ann { Buyer::Customer(ANN) } else { Buyer::Named("somebody".into()) };
        Some(match step {
            steps::Sales::Sell { lines, location, to } => sales::Command::Record(NewSale {
                lines: self.lines(lines),
                buyer: to.as_ref().map(buyer),
                location: Some(LOCATIONS[*location]).filter(|location| *location != MAIN),
                occurred_at: None,
            }),
            steps::Sales::Correct { sale, lines, to } => sales::Command::Correct {
                id: nth(&self.sales, *sale)?,
                lines: lines.as_ref().map(|lines| self.lines(lines)),
                buyer: to.map(|to| to.as_ref().map(buyer)),
                reason: Some("a slip".into()),
            },
            steps::Sales::Refund { sale, lines, restock } => {
                let (id, lines) = (nth(&self.sales, *sale)?, self.back(lines));
                sales::Command::Refund { id, lines, restock: *restock, reason: None }
            }
            steps::Sales::Void(sale) => sales::Command::Void { id: nth(&self.sales, *sale)? },
        })
    }

    fn with_orders(&self, step: &steps::Orders) -> Option<orders::Command> {
        let code = |code: &usize| CODES[*code].to_owned();
        Some(match step {
            steps::Orders::Place { to, lines, code: with, location } => orders::Command::Place(Box::new(NewOrder {
                customer: Some(customer(*to)),
                lines: self.lines(lines),
                promo_code: with.as_ref().map(code),
                notes: None,
                location: Some(LOCATIONS[*location]),
            })),
            steps::Orders::Checkout { whose, code: with } => orders::Command::Checkout {
                user: user(*whose),
                customer: Some(customer(*whose)),
                promo_code: with.as_ref().map(code),
                notes: Some("ring".into()),
            },
            steps::Orders::Quote { lines, whose, code: with } => orders::Command::Quote {
                quoted: match lines {
                    Some(lines) => QuoteSubject::Lines(self.lines(lines)),
                    None => QuoteSubject::Cart(user(*whose)),
                },
                customer: Some(customer(*whose)),
                promo_code: with.as_ref().map(code),
            },
            steps::Orders::EditOrder { order, lines, code: with } => {
                let lines = lines.as_ref().map(|lines| self.lines(lines));
                let promo_code = with.map(|with| with.as_ref().map(code));
                let patch = Box::new(OrderPatch { lines, promo_code, notes: None });
                orders::Command::Edit { id: nth(&self.orders, *order)?, patch }
            }
            steps::Orders::Move { order, to } => {
                orders::Command::Step { id: nth(&self.orders, *order)?, step: *to, reason: Some("because".into()) }
            }
            steps::Orders::Advance(order) => {
                let id = nth(&self.orders, *order)?;
                let step = match self.shop.book().orders.orders.get(&id)?.status {
                    OrderStatus::Pending => To::Accept,
                    OrderStatus::Accepted => To::Ship,
                    OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Rejected | OrderStatus::Cancelled => {
                        To::Deliver
                    }
                };
                orders::Command::Step { id, step, reason: None }
            }
            steps::Orders::DeleteOrder(order) => orders::Command::Delete { id: nth(&self.orders, *order)? },
            steps::Orders::Return { order, lines, restock } => {
                let (id, lines) = (nth(&self.orders, *order)?, self.back(lines));
                orders::Command::Return { id, lines, restock: *restock, reason: None }
            }
        })
    }

    fn with_tills(&mut self, step: &steps::Pos) -> Option<pos::Command> {
        let external = |n: usize| format!("external-{n}");
        Some(match step {
            steps::Pos::Report { till, changes, under_old_id } => {
                let report = |by: i32, ago: Option<i64>| Report::Change {
                    change: Delta::from_hundred_thousandths(i64::from(by) * 10_000),
                    occurred_at: ago.map(|ago| self.now.plus_seconds(-ago)),
                    reason: None,
                };
                let line = |(named, by, ago): &(Named, i32, Option<i64>)| self.line(*named, report(*by, *ago));
                let lines = changes.iter().map(line).collect();
                pos::Command::Apply(self.delivery(TILLS[*till], lines, *under_old_id))
            }
            steps::Pos::ReportCounts { till, counts } => {
                let report = |n: u32, ago: Option<i64>| Report::Count {
                    counted: tenths(n),
                    counted_at: ago.map(|ago| self.now.plus_seconds(-ago)),
                };
                let line = |(named, n, ago): &(Named, u32, Option<i64>)| self.line(*named, report(*n, *ago));
                let lines = counts.iter().map(line).collect();
                pos::Command::Apply(self.delivery(TILLS[*till], lines, None))
            }
            steps::Pos::Redeliver(n) => {
                let refused = self.refused().filter(|_| n % 3 > 0);
                let again = refused.or_else(|| self.deliveries.get(n % self.deliveries.len().max(1)))?;
                pos::Command::Apply(Arc::clone(again))
            }
            steps::Pos::Retry(event) => pos::Command::Retry { id: nth(&self.events, *event)? },
            steps::Pos::Dismiss(event) => pos::Command::Dismiss { id: nth(&self.events, *event)?, reason: None },
            steps::Pos::Map { till, external: n, product } => {
                let (connection, product) = (TILLS[*till], nth(&self.products, *product)?);
                pos::Command::Map { connection, external_id: external(*n), product }
            }
            steps::Pos::Unmap { till, external: n } => {
                pos::Command::Unmap { connection: TILLS[*till], external_id: external(*n) }
            }
        })
    }

    /// The last delivery that was refused.
    fn refused(&self) -> Option<&Arc<WebhookDelivery>> {
        let shelves = &self.shop.book().pos;
        let status = |delivery: &WebhookDelivery| {
            let id = shelves.event_ids.get(&(delivery.connection, delivery.webhook_id.clone()));
            id.and_then(|id| shelves.events.get(id)).map(|event| event.status)
        };
        self.deliveries.iter().rfind(|delivery| status(delivery) == Some(PosEventStatus::Refused))
    }

    /// Which product a delivery's first line means.
    fn meant(&self, delivery: &WebhookDelivery) -> Option<ProductId> {
        let book = self.shop.book();
        match &delivery.lines.first()?.product {
            Reference::Product(id) => Some(*id),
            Reference::Sku(sku) => book.catalogue.skus.get(&text::fold(sku)).copied(),
            Reference::External(id) => book.pos.mappings.get(&(delivery.connection, id.trim().to_owned())).copied(),
        }
    }

    fn line(&self, named: Named, report: Report) -> PosEventLine {
        let product = match named {
            Named::Id(n) => Reference::Product(self.products[n % self.products.len()]),
            Named::Sku(n) => sku(&SKUS[n].to_lowercase()),
            Named::External(n) => external(&format!("external-{n} ")),
        };
        PosEventLine { product, report }
    }

    /// A delivery as it would come, under an id of its own or, by a fault of the sender, under one that was used before.
    fn delivery(
        &mut self,
        till: PosConnectionId,
        lines: Vec<PosEventLine>,
        under_old_id: Option<usize>,
    ) -> Arc<WebhookDelivery> {
        let webhook_id = format!("e{}", under_old_id.unwrap_or(self.deliveries.len()));
        let Command::Pos(pos::Command::Apply(made)) = delivery(&webhook_id, lines) else { unreachable!() };
        let made = Arc::new(WebhookDelivery { connection: till, ..(*made).clone() });
        self.deliveries.push(Arc::clone(&made));
        made
    }
}

/// Puts something into a cart.
pub fn fill(shop: &mut memory::Shop, entry: &Entry) {
    if let Entry::Filled { user, item, code, now } = entry {
        shop.put_cart_item(*user, item, *now).unwrap();
        shop.set_cart_promo(*user, *code, *now).unwrap();
    }
}
