//! Pages that start after the last row of the page before.

use super::{Conditions, KeyValue, ListRequest, Page, Sort};
use crate::{
    dialect::{Fragment, Reads, SelectedRow, Sql, Value},
    error::StoreError,
    session::Session,
    types::{At, Id},
};
use diesel::{
    Expression, QueryableByName,
    expression::AsExpression,
    sql_types::{BigInt, SqlType, is_nullable::NotNull},
};
use std::cmp::Ordering;
use uuid::Uuid;

impl KeyValue {
    fn value(&self) -> Result<Value, StoreError> {
        Ok(match self {
            Self::Int(n) => (*n).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Id(text) => Id(Uuid::parse_str(text).map_err(|_| wrong_cursor())?).into(),
            Self::At(micros) => At(*micros).into(),
        })
    }
}

/// A cursor of another list. The edge refuses those before they get here.
fn wrong_cursor() -> StoreError {
    StoreError::Refused("this cursor belongs to another list".into())
}

/// A row that says what it is sorted by, for a [`Shape`]; a [`List`] says so of its keys.
pub(crate) trait SortKeys {
    /// The value it is sorted by, for one of the list's fields or `id`.
    fn key(&self, field: &str) -> KeyValue;
}

/// What a list is made of whose columns are text.
pub(crate) struct Shape {
    /// `SELECT …`, without FROM.
    pub(crate) select: Sql,
    /// `FROM …` with its joins.
    pub(crate) from: Sql,
    /// What it can be sorted by, and the expression of each; the last one is `id`.
    pub(crate) keys: &'static [(&'static str, &'static str)],
    /// Its own order, before the id.
    pub(crate) order: Sort,
}

/// What a list can be sorted by.
struct SortKey<R> {
    field: &'static str,
    expression: Sql,
    /// What a row has there.
    value: Box<dyn Fn(&R) -> KeyValue>,
}

/// A list of rows that say what their columns are.
///
/// ```text
/// let list = List::<Row>::new(" FROM categories", Sort { field: "name", descending: false })
///     .key("name", categories::name_key, |row| row.name_key.clone())
///     .key("created_at", categories::created_at, |row| row.created_at)
///     .key("id", categories::id, |row| row.id);
/// let mut conditions = Conditions::default();
/// conditions.equals(categories::name_key, request.filter.name.as_deref().map(fold));
/// conditions.contains(categories::search_text, request.filter.search.as_deref());
/// list.page(session, conditions, request)
/// ```
pub(crate) struct List<R> {
    from: Sql,
    keys: Vec<SortKey<R>>,
    own: Sort,
}

impl<R: SelectedRow> List<R> {
    /// ` FROM …` with its joins, all tables under their own names; and by what it is sorted where nobody says, before the id.
    pub(crate) fn new(from: &'static str, own: Sort) -> Self {
        Self { from: Sql::new(from), keys: Vec::new(), own }
    }

    /// It can be sorted by this column. There must be one for `id`, and none of them is ever NULL: what is could not be in a cursor.
    pub(crate) fn key<C, V>(self, field: &'static str, column: C, value: impl Fn(&R) -> V + 'static) -> Self
    where
        C: Expression<SqlType: SqlType<IsNull = NotNull>> + Fragment + 'static,
        V: Into<KeyValue> + AsExpression<C::SqlType>,
    {
        self.sorted_by(field, Sql::new("").diesel(column), move |row| value(row).into())
    }

    /// It can be sorted by this, which is no column and never NULL.
    pub(crate) fn computed_key<V: Into<KeyValue>>(
        self,
        field: &'static str,
        expression: &'static str,
        value: impl Fn(&R) -> V + 'static,
    ) -> Self {
        self.sorted_by(field, Sql::new(expression), move |row| value(row).into())
    }

    fn sorted_by(mut self, field: &'static str, expression: Sql, value: impl Fn(&R) -> KeyValue + 'static) -> Self {
        self.keys.push(SortKey { field, expression, value: Box::new(value) });
        self
    }

    /// Reads one page: one statement, and one more where a count is wanted.
    pub(crate) fn page<F>(
        &self,
        session: &mut Session<'_>,
        conditions: Conditions,
        request: &ListRequest<F>,
    ) -> Result<Page<R>, StoreError> {
        read_page(session, (&Sql::select::<R>(), &self.from), (&self.keys, self.own), conditions, request)
    }
}

/// Reads one page of a [`Shape`].
pub(crate) fn page<R, F>(
    session: &mut Session<'_>,
    shape: &Shape,
    conditions: Conditions,
    request: &ListRequest<F>,
) -> Result<Page<R>, StoreError>
where
    R: SortKeys + 'static,
    Sql: Reads<R>,
{
    let keys: Vec<SortKey<R>> = shape.keys.iter().map(|(field, expression)| shape_key(field, expression)).collect();
    read_page(session, (&shape.select, &shape.from), (&keys, shape.order), conditions, request)
}

fn shape_key<R: SortKeys>(field: &'static str, expression: &'static str) -> SortKey<R> {
    SortKey { field, expression: Sql::new(expression), value: Box::new(move |row: &R| row.key(field)) }
}

fn read_page<R, S, F>(
    session: &mut Session<'_>,
    (select, from): (&Sql<S>, &Sql),
    (keys, own): (&[SortKey<R>], Sort),
    conditions: Conditions,
    request: &ListRequest<F>,
) -> Result<Page<R>, StoreError>
where
    Sql<S>: Reads<R>,
{
    // Few conditions and one order are few texts, worth keeping prepared; what clients can combine freely is not.
    let few = conditions.len() <= 2 && request.order.len() <= 1;
    let count = if request.count { Some(count(session, from, &conditions, few)?) } else { None };
    let order = total_order(keys, own, &request.order);
    let mut sql = select.clone();
    sql.append(&rows_after(from, conditions, &order, request.after.as_deref(), request.limit)?);
    let limit = usize::from(request.limit);
    let mut rows: Vec<R> = session.load(sql.prepared(few))?;
    let next = match rows.len().cmp(&limit) {
        Ordering::Greater => {
            rows.truncate(limit);
            rows.last().map(|row| order.iter().map(|(key, _)| (key.value)(row)).collect())
        }
        Ordering::Less | Ordering::Equal => None,
    };
    Ok(Page { rows, next, count })
}

/// From `FROM` on: one page's rows, and one more that tells whether there is another page.
fn rows_after<R>(
    from: &Sql,
    mut conditions: Conditions,
    order: &[Sorted<'_, R>],
    after: Option<&[KeyValue]>,
    limit: u16,
) -> Result<Sql, StoreError> {
    if let Some(after) = after {
        conditions.add(after_cursor(order, after)?);
    }
    let mut sql = from.clone();
    conditions.write(&mut sql);
    for (n, (key, descending)) in order.iter().enumerate() {
        sql.push(if n == 0 { " ORDER BY " } else { ", " }).append(&key.expression);
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

fn count(session: &mut Session<'_>, from: &Sql, conditions: &Conditions, few: bool) -> Result<i64, StoreError> {
    let mut sql = Sql::new("SELECT COUNT(*) AS n ");
    sql.append(from);
    conditions.write(&mut sql);
    Ok(session.first::<Count>(sql.prepared(few))?.map_or(0, |count| count.n))
}

/// A key, and whether the largest comes first.
type Sorted<'k, R> = (&'k SortKey<R>, bool);

/// The fields asked for, then the list's own, then the id: no two rows are in the same place.
fn total_order<'k, R>(keys: &'k [SortKey<R>], own: Sort, wanted: &[Sort]) -> Vec<Sorted<'k, R>> {
    let own = [own];
    let wanted = if wanted.is_empty() { &own[..] } else { wanted };
    let key = |field: &str| keys.iter().find(|key| key.field == field);
    let mut order: Vec<Sorted<'k, R>> = wanted
        .iter()
        .filter(|sort| sort.field != "id")
        .filter_map(|sort| key(sort.field).map(|key| (key, sort.descending)))
        .collect();
    // In the direction of what goes before, so that one index serves both.
    let descending = order.last().is_some_and(|(_, descending)| *descending);
    order.extend(key("id").map(|key| (key, descending)));
    order
}

/// What comes after a row in this order: `(a, b) > (x, y)` where all go one way, spelt out where they do not.
fn after_cursor<R>(order: &[Sorted<'_, R>], after: &[KeyValue]) -> Result<Sql, StoreError> {
    if order.len() != after.len() {
        return Err(wrong_cursor());
    }
    let values: Vec<Value> = after.iter().map(KeyValue::value).collect::<Result<_, _>>()?;
    let sign = |descending: bool| if descending { " < " } else { " > " };
    let one_way = order.iter().all(|(_, descending)| *descending == order[0].1);
    let mut sql = Sql::new("");
    if one_way {
        for (n, (key, _)) in order.iter().enumerate() {
            sql.push(if n == 0 { "(" } else { ", " }).append(&key.expression);
        }
        sql.push(")").push(sign(order[0].1)).push("(");
        return Ok(sql.list(values).text(")"));
    }
    for (n, (key, descending)) in order.iter().enumerate() {
        sql.push(if n == 0 { "(" } else { " OR (" });
        for ((before, _), value) in order.iter().zip(&values).take(n) {
            sql.append(&before.expression).push(" = ").bind(value.clone()).push(" AND ");
        }
        sql.append(&key.expression).push(sign(*descending)).bind(values[n].clone()).push(")");
    }
    Ok(sql)
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use super::*;
    use crate::{connection::Conn, schema::products};
    use diesel::{Connection, ExpressionMethods, Queryable, RunQueryDsl, Selectable, pg::Pg, sqlite::Sqlite};

    #[derive(Queryable, Selectable)]
    #[diesel(table_name = products)]
    struct Row {
        id: Id,
        name_key: String,
        price: i64,
    }

    fn list() -> List<Row> {
        List::<Row>::new(" FROM products", Sort { field: "name", descending: false })
            .key("name", products::name_key, |row| row.name_key.clone())
            .key("price", products::price, |row| row.price)
            .key("id", products::id, |row| row.id)
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let list = list();
        let order = total_order(&list.keys, list.own, &[]);
        assert!(after_cursor(&order, &[KeyValue::Int(1)]).is_err());
        assert!(after_cursor(&order, &[KeyValue::Text("a".into()), KeyValue::Id("no id".into())]).is_err());
    }

    #[test]
    fn a_page_starts_after_the_last_row_of_the_page_before() {
        let id = KeyValue::Id(Uuid::nil().to_string());
        let sql = |text: &str, after: &[KeyValue]| {
            let mut conditions = Conditions::default();
            conditions.filter(products::removed_at.is_null()).at_least(products::price, Some(5));
            conditions.contains(products::search_text, Some(" Tea  50% "));
            let list = list();
            let order = Sort::parse_list(text, &["name", "price"]).unwrap();
            let order = total_order(&list.keys, list.own, &order);
            let after = (!after.is_empty()).then_some(after);
            let sql = rows_after(&list.from, conditions, &order, after, 25).unwrap();
            (sql.print::<Sqlite>(), sql.print::<Pg>().replace("\"products\".", "").replace('"', ""))
        };
        let (lite, pg) = sql("-price", &[KeyValue::Int(7), id.clone()]);
        assert_eq!(
            pg,
            " FROM products WHERE ((removed_at IS NULL)) AND (price >= $1) \
             AND (search_text LIKE $2 ESCAPE '\\') AND (search_text LIKE $3 ESCAPE '\\') \
             AND ((price, id) < ($4, $5)) ORDER BY price DESC, id DESC LIMIT $6"
        );
        assert_eq!(lite.matches('?').count(), 6);
        let (_, mixed) = sql("name,-price", &[KeyValue::Text("tea".into()), KeyValue::Int(7), id]);
        let wanted = "AND ((name_key > $4) OR (name_key = $5 AND price < $6) \
             OR (name_key = $7 AND price = $8 AND id < $9)) \
             ORDER BY name_key, price DESC, id DESC LIMIT $10";
        assert!(mixed.ends_with(wanted), "{mixed}");
    }

    #[test]
    fn a_list_reads_its_rows_and_tells_where_the_next_page_starts() {
        let mut conn = Conn::Lite(diesel::SqliteConnection::establish(":memory:").unwrap());
        crate::migrate::up(&mut conn).unwrap();
        for (n, name) in ["b", "c", "a"].into_iter().enumerate() {
            let id = Id(Uuid::from_u128(n as u128));
            let texts = (products::sku.eq(name), products::sku_key.eq(name), products::name.eq(name));
            let more = (products::name_key.eq(name), products::description.eq(""), products::unit.eq("each"));
            let rest = (products::unit_decimals.eq(0), products::enabled.eq(true), products::search_text.eq(name));
            let at = (products::created_at.eq(At(0)), products::updated_at.eq(At(0)), products::version.eq(1_i64));
            let row = (products::id.eq(id), texts, more, rest, at, products::price.eq(5_i64));
            diesel::insert_into(products::table).values(row).execute(&mut conn).unwrap();
        }
        let mut session = Session::new(&mut conn, None);
        let mut request = ListRequest { filter: (), order: Vec::new(), limit: 2, after: None, count: true };
        let first = list().page(&mut session, Conditions::default(), &request).unwrap();
        assert_eq!(first.rows.iter().map(|row| row.name_key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(first.count, Some(3));
        request.after = first.next;
        let last = list().page(&mut session, Conditions::default(), &request).unwrap();
        assert_eq!((last.rows[0].name_key.as_str(), last.next), ("c", None));
    }
}
