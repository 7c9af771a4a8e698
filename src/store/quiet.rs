//! Whether somebody works on most of what is stored: that is done sooner while no records are put into their blocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many have asked for quiet.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<AtomicUsize>);

impl Asked {
    pub(super) fn quiet(&self) -> Quiet {
        self.0.fetch_add(1, Ordering::Relaxed);
        Quiet(self.clone())
    }

    pub(super) fn by_somebody(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// As long as it is kept, records wait for their blocks, unless they are too many.
#[must_use]
pub struct Quiet(Asked);

impl Drop for Quiet {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
