//! What there is to look at.

use crate::calendar::Timestamp;
use crate::records::OrgId;
use std::fmt;

/// Why calls are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The log goes on from a backup.
    Recovered,
    /// A call failed by a fault of the service.
    Failed,
    /// A call has begun and has no outcome.
    WithoutOutcome,
    /// Many refusals in a short time.
    Refusals,
    /// Many questions about one indicator that differ a little.
    Series,
    /// An organization states a purpose for the first time.
    FirstPurpose,
    /// Questions and changes at an hour when nobody works.
    OddHours,
}

impl Kind {
    /// All of them, the gravest first.
    pub const ALL: [Self; 7] = [
        Self::Recovered,
        Self::Failed,
        Self::WithoutOutcome,
        Self::Refusals,
        Self::Series,
        Self::FirstPurpose,
        Self::OddHours,
    ];

    /// Its name in figures for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Failed => "failed",
            Self::WithoutOutcome => "without_outcome",
            Self::Refusals => "refusals",
            Self::Series => "series",
            Self::FirstPurpose => "first_purpose",
            Self::OddHours => "odd_hours",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recovered => "went on from a backup",
            Self::Failed => "failed",
            Self::WithoutOutcome => "begun, no outcome",
            Self::Refusals => "many refusals",
            Self::Series => "series of questions",
            Self::FirstPurpose => "first use of a purpose",
            Self::OddHours => "at an odd hour",
        })
    }
}

/// Calls to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Why.
    pub kind: Kind,
    /// Who called; nobody knows of refused handshakes.
    pub organization: Option<OrgId>,
    /// Index of the first entry.
    pub first: u64,
    /// Index of the last one.
    pub last: u64,
    /// When the first was made.
    pub since: Timestamp,
    /// How many they are.
    pub n: u64,
    /// What they are about: a rule, an indicator, a purpose, a call.
    pub about: String,
}
