//! True counts: editions in columns, indicators and products as data, tabulation over a whole lattice.

mod dimension;
mod slice;
mod tabulation;

pub use dimension::{Dimension, Node};
pub use slice::Slice;
pub use tabulation::{Atoms, Measure, Population, Publication, Tabulation, Unit, Values};
