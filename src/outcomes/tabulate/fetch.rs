//! Fetching columns from memory before they are counted.

use crate::outcomes::column::Column;
use crate::outcomes::evaluate::{CHUNK, Rows};
use std::ops::Range;
use std::ptr::from_ref;

/// Bytes that are fetched at once: no more than the second cache holds beside other things, and as many as it takes for
/// memory to be read in its stride. Where each chunk of 2,048 rows was fetched alone, that took half of the time of counting
/// chronic absence by race and year (`cargo bench --bench cube`).
const AT_ONCE: usize = 1 << 18;

/// The columns that are read of some rows themselves, and how far they have been fetched.
pub(super) struct Fetch<'c> {
    columns: Vec<&'c Column>,
    n_rows: usize,
    fetched: Range<usize>,
}

impl<'c> Fetch<'c> {
    /// Nothing is fetched yet of these, some of them there more than once.
    pub(super) fn new(mut columns: Vec<&'c Column>) -> Self {
        columns.sort_unstable_by_key(|column| from_ref(*column));
        columns.dedup_by_key(|column| from_ref(*column));
        let n_bytes: usize = columns.iter().map(|column| column.width()).sum();
        let n_chunks = AT_ONCE / (n_bytes.max(1) * CHUNK);
        Self { columns, n_rows: n_chunks.max(1) * CHUNK, fetched: 0..0 }
    }

    /// Before rows are read from there on: fetches them and those of the block behind them, unless they have been.
    pub(super) fn before(&mut self, from: usize, block: &Range<usize>, rows: &Rows<'_>) {
        if !self.fetched.contains(&from) {
            self.fetched = from..block.end.min(from + self.n_rows);
            rows.touch(&self.columns, self.fetched.clone());
        }
    }
}
