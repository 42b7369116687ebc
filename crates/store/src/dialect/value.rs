//! The values beside a text: single ones, and many as one.

use crate::{
    connection::Sqlite,
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryResult,
    backend::Backend,
    pg::Pg,
    query_builder::{AstPass, QueryId},
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{self, BigInt, Binary, Bool, HasSqlType, Nullable, Text},
};

/// A value beside a text.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Id(Option<Id>),
    At(Option<At>),
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Bool(bool),
}

/// PostgreSQL cannot hold NUL, and the domain takes no text with one: where somebody looks for it, it is not found.
pub(crate) fn replace_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

macro_rules! values {
    ($($rust:ty => |$v:ident| $value:expr),+ $(,)?) => {$(
        impl From<$rust> for Value {
            fn from($v: $rust) -> Self {
                $value
            }
        }
    )+};
}

values! {
    Id => |v| Self::Id(Some(v)),
    Option<Id> => |v| Self::Id(v),
    At => |v| Self::At(Some(v)),
    Option<At> => |v| Self::At(v),
    tradepost_domain::instant::Instant => |v| Self::At(Some(v.into())),
    i64 => |v| Self::Int(Some(v)),
    Option<i64> => |v| Self::Int(v),
    String => |v| Self::Text(Some(replace_nul(v))),
    Option<String> => |v| Self::Text(v.map(replace_nul)),
    &str => |v| Self::Text(Some(replace_nul(v.to_owned()))),
    Vec<u8> => |v| Self::Bytes(Some(v)),
    &[u8] => |v| Self::Bytes(Some(v.to_vec())),
    bool => |v| Self::Bool(v),
}

/// Many values as one: an array on PostgreSQL, a JSON list on SQLite, which is made only when SQLite gets it.
#[derive(Debug, Clone, QueryId)]
pub(crate) struct Ids(pub(crate) Vec<Id>);

#[derive(Debug, Clone)]
pub(super) struct Texts(pub(super) Vec<String>);

#[derive(Debug, Clone)]
pub(super) struct Pairs(pub(super) Vec<Id>, pub(super) Vec<Id>);

/// A JSON list of texts that need no escaping.
fn json_list(items: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = items.map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", quoted.join(","))
}

#[cfg(feature = "sqlite")]
impl ToSql<Text, Sqlite> for Ids {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(json_list(self.0.iter().map(|id| id.0.simple().to_string())));
        Ok(IsNull::No)
    }
}

#[cfg(feature = "sqlite")]
impl ToSql<Text, Sqlite> for Texts {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

#[cfg(feature = "sqlite")]
impl ToSql<Text, Sqlite> for Pairs {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        let pairs = self.0.iter().zip(&self.1);
        out.set_value(json_list(pairs.map(|(p, q)| format!("{}{}", p.0.simple(), q.0.simple()))));
        Ok(IsNull::No)
    }
}

/// A whole column of values, for PostgreSQL's `unnest`. SQLite has no arrays: there a prepared statement runs in a loop.
#[derive(Debug, Clone)]
pub(crate) enum Array {
    Ids(Vec<Id>),
    Ats(Vec<At>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
}

/// The SQL types that both know.
pub(super) fn push_value<'b, DB>(out: &mut AstPass<'_, 'b, DB>, value: &'b Value) -> QueryResult<()>
where
    DB: Backend
        + HasSqlType<UuidSql>
        + HasSqlType<InstantSql>
        + HasSqlType<BigInt>
        + HasSqlType<Text>
        + HasSqlType<Binary>
        + HasSqlType<Bool>,
    Option<Id>: ToSql<Nullable<UuidSql>, DB>,
    Option<At>: ToSql<Nullable<InstantSql>, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
    Option<String>: ToSql<Nullable<Text>, DB>,
    Option<Vec<u8>>: ToSql<Nullable<Binary>, DB>,
    bool: ToSql<Bool, DB>,
{
    match value {
        Value::Id(v) => out.push_bind_param::<Nullable<UuidSql>, _>(v),
        Value::At(v) => out.push_bind_param::<Nullable<InstantSql>, _>(v),
        Value::Int(v) => out.push_bind_param::<Nullable<BigInt>, _>(v),
        Value::Text(v) => out.push_bind_param::<Nullable<Text>, _>(v),
        Value::Bytes(v) => out.push_bind_param::<Nullable<Binary>, _>(v),
        Value::Bool(v) => out.push_bind_param::<Bool, _>(v),
    }
}

pub(super) fn push_array<'b>(out: &mut AstPass<'_, 'b, Pg>, array: &'b Array) -> QueryResult<()> {
    use sql_types::Array as Of;
    match array {
        Array::Ids(v) => out.push_bind_param::<Of<UuidSql>, _>(v),
        Array::Ats(v) => out.push_bind_param::<Of<InstantSql>, _>(v),
        Array::Ints(v) => out.push_bind_param::<Of<BigInt>, _>(v),
        Array::Texts(v) => out.push_bind_param::<Of<Text>, _>(v),
    }
}
