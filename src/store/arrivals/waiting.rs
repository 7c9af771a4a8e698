//! Rows that wait in memory, sorted by place, in little more room than they take as bytes.
//!
//! As keys and boxed values of a map each took 150 bytes; as neighbours in one piece of bytes, half of that. So twice as many
//! wait in the same memory, and of what is put away twice as many find their place in the same block.

use super::super::blocks::{Entry, Place, Row, Sources};
use std::collections::BTreeMap;

/// A leaf with more bytes is split in halves, as far as its rows allow.
const LEAF_MAX: usize = 2_048;
/// A leaf grows by as many: mimalloc's sizes between one and two kilobytes.
const STEP: usize = 256;
/// What a leaf takes beside its bytes: its place in the map.
const LEAF: usize = 80;

/// The rows, in leaves by the lowest place that belongs in each.
#[derive(Default)]
pub(in crate::store) struct Waiting {
    leaves: BTreeMap<Place, Leaf>,
    n_rows: usize,
    n_bytes: usize,
}

/// Neighbours of one source and kind, each as [`Entry::write`] writes it.
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

    /// Puts a row in its place, instead of what waits there.
    pub(super) fn put(&mut self, place: Place, row: &Entry<'_>) {
        let leaf = self.leaves.range_mut(..=place).next_back();
        let leaf = leaf.filter(|(from, _)| (from.source, from.kind) == (place.source, place.kind));
        let leaf = match leaf {
            Some((_, leaf)) => leaf,
            None => {
                self.n_bytes += LEAF;
                self.leaves.entry(Place { key: [0; 16], ..place }).or_default()
            }
        };
        let before = (leaf.n_rows, leaf.bytes.capacity());
        leaf.put(row);
        self.n_rows += leaf.n_rows - before.0;
        let split = (leaf.bytes.len() > LEAF_MAX).then(|| leaf.split()).flatten();
        self.n_bytes = self.n_bytes + leaf.bytes.capacity() - before.1;
        if let Some((key, upper)) = split {
            self.n_bytes += LEAF + upper.bytes.capacity();
            self.leaves.insert(Place { key, ..place }, upper);
        }
    }

    /// What waits in a place.
    pub(super) fn get(&self, place: &Place) -> Option<Row> {
        let (from, leaf) = self.leaves.range(..=place).next_back()?;
        let of_same = (from.source, from.kind) == (place.source, place.kind);
        let found = leaf.rows().find(|row| row.head.key >= place.key).filter(|_| of_same)?;
        (found.head.key == place.key).then(|| found.row())
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
        self.leaves.iter().flat_map(|(from, leaf)| rows_of(*from, leaf))
    }

    /// Those of sources from one number to another.
    pub(in crate::store) fn iter_of(&self, (from, to): Sources) -> impl Iterator<Item = (Place, Entry<'_>)> {
        let leaves = self.leaves.range(Place { source: from, kind: 0, key: [0; 16] }..);
        let leaves = leaves.take_while(move |(from, _)| from.source <= to);
        leaves.flat_map(|(from, leaf)| rows_of(*from, leaf))
    }

    /// The highest place.
    pub(super) fn last(&self) -> Option<Place> {
        let (from, leaf) = self.leaves.last_key_value()?;
        rows_of(*from, leaf).last().map(|(place, _)| place)
    }
}

fn rows_of(from: Place, leaf: &Leaf) -> impl Iterator<Item = (Place, Entry<'_>)> {
    leaf.rows().map(move |row| (Place { key: row.head.key, ..from }, row))
}

impl Leaf {
    fn rows(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || Entry::read(&mut rest))
    }

    /// Where the first row is that has this key or a higher one, and how many bytes it takes if it has this one.
    fn find(&self, key: [u8; 16]) -> (usize, usize) {
        let mut rest = &self.bytes[..];
        loop {
            let at = self.bytes.len() - rest.len();
            match Entry::read(&mut rest) {
                Some(row) if row.head.key < key => {}
                Some(row) if row.head.key == key => return (at, row.len()),
                _ => return (at, 0),
            }
        }
    }

    fn put(&mut self, row: &Entry<'_>) {
        let ((at, n_before), n_new) = (self.find(row.head.key), row.len());
        let n_all = self.bytes.len() + n_new;
        if n_all > self.bytes.capacity() {
            self.bytes.reserve_exact(n_all.next_multiple_of(STEP) - self.bytes.len());
        }
        row.write(&mut self.bytes);
        self.bytes[at..].rotate_right(n_new);
        self.bytes.drain(at + n_new..at + n_new + n_before);
        self.n_rows += usize::from(n_before == 0);
    }

    /// Takes out the upper half, with its lowest key; nothing of a leaf that has one row.
    fn split(&mut self) -> Option<([u8; 16], Self)> {
        let half = self.bytes.len() / 2;
        let (mut at, mut lower) = (0, 0);
        let upper = self.rows().find(|row| {
            let is_upper = lower > 0 && at + row.len() > half;
            if !is_upper {
                (at, lower) = (at + row.len(), lower + 1);
            }
            is_upper
        })?;
        let (key, n_rows) = (upper.head.key, self.n_rows - lower);
        let bytes = self.bytes.split_off(at);
        self.bytes.shrink_to(at.next_multiple_of(STEP));
        self.n_rows = lower;
        Some((key, Self { n_rows, bytes }))
    }
}

#[cfg(test)]
mod tests;
