//! Rows that wait in memory, in little more room than they take as bytes.
//!
//! As keys and boxed values of a map each took 150 bytes; as neighbours in one piece of bytes, half of that. Of
//! the more that wait in the same memory, more find their place in the same block. Neighbours are sorted when they are looked
//! at or become too many: one that comes is only written behind the others.

use super::super::blocks::{ALL_SOURCES, Entry, Place, Row, Sources};
use std::collections::BTreeMap;

/// A leaf with more bytes is split in halves, as far as its rows allow.
const LEAF_MAX: usize = 2_048;
/// A leaf grows by as many: mimalloc's sizes between one and two kilobytes.
const STEP: usize = 256;
/// What a leaf takes beside its bytes: its place in the map.
const LEAF: usize = 80;

/// A place as numbers, which are sooner compared: source and kind, and the key.
type Bound = [u64; 3];

/// The rows, in leaves by the lowest place that belongs in each.
#[derive(Default)]
pub(in crate::store) struct Waiting {
    leaves: BTreeMap<Bound, Leaf>,
    n_rows: usize,
    n_bytes: usize,
}

/// Neighbours of one source and kind in any order, each as [`Entry::write`] writes it.
#[derive(Default)]
struct Leaf {
    n_rows: usize,
    bytes: Vec<u8>,
}

impl Waiting {
    pub(super) const fn len(&self) -> usize {
        self.n_rows
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// Bytes of memory, about.
    pub(super) const fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// Puts a row in its place, instead of what waits there; `is_new` says that nothing does.
    pub(super) fn put(&mut self, place: Place, row: &Entry<'_>, is_new: bool) {
        let bound = bound(&place);
        let leaf = self.leaves.range_mut(..=bound).next_back().filter(|(from, _)| from[0] == bound[0]);
        let leaf = match leaf {
            Some((_, leaf)) => leaf,
            None => {
                self.n_bytes += LEAF;
                self.leaves.entry([bound[0], 0, 0]).or_default()
            }
        };
        let before = (leaf.n_rows, leaf.bytes.capacity());
        if !is_new {
            leaf.remove(row.head.key);
        }
        leaf.push(row);
        let split = if leaf.bytes.len() > LEAF_MAX { leaf.split() } else { None };
        let n_upper = split.as_ref().map_or(0, |(_, upper)| upper.n_rows);
        self.n_rows = self.n_rows + leaf.n_rows + n_upper - before.0;
        self.n_bytes = self.n_bytes + leaf.bytes.capacity() - before.1;
        if let Some((key, upper)) = split {
            self.n_bytes += LEAF + upper.bytes.capacity();
            self.leaves.insert(self::bound(&Place { key, ..place }), upper);
        }
    }

    /// What waits in a place.
    pub(super) fn get(&self, place: &Place) -> Option<Row> {
        let bound = bound(place);
        let (_, leaf) = self.leaves.range(..=bound).next_back().filter(|(from, _)| from[0] == bound[0])?;
        leaf.rows().find(|row| row.head.key == place.key).map(|row| row.row())
    }

    /// Takes out the first so many rows, and those that stand in one leaf with the last of them.
    pub(super) fn take_first(&mut self, n_rows: usize) -> Self {
        let mut taken = Self::default();
        while taken.n_rows < n_rows {
            let Some((from, leaf)) = self.leaves.pop_first() else { break };
            let (n_rows, n_bytes) = (leaf.n_rows, LEAF + leaf.bytes.capacity());
            (self.n_rows, self.n_bytes) = (self.n_rows - n_rows, self.n_bytes - n_bytes);
            (taken.n_rows, taken.n_bytes) = (taken.n_rows + n_rows, taken.n_bytes + n_bytes);
            taken.leaves.insert(from, leaf);
        }
        taken
    }

    /// All rows, by place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, Entry<'_>)> {
        self.iter_of(ALL_SOURCES)
    }

    /// Those of sources from one number to another.
    pub(in crate::store) fn iter_of(&self, (from, to): Sources) -> impl Iterator<Item = (Place, Entry<'_>)> {
        let leaves = self.leaves.range([of(from, 0), 0, 0]..=[of(to, u8::MAX), u64::MAX, u64::MAX]);
        leaves.flat_map(|(from, leaf)| rows_of(*from, leaf))
    }

    /// The highest place.
    pub(super) fn last(&self) -> Option<Place> {
        let (from, leaf) = self.leaves.last_key_value()?;
        rows_of(*from, leaf).last().map(|(place, _)| place)
    }
}

fn of(source: u32, kind: u8) -> u64 {
    u64::from(source) << 8 | u64::from(kind)
}

fn bound(Place { source, kind, key }: &Place) -> Bound {
    let key = u128::from_be_bytes(*key);
    [of(*source, *kind), (key >> 64) as u64, key as u64]
}

fn rows_of(from: Bound, leaf: &Leaf) -> impl Iterator<Item = (Place, Entry<'_>)> {
    let (source, kind) = ((from[0] >> 8) as u32, from[0] as u8);
    leaf.sorted().into_iter().map(move |row| (Place { source, kind, key: row.head.key }, row))
}

impl Leaf {
    fn rows(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || Entry::read(&mut rest))
    }

    fn sorted(&self) -> Vec<Entry<'_>> {
        let mut rows = Vec::with_capacity(self.n_rows);
        rows.extend(self.rows());
        rows.sort_unstable_by_key(|row| u128::from_be_bytes(row.head.key));
        rows
    }

    fn of(rows: &[Entry<'_>]) -> Self {
        let n_bytes: usize = rows.iter().map(Entry::len).sum();
        let mut bytes = Vec::with_capacity((n_bytes + 1).next_multiple_of(STEP));
        rows.iter().for_each(|row| row.write(&mut bytes));
        Self { n_rows: rows.len(), bytes }
    }

    fn push(&mut self, row: &Entry<'_>) {
        let n_all = self.bytes.len() + row.len();
        if n_all > self.bytes.capacity() {
            self.bytes.reserve_exact(n_all.next_multiple_of(STEP) - self.bytes.len());
        }
        row.write(&mut self.bytes);
        self.n_rows += 1;
    }

    fn remove(&mut self, key: [u8; 16]) {
        let mut at = 0;
        let found = self.rows().find_map(|row| {
            let from = at;
            at += row.len();
            (row.head.key == key).then_some(from..at)
        });
        if let Some(found) = found {
            self.bytes.drain(found);
            self.n_rows -= 1;
        }
    }

    /// Takes out the upper half, with its lowest key; nothing of a leaf that has one row.
    fn split(&mut self) -> Option<([u8; 16], Self)> {
        let rows = self.sorted();
        let half = self.bytes.len() / 2;
        let mut n_bytes = 0;
        let fits = |row: &&Entry<'_>| {
            n_bytes += row.len();
            n_bytes <= half
        };
        let lower = rows.iter().take_while(fits).count().max(1);
        let (lower, upper) = rows.split_at_checked(lower).filter(|(_, upper)| !upper.is_empty())?;
        let (key, lower, upper) = (upper[0].head.key, Self::of(lower), Self::of(upper));
        *self = lower;
        Some((key, upper))
    }
}

#[cfg(test)]
mod tests;
