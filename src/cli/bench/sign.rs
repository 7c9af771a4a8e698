//! What is seen on the terminal while a size is measured.

use crate::cli::screen;
use indicatif::ProgressBar;

/// A bar or a sign that work goes on. It goes when it is dropped, also where the work has failed.
pub(super) struct Sign(ProgressBar);

impl Sign {
    /// A sign that this goes on.
    pub(super) fn new(words: &str) -> Self {
        Self::of(screen::waiting(), words)
    }

    /// A bar of records that are pushed.
    pub(super) fn bar(words: &str, n_records: u64) -> Self {
        Self::of(screen::bar(Some(n_records), "records"), words)
    }

    fn of(bar: ProgressBar, words: &str) -> Self {
        bar.set_message(words.to_owned());
        Self(bar)
    }

    /// So many records are acknowledged.
    pub(super) fn reaches(&self, n_records: u64) {
        self.0.set_position(n_records);
    }

    /// Takes it away.
    pub(super) fn end(self) {}
}

impl Drop for Sign {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
