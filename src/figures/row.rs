//! Rows: one figure a row, in one form for tables, JSON, CSV and pages.

use super::arm::{Arm, Counts, Missing};
use super::interval::Interval;

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// The share, mean, rate or number of a group.
    Level,
    /// A group's level less the reference's.
    Gap,
    /// A group's level over the reference's.
    Ratio,
    /// A group's share over that of all others.
    RiskRatio,
    /// A difference in standard deviations.
    StandardizedDifference,
    /// A level less the same group's level earlier.
    Change,
    /// A gap less the same gap earlier.
    GapChange,
    /// The change of one group less that of another.
    DifferenceInDifferences,
    /// A difference, weighted over strata.
    StandardizedGap,
    /// A mean of districts, each counted once.
    DistrictMean,
    /// What half of a group have or less, and half or more.
    Median,
    /// A declared level.
    Target,
    /// The school year in which a gap is closed if it goes on as it has.
    ClosingYear,
    /// Years in a row that were better than the one before.
    YearsImproving,
}

impl Quantity {
    /// Its name for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Gap => "gap",
            Self::Ratio => "ratio",
            Self::RiskRatio => "risk_ratio",
            Self::StandardizedDifference => "standardized_difference",
            Self::Change => "change",
            Self::GapChange => "change_of_gap",
            Self::DifferenceInDifferences => "difference_in_differences",
            Self::StandardizedGap => "gap_over_strata",
            Self::DistrictMean => "mean_of_districts",
            Self::Median => "median",
            Self::Target => "target",
            Self::ClosingYear => "closing_year",
            Self::YearsImproving => "years_improving",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Gap => "gap",
            Self::Ratio => "ratio",
            Self::RiskRatio => "risk ratio",
            Self::StandardizedDifference => "standardized difference",
            Self::Change => "change",
            Self::GapChange => "change of the gap",
            Self::DifferenceInDifferences => "difference in differences",
            Self::StandardizedGap => "gap over the same strata",
            Self::DistrictMean => "mean of districts",
            Self::Median => "median",
            Self::Target => "target",
            Self::ClosingYear => "gap closed in",
            Self::YearsImproving => "years improving in a row",
        }
    }
}

/// What a value is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Percent, from 0 to 100.
    Percent,
    /// Percentage points.
    Points,
    /// Times.
    Times,
    /// Standard deviations.
    Deviations,
    /// The indicator's own unit.
    Own,
    /// Students.
    Students,
    /// Years, or a year.
    Years,
}

impl Scale {
    /// Of the levels of a measure, as [`crate::disclosure::ProtectedTable::measure`] names it.
    #[must_use]
    pub fn of_levels(measure: &str) -> Self {
        match measure {
            "share" | "ratio" => Self::Percent,
            "count" => Self::Students,
            _ => Self::Own,
        }
    }

    /// Of differences between such levels.
    #[must_use]
    pub fn of_differences(measure: &str) -> Self {
        match Self::of_levels(measure) {
            Self::Percent => Self::Points,
            other => other,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Points => "points",
            Self::Times => "times",
            Self::Deviations => "standard deviations",
            Self::Own => "value",
            Self::Students => "students",
            Self::Years => "years",
        }
    }
}

/// How far noise may have moved a level.
fn noise(margin: f64, scale: Scale) -> String {
    match scale {
        Scale::Percent => format!("± {margin:.1} points by noise"),
        Scale::Students => format!("± {margin:.0} by noise"),
        _ => format!("± {margin:.2} by noise"),
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The school year, by the year it ends in.
    pub year: u32,
    /// The year it is compared to; only of changes.
    pub since: Option<u32>,
    /// The group, in words.
    pub group: String,
    /// What it is compared to, in words; empty where it is compared to nothing.
    pub against: String,
    /// What is said.
    pub quantity: Quantity,
    /// The numbers it is made of: of the group, then of what it is compared to; both earlier years' after them.
    pub counts: Vec<Counts>,
    /// The value, or why there is none.
    pub value: Result<f64, Missing>,
    /// Interval of 95 %, in the same unit.
    pub interval: Option<Interval>,
    /// What the value is counted in.
    pub scale: Scale,
    /// What follows from it, in words; empty for nothing.
    pub says: String,
}

impl Row {
    /// Whether it is the level of a group of whom nobody has the outcome: counted, and not rounded to it.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        // Shares alone have a numerator, and those alone an interval whose numbers are as counted.
        let is_nobody = self.counts.first().is_some_and(|counts| counts.numerator == Some(0));
        self.quantity == Quantity::Level && self.value.is_ok() && is_nobody && self.interval.is_some()
    }

    /// One word for machines: `shown`, `zero`, or why there is no value.
    #[must_use]
    pub fn flag(&self) -> &'static str {
        match &self.value {
            Ok(_) if self.is_zero() => "zero",
            Ok(_) => "shown",
            Err(missing) => missing.flag(),
        }
    }

    /// A row without a value yet.
    pub(super) fn new(year: u32, group: &str, quantity: Quantity, scale: Scale) -> Self {
        Self {
            year,
            since: None,
            group: group.to_owned(),
            against: String::new(),
            quantity,
            counts: Vec::new(),
            value: Err(Missing::Absent),
            interval: None,
            scale,
            says: String::new(),
        }
    }

    /// The level of a group.
    pub(super) fn level(year: u32, group: &str, arm: &Result<Arm, Missing>, scale: Scale) -> Self {
        let row = Self::new(year, group, Quantity::Level, scale);
        match arm {
            Ok(arm) => Self {
                counts: vec![arm.counts],
                value: Ok(arm.value),
                interval: arm.limits().map(|(_, interval)| interval),
                says: arm.margin.map(|margin| noise(margin, scale)).unwrap_or_default(),
                ..row
            },
            Err(missing) => Self { value: Err(missing.clone()), ..row },
        }
    }

    pub(super) fn against(self, against: &str) -> Self {
        Self { against: against.to_owned(), ..self }
    }

    pub(super) fn since(self, since: u32) -> Self {
        Self { since: Some(since), ..self }
    }

    pub(super) fn says(self, says: impl Into<String>) -> Self {
        Self { says: says.into(), ..self }
    }
}
