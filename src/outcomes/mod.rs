//! True counts: editions in columns, indicators and products as data, tabulation over a whole lattice.

mod error;
mod vector;
mod column;
mod schema;
mod edition;
mod said;
mod spell;
mod membership;
mod attendance;
mod reporting;
mod year_facts;
mod starts;
mod service;
mod student_year;
mod cohort;
mod builder;
mod freeze;
mod expression;
mod evaluate;
mod indicator;
mod interner;
mod steps;
mod coverage;
mod dimension;
mod mode;
mod slice;
mod tabulation;
mod axis;
mod geography;
mod product;
mod tabulate;
mod left_out;
#[cfg(test)]
mod testing;
pub mod growth;

pub use builder::{EditionBuilder, SourceId, SourcedFact};
pub use coverage::Coverage;
pub use dimension::{Dimension, Node};
pub use edition::Edition;
pub use error::{Error, Problem};
pub use indicator::{Better, Indicator, MeasureKind, indicator, indicators};
pub use left_out::{LeftOut, LeftOuts};
pub use mode::{Budget, Mode};
pub use product::{Change, Product};
pub use slice::Slice;
pub use tabulate::{check_together, tabulate};
pub use tabulation::{Atoms, Concentration, Measure, Population, Publication, Tabulation, Unit, Values};

/// The one spelling of a rule; nothing for a text that is none. It is public for the fuzzer alone: products and the library
/// are the only way to a rule otherwise.
#[doc(hidden)]
#[must_use]
pub fn rule_spelling(text: &str) -> Option<String> {
    expression::Expression::parse(text).map(|rule| rule.to_string()).ok()
}
