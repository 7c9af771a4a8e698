//! From blocking keys to the records that have them, one record at a time.

use super::features::Features;
use super::hashing::ByToken;
use super::keys::{NARROW, keys};
use super::postings::{LONGEST, Left, Place, Postings};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Posting lists of blocking keys. A key that more than [`CAP`] records have tells little: its list is
/// given up for good, and they are found through their other keys. So it does not matter who came
/// first.
///
/// Most keys are those of a single record, which stands in place of a list.
#[derive(Debug, Default)]
pub(super) struct Index {
    heads: HashMap<u32, Head, ByToken>,
    lists: Postings,
}

const CAP: usize = 100;
const _: () = assert!(CAP <= LONGEST, "a list has room for as many");

/// What a key leads to, in 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head(u32);

enum Leads {
    /// It was given up.
    Nowhere,
    Single(u32),
    List(Place),
}

impl Head {
    const GIVEN_UP: Self = Self(u32::MAX);
    /// The rest is the number of a record.
    const SINGLE: u32 = 1 << 31;

    /// A single record. There is no memory for so many that their numbers had more bits.
    fn single(record: u32) -> Self {
        assert!(record < Self::SINGLE - 1, "fewer than two thousand million records");
        Self(Self::SINGLE | record)
    }

    fn list(Place(at): Place) -> Self {
        assert!(at < Self::SINGLE, "fewer than two thousand million places");
        Self(at)
    }

    const fn leads(self) -> Leads {
        match self.0 {
            u32::MAX => Leads::Nowhere,
            Self::SINGLE.. => Leads::Single(self.0 - Self::SINGLE),
            at => Leads::List(Place(at)),
        }
    }
}

impl Index {
    pub(super) fn insert(&mut self, number: u32, record: &Features) {
        for key in all_keys(record) {
            match self.heads.entry(key) {
                Entry::Vacant(none) => _ = none.insert(Head::single(number)),
                Entry::Occupied(mut head) => {
                    let with_it = match head.get().leads() {
                        Leads::Nowhere => continue,
                        Leads::Single(single) => Head::list(self.lists.pair(number, single)),
                        Leads::List(list) if self.lists.get(list).len() == CAP => {
                            self.lists.drop(list);
                            Head::GIVEN_UP
                        }
                        Leads::List(list) => Head::list(self.lists.push(list, number)),
                    };
                    head.insert(with_it);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, number: u32, record: &Features) {
        for key in all_keys(record) {
            let Entry::Occupied(mut head) = self.heads.entry(key) else { continue };
            match head.get().leads() {
                Leads::Single(single) if single == number => _ = head.remove(),
                Leads::List(list) => {
                    let left = match self.lists.remove(list, number) {
                        Left::List(list) => Head::list(list),
                        Left::Single(single) => Head::single(single),
                    };
                    head.insert(left);
                }
                Leads::Single(_) | Leads::Nowhere => {}
            }
        }
    }

    /// The records that share a key with a record and are among those asked for, each once, in order.
    pub(super) fn candidates(&self, record: &Features, is_asked: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::with_capacity(128);
        for key in all_keys(record) {
            match self.heads.get(&key).map_or(Leads::Nowhere, |head| head.leads()) {
                Leads::Nowhere => {}
                Leads::Single(single) => found.extend(Some(single).filter(|single| is_asked(*single))),
                Leads::List(list) => {
                    found.extend(self.lists.get(list).iter().filter(|number| is_asked(**number)));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Each once: a record has some keys twice.
fn all_keys(record: &Features) -> Vec<u32> {
    let mut found = Vec::with_capacity(40);
    NARROW.iter().for_each(|kind| keys(*kind, record, |key| found.push(key)));
    found.sort_unstable();
    found.dedup();
    found
}
