//! The span of published rows: sparse Gaussian elimination over the integers modulo 2^61 - 1.
//!
//! Integers only, so it is exact and gives the same result everywhere. A dependence over the rationals
//! is one modulo a prime too, unless the prime divides one of its denominators: for a Mersenne prime
//! of 61 bits and systems of zeros and ones that is out of reach.

mod guarded;

pub(super) use guarded::Guarded;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
    let scale = scale(&row, at);
    if scale != 1 {
        row.iter_mut().for_each(|entry| entry.1 = multiply(entry.1, scale));
    }
    row
}

/// By what a row is multiplied for its coefficient at a position to be 1.
fn scale(row: &Row, at: usize) -> u64 {
    match row.get(at) {
        None | Some((_, 1)) => 1,
        Some(&(_, coefficient)) => inverse(coefficient),
    }
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
}
