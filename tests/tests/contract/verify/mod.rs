//! `verify` names every corruption: a table of what can be done to the books behind the program's back, and the sentences it must say.

mod database_cases;
mod history;
mod names;
mod order_cases;
mod pos_cases;
mod sale_cases;
mod stock_cases;

use crate::{Kept, on_each_engine, sources};
use history::History;
use names::Names;
use std::collections::BTreeSet;
use tradepost_store::{CheckName, Store, StoreConfig, checks};
use tradepost_tests::{Database, Engine, sql};

/// One corruption, and all that must be said of it: the name of a check and its sentence, in words as [`Names::as_words`] makes them.
struct Case {
    statement: String,
    says: Vec<(&'static str, String)>,
    /// Only there: the other has no such thing.
    only_on: Option<Engine>,
}

impl Case {
    /// A corruption of which one check says one thing.
    fn new(check: &'static str, statement: impl Into<String>, sentence: &str) -> Case {
        Case { statement: statement.into(), says: vec![(check, sentence.to_owned())], only_on: None }
    }

    fn only_on(self, engine: Engine) -> Case {
        Case { only_on: Some(engine), ..self }
    }

    /// It is said too.
    fn and(mut self, check: &'static str, sentence: &str) -> Case {
        self.says.push((check, sentence.to_owned()));
        self
    }

    /// A rule of this table's own is broken as well, which SQLite tells when the file is looked over.
    fn breaking(self, table: &str) -> Vec<Case> {
        let words = format!("the database file is damaged: CHECK constraint failed in {table}.");
        let on_postgres =
            Case { statement: self.statement.clone(), says: self.says.clone(), only_on: Some(Engine::Postgres) };
        vec![on_postgres, self.only_on(Engine::Sqlite).and("database.file", &words)]
    }
}

impl From<Case> for Vec<Case> {
    fn from(case: Case) -> Vec<Case> {
        vec![case]
    }
}

fn all_cases() -> Vec<Case> {
    [
        database_cases::cases(),
        stock_cases::levels(),
        stock_cases::movements(),
        sale_cases::cases(),
        order_cases::orders(),
        order_cases::promos(),
        pos_cases::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A movement more, with its level as it should be then. `source` is `NULL, NULL` or a type and an id.
fn append(place: (&str, &str), kind: &str, (on_hand, reserved): (i64, i64), source: &str) -> String {
    let at = format!("product_id = {{{}}} AND location_id = {{{}}}", place.0, place.1);
    let counted = if kind == "counted" { ", counted_at = recorded_at" } else { "" };
    format!(
        "INSERT INTO movements (id, product_id, location_id, seq, kind, on_hand_change, reserved_change, on_hand_after, reserved_after, \
            source_type, source_id, actor_type, occurred_at, recorded_at) \
        SELECT {{new}}, product_id, location_id, seq + 1, '{kind}', {on_hand}, {reserved}, on_hand + {on_hand}, reserved + {reserved}, \
            {source}, 'system', recorded_at, recorded_at FROM levels WHERE {at}; \
        UPDATE levels SET on_hand = on_hand + {on_hand}, reserved = reserved + {reserved}, seq = seq + 1{counted} WHERE {at}; "
    )
}

/// The last movement of a level.
fn last_of(product: &str, place: &str) -> String {
    format!(
        "product_id = {{{product}}} AND location_id = {{{place}}} AND seq = \
        (SELECT MAX(seq) FROM movements WHERE product_id = {{{product}}} AND location_id = {{{place}}})"
    )
}

/// Takes away what keeps rows as they are: whoever owns a database can.
fn disarm(database: &Database) {
    sql::execute(&database.url, "DROP INDEX locations_one_default; DROP INDEX pos_events_webhook_id");
    match database.engine {
        Engine::Postgres => sql::execute(
            &database.url,
            "DO $$ DECLARE c record; BEGIN FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint \
                WHERE contype = 'c' AND connamespace = current_schema()::regnamespace \
                LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP; END $$",
        ),
        Engine::Sqlite => {
            for table in ["movements", "order_history", "orders", "sales", "products", "locations", "pos_events"] {
                sql::drop_triggers(&database.url, table);
            }
        }
    }
}

fn corrupt(database: &Database, statement: &str) {
    let unguarded = match database.engine {
        Engine::Postgres => "SET session_replication_role = replica; ",
        Engine::Sqlite => "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; ",
    };
    sql::execute(&database.url, &format!("{unguarded}{statement}"));
}

/// Books for the next corruption. A file is copied; a database on a server, of which a copy takes half a second, is put back as it was.
fn fresh(database: &Database) -> Option<Database> {
    match database.engine {
        Engine::Sqlite => Some(database.copy()),
        Engine::Postgres => {
            let put_back = "DELETE FROM public.%1$I; INSERT INTO public.%1$I SELECT * FROM saved.%1$I";
            let numbers = "SELECT setval('sale_numbers', MAX(number)) FROM sales; SELECT setval('order_numbers', MAX(number)) FROM orders";
            sql::execute(&database.url, &format!("{}; {numbers}", for_each_table(put_back)));
            None
        }
    }
}

fn for_each_table(statements: &str) -> String {
    format!(
        "SET session_replication_role = replica; DO $$ DECLARE t text; BEGIN \
            FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT starts_with(tablename, '__') \
            LOOP EXECUTE format('{statements}', t); END LOOP; END $$"
    )
}

fn opened(database: &Database) -> Store {
    let config = StoreConfig { url: database.url.clone(), readers: 1, queue: 1, sources: sources() };
    Store::open_existing(&config).expect("it opens")
}

/// What `verify` says: the check's name and its sentence.
fn told(store: &Store) -> Vec<(&'static str, String)> {
    let mut told = Vec::new();
    store.verify(|problem| told.push((problem.check(), problem.to_string()))).expect("it can be read");
    told
}

/// The shop in which everything has happened, and nobody at work in it.
async fn a_closed_shop(kept: Kept) -> (Database, Names) {
    let names = History::tell(&kept).await;
    kept.store.checkpoint().expect("everything is in the file");
    (kept.database, names)
}

on_each_engine!(a_shop_as_the_ledger_left_it_has_no_problems, async |kept| {
    History::tell(&kept).await;
    let mut told = Vec::new();
    let checked = kept.store.verify(|problem| told.push(problem.to_string())).unwrap();
    assert_eq!(told, [""; 0]);
    assert_eq!((checked.levels, checked.sales, checked.orders, checked.events), (14, 6, 10, 9));
});

on_each_engine!(each_corruption_is_named_in_a_sentence, async |kept| {
    let engine = kept.database.engine;
    let (database, names) = a_closed_shop(kept).await;
    disarm(&database);
    if engine == Engine::Postgres {
        let save = for_each_table("CREATE TABLE saved.%1$I AS TABLE public.%1$I");
        sql::execute(&database.url, &format!("CREATE SCHEMA saved; {save}"));
    }
    let at_server = (engine == Engine::Postgres).then(|| opened(&database));
    let told_of = |statement: &str| {
        let copy = fresh(&database);
        corrupt(copy.as_ref().unwrap_or(&database), &names.as_sql(statement, engine));
        match copy {
            Some(copy) => told(&opened(&copy)),
            None => told(at_server.as_ref().expect("the store")),
        }
    };
    let mut wrong = Vec::new();
    let mut untested: BTreeSet<&str> = checks(checked_as(engine)).map(|CheckName { name, .. }| name).collect();
    for case in all_cases() {
        if case.only_on.is_some_and(|only| only != engine) {
            continue;
        }
        let mut expected = case.says;
        let said = told_of(&case.statement).into_iter();
        let mut said: Vec<_> = said.map(|(check, text)| (check, names.as_words(&text))).collect();
        untested.remove(expected[0].0);
        expected.sort();
        said.sort();
        if said != expected {
            wrong.push(format!("{}\nsaid     {said:#?}\nexpected {expected:#?}", case.statement));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(untested.is_empty(), "no case has these checks as its first: {untested:?}");
    let untouched = told_of("SELECT 1");
    assert!(untouched.is_empty(), "{untouched:?}");
});

fn checked_as(engine: Engine) -> tradepost_store::Engine {
    match engine {
        Engine::Sqlite => tradepost_store::Engine::Sqlite,
        Engine::Postgres => tradepost_store::Engine::Postgres,
    }
}

on_each_engine!(documents_without_lines_do_not_hide_those_behind_them, async |kept| {
    let engine = kept.database.engine;
    let (database, names) = a_closed_shop(kept).await;
    disarm(&database);
    let numbers = match engine {
        Engine::Postgres => {
            "FROM (SELECT n, CAST(lpad(CAST(n AS text), 32, '0') AS uuid) AS low FROM generate_series(1, 1500) n) g "
        }
        Engine::Sqlite => {
            "FROM (WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 1500) \
            SELECT n, unhex(printf('%032d', n)) AS low FROM g) g "
        }
    };
    let (sale, order) = ("(SELECT * FROM sales WHERE number = 1) d", "(SELECT * FROM orders WHERE number = 2) d");
    corrupt(
        &database,
        &names.as_sql(
            &format!(
                "INSERT INTO sales (id, number, status, location_id, total, refunded_total, version, occurred_at, created_at, updated_at) \
                SELECT g.low, 1000 + g.n, 'completed', d.location_id, 0, 0, 1, d.occurred_at, d.created_at, d.updated_at \
                {numbers} CROSS JOIN {sale}; \
                INSERT INTO orders (id, number, status, customer_id, subtotal, discount, total, location_id, search_text, version, \
                    created_at, updated_at) \
                SELECT g.low, 1000 + g.n, 'pending', d.customer_id, 0, 0, 0, d.location_id, '', 1, d.created_at, d.updated_at \
                {numbers} CROSS JOIN {order}; \
                UPDATE sale_lines SET line_total = line_total + 1; UPDATE order_lines SET line_total = line_total + 1; \
                UPDATE order_history SET status = 'shipped' WHERE position = 0"
            ),
            engine,
        ),
    );
    let said = told(&opened(&database));
    for check in ["sales.line_total", "orders.line_total", "orders.first_step"] {
        assert!(said.iter().any(|(name, _)| *name == check), "{check} sees what is behind: {said:#?}");
    }
    let of_one_kind = said.iter().filter(|(name, _)| *name == "sales.total").count();
    assert_eq!(of_one_kind, 100, "of 1506 of a kind a hundred are told");
});
