//! What is asked of a list's rows: conditions that must all hold, with their values bound. What nobody asked for is no condition.

use crate::{
    dialect::{Fragment, Sql, Value},
    types::InstantSql,
};
use diesel::{
    Column, Expression,
    expression::AsExpression,
    sql_types::{BoolOrNullableBool, SqlType, Text},
};
use tradepost_domain::{instant::Instant, text};

/// Conditions, joined with AND.
#[derive(Default)]
pub(crate) struct Conditions(Vec<Sql>);

/// The most words that are looked for; the rest of a longer search is ignored.
const MAX_WORDS: usize = 16;
/// No word of anything stored is as long as this many bytes, and SQLite refuses patterns that are much longer.
const MAX_WORD_BYTES: usize = 20_000;

impl Conditions {
    /// A condition that is always there.
    pub(crate) fn always(text: &'static str) -> Self {
        Self(vec![Sql::new(text)])
    }

    pub(crate) fn add(&mut self, sql: Sql) -> &mut Self {
        self.0.push(sql);
        self
    }

    /// This is so: any condition of Diesel's language.
    pub(crate) fn filter<E>(&mut self, condition: E) -> &mut Self
    where
        E: Expression<SqlType: BoolOrNullableBool> + Fragment + 'static,
    {
        self.add(Sql::new("").diesel(condition))
    }

    /// The column has this value, where there is one.
    pub(crate) fn equals<C, V>(&mut self, column: C, value: Option<V>) -> &mut Self
    where
        C: Column<SqlType: SqlType> + Fragment + 'static,
        V: Into<Value> + AsExpression<C::SqlType>,
    {
        self.compared(column, " = ", value)
    }

    /// The column has this value or a larger one, where there is one.
    pub(crate) fn at_least<C, V>(&mut self, column: C, value: Option<V>) -> &mut Self
    where
        C: Column<SqlType: SqlType> + Fragment + 'static,
        V: Into<Value> + AsExpression<C::SqlType>,
    {
        self.compared(column, " >= ", value)
    }

    /// The column has this value or a smaller one, where there is one.
    pub(crate) fn at_most<C, V>(&mut self, column: C, value: Option<V>) -> &mut Self
    where
        C: Column<SqlType: SqlType> + Fragment + 'static,
        V: Into<Value> + AsExpression<C::SqlType>,
    {
        self.compared(column, " <= ", value)
    }

    fn compared<C: Fragment + 'static>(
        &mut self,
        column: C,
        operator: &'static str,
        value: Option<impl Into<Value>>,
    ) -> &mut Self {
        if let Some(value) = value {
            self.add(Sql::new("").diesel(column).text(operator).with(value));
        }
        self
    }

    /// The column lies in `[from, until)`, so that adjoining spans neither overlap nor leave a gap.
    pub(crate) fn spans<C>(&mut self, column: C, from: Option<Instant>, until: Option<Instant>) -> &mut Self
    where
        C: Expression<SqlType = InstantSql> + Fragment + Copy + 'static,
    {
        self.compared(column, " >= ", from).compared(column, " < ", until)
    }

    /// Every word occurs in this folded text.
    pub(crate) fn contains<E>(&mut self, folded: E, words: Option<&str>) -> &mut Self
    where
        E: Expression<SqlType = Text> + Fragment + 'static,
    {
        self.every_word(&Sql::new("").diesel(folded), words)
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
        self.every_word(&Sql::new(column), words)
    }

    fn every_word(&mut self, folded: &Sql, words: Option<&str>) -> &mut Self {
        for word in text::fold(words.unwrap_or("")).split(' ').filter(|w| !w.is_empty()).take(MAX_WORDS) {
            if word.len() > MAX_WORD_BYTES {
                self.add(Sql::new("1 = 0"));
            } else {
                self.add(folded.clone().text(" LIKE ").with(like(word)).text(" ESCAPE '\\'"));
            }
        }
        self
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// ` WHERE …`, where there are any.
    pub(super) fn write(&self, sql: &mut Sql) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_like_is_searched_for_literally() {
        assert_eq!(like("50%_\\"), r"%50\%\_\\%");
    }
}
