//! Migrations, the types that are stored, and what the tables themselves refuse.

use crate::{at, eur, first_start, now, on_each_engine, open};
use tradepost_domain::{
    catalogue::Category,
    ids::{CategoryId, LocationId},
    money::Currency,
    repository::Repository,
    stock::Location,
};
use tradepost_store::{
    Engine as Stored, OpenError, Sources, Store, StoreConfig, StoreError, all_unique_keys, migration_names,
};
use tradepost_tests::{Database, Engine, sql};
use uuid::Uuid;

#[test]
fn both_engines_have_migrations_of_the_same_names() {
    assert_eq!(migration_names(Stored::Sqlite), migration_names(Stored::Postgres));
    assert!(!migration_names(Stored::Sqlite).is_empty());
}

#[test]
fn both_engines_have_the_same_columns_and_indexes() {
    let look = |engine, columns: &str, indexes: &str| {
        let database = Database::empty(engine);
        drop(open(&database, 1, 16));
        let words = |query| {
            let mut words: Vec<String> = sql::text(&database.url, query).split(' ').map(str::to_owned).collect();
            words.sort();
            words
        };
        (words(columns), words(indexes))
    };
    let lite = look(
        Engine::Sqlite,
        "SELECT group_concat(m.name || '.' || c.name || CASE c.\"notnull\" WHEN 0 THEN '?' ELSE '' END, ' ') \
         FROM sqlite_master m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE '!_!_diesel%' ESCAPE '!' AND m.name <> 'counters'",
        "SELECT group_concat(name, ' ') FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
    );
    let pg = look(
        Engine::Postgres,
        "SELECT string_agg(table_name || '.' || column_name || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END, ' ') \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '!_!_diesel%' ESCAPE '!'",
        "SELECT string_agg(indexname, ' ') FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%!_pkey' ESCAPE '!'",
    );
    assert_eq!(lite, pg);
}

/// Unique indexes that no caller can run into, and why. Those that end with an `id` need no reason: ids are made by the program, each for
/// one row.
const NOBODY_RUNS_INTO: &[(&str, &str)] = &[
    ("cart_items_pkey", "an upsert"),
    ("carts_pkey", "an upsert"),
    ("levels_pkey", "those that are missing are made by an upsert, the rest are changed"),
    ("login_failures_pkey", "an upsert"),
    ("movements_pkey", "numbered by their level, which is held meanwhile"),
    ("order_history_pkey", "numbered by their order, which is held meanwhile"),
    ("pos_event_lines_pkey", "numbered by their delivery, which is written once"),
    ("pos_refusals_pkey", "added to where it is there"),
    ("redemptions_pkey", "one for an order, which is held meanwhile"),
    ("tokens_hash", "made of 32 random bytes"),
];

on_each_engine!(every_unique_index_says_which_field_is_taken_or_why_nobody_runs_into_it, async |kept| {
    // `index table column,column`; SQLite has no names for primary keys, so they get PostgreSQL's.
    let query = match kept.database.engine {
        Engine::Sqlite => {
            "SELECT group_concat(line, ';') FROM (SELECT \
                CASE i.origin WHEN 'pk' THEN m.name || '_pkey' ELSE i.name END || ' ' || m.name || ' ' || \
                (SELECT group_concat(name, ',') FROM (SELECT c.name FROM pragma_index_info(i.name) c ORDER BY c.seqno)) AS line \
                FROM sqlite_master m JOIN pragma_index_list(m.name) i \
                WHERE m.type = 'table' AND i.\"unique\" AND m.name NOT LIKE '!_!_diesel%' ESCAPE '!')"
        }
        Engine::Postgres => {
            "SELECT string_agg(i.relname || ' ' || t.relname || ' ' || (\
                    SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(x.indkey) WITH ORDINALITY AS k (attnum, place) \
                    JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum), ';') \
                FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
                WHERE x.indisunique AND t.relnamespace = 'public'::regnamespace AND t.relname NOT LIKE '!_!_diesel%' ESCAPE '!'"
        }
    };
    let known: Vec<String> =
        all_unique_keys().map(|key| format!("{} {} {}", key.index, key.table, key.columns.join(","))).collect();
    let found = sql::text(&kept.database.url, query);
    let mut found: Vec<&str> = found.split(';').collect();
    // The settings are one row, and so is a counter of SQLite: they are there from the start.
    found.retain(|index| !index.starts_with("settings_pkey") && !index.starts_with("counters_pkey"));
    for index in &found {
        let name = index.split(' ').next().unwrap_or_default();
        let says_why = index.ends_with(" id")
            || index.ends_with(",id")
            || NOBODY_RUNS_INTO.iter().any(|(nobody, _)| *nobody == name);
        assert!(
            known.iter().any(|key| key == index) != says_why,
            "{index}: a noun says which field it is, or this file why not"
        );
    }
    for key in &known {
        assert!(found.contains(&key.as_str()), "{key}: there is no such index");
    }
    for (name, _) in NOBODY_RUNS_INTO.iter().copied() {
        assert!(found.iter().any(|index| index.split(' ').next() == Some(name)), "{name}: there is no such index");
    }
});

on_each_engine!(migrations_go_up_and_down_and_up_again, async |kept| {
    let all = migration_names(kept.store.engine()).len();
    assert_eq!(kept.store.migrate().unwrap(), Vec::<String>::new(), "up to date already");
    kept.store.ready().await.expect("it is ready");
    assert_eq!(kept.store.unmigrate().unwrap().len(), all);
    assert_eq!(kept.store.pending_migrations().unwrap(), all);
    let ready = kept.store.ready().await;
    let missing = format!("{all} migrations are not in yet");
    assert!(matches!(&ready, Err(StoreError::Unavailable(why)) if *why == missing), "{ready:?}");
    assert_eq!(kept.store.migrate().unwrap().len(), all);
    kept.store.first_start(&first_start(None)).unwrap();
    kept.store.ready().await.expect("it is ready again");
});

on_each_engine!(programs_that_start_together_agree_on_tables_currency_and_first_location, async |kept| {
    kept.store.unmigrate().unwrap();
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let store = kept.store.clone();
            std::thread::spawn(move || {
                store.migrate().expect("the tables are made once");
                store.first_start(&first_start(None)).expect("the shop starts once").currency
            })
        })
        .collect();
    for start in starts {
        assert_eq!(start.join().unwrap(), eur());
    }
    assert_eq!(kept.number("SELECT COUNT(*) FROM locations"), 1);
});

on_each_engine!(the_currency_is_fixed_at_the_first_start, async |kept| {
    let yen = Currency::parse("JPY").unwrap();
    let refused = kept.store.first_start(&first_start(Some(yen))).unwrap_err();
    assert!(matches!(&refused, OpenError::Setting(said) if said.contains("JPY") && said.contains("EUR")), "{refused}");
    assert_eq!(kept.store.currency(), Some(eur()));
});

on_each_engine!(ids_and_instants_come_back_as_they_were_kept, async |kept| {
    let times =
        [-62_135_596_800_000_000, -1, 0, 1, 946_684_800_000_000, 1_800_000_000_123_456, 253_402_300_799_999_999];
    for (n, micros) in times.into_iter().enumerate() {
        let id = CategoryId::from_uuid(Uuid::from_u128(u128::MAX - n as u128));
        let category = Category::new(id, &format!("Zeit {n} ☕ '\"\\"), "ein\nzwei", at(micros)).unwrap();
        let wanted = category.clone();
        kept.write(move |s| s.add(&category)).await.unwrap();
        assert_eq!(kept.read(move |s| s.find(id)).await, Some(wanted));
    }
});

/// The database refuses a statement and says by which of its rules: on SQLite in the words of that rule, on PostgreSQL by its name.
/// (The rest of what PostgreSQL says depends on its language.)
fn assert_refused(database: &Database, statement: &str, [on_sqlite, on_postgres]: [&str; 2]) {
    let rule = if database.engine == Engine::Sqlite { on_sqlite } else { on_postgres };
    let said = sql::try_execute(&database.url, statement).expect_err(statement);
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    assert!(said.split(rule).skip(1).any(|rest| !goes_on(rest)), "{statement}: {said}");
}

on_each_engine!(a_movement_is_never_changed_or_deleted, async |kept| {
    kept.a_product("TEA", "2.50", "10").await;
    let mut statements =
        vec!["UPDATE movements SET reason = 'x'", "DELETE FROM movements", "UPDATE movements SET on_hand_change = 0"];
    if kept.database.engine == Engine::Postgres {
        statements.push("TRUNCATE movements");
    }
    for statement in statements {
        let of_movements = format!("{} of movements refused", statement.split(' ').next().expect("a verb"));
        assert_refused(&kept.database, statement, [&of_movements; 2]);
    }
    for table in ["products", "locations"] {
        assert_refused(&kept.database, &format!("DELETE FROM {table}"), [&format!("DELETE of {table} refused"); 2]);
    }
});

on_each_engine!(the_tables_refuse_what_the_rules_forbid, async |kept| {
    kept.a_product("TEA", "2.50", "10").await;
    for (statement, said) in [
        ("UPDATE levels SET on_hand = -1", ["on_hand >= 0", "levels_on_hand_check"]),
        ("UPDATE levels SET reserved = -1", ["reserved >= 0", "levels_reserved_check"]),
        ("UPDATE products SET price = 0", ["price > 0", "products_price_check"]),
        ("UPDATE products SET unit_decimals = 6", ["unit_decimals BETWEEN 0 AND 5", "products_unit_decimals_check"]),
        (
            "UPDATE locations SET removed_at = created_at",
            ["NOT (is_default AND removed_at IS NOT NULL)", "locations_check"],
        ),
        (
            "INSERT INTO settings SELECT 2, shop_name, currency, created_at FROM settings",
            ["id = 1", "settings_id_check"],
        ),
    ] {
        assert_refused(&kept.database, statement, said);
    }
});

on_each_engine!(the_tables_of_ordering_refuse_what_the_rules_forbid, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "10").await;
    kept.a_promo("TEN", "10", |_| ()).await;
    let ann = kept.a_shopper("ann").await;
    kept.place(&ann, &[(tea, "4")], Some("ten")).await;
    kept.place(&ann, &[(tea, "1")], None).await;
    for (statement, said) in [
        ("UPDATE orders SET total = total + 1", ["orders_total", "orders_total"]),
        (
            "UPDATE orders SET discount = subtotal + 1, total = -1",
            ["discount >= 0 AND discount <= subtotal", "orders_check"],
        ),
        (
            "UPDATE orders SET discount = 1, total = subtotal - 1 WHERE number = 2",
            [
                "promo_id IS NOT NULL OR (discount = 0 AND promo_max_discount IS NULL AND promo_minimum_subtotal IS NULL)",
                "orders_check6",
            ],
        ),
        (
            "UPDATE orders SET status = 'lost'",
            [
                "status IN ('pending', 'accepted', 'rejected', 'cancelled', 'shipped', 'delivered')",
                "orders_status_check",
            ],
        ),
        (
            "UPDATE orders SET hidden_at = created_at",
            ["hidden_at IS NULL OR status IN ('rejected', 'cancelled')", "orders_check7"],
        ),
        (
            "UPDATE orders SET promo_kind = NULL WHERE number = 1",
            ["(promo_id IS NULL) = (promo_kind IS NULL)", "orders_check3"],
        ),
        (
            "UPDATE orders SET promo_kind = 'fixed' WHERE number = 1",
            ["(promo_kind IS NOT NULL AND promo_kind = 'fixed') = (promo_amount IS NOT NULL)", "orders_check4"],
        ),
        (
            "UPDATE orders SET promo_amount = 1 WHERE number = 2",
            ["(promo_kind IS NOT NULL AND promo_kind = 'fixed') = (promo_amount IS NOT NULL)", "orders_check4"],
        ),
        ("UPDATE orders SET number = 7", ["orders.number", "orders_number"]),
        ("DELETE FROM orders", ["DELETE of orders refused", "DELETE of orders refused"]),
        ("UPDATE order_lines SET quantity = 0", ["quantity > 0", "order_lines_quantity_check"]),
        (
            "UPDATE order_lines SET returned_quantity = quantity + 1",
            ["returned_quantity >= 0 AND returned_quantity <= quantity", "order_lines_check"],
        ),
        (
            "UPDATE order_lines SET restocked_quantity = 1",
            ["restocked_quantity >= 0 AND restocked_quantity <= returned_quantity", "order_lines_check1"],
        ),
        (
            "UPDATE order_history SET reason = 'x'",
            ["UPDATE of order_history refused", "UPDATE of order_history refused"],
        ),
        ("DELETE FROM order_history", ["DELETE of order_history refused", "DELETE of order_history refused"]),
        ("UPDATE promo_codes SET times_used = -1", ["times_used >= 0", "promo_codes_times_used_check"]),
        (
            "UPDATE promo_codes SET percentage_hundredths = 10001",
            ["percentage_hundredths BETWEEN 1 AND 10000", "promo_codes_percentage_hundredths_check"],
        ),
        (
            "UPDATE promo_codes SET percentage_hundredths = NULL",
            ["(kind = 'percentage') = (percentage_hundredths IS NOT NULL)", "promo_codes_check1"],
        ),
        ("UPDATE promo_codes SET amount = 1", ["(kind = 'fixed') = (amount IS NOT NULL)", "promo_codes_check"]),
        (
            "UPDATE promo_codes SET usage_limit = 0",
            ["usage_limit BETWEEN 1 AND 4294967295", "promo_codes_usage_limit_check"],
        ),
        ("DELETE FROM promo_codes", ["DELETE of promo_codes refused", "DELETE of promo_codes refused"]),
        (
            "INSERT INTO redemptions SELECT order_id, promo_id, customer_id, redeemed_at FROM redemptions",
            ["redemptions.order_id", "redemptions_pkey"],
        ),
    ] {
        assert_refused(&kept.database, statement, said);
    }
    kept.assert_all_agrees();
});

on_each_engine!(there_is_exactly_one_default_location, async |kept| {
    let id = LocationId::from_uuid(crate::new_id());
    let mut store_room = Location::new(id, "store", "Store room", now()).unwrap();
    store_room.is_default = true;
    let refused = kept.write(move |s| s.add(&store_room)).await;
    assert!(matches!(refused, Err(StoreError::Duplicate { field: "is_default" })), "{refused:?}");
    assert_eq!(kept.number("SELECT COUNT(*) FROM locations WHERE is_default"), 1);
});

#[test]
fn a_second_serve_on_one_file_is_refused_with_a_sentence() {
    let database = Database::empty(Engine::Sqlite);
    let (first, second) = (open(&database, 1, 16), open(&database, 1, 16));
    first.claim().expect("nobody serves it yet");
    let refused = second.claim().unwrap_err();
    assert!(refused.to_string().contains("being served by another process"), "{refused}");
    drop(first);
    second.claim().expect("the first one has gone");
}

#[test]
fn a_database_that_cannot_be_opened_is_named() {
    let sources = Sources::new(now, crate::new_id);
    for (url, named) in [
        ("sqlite:///no/such/folder/shop.db", "/no/such/folder/shop.db"),
        ("postgres://nobody@127.0.0.1:1/shop", "127.0.0.1"),
        ("mongodb://somewhere", "mongodb"),
        ("sqlite://", "path"),
    ] {
        let config = StoreConfig { url: url.to_owned(), readers: 1, queue: 1, sources: sources.clone() };
        let said = Store::open(&config).err().expect(url).to_string();
        assert!(said.contains(named), "{url}: {said}");
    }
}
