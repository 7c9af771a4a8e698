//! Concentrated sums: a mean tells the score of one person when hardly anybody else has any.
//!
//! A mean and its number of people give the sum. Where that is too close to its largest part (the p % rule,
//! [`crate::outcomes::Concentration`]), the number of people is hidden as if it were small, and the mean with it: what keeps
//! that number from being worked out keeps the sum, since both add up in the same way.

use super::super::lattice::Lattice;
use crate::outcomes::{Tabulation, Values};

/// A score's sums, and their largest parts.
pub(super) struct Concentrated {
    percent: u32,
    /// In each cell, the sum of all parts.
    sums: Vec<i64>,
    /// In each cell, the two largest parts.
    largest: Vec<[i64; 2]>,
    /// Whether it is published in each cell.
    is_asked: Vec<bool>,
}

impl Concentrated {
    /// Nothing for a measure without the rule.
    pub(super) fn new(
        tabulation: &Tabulation,
        lattice: &Lattice,
        measure: usize,
        is_asked: Vec<bool>,
    ) -> Option<Self> {
        let of = &tabulation.measures[measure];
        let rule = of.concentration?;
        let Values::Mean { sum, largest, .. } = &tabulation.atoms.values[measure] else { return None };
        let people = &tabulation.atoms.people[of.population];
        let above = |at: usize| sum[at] - i64::from(people[at]) * rule.floor;
        let mut cells = vec![[0; 2]; lattice.n_cells()];
        for (atom, &position) in lattice.atoms.positions.iter().enumerate() {
            let parts = largest[position as usize];
            for &cell in lattice.atoms.cells(atom as u32) {
                let of_cell = &mut cells[cell as usize];
                *of_cell = two_largest(*of_cell, parts);
            }
        }
        Some(Self { percent: rule.percent, sums: lattice.totals(above), largest: cells, is_asked })
    }

    /// Whether the sum over some cells that share nobody is too close to its largest part.
    pub(super) fn is_close(&self, cells: &[u32]) -> bool {
        if !cells.iter().any(|&cell| self.is_asked[cell as usize]) {
            return false;
        }
        let sum: i64 = cells.iter().map(|&cell| self.sums[cell as usize]).sum();
        let parts = cells.iter().map(|&cell| self.largest[cell as usize]);
        let [first, second] = parts.fold([0; 2], two_largest);
        // Whoever has the second largest part knows the others together as well as he knows that none is below the floor.
        first > 0 && i128::from(sum - first - second) * 100 < i128::from(first) * i128::from(self.percent)
    }
}

fn two_largest(one: [i64; 2], other: [i64; 2]) -> [i64; 2] {
    let first = one[0].max(other[0]);
    [first, one[0].min(other[0]).max(one[1]).max(other[1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_largest_of_both_are_kept() {
        assert_eq!(two_largest([5, 3], [4, 4]), [5, 4]);
        assert_eq!(two_largest([5, 5], [4, 4]), [5, 5]);
        assert_eq!(two_largest([0, 0], [7, 0]), [7, 0]);
    }

    #[test]
    fn a_sum_is_close_when_the_others_are_few_percent_of_the_largest() {
        let of = |sums: &[i64], largest: &[[i64; 2]]| Concentrated {
            percent: 10,
            sums: sums.to_vec(),
            largest: largest.to_vec(),
            is_asked: vec![true, true, false],
        };
        // 1,000 and 20 of 1,119: the others have 99, less than a tenth of the largest.
        let one = of(&[1_119, 1_120, 1_119], &[[1_000, 20]; 3]);
        assert!(one.is_close(&[0]) && !one.is_close(&[1]));
        assert!(!one.is_close(&[2]), "nobody can ask for it there");
        assert!(!one.is_close(&[0, 1]), "together there are two large ones, and 239 of others");
        assert!(!of(&[0], &[[0, 0]]).is_close(&[0]), "nobody has anything");
    }
}
