//! Margins: how far noise may have moved a value.

use super::super::seal::Method;
use super::super::table::Cell;
use super::View;

/// Within so many standard deviations lie 95 % of what a normal distribution gives.
const DEVIATIONS: f64 = 1.96;

impl View<'_> {
    /// The half-width of an interval around a cell's value (its number of people, where it has no other) that holds the one
    /// without noise in 95 % of cases; nothing where no noise was added, or no value is shown.
    ///
    /// Of a share or mean it is the first-order one of a quotient whose two parts have independent noise.
    pub(super) fn margin(&self, cell: &Cell) -> Option<f64> {
        let Method::Noisy(noisy) = &self.lattice.method else { return None };
        let (people, of_people) = (cell.denominator?, noisy.people_variance as f64);
        let variance = match cell.value {
            None if self.lattice.values[self.measure].is_count() => of_people,
            None => return None,
            Some(value) => {
                let (center, scale) = noisy.centers[self.measure];
                let scale = f64::from(scale);
                let from_center = value - center as f64 / scale;
                let of_sum = noisy.variances[self.measure] as f64 / (scale * scale);
                (of_sum + from_center * from_center * of_people) / (people as f64).powi(2)
            }
        };
        Some(DEVIATIONS * variance.sqrt())
    }
}
