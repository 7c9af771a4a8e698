//! A span of rows, by dense elimination modulo 2^31 - 1.

/// Rows in echelon form, in the order of their first variable.
#[derive(Default)]
pub(in crate::disclosure) struct Span {
    rows: std::collections::BTreeMap<usize, Vec<u64>>,
}

const PRIME: u64 = (1 << 31) - 1;

impl Span {
    /// Adds a row of (variable, coefficient).
    pub(in crate::disclosure) fn insert(&mut self, terms: &[(usize, i64)]) {
        let row = self.reduced(terms);
        if let Some(first) = row.iter().position(|&x| x != 0) {
            let inverse = power(row[first], PRIME - 2);
            self.rows.insert(first, row.iter().map(|&x| x * inverse % PRIME).collect());
        }
    }

    /// Whether a row is a combination of those added.
    pub(in crate::disclosure) fn contains(&self, terms: &[(usize, i64)]) -> bool {
        self.reduced(terms).iter().all(|&x| x == 0)
    }

    fn reduced(&self, terms: &[(usize, i64)]) -> Vec<u64> {
        let longest = self.rows.values().map(Vec::len).max().unwrap_or(0);
        let len = terms.iter().map(|&(variable, _)| variable + 1).max().unwrap_or(0).max(longest);
        let mut row = vec![0; len];
        for &(variable, coefficient) in terms {
            // The remainder of a division by a positive number is not negative.
            row[variable] = (row[variable] + coefficient.rem_euclid(PRIME as i64) as u64) % PRIME;
        }
        for (&first, pivot) in &self.rows {
            let factor = row[first];
            if factor != 0 {
                for (to, &from) in row[first..].iter_mut().zip(&pivot[first..]) {
                    if from != 0 {
                        *to = (*to + (PRIME - factor) * from) % PRIME;
                    }
                }
            }
        }
        row
    }
}

fn power(base: u64, exponent: u64) -> u64 {
    match exponent {
        0 => 1,
        _ if exponent.is_multiple_of(2) => power(base * base % PRIME, exponent / 2),
        _ => base * power(base, exponent - 1) % PRIME,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_combinations_are_contained() {
        let mut span = Span::default();
        span.insert(&[(0, 1), (1, 1), (2, 1)]);
        span.insert(&[(1, 1), (2, 1)]);
        assert!(span.contains(&[(0, 1)]) && span.contains(&[(0, 5), (1, -2), (2, -2)]) && span.contains(&[]));
        assert!(!span.contains(&[(1, 1)]) && !span.contains(&[(3, 1)]));
    }
}
