//! Walking all documents of a kind, so many at a time, with what belongs to each: the domain judges what SQL cannot.

use crate::{
    StoreError,
    connection::{Conn, Sqlite},
    dialect::Sql,
    types::{Id, UuidSql},
};
use diesel::{QueryableByName, deserialize, pg::Pg};
use tradepost_domain::{
    money::{Currency, Money, Price},
    quantity::Quantity,
};
use uuid::Uuid;

/// What belongs to a document: one of its lines, a step of its history.
pub(super) trait Part:
    deserialize::QueryableByName<Pg> + deserialize::QueryableByName<Sqlite> + Sized + 'static
{
    /// The documents' ids, up to the first one's: `SELECT id FROM … WHERE id > `.
    const DOCUMENTS: &'static str;
    /// The parts, up to the id of the document whose parts are already read: `SELECT … WHERE … > `.
    const PARTS: &'static str;
    /// And on to that of the last one wanted: ` AND … <= `.
    const UP_TO: &'static str;
    /// Document by document: ` ORDER BY …`.
    const IN_ORDER: &'static str;

    /// The id of the document it belongs to.
    fn document(&self) -> Id;
}

/// So many documents are read at a time.
const CHUNK: i64 = 1_000;

#[derive(QueryableByName)]
struct LastId {
    #[diesel(sql_type = UuidSql)]
    id: Id,
}

/// Judges the parts of each document that has any. Whether documents that have none lie between them does not matter.
pub(super) fn walk<P: Part>(conn: &mut Conn, mut judge: impl FnMut(&[P])) -> Result<(), StoreError> {
    let mut after = Id(Uuid::nil());
    loop {
        let chunk = Sql::new("SELECT id FROM (").text(P::DOCUMENTS).with(after).text(" ORDER BY id LIMIT ").with(CHUNK);
        let last: Option<LastId> = chunk.text(") chunk ORDER BY id DESC LIMIT 1").first(conn)?;
        let Some(LastId { id: last }) = last else { return Ok(()) };
        let parts: Vec<P> = Sql::new(P::PARTS).with(after).text(P::UP_TO).with(last).text(P::IN_ORDER).load(conn)?;
        parts.chunk_by(|a, b| a.document() == b.document()).for_each(&mut judge);
        after = last;
    }
}

/// What so much of a line costs, in minor units; `None` where its figures are none.
pub(super) fn cost(unit_price: i64, quantity: i64, currency: Currency) -> Option<i64> {
    let price = Price::new(Money::from_minor(unit_price, currency)).ok()?;
    Some(price.times(Quantity::from_hundred_thousandths(quantity).ok()?)?.minor())
}
