//! What a shop in memory keeps of nouns that the ledger knows nothing of, or only by name: a table for each kind.

use super::Shop;
use crate::{
    ids::Id,
    instant::Instant,
    repository::{Entity, Error, Remove, Repository, Result},
};
use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Debug,
};

/// A noun that a shop in memory keeps in a table. One that the ledger looks things up of says so in [`Record::after_save`].
pub trait Record: Entity + Debug + Clone + Send + Sync + 'static {
    /// What refers to it and may not lose it, in the plural; `None`: it may be removed.
    fn in_use(&self, _shop: &Shop) -> Option<&'static str> {
        None
    }

    /// Called after it was added or edited, to tell the ledger's books.
    fn after_save(&self, _shop: &mut Shop) {}

    /// Called after it was removed, to tell the ledger's books and to remove what is personal beside it.
    fn after_remove(&self, _shop: &mut Shop, _now: Instant) {}
}

/// The tables, one for each kind that anything was ever added of.
#[derive(Debug, Default)]
pub(super) struct Tables(HashMap<TypeId, Box<dyn Table>>);

type Rows<T> = BTreeMap<Id<T>, T>;

trait Table: Any + Debug + Send + Sync {
    fn cloned(&self) -> Box<dyn Table>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<T: Record> Table for Rows<T> {
    fn cloned(&self) -> Box<dyn Table> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl Clone for Tables {
    fn clone(&self) -> Self {
        Self(self.0.iter().map(|(kind, table)| (*kind, table.cloned())).collect())
    }
}

impl Tables {
    /// All of a kind, by id.
    pub(super) fn iter<T: Record>(&self) -> impl Iterator<Item = &T> {
        let table = self.0.get(&TypeId::of::<T>()).and_then(|table| (**table).as_any().downcast_ref::<Rows<T>>());
        table.into_iter().flat_map(BTreeMap::values)
    }

    fn rows_mut<T: Record>(&mut self) -> Option<&mut Rows<T>> {
        let table = self.0.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(Rows::<T>::new()));
        (**table).as_any_mut().downcast_mut()
    }

    fn put<T: Record>(&mut self, record: T) {
        if let Some(rows) = self.rows_mut() {
            rows.insert(record.id(), record);
        }
    }

    pub(super) fn take<T: Record>(&mut self, id: Id<T>) -> Option<T> {
        self.rows_mut()?.remove(&id)
    }

    fn get<T: Record>(&self, id: Id<T>) -> Option<&T> {
        let table = self.0.get(&TypeId::of::<T>())?;
        (**table).as_any().downcast_ref::<Rows<T>>()?.get(&id)
    }
}

/// Refuses what shares a unique key with another one. They are few: a shop in memory is small.
pub(super) fn check_unique<'a, T: Entity + 'a>(entity: &T, all: impl Iterator<Item = &'a T>) -> Result<()> {
    let taken: HashSet<_> = all.filter(|other| other.id() != entity.id()).flat_map(T::unique_keys).collect();
    match entity.unique_keys().into_iter().find(|key| taken.contains(key)) {
        Some((field, _)) => Err(Error::Duplicate { field }),
        None => Ok(()),
    }
}

/// Refuses an edit of another version than the one that is kept.
pub(super) fn check_follows<T: Entity>(kept: Option<&T>, edited: &T) -> Result<()> {
    if kept.map(T::version) == Some(edited.version() - 1) { Ok(()) } else { Err(Error::Changed) }
}

impl<T: Record> Repository<T> for Shop {
    fn find(&mut self, id: Id<T>) -> Result<Option<T>> {
        Ok(self.tables.get(id).cloned())
    }

    fn add(&mut self, record: &T) -> Result<()> {
        if self.tables.get(record.id()).is_some() {
            return Err(Error::Duplicate { field: "id" });
        }
        self.save(record)
    }

    fn update(&mut self, record: &T) -> Result<()> {
        check_follows(self.tables.get(record.id()), record)?;
        self.save(record)
    }
}

impl Shop {
    fn save<T: Record>(&mut self, record: &T) -> Result<()> {
        check_unique(record, self.tables.iter::<T>())?;
        self.tables.put(record.clone());
        record.after_save(self);
        Ok(())
    }
}

impl<T: Record> Remove<T> for Shop {
    fn remove(&mut self, id: Id<T>, now: Instant) -> Result<()> {
        if let Some(by) = self.tables.get(id).and_then(|record| record.in_use(self)) {
            return Err(Error::InUse { by });
        }
        if let Some(record) = self.tables.take(id) {
            record.after_remove(self, now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Category;
    use uuid::Uuid;

    const NOON: Instant = Instant::from_micros(1_800_000_000_000_000);

    fn a_shop() -> Shop {
        Shop::new("EUR".parse().unwrap(), NOON)
    }

    fn a_category(id: u128, name: &str) -> Category {
        Category::new(Id::from_uuid(Uuid::from_u128(id)), name, "", NOON).unwrap()
    }

    #[test]
    fn two_of_a_kind_do_not_share_a_unique_key_whatever_its_case() {
        let mut shop = a_shop();
        shop.add(&a_category(1, "Drinks")).unwrap();
        let second = shop.add(&a_category(2, "DRINKS")).unwrap_err();
        assert!(matches!(second, Error::Duplicate { field: "name" }), "{second}");
        shop.add(&a_category(2, "Cakes")).unwrap();
        let mut renamed = a_category(2, "Cakes");
        renamed.edit(Some("drinks"), None, NOON).unwrap();
        assert!(matches!(shop.update(&renamed), Err(Error::Duplicate { field: "name" })));
    }

    #[test]
    fn an_edit_follows_the_version_that_is_kept() {
        let mut shop = a_shop();
        let category = a_category(1, "Drinks");
        shop.add(&category).unwrap();
        let mut edited = category.clone();
        edited.edit(None, Some("cold"), NOON).unwrap();
        shop.update(&edited).unwrap();
        assert_eq!(shop.find(category.id).unwrap(), Some(edited.clone()));
        assert!(matches!(shop.update(&edited), Err(Error::Changed)), "version 2 does not follow version 2");
        let mut unknown = a_category(2, "Cakes");
        unknown.edit(None, Some("warm"), NOON).unwrap();
        assert!(matches!(shop.update(&unknown), Err(Error::Changed)), "there is none to edit");
    }

    #[test]
    fn a_removed_one_is_not_found_and_its_keys_are_free_again() {
        let mut shop = a_shop();
        let category = a_category(1, "Drinks");
        shop.add(&category).unwrap();
        let before = shop.clone();
        shop.remove(category.id, NOON).unwrap();
        shop.remove(category.id, NOON).unwrap();
        assert_eq!(Repository::<Category>::find(&mut shop, category.id).unwrap(), None);
        shop.add(&a_category(2, "Drinks")).unwrap();
        let kept = before.tables.get(category.id);
        assert_eq!(kept, Some(&category), "a copy of the shop has tables of its own");
    }
}
