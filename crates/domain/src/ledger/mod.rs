//! The only door through which stock changes.
//!
//! Whoever keeps the books loads what a [`Command`] [needs](Needs) into a [`Book`], asks [`decide`], and either gets [`Effects`] to keep,
//! all of them or none, or a [`Refusal`] that changed nothing. [`Book::apply`] is the only thing that changes a book, and it cannot fail.
//! So many commands can be decided one after the other from plain memory, and kept in one transaction.
//!
//! `decide` is pure: the same book, command and inputs give the same effects. It knows no clock and makes no ids; both are [`Inputs`].

mod book;
mod lines;
mod needs;
mod orders;
mod pos;
mod products;
mod refusal;
mod sales;
mod stock;

pub use book::{Book, CustomerCard};
pub use needs::Needs;
pub use refusal::{Refusal, Shortage, Unavailable};

use crate::{
    catalogue::{Product, ProductPatch},
    identity::Principal,
    ids::{ConnectionId, CustomerId, EventId, LineId, LocationId, OrderId, ProductId, PromoId, SaleId, UserId},
    instant::Instant,
    money::Price,
    orders::{Order, Step},
    pos::{Delivery, Event},
    quantity::{Delta, Quantity},
    sales::{Buyer, Sale},
    stock::{Location, Movement},
};
use std::sync::Arc;
use uuid::Uuid;

/// How far ahead a caller's clock may be, in seconds.
pub const CLOCK_TOLERANCE_SECONDS: i64 = 300;

/// The most of one product that may be on hand at one location: 10^10, so that no sum of figures overflows.
pub const MAX_ON_HAND: i64 = 10_000_000_000 * 100_000;

/// One line of a request to sell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SellLine {
    /// Which line of the sale, when correcting.
    pub line: Option<LineId>,
    /// What; may be left out where `line` says it.
    pub product: Option<ProductId>,
    /// How much.
    pub quantity: Quantity,
    /// At another price than the product's.
    pub unit_price: Option<Price>,
}

/// One line of a request to take goods back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundLine {
    /// Which line.
    pub line: Option<LineId>,
    /// Or what, where only one line sold it.
    pub product: Option<ProductId>,
    /// How much.
    pub quantity: Quantity,
}

/// An order to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewOrder {
    /// For whom. Who asks puts the caller's own customer here where they named none; `None`: they have none.
    pub customer: Option<CustomerId>,
    /// What.
    pub lines: Vec<SellLine>,
    /// With which promo code.
    pub promo_code: Option<String>,
    /// The customer's words.
    pub notes: Option<String>,
    /// From where; `None`: the default location.
    pub location: Option<LocationId>,
}

/// What to change of an order; `Some(None)` empties a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderPatch {
    /// All lines it shall have.
    pub lines: Option<Vec<SellLine>>,
    /// With which promo code.
    pub promo_code: Option<Option<String>>,
    /// The customer's words.
    pub notes: Option<Option<String>>,
}

/// Documents that have a short number for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series {
    /// Of sales.
    Sales,
    /// Of orders.
    Orders,
}

/// What somebody wants done.
#[derive(Debug, Clone)]
pub enum Command {
    /// Add a product, with its first stock at the default location.
    AddProduct {
        /// As parsed from its form.
        product: Arc<Product>,
        /// How much there is; `None` books nothing.
        initial_quantity: Option<Quantity>,
    },
    /// Change a product.
    EditProduct {
        /// Which.
        id: ProductId,
        /// What of it.
        patch: Box<ProductPatch>,
    },
    /// Take a product out of every list.
    RemoveProduct {
        /// Which.
        id: ProductId,
    },
    /// Take a location out of use.
    RemoveLocation {
        /// Which.
        id: LocationId,
    },
    /// Change what is on hand, with a reason.
    Adjust {
        /// Of what.
        product: ProductId,
        /// Where; `None`: the default location.
        location: Option<LocationId>,
        /// Not zero.
        change: Delta,
        /// Somebody's words, not empty.
        reason: String,
    },
    /// Book the difference that a count found.
    Count {
        /// Of what.
        product: ProductId,
        /// Where; `None`: the default location.
        location: Option<LocationId>,
        /// What was found.
        counted: Quantity,
        /// When; `None`: now.
        counted_at: Option<Instant>,
    },
    /// Sell over the counter.
    RecordSale {
        /// What.
        lines: Vec<SellLine>,
        /// To whom.
        buyer: Option<Buyer>,
        /// From where; `None`: the default location.
        location: Option<LocationId>,
        /// When; `None`: now.
        occurred_at: Option<Instant>,
    },
    /// Correct a sale: what is given replaces what was written.
    CorrectSale {
        /// Which.
        id: SaleId,
        /// All lines it shall have.
        lines: Option<Vec<SellLine>>,
        /// Who bought; `Some(None)`: nobody known.
        buyer: Option<Option<Buyer>>,
        /// Somebody's words.
        reason: Option<String>,
    },
    /// Take goods of a sale back and the money with them.
    RefundSale {
        /// Which.
        id: SaleId,
        /// What of it.
        lines: Vec<RefundLine>,
        /// Do the goods go back to stock?
        restock: bool,
        /// Somebody's words.
        reason: Option<String>,
    },
    /// Undo a sale, once.
    VoidSale {
        /// Which.
        id: SaleId,
    },
    /// Apply what a till reports, once.
    ApplyPosEvent(Arc<Delivery>),
    /// Judge a refused or held delivery again.
    RetryPosEvent {
        /// Which.
        id: EventId,
    },
    /// Decide that a refused or held delivery shall not be applied.
    DismissPosEvent {
        /// Which.
        id: EventId,
        /// Somebody's words.
        reason: Option<String>,
    },
    /// Say which of our products a till's product is; deliveries that waited for it are judged again, in order.
    MapProduct {
        /// Whose.
        connection: ConnectionId,
        /// The till's id of it.
        external_id: String,
        /// Ours.
        product: ProductId,
    },
    /// Take that back.
    UnmapProduct {
        /// Whose.
        connection: ConnectionId,
        /// The till's id of it.
        external_id: String,
    },
    /// Place an order: its goods are reserved.
    PlaceOrder(Box<NewOrder>),
    /// Place what is in a cart, and empty it.
    Checkout {
        /// Whose cart.
        user: UserId,
        /// Their own customer; `None`: they have none.
        customer: Option<CustomerId>,
        /// With which promo code; `None`: the cart's.
        promo_code: Option<String>,
        /// The customer's words.
        notes: Option<String>,
    },
    /// Change an order while it is pending.
    EditOrder {
        /// Which.
        id: OrderId,
        /// What of it.
        patch: Box<OrderPatch>,
    },
    /// Take an order one step on.
    StepOrder {
        /// Which.
        id: OrderId,
        /// Where to.
        step: Step,
        /// Somebody's words.
        reason: Option<String>,
    },
    /// Cancel an order that is pending; hide one that was rejected or cancelled.
    DeleteOrder {
        /// Which.
        id: OrderId,
    },
    /// Take goods of a delivered order back.
    ReturnOrder {
        /// Which.
        id: OrderId,
        /// What of it.
        lines: Vec<RefundLine>,
        /// Do the goods go back to stock?
        restock: bool,
        /// Somebody's words.
        reason: Option<String>,
    },
}

impl Command {
    /// Roughly how many rows it is about: what a batch is filled by.
    pub fn lines(&self) -> usize {
        match self {
            Self::RecordSale { lines, .. } => lines.len(),
            Self::CorrectSale { lines, .. } => lines.as_ref().map_or(1, Vec::len),
            Self::RefundSale { lines, .. } => lines.len(),
            Self::ApplyPosEvent(delivery) => delivery.lines.len(),
            Self::PlaceOrder(new) => new.lines.len(),
            Self::EditOrder { patch, .. } => patch.lines.as_ref().map_or(1, Vec::len),
            Self::ReturnOrder { lines, .. } => lines.len(),
            // What is in a cart is not known yet; it is seldom more.
            Self::Checkout { .. } => 10,
            Self::AddProduct { .. }
            | Self::EditProduct { .. }
            | Self::RemoveProduct { .. }
            | Self::RemoveLocation { .. }
            | Self::Adjust { .. }
            | Self::Count { .. }
            | Self::VoidSale { .. }
            | Self::RetryPosEvent { .. }
            | Self::DismissPosEvent { .. }
            | Self::MapProduct { .. }
            | Self::UnmapProduct { .. }
            | Self::StepOrder { .. }
            | Self::DeleteOrder { .. } => 1,
        }
    }
}

/// What a decision is given besides the book and the command.
pub struct Inputs<'a> {
    /// The time.
    pub now: Instant,
    /// Who asks.
    pub principal: &'a Principal,
    /// The version the caller has seen, where they said so.
    pub expected_version: Option<i64>,
    /// Makes ids.
    pub new_id: &'a mut dyn FnMut() -> Uuid,
    /// Gives the next number for people, for documents that have one.
    pub next_number: &'a mut dyn FnMut(Series) -> i64,
}

impl Inputs<'_> {
    /// Refuses where the caller has seen another version.
    fn check_version(&self, version: i64) -> Result<(), Refusal> {
        match self.expected_version {
            Some(expected) if expected != version => Err(Refusal::PreconditionFailed),
            _ => Ok(()),
        }
    }
}

/// A thing to keep: new, or in the place of its version before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// Was it not there before?
    pub is_new: bool,
    /// As it is now.
    pub value: Arc<T>,
}

impl<T> Written<T> {
    fn new(value: T) -> Self {
        Self { is_new: true, value: Arc::new(value) }
    }

    fn changed(value: T) -> Self {
        Self { is_new: false, value: Arc::new(value) }
    }
}

/// What a till's product is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Whose.
    pub connection: ConnectionId,
    /// The till's id of it.
    pub external_id: String,
    /// Ours; `None`: no longer mapped.
    pub product: Option<ProductId>,
}

/// A promo code taken by an order, or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redemption {
    /// Which code.
    pub promo: PromoId,
    /// By whom.
    pub customer: CustomerId,
    /// For which order.
    pub order: OrderId,
    /// Taken, or given back?
    pub taken: bool,
    /// When.
    pub at: Instant,
}

/// All that a decision changes, to be kept as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// Rows of the ledger, in order.
    pub movements: Vec<Movement>,
    /// Products added or changed.
    pub products: Vec<Written<Product>>,
    /// Locations changed.
    pub locations: Vec<Written<Location>>,
    /// Sales recorded or changed.
    pub sales: Vec<Written<Sale>>,
    /// Deliveries stored or judged again.
    pub events: Vec<Written<Event>>,
    /// The delivery a new event came with.
    pub delivery: Option<Arc<Delivery>>,
    /// A till's product mapped or no longer mapped.
    pub mapping: Option<Mapping>,
    /// A refusal that is itself kept, as the outcome of a delivery.
    pub refused: Option<Refusal>,
    /// Orders placed or changed.
    pub orders: Vec<Written<Order>>,
    /// Promo codes taken or given back, in this order.
    pub redemptions: Vec<Redemption>,
    /// Whose cart was emptied.
    pub emptied_cart: Option<UserId>,
}

impl Effects {
    /// Is there nothing to keep?
    pub fn is_empty(&self) -> bool {
        self.movements.is_empty()
            && self.products.is_empty()
            && self.locations.is_empty()
            && self.sales.is_empty()
            && self.events.is_empty()
            && self.mapping.is_none()
            && self.orders.is_empty()
    }
}

/// Decides one command by what the book says.
///
/// # Errors
/// A [`Refusal`] that explains itself; nothing has changed then.
pub fn decide(book: &Book, command: &Command, inputs: &mut Inputs<'_>) -> Result<Effects, Refusal> {
    match command {
        Command::AddProduct { product, initial_quantity } => products::add(book, product, *initial_quantity, inputs),
        Command::EditProduct { id, patch } => products::edit(book, *id, patch, inputs),
        Command::RemoveProduct { id } => products::remove(book, *id, inputs),
        Command::RemoveLocation { id } => stock::remove_location(book, *id, inputs),
        Command::Adjust { product, location, change, reason } => {
            stock::adjust(book, *product, *location, *change, reason, inputs)
        }
        Command::Count { product, location, counted, counted_at } => {
            stock::count(book, *product, *location, *counted, *counted_at, inputs)
        }
        Command::RecordSale { lines, buyer, location, occurred_at } => {
            sales::record(book, lines, buyer.as_ref(), *location, *occurred_at, inputs)
        }
        Command::CorrectSale { id, lines, buyer, reason } => {
            sales::correct(book, *id, lines.as_deref(), buyer.as_ref(), reason.as_deref(), inputs)
        }
        Command::RefundSale { id, lines, restock, reason } => {
            sales::refund(book, *id, lines, *restock, reason.as_deref(), inputs)
        }
        Command::VoidSale { id } => sales::void(book, *id, inputs),
        Command::ApplyPosEvent(delivery) => pos::apply(book, delivery, inputs),
        Command::RetryPosEvent { id } => pos::retry(book, *id, inputs),
        Command::DismissPosEvent { id, reason } => pos::dismiss(book, *id, reason.as_deref(), inputs),
        Command::MapProduct { connection, external_id, product } => {
            pos::map(book, *connection, external_id, *product, inputs)
        }
        Command::UnmapProduct { connection, external_id } => pos::unmap(book, *connection, external_id),
        Command::PlaceOrder(new) => orders::place(book, new, inputs),
        Command::Checkout { user, customer, promo_code, notes } => {
            orders::checkout(book, (*user, *customer), promo_code.as_deref(), notes.as_deref(), inputs)
        }
        Command::EditOrder { id, patch } => orders::edit(book, *id, patch, inputs),
        Command::StepOrder { id, step, reason } => orders::take_step(book, *id, *step, reason.as_deref(), inputs),
        Command::DeleteOrder { id } => orders::delete(book, *id, inputs),
        Command::ReturnOrder { id, lines, restock, reason } => {
            orders::give_back(book, *id, (lines, *restock), reason.as_deref(), inputs)
        }
    }
}
