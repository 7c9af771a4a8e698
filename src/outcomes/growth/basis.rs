//! Square systems of equations, and rows that span a space.

/// A square matrix split into triangles, to be solved several times.
///
/// Gaussian elimination with partial pivoting: row `at` of the factors is row `order[at]` of the matrix.
pub(super) struct Factors {
    n: usize,
    order: Vec<usize>,
    factors: Vec<f64>,
}

impl Factors {
    /// Splits a matrix of `n` rows and columns, row after row; nothing when it has no inverse.
    pub(super) fn of(matrix: Vec<f64>, n: usize) -> Option<Self> {
        let (mut order, mut factors): (Vec<usize>, _) = ((0..n).collect(), matrix);
        for pivot in 0..n {
            let size = |row: &usize| factors[row * n + pivot].abs();
            let best = (pivot..n).max_by(|a, b| size(a).total_cmp(&size(b)))?;
            if size(&best).is_nan() || size(&best) <= f64::MIN_POSITIVE {
                return None;
            }
            order.swap(pivot, best);
            (0..n).for_each(|column| factors.swap(pivot * n + column, best * n + column));
            let (above, below) = factors.split_at_mut((pivot + 1) * n);
            let pivot_row = &above[pivot * n..];
            for row in below.chunks_exact_mut(n) {
                row[pivot] /= pivot_row[pivot];
                let multiple = row[pivot];
                let rest = row[pivot + 1..].iter_mut().zip(&pivot_row[pivot + 1..]);
                rest.for_each(|(value, above)| *value -= multiple * above);
            }
        }
        Some(Self { n, order, factors })
    }

    /// The solution `x` of `matrix * x = right`.
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = self.order.iter().map(|row| right[*row]).collect();
        for at in 0..self.n {
            x[at] -= dot(&self.row(at)[..at], &x[..at]);
        }
        for at in (0..self.n).rev() {
            x[at] = (x[at] - dot(&self.row(at)[at + 1..], &x[at + 1..])) / self.row(at)[at];
        }
        x
    }

    /// The solution `x` of `transposed matrix * x = right`.
    pub(super) fn solve_transposed(&self, right: &[f64]) -> Vec<f64> {
        let mut y = right.to_vec();
        for at in 0..self.n {
            y[at] /= self.row(at)[at];
            let known = y[at];
            (at + 1..self.n).for_each(|later| y[later] -= self.row(at)[later] * known);
        }
        for at in (0..self.n).rev() {
            let known = y[at];
            (0..at).for_each(|earlier| y[earlier] -= self.row(at)[earlier] * known);
        }
        let mut x = vec![0.0; self.n];
        self.order.iter().zip(y).for_each(|(row, value)| x[*row] = value);
        x
    }

    fn row(&self, at: usize) -> &[f64] {
        &self.factors[at * self.n..][..self.n]
    }
}

/// The sum of products.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// So many rows of a matrix that none lies in the space of the others, each as far from those before as there
/// is one; nothing when its rank is smaller than its width.
pub(super) fn independent_rows(matrix: &[f64], width: usize) -> Option<Vec<usize>> {
    /// A row nearer to the others than this lies among them. The rows of a design have a length of about 1.
    const DISTANCE_MIN: f64 = 1e-7;
    let mut left = matrix.to_vec();
    let mut rows = Vec::with_capacity(width);
    while rows.len() < width {
        let lengths = left.chunks_exact(width).map(|row| dot(row, row));
        let (at, squared) = lengths.enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        if squared <= DISTANCE_MIN * DISTANCE_MIN {
            return None;
        }
        let direction: Vec<f64> =
            left[at * width..][..width].iter().map(|value| value / squared.sqrt()).collect();
        for row in left.chunks_exact_mut(width) {
            let along = dot(row, &direction);
            row.iter_mut().zip(&direction).for_each(|(value, unit)| *value -= along * unit);
        }
        rows.push(at);
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_solved_both_ways() {
        let matrix = vec![0.0, 2.0, 1.0, 1.0, 1.0, 1.0, 4.0, 0.0, -2.0];
        let factors = Factors::of(matrix, 3).expect("an inverse");
        assert_eq!(factors.solve(&[7.0, 6.0, -2.0]), [1.0, 2.0, 3.0]);
        assert_eq!(factors.solve_transposed(&[14.0, 4.0, -3.0]), [1.0, 2.0, 3.0]);
        assert!(Factors::of(vec![1.0, 2.0, 2.0, 4.0], 2).is_none());
        assert!(Factors::of(vec![f64::NAN; 4], 2).is_none());
    }

    #[test]
    fn rows_are_independent_or_there_are_too_few() {
        let rows = independent_rows(&[1.0, 1.0, 2.0, 2.0, 0.0, 1.0, 3.0, 3.0], 2);
        assert_eq!(rows, Some(vec![3, 2]));
        assert_eq!(independent_rows(&[1.0, 1.0, 2.0, 2.0, 3.0, 3.0], 2), None);
        assert_eq!(independent_rows(&[], 2), None);
    }
}
