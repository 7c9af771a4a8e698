//! Loops over columns, compiled for the widest vectors that the machine has.

use fearless_simd::{Level, Simd, dispatch};

/// Runs a loop that is compiled once for each kind of machine. What it calls has to be inlined.
///
/// Chronic absence of ten million student-years by race and year took 27 ms to count before loops were compiled for such
/// vectors and written so that they can be, and 15 then (`cargo bench --bench cube`).
#[inline(always)]
pub(super) fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    dispatch!(Level::new(), simd => simd.vectorize(work))
}
