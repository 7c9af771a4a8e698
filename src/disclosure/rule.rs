//! Rule profiles: the thresholds of one jurisdiction, and how it prints rates, named and versioned.

use serde::{Deserialize, Serialize};

use super::coding::{RateBand, RateLabels};

/// A rule that a product names: how many people a cell needs before it is shown, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleProfile {
    /// Its id, for example `nces-10`.
    pub id: String,
    /// Its version, from 1; a changed rule is a new version.
    pub version: u32,
    /// Smallest group shown. An outcome, and its complement, need as many people.
    pub cell_min: u64,
    /// Smallest group in which a rate of exactly 0 % or 100 % is shown: it says something about
    /// everybody in the group.
    pub certainty_min: u64,
    /// What happens to groups of nobody.
    pub zeros: Zeros,
    /// How much larger the largest value that a hidden number could have must be than the smallest.
    #[serde(default = "one")]
    pub width: u64,
    /// How many contributors (districts and whatever else stands right below the whole) at once may use what they
    /// know of their own people to find out about others: 0 or 1.
    #[serde(default = "one")]
    pub insiders: u64,
    /// Where the rule comes from, in words.
    pub source: String,
    /// How rates are printed, by size of the group; without any, as exact numbers.
    #[serde(default)]
    pub rates: Vec<RateBand>,
    /// How the codes of `rates` are spelled.
    #[serde(default)]
    pub rate_labels: RateLabels,
    /// Whether the number of people behind a coded rate is printed. Exact rates give it away, so it has no effect
    /// without `rates`.
    #[serde(default = "yes")]
    pub counts_shown: bool,
    /// Counts are printed to the nearest multiple of it, in people; 0 for none.
    #[serde(default)]
    pub round_to: u64,
    /// What the group of all that are hidden is called where the source reports them together.
    #[serde(default)]
    pub pool: Option<String>,
}

fn yes() -> bool {
    true
}

fn one() -> u64 {
    1
}

/// What happens to groups of nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zeros {
    /// They are marked as empty: nobody is in them to be protected, and hiding them would hide little.
    Shown,
    /// They are hidden like small groups.
    Hidden,
}

impl RuleProfile {
    /// All embedded profiles, in the order of `profiles.toml`.
    #[must_use]
    pub fn all() -> Vec<Self> {
        #[derive(Deserialize)]
        struct File {
            profile: Vec<RuleProfile>,
        }
        // The file is part of the program and a test reads it.
        toml::from_str::<File>(include_str!("profiles.toml"))
            .expect("the embedded profiles are valid")
            .profile
    }

    /// The embedded profile with that id.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        Self::all().into_iter().find(|profile| profile.id == id)
    }

    /// Whether shares are printed as codes.
    #[must_use]
    pub fn codes_rates(&self) -> bool {
        !self.rates.is_empty()
    }

    /// Whether the numbers of people behind figures are printed, where they are not hidden.
    #[must_use]
    pub fn prints_people(&self) -> bool {
        self.counts_shown || !self.codes_rates()
    }

    /// Id and version, as printed on every table: `nces-10@1`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// A count as it is printed when it is shown: the nearest multiple of `round_to`, halves up.
    #[must_use]
    pub fn rounded(&self, count: u64) -> u64 {
        match self.round_to {
            0 => count,
            to => (count + to / 2) / to * to,
        }
    }
}

#[cfg(test)]
mod tests;
