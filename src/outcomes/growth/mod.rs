//! Student growth percentiles: where a student's score stands among those who scored alike before.
//!
//! The percentile of a student is read off 100 quantiles of this year's score given the scores of the years
//! before, each a quantile regression on cubic B-splines of every prior score. It is the figure that the
//! `SGP` package (version 2.2) computes with its defaults, and most states publish as medians of groups.
//!
//! Every quantile is solved exactly, and the same students give the same percentiles in every order.
//!
//! Left to the caller: which students are a cohort (one subject, one progression of grades, one year), and
//! which groups are large enough for a median to be told. Absent on purpose: the package's correction for
//! errors of measurement, its confidence intervals, which draw at random, and projections to later years.
//!
//! Source: Betebenner, "Norm- and Criterion-Referenced Student Growth", Educational Measurement: Issues and
//! Practice 28 (2009).

mod basis;
mod cohorts;
mod norms;
mod regression;
mod spline;

use std::fmt;

pub(super) use cohorts::percentiles;
pub use norms::GrowthNorms;

/// Fewer students are no cohort: the outer percentiles would rest on a handful of them.
pub const COHORT_SIZE_MIN: usize = 1_000;

/// The scores of one student. They are about a person, so they are not printed.
#[derive(Clone, PartialEq)]
pub struct Student {
    /// This year's score, in points.
    pub score: f64,
    /// The scores of the years before in the grades before, the last year first, in points. The list ends
    /// where one is missing: a score behind a gap is not used.
    pub priors: Vec<f64>,
}

impl fmt::Debug for Student {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Student(..)")
    }
}

/// What a student's growth is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentile {
    /// From 1 to 99: so many of a hundred who scored alike before score less now.
    pub percentile: u8,
    /// How many prior scores it was told from.
    pub n_priors: usize,
}

/// Why growth could not be told. Nothing in it is about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No student has a score of the year before, or no scores were given to take knots from.
    #[error("no student has a prior score")]
    NoPrior,
    /// Too few students have both scores.
    #[error("a cohort of {n_students} students is smaller than {minimum}")]
    CohortTooSmall {
        /// How many there are.
        n_students: usize,
        /// How many it takes.
        minimum: usize,
    },
    /// Prior scores that lie on so few values that no spline goes through them; a fifth of a cohort at the
    /// highest score is enough.
    #[error("prior scores lie on too few values")]
    DegenerateKnots,
    /// A prior score beyond the boundary knots: it is not among the scores these were taken from.
    #[error("a prior score lies beyond the scores the knots were taken from")]
    BeyondKnots,
    /// A score that is infinite or not a number.
    #[error("a score is not a finite number")]
    NotFinite,
    /// A regression whose solution rounding errors hid.
    #[error("a quantile regression was not solved")]
    NotSolved,
}
