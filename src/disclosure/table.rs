//! The protected table: the message that may leave, made by [`super::Seal::slice`] alone.

use super::slice::Heading;
use crate::calendar::Date;
use ring::digest::{SHA256, digest};
use std::collections::BTreeMap;

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

/// Whose records the figures of a school year count.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Counted {
    /// School year, named by the year it ends in.
    #[prost(uint32, tag = "1")]
    pub period: u32,
    /// The edition whose records they are: an earlier one, where those of too few students have changed since.
    #[prost(uint32, tag = "2")]
    pub edition: u32,
    /// The day on which it was frozen: opt-outs and corrections that came later are not in it. Empty before release.
    #[prost(string, tag = "3")]
    pub frozen: String,
    /// The day on which its records were destroyed; empty where they are not.
    #[prost(string, tag = "4")]
    pub destroyed: String,
}

/// A source of an edition: when it delivered last, how late it was, and how much of its roster it had sent records of.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Sourced {
    /// Organization id.
    #[prost(string, tag = "1")]
    pub organization: String,
    /// Day of its last delivery before the edition; empty when not known.
    #[prost(string, tag = "2")]
    pub delivered: String,
    /// Days it was late by the agreement's calendar when the edition was frozen.
    #[prost(uint32, tag = "3")]
    pub days_late: u32,
    /// For school years of the answer with a hundred students or more at its schools.
    #[prost(message, repeated, tag = "4")]
    pub coverage: Vec<Covered>,
}

/// How much of a roster there are records of, in whole percent rounded down to a multiple of 5, and 95 at most.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Covered {
    /// School year.
    #[prost(uint32, tag = "1")]
    pub period: u32,
    /// Students whose days enrolled and absent are known.
    #[prost(uint32, tag = "2")]
    pub attendance: u32,
    /// Students with a result of any test.
    #[prost(uint32, tag = "3")]
    pub assessment: u32,
}

/// A part of the people whom the indicator speaks of that no figure of a school year counts.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct LeftOut {
    /// School year.
    #[prost(uint32, tag = "1")]
    pub period: u32,
    /// Whom the indicator speaks of, in words.
    #[prost(string, tag = "2")]
    pub of: String,
    /// Why they are left out, in words.
    #[prost(string, tag = "3")]
    pub reason: String,
    /// How many percent of those it speaks of they are at least: a multiple of 5.
    #[prost(uint32, tag = "4")]
    pub percent: u32,
    /// And fewer than so many: a multiple of 5.
    #[prost(uint32, tag = "5")]
    pub below: u32,
}

/// What is told beside the figures of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Beside {
    /// Whom the agreement gives credit to.
    pub(crate) credit: String,
    /// The edition's sources.
    pub(crate) sources: Vec<Sourced>,
    /// Whom the figures leave out.
    pub(crate) left_out: Vec<LeftOut>,
    /// For editions whose records are counted: when they were frozen, and when destroyed.
    pub(crate) days: BTreeMap<u32, (Date, Option<Date>)>,
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

/// One cell.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Cell {
    /// School year, named by the year it ends in.
    #[prost(uint32, tag = "1")]
    pub period: u32,
    /// One category id for each dimension of the table; `all` is the margin. Where the rule pools hidden groups, their name
    /// in its place.
    #[prost(string, repeated, tag = "2")]
    pub categories: Vec<String>,
    /// What can be seen.
    #[prost(enumeration = "Mark", tag = "3")]
    pub mark: i32,
    /// People in the group; absent when hidden, and where the rule does not print it.
    #[prost(uint64, optional, tag = "4")]
    pub denominator: Option<u64>,
    /// People with the outcome; only for shares, absent when hidden or coded.
    #[prost(uint64, optional, tag = "5")]
    pub numerator: Option<u64>,
    /// The share, mean or ratio; absent when hidden or coded, and for counts.
    #[prost(double, optional, tag = "6")]
    pub value: Option<f64>,
    /// Standard deviation of scores; only for means.
    #[prost(double, optional, tag = "7")]
    pub deviation: Option<f64>,
    /// What is printed for the share under a rule that codes rates, in place of numerator and value; absent when hidden.
    #[prost(message, optional, tag = "8")]
    pub code: Option<RateCode>,
    /// Where it is hidden: what an earlier edition showed of it.
    #[prost(message, optional, tag = "9")]
    pub earlier: Option<Earlier>,
    /// Where noise was added: half the width of an interval around the value (for counts, the number of people) that holds
    /// the one without noise in 95 % of cases.
    #[prost(double, optional, tag = "10")]
    pub margin: Option<f64>,
}

/// A coded rate: a range of whole percents that the rate, rounded with halves up, lies in.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct RateCode {
    /// As the rule prints it: `<=5%`, `20-29%`, `GE95`.
    #[prost(string, tag = "1")]
    pub label: String,
    /// Smallest whole percent, 0 to 100.
    #[prost(uint64, tag = "2")]
    pub first: u64,
    /// Largest whole percent, 0 to 100.
    #[prost(uint64, tag = "3")]
    pub last: u64,
}

/// What an earlier edition showed of a cell.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Earlier {
    /// The edition whose records are counted.
    #[prost(uint32, tag = "1")]
    pub edition: u32,
    /// As [`Cell::denominator`].
    #[prost(uint64, optional, tag = "2")]
    pub denominator: Option<u64>,
    /// As [`Cell::numerator`].
    #[prost(uint64, optional, tag = "3")]
    pub numerator: Option<u64>,
    /// As [`Cell::value`].
    #[prost(double, optional, tag = "4")]
    pub value: Option<f64>,
    /// As [`Cell::deviation`].
    #[prost(double, optional, tag = "5")]
    pub deviation: Option<f64>,
    /// As [`Cell::code`].
    #[prost(message, optional, tag = "6")]
    pub code: Option<RateCode>,
}

/// What can be seen of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Mark {
    /// Never sent.
    Unspecified = 0,
    /// A value.
    Shown = 1,
    /// Hidden to protect someone; nothing says which rule hid it.
    Hidden = 2,
    /// Nobody in a large enough group has the outcome.
    Zero = 3,
    /// There is no one in the group.
    Empty = 4,
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
