//! Rule profiles: the thresholds of one jurisdiction, named and versioned.

use serde::{Deserialize, Serialize};

/// A rule that a product names: how many people a cell needs before it is shown.
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
    /// Where the rule comes from, in words.
    pub source: String,
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

    /// Id and version, as printed on every table: `nces-10@1`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_profiles_are_whole_and_distinct() {
        let all = RuleProfile::all();
        for (at, profile) in all.iter().enumerate() {
            assert!(profile.cell_min >= 2 && profile.certainty_min >= profile.cell_min, "{}", profile.id);
            assert!(!profile.source.is_empty());
            assert_eq!(all.iter().position(|other| other.id == profile.id), Some(at));
        }
        let nces = RuleProfile::named("nces-10").expect("embedded");
        assert_eq!((nces.cell_min, nces.certainty_min, nces.label().as_str()), (10, 300, "nces-10@1"));
        assert_eq!(RuleProfile::named("nces-11"), None);
    }

    #[test]
    fn an_unknown_policy_is_refused() {
        let text = "id='a'\nversion=1\ncell_min=5\ncertainty_min=300\nsource='x'\nzeros=";
        assert!(toml::from_str::<RuleProfile>(&format!("{text}'shown'")).is_ok());
        assert!(toml::from_str::<RuleProfile>(&format!("{text}'doubled'")).is_err());
        assert!(toml::from_str::<RuleProfile>(&format!("{text}'shown'\nround=5")).is_err());
    }
}
