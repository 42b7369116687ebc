//! Lists: filters, a total order, and pages that start after the last row of the page before. Never OFFSET.
//!
//! A list costs one statement for its rows (two where rows have parts), and one more where a count is wanted.

use crate::{
    dialect::{Sql, Value},
    error::StoreError,
    session::Session,
    types::{At, Id},
};
use diesel::{QueryableByName, deserialize::QueryableByName as Read, pg::Pg, sql_types::BigInt, sqlite::Sqlite};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use tradepost_domain::{instant::Instant, text};
use uuid::Uuid;

/// One value of a row's place in a list, for a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyValue {
    /// A number.
    Int(i64),
    /// A folded text.
    Text(String),
    /// An id.
    Id(String),
    /// Microseconds since 1970.
    At(i64),
}

impl From<Id> for KeyValue {
    fn from(id: Id) -> Self {
        Self::Id(id.to_string())
    }
}

impl From<At> for KeyValue {
    fn from(at: At) -> Self {
        Self::At(at.0)
    }
}

impl From<i64> for KeyValue {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<String> for KeyValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl KeyValue {
    fn value(&self) -> Result<Value, StoreError> {
        Ok(match self {
            Self::Int(n) => (*n).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Id(text) => Id(Uuid::parse_str(text).map_err(|_| misplaced())?).into(),
            Self::At(micros) => At(*micros).into(),
        })
    }
}

/// A cursor of another list. The edge refuses those before they get here.
fn misplaced() -> StoreError {
    StoreError::Refused("this cursor belongs to another list".into())
}

/// By what to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// One of the list's `ORDERINGS`.
    pub field: &'static str,
    /// Largest first.
    pub descending: bool,
}

impl Order {
    /// Reads `name,-created_at`; `Err` names the field that the list cannot be sorted by.
    ///
    /// # Errors
    /// The field that is unknown or named twice.
    pub fn parse_list(text: &str, allowed: &'static [&'static str]) -> Result<Vec<Self>, String> {
        let mut orders: Vec<Self> = Vec::new();
        for part in text.split(',') {
            let (name, descending) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
            match allowed.iter().find(|known| **known == name) {
                Some(field) if orders.iter().all(|o| o.field != *field) => orders.push(Self { field, descending }),
                _ => return Err(name.to_owned()),
            }
        }
        Ok(orders)
    }
}

/// Which part of a list is wanted.
#[derive(Debug, Clone)]
pub struct ListRequest<F> {
    /// Which rows.
    pub filter: F,
    /// In which order; empty: the list's own.
    pub order: Vec<Order>,
    /// At most so many.
    pub limit: u16,
    /// What `Page::next` said of the page before, with the same filter and order.
    pub after: Option<Vec<KeyValue>>,
    /// Count all that match, too.
    pub count: bool,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Where the next page starts; `None` on the last one.
    pub next: Option<Vec<KeyValue>>,
    /// How many match in all, where that was asked for.
    pub count: Option<i64>,
}

impl<R> Page<R> {
    /// The same page with other rows.
    pub(crate) fn map<T>(self, f: impl FnMut(R) -> Result<T, StoreError>) -> Result<Page<T>, StoreError> {
        let rows = self.rows.into_iter().map(f).collect::<Result<_, _>>()?;
        Ok(Page { rows, next: self.next, count: self.count })
    }
}

/// The text in which a thing's words are looked for: its fields, folded, one after the other.
pub(crate) fn search_text(fields: &[&str]) -> String {
    text::fold(&fields.join(" "))
}

/// What is stored is not what the domain can read: somebody changed a table by hand.
pub(crate) fn unreadable(what: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Internal(format!("the stored {what} cannot be read: {error}"))
}

/// A row that knows its place in its list.
pub(crate) trait Placed {
    /// The value it is sorted by, for one of the list's fields or `id`.
    fn key(&self, field: &str) -> KeyValue;
}

/// What a list is made of.
pub(crate) struct Shape {
    /// `SELECT …`, without FROM.
    pub(crate) select: Sql,
    /// `FROM …` with its joins.
    pub(crate) from: Sql,
    /// What it can be sorted by, and the expression of each; the last one is `id`.
    pub(crate) keys: &'static [(&'static str, &'static str)],
    /// Its own order, before the id.
    pub(crate) order: Order,
}

/// Conditions, joined with AND.
#[derive(Default)]
pub(crate) struct Conditions(Vec<Sql>);

/// The most words that are looked for; the rest of a longer search is ignored.
const MAX_WORDS: usize = 16;
/// No word of anything stored is as long as this many bytes, and SQLite refuses patterns that are much longer.
const MAX_WORD: usize = 20_000;

impl Conditions {
    /// A condition that is always there.
    pub(crate) fn always(text: &'static str) -> Self {
        Self(vec![Sql::new(text)])
    }

    pub(crate) fn add(&mut self, sql: Sql) -> &mut Self {
        self.0.push(sql);
        self
    }

    /// `<left> <value>`, where there is a value.
    pub(crate) fn when<V: Into<Value>>(&mut self, left: &'static str, value: Option<V>) -> &mut Self {
        if let Some(value) = value {
            self.add(Sql::new(left).with(value));
        }
        self
    }

    /// `<left> <operator> <value>`, where there is a value.
    pub(crate) fn compare(&mut self, left: &'static str, operator: &'static str, value: Option<i64>) -> &mut Self {
        if let Some(value) = value {
            self.add(Sql::new(left).text(operator).with(value));
        }
        self
    }

    /// At or below the threshold, or not; what has none is never low.
    pub(crate) fn low_stock(
        &mut self,
        threshold: &'static str,
        available: &'static str,
        low: Option<bool>,
    ) -> &mut Self {
        if let Some(low) = low {
            let sql = Sql::new("COALESCE(").text(available).text(" <= ").text(threshold).text(", FALSE) = ");
            self.add(sql.with(low));
        }
        self
    }

    /// From (inclusive) and until (exclusive), so that adjoining spans neither overlap nor leave a gap.
    pub(crate) fn between(
        &mut self,
        column: &'static str,
        after: Option<Instant>,
        before: Option<Instant>,
    ) -> &mut Self {
        if let Some(after) = after {
            self.add(Sql::new(column).text(" >= ").with(after));
        }
        if let Some(before) = before {
            self.add(Sql::new(column).text(" < ").with(before));
        }
        self
    }

    /// Every word occurs in the folded text.
    pub(crate) fn search(&mut self, column: &'static str, words: Option<&str>) -> &mut Self {
        for word in text::fold(words.unwrap_or("")).split(' ').filter(|w| !w.is_empty()).take(MAX_WORDS) {
            if word.len() > MAX_WORD {
                self.add(Sql::new("1 = 0"));
            } else {
                self.add(Sql::new(column).text(" LIKE ").with(like(word)).text(" ESCAPE '\\'"));
            }
        }
        self
    }

    fn write(&self, sql: &mut Sql) {
        for (n, condition) in self.0.iter().enumerate() {
            sql.push(if n == 0 { " WHERE (" } else { " AND (" }).append(condition).push(")");
        }
    }
}

/// A pattern that matches the word anywhere and nothing else.
fn like(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Reads one page.
pub(crate) fn page<R, F>(
    session: &mut Session<'_>,
    shape: &Shape,
    conditions: Conditions,
    request: &ListRequest<F>,
) -> Result<Page<R>, StoreError>
where
    R: Placed + Read<Pg> + Read<Sqlite> + 'static,
{
    // Few conditions and one order are few texts, worth keeping prepared; what clients can combine freely is not.
    let few = conditions.0.len() <= 2 && request.order.len() <= 1;
    let count = if request.count { Some(count(session, shape, &conditions, few)?) } else { None };
    let order = total_order(shape, &request.order);
    let sql = statement(shape, conditions, &order, request.after.as_deref(), request.limit)?;
    let limit = usize::from(request.limit);
    let mut rows: Vec<R> = session.load(sql.prepared(few))?;
    let next = match rows.len().cmp(&limit) {
        Ordering::Greater => {
            rows.truncate(limit);
            rows.last().map(|row| order.iter().map(|(field, _, _)| row.key(field)).collect())
        }
        Ordering::Less | Ordering::Equal => None,
    };
    Ok(Page { rows, next, count })
}

/// One page's rows, and one more that tells whether there is another page.
fn statement(
    shape: &Shape,
    mut conditions: Conditions,
    order: &[Key],
    after: Option<&[KeyValue]>,
    limit: u16,
) -> Result<Sql, StoreError> {
    if let Some(after) = after {
        conditions.add(behind(order, after)?);
    }
    let mut sql = shape.select.clone();
    sql.append(&shape.from);
    conditions.write(&mut sql);
    for (n, (_, expression, descending)) in order.iter().enumerate() {
        sql.push(if n == 0 { " ORDER BY " } else { ", " }).push(*expression);
        if *descending {
            sql.push(" DESC");
        }
    }
    sql.push(" LIMIT ").bind(i64::from(limit) + 1);
    Ok(sql)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(session: &mut Session<'_>, shape: &Shape, conditions: &Conditions, few: bool) -> Result<i64, StoreError> {
    let mut sql = Sql::new("SELECT COUNT(*) AS n ");
    sql.append(&shape.from);
    conditions.write(&mut sql);
    Ok(session.first::<Count>(sql.prepared(few))?.map_or(0, |count| count.n))
}

type Key = (&'static str, &'static str, bool);

/// The fields asked for, then the list's own, then the id: no two rows are in the same place.
fn total_order(shape: &Shape, wanted: &[Order]) -> Vec<Key> {
    let own = [shape.order];
    let wanted = if wanted.is_empty() { &own[..] } else { wanted };
    let expression = |field: &str| shape.keys.iter().find(|(name, _)| *name == field);
    let mut order: Vec<Key> = wanted
        .iter()
        .filter(|o| o.field != "id")
        .filter_map(|o| expression(o.field).map(|(name, sql)| (*name, *sql, o.descending)))
        .collect();
    // In the direction of what goes before, so that one index serves both.
    let descending = order.last().is_some_and(|(_, _, descending)| *descending);
    order.extend(expression("id").map(|(name, sql)| (*name, *sql, descending)));
    order
}

/// What comes after a row in this order: `(a, b) > (x, y)` where all go one way, spelt out where they do not.
fn behind(order: &[Key], after: &[KeyValue]) -> Result<Sql, StoreError> {
    if order.len() != after.len() {
        return Err(misplaced());
    }
    let values: Vec<Value> = after.iter().map(KeyValue::value).collect::<Result<_, _>>()?;
    let sign = |descending: bool| if descending { " < " } else { " > " };
    let one_way = order.iter().all(|(_, _, descending)| *descending == order[0].2);
    let mut sql = Sql::new("");
    if one_way {
        let columns: Vec<&str> = order.iter().map(|(_, expression, _)| *expression).collect();
        return Ok(sql.text(format!("({}){}(", columns.join(", "), sign(order[0].2))).list(values).text(")"));
    }
    for (n, (_, expression, descending)) in order.iter().enumerate() {
        sql.push(if n == 0 { "(" } else { " OR (" });
        for ((_, before, _), value) in order.iter().zip(&values).take(n) {
            sql.push(*before).push(" = ").bind(value.clone()).push(" AND ");
        }
        sql.push(*expression).push(sign(*descending)).bind(values[n].clone()).push(")");
    }
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &[&str] = &["name", "created_at"];

    #[test]
    fn an_order_names_known_fields_once() {
        let parsed = Order::parse_list("name,-created_at", ALLOWED).unwrap();
        assert_eq!(
            parsed,
            [Order { field: "name", descending: false }, Order { field: "created_at", descending: true }]
        );
        for (text, culprit) in [("", ""), ("nom", "nom"), ("name,-name", "name"), ("name,", ""), ("--name", "-name")] {
            assert_eq!(Order::parse_list(text, ALLOWED), Err(culprit.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_means_something_to_like_is_searched_for_literally() {
        assert_eq!(like("50%_\\"), r"%50\%\_\\%");
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let order: [Key; 2] = [("name", "name", false), ("id", "id", false)];
        assert!(behind(&order, &[KeyValue::Int(1)]).is_err());
        assert!(behind(&order, &[KeyValue::Text("a".into()), KeyValue::Id("no id".into())]).is_err());
    }

    #[test]
    fn a_page_starts_after_the_last_row_of_the_page_before() {
        let shape = Shape {
            select: Sql::new("SELECT t.id, t.name "),
            from: Sql::new("FROM things t"),
            keys: &[("name", "t.name_key"), ("price", "t.price"), ("id", "t.id")],
            order: Order { field: "name", descending: false },
        };
        let id = KeyValue::Id(Uuid::nil().to_string());
        let sql = |text: &str, after: &[KeyValue]| {
            let mut conditions = Conditions::always("t.removed_at IS NULL");
            conditions.when("t.price >= ", Some(5)).search("t.search_text", Some(" Tea  50% "));
            let order = Order::parse_list(text, &["name", "price"]).unwrap();
            let order = total_order(&shape, &order);
            let after = (!after.is_empty()).then_some(after);
            let sql = statement(&shape, conditions, &order, after, 25).unwrap();
            (sql.print::<Sqlite>(), sql.print::<Pg>())
        };
        let (lite, pg) = sql("-price", &[KeyValue::Int(7), id.clone()]);
        assert_eq!(
            pg,
            "SELECT t.id, t.name FROM things t WHERE (t.removed_at IS NULL) AND (t.price >= $1) \
             AND (t.search_text LIKE $2 ESCAPE '\\') AND (t.search_text LIKE $3 ESCAPE '\\') \
             AND ((t.price, t.id) < ($4, $5)) ORDER BY t.price DESC, t.id DESC LIMIT $6"
        );
        assert_eq!(lite.matches('?').count(), 6);
        let (_, mixed) = sql("name,-price", &[KeyValue::Text("tea".into()), KeyValue::Int(7), id]);
        let wanted = "AND ((t.name_key > $4) OR (t.name_key = $5 AND t.price < $6) \
             OR (t.name_key = $7 AND t.price = $8 AND t.id < $9)) \
             ORDER BY t.name_key, t.price DESC, t.id DESC LIMIT $10";
        assert!(mixed.ends_with(wanted), "{mixed}");
    }
}
