//! Rows that must not follow from what is published.

use super::{Row, Span, add, multiply, negative, scale, scaled};
use std::collections::HashMap;

/// The published span together with rows that must stay outside it.
pub(in crate::disclosure) struct Guarded {
    pub(in crate::disclosure) span: Span,
    /// Rows to protect modulo the span, scaled to begin with 1; proportional ones once.
    targets: Vec<Row>,
    hashes: Vec<u64>,
    /// Positions of the targets by a hash of their row; a removed target is in no list.
    known: HashMap<u64, Vec<u32>>,
    /// For each variable the targets that hold it, and some that once did.
    holders: Vec<Vec<u32>>,
    /// Scratch: a row that is being made.
    made: Row,
}

impl Guarded {
    pub(in crate::disclosure) fn new(n_variables: usize) -> Self {
        let holders = vec![Vec::new(); n_variables];
        let (targets, hashes) = (Vec::new(), Vec::new());
        let (span, known, made) = (Span::new(n_variables), HashMap::new(), Row::new());
        Self { span, targets, hashes, known, holders, made }
    }

    /// Protects a row that is reduced and not in the span.
    pub(in crate::disclosure) fn protect(&mut self, row: Row) {
        let row = scaled(row, 0);
        let hash = hash(&row);
        if !self.holds(hash, &row) {
            let target = self.targets.len() as u32;
            for &(variable, _) in &row {
                self.holders[variable as usize].push(target);
            }
            self.targets.push(Row::new());
            self.hashes.push(0);
            self.insert(target, hash, row);
        }
    }

    /// Adds a reduced, non-empty row to the span, and says whether it did: not when that would put a
    /// target into the span.
    pub(in crate::disclosure) fn publish(&mut self, row: &Row) -> bool {
        let row = scaled(row.clone(), 0);
        // Modulo the span, a row gives away what is proportional to it, and nothing else.
        if self.holds(hash(&row), &row) {
            return false;
        }
        let pivot = (0..row.len()).min_by_key(|&at| self.holders[row[at].0 as usize].len());
        let pivot = pivot.expect("the row is not empty");
        let row = scaled(row, pivot);
        let (variable, hash) = (row[pivot].0, hash(&row));
        for target in std::mem::take(&mut self.holders[variable as usize]) {
            let old = &self.targets[target as usize];
            if let Ok(at) = old.binary_search_by_key(&variable, |&(variable, _)| variable) {
                let factor = negative(old[at].1);
                self.forget(target);
                let old = std::mem::take(&mut self.targets[target as usize]);
                self.combine(&old, &row, factor, target);
                let (new, scale) = (&self.made, scale(&self.made, 0));
                // Targets are most of what a large lattice takes, so they have no room to grow.
                let new: Row =
                    new.iter().map(|&(of, coefficient)| (of, multiply(coefficient, scale))).collect();
                let hash = add(self.hashes[target as usize], multiply(hash, factor));
                let hash = multiply(hash, scale);
                if !self.holds(hash, &new) {
                    self.insert(target, hash, new);
                }
            }
        }
        self.span.push(row, pivot);
        true
    }

    fn holds(&self, hash: u64, row: &Row) -> bool {
        let same = |&target: &u32| self.targets[target as usize] == *row;
        self.known.get(&hash).is_some_and(|targets| targets.iter().any(same))
    }

    fn insert(&mut self, target: u32, hash: u64, row: Row) {
        self.known.entry(hash).or_default().push(target);
        self.hashes[target as usize] = hash;
        self.targets[target as usize] = row;
    }

    fn forget(&mut self, target: u32) {
        if let Some(list) = self.known.get_mut(&self.hashes[target as usize]) {
            list.retain(|&other| other != target);
        }
    }

    /// Makes `old + factor * row`, noting the target at the variables it gains.
    fn combine(&mut self, old: &[(u32, u64)], row: &[(u32, u64)], factor: u64, target: u32) {
        let Self { made, holders, .. } = self;
        made.clear();
        let mut gain = |variable: u32, coefficient: u64| {
            holders[variable as usize].push(target);
            (variable, multiply(coefficient, factor))
        };
        let (mut left, mut right) = (0, 0);
        while let (Some(&(a, of_old)), Some(&(b, of_row))) = (old.get(left), row.get(right)) {
            if a < b {
                made.push((a, of_old));
                left += 1;
            } else if b < a {
                made.push(gain(b, of_row));
                right += 1;
            } else {
                let sum = add(of_old, multiply(of_row, factor));
                if sum != 0 {
                    made.push((a, sum));
                }
                (left, right) = (left + 1, right + 1);
            }
        }
        made.extend_from_slice(&old[left..]);
        made.extend(row[right..].iter().map(|&(variable, coefficient)| gain(variable, coefficient)));
    }
}

/// A hash of a row; equal rows are compared in full, so it needs to be quick and no more. It is a linear map: that of a sum of
/// rows is the sum of theirs, and need not be made of the sum.
fn hash(row: &Row) -> u64 {
    let weight = |variable: u32| {
        let mixed = (u64::from(variable) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // In order, and not as good as random, the weights of different sums would be alike.
        (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 4
    };
    row.iter().fold(0, |hash, &(variable, coefficient)| add(hash, multiply(coefficient, weight(variable))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(variables: &[u32]) -> Row {
        variables.iter().map(|&variable| (variable, 1)).collect()
    }

    #[test]
    fn the_hash_of_a_sum_is_the_sum_of_hashes() {
        let (one, other): (Row, Row) = (vec![(0, 1), (3, negative(1))], vec![(1, 7), (3, 5)]);
        let sum = vec![(0, 1), (1, 14), (3, 9)];
        assert_eq!(hash(&sum), add(hash(&one), multiply(hash(&other), 2)));
        assert_ne!(hash(&one), hash(&other));
        assert_eq!(hash(&Row::new()), 0);
    }

    #[test]
    fn a_row_that_gives_a_target_away_is_refused() {
        let mut guarded = Guarded::new(4);
        guarded.protect(row(&[0]));
        for shown in [row(&[0, 1, 2, 3]), row(&[1, 2])] {
            let reduced = guarded.span.reduce([&shown].into_iter());
            assert!(guarded.publish(&reduced));
        }
        // 0+1+2+3 less 1+2 is 0+3, so 3 would give 0 away, and so would 0+1+2.
        for refused in [row(&[3]), row(&[0, 1, 2])] {
            let reduced = guarded.span.reduce([&refused].into_iter());
            assert!(!guarded.publish(&reduced));
        }
        assert!(
            guarded.span.reduce([&row(&[0, 3])].into_iter()).is_empty(),
            "a sum that follows is in the span"
        );
    }
}
