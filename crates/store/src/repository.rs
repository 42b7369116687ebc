//! What keeping one kind of thing in its table comes to: the same few statements for every noun, in Diesel's language.

/// Implements the domain's [`Repository`](tradepost_domain::repository::Repository) for a noun in its table.
///
/// `stored` is the row that is inserted and updated (it can be made from a reference to the noun), `read` the row that is read and what
/// the noun is made of; `alive` says which rows are found and edited.
macro_rules! repository {
    ($entity:ty, $table:ident, stored $stored:ty, read $row:ty => |$found:ident, $session:ident| $read:expr
        $(, alive $alive:expr)? $(,)?) => {
        impl tradepost_domain::repository::Repository<$entity> for $crate::session::Session<'_> {
            fn find(
                &mut self,
                id: tradepost_domain::ids::Id<$entity>,
            ) -> tradepost_domain::repository::Result<Option<$entity>> {
                let one = $table::table.find($crate::types::Id::from(id))$(.filter($alive))?;
                let found = self.run(|conn| one.select(<$row>::as_select()).first(conn).optional())?;
                let $session = self;
                let read = |$found: $row| -> Result<$entity, $crate::StoreError> { $read };
                Ok(found.map(read).transpose()?)
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
