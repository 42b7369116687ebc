//! What keeping one kind of thing in its table comes to: the same few statements for every noun, in Diesel's language, and which field of
//! the contract is taken where a unique index refuses a row. What a noun's row is, and which indexes it has, is said in the noun's file.

/// A unique index, and the field of the contract whose value is taken where it refuses a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniqueKey {
    /// The index or primary key as PostgreSQL calls it. SQLite calls indexes the same and has no names for primary keys.
    pub index: &'static str,
    /// The table it is on, as both databases call it.
    pub table: &'static str,
    /// Its columns, in their order.
    pub columns: &'static [&'static str],
    /// The field, as the contract calls it.
    pub field: &'static str,
}

impl UniqueKey {
    /// The columns as SQLite names them when it refuses a row: it does not say which index it was.
    pub(crate) fn on_sqlite(&self) -> String {
        self.columns.iter().map(|column| format!("{}.{column}", self.table)).collect::<Vec<_>>().join(", ")
    }
}

/// Says which field of the contract each of a noun's unique indexes is: `users { users_email_key (email_key) is "email", }`.
macro_rules! unique_keys {
    ($($table:ident { $($index:ident ($($column:ident),+) is $field:literal,)+ })+) => {
        /// The unique indexes of this noun's tables that a caller can run into.
        pub(crate) const UNIQUE: &[$crate::repository::UniqueKey] = &[$($($crate::repository::UniqueKey {
            index: stringify!($index),
            table: stringify!($table),
            columns: &[$(<$table::$column as diesel::Column>::NAME),+],
            field: $field,
        },)+)+];
    };
}
pub(crate) use unique_keys;

/// Implements the domain's [`Repository`](tradepost_domain::repository::Repository) for a noun in its table.
///
/// `stored` is the row that is inserted and updated (it can be made from a reference to the noun), `read` the row that is read and what
/// the noun is made of; `alive` says which rows are found and edited.
macro_rules! repository {
    ($entity:ty, $table:ident, stored $stored:ty, read $row:ty => |$found_row:ident, $session:ident| $read:expr
        $(, alive $alive:expr)? $(,)?) => {
        impl tradepost_domain::repository::Repository<$entity> for $crate::session::Session<'_> {
            fn find(
                &mut self,
                id: tradepost_domain::ids::Id<$entity>,
            ) -> tradepost_domain::repository::Result<Option<$entity>> {
                let one = $table::table.find($crate::types::Id::from(id))$(.filter($alive))?;
                let row = self.run(|conn| one.select(<$row>::as_select()).first(conn).optional())?;
                let $session = self;
                let read = |$found_row: $row| -> Result<$entity, $crate::StoreError> { $read };
                Ok(row.map(read).transpose()?)
            }

            fn add(&mut self, entity: &$entity) -> tradepost_domain::repository::Result<()> {
                let row = <$stored>::from(entity);
                self.run(|conn| diesel::insert_into($table::table).values(&row).execute(conn))?;
                Ok(())
            }

            fn update(&mut self, entity: &$entity) -> tradepost_domain::repository::Result<()> {
                let row = <$stored>::from(entity);
                let before = $table::table.find(row.id).filter($table::version.eq(row.version - 1))$(.filter($alive))?;
                let changed = self.run(|conn| diesel::update(before).set(&row).execute(conn))?;
                Ok(self.exactly_one(changed)?)
            }
        }
    };
}
pub(crate) use repository;
