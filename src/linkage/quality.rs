//! How well a linkage agrees with a known truth.

/// How many were found and how many of them are right; precision, recall and their harmonic mean, each 1 where there is
/// nothing to be wrong about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Those found: pairs, or whole persons.
    pub n_found: u64,
    /// Those there are in truth.
    pub n_true: u64,
    /// Those found that are true.
    pub n_right: u64,
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
        let (precision, recall) = (share(n_right, n_found), share(n_right, n_true));
        Self { n_found, n_true, n_right, precision, recall, f1 }
    }
}

/// Pairs of records of one person: those linked against those true.
///
/// `linked` and `truth` give the person of each record, in one order, numbered from 0.
#[must_use]
pub fn pairwise(linked: &[u32], truth: &[u32]) -> Quality {
    let pairs = |sizes: &[u64]| sizes.iter().map(|n| n * n.saturating_sub(1) / 2).sum();
    let cells = Cells::new(linked, truth);
    Quality::new(pairs(&cells.counts), pairs(&cells.found), pairs(&cells.actual))
}

/// Whole persons: a group of records counts when it is exactly a true one, alone or not.
#[must_use]
pub fn cluster(linked: &[u32], truth: &[u32]) -> Quality {
    let cells = Cells::new(linked, truth);
    let whole = |((found, actual), n): &(&(u32, u32), &u64)| {
        cells.found[*found as usize] == **n && cells.actual[*actual as usize] == **n
    };
    let n_right = cells.of.iter().zip(&cells.counts).filter(whole).count();
    let n_groups = |sizes: &[u64]| sizes.iter().filter(|n| **n > 0).count() as u64;
    Quality::new(n_right as u64, n_groups(&cells.found), n_groups(&cells.actual))
}

/// The pairs of each group's records, groups being numbered from 0 like persons: does linkage serve some
/// groups less well? A pair counts once for each of its records: in both groups when it is across them, else twice.
#[must_use]
pub fn by_group(linked: &[u32], truth: &[u32], groups: &[u32]) -> Vec<(u64, Quality)> {
    let cells = Cells::new(linked, truth);
    let mut sums = vec![[0; 4]; groups.iter().max().map_or(0, |last| *last as usize + 1)];
    for ((found, actual), group) in linked.iter().zip(truth).zip(groups) {
        let both = cells.of.binary_search(&(*found, *actual)).map_or(1, |at| cells.counts[at]);
        let others = [both, cells.found[*found as usize], cells.actual[*actual as usize]].map(|n| n - 1);
        let [n_records, sums @ ..] = &mut sums[*group as usize];
        *n_records += 1;
        sums.iter_mut().zip(others).for_each(|(sum, others)| *sum += others);
    }
    sums.into_iter().map(|[n, right, found, actual]| (n, Quality::new(right, found, actual))).collect()
}

/// The records that are of one linked and of one true person, and how many each of these has.
struct Cells {
    of: Vec<(u32, u32)>,
    counts: Vec<u64>,
    found: Vec<u64>,
    actual: Vec<u64>,
}

impl Cells {
    fn new(linked: &[u32], truth: &[u32]) -> Self {
        let sizes = |persons: &[u32]| {
            let mut sizes = vec![0; persons.iter().max().map_or(0, |last| *last as usize + 1)];
            persons.iter().for_each(|person| sizes[*person as usize] += 1);
            sizes
        };
        let mut both: Vec<(u32, u32)> = linked.iter().copied().zip(truth.iter().copied()).collect();
        both.sort_unstable();
        let cells = both.chunk_by(|one, other| one == other);
        let (of, counts) = cells.map(|cell| (cell[0], cell.len() as u64)).unzip();
        Self { of, counts, found: sizes(linked), actual: sizes(truth) }
    }
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
        assert_eq!((pairs.n_found, pairs.n_true, pairs.n_right), (2, 4, 2));
        let whole = cluster(&linked, &truth);
        assert_eq!((whole.precision, whole.recall), (0.5, 2.0 / 3.0));
        assert_eq!((whole.n_found, whole.n_true, whole.n_right), (4, 3, 2));
        assert_eq!(pairwise(&[], &[]).f1, 1.0);
        // Records 1, 2 and 3 are of one group: one of three true pairs was found, from two sides.
        let groups = by_group(&linked, &truth, &[0, 0, 0, 1, 1, 1]);
        assert_eq!(groups.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [3, 3]);
        assert_eq!((groups[0].1.precision, groups[0].1.recall), (1.0, 1.0 / 3.0));
        assert_eq!((groups[1].1.precision, groups[1].1.recall), (1.0, 1.0));
    }
}
