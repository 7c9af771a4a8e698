//! Figures that people decide with, made of protected tables and of nothing else.
//!
//! Everything here is arithmetic on cells that a partner has been shown: gaps, ratios, targets, comparisons, series. So
//! nothing new is disclosed, and what follows from shown cells follows for everybody who has them. A figure that needs a
//! cell that is hidden, coded or of an earlier edition is not made at all, nor is anything said of it ("cannot be shown"):
//! whether a hidden share has met a target would tell about the share. A number that has to be worked out from two shown
//! ones (everybody but a group) is not printed where it is below the table's smallest group.
//!
//! A difference is never called an effect. Verdicts need [`VERDICT_MIN`] students in each group; below that, and where
//! numbers are rounded or carry noise, the figure stands without one. Intervals say how far chance alone may have moved a
//! figure, were the students of a year drawn from many alike; they say nothing of other reasons.
//!
//! [`report`] reads a report document and [`pack`] binds lists of indicators to what products offer; [`figure()`] makes one
//! figure of one table. Printing is for others.

mod aggregate;
mod arm;
mod catalog;
mod compare;
mod disparity;
mod equitable;
mod figure;
mod grid;
mod interval;
mod median;
mod over_time;
pub mod pack;
mod participants;
mod reference;
mod relative;
pub mod report;
mod row;
mod series;
mod target;
#[cfg(test)]
mod testing;
mod words;

pub use aggregate::{Aggregate, AggregateError, read_aggregates};
pub use arm::{Arm, Counts, Missing};
pub use catalog::{Catalog, Category, Definition, Dimension, Offer, Use};
pub use figure::{Basis, Figure, Finding, Line, Loss, figure, figure_of};
pub use interval::{Interval, Term, combined, difference, wilson};
pub use row::{Quantity, Row, Scale};
pub use words::{as_of, gone, not_counted, signed};

/// Students that each group needs before anything is concluded from a difference.
pub const VERDICT_MIN: u64 = 30;
