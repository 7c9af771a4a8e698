//! The forms of figures, with the keys that a report sets of each.

use crate::outcomes::Better;
use serde::{Deserialize, Deserializer};

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
}

impl Direction {
    /// The way that is better of an indicator of the library, where a report does not say.
    pub(in crate::figures) fn of(indicator: &str) -> Self {
        match crate::outcomes::indicator(indicator).map(|known| known.better) {
            Some(Better::Less) => Self::Down,
            Some(Better::More) | None => Self::Up,
        }
    }

    /// How much better the second is than the first; negative where it is worse.
    #[must_use]
    pub fn gain(self, from: f64, to: f64) -> f64 {
        match self {
            Self::Up => to - from,
            Self::Down => from - to,
        }
    }
}

/// What groups are compared to. There is no reference that is taken for granted but everybody else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reference {
    /// All others: everybody without the group.
    #[default]
    Others,
    /// The largest group that is shown in the last year.
    Largest,
    /// The group with the highest level of those that are shown in the last year.
    Highest,
    /// The group with the lowest level of those that are shown in the last year.
    Lowest,
    /// A category.
    Category(String),
}

/// Levels over the years.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// A dimension to break down by.
    pub by: Option<String>,
    /// Its categories to follow; all when there are none.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Categories of it to follow as one group.
    #[serde(default)]
    pub pool: Vec<String>,
    /// Which way is better; when absent, that of the indicator.
    pub direction: Option<Direction>,
    /// Steps of up to so much count as flat, in points or the indicator's unit.
    #[serde(default)]
    pub tolerance: f64,
}

/// Groups against a reference.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disparity {
    /// The dimension of the groups.
    pub by: String,
    /// The groups; all but the reference when there are none.
    #[serde(default, deserialize_with = "one_or_many")]
    pub focal: Vec<String>,
    /// What they are compared to.
    #[serde(default)]
    pub reference: Reference,
}

/// A declared level of a year, in percent for shares and rates, else in the indicator's unit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// The school year.
    pub year: u32,
    /// The level.
    pub value: f64,
}

/// Where a target starts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The school year.
    pub year: u32,
    /// The level as it was declared, where the table does not have it.
    pub value: Option<f64>,
}

/// A level against what was declared.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Where it starts.
    pub baseline: Baseline,
    /// Declared levels on the way, as they were declared: they need not be on a line.
    #[serde(default)]
    pub interim: Vec<Point>,
    /// The last declared level.
    #[serde(rename = "final")]
    pub goal: Point,
    /// Which way is better; when absent, that of the indicator.
    pub direction: Option<Direction>,
    /// A year may be worse by so much and count as steady, in points or the indicator's unit.
    #[serde(default)]
    pub tolerance: f64,
    /// The dimension of groups that should catch up.
    pub by: Option<String>,
    /// These groups; all but the reference when there are none.
    #[serde(default, deserialize_with = "one_or_many")]
    pub focal: Vec<String>,
    /// What they should catch up with.
    #[serde(default)]
    pub reference: Reference,
}

/// One group in two years.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeforeAfter {
    /// The school year before.
    pub before: u32,
    /// The school year after.
    pub after: u32,
}

/// Two groups in two years.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DifferenceInDifferences {
    /// The dimension of the groups.
    pub by: String,
    /// Categories with the program; several are taken together.
    #[serde(deserialize_with = "one_or_many")]
    pub group: Vec<String>,
    /// Categories without it.
    #[serde(deserialize_with = "one_or_many")]
    pub comparison: Vec<String>,
    /// What to call the group.
    pub group_label: Option<String>,
    /// What to call the comparison.
    pub comparison_label: Option<String>,
    /// The school year before.
    pub from: u32,
    /// The school year after.
    pub to: u32,
}

/// Those who took part against those who could have.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participants {
    /// The dimension of participation, of the source `program_status`.
    pub by: String,
    /// Who took part.
    #[serde(default = "participant")]
    pub participants: String,
    /// Who they are compared to.
    #[serde(default = "eligible")]
    pub comparison: String,
    /// A second dimension, to compare like with like.
    pub strata: Option<String>,
    /// The school year; the last one when absent.
    pub year: Option<u32>,
}

fn participant() -> String {
    "participant".into()
}

fn eligible() -> String {
    "eligible_nonparticipant".into()
}

/// From one milestone to the next.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// The dimension that says whether the first milestone was met.
    pub by: String,
    /// Its categories of those who met it.
    #[serde(deserialize_with = "one_or_many")]
    pub met: Vec<String>,
    /// Its categories of those who did not.
    #[serde(deserialize_with = "one_or_many")]
    pub not_met: Vec<String>,
}

/// All together, and district by district.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Districts {
    /// The school year; the last one when absent.
    pub year: Option<u32>,
}

/// The median, between the thresholds of several shares.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Median {
    /// The product's names of the same share at other thresholds.
    pub with: Vec<String>,
    /// A dimension to break down by.
    pub by: Option<String>,
}

/// A text, or a list of texts.
fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Texts {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Texts::deserialize(from)? {
        Texts::One(text) => vec![text],
        Texts::Many(texts) => texts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_says_which_way_is_better() {
        let ways = ["chronic_absence", "graduation_4y", "of_another_library"].map(Direction::of);
        assert_eq!(ways, [Direction::Down, Direction::Up, Direction::Up]);
    }
}
