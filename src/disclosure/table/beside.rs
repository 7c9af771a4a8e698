//! What stands beside the figures of a table: whose records they count and whom they leave out, in words and days.

use crate::calendar::Date;
use std::collections::BTreeMap;

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
