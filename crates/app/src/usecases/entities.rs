//! What is the same for every noun that is kept as a whole: finding, editing and removing it.

use super::check_version;
use crate::{Error, Result};
use tradepost_domain::{
    field_errors::FieldErrors,
    ids::Id,
    instant::Instant,
    repository::{Entity, Remove, Repository},
};

/// The thing with this id.
///
/// # Errors
/// `Refused` with `NotFound`.
pub fn get<T: Entity>(repository: &mut impl Repository<T>, id: Id<T>) -> Result<T> {
    repository.find(id)?.ok_or_else(Error::not_found::<T>)
}

/// Changes a thing. What is wrong with the change comes before the version that the caller has seen.
///
/// # Errors
/// `NotFound`, what `change` says, `PreconditionFailed`, and what the repository says of the new values.
pub fn edit<T: Entity>(
    repository: &mut impl Repository<T>,
    id: Id<T>,
    expected_version: Option<i64>,
    change: impl FnOnce(&mut T) -> std::result::Result<(), FieldErrors>,
) -> Result<T> {
    let mut entity = get(repository, id)?;
    let version = entity.version();
    change(&mut entity)?;
    check_version(expected_version, version)?;
    repository.update(&entity)?;
    Ok(entity)
}

/// Removes a thing, and what is personal of it; what refers to it stays.
///
/// # Errors
/// `NotFound`, `PreconditionFailed`, `InUse`.
pub fn remove<T: Entity>(
    repository: &mut impl Remove<T>,
    id: Id<T>,
    expected_version: Option<i64>,
    now: Instant,
) -> Result<()> {
    let entity = get(repository, id)?;
    check_version(expected_version, entity.version())?;
    Ok(repository.remove(id, now)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_domain::{catalogue::Category, ids::CategoryId, ledger::Refusal, memory::Shop, money::Currency};

    const NOW: Instant = Instant::from_micros(0);

    fn shop_with_smoothies() -> (Shop, CategoryId) {
        let mut shop = Shop::new(Currency::parse("EUR").unwrap(), NOW);
        let id = CategoryId::from_uuid(shop.new_id());
        shop.add(&Category::new(id, "Smoothies", "", NOW).unwrap()).unwrap();
        (shop, id)
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T>) -> Refusal {
        match result.unwrap_err() {
            Error::Refused(refusal) => refusal,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn an_edit_of_another_version_than_was_seen_changes_nothing() {
        let (mut shop, id) = shop_with_smoothies();
        let rename = |category: &mut Category| category.edit(Some("Juices"), None, NOW);
        assert_eq!(refusal(edit(&mut shop, id, Some(7), rename)), Refusal::PreconditionFailed);
        assert_eq!(get(&mut shop, id).unwrap().name, "Smoothies");
        assert_eq!(edit(&mut shop, id, Some(1), rename).unwrap().version, 2);
        assert_eq!(get(&mut shop, id).unwrap().name, "Juices");
    }

    #[test]
    fn what_is_wrong_with_an_edit_is_said_before_its_version() {
        let (mut shop, id) = shop_with_smoothies();
        let unnamed = |category: &mut Category| category.edit(Some(" "), None, NOW);
        assert!(matches!(refusal(edit(&mut shop, id, Some(7), unnamed)), Refusal::Invalid(_)));
    }

    #[test]
    fn what_was_removed_is_not_found() {
        let (mut shop, id) = shop_with_smoothies();
        assert_eq!(refusal(remove::<Category>(&mut shop, id, Some(2), NOW)), Refusal::PreconditionFailed);
        remove::<Category>(&mut shop, id, Some(1), NOW).unwrap();
        assert_eq!(refusal(get::<Category>(&mut shop, id)), Refusal::NotFound("category"));
        assert_eq!(refusal(remove::<Category>(&mut shop, id, None, NOW)), Refusal::NotFound("category"));
    }
}
