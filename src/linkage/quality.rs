//! How well a linkage agrees with a known truth.

use std::collections::BTreeMap;

/// Precision, recall and their harmonic mean; 1 where there is nothing to be wrong about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Of what was found, the share that is true.
    pub precision: f64,
    /// Of what is true, the share that was found.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
}

impl Quality {
    fn new(n_right: u64, n_found: u64, n_true: u64) -> Self {
        let share = |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let f1 = share(2 * n_right, n_found + n_true);
        Self { precision: share(n_right, n_found), recall: share(n_right, n_true), f1 }
    }
}

/// Pairs of records of one person: those linked against those true.
///
/// `linked` and `truth` give the person of each record, in one order.
#[must_use]
pub fn pairwise(linked: &[u32], truth: &[u32]) -> Quality {
    let pairs = |sizes: &mut dyn Iterator<Item = u64>| sizes.map(|n| n * (n - 1) / 2).sum();
    let both = counts(linked.iter().zip(truth));
    let (found, actual) = (counts(linked.iter()), counts(truth.iter()));
    Quality::new(
        pairs(&mut both.into_values()),
        pairs(&mut found.into_values()),
        pairs(&mut actual.into_values()),
    )
}

/// Whole persons: a group of records counts when it is exactly a true one, alone or not.
#[must_use]
pub fn cluster(linked: &[u32], truth: &[u32]) -> Quality {
    let (found, actual) = (counts(linked.iter()), counts(truth.iter()));
    let both = counts(linked.iter().zip(truth));
    let right = both.iter().filter(|((one, other), n)| found[*one] == **n && actual[*other] == **n).count();
    Quality::new(right as u64, found.len() as u64, actual.len() as u64)
}

fn counts<T: Ord>(values: impl Iterator<Item = T>) -> BTreeMap<T, u64> {
    let mut counts = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_insert(0) += 1);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualities_have_known_values() {
        // Truth {1 2 3} {4 5} {6}; found {1 2} {3} {4 5} {6}.
        let (linked, truth) = ([0, 0, 1, 2, 2, 3], [7, 7, 7, 8, 8, 9]);
        let pairs = pairwise(&linked, &truth);
        assert_eq!((pairs.precision, pairs.recall), (1.0, 0.5));
        assert!((pairs.f1 - 2.0 / 3.0).abs() < 1e-12);
        let whole = cluster(&linked, &truth);
        assert_eq!((whole.precision, whole.recall), (0.5, 2.0 / 3.0));
        assert_eq!(pairwise(&[], &[]).f1, 1.0);
    }
}
