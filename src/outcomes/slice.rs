//! What a partner may ask for: a slice of a product's lattice.

use crate::calendar::SchoolYear;

/// A slice of a product: an indicator by some dimensions, with others held fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Product id.
    pub product: String,
    /// Name of one of its indicators.
    pub indicator: String,
    /// Dimensions of the rows, at most five; `geography` counts as one.
    pub dimensions: Vec<String>,
    /// Dimensions fixed to a category: (dimension id, category id).
    pub filters: Vec<(String, String)>,
    /// School years; empty means all there are.
    pub periods: Vec<SchoolYear>,
}
