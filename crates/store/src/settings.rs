//! What is fixed when a shop is first started: its currency and its first location.

use crate::{
    connection::{Conn, Mode, begin, commit, rollback},
    dialect::Sql,
    error::{OpenError, StoreError},
    ledger::Fixed,
    types::{At, Id, UuidSql},
};
use diesel::{QueryableByName, sql_types::Text};
use tradepost_domain::{ids::LocationId, instant::Instant, money::Currency};

/// What is known of the shop as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its name.
    pub shop_name: String,
    /// What every amount is in. Fixed for ever.
    pub currency: Currency,
}

/// What to write down when a shop is started for the first time.
#[derive(Debug, Clone)]
pub struct FirstStart {
    /// Its name.
    pub shop_name: String,
    /// What every amount will be in; `None` takes `default_currency` on a new shop and whatever is stored on another.
    pub currency: Option<Currency>,
    /// For a new shop when nobody said.
    pub default_currency: Currency,
    /// The id of the default location (`main`).
    pub location: LocationId,
    /// When.
    pub now: Instant,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    shop_name: String,
    #[diesel(sql_type = Text)]
    currency: String,
}

/// The settings, where the shop was ever started.
pub(crate) fn load(conn: &mut Conn) -> Result<Option<Settings>, StoreError> {
    let row = Sql::new("SELECT shop_name, currency FROM settings WHERE id = 1").first::<Row>(conn)?;
    row.map(|row| {
        let currency = Currency::parse(&row.currency)
            .map_err(|_| StoreError::Internal(format!("the stored currency '{}' is not one", row.currency)))?;
        Ok(Settings { shop_name: row.shop_name, currency })
    })
    .transpose()
}

#[derive(QueryableByName)]
struct FixedRow {
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = UuidSql)]
    default_location: Id,
}

/// What never changes of a shop, where it was ever started.
pub(crate) fn fixed(conn: &mut Conn) -> Result<Option<Fixed>, StoreError> {
    let sql = Sql::new(
        "SELECT s.currency, l.id AS default_location FROM settings s JOIN locations l ON l.is_default WHERE s.id = 1",
    );
    let row = sql.first::<FixedRow>(conn)?;
    row.map(|row| {
        let currency = Currency::parse(&row.currency)
            .map_err(|_| StoreError::Internal(format!("the stored currency '{}' is not one", row.currency)))?;
        Ok(Fixed { currency, default_location: row.default_location.into() })
    })
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
    Sql::new("INSERT INTO settings (id, shop_name, currency, created_at) VALUES (1, ")
        .with(first.shop_name.as_str())
        .text(", ")
        .with(currency.code())
        .text(", ")
        .with(now)
        .text(") ON CONFLICT DO NOTHING")
        .execute(conn)?;
    Sql::new("INSERT INTO locations (id, code, code_key, name, name_key, is_default, version, created_at, updated_at) SELECT ")
        .with(Id::from(first.location))
        .text(", 'main', 'main', 'Main', 'main', TRUE, 1, ")
        .with(now)
        .text(", ")
        .with(now)
        .text(" WHERE NOT EXISTS (SELECT 1 FROM locations) ON CONFLICT DO NOTHING")
        .execute(conn)?;
    load(conn)?.ok_or_else(|| StoreError::Internal("the settings could not be written".into()))
}
