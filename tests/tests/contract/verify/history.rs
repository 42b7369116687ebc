//! A shop in which everything has happened that can: each kind of document in each of its states.

use crate::{
    Kept, a_customer, at, eur, new_id, now,
    ordering::{Shopper, lines},
    verify::names::Names,
};
use std::sync::Arc;
use tradepost_domain::{
    catalogue::{ProductForm, ProductPatch},
    identity::Principal,
    ids::{LocationId, OrderId, PosConnectionId, PosEventId, ProductId, SaleId},
    instant::Instant,
    ledger::{Command, Effects, RefundLine, SellLine, catalogue, orders, pos, sales, stock},
    orders::Step,
    pos::{
        KeptSecrets, OnShortage, PosConnection, PosConnectionPatch, PosEventLine, Reference, Report, WebhookDelivery,
    },
    promos::PromoPatch,
    quantity::Quantity,
    repository::{PosConnections, Promos, Repository},
    sales::Buyer,
    stock::Location,
};
use tradepost_store::{Answer, Keyed, Session, StoreError, Submission};

const TWO_HOURS: i64 = 7_200;

fn quantity(text: &str) -> Quantity {
    text.parse().expect("a quantity")
}

pub(super) struct History<'a> {
    kept: &'a Kept,
    names: Names,
}

impl History<'_> {
    /// Answers what everything that sentences name is called.
    pub(super) async fn tell(kept: &Kept) -> Names {
        let mut history = History { kept, names: Names::default() };
        history.goods().await;
        history.sales().await;
        history.orders().await;
        history.deliveries().await;
        history.removals().await;
        history.names
    }

    async fn submit(&self, command: Command) {
        self.kept.submit(command).await;
    }

    fn id(&self, name: &str) -> uuid::Uuid {
        self.names.id(name)
    }

    fn product(&self, sku: &str) -> ProductId {
        ProductId::from_uuid(self.id(sku))
    }

    fn place(&self, name: &str) -> LocationId {
        LocationId::from_uuid(self.id(name))
    }

    /// Added two hours ago, so that it is certain what its SKU has meant since.
    async fn add(&mut self, sku: &str, price: &str, stock: &str, unit: Option<(&str, u8)>) {
        let id = ProductId::from_uuid(new_id());
        let rest = ProductPatch {
            price: Some(price.to_owned()),
            unit: unit.map(|(unit, _)| unit.to_owned()),
            unit_decimals: unit.map(|(_, decimals)| decimals),
            ..ProductPatch::default()
        };
        let form = ProductForm { sku: sku.to_owned(), name: format!("Name of {sku}"), rest };
        let product = Arc::new(form.parse(id, eur(), now().plus_seconds(-TWO_HOURS)).expect("a product"));
        let add = catalogue::Command::Add { product, initial_quantity: Some(quantity(stock)) };
        self.submit(Command::Catalogue(add)).await;
        self.names.add(sku, id.uuid());
    }

    async fn goods(&mut self) {
        self.names.find(self.kept, "main", "SELECT id FROM locations WHERE code = 'main'");
        for code in ["back", "gone"] {
            let id = LocationId::from_uuid(new_id());
            let location = Location::new(id, code, &format!("Name of {code}"), now()).expect("a location");
            self.kept.write(move |s| s.add(&location)).await.expect("it is kept");
            self.names.add(code, id.uuid());
        }
        let each = [
            ("TEA", "2.50", "100"),
            ("MILK", "1.00", "50"),
            ("OLD", "4.00", "2"),
            ("CAKE", "1.00", "100"),
            ("PIE", "1.00", "5"),
            ("SODA", "1.50", "50"),
            ("BREAD", "1.50", "50"),
            ("BUN", "1.50", "50"),
            ("SOAP", "1.50", "50"),
            ("JAM", "1.50", "50"),
        ];
        for (sku, price, stock) in each {
            self.add(sku, price, stock, None).await;
        }
        self.add("RICE", "3.00", "20.5", Some(("kg", 3))).await;
        for (sku, place, change) in
            [("MILK", "back", "10"), ("MILK", "main", "-1"), ("TEA", "gone", "2"), ("TEA", "gone", "-2")]
        {
            let change = change.parse().expect("a change");
            let (product, location) = (self.product(sku), Some(self.place(place)));
            let reason = "moved by hand".to_owned();
            self.submit(Command::Stock(stock::Command::Adjust { product, location, change, reason })).await;
        }
    }

    async fn sell(&mut self, name: &str, sold: &[(&str, &str)], buyer: Option<Buyer>, key: Option<Keyed>) {
        let wanted: Vec<_> = sold.iter().map(|(sku, quantity)| (self.product(sku), *quantity)).collect();
        let new = sales::NewSale { lines: lines(&wanted), buyer, ..Default::default() };
        let command = Command::Sales(sales::Command::Record(new));
        let answer = |effects: &Effects| {
            let location = effects.sales.sales.first().map(|sale| format!("/api/v1/sales/{}", sale.value.id));
            Answer { status: 201, location, ..Answer::default() }
        };
        let principal = Principal::system();
        let submission = Submission { command, principal, key, expected_version: None, answer: Box::new(answer) };
        let done = self.kept.store.ledger().submit(submission).await.expect("it is sold");
        let location = done.answer.location.expect("its address");
        self.names.add(name, location.trim_start_matches("/api/v1/sales/").parse().expect("its id"));
    }

    async fn refund(&self, sale: &str, sku: &str, of_it: &str, restock: bool) {
        let id = SaleId::from_uuid(self.id(sale));
        let lines = vec![RefundLine { line: None, product: Some(self.product(sku)), quantity: quantity(of_it) }];
        self.submit(Command::Sales(sales::Command::Refund { id, lines, restock, reason: None })).await;
    }

    async fn sales(&mut self) {
        let eve = a_customer("eve", None);
        let (buyer, customer) = (Some(Buyer::Customer(eve.id)), eve.clone());
        let key = |key: &str| Keyed { principal: "user:1".to_owned(), key: key.to_owned(), fingerprint: [7; 32] };
        let make = move |s: &mut Session<'_>| -> Result<Answer, StoreError> {
            s.add(&customer)?;
            let location = Some(format!("/api/v1/customers/{}", customer.id));
            Ok(Answer { status: 201, location, ..Answer::default() })
        };
        self.kept.store.write(Some(key("customer")), make).await.expect("she is kept");
        self.names.add("eve", eve.id.uuid());
        self.sell("s1", &[("TEA", "3"), ("MILK", "2")], buyer, Some(key("sale"))).await;
        self.sell("s2", &[("TEA", "5")], None, None).await;
        let id = SaleId::from_uuid(self.id("s2"));
        let corrected = vec![SellLine {
            line: None,
            product: Some(self.product("TEA")),
            quantity: quantity("4"),
            unit_price: None,
        }];
        let correct = sales::Command::Correct { id, lines: Some(corrected), buyer: None, reason: None };
        self.submit(Command::Sales(correct)).await;
        self.sell("s3", &[("TEA", "6")], None, None).await;
        self.refund("s3", "TEA", "2", true).await;
        self.refund("s3", "TEA", "1", false).await;
        self.sell("s4", &[("RICE", "1.125")], None, None).await;
        self.refund("s4", "RICE", "1.125", true).await;
        self.sell("s5", &[("TEA", "2")], None, None).await;
        let id = SaleId::from_uuid(self.id("s5"));
        self.submit(Command::Sales(sales::Command::Void { id })).await;
        self.sell("s6", &[("MILK", "1")], Some(Buyer::Named("Sam".to_owned())), None).await;
    }

    async fn order(&mut self, name: &str, who: &Shopper, wanted: &[(&str, &str)], promo: Option<&str>) -> OrderId {
        let wanted: Vec<_> = wanted.iter().map(|(sku, quantity)| (self.product(sku), *quantity)).collect();
        let id = self.kept.place(who, &wanted, promo).await;
        self.names.add(name, id.uuid());
        id
    }

    async fn promo(&mut self, code: &str, change: impl FnOnce(&mut PromoPatch)) {
        let id = self.kept.a_promo(code, "10", change).await;
        self.names.add(code, id.uuid());
    }

    async fn orders(&mut self) {
        let kept = self.kept;
        let (ann, bob) = (kept.a_shopper("ann").await, kept.a_shopper("bob").await);
        self.names.add("ann", ann.customer.uuid());
        self.names.add("bob", bob.customer.uuid());
        self.promo("TEN", |form| form.usage_limit = Some(Some(3))).await;
        self.promo("LOW", |_| ()).await;
        self.order("o1", &ann, &[("CAKE", "4")], Some("ten")).await;
        let id = self.order("o2", &ann, &[("CAKE", "3")], None).await;
        kept.steps(id, &[Step::Accept]).await;
        let id = self.order("o3", &ann, &[("CAKE", "1")], Some("ten")).await;
        kept.steps(id, &[Step::Reject]).await;
        kept.shop(Command::Orders(orders::Command::Delete { id })).await.expect("it is hidden");
        let id = self.order("o4", &bob, &[("CAKE", "1")], None).await;
        kept.steps(id, &[Step::Accept, Step::Cancel]).await;
        let id = self.order("o5", &bob, &[("CAKE", "5"), ("RICE", "0.25")], None).await;
        kept.steps(id, &[Step::Accept, Step::Ship]).await;
        let id = self.order("o6", &ann, &[("CAKE", "6")], None).await;
        kept.steps(id, &[Step::Accept, Step::Ship, Step::Deliver]).await;
        for (of_it, restock) in [("2", true), ("1", false)] {
            let lines = vec![RefundLine { line: None, product: Some(self.product("CAKE")), quantity: quantity(of_it) }];
            let give_back = orders::Command::Return { id, lines, restock, reason: None };
            kept.shop(Command::Orders(give_back)).await.expect("it is taken back");
        }
        let id = self.order("o7", &bob, &[("CAKE", "2"), ("RICE", "1")], None).await;
        let wanted = Some(lines(&[(self.product("CAKE"), "3")]));
        let patch = orders::OrderPatch { lines: wanted, promo_code: Some(Some("TEN".to_owned())), notes: None };
        let edit = orders::Command::Edit { id, patch: Box::new(patch) };
        kept.shop(Command::Orders(edit)).await.expect("it is changed");
        for name in ["o8", "o9"] {
            self.order(name, &ann, &[("CAKE", "1")], Some("LOW")).await;
        }
        // What was promised stays, whatever becomes of the code.
        let lower =
            PromoPatch { usage_limit: Some(Some(1)), per_customer_limit: Some(Some(1)), ..PromoPatch::default() };
        let lower = move |s: &mut Session<'_>| {
            let mut promo = s.promo_by_code("low")?.expect("the code");
            promo.edit(&lower, eur(), now()).expect("lower limits");
            s.update(&promo)
        };
        kept.write(lower).await.expect("the limits are lowered");
        self.order("o10", &bob, &[("PIE", "5")], None).await;
    }

    async fn connect(&mut self, name: &str, on_shortage: OnShortage) {
        let id = PosConnectionId::from_uuid(new_id());
        let form = PosConnectionPatch { name: Some(name.to_owned()), location: None, on_shortage: Some(on_shortage) };
        let connection = PosConnection::new(id, &form, now()).expect("a connection");
        self.kept
            .write(move |s| {
                s.add(&connection)
                    .and_then(|()| s.set_connection_secrets(connection.id, &KeptSecrets::first("secret".to_owned())))
            })
            .await
            .expect("it is kept");
        self.names.add(name, id.uuid());
    }

    async fn map(&self, external_id: &str, sku: &str) {
        let connection = PosConnectionId::from_uuid(self.id("till"));
        let product = self.product(sku);
        let map = pos::Command::Map { connection, external_id: external_id.to_owned(), product };
        self.submit(Command::Pos(map)).await;
    }

    async fn deliver(&mut self, name: &str, from: &str, lines: Vec<PosEventLine>) {
        let delivery = WebhookDelivery {
            connection: PosConnectionId::from_uuid(self.id(from)),
            webhook_id: name.to_owned(),
            body_hash: [1; 32],
            body: b"{}".to_vec(),
            headers: "{}".to_owned(),
            lines,
        };
        self.submit(Command::Pos(pos::Command::Apply(Arc::new(delivery)))).await;
        self.names.find(self.kept, name, &format!("SELECT id FROM pos_events WHERE webhook_id = '{name}'"));
    }

    /// `sku` says how the till names it: `id:TEA` by our id, `sku:TEA` by its SKU, anything else is the till's own.
    fn named(&self, name: &str) -> Reference {
        match name.split_once(':') {
            Some(("id", sku)) => Reference::Product(self.product(sku)),
            Some(("sku", sku)) => Reference::Sku(sku.to_owned()),
            _ => Reference::External(name.to_owned()),
        }
    }

    fn change(&self, name: &str, change: &str, occurred_at: Option<Instant>) -> PosEventLine {
        let report = Report::Change { change: change.parse().expect("a change"), occurred_at, reason: None };
        PosEventLine { product: self.named(name), report }
    }

    fn count(&self, name: &str, counted: &str, counted_at: Option<Instant>) -> PosEventLine {
        PosEventLine { product: self.named(name), report: Report::Count { counted: quantity(counted), counted_at } }
    }

    async fn deliveries(&mut self) {
        self.connect("till", OnShortage::Hold).await;
        self.connect("web", OnShortage::Refuse).await;
        self.map("soap-1", "SOAP").await;
        let then = now();
        let changes = vec![
            self.change("id:SODA", "-2", None),
            self.change("sku:bread", "-1", Some(at(then.micros() - 5))),
            self.change("soap-1", "-3", None),
            self.change("sku:JAM", "-4", None),
        ];
        self.deliver("e1", "till", changes).await;
        self.deliver("e2", "web", vec![self.change("id:SODA", "-1000", None)]).await;
        self.deliver("e3", "till", vec![self.change("nobody-knows", "-1", None), self.change("id:SODA", "-1", None)])
            .await;
        self.deliver("e4", "till", vec![self.change("id:SODA", "-1000", None)]).await;
        let id = PosEventId::from_uuid(self.id("e4"));
        let reason = Some("a mistake".to_owned());
        self.submit(Command::Pos(pos::Command::Dismiss { id, reason })).await;
        self.deliver("e5", "till", vec![self.count("id:SODA", "40", None), self.count("soap-1", "20", None)]).await;
        // Counted before what was sold then: what was sold stays sold.
        let then = now();
        self.deliver("e6", "web", vec![self.change("id:BREAD", "-5", None)]).await;
        self.deliver("e7", "till", vec![self.count("id:BREAD", "30", Some(then))]).await;
        self.deliver("e8", "till", vec![self.change("bun-1", "-7", None)]).await;
        self.map("bun-1", "BUN").await;
        // It has happened: what is promised is no longer there.
        self.deliver("e9", "till", vec![self.change("id:PIE", "-3", None)]).await;
        // What a till or a SKU has meant may change.
        self.map("soap-1", "TEA").await;
        for (from, to) in [("JAM", "JELLY"), ("BUN", "JAM")] {
            let patch = Box::new(ProductPatch { sku: Some(to.to_owned()), ..ProductPatch::default() });
            let rename = catalogue::Command::Edit { id: self.product(from), patch };
            self.submit(Command::Catalogue(rename)).await;
        }
        let product = self.product("MILK");
        for (counted, counted_at) in [("45", Some(now())), ("44", None)] {
            let count = stock::Command::Count { product, location: None, counted: quantity(counted), counted_at };
            self.submit(Command::Stock(count)).await;
        }
    }

    async fn removals(&mut self) {
        self.submit(Command::Catalogue(catalogue::Command::Remove { id: self.product("OLD") })).await;
        self.submit(Command::Stock(stock::Command::RemoveLocation { id: self.place("gone") })).await;
        // A level that was made to be locked.
        let empty =
            "INSERT INTO levels (product_id, location_id, on_hand, reserved, seq) VALUES ({OLD}, {back}, 0, 0, 0)";
        self.kept.tamper(&self.names.as_sql(empty, self.kept.database.engine));
    }
}
