//! Linear quantile regression, exactly: a walk over the vertices of a linear program.
//!
//! The line (or surface) of quantile `tau` minimizes the sum of `tau * r` over residuals `r` above it and of
//! `(tau - 1) * r` over those below. Some best one passes through as many points as there are columns: the
//! basis. A step lets go of one point of the basis and moves along the edge that opens, past other points, to
//! where the sum is smallest. Everything a step needs is computed anew from the data, so no error adds up, and
//! the next quantile begins where the last one ended.
//!
//! Sources: Koenker and Bassett, "Regression Quantiles", Econometrica 46 (1978), for the problem and its
//! optimality conditions; Barrodale and Roberts, "An Improved Algorithm for Discrete l1 Linear Approximation",
//! SIAM Journal on Numerical Analysis 10 (1973), and Koenker and d'Orey, "Computing Regression Quantiles",
//! Applied Statistics 36 (1987), for steps past several points at once.

#[cfg(test)]
mod tests;

use super::Error;
use super::basis::{Factors, dot, independent_rows};

/// How far a point is shifted at most, as a part of the range of all values: it makes ties impossible, with
/// which the walk could go round in a circle. Coefficients are computed without it.
const SHIFT: f64 = 1e-9;

/// A slope of the sum along an edge, or of the edge at a point, is rounding when it is nearer to 0 than this.
const SLOPE_MIN: f64 = 1e-9;

/// No walk is known that takes more than a few hundred steps.
const N_STEPS_MAX: usize = 100_000;

/// A regression on some data, and the vertex that was found last.
pub(super) struct Regression {
    /// One row a point.
    design: Vec<f64>,
    n_columns: usize,
    values: Vec<f64>,
    shifted: Vec<f64>,
    /// The points the last surface passes through.
    basis: Vec<usize>,
    in_basis: Vec<bool>,
    residuals: Vec<f64>,
    crossings: Vec<Crossing>,
}

/// Where the way along an edge passes a point.
#[derive(Debug, Clone, Copy)]
struct Crossing {
    distance: f64,
    /// By how much the slope of the sum rises there.
    rise: f64,
    point: usize,
}

impl Regression {
    /// Prepares a regression of `values` on `design`, which has a row of `n_columns` for each.
    ///
    /// # Errors
    ///
    /// [`Error::DegenerateKnots`] when a column of the design is made of the others.
    pub(super) fn new(design: Vec<f64>, n_columns: usize, values: Vec<f64>) -> Result<Self, Error> {
        let basis = independent_rows(&design, n_columns).ok_or(Error::DegenerateKnots)?;
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let most = SHIFT * if high > low { high - low } else { 1.0 };
        let shifted = (0..).zip(&values).map(|(at, value)| value + most * fraction(at)).collect();
        let mut in_basis = vec![false; values.len()];
        basis.iter().for_each(|point| in_basis[*point] = true);
        let residuals = vec![0.0; values.len()];
        Ok(Self { design, n_columns, values, shifted, basis, in_basis, residuals, crossings: Vec::new() })
    }

    /// The coefficients of quantile `tau`, one for each column.
    ///
    /// # Errors
    ///
    /// [`Error::NotSolved`] when rounding kept the walk from its end, which a design with rows of very
    /// different length might bring about.
    pub(super) fn fit(&mut self, tau: f64) -> Result<Vec<f64>, Error> {
        for _ in 0..N_STEPS_MAX {
            let factors = self.factors()?;
            self.set_residuals(&factors);
            let multipliers = self.multipliers(&factors, tau);
            let Some((at, slope, direction)) = steepest(&multipliers, tau) else {
                let through: Vec<f64> = self.basis.iter().map(|point| self.values[*point]).collect();
                return Ok(factors.solve(&through));
            };
            let mut unit = vec![0.0; self.n_columns];
            unit[at] = direction;
            let entering = self.search(&factors.solve(&unit), slope).ok_or(Error::NotSolved)?;
            self.in_basis[self.basis[at]] = false;
            self.in_basis[entering] = true;
            self.basis[at] = entering;
        }
        Err(Error::NotSolved)
    }

    fn factors(&self) -> Result<Factors, Error> {
        let rows = self.basis.iter().flat_map(|point| self.row(*point)).copied().collect();
        Factors::of(rows, self.n_columns).ok_or(Error::NotSolved)
    }

    fn set_residuals(&mut self, factors: &Factors) {
        let through: Vec<f64> = self.basis.iter().map(|point| self.shifted[*point]).collect();
        let coefficients = factors.solve(&through);
        let rows = self.design.chunks_exact(self.n_columns).zip(&self.shifted);
        for (residual, (row, value)) in self.residuals.iter_mut().zip(rows) {
            *residual = value - dot(row, &coefficients);
        }
    }

    /// The weights of the basis' points with which the rows of all points sum to nothing, when a point above
    /// weighs `tau` and one below `tau - 1`. The vertex is best when each lies between these two.
    fn multipliers(&self, factors: &Factors, tau: f64) -> Vec<f64> {
        let mut sum = vec![0.0; self.n_columns];
        for (at, row) in self.design.chunks_exact(self.n_columns).enumerate() {
            if !self.in_basis[at] {
                let weight = if self.residuals[at] > 0.0 { -tau } else { 1.0 - tau };
                sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
            }
        }
        factors.solve_transposed(&sum)
    }

    /// The point where the sum is smallest on the way along an edge, on which it falls by `slope` at first.
    fn search(&mut self, edge: &[f64], slope: f64) -> Option<usize> {
        self.crossings.clear();
        for (point, row) in self.design.chunks_exact(self.n_columns).enumerate() {
            let speed = dot(row, edge);
            let residual = self.residuals[point];
            if !self.in_basis[point] && speed.abs() > SLOPE_MIN && (speed > 0.0) == (residual > 0.0) {
                self.crossings.push(Crossing { distance: residual / speed, rise: speed.abs(), point });
            }
        }
        weighted_select(&mut self.crossings, slope).map(|crossing| crossing.point)
    }

    fn row(&self, point: usize) -> &[f64] {
        &self.design[point * self.n_columns..][..self.n_columns]
    }
}

/// The edge along which the sum falls most: its place in the basis, the slope, and whether the point that is
/// let go comes to lie below (1) or above (-1).
fn steepest(multipliers: &[f64], tau: f64) -> Option<(usize, f64, f64)> {
    let slopes = multipliers
        .iter()
        .enumerate()
        .flat_map(|(at, multiplier)| [(at, tau - 1.0 - multiplier, 1.0), (at, multiplier - tau, -1.0)]);
    slopes.filter(|(_, slope, _)| *slope > SLOPE_MIN).max_by(|(_, a, _), (_, b, _)| a.total_cmp(b))
}

/// The first crossing, by distance, at which the rises have made up for the slope.
fn weighted_select(crossings: &mut [Crossing], mut slope: f64) -> Option<Crossing> {
    let mut left = crossings;
    while left.len() > 1 {
        let middle = left.len() / 2;
        left.select_nth_unstable_by(middle, |a, b| {
            a.distance.total_cmp(&b.distance).then(a.point.cmp(&b.point))
        });
        let (nearer, further) = left.split_at_mut(middle);
        let rise: f64 = nearer.iter().map(|crossing| crossing.rise).sum();
        left = if rise >= slope {
            nearer
        } else {
            slope -= rise;
            further
        };
    }
    left.first().copied()
}

/// A number between 0 and 1 that looks random and is always the same.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA (2014).
fn fraction(at: u64) -> f64 {
    let mut z = at.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ z >> 31) as f64 / u64::MAX as f64
}
