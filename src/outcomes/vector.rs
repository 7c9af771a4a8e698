//! Loops over columns, compiled for the widest vectors that the machine has.

use fearless_simd::{Level, Simd, dispatch};

/// Runs a loop that is compiled once for each kind of machine. What it calls has to be inlined.
///
/// With the vectors that every machine of its kind has, chronic absence of ten million student-years by race and year took 27
/// ms to count, and 15 with those of a machine of 2023 (`cargo bench --bench cube`).
#[inline(always)]
pub(super) fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    dispatch!(Level::new(), simd => simd.vectorize(work))
}
