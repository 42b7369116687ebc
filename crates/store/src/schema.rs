//! The tables, for both engines. Written by hand: the Diesel CLI prints the types of one engine only.

/// Defines tables, and tests that the migrations make every column of them. A noun that is kept as a whole brings its own beside its row;
/// those that the ledger and several nouns work on are in this file.
macro_rules! tables {
    ($($name:ident ($($key:ident),+) { $($column:ident -> $type:ty,)+ })+) => {
        $(diesel::table! {
            use diesel::sql_types::*;
            use crate::types::{InstantSql, UuidSql};
            $name ($($key),+) { $($column -> $type,)+ }
        })+

        #[cfg(all(test, feature = "sqlite"))]
        #[test]
        fn every_column_is_in_the_tables_that_the_migrations_make() {
            $crate::schema::tests::check(
                &[$(concat!("SELECT ", $(stringify!($column), ", ",)+ "1 FROM ", stringify!($name))),+],
            );
        }
    };
}
pub(crate) use tables;

pub(crate) use crate::{
    categories::categories, customers::customers, locations::locations, pos::pos_connections, promos::promo_codes,
};

tables! {
    settings (id) {
        id -> Integer,
        shop_name -> Text,
        currency -> Text,
        created_at -> InstantSql,
    }
    users (id) {
        id -> UuidSql,
        username -> Nullable<Text>,
        username_key -> Nullable<Text>,
        email -> Text,
        email_key -> Text,
        password_hash -> Nullable<Text>,
        first_name -> Text,
        last_name -> Text,
        phone -> Nullable<Text>,
        date_of_birth -> Nullable<Text>,
        role -> Text,
        permissions -> Text,
        active -> Bool,
        search_text -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
        erased_at -> Nullable<InstantSql>,
    }
    tokens (id) {
        id -> UuidSql,
        user_id -> UuidSql,
        hash -> Binary,
        created_at -> InstantSql,
        expires_at -> InstantSql,
        last_used_at -> Nullable<InstantSql>,
    }
    login_failures (subject) {
        subject -> Text,
        failures -> Integer,
        last_at -> InstantSql,
    }
    idempotency_keys (principal, key) {
        principal -> Text,
        key -> Text,
        fingerprint -> Binary,
        status -> Integer,
        body -> Binary,
        location -> Nullable<Text>,
        version -> Nullable<BigInt>,
        created_at -> InstantSql,
    }
    products (id) {
        id -> UuidSql,
        sku -> Text,
        sku_key -> Text,
        name -> Text,
        name_key -> Text,
        description -> Text,
        price -> BigInt,
        category_id -> Nullable<UuidSql>,
        barcode -> Nullable<Text>,
        image_url -> Nullable<Text>,
        unit -> Text,
        unit_decimals -> Integer,
        low_stock_threshold -> Nullable<BigInt>,
        enabled -> Bool,
        removed_at -> Nullable<InstantSql>,
        search_text -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
    levels (product_id, location_id) {
        product_id -> UuidSql,
        location_id -> UuidSql,
        on_hand -> BigInt,
        reserved -> BigInt,
        seq -> BigInt,
        counted_at -> Nullable<InstantSql>,
        recorded_at -> Nullable<InstantSql>,
    }
    movements (product_id, location_id, seq) {
        id -> UuidSql,
        product_id -> UuidSql,
        location_id -> UuidSql,
        seq -> BigInt,
        kind -> Text,
        on_hand_change -> BigInt,
        reserved_change -> BigInt,
        on_hand_after -> BigInt,
        reserved_after -> BigInt,
        reason -> Nullable<Text>,
        source_type -> Nullable<Text>,
        source_id -> Nullable<UuidSql>,
        actor_type -> Text,
        actor_id -> Nullable<UuidSql>,
        occurred_at -> InstantSql,
        recorded_at -> InstantSql,
    }
    sales (id) {
        id -> UuidSql,
        number -> BigInt,
        status -> Text,
        location_id -> UuidSql,
        customer_id -> Nullable<UuidSql>,
        customer_name -> Nullable<Text>,
        sold_by -> Nullable<UuidSql>,
        total -> BigInt,
        refunded_total -> BigInt,
        reason -> Nullable<Text>,
        version -> BigInt,
        occurred_at -> InstantSql,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
    sale_lines (sale_id, id) {
        id -> UuidSql,
        sale_id -> UuidSql,
        position -> Integer,
        product_id -> UuidSql,
        sku -> Text,
        name -> Text,
        quantity -> BigInt,
        refunded_quantity -> BigInt,
        restocked_quantity -> BigInt,
        unit_price -> BigInt,
        line_total -> BigInt,
    }
    pos_products (connection_id, external_id) {
        connection_id -> UuidSql,
        external_id -> Text,
        product_id -> UuidSql,
    }
    pos_events (id) {
        id -> UuidSql,
        connection_id -> UuidSql,
        webhook_id -> Text,
        body_hash -> Binary,
        body -> Binary,
        headers -> Text,
        status -> Text,
        reason_code -> Nullable<Text>,
        reason -> Nullable<Text>,
        received_at -> InstantSql,
        updated_at -> InstantSql,
        version -> BigInt,
    }
    pos_event_lines (event_id, position) {
        event_id -> UuidSql,
        position -> Integer,
        ref_kind -> Text,
        ref_value -> Text,
        change -> Nullable<BigInt>,
        counted -> Nullable<BigInt>,
        counted_at -> Nullable<InstantSql>,
        occurred_at -> Nullable<InstantSql>,
        reason -> Nullable<Text>,
    }
    redemptions (order_id) {
        order_id -> UuidSql,
        promo_id -> UuidSql,
        customer_id -> UuidSql,
        redeemed_at -> InstantSql,
    }
    carts (user_id) {
        user_id -> UuidSql,
        promo_code -> Nullable<Text>,
        version -> BigInt,
        updated_at -> InstantSql,
    }
    cart_items (user_id, product_id) {
        user_id -> UuidSql,
        product_id -> UuidSql,
        quantity -> BigInt,
        price_seen -> BigInt,
        added_at -> InstantSql,
    }
    orders (id) {
        id -> UuidSql,
        number -> BigInt,
        status -> Text,
        customer_id -> UuidSql,
        placed_by -> Nullable<UuidSql>,
        subtotal -> BigInt,
        discount -> BigInt,
        total -> BigInt,
        promo_id -> Nullable<UuidSql>,
        promo_code -> Nullable<Text>,
        promo_code_key -> Nullable<Text>,
        promo_kind -> Nullable<Text>,
        promo_amount -> Nullable<BigInt>,
        promo_percentage_hundredths -> Nullable<BigInt>,
        promo_max_discount -> Nullable<BigInt>,
        promo_minimum_subtotal -> Nullable<BigInt>,
        notes -> Nullable<Text>,
        location_id -> UuidSql,
        hidden_at -> Nullable<InstantSql>,
        search_text -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
    order_lines (order_id, id) {
        id -> UuidSql,
        order_id -> UuidSql,
        position -> Integer,
        product_id -> UuidSql,
        sku -> Text,
        name -> Text,
        quantity -> BigInt,
        returned_quantity -> BigInt,
        restocked_quantity -> BigInt,
        unit_price -> BigInt,
        line_total -> BigInt,
    }
    order_history (order_id, position) {
        order_id -> UuidSql,
        position -> Integer,
        status -> Text,
        at -> InstantSql,
        actor_type -> Text,
        actor_id -> Nullable<UuidSql>,
        reason -> Nullable<Text>,
    }
    messages (id) {
        id -> UuidSql,
        name -> Text,
        order_id -> UuidSql,
        customer_id -> UuidSql,
        occurred_at -> InstantSql,
    }
    audit_log (id) {
        id -> UuidSql,
        actor_type -> Text,
        actor_id -> Nullable<UuidSql>,
        action -> Text,
        subject_type -> Text,
        subject_id -> UuidSql,
        at -> InstantSql,
    }
}

// Tables that are joined, each two once.
diesel::allow_tables_to_appear_in_same_query!(settings, locations);
diesel::allow_tables_to_appear_in_same_query!(tokens, users, customers, orders);
diesel::allow_tables_to_appear_in_same_query!(sales, sale_lines, customers);
diesel::allow_tables_to_appear_in_same_query!(carts, cart_items);
diesel::allow_tables_to_appear_in_same_query!(levels, locations);
diesel::allow_tables_to_appear_in_same_query!(movements, products);
diesel::allow_tables_to_appear_in_same_query!(pos_products, products);

diesel::table! {
    /// The next numbers of documents, on SQLite alone: PostgreSQL has sequences.
    counters (name) {
        name -> Text,
        next -> BigInt,
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
pub(crate) mod tests {
    use crate::{connection::Conn, migrate};
    use diesel::{Connection, SqliteConnection, connection::SimpleConnection};

    pub(crate) fn check(statements: &[&str]) {
        let mut conn = Conn::Lite(SqliteConnection::establish(":memory:").unwrap());
        migrate::up(&mut conn).unwrap();
        for statement in statements {
            conn.batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    }
}
