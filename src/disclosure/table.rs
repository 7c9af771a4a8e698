//! The protected table: the message that may leave, made by [`super::Seal::slice`] alone.

mod beside;
mod cell;

use super::slice::Heading;
pub(crate) use beside::Beside;
pub use beside::{Counted, Covered, LeftOut, Sourced};
pub use cell::{Cell, Earlier, Mark, RateCode};
use ring::digest::{SHA256, digest};

/// A slice of a seal, as it goes over the wire (`exchange.v1.ProtectedTable`): it holds nothing that the
/// seal hides. Its fields can be read and not written.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ProtectedTable {
    #[prost(string, tag = "1")]
    product: String,
    #[prost(uint32, tag = "2")]
    product_version: u32,
    #[prost(uint32, tag = "3")]
    edition: u32,
    #[prost(string, tag = "4")]
    indicator: String,
    #[prost(string, repeated, tag = "5")]
    dimensions: Vec<String>,
    #[prost(message, repeated, tag = "6")]
    filters: Vec<Filter>,
    #[prost(message, repeated, tag = "7")]
    cells: Vec<Cell>,
    #[prost(string, tag = "8")]
    profile: String,
    #[prost(uint64, tag = "9")]
    cell_min: u64,
    #[prost(string, tag = "10")]
    agreement: String,
    #[prost(string, tag = "11")]
    measure: String,
    #[prost(bytes = "vec", tag = "12")]
    seal_digest: Vec<u8>,
    #[prost(message, repeated, tag = "13")]
    counted: Vec<Counted>,
    #[prost(uint64, tag = "14")]
    rounded_to: u64,
    #[prost(double, tag = "15")]
    people_noise: f64,
    #[prost(string, tag = "16")]
    credit: String,
    #[prost(message, repeated, tag = "17")]
    sources: Vec<Sourced>,
    #[prost(message, repeated, tag = "18")]
    left_out: Vec<LeftOut>,
}

/// A dimension fixed to a category.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Filter {
    /// Dimension id.
    #[prost(string, tag = "1")]
    pub dimension: String,
    /// Category id.
    #[prost(string, tag = "2")]
    pub category: String,
}

impl ProtectedTable {
    pub(super) fn new(heading: Heading, cells: Vec<Cell>) -> Self {
        Self {
            product: heading.product,
            product_version: heading.product_version,
            edition: heading.edition,
            indicator: heading.indicator,
            dimensions: heading.dimensions,
            filters: heading.filters,
            cells,
            profile: heading.profile,
            cell_min: heading.cell_min,
            agreement: String::new(),
            measure: heading.measure.to_owned(),
            seal_digest: heading.seal_digest.to_vec(),
            counted: heading.counted,
            rounded_to: heading.rounded_to,
            people_noise: heading.people_noise,
            credit: String::new(),
            sources: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Product id.
    #[must_use]
    pub fn product(&self) -> &str {
        &self.product
    }

    /// Product version.
    #[must_use]
    pub fn product_version(&self) -> u32 {
        self.product_version
    }

    /// Edition number.
    #[must_use]
    pub fn edition(&self) -> u32 {
        self.edition
    }

    /// Name of the indicator in the product.
    #[must_use]
    pub fn indicator(&self) -> &str {
        &self.indicator
    }

    /// The dimensions of the rows, in the order of [`Cell::categories`].
    #[must_use]
    pub fn dimensions(&self) -> &[String] {
        &self.dimensions
    }

    /// The dimensions held fixed.
    #[must_use]
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// The cells: for each period, margins first.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(super) fn cells_mut(&mut self) -> &mut [Cell] {
        &mut self.cells
    }

    /// The rule profile that protected them, with its version: `nces-10@1`.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// Smallest group shown; a cell that a stricter product shows too is held to that one's rule.
    #[must_use]
    pub fn cell_min(&self) -> u64 {
        self.cell_min
    }

    /// Numbers of people are printed to the nearest multiple of it, and shares made of those; 0 where they are exact.
    #[must_use]
    pub fn rounded_to(&self) -> u64 {
        self.rounded_to
    }

    /// Standard deviation of the noise that was added to numbers of people; 0 where there is none.
    #[must_use]
    pub fn people_noise(&self) -> f64 {
        self.people_noise
    }

    /// Whom the agreement gives credit to; empty for nobody.
    #[must_use]
    pub fn credit(&self) -> &str {
        &self.credit
    }

    /// Whose records the edition has, by organization; empty before release.
    #[must_use]
    pub fn sources(&self) -> &[Sourced] {
        &self.sources
    }

    /// Whom the indicator speaks of and the figures do not count; empty before release.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Agreement id and version the answer was given under; empty before release.
    #[must_use]
    pub fn agreement(&self) -> &str {
        &self.agreement
    }

    /// How to read [`Cell::value`]: `count`, `share`, `mean`, `ratio`.
    #[must_use]
    pub fn measure(&self) -> &str {
        &self.measure
    }

    /// For each period, ascending, the edition whose records are counted.
    #[must_use]
    pub fn counted(&self) -> &[Counted] {
        &self.counted
    }

    /// SHA-256 of the seal this is a slice of.
    #[must_use]
    pub fn seal_digest(&self) -> &[u8] {
        &self.seal_digest
    }

    /// SHA-256 of the table's protobuf encoding.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        sha256(&prost::Message::encode_to_vec(self))
    }

    /// Names the agreement the table is released under.
    #[must_use]
    pub(crate) fn under(mut self, agreement: String, beside: Beside) -> Self {
        let Beside { credit, sources, left_out, days } = beside;
        for counted in &mut self.counted {
            if let Some((frozen, destroyed)) = days.get(&counted.edition) {
                counted.frozen = frozen.to_string();
                counted.destroyed = destroyed.map(|day| day.to_string()).unwrap_or_default();
            }
        }
        Self { agreement, credit, sources, left_out, ..self }
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    // SHA-256 has 32 bytes.
    digest(&SHA256, bytes).as_ref().try_into().expect("a SHA-256 digest has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agreement_is_part_of_the_digest() {
        let table = ProtectedTable::default();
        let released = table.clone().under("a@1".into(), Beside::default());
        assert_eq!(released.agreement(), "a@1");
        assert_ne!(released.digest(), table.digest());
        assert_eq!(table.digest(), sha256(b""), "an empty message has no bytes");
    }
}
