//! Records as they stand, in blocks.
//!
//! A block has neighbours of one source and kind, in the order of their keys, and fits a page of the file. What its records
//! say is sealed as a whole, bound to their keys and to where the block stands: for each record by itself, nonce and tag would
//! take more than most records do. Keys and students are keyed tokens and stay in the clear, as they are what a search looks
//! for after a destruction: so a block is no longer than a page holds in one piece.

mod block;
mod change;
mod look;
mod put;
#[cfg(test)]
mod tests;

pub(super) use block::{Block, Entry, Head};
pub(super) use change::Becomes;
pub(super) use look::each;
pub(super) use put::put;

/// Where a record belongs. It holds a token, and what follows holds what is said of somebody: neither can be printed outside
/// tests.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) source: u32,
    pub(super) kind: u8,
    pub(super) key: [u8; 16],
}

/// What stands there.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) student: Option<[u8; 16]>,
    /// Nothing in a tombstone.
    pub(super) fact: Option<Box<[u8]>>,
    /// The set of agreements it is held under, where that is known.
    pub(super) holding: Option<i64>,
}

/// From which source to which.
pub(super) type Sources = (u32, u32);

/// All of them.
pub(super) const ALL_SOURCES: Sources = (0, u32::MAX);

/// What a row holds of a fact at most. One that is longer would be filed, and never find its place.
pub(super) const FACT_MAX: usize = 1_024;

/// Which of the others there are of a record, wherever it is written as bytes.
pub(super) const HAS_STUDENT: u8 = 1;
pub(super) const HAS_FACT: u8 = 2;
pub(super) const HAS_HOLDING: u8 = 4;

/// The next bytes of what is read; nothing where there are not so many.
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*head)
}
