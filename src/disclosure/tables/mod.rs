//! Protecting tables as statisticians have them: cells with margins, hierarchies, linked tables, or sums
//! given one by one.
//!
//! The same cover as a seal's, over the sums between cells. Three steps, each of which can be looked at: the
//! linear rule alone ([`Problem::linear`]), the cover against intruders who know the mask ([`Problem::protect`]),
//! and a check of its witnesses without a solver ([`Problem::check`]).

mod attack;
mod check;
mod layout;
mod linear;
mod problem;

pub use attack::{Attacker, Finding, attack};
pub use check::Proof;
pub use layout::{Hierarchy, Layout, Table};
pub use problem::{Pattern, Problem, Rule, Values, Witness};

/// Why tables can not be protected or checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Two rows of a table are the same cell.
    #[error("in table {}, row {} is a cell that an earlier row is, too", .table + 1, .row + 1)]
    DuplicateCell {
        /// Number of the table, from 0.
        table: usize,
        /// Number of the row, from 0.
        row: usize,
    },
    /// Insiders are to be kept out, and nobody says how many contribute to each cell.
    #[error("nothing says how many contribute to each cell")]
    NoContributors,
    /// A hierarchy is of a dimension that no table has.
    #[error("no table has the dimension {dimension}, which there is a hierarchy for")]
    UnknownDimension {
        /// Its name.
        dimension: String,
    },
    /// A code is its own ancestor.
    #[error("the hierarchy of {dimension} goes round in a circle")]
    Cycle {
        /// The dimension's name.
        dimension: String,
    },
    /// A cell is not the sum of the cells below it.
    #[error("the cells below {cell} do not add up to it")]
    NotAdditive {
        /// Its codes.
        cell: String,
    },
    /// The two values of a cell in linked tables differ, or one is missing.
    #[error("the tables differ in the cell {cell}")]
    Differs {
        /// Its codes.
        cell: String,
    },
    /// A value that can not be worked out.
    #[error("the cell {cell} has no value, and none follows for it")]
    NoValue {
        /// Its codes.
        cell: String,
    },
    /// A witness does not hold.
    #[error("witness {number} does not hold: {reason}")]
    NoWitness {
        /// Its number, from 0.
        number: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A cell that must be uncertain has no witness for it.
    #[error("nothing shows that {cell} is uncertain enough")]
    Uncovered {
        /// Its codes.
        cell: String,
    },
    /// A cell that the rule hides is shown.
    #[error("{cell} is shown, which the rule hides")]
    Shown {
        /// Its codes.
        cell: String,
    },
}
