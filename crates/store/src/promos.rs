//! Promo codes: their terms, and by which code they are found. How often each is used is counted by the ledger; what one takes off is never
//! worked out here.

use crate::{
    StoreError,
    dialect::replace_nul,
    list::{Conditions, List, ListRequest, Page, Sort, search_text, unreadable},
    repository::{repository, unique_keys},
    schema::{redemptions, tables},
    session::Session,
    types::{At, Id},
};
use diesel::prelude::*;
use std::error::Error;
use tradepost_domain::{
    ids::{CustomerId, PromoId},
    instant::Instant,
    money::{Currency, Money, Price},
    promos::{Discount, Percentage, Promo, PromoTerms},
    repository::{self, Promos, Remove},
    text::fold,
};

tables! {
    promo_codes (id) {
        id -> UuidSql,
        code -> Text,
        code_key -> Text,
        name -> Text,
        name_key -> Text,
        kind -> Text,
        amount -> Nullable<BigInt>,
        percentage_hundredths -> Nullable<BigInt>,
        max_discount -> Nullable<BigInt>,
        minimum_subtotal -> Nullable<BigInt>,
        valid_from -> InstantSql,
        valid_until -> InstantSql,
        active -> Bool,
        usage_limit -> Nullable<BigInt>,
        per_customer_limit -> Nullable<BigInt>,
        times_used -> BigInt,
        removed_at -> Nullable<InstantSql>,
        search_text -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

/// The columns in which terms are kept, on a promo code and on an order that holds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TermsColumns<'a> {
    pub(crate) kind: &'a str,
    pub(crate) amount: Option<i64>,
    pub(crate) percentage_hundredths: Option<i64>,
    pub(crate) max_discount: Option<i64>,
    pub(crate) minimum_subtotal: Option<i64>,
}

impl From<&PromoTerms> for TermsColumns<'static> {
    fn from(terms: &PromoTerms) -> Self {
        let (amount, percentage_hundredths) = match terms.reduction {
            Discount::Fixed(amount) => (Some(amount.money().minor()), None),
            Discount::Percentage(percentage) => (None, Some(percentage.hundredths())),
        };
        Self {
            kind: terms.reduction.kind(),
            amount,
            percentage_hundredths,
            max_discount: terms.max_discount.map(Money::minor),
            minimum_subtotal: terms.minimum_subtotal.map(Money::minor),
        }
    }
}

impl TermsColumns<'_> {
    /// The terms that are kept so.
    pub(crate) fn terms(&self, currency: Currency) -> Result<PromoTerms, Box<dyn Error + Send + Sync>> {
        let money = |minor| Money::from_minor(minor, currency);
        let reduction = match (self.kind, self.amount, self.percentage_hundredths) {
            ("fixed", Some(amount), None) => Discount::Fixed(Price::new(money(amount))?),
            ("percentage", None, Some(hundredths)) => Discount::Percentage(Percentage::from_hundredths(hundredths)?),
            (kind, ..) => return Err(format!("terms of the kind {kind}").into()),
        };
        Ok(PromoTerms {
            reduction,
            max_discount: self.max_discount.map(money),
            minimum_subtotal: self.minimum_subtotal.map(money),
        })
    }
}

unique_keys! {
    promo_codes { promo_codes_code_key (code_key) is "code", }
}

/// A promo code as it is kept, without what only the ledger writes.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = promo_codes, treat_none_as_null = true)]
struct NewRow {
    id: Id,
    code: String,
    code_key: String,
    name: String,
    name_key: String,
    kind: String,
    amount: Option<i64>,
    percentage_hundredths: Option<i64>,
    max_discount: Option<i64>,
    minimum_subtotal: Option<i64>,
    valid_from: At,
    valid_until: At,
    active: bool,
    usage_limit: Option<i64>,
    per_customer_limit: Option<i64>,
    search_text: String,
    version: i64,
    created_at: At,
    updated_at: At,
}

impl From<&Promo> for NewRow {
    fn from(promo: &Promo) -> Self {
        let terms = TermsColumns::from(&promo.terms);
        Self {
            id: promo.id.into(),
            code: promo.code.clone(),
            code_key: promo.code_key(),
            name: promo.name.clone(),
            name_key: fold(&promo.name),
            kind: terms.kind.to_owned(),
            amount: terms.amount,
            percentage_hundredths: terms.percentage_hundredths,
            max_discount: terms.max_discount,
            minimum_subtotal: terms.minimum_subtotal,
            valid_from: promo.valid_from.into(),
            valid_until: promo.valid_until.into(),
            active: promo.active,
            usage_limit: promo.usage_limit.map(i64::from),
            per_customer_limit: promo.per_customer_limit.map(i64::from),
            search_text: search_text(&[&promo.code, &promo.name]),
            version: promo.version,
            created_at: promo.created_at.into(),
            updated_at: promo.updated_at.into(),
        }
    }
}

/// A promo code as it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = promo_codes)]
pub(crate) struct Row {
    id: Id,
    code: String,
    code_key: String,
    name: String,
    name_key: String,
    kind: String,
    amount: Option<i64>,
    percentage_hundredths: Option<i64>,
    max_discount: Option<i64>,
    minimum_subtotal: Option<i64>,
    valid_from: At,
    valid_until: At,
    active: bool,
    usage_limit: Option<i64>,
    per_customer_limit: Option<i64>,
    times_used: i64,
    removed_at: Option<At>,
    version: i64,
    created_at: At,
    updated_at: At,
}

impl Row {
    /// Was it taken out of use?
    pub(crate) const fn is_removed(&self) -> bool {
        self.removed_at.is_some()
    }

    pub(crate) fn promo(self, currency: Currency) -> Result<Promo, StoreError> {
        let terms = TermsColumns {
            kind: &self.kind,
            amount: self.amount,
            percentage_hundredths: self.percentage_hundredths,
            max_discount: self.max_discount,
            minimum_subtotal: self.minimum_subtotal,
        };
        let limit = |stored: Option<i64>| stored.map(u32::try_from).transpose();
        let unreadable = |error: &dyn std::fmt::Display| unreadable("promo code", error);
        Ok(Promo {
            id: self.id.into(),
            terms: terms.terms(currency).map_err(|error| unreadable(&error))?,
            code: self.code,
            name: self.name,
            valid_from: self.valid_from.into(),
            valid_until: self.valid_until.into(),
            active: self.active,
            usage_limit: limit(self.usage_limit).map_err(|error| unreadable(&error))?,
            per_customer_limit: limit(self.per_customer_limit).map_err(|error| unreadable(&error))?,
            times_used: self.times_used,
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

/// What a list of promo codes can be sorted by: by `created_at`, newest first, where nobody says.
pub const ORDERINGS: &[&str] = &["code", "name", "valid_from", "valid_until", "times_used", "created_at"];

/// Which promo codes, of those that were not removed; every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct PromoFilter {
    /// This code, without regard to case.
    pub code: Option<String>,
    /// This name, without regard to case.
    pub name: Option<String>,
    /// `fixed` or `percentage`; of any other kind there are none.
    pub kind: Option<String>,
    /// Switched on or not, whatever its time and limits.
    pub active: Option<bool>,
    /// Fixed ones of at least so much, in minor units.
    pub amount_min: Option<i64>,
    /// Fixed ones of at most so much, in minor units.
    pub amount_max: Option<i64>,
    /// Percentages of at least so much, in hundredths of a percent.
    pub percentage_min: Option<i64>,
    /// Percentages of at most so much, in hundredths of a percent.
    pub percentage_max: Option<i64>,
    /// Whose first instant is then or later.
    pub valid_from_after: Option<Instant>,
    /// Whose first instant is before then.
    pub valid_from_before: Option<Instant>,
    /// Whose last instant is then or later.
    pub valid_until_after: Option<Instant>,
    /// Whose last instant is before then.
    pub valid_until_before: Option<Instant>,
    /// Words that all occur in code or name, without regard to case.
    pub search: Option<String>,
}

/// A page of those that are in use, newest first unless told otherwise. One statement.
///
/// # Errors
/// Where the database cannot be read.
pub fn list(session: &mut Session<'_>, request: &ListRequest<PromoFilter>) -> Result<Page<Promo>, StoreError> {
    let list = List::<Row>::new(" FROM promo_codes", Sort { field: "created_at", descending: true })
        .key("code", promo_codes::code_key, |row| row.code_key.clone())
        .key("name", promo_codes::name_key, |row| row.name_key.clone())
        .key("valid_from", promo_codes::valid_from, |row| row.valid_from)
        .key("valid_until", promo_codes::valid_until, |row| row.valid_until)
        .key("times_used", promo_codes::times_used, |row| row.times_used)
        .key("created_at", promo_codes::created_at, |row| row.created_at)
        .key("id", promo_codes::id, |row| row.id);
    let filter = &request.filter;
    let mut conditions = Conditions::default();
    conditions.filter(promo_codes::removed_at.is_null());
    conditions.equals(promo_codes::code_key, filter.code.as_deref().map(fold));
    conditions.equals(promo_codes::name_key, filter.name.as_deref().map(fold));
    conditions.equals(promo_codes::kind, filter.kind.as_deref());
    conditions.equals(promo_codes::active, filter.active);
    conditions.at_least(promo_codes::amount, filter.amount_min);
    conditions.at_most(promo_codes::amount, filter.amount_max);
    conditions.at_least(promo_codes::percentage_hundredths, filter.percentage_min);
    conditions.at_most(promo_codes::percentage_hundredths, filter.percentage_max);
    conditions.spans(promo_codes::valid_from, filter.valid_from_after, filter.valid_from_before);
    conditions.spans(promo_codes::valid_until, filter.valid_until_after, filter.valid_until_before);
    conditions.contains(promo_codes::search_text, filter.search.as_deref());
    let currency = session.currency()?;
    list.page(session, conditions, request)?.map(|row| row.promo(currency))
}

repository! {
    Promo, promo_codes,
    stored NewRow,
    read Row => |row, session| row.promo(session.currency()?),
    alive promo_codes::removed_at.is_null(),
}

impl Remove<Promo> for Session<'_> {
    fn remove(&mut self, id: PromoId, now: Instant) -> repository::Result<()> {
        let now = At::from(now);
        let promo = promo_codes::table.find(Id::from(id)).filter(promo_codes::removed_at.is_null());
        let removed = (
            promo_codes::removed_at.eq(Some(now)),
            promo_codes::updated_at.eq(now),
            promo_codes::version.eq(promo_codes::version + 1),
        );
        self.run(|conn| diesel::update(promo).set(removed).execute(conn))?;
        Ok(())
    }
}

impl Promos for Session<'_> {
    fn promo_by_code(&mut self, code_key: &str) -> repository::Result<Option<Promo>> {
        let currency = self.currency()?;
        let by_code = promo_codes::table.filter(promo_codes::code_key.eq(replace_nul(code_key.to_owned())));
        let by_code = by_code.filter(promo_codes::removed_at.is_null()).select(Row::as_select());
        let row: Option<Row> = self.run(|conn| by_code.first(conn).optional())?;
        Ok(row.map(|row| row.promo(currency)).transpose()?)
    }

    fn redemptions(&mut self, promo: PromoId, customer: CustomerId) -> repository::Result<i64> {
        let held = redemptions::table
            .filter(redemptions::promo_id.eq(Id::from(promo)))
            .filter(redemptions::customer_id.eq(Id::from(customer)));
        Ok(self.run(|conn| held.count().get_result(conn))?)
    }
}
