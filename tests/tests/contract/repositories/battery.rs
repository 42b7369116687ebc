//! What is promised of every noun alike. A noun takes part by saying how one of it is made and edited ([`Sample`]).

use super::{All, Implementation};
use crate::{at, new_id};
use std::fmt::Debug;
use tradepost_domain::{
    ids::Id,
    repository::{Entity, Error, Remove, Repository, Result},
};

/// The texts that one of a kind is made of, by field.
pub(super) type Texts<'t> = &'t dyn Fn(&str) -> String;

/// A noun of which the battery can make as many as it needs.
pub(super) trait Sample: Entity + Clone + PartialEq + Debug + Send + Sync + 'static {
    /// A new one. The texts of its unique fields, and of all others that a database folds, are asked for.
    fn make(texts: Texts<'_>) -> Self;
    /// The next version of it, made of other texts.
    fn edit(self, texts: Texts<'_>) -> Self;
}

/// Texts that are like no others.
fn own(n: u32) -> impl Fn(&str) -> String {
    move |field| format!("{field}{n}")
}

/// Like `own(n)`, but one field has the text of `other`, in capitals.
fn taking(field: &str, other: u32, n: u32) -> impl Fn(&str) -> String {
    move |asked| if asked == field { own(other)(asked).to_uppercase() } else { own(n)(asked) }
}

fn fields<T: Entity>(one: &T) -> Vec<&'static str> {
    one.unique_keys().into_iter().map(|(field, _)| field).collect()
}

/// A noun as one implementation keeps it.
struct Shelf<'s, S>(&'s S);

impl<S: Implementation> Shelf<'_, S> {
    fn find<T: Sample>(&self, id: Id<T>) -> Option<T>
    where
        for<'a> All<'a>: Repository<T>,
    {
        self.0.done(move |s| Repository::<T>::find(s, id))
    }

    fn add<T: Sample>(&self, one: &T) -> Result<()>
    where
        for<'a> All<'a>: Repository<T>,
    {
        let one = one.clone();
        self.0.unit(move |s| Repository::<T>::add(s, &one))
    }

    fn update<T: Sample>(&self, one: &T) -> Result<()>
    where
        for<'a> All<'a>: Repository<T>,
    {
        let one = one.clone();
        self.0.unit(move |s| Repository::<T>::update(s, &one))
    }

    fn remove<T: Sample>(&self, id: Id<T>) -> Result<()>
    where
        for<'a> All<'a>: Remove<T>,
    {
        self.0.unit(move |s| Remove::<T>::remove(s, id, at(9_000)))
    }
}

fn assert_duplicate(result: &Result<()>, field: &str) {
    assert!(matches!(result, Err(Error::Duplicate { field: taken }) if *taken == field), "{field}: {result:?}");
}

fn assert_changed(result: &Result<()>) {
    assert!(matches!(result, Err(Error::Changed)), "{result:?}");
}

/// What [`Repository`] promises.
pub(super) fn keeping<T: Sample>(shop: &impl Implementation)
where
    for<'a> All<'a>: Repository<T>,
{
    let shelf = Shelf(shop);
    let first = T::make(&own(1));
    assert_eq!(shelf.find(first.id()), None, "nobody has added it");
    shelf.add(&first).expect("it is kept");
    assert_eq!(shelf.find(first.id()), Some(first.clone()), "as it was added");
    unique::<T>(&shelf, &first);
    let edited = versions::<T>(&shelf, &first);
    let renamed = edited.edit(&own(6));
    shelf.update(&renamed).expect("it takes other names");
    shelf.add(&T::make(&own(1))).expect("the names that an edit gave up are free");
    let lost = T::make(&own(7));
    let adding = lost.clone();
    let failed: Result<()> = shop.unit(move |s| {
        Repository::<T>::add(s, &adding)?;
        Err(Error::InUse { by: "tests" })
    });
    assert!(matches!(failed, Err(Error::InUse { by: "tests" })), "{failed:?}");
    assert_eq!(shelf.find(lost.id()), None, "a unit of work that fails leaves nothing");
}

/// No two share a key, whatever its case; whoever tries is told which field it was, and nothing has changed.
fn unique<T: Sample>(shelf: &Shelf<'_, impl Implementation>, first: &T)
where
    for<'a> All<'a>: Repository<T>,
{
    let other = T::make(&own(3));
    shelf.add(&other).expect("it shares nothing with the first");
    for field in fields(first) {
        let clash = T::make(&taking(field, 1, 2));
        assert_duplicate(&shelf.add(&clash), field);
        assert_eq!(shelf.find(clash.id()), None, "{field}");
        assert_duplicate(&shelf.update(&other.clone().edit(&taking(field, 1, 3))), field);
        assert_eq!(shelf.find(other.id()).as_ref(), Some(&other), "{field}");
    }
}

/// An edit is of the version that is kept. Answers the second version.
fn versions<T: Sample>(shelf: &Shelf<'_, impl Implementation>, first: &T) -> T
where
    for<'a> All<'a>: Repository<T>,
{
    assert_eq!(first.version(), 1);
    let edited = fields(first).iter().fold(first.clone(), |_, field| first.clone().edit(&taking(field, 1, 1)));
    assert_eq!((edited.id(), edited.version()), (first.id(), 2));
    shelf.update(&edited).expect("its own names in another case are not taken");
    assert_eq!(shelf.find(first.id()), Some(edited.clone()));
    let ahead = edited.clone().edit(&own(4)).edit(&own(4));
    for wrong in [first.clone().edit(&own(4)), first.clone(), ahead] {
        assert_changed(&shelf.update(&wrong));
        assert_eq!(shelf.find(first.id()), Some(edited.clone()), "nothing has changed");
    }
    let unknown = T::make(&own(5)).edit(&own(5));
    assert_changed(&shelf.update(&unknown));
    assert_eq!(shelf.find(unknown.id()), None);
    edited
}

/// What [`Remove`] promises.
pub(super) fn removing<T: Sample>(shop: &impl Implementation)
where
    for<'a> All<'a>: Remove<T> + Repository<T>,
{
    let shelf = Shelf(shop);
    let (first, other) = (T::make(&own(11)), T::make(&own(12)));
    shelf.add(&first).and_then(|()| shelf.add(&other)).expect("they are kept");
    shelf.remove(Id::<T>::from_uuid(new_id())).expect("where there is none, nothing happens");
    shelf.remove(first.id()).expect("it is removed");
    assert_eq!(shelf.find(first.id()), None, "it is not found any more");
    assert_changed(&shelf.update(&first.clone().edit(&own(11))));
    shelf.remove(first.id()).expect("where there is none any more, nothing happens");
    assert_eq!(shelf.find(other.id()), Some(other), "the others stay");
    let successor = T::make(&own(11));
    shelf.add(&successor).expect("its names are free again");
    assert_eq!(shelf.find(successor.id()), Some(successor));
}
