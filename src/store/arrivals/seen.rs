//! Which places may have a row, or something that waits for one: most records of a push are new, and looking for what is
//! not there takes as long as putting it there.
//!
//! A Bloom filter in blocks (Putze, Sanders and Singler, "Cache-, hash- and space-efficient Bloom filters", 2007): of each place
//! five bits of one line of the processor's cache. Ten million rows leave one place in 300 to be looked for in vain.

use super::super::blocks::{self, ALL_SOURCES, Place};
use super::super::{Error, beside::Beside};
use rusqlite::Connection;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Bits of a place.
const BITS: u32 = 5;
/// Words of 64 bits in a line.
const LINE: usize = 8;
/// Lines of a page, which is there once a place falls on it.
const LINES: usize = 64;
/// Pages: 16 MB.
const PAGES: usize = 1 << 12;

type Page = Box<[AtomicU64]>;

/// The filter, and who reads the rows that were there at the start into it.
pub(super) struct Seen {
    shared: Arc<Shared>,
    /// Kept until it has ended.
    _reading: Beside<()>,
}

struct Shared {
    pages: Box<[OnceLock<Page>]>,
    /// Whether all rows are in it.
    is_whole: AtomicBool,
}

impl Seen {
    /// Begins to read which rows there are. What comes meanwhile has to be added.
    pub(super) fn begin(connection: &Connection) -> Result<Self, Error> {
        let pages = std::iter::repeat_with(OnceLock::new).take(PAGES).collect();
        let shared = Arc::new(Shared { pages, is_whole: AtomicBool::new(false) });
        let filled = shared.clone();
        let read = move |reader: &Connection| {
            blocks::each(reader, ALL_SOURCES, |block| {
                block.heads()?.iter().for_each(|head| _ = filled.add(&block.place(head)));
                Ok(())
            })?;
            filled.is_whole.store(true, Ordering::Release);
            Ok(())
        };
        Ok(Self { shared, _reading: Beside::begin(connection, "store-rows", read)? })
    }

    /// Adds a place; false only where it was not added before.
    pub(super) fn add(&self, place: &Place) -> bool {
        self.shared.add(place)
    }

    /// False only of a place that was not added and has no row.
    pub(super) fn may_have(&self, place: &Place) -> bool {
        !self.shared.is_whole.load(Ordering::Acquire) || self.shared.has(place)
    }
}

impl Shared {
    fn add(&self, place: &Place) -> bool {
        let (page, line, bits) = spots(place);
        let page = self.pages[page]
            .get_or_init(|| std::iter::repeat_with(AtomicU64::default).take(LINES * LINE).collect());
        bits.fold(true, |all, (word, bit)| {
            page[line + word].fetch_or(bit, Ordering::Relaxed) & bit != 0 && all
        })
    }

    fn has(&self, place: &Place) -> bool {
        let (page, line, mut bits) = spots(place);
        let Some(page) = self.pages[page].get() else { return false };
        bits.all(|(word, bit)| page[line + word].load(Ordering::Relaxed) & bit != 0)
    }
}

/// The page of a place, where its line begins on it, and its bits in that. Keys are keyed tokens, so any part of one is as
/// good as another.
fn spots(place: &Place) -> (usize, usize, impl Iterator<Item = (usize, u64)> + use<>) {
    let number = u128::from_le_bytes(place.key);
    let of = u64::from(place.source) << 8 | u64::from(place.kind);
    let of = of.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (which, bits) = ((number >> 64) as u64 ^ of >> 20, number as u64 ^ of);
    let (page, line) = (which as usize % PAGES, (which >> 32) as usize % LINES * LINE);
    let bits = (0..BITS).map(move |n| (bits >> (9 * n)) as usize % (64 * LINE));
    (page, line, bits.map(|bit| (bit / 64, 1 << (bit % 64))))
}

#[cfg(test)]
mod tests {
    use super::*;
    /// A place with a key that is as good as random (SplitMix64).
    fn place(number: u64) -> Place {
        let mixed = |salt: u64| {
            let mut z = (number << 1 | salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ z >> 31
        };
        let key = u128::from(mixed(0)) << 64 | u128::from(mixed(1));
        Place { source: (number % 3) as u32, kind: (number % 5) as u8, key: key.to_le_bytes() }
    }

    #[test]
    fn what_was_added_is_found_and_little_else() {
        let pages = std::iter::repeat_with(OnceLock::new).take(PAGES).collect();
        let shared = Shared { pages, is_whole: AtomicBool::new(true) };
        // As many as fill the lines of two pages as ten million fill all.
        let on_two_pages = |number: &u64| spots(&place(*number)).0 < 2;
        let numbers: Vec<u64> = (0..20_000_000).filter(on_two_pages).collect();
        let (added, others) = numbers.split_at(numbers.len() / 2);
        assert!(added.len() > 4_000, "{}", added.len());
        let n_before = added.iter().filter(|number| shared.add(&place(**number))).count();
        assert!(n_before * 100 < added.len(), "{n_before} of {}", added.len());
        assert!(added.iter().all(|number| shared.has(&place(*number))));
        let n_wrong = others.iter().filter(|number| shared.has(&place(**number))).count();
        assert!(n_wrong * 100 < others.len(), "{n_wrong} of {}", others.len());
    }
}
