//! Cubic B-splines of one prior score.

use super::Error;

/// A spline of degree 3 with four interior knots has so many basis functions; they sum to 1.
pub(super) const N_FUNCTIONS: usize = N_INNER + DEGREE + 1;

const DEGREE: usize = 3;
const N_INNER: usize = 4;
const N_KNOTS: usize = N_INNER + 2 * (DEGREE + 1);

/// The basis functions of one prior score.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spline {
    /// In points, ascending; the boundary knots stand at both ends four times.
    knots: [f64; N_KNOTS],
}

impl Spline {
    /// The spline whose knots lie where the scores of a grade lie.
    ///
    /// The interior knots are the 20th, 40th, 60th and 80th percentile of `scores`, the boundary knots their
    /// range extended by a tenth of it at each end, all rounded to 3 decimal places.
    ///
    /// # Errors
    ///
    /// [`Error::NotFinite`] when a score is no number, [`Error::DegenerateKnots`] when the scores are all one.
    pub(super) fn through(scores: &[f64]) -> Result<Self, Error> {
        if scores.iter().any(|score| !score.is_finite()) {
            return Err(Error::NotFinite);
        }
        let mut sorted = scores.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let [Some(&low), Some(&high)] = [sorted.first(), sorted.last()] else {
            return Err(Error::DegenerateKnots);
        };
        let beyond = (high - low) / 10.0;
        let [from, to] = [low - beyond, high + beyond].map(thousandths);
        if from >= to {
            return Err(Error::DegenerateKnots);
        }
        let mut knots = [from; N_KNOTS];
        knots[N_KNOTS - DEGREE - 1..].fill(to);
        for (at, knot) in knots[DEGREE + 1..][..N_INNER].iter_mut().enumerate() {
            *knot = thousandths(quantile(&sorted, (at + 1) as f64 / (N_INNER + 1) as f64));
        }
        Ok(Self { knots })
    }

    /// The values of all basis functions at a score; nothing for one beyond the boundary knots.
    ///
    /// Source: de Boor, "A Practical Guide to Splines" (1978), chapter X: each degree from the one below.
    pub(super) fn at(&self, score: f64) -> Option<[f64; N_FUNCTIONS]> {
        let knots = &self.knots;
        if !(knots[0]..=knots[N_KNOTS - 1]).contains(&score) {
            return None;
        }
        // The last interval of some length includes its upper end.
        let starts = || (DEGREE..N_FUNCTIONS).rev().filter(|at| knots[*at] < knots[at + 1]);
        let interval = starts().find(|at| knots[*at] <= score)?;
        let mut values = [0.0; N_FUNCTIONS];
        values[interval] = 1.0;
        for degree in 1..=DEGREE {
            for at in interval - degree..=interval {
                let rising = part(score - knots[at], knots[at + degree] - knots[at]) * values[at];
                let falling = match values.get(at + 1) {
                    Some(next) => {
                        part(knots[at + degree + 1] - score, knots[at + degree + 1] - knots[at + 1]) * next
                    }
                    None => 0.0,
                };
                values[at] = rising + falling;
            }
        }
        Some(values)
    }
}

/// A part of an interval; knots that coincide enclose nothing.
fn part(of: f64, width: f64) -> f64 {
    if width > 0.0 { of / width } else { 0.0 }
}

/// A quantile of sorted values, between two of them by their distance.
///
/// Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996),
/// definition 7.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = sorted[place as usize];
    let above = sorted[(place as usize + 1).min(sorted.len() - 1)];
    below + place.fract() * (above - below)
}

fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores 0 to 100: knots at 20, 40, 60, 80, boundaries at -10 and 110.
    fn spline() -> Spline {
        let scores: Vec<f64> = (0..=100).map(f64::from).collect();
        Spline::through(&scores).expect("different scores")
    }

    #[test]
    fn knots_are_percentiles_and_the_range_and_a_tenth() {
        assert_eq!(spline().knots[3..11], [-10.0, 20.0, 40.0, 60.0, 80.0, 110.0, 110.0, 110.0]);
        let few = Spline::through(&[3.0, 1.0, 2.0]).expect("different scores");
        assert_eq!(few.knots[3..9], [0.8, 1.4, 1.8, 2.2, 2.6, 3.2]);
        assert_eq!(Spline::through(&[5.0, 5.0]), Err(Error::DegenerateKnots));
        assert_eq!(Spline::through(&[]), Err(Error::DegenerateKnots));
        assert_eq!(Spline::through(&[1.0, f64::NAN]), Err(Error::NotFinite));
    }

    #[test]
    fn the_functions_are_not_negative_and_sum_to_one() {
        for tenth in -100..=1100 {
            let values = spline().at(f64::from(tenth) / 10.0).expect("within the boundaries");
            assert!(values.iter().all(|value| *value >= 0.0));
            assert!((values.iter().sum::<f64>() - 1.0).abs() < 1e-14, "{tenth}");
        }
        assert!(
            spline().at(-10.1).is_none() && spline().at(110.1).is_none() && spline().at(f64::NAN).is_none()
        );
    }

    #[test]
    fn the_values_are_known_ones() {
        let check = |score: f64, expected: [f64; N_FUNCTIONS]| {
            let values = spline().at(score).expect("within the boundaries");
            for (value, expected) in values.into_iter().zip(expected) {
                assert!((value - expected).abs() < 1e-12, "{score}: {values:?}");
            }
        };
        check(-10.0, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        check(110.0, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        // The outer ones are the cube of the distance to their last knot, 10, by the distances of that knot from
        // the three before it: 20, 40, 70. Between equal distances they would be 1 / 48.
        check(50.0, [0.0, 0.0, 1.0 / 56.0, 27.0 / 56.0, 27.0 / 56.0, 1.0 / 56.0, 0.0, 0.0]);
    }

    #[test]
    fn knots_may_coincide() {
        let scores: Vec<f64> = (0..100).map(|at| if at < 50 { 0.0 } else { f64::from(at) }).collect();
        let spline = Spline::through(&scores).expect("different scores");
        let sum: f64 = spline.at(0.0).expect("within the boundaries").iter().sum();
        assert!((sum - 1.0).abs() < 1e-14);
    }
}
