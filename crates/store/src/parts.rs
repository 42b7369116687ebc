//! The parts of the rows of a page (the lines of its orders, the levels of its products): read with one statement for all of them, and
//! handed out by parent. Which parts a noun has is said in the noun's file.
//!
//! [`one_of`] is `column is one of these ids` in Diesel's language: one bound value however many ids there are, so that the text is always
//! the same and is prepared once. (`eq_any` prints a placeholder for each on SQLite: a text for every length.) It is run with `on_both!`,
//! because each database is told in words of its own.

use crate::{
    connection::Sqlite,
    dialect::Ids,
    types::{Id, UuidSql},
};
use diesel::{
    AppearsOnTable, Expression, QueryResult, SelectableExpression,
    expression::{ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Array, Bool, Text},
};
use std::collections::HashMap;

/// The condition; see [`one_of`].
#[derive(Debug, Clone, QueryId)]
pub(crate) struct OneOf<C> {
    column: C,
    ids: Ids,
}

/// The column is one of these.
pub(crate) const fn one_of<C: Expression<SqlType = UuidSql>>(column: C, ids: Vec<Id>) -> OneOf<C> {
    OneOf { column, ids: Ids(ids) }
}

impl<C> Expression for OneOf<C> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for OneOf<C> {}

impl<C: SelectableExpression<QS>, QS> SelectableExpression<QS> for OneOf<C> {}

impl<C> ValidGrouping<()> for OneOf<C> {
    type IsAggregate = is_aggregate::No;
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for OneOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<UuidSql>, _>(&self.ids.0)?;
        out.push_sql(")");
        Ok(())
    }
}

#[cfg(feature = "sqlite")]
impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for OneOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT unhex(value) FROM json_each(");
        out.push_bind_param::<Text, _>(&self.ids)?;
        out.push_sql("))");
        Ok(())
    }
}

/// The parts of each parent, in the order in which they were read.
pub(crate) fn by_parent<R>(parts: Vec<R>, parent: impl Fn(&R) -> Id) -> HashMap<Id, Vec<R>> {
    let mut of: HashMap<Id, Vec<R>> = HashMap::new();
    for part in parts {
        of.entry(parent(&part)).or_default().push(part);
    }
    of
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use super::*;
    use crate::schema::order_lines;
    use diesel::{QueryDsl, debug_query};
    use uuid::Uuid;

    #[test]
    fn the_text_is_the_same_however_many_there_are() {
        let of = |count: u128| {
            let ids = (0..count).map(|n| Id(Uuid::from_u128(n))).collect();
            order_lines::table.filter(one_of(order_lines::order_id, ids)).select(order_lines::id)
        };
        let lite = |count| debug_query::<Sqlite, _>(&of(count)).to_string();
        let text = |printed: String| printed.split(" -- ").next().map(str::to_owned);
        assert_eq!(text(lite(0)), text(lite(3)));
        assert!(lite(1).contains("`order_id` IN (SELECT unhex(value) FROM json_each(?))"), "{}", lite(1));
        let pg = debug_query::<Pg, _>(&of(2)).to_string();
        assert!(pg.contains("\"order_id\" = ANY($1)"), "{pg}");
    }
}
