//! The basis of the simplex method: the inverse of a small matrix that grows by a row and a column, or has a
//! column replaced.

/// The dense inverse of the matrix of basic cells by their rows: one line for each basic cell, one column for each row.
#[derive(Debug, Default)]
pub(super) struct Basis {
    n: usize,
    stride: usize,
    inverse: Vec<f64>,
}

impl Basis {
    /// Number of basic cells, and of their rows.
    pub(super) fn len(&self) -> usize {
        self.n
    }

    pub(super) fn clear(&mut self) {
        self.n = 0;
    }

    /// The line of the basic cell at a position.
    pub(super) fn line(&self, at: usize) -> &[f64] {
        &self.inverse[at * self.stride..at * self.stride + self.n]
    }

    /// The inverse times a sparse column, given by (position of a row, coefficient).
    pub(super) fn times(&self, column: &[(usize, f64)], result: &mut Vec<f64>) {
        result.clear();
        result.resize(self.n, 0.0);
        for (at, value) in result.iter_mut().enumerate() {
            let line = self.line(at);
            *value = column.iter().map(|&(row, coefficient)| line[row] * coefficient).sum();
        }
    }

    /// A sparse line, given by (position of a basic cell, coefficient), times the inverse.
    pub(super) fn left_times(&self, line: &[(usize, f64)], result: &mut Vec<f64>) {
        result.clear();
        result.resize(self.n, 0.0);
        for &(at, coefficient) in line {
            for (value, inverse) in result.iter_mut().zip(self.line(at)) {
                *value += coefficient * inverse;
            }
        }
    }

    /// Adds a row and a column: `left` is the new row's part on the basic cells times the inverse, `right` the
    /// inverse times the new column's part on the old rows, and `pivot` the corner less their product.
    pub(super) fn border(&mut self, left: &[f64], right: &[f64], pivot: f64) {
        self.reserve(self.n + 1);
        let (n, stride) = (self.n, self.stride);
        for (at, &weight) in right.iter().enumerate() {
            let factor = weight / pivot;
            let line = &mut self.inverse[at * stride..at * stride + n + 1];
            if factor != 0.0 {
                for (value, left) in line.iter_mut().zip(left) {
                    *value += factor * left;
                }
            }
            line[n] = -factor;
        }
        let last = &mut self.inverse[n * stride..n * stride + n + 1];
        for (value, left) in last.iter_mut().zip(left) {
            *value = -left / pivot;
        }
        last[n] = 1.0 / pivot;
        self.n += 1;
    }

    /// Replaces the basic cell at a position by one whose column, times the inverse, is `column`.
    pub(super) fn replace(&mut self, at: usize, column: &[f64]) {
        let (n, stride) = (self.n, self.stride);
        let pivot = column[at];
        for value in &mut self.inverse[at * stride..at * stride + n] {
            *value /= pivot;
        }
        let line = self.line(at).to_vec();
        for (other, &factor) in column.iter().enumerate() {
            if other != at && factor != 0.0 {
                for (value, pivot) in self.inverse[other * stride..other * stride + n].iter_mut().zip(&line) {
                    *value -= factor * pivot;
                }
            }
        }
    }

    fn reserve(&mut self, n: usize) {
        if n > self.stride {
            let stride = (2 * self.stride).max(32);
            let mut inverse = vec![0.0; stride * stride];
            for at in 0..self.n {
                inverse[at * stride..at * stride + self.n].copy_from_slice(self.line(at));
            }
            (self.inverse, self.stride) = (inverse, stride);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_follows_the_matrix() {
        let mut basis = Basis::default();
        // The matrix [[2]], bordered to [[2, 1], [4, 3]], then with its first column replaced by [1, 1].
        basis.border(&[], &[], 2.0);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        basis.left_times(&[(0, 4.0)], &mut left);
        basis.times(&[(0, 1.0)], &mut right);
        basis.border(&left, &right, 3.0 - 4.0 * right[0]);
        assert_eq!([basis.line(0), basis.line(1)], [[1.5, -0.5], [-2.0, 1.0]]);
        basis.times(&[(0, 1.0), (1, 1.0)], &mut right);
        let column = right.clone();
        basis.replace(0, &column);
        assert_eq!([basis.line(0), basis.line(1)], [[1.5, -0.5], [-0.5, 0.5]]);
    }
}
