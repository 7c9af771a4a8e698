//! True counts in, a sealed lattice out.
//!
//! Everything a product can ever be asked is enumerated and protected once, when an edition is
//! published, jointly over all margins, geographies and products of a tabulation ([`Seal::make`]).
//! Answers are slices of the seal ([`Seal::slice`]): the same for everybody, in any order, any number of
//! times, so repeating, combining and colluding give nothing beyond the seal. What is refused is refused
//! on syntax, whatever the data. What the seal hides is not in it.
//!
//! The promise has two parts. Of every number that the rule hides: no sum or difference of anything shown gives it,
//! neither of a cell, nor of the people a category has beyond its parts or an outcome beyond another that implies it, nor
//! of the hidden cells of a line together.
//! And of those that [`SealReport`] does not list as linear only: there is a second table of whole numbers over the
//! groups that can be asked for, which fits everything shown and what is known besides (counts are not negative, hidden
//! groups are not empty, outcomes are no more than people and than what they imply), and in which the number differs; also for a district that
//! knows its own students. A share that is printed as a code is never a number to add or subtract, and the second table
//! stays inside the code's range. [`attack`] referees both, and the second tables are kept as the seal's [`Proof`], which
//! replays them without searching for anything. How the people of several groups could be spread over groups that
//! nobody can ask for is not part of it, nor is what an intruder knows from elsewhere. Different units and different
//! periods are protected each on their own; editions of one period together ([`Seal::make_after`]): no sum or difference
//! of anything that any of them shows tells how few people have changed, not even with the knowledge of which groups have
//! not changed at all.
//!
//! That is the mode `suppress`. Products can round instead, or add noise: [`crate::outcomes::Mode`]. Those figures are in the
//! seal too, and answered in the same way.
//!
//! A [`ProtectedTable`] can only come from a seal:
//!
//! ```
//! use throughline::calendar::SchoolYear;
//! use throughline::disclosure::{ProtectedTable, RuleProfile, Seal};
//! use throughline::outcomes::{Dimension, Mode, Slice, Tabulation, Unit};
//!
//! let tabulation = Tabulation {
//!     mode: Mode::Suppress,
//!     unit: Unit::StudentYear,
//!     period: SchoolYear::new(2025).unwrap(),
//!     dimensions: vec![Dimension::new("geography", "Geography")],
//!     populations: vec![],
//!     measures: vec![],
//!     atoms: Default::default(),
//!     publications: vec![],
//! };
//! let (seal, _) = Seal::make(1, &[tabulation], &RuleProfile::all(), b"a secret of the service").unwrap();
//! let asked = Slice {
//!     product: "p".into(), indicator: "i".into(), dimensions: vec![], filters: vec![], periods: vec![],
//! };
//! let table: Result<ProtectedTable, _> = seal.slice(&asked);
//! assert!(table.is_err());
//! ```
//!
//! and never from its fields:
//!
//! ```compile_fail,E0451
//! use throughline::disclosure::ProtectedTable;
//!
//! let table = ProtectedTable { cells: vec![], ..Default::default() };
//! ```
//!
//! This guards against slips, not against forgery: any message can be decoded from bytes.

pub mod attack;
mod check;
mod coding;
mod cover;
mod lattice;
mod noise;
mod offered;
mod past;
mod proof;
mod protection;
mod recall;
mod report;
mod rounding;
mod rule;
mod seal;
mod sealing;
mod slice;
mod span;
mod standing;
mod table;
pub mod tables;
#[cfg(test)]
pub(crate) mod testing;
mod watched;

pub use coding::{Bottom, Code, RateBand, RateLabels, Top};
pub use offered::Offered;
pub use past::Past;
pub use proof::{Fault, NotProven, Proof, Verified};
pub use report::{
    Hiding, LatticeReport, LayerReport, PeriodReport, PlaneReport, ProductReport, Released, ReleasedReport,
    SealReport,
};
pub use rule::{RuleProfile, Zeros};
pub use seal::Seal;
pub use slice::{NotASlice, Violation};
pub(crate) use table::Beside;
pub use table::{Cell, Counted, Covered, Earlier, Filter, LeftOut, Mark, ProtectedTable, RateCode, Sourced};

/// Why there is no seal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A product names a rule profile that was not given.
    #[error("product {product} names a rule profile that does not exist")]
    UnknownProfile {
        /// Product id.
        product: String,
    },
    /// A product's mode does not know what to do with one of its measures, or with a rule that codes rates.
    #[error("product {product} has a measure or a rule that its mode can not follow")]
    Unsuited {
        /// Product id.
        product: String,
    },
    /// A school year that was published rounded is to be rounded in another form.
    #[error(
        "product {product} or one beside it has other dimensions or another minimum than those that a school year was \
             rounded with before: rounding it anew would give away what the first protects"
    )]
    RoundedOtherwise {
        /// Product id.
        product: String,
    },
    /// A product differs in version or profile between tabulations, or shows an indicator twice in a period.
    #[error("product {product} is not the same in all tabulations")]
    ProductDiffers {
        /// Product id.
        product: String,
    },
    /// An earlier edition counts other populations or measures than the new one, or has none of its figures.
    #[error("an earlier edition was not counted for the products of now")]
    PastDiffers,
    /// Two tabulations count the same unit in the same period.
    #[error("two tabulations count the same unit in the same period")]
    DuplicateTabulation,
    /// A tabulation contradicts itself.
    #[error("the tabulation is malformed: {0}")]
    Malformed(&'static str),
    /// A lattice has more cells than can be numbered.
    #[error("the lattice is too large")]
    TooLarge,
    /// Bytes are not a seal, or not one of this version.
    #[error("the bytes are not a seal: {0}")]
    Damaged(&'static str),
}
