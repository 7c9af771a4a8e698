//! The span of published rows: sparse Gaussian elimination over the integers modulo 2^61 - 1.
//!
//! Integers only, so it is exact and gives the same result everywhere. A dependence over the rationals
//! is one modulo a prime too, unless the prime divides one of its denominators: for a Mersenne prime
//! of 61 bits and systems of zeros and ones that is out of reach.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// A sparse row: (variable, coefficient) by ascending variable, no coefficient zero.
pub(super) type Row = Vec<(u32, u64)>;

const PRIME: u64 = (1 << 61) - 1;

/// A row taken away.
pub(super) fn negated(row: &Row) -> Row {
    row.iter().map(|&(variable, coefficient)| (variable, negative(coefficient))).collect()
}

/// Published rows in echelon form.
pub(super) struct Span {
    pivots: Vec<Row>,
    /// Which pivot row, if any, has its pivot at each variable.
    pivot_at: Vec<u32>,
    /// Scratch: a dense row, zero between calls, and the variables used in it.
    dense: Vec<u64>,
    is_touched: Vec<bool>,
    touched: Vec<u32>,
}

const NO_PIVOT: u32 = u32::MAX;

impl Span {
    pub(super) fn new(n_variables: usize) -> Self {
        Self {
            pivots: Vec::new(),
            pivot_at: vec![NO_PIVOT; n_variables],
            dense: vec![0; n_variables],
            is_touched: vec![false; n_variables],
            touched: Vec::new(),
        }
    }

    /// The sum of rows modulo the span: empty when it lies in the span, and otherwise without any
    /// pivot variable, so that equal remainders are equal rows.
    pub(super) fn reduce<'a>(&mut self, rows: impl Iterator<Item = &'a Row>) -> Row {
        let mut due = BinaryHeap::new();
        for row in rows {
            for &(variable, coefficient) in row {
                self.touch(variable, coefficient, &mut due);
            }
        }
        // A pivot row holds no variable of an earlier pivot, so in the order of their making each is due once.
        while let Some(Reverse(number)) = due.pop() {
            let row = std::mem::take(&mut self.pivots[number as usize]);
            let factor = self.dense[row[0].0 as usize];
            if factor != 0 {
                for &(variable, coefficient) in &row {
                    self.touch(variable, negative(multiply(coefficient, factor)), &mut due);
                }
            }
            self.pivots[number as usize] = row;
        }
        self.touched.sort_unstable();
        // Rows are most of what a large lattice takes, so they have no room to grow.
        let n_left = self.touched.iter().filter(|&&variable| self.dense[variable as usize] != 0).count();
        let mut result = Row::with_capacity(n_left);
        for &variable in &self.touched {
            let coefficient = std::mem::take(&mut self.dense[variable as usize]);
            self.is_touched[variable as usize] = false;
            if coefficient != 0 {
                result.push((variable, coefficient));
            }
        }
        self.touched.clear();
        result
    }

    fn touch(&mut self, variable: u32, coefficient: u64, due: &mut BinaryHeap<Reverse<u32>>) {
        let at = variable as usize;
        if !self.is_touched[at] {
            self.is_touched[at] = true;
            self.touched.push(variable);
            if self.pivot_at[at] != NO_PIVOT {
                due.push(Reverse(self.pivot_at[at]));
            }
        }
        self.dense[at] = add(self.dense[at], coefficient);
    }

    /// Adds a reduced row with coefficient 1 at `pivot`, and returns its number.
    pub(super) fn push(&mut self, mut row: Row, pivot: usize) -> u32 {
        let number = self.pivots.len() as u32;
        self.pivot_at[row[pivot].0 as usize] = number;
        row.swap(0, pivot);
        self.pivots.push(row);
        number
    }

    /// The pivot of a published row, and what else it holds.
    pub(super) fn published(&self, number: u32) -> (u32, &[(u32, u64)]) {
        let row = &self.pivots[number as usize];
        (row[0].0, &row[1..])
    }
}

/// The published span together with rows that must stay outside it.
pub(super) struct Guarded {
    pub(super) span: Span,
    /// Rows to protect modulo the span, scaled to begin with 1; proportional ones once.
    targets: Vec<Row>,
    hashes: Vec<u64>,
    /// Positions of the targets by a hash of their row; a removed target is in no list.
    known: HashMap<u64, Vec<u32>>,
    /// For each variable the targets that hold it, and some that once did.
    holders: Vec<Vec<u32>>,
}

impl Guarded {
    pub(super) fn new(n_variables: usize) -> Self {
        let holders = vec![Vec::new(); n_variables];
        let (targets, hashes) = (Vec::new(), Vec::new());
        Self { span: Span::new(n_variables), targets, hashes, known: HashMap::new(), holders }
    }

    /// Protects a row that is reduced and not in the span.
    pub(super) fn protect(&mut self, row: Row) {
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
    pub(super) fn publish(&mut self, row: &Row) -> bool {
        let row = scaled(row.clone(), 0);
        // Modulo the span, a row gives away what is proportional to it, and nothing else.
        if self.holds(hash(&row), &row) {
            return false;
        }
        let pivot = (0..row.len()).min_by_key(|&at| self.holders[row[at].0 as usize].len());
        let pivot = pivot.expect("the row is not empty");
        let row = scaled(row, pivot);
        let variable = row[pivot].0;
        for target in std::mem::take(&mut self.holders[variable as usize]) {
            let old = &self.targets[target as usize];
            if let Ok(at) = old.binary_search_by_key(&variable, |&(variable, _)| variable) {
                let factor = negative(old[at].1);
                self.forget(target);
                let old = std::mem::take(&mut self.targets[target as usize]);
                let new = scaled(self.combine(&old, &row, factor, target), 0);
                let hash = hash(&new);
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

    /// `old + factor * row`, noting the target at the variables it gains.
    fn combine(&mut self, old: &Row, row: &Row, factor: u64, target: u32) -> Row {
        let mut result = Row::with_capacity(old.len() + row.len());
        let (mut left, mut right) = (old.iter().peekable(), row.iter().peekable());
        loop {
            let (a, b) = (left.peek().map_or(u32::MAX, |x| x.0), right.peek().map_or(u32::MAX, |x| x.0));
            if a == u32::MAX && b == u32::MAX {
                // Targets are most of what a large lattice takes.
                result.shrink_to_fit();
                return result;
            }
            let mut sum = 0;
            if a <= b {
                sum = left.next().map_or(0, |x| x.1);
            }
            if b <= a {
                sum = add(sum, right.next().map_or(0, |x| multiply(x.1, factor)));
            }
            if b < a {
                self.holders[b as usize].push(target);
            }
            if sum != 0 {
                result.push((a.min(b), sum));
            }
        }
    }
}

/// The products of a row with two vectors.
pub(super) fn product(row: &[(u32, u64)], vectors: &[[u64; 2]]) -> [u64; 2] {
    let mut sums = [0; 2];
    // Numbers of 61 bits: 32 of their products fit into 128.
    for part in row.chunks(32) {
        let mut parts = [0u128; 2];
        for &(variable, coefficient) in part {
            let of = vectors[variable as usize];
            parts[0] += u128::from(coefficient) * u128::from(of[0]);
            parts[1] += u128::from(coefficient) * u128::from(of[1]);
        }
        sums = [add(sums[0], reduced(parts[0])), add(sums[1], reduced(parts[1]))];
    }
    sums
}

/// The row divided by its coefficient at a position.
pub(super) fn scaled(mut row: Row, at: usize) -> Row {
    if let Some(&(_, coefficient)) = row.get(at)
        && coefficient != 1
    {
        let inverse = inverse(coefficient);
        for entry in &mut row {
            entry.1 = multiply(entry.1, inverse);
        }
    }
    row
}

/// A hash of a row; equal rows are compared in full, so it needs to be quick and no more.
fn hash(row: &Row) -> u64 {
    row.iter().fold(0, |hash, &(variable, coefficient)| {
        let mixed = (hash ^ u64::from(variable)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        (mixed ^ coefficient).wrapping_mul(0xBF58_476D_1CE4_E5B9).rotate_left(31)
    })
}

/// A whole number modulo the prime.
pub(super) fn residue(a: i64) -> u64 {
    a.rem_euclid(PRIME as i64) as u64
}

fn add(a: u64, b: u64) -> u64 {
    let sum = a + b;
    if sum >= PRIME { sum - PRIME } else { sum }
}

pub(super) fn negative(a: u64) -> u64 {
    if a == 0 { 0 } else { PRIME - a }
}

pub(super) fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // 2^61 is 1 modulo the prime: the high part adds to the low one.
    add((product as u64) & PRIME, (product >> 61) as u64)
}

/// A sum of products modulo the prime.
fn reduced(sum: u128) -> u64 {
    // As in a product, but the high part has up to 67 bits.
    let high = sum >> 61;
    let high = add((high as u64) & PRIME, (high >> 61) as u64);
    add(((sum as u64) & PRIME) % PRIME, high % PRIME)
}

/// By Fermat: `a` to the power of the prime less 2.
fn inverse(a: u64) -> u64 {
    let (mut result, mut power, mut exponent) = (1, a, PRIME - 2);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = multiply(result, power);
        }
        power = multiply(power, power);
        exponent >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_a_field() {
        for a in [1, 2, 3, 1 << 60, PRIME - 1, 123_456_789_012_345_678] {
            assert_eq!(multiply(a, inverse(a)), 1);
            assert_eq!(add(a, negative(a)), 0);
            assert_eq!(multiply(a, 3), add(a, add(a, a)));
        }
    }

    fn row(variables: &[u32]) -> Row {
        variables.iter().map(|&variable| (variable, 1)).collect()
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
