//! What is fixed when a shop is first started: its currency and its first location.

use crate::{
    connection::{Conn, Mode, begin, commit, rollback},
    dialect::{Sql, on_both},
    error::{OpenError, StoreError},
    ledger::ShopConstants,
    schema::{locations, settings},
    types::{At, Id},
};
use diesel::{dsl::exists, prelude::*, sql_types::Text};
use tradepost_domain::{ids::LocationId, instant::Instant, money::Currency};

/// What is known of the shop as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The shop's name, 1 to 200 characters.
    pub shop_name: String,
    /// What every amount is in. Fixed for ever.
    pub currency: Currency,
}

/// What to write down when a shop is started for the first time.
#[derive(Debug, Clone)]
pub struct FirstStart {
    /// The name for a new shop, 1 to 200 characters; another keeps its own.
    pub shop_name: String,
    /// What every amount will be in; `None` takes `default_currency` on a new shop and whatever is stored on another.
    pub currency: Option<Currency>,
    /// For a new shop when `currency` is `None`.
    pub default_currency: Currency,
    /// The id for the default location (`main`) of a new shop; another keeps its own.
    pub location: LocationId,
    /// The time that is written beside what is made.
    pub now: Instant,
}

/// The only row of the table.
const ONLY: i32 = 1;

fn currency(stored: &str) -> Result<Currency, StoreError> {
    Currency::parse(stored).map_err(|_| StoreError::Internal(format!("the stored currency '{stored}' is not one")))
}

/// The settings, where the shop was ever started.
pub(crate) fn load(conn: &mut Conn) -> Result<Option<Settings>, StoreError> {
    let stored = settings::table.find(ONLY).select((settings::shop_name, settings::currency));
    let stored: Option<(String, String)> = stored.first(conn).optional()?;
    stored.map(|(shop_name, code)| Ok(Settings { shop_name, currency: currency(&code)? })).transpose()
}

/// What never changes of a shop, where it was ever started.
pub(crate) fn constants(conn: &mut Conn) -> Result<Option<ShopConstants>, StoreError> {
    let stored = settings::table
        .find(ONLY)
        .inner_join(locations::table.on(locations::is_default))
        .select((settings::currency, locations::id));
    let stored: Option<(String, Id)> = stored.first(conn).optional()?;
    stored
        .map(|(code, location)| Ok(ShopConstants { currency: currency(&code)?, default_location: location.into() }))
        .transpose()
}

/// Refuses a database in which not every text can be kept, before anything is. SQLite knows no others.
pub(crate) fn check_encoding(conn: &mut Conn) -> Result<(), OpenError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        encoding: String,
    }
    let sql = Sql::new("SELECT ").either("current_setting('server_encoding')", "'UTF8'").text(" AS encoding");
    let row = sql.first::<Row>(conn).map_err(|error| OpenError::CannotOpen(error.to_string()))?;
    match row {
        Some(row) if row.encoding != "UTF8" => Err(OpenError::Encoding(row.encoding)),
        _ => Ok(()),
    }
}

/// Writes down what a new shop needs; leaves another as it is. Replicas that start together agree.
pub(crate) fn start(conn: &mut Conn, first: &FirstStart) -> Result<Settings, OpenError> {
    let cannot = |error: StoreError| OpenError::CannotOpen(error.to_string());
    begin(conn, Mode::Write).map_err(|e| cannot(e.into()))?;
    let settings = write(conn, first).and_then(|settings| {
        commit(conn).map_err(StoreError::from)?;
        Ok(settings)
    });
    let settings = settings.map_err(|error| {
        rollback(conn);
        cannot(error)
    })?;
    match first.currency {
        Some(wanted) if wanted != settings.currency => Err(OpenError::Setting(format!(
            "TRADEPOST_CURRENCY is {wanted}, but this shop's money is in {}, which is fixed for ever",
            settings.currency
        ))),
        _ => Ok(settings),
    }
}

fn write(conn: &mut Conn, first: &FirstStart) -> Result<Settings, StoreError> {
    let currency = first.currency.unwrap_or(first.default_currency);
    let now = At::from(first.now);
    let row = (
        settings::id.eq(ONLY),
        settings::shop_name.eq(&first.shop_name),
        settings::currency.eq(currency.code()),
        settings::created_at.eq(now),
    );
    let insert = diesel::insert_into(settings::table).values(row).on_conflict_do_nothing();
    on_both!(conn, c => insert.execute(c))?;
    if !diesel::select(exists(locations::table.select(locations::id))).get_result::<bool>(conn)? {
        let row = (
            locations::id.eq(Id::from(first.location)),
            (locations::code.eq("main"), locations::code_key.eq("main")),
            (locations::name.eq("Main"), locations::name_key.eq("main")),
            (locations::is_default.eq(true), locations::version.eq(1_i64)),
            (locations::created_at.eq(now), locations::updated_at.eq(now)),
        );
        let insert = diesel::insert_into(locations::table).values(row).on_conflict_do_nothing();
        on_both!(conn, c => insert.execute(c))?;
    }
    load(conn)?.ok_or_else(|| StoreError::Internal("the settings could not be written".into()))
}
