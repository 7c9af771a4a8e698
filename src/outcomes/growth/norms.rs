//! The quantiles of a cohort's scores given prior scores, and the percentile of a student among them.

use super::basis::dot;
use super::regression::Regression;
use super::spline::{N_FUNCTIONS, Spline};
use super::{COHORT_SIZE_MIN, Error, Percentile, Student};
use std::cmp::Ordering;

const N_QUANTILES: usize = 100;

/// What a cohort's scores are, given the scores before: enough to tell the growth of each of its students.
#[derive(Debug, Clone, PartialEq)]
pub struct GrowthNorms {
    /// One for each prior, the last year first.
    splines: Vec<Spline>,
    /// What is known from one prior, from two, and so on.
    orders: Vec<Quantiles>,
    obtainable: Option<(f64, f64)>,
}

/// The coefficients of each quantile, ascending; one for each column of the design.
type Quantiles = Vec<Vec<f64>>;

impl GrowthNorms {
    /// Learns what a cohort's scores are, given each number of prior scores that enough students have.
    ///
    /// `panels` has for each prior, the last year first, the scores that its knots are taken from: all of
    /// that grade in the years looked at, also of students who are not in the cohort. Priors beyond `panels`
    /// are not used. `obtainable` is the lowest and the highest score of this year's test, if quantiles are
    /// to be kept between them. The order of students makes no difference.
    ///
    /// # Errors
    ///
    /// Each [`Error`]. It is [`Error::CohortTooSmall`] when fewer than [`COHORT_SIZE_MIN`] students have one
    /// prior score; where only those with more priors are too few, their growth is told from fewer priors.
    pub fn learn(
        students: &[Student],
        panels: &[Vec<f64>],
        obtainable: Option<(f64, f64)>,
    ) -> Result<Self, Error> {
        Self::learn_from(students, panels, obtainable, COHORT_SIZE_MIN)
    }

    fn learn_from(
        students: &[Student],
        panels: &[Vec<f64>],
        obtainable: Option<(f64, f64)>,
        cohort_size_min: usize,
    ) -> Result<Self, Error> {
        let mut scores = students.iter().flat_map(|student| student.priors.iter().chain([&student.score]));
        if scores.any(|score| !score.is_finite()) {
            return Err(Error::NotFinite);
        }
        let mut norms = Self { splines: Vec::new(), orders: Vec::new(), obtainable };
        for (at, panel) in panels.iter().enumerate() {
            let mut cohort: Vec<&Student> =
                students.iter().filter(|student| student.priors.len() > at).collect();
            if cohort.len() < cohort_size_min.max(1) {
                break;
            }
            cohort.sort_unstable_by(|a, b| by_scores(a, b, at + 1));
            norms.splines.push(Spline::through(panel)?);
            norms.orders.push(norms.quantiles(&cohort)?);
        }
        match students.iter().filter(|student| !student.priors.is_empty()).count() {
            _ if !norms.orders.is_empty() => Ok(norms),
            n_students if n_students > 0 && !panels.is_empty() => {
                Err(Error::CohortTooSmall { n_students, minimum: cohort_size_min })
            }
            _ => Err(Error::NoPrior),
        }
    }

    /// The quantiles of a cohort's scores given the priors that there are splines for.
    fn quantiles(&self, cohort: &[&Student]) -> Result<Quantiles, Error> {
        let mut design = Vec::new();
        for student in cohort {
            design.extend(self.row(&student.priors, self.splines.len()).ok_or(Error::BeyondKnots)?);
        }
        let scores = cohort.iter().map(|student| student.score).collect();
        let mut regression = Regression::new(design, n_columns(self.splines.len()), scores)?;
        let taus = (0..N_QUANTILES).map(|at| (at as f64 + 0.5) / N_QUANTILES as f64);
        taus.map(|tau| regression.fit(tau)).collect()
    }

    /// The growth of a student, from as many priors as possible.
    ///
    /// Nothing comes of a student without a prior score, or with one beyond the scores the knots were taken
    /// from: a percentile is told only of students of the cohort that was learned from, or one like it.
    #[must_use]
    pub fn percentile(&self, student: &Student) -> Option<Percentile> {
        let n_priors = student.priors.len().min(self.orders.len());
        let quantiles = self.orders.get(n_priors.checked_sub(1)?)?;
        let row = self.row(&student.priors, n_priors).filter(|_| student.score.is_finite())?;
        // Quantiles of few students cross, and the package sorts them; a count does not depend on their order.
        let predicted = quantiles.iter().map(|coefficients| {
            let predicted = dot(&row, coefficients);
            let kept = self.obtainable.map_or(predicted, |(low, high)| predicted.max(low).min(high));
            (kept * 1e5).round() / 1e5
        });
        // Nobody scores more than the most there is, so what a quantile can reach there is below the student.
        let at_top = self.obtainable.is_some_and(|(_, high)| student.score >= high);
        let below = |of: &f64| if at_top { *of <= student.score } else { *of < student.score };
        let n_below = predicted.filter(below).count();
        Some(Percentile { percentile: n_below.clamp(1, 99) as u8, n_priors })
    }

    /// The row of a design: the splines of the first priors side by side. The functions of each sum to 1, so
    /// the first of all but one spline is left out.
    fn row(&self, priors: &[f64], n_priors: usize) -> Option<Vec<f64>> {
        let mut row = Vec::with_capacity(n_columns(n_priors));
        for (at, (spline, prior)) in self.splines.iter().zip(&priors[..n_priors]).enumerate() {
            row.extend_from_slice(&spline.at(*prior)?[usize::from(at > 0)..]);
        }
        Some(row)
    }
}

fn n_columns(n_priors: usize) -> usize {
    n_priors * (N_FUNCTIONS - 1) + 1
}

/// An order of students in which those next to each other are not told apart by the scores that count.
fn by_scores(a: &Student, b: &Student, n_priors: usize) -> Ordering {
    let priors = a.priors.iter().zip(&b.priors).take(n_priors);
    let orders = priors.map(|(a, b)| a.total_cmp(b));
    orders.fold(a.score.total_cmp(&b.score), Ordering::then)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many students whose scores rise with their priors, none like the other; every third lacks the older.
    fn cohort(n: u32) -> Vec<Student> {
        let student = |at: u32| {
            let [last, older, luck] = [7, 11, 29].map(|factor| f64::from(at * factor % n));
            let priors = if at.is_multiple_of(3) { vec![last] } else { vec![last, older] };
            Student { score: 300.0 + 2.0 * last + 0.5 * older + luck, priors }
        };
        (0..n).map(student).collect()
    }

    fn panels(students: &[Student]) -> [Vec<f64>; 2] {
        [0, 1].map(|at| students.iter().filter_map(|student| student.priors.get(at).copied()).collect())
    }

    fn growth(students: &[Student], obtainable: Option<(f64, f64)>) -> Vec<Percentile> {
        let norms = GrowthNorms::learn_from(students, &panels(students), obtainable, 100).expect("learned");
        students.iter().map(|student| norms.percentile(student).expect("a prior")).collect()
    }

    #[test]
    fn percentiles_are_spread_evenly_and_use_all_priors() {
        let students = cohort(601);
        let growth = growth(&students, None);
        for percentile in [10, 25, 50, 75, 90] {
            let n_below = growth.iter().filter(|growth| growth.percentile < percentile).count();
            let share = n_below as f64 / 6.01;
            assert!((share - f64::from(percentile)).abs() < 3.0, "{share} % below {percentile}");
        }
        assert!(growth.iter().all(|growth| (1..=99).contains(&growth.percentile)));
        assert!(
            growth.iter().zip(&students).all(|(growth, student)| growth.n_priors == student.priors.len())
        );
    }

    #[test]
    fn neither_order_nor_scale_makes_a_difference() {
        let students = cohort(300);
        let mut reversed = students.clone();
        reversed.reverse();
        let learned = |of: &[Student]| GrowthNorms::learn_from(of, &panels(&students), None, 100);
        assert_eq!(learned(&students), learned(&reversed));
        let scaled = |score: &f64| 100.0 - 4.0 * 16.0 + 16.0 * score;
        let rescaled: Vec<Student> = (students.iter())
            .map(|of| Student { score: scaled(&of.score), priors: of.priors.iter().map(scaled).collect() })
            .collect();
        assert_eq!(growth(&students, None), growth(&rescaled, None));
    }

    #[test]
    fn the_most_there_is_is_above_every_quantile_that_reaches_it() {
        let mut students = cohort(300);
        students.iter_mut().for_each(|student| student.score = student.score.min(900.0));
        let at_top = |obtainable| {
            let growth = growth(&students, obtainable).into_iter().zip(&students);
            growth
                .filter(|(_, student)| student.score == 900.0)
                .map(|(growth, _)| growth.percentile)
                .collect()
        };
        let (bounded, unbounded): (Vec<u8>, Vec<u8>) = (at_top(Some((0.0, 900.0))), at_top(None));
        assert!(bounded.len() > 20 && bounded.iter().all(|percentile| *percentile == 99));
        assert!(unbounded.iter().any(|percentile| *percentile < 99));
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        let students = cohort(300);
        let panels = panels(&students);
        let learn = |students: &[Student], panels: &[Vec<f64>]| {
            GrowthNorms::learn_from(students, panels, None, 250).map(|norms| norms.orders.len())
        };
        assert_eq!(learn(&students, &panels), Ok(1), "200 with two priors are too few");
        assert_eq!(
            GrowthNorms::learn(&students, &panels, None).err(),
            Some(Error::CohortTooSmall { n_students: 300, minimum: COHORT_SIZE_MIN })
        );
        let alone: Vec<Student> =
            students.iter().map(|of| Student { priors: vec![], ..of.clone() }).collect();
        assert_eq!(learn(&alone, &panels), Err(Error::NoPrior));
        assert_eq!(learn(&students, &[]), Err(Error::NoPrior));
        assert_eq!(learn(&students, &[vec![]]), Err(Error::DegenerateKnots));
        assert_eq!(learn(&students, &[vec![100.0, 101.0]]), Err(Error::BeyondKnots));
        let mut same = students.clone();
        same.iter_mut().for_each(|student| student.priors[0] = f64::from(student.priors[0] > 40.0));
        assert_eq!(learn(&same, &[vec![0.0, 1.0]]), Err(Error::DegenerateKnots));
        let mut infinite = students.clone();
        infinite[7].score = f64::INFINITY;
        assert_eq!(learn(&infinite, &panels), Err(Error::NotFinite));

        let norms = GrowthNorms::learn_from(&students, &panels, None, 100).expect("learned");
        let growth = |score, priors| norms.percentile(&Student { score, priors });
        assert_eq!(growth(700.0, vec![]), None);
        assert_eq!(growth(700.0, vec![100.0, 5_000.0]), None, "beyond the knots");
        assert_eq!(growth(f64::NAN, vec![100.0]), None);
        assert_eq!(growth(0.0, vec![100.0]), Some(Percentile { percentile: 1, n_priors: 1 }));
        let more = growth(1e6, vec![100.0, 100.0, 100.0]);
        assert_eq!(more, Some(Percentile { percentile: 99, n_priors: 2 }), "a third is not known of");
    }
}
