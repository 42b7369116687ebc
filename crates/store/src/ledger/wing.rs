//! What the machine knows of a wing: how its rows are loaded, and how its effects are kept.

use super::{failure::LedgerResult, loader::Loader};
use crate::bulk::Writes;
use std::{collections::HashMap, hash::Hash};
use tradepost_domain::ledger::{Book, Effects, ReadSet, Written};

/// A feature's part in a batch.
#[derive(Clone, Copy)]
pub(super) struct Wing {
    /// Loads what is asked of this wing: takes its keys out of the set and enters every one of them, found or not.
    pub load: fn(&mut Loader<'_>, &mut Book, &mut ReadSet) -> LedgerResult,
    /// Writes down what has changed of this wing.
    pub persist: for<'e> fn(&mut Writes<'_, 'e>, &DecidedBatch<'e>) -> LedgerResult,
}

/// What a batch has decided, to be kept.
pub(super) struct DecidedBatch<'e> {
    /// In the order in which it was decided.
    pub effects: &'e [Effects],
    /// As it is after all of them.
    pub book: &'e Book,
}

/// A document as it is to be written down after a batch that may have changed it several times.
pub(super) struct Latest<'e, T> {
    /// Was it not there before the batch?
    pub is_new: bool,
    /// Are its lines others than before the batch?
    pub has_new_lines: bool,
    /// Its version before the batch.
    pub loaded_version: i64,
    /// As it is now.
    pub value: &'e T,
}

/// Each document once, as it is at the end, in the order in which they were first written.
pub(super) fn latest<'e, T, K: Eq + Hash>(
    written: impl Iterator<Item = &'e Written<T>>,
    key: impl Fn(&T) -> K,
    version: impl Fn(&T) -> i64,
) -> Vec<Latest<'e, T>> {
    let mut places: HashMap<K, usize> = HashMap::new();
    let mut all: Vec<Latest<'e, T>> = Vec::new();
    for Written { is_new, has_new_lines, value } in written {
        let place = *places.entry(key(value)).or_insert(all.len());
        match all.get_mut(place) {
            Some(known) => {
                known.has_new_lines |= has_new_lines;
                known.value = value;
            }
            None => all.push(Latest {
                is_new: *is_new,
                has_new_lines: *has_new_lines,
                loaded_version: version(value) - 1,
                value,
            }),
        }
    }
    all
}

/// The position of a line in its document: at most 200.
pub(super) fn position(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
