//! True counts: editions in columns, indicators and products as data, tabulation over a whole lattice.

mod error;
mod column;
mod schema;
mod edition;
mod said;
mod spell;
mod membership;
mod attendance;
mod year_facts;
mod service;
mod student_year;
mod cohort;
mod builder;
mod freeze;
mod expression;
mod evaluate;
mod indicator;
mod dimension;
mod mode;
mod slice;
mod tabulation;
mod axis;
mod geography;
mod product;
mod tabulate;
pub mod growth;

pub use builder::{EditionBuilder, SourceId, SourcedFact};
pub use dimension::{Dimension, Node};
pub use edition::Edition;
pub use error::{Error, Problem};
pub use indicator::{Indicator, MeasureKind, indicator, indicators};
pub use mode::{Budget, Mode};
pub use product::{Change, Product};
pub use slice::Slice;
pub use tabulate::{check_together, tabulate};
pub use tabulation::{Atoms, Concentration, Measure, Population, Publication, Tabulation, Unit, Values};
