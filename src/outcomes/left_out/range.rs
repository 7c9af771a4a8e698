//! Where a number of people lies: between those of whom steps of 5 % are left out by a number that is shown.

use super::super::steps::{WHOLE, percent, steps};

/// Numbers of people of whom so many steps are left out where `most` are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    most: u64,
    steps: u64,
}

impl Range {
    /// The range of `n` people of whom `most` are counted. Where that is rounded up it may be more than there are.
    pub(super) fn new(n: u64, most: u64) -> Self {
        Self { most, steps: steps(n.saturating_sub(most), n) }
    }

    /// Of how many steps of the whole the rest is, at the lower end and at the upper one.
    fn rests(self) -> [u64; 2] {
        [WHOLE - self.steps, WHOLE - self.steps - 1]
    }

    /// Percent that are left out where `n` are counted: as many at least, and as many at most.
    pub(super) fn left_out(self, n: u64) -> (u8, u8) {
        // Of `most` whole ones, times the steps of one.
        let [lower, upper] = self.rests().map(|rest| self.most * WHOLE - n.min(self.most) * rest);
        (percent(lower / self.most), percent(upper.div_ceil(self.most)))
    }

    /// Whether a number lies in it, and not at its lower end, where it would tell nothing.
    pub(super) fn holds(self, n: u64) -> bool {
        let [lower, upper] = self.rests();
        n * lower > self.most * WHOLE && n * upper < self.most * WHOLE
    }

    /// Whether it has numbers in common with another.
    pub(super) fn meets(self, other: &Self) -> bool {
        let is_below = |one: &Self, other: &Self| one.most * other.rests()[0] <= other.most * one.rests()[1];
        !is_below(&self, other) && !is_below(other, &self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of people of which a range may be.
    fn numbers(range: Range, up_to: u64) -> Vec<u64> {
        (1..up_to).filter(|n| *n >= range.most && Range::new(*n, range.most) == range).collect()
    }

    #[test]
    fn a_range_holds_as_many_numbers_as_five_percent_are() {
        for n in [200, 201, 250, 399, 1_000] {
            for most in (1..=n).rev().step_by(7) {
                let range = Range::new(n, most);
                let numbers = numbers(range, 30 * n);
                assert!(numbers.contains(&n) && numbers.len() >= 10, "{most} of {n}: {}", numbers.len());
                // Whoever knows them can work out no more of another number that is counted.
                for counted in [most, most / 2, most.saturating_sub(9)] {
                    let (at_least, at_most) = range.left_out(counted);
                    let shares = numbers.iter().map(|n| 100.0 * (n - counted) as f64 / *n as f64);
                    let shares: Vec<f64> = shares.collect();
                    let (least, most) = (shares[0], *shares.last().expect("some"));
                    assert!(f64::from(at_least) <= least && most <= f64::from(at_most), "{counted} of {n}");
                }
            }
        }
    }

    #[test]
    fn a_share_is_told_between_multiples_of_five() {
        let range = Range::new(300, 275);
        assert_eq!((range.left_out(275), range.left_out(260)), ((5, 10), (10, 15)));
        assert_eq!(Range::new(300, 300).left_out(300), (0, 5), "nobody is not told from few");
        assert_eq!(Range::new(300, 305).left_out(305), (0, 5), "rounded up");
        assert_eq!(Range::new(3_000, 10).left_out(10), (95, 100));
    }

    #[test]
    fn other_numbers_inside_a_range_would_narrow_it() {
        // From 200 to 210 people.
        let range = Range::new(200, 200);
        assert!(!range.holds(200) && range.holds(201) && range.holds(210) && !range.holds(211));
        assert!(range.meets(&Range::new(205, 205)) && range.meets(&Range::new(200, 190)));
        assert!(!range.meets(&Range::new(100, 100)) && !range.meets(&Range::new(300, 300)));
    }
}
