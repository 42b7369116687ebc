//! A whole shop in memory: what embedders start from, what examples and tests use, and what the ledger's databases are compared with.
//!
//! ```
//! use tradepost_domain::{identity::Principal, ledger::{SellLine, sales::NewSale}, memory::Shop, money::Currency};
//!
//! let now = "2026-01-31T12:00:00Z".parse()?;
//! let mut shop = Shop::new(Currency::parse("EUR")?, now);
//! let tea = shop.add_product("TEA", "Tea", "2.50", "10", now)?;
//!
//! let sold = shop.submit(&NewSale::of([SellLine::of(tea, "7".parse()?)]).into(), &Principal::system(), now)?;
//! assert_eq!(sold.sales.sales[0].value.total.to_string(), "17.50");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod explain;
mod look_up;
mod records;
mod replay;
mod repositories;
mod secrets;

pub use records::Record;

use crate::{
    catalogue::{ProductForm, ProductPatch},
    field_errors::FieldErrors,
    identity::{Principal, Token},
    ids::{LocationId, PosConnectionId, ProductId, TokenId, UserId},
    instant::Instant,
    ledger::{
        AuditEntry, Book, Command, Effects, Inputs, Message, NumberSeries, Refusal, Stop, catalogue, decide, gather,
        missing,
    },
    money::Currency,
    pos::{KeptSecrets, RefusedDeliveries, SignatureFault},
    quantity::Quantity,
    stock::{Location, Movement},
};
use records::Tables;
use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::Arc,
};
use uuid::Uuid;

/// A command with who wants it done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Submission {
    /// What is to be done.
    pub command: Command,
    /// Who wants it done.
    pub principal: Principal,
    /// The version the caller has seen, where they said so.
    pub expected_version: Option<i64>,
}

impl Submission {
    /// Whatever version of the document the caller has read.
    pub fn new(command: impl Into<Command>, principal: Principal) -> Self {
        Self { command: command.into(), principal, expected_version: None }
    }

    /// The same, refused unless the document it changes still has this version.
    #[must_use]
    pub fn expecting(self, version: i64) -> Self {
        Self { expected_version: Some(version), ..self }
    }
}

/// A shop in memory. Its ids are made from a seed, so that the same history gives the same shop.
#[derive(Debug, Clone)]
pub struct Shop {
    book: Book,
    movements: Vec<Movement>,
    messages: Vec<Message>,
    audit: Vec<AuditEntry>,
    tables: Tables,
    password_hashes: BTreeMap<UserId, String>,
    tokens: BTreeMap<TokenId, Token>,
    token_uses: BTreeMap<TokenId, Instant>,
    login_failures: BTreeMap<String, (u32, Instant)>,
    secrets: BTreeMap<PosConnectionId, KeptSecrets>,
    refused_deliveries: BTreeMap<(PosConnectionId, SignatureFault), RefusedDeliveries>,
    next_id: u128,
    numbers: HashMap<NumberSeries, i64>,
}

impl Shop {
    /// A shop with nothing in it but its default location, `main`.
    pub fn new(currency: Currency, now: Instant) -> Self {
        Self::seeded(currency, now, 1)
    }

    /// The same, with ids that start elsewhere.
    pub fn seeded(currency: Currency, now: Instant, seed: u64) -> Self {
        let mut next_id = u128::from(seed) << 64;
        let home = LocationId::from_uuid(next(&mut next_id));
        let mut book = complete(Book::new(currency, home));
        let main = Location {
            id: home,
            code: "main".to_owned(),
            name: "Main".to_owned(),
            is_default: true,
            removed_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        book.stock.locations.enter(home, Some(Arc::new(main)));
        Self {
            book,
            movements: Vec::new(),
            messages: Vec::new(),
            audit: Vec::new(),
            tables: Tables::default(),
            password_hashes: BTreeMap::new(),
            tokens: BTreeMap::new(),
            token_uses: BTreeMap::new(),
            login_failures: BTreeMap::new(),
            secrets: BTreeMap::new(),
            refused_deliveries: BTreeMap::new(),
            next_id,
            numbers: HashMap::new(),
        }
    }

    /// Decides a command and keeps its effects.
    ///
    /// # Errors
    /// The refusal; nothing has changed then.
    ///
    /// # Panics
    /// Where a rule requires more than it said it would: a fault of the rule.
    #[expect(clippy::expect_used, reason = "to go on would be to call it accepted")]
    pub fn submit(&mut self, command: &Command, principal: &Principal, now: Instant) -> Result<Effects, Refusal> {
        let submission = Submission::new(command.clone(), principal.clone());
        let settled = self.submit_batch(&[submission], now).pop();
        settled.expect("a rule requires no more than it said it would")
    }

    /// What a command would come to. Nothing is kept.
    ///
    /// # Errors
    /// The refusal.
    pub fn dry_run(&self, command: &Command, principal: &Principal, now: Instant) -> Result<Effects, Refusal> {
        self.clone().submit(command, principal, now)
    }

    /// Decides commands one after the other from one book, as a batch of the ledger is, and keeps their effects. Answers what became of
    /// each that was settled: all of them, unless one misses what an earlier one made relevant; then the batch ends before it.
    pub fn submit_batch(&mut self, batch: &[Submission], now: Instant) -> Vec<Result<Effects, Refusal>> {
        let mut book = Book::new(self.book.currency(), self.book.default_location());
        let ask = |book: &Book, n: usize| {
            let Submission { command, principal, expected_version } = batch.get(n)?;
            missing(book, (command, principal, *expected_version), now)
        };
        let loaded = gather(&mut book, batch.len(), ask, |book, _, wanted| {
            self.look_up(wanted, book);
            Ok::<(), Infallible>(())
        });
        let Ok(()) = loaded;
        let mut answers = Vec::with_capacity(batch.len());
        for submission in batch {
            let decided = self.decide(&book, submission, now);
            match decided {
                Ok(effects) => {
                    book.apply(&effects);
                    self.keep(&effects);
                    answers.push(Ok(effects));
                }
                Err(Stop::Refused(refusal)) => answers.push(Err(refusal)),
                // Nobody shares these books, so nothing is ever stale.
                Err(Stop::Missing(_) | Stop::Stale) => break,
            }
        }
        answers
    }

    fn decide(&mut self, book: &Book, submission: &Submission, now: Instant) -> Result<Effects, Stop> {
        let (next_id, numbers) = (&mut self.next_id, &mut self.numbers);
        let mut inputs = Inputs {
            now,
            principal: &submission.principal,
            expected_version: submission.expected_version,
            new_id: &mut || next(next_id),
            next_number: &mut |series| {
                assert_eq!(submission.command.series(), Some(series), "a command that takes a number says so");
                let number = numbers.entry(series).or_insert(0);
                *number = number.saturating_add(1);
                *number
            },
        };
        decide(book, &submission.command, &mut inputs)
    }

    fn keep(&mut self, effects: &Effects) {
        self.book.apply(effects);
        self.movements.extend_from_slice(effects.movements());
        self.messages.extend_from_slice(&effects.messages);
        self.audit.extend_from_slice(&effects.audit);
    }

    /// The books. They are complete but for what can be told from the rest: where a product has levels, the history of a level, what waits
    /// for a mapping, how often a customer holds a code.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// Every row of the ledger, in the order they were booked.
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }

    /// What is to be delivered, in the order it was decided.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The audit log: who did what, in the order it was decided.
    pub fn audit(&self) -> &[AuditEntry] {
        &self.audit
    }

    /// A new id, of the same series as all others of this shop.
    pub fn new_id(&mut self) -> Uuid {
        next(&mut self.next_id)
    }

    /// Adds a product with its first stock, all in words. Its effects are not answered: who keeps a journal of effects submits
    /// [`catalogue::Command::Add`] instead.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add_product(
        &mut self,
        sku: &str,
        name: &str,
        price: &str,
        on_hand: &str,
        now: Instant,
    ) -> Result<ProductId, Refusal> {
        let rest = ProductPatch { price: Some(price.to_owned()), ..ProductPatch::default() };
        let form = ProductForm { sku: sku.to_owned(), name: name.to_owned(), rest };
        let id = ProductId::from_uuid(self.new_id());
        let product = Arc::new(form.parse(id, self.book.currency(), now)?);
        let on_hand: Result<Quantity, _> = on_hand.parse();
        let on_hand = on_hand.map_err(|error| FieldErrors::one("/initial_quantity", "invalid", error))?;
        let initial_quantity = Some(on_hand).filter(|quantity| !quantity.is_zero());
        let command = Command::Catalogue(catalogue::Command::Add { product, initial_quantity });
        self.submit(&command, &Principal::system(), now)?;
        Ok(id)
    }
}

fn next(next_id: &mut u128) -> Uuid {
    *next_id += 1;
    Uuid::from_u128(*next_id)
}

/// The book with every shelf complete that is not told from the others.
fn complete(mut book: Book) -> Book {
    use crate::ledger::{Shelf, catalogue, customers, orders, pos, sales, stock};
    book.catalogue = catalogue::Shelves {
        products: Shelf::complete(),
        products_to_change: Shelf::complete(),
        skus: Shelf::complete(),
        names: Shelf::complete(),
        categories: Shelf::complete(),
    };
    book.stock = stock::Shelves {
        locations: Shelf::complete(),
        locations_to_change: Shelf::complete(),
        levels: Shelf::complete(),
        levels_of: Shelf::default(),
        levels_at: Shelf::default(),
        histories: Shelf::default(),
    };
    book.customers = customers::Shelves { summaries: Shelf::complete() };
    book.sales = sales::Shelves { sales: Shelf::complete() };
    book.orders = orders::Shelves {
        orders: Shelf::complete(),
        carts: Shelf::complete(),
        promo_codes: Shelf::complete(),
        promos: Shelf::complete(),
        redemptions: Shelf::default(),
    };
    book.pos = pos::Shelves {
        owners: Shelf::complete(),
        connections: Shelf::complete(),
        connections_to_change: Shelf::complete(),
        event_ids: Shelf::complete(),
        waiting: Shelf::default(),
        events: Shelf::complete(),
        mappings: Shelf::complete(),
        event_movements: Shelf::complete(),
    };
    book
}
