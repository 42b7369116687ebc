//! What a book knows of one kind of thing: a value, "there is none", or nothing yet. What the things mean is never in here.

use std::{collections::HashMap, fmt::Debug, hash::Hash};

/// Holds for each key that was looked up its value, or the knowledge that there is none.
#[derive(Debug, Clone)]
pub struct Shelf<K, V> {
    known: HashMap<K, Option<V>>,
    is_complete: bool,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self { known: HashMap::new(), is_complete: false }
    }
}

impl<K: Eq + Hash, V: PartialEq> PartialEq for Shelf<K, V> {
    /// Do both know the same?
    fn eq(&self, other: &Self) -> bool {
        (self.is_complete, &self.known) == (other.is_complete, &other.known)
    }
}

impl<K: Eq + Hash + Debug, V> Shelf<K, V> {
    /// A shelf of everything there is: a key that was never entered stands for "there is none".
    pub fn complete() -> Self {
        Self { known: HashMap::new(), is_complete: true }
    }

    /// Was this key looked up?
    pub fn knows(&self, key: &K) -> bool {
        self.is_complete || self.known.contains_key(key)
    }

    /// Enters what there is; `None`: it was looked for, and there is none.
    pub fn enter(&mut self, key: K, value: Option<V>) {
        self.known.insert(key, value);
    }

    /// Enters everything that was found, and for the keys that were asked for and not found that there is none.
    pub fn enter_all(&mut self, asked: impl IntoIterator<Item = K>, found: impl IntoIterator<Item = (K, V)>) {
        for key in asked {
            self.known.entry(key).or_insert(None);
        }
        for (key, value) in found {
            self.known.insert(key, Some(value));
        }
    }

    /// Forgets the key: whoever needs it asks again. Always safe, except on a complete shelf, where there is nobody to ask.
    pub fn forget(&mut self, key: &K) {
        debug_assert!(!self.is_complete, "a complete shelf is kept true, for nobody could be asked again");
        self.known.remove(key);
    }

    /// The value, or `None` where there is none.
    ///
    /// # Panics
    /// When nobody required the key: that is a fault of the rule that reads it, and never means "there is none".
    #[expect(
        clippy::panic,
        reason = "a rule that reads what it did not require is a bug; it must not go on with a guess"
    )]
    pub fn get(&self, key: &K) -> Option<&V> {
        match self.known.get(key) {
            Some(value) => value.as_ref(),
            None if self.is_complete => None,
            None => panic!("{key:?} was read and not required"),
        }
    }

    /// The value where it was looked up and there is one; `None` where there is none, or nobody knows. For keeping a shelf true, never for
    /// deciding.
    pub fn peek(&self, key: &K) -> Option<&V> {
        self.known.get(key).and_then(Option::as_ref)
    }

    /// The same, to be changed.
    pub(crate) fn peek_mut(&mut self, key: &K) -> Option<&mut V> {
        self.known.get_mut(key).and_then(Option::as_mut)
    }

    /// Everything that was found, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.known.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)))
    }

    /// The same, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.known.iter_mut().filter_map(|(key, value)| Some((key, value.as_mut()?)))
    }
}

/// Keys of one kind of thing that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys<K>(Vec<K>);

impl<K> Default for Keys<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K> Keys<K> {
    /// Asks for one more key.
    pub fn add(&mut self, key: K) {
        self.0.push(key);
    }

    /// Is none asked for?
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Ord> Keys<K> {
    /// Each once, in ascending order: the order in which rows are locked.
    pub fn sorted(mut self) -> Vec<K> {
        self.0.sort_unstable();
        self.0.dedup();
        self.0
    }
}

impl<K: Eq + Hash + Debug> Keys<K> {
    /// Is something of this on one shelf and not on the other?
    pub(super) fn differs<V>(&self, one: &Shelf<K, V>, other: &Shelf<K, V>) -> bool {
        self.0.iter().any(|key| one.peek(key).is_some() != other.peek(key).is_some())
    }

    /// Leaves only those that the shelf does not know yet.
    pub(super) fn drop_known<V>(&mut self, shelf: &Shelf<K, V>) {
        self.0.retain(|key| !shelf.knows(key));
    }
}

impl<K> Extend<K> for Keys<K> {
    fn extend<T: IntoIterator<Item = K>>(&mut self, keys: T) {
        self.0.extend(keys);
    }
}

/// Declares the shelves of a wing, each with the rank at which its rows are read, and the set of keys that can be asked of them. Both
/// come from one list, so that none can be forgotten.
macro_rules! shelves {
    ($($(#[$doc:meta])* $shelf:ident: $key:ty => $value:ty, $rank:ident;)+) => {
        /// What a book knows of this wing's things.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Shelves {
            $($(#[$doc])* pub $shelf: $crate::ledger::Shelf<$key, $value>,)+
        }

        /// What somebody must know of this wing's things.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Reads {
            $($(#[$doc])* pub $shelf: $crate::ledger::Keys<$key>,)+
        }

        impl Reads {
            pub(in crate::ledger) fn is_empty(&self) -> bool {
                let Self { $($shelf),+ } = self;
                $($shelf.is_empty())&&+
            }

            pub(in crate::ledger) fn drop_known(&mut self, shelves: &Shelves) {
                let Self { $($shelf),+ } = self;
                $($shelf.drop_known(&shelves.$shelf);)+
            }

            pub(in crate::ledger) fn differs(&self, one: &Shelves, other: &Shelves) -> bool {
                let Self { $($shelf),+ } = self;
                $($shelf.differs(&one.$shelf, &other.$shelf))||+
            }

            pub(in crate::ledger) fn lowest_rank(&self) -> Option<$crate::ledger::Rank> {
                let Self { $($shelf),+ } = self;
                [$((!$shelf.is_empty()).then_some($crate::ledger::Rank::$rank)),+].into_iter().flatten().min()
            }

            /// Takes the keys of this rank out of here and adds them there.
            pub(in crate::ledger) fn drain_rank(&mut self, rank: $crate::ledger::Rank, to: &mut Self) {
                let Self { $($shelf),+ } = self;
                $(if $crate::ledger::Rank::$rank == rank {
                    to.$shelf.append($shelf);
                })+
            }
        }
    };
}
pub(super) use shelves;

impl<K> Keys<K> {
    /// Takes all of the other's.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "7 was read and not required")]
    fn reading_what_nobody_required_is_a_bug_and_never_means_that_there_is_none() {
        Shelf::<u8, u8>::default().get(&7);
    }

    #[test]
    fn what_was_asked_for_and_not_found_is_known_not_to_be_there() {
        let mut shelf = Shelf::default();
        shelf.enter_all([1, 2], [(2, "two"), (3, "three")]);
        assert_eq!((shelf.get(&1), shelf.get(&2), shelf.get(&3)), (None, Some(&"two"), Some(&"three")));
        assert_eq!((shelf.knows(&1), shelf.knows(&4)), (true, false));
        shelf.forget(&2);
        assert!(!shelf.knows(&2));
    }

    #[test]
    fn on_a_complete_shelf_what_was_never_entered_is_not_there() {
        let mut shelf = Shelf::complete();
        shelf.enter(1, Some("one"));
        assert_eq!((shelf.get(&1), shelf.get(&2), shelf.knows(&2)), (Some(&"one"), None, true));
    }

    #[test]
    fn keys_are_loaded_each_once_in_the_order_of_their_locks() {
        let mut keys = Keys::default();
        keys.extend([3, 1, 3, 2]);
        let mut shelf = Shelf::default();
        shelf.enter(2, Some(()));
        keys.drop_known(&shelf);
        assert_eq!(keys.sorted(), [1, 3]);
    }
}
