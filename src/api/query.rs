//! A query of the wire becomes a whole question, or every violation at once.

use super::check::Check;
use super::v1 as pb;
use crate::agreements::Question;
use crate::outcomes::Slice;
use crate::records::Violation;

/// Reads a query: shapes and lengths only; what it may name is for the agreement and the seal to say.
///
/// # Errors
///
/// Every violation.
pub fn question(wire: pb::QueryRequest) -> Result<Question, Vec<Violation>> {
    let mut check = Check::new("");
    for (field, text) in [
        ("agreement", &wire.agreement),
        ("purpose", &wire.purpose),
        ("product", &wire.product),
        ("indicator", &wire.indicator),
    ] {
        check.code(field, text);
    }
    let many = [
        ("dimensions", wire.dimensions.len(), 5),
        ("filters", wire.filters.len(), 16),
        ("periods", wire.periods.len(), 64),
    ];
    for (field, n, limit) in many {
        if n > limit {
            check.wrong(field, "out_of_range", "are too many");
        }
    }
    for dimension in &wire.dimensions {
        check.code("dimensions", dimension);
    }
    let filters: Vec<(String, String)> =
        wire.filters.into_iter().map(|filter| (filter.dimension, filter.category)).collect();
    for (dimension, category) in &filters {
        check.code("filters.dimension", dimension);
        if category.is_empty() || category.len() > 200 {
            check.wrong("filters.category", "out_of_range", "must have 1 to 200 bytes");
        }
    }
    let periods: Vec<_> = wire.periods.iter().filter_map(|&year| check.year("periods", year)).collect();
    let slice = Slice {
        product: wire.product,
        indicator: wire.indicator,
        dimensions: wire.dimensions,
        filters,
        periods,
    };
    let edition = (wire.edition != 0).then_some(wire.edition);
    check.finish(Some(Question { agreement: wire.agreement, purpose: wire.purpose, slice, edition }))
}
