//! Data products: what may be asked of an edition, declared in a TOML document.
//!
//! ```toml
//! product = "reading"
//! version = 1
//! title = "Reading in grades 3 to 8"
//! profile = "ferpa-10"
//! mode = "suppress"                           # or "round", or "dp" with a budget:
//! depth = 3                                   # dimensions crossed at once, 0 to 5; 3 when absent
//! geography = "school"                        # or "district"; "school" when absent
//! population = "grade >= 3 and grade <= 8"    # everybody when absent
//!
//! [years]
//! from = 2022
//! to = 2025
//!
//! [dp]                                        # only with mode = "dp"
//! epsilon = 4.0                               # for each school year, in all editions together
//! editions = 4                                # that share it
//!
//! [[indicators]]
//! name = "reading"
//! use = "proficiency"
//! test = "STATE"
//! subject = "ELA"
//! bounds = [200, 800]                         # of means: scores beyond count as these; "dp" needs them
//! protect_percent = 10                        # of means with bounds: how close they may come to one person's score
//!
//! [[dimensions]]
//! id = "race"
//! source = "race7"
//!
//! [[dimensions]]
//! id = "tutoring"
//! source = "dosage"                           # also "program_status", and "program_group" of `programs`
//! program = "TUTOR"
//! bands = [1, 10, 20]                         # none, 1-9, 10-19, 20+
//!
//! [[dimensions]]
//! id = "often"
//! source = "days_per_week"                    # days with the service a week; "first_month" has no bands
//! program = "TUTOR"
//! bands = [1, 3]                              # never, none, 1-2, 3+
//!
//! [[dimensions]]
//! id = "read_in_grade_3"
//! source = "rule"                             # yes, no, unknown
//! rule = "before(5, proficient('STATE', 'ELA')) = 1"
//!
//! [[dimensions]]
//! id = "grade"
//! source = "grade"
//!
//! [[dimensions.groups]]
//! id = "elementary"
//! label = "Grades 3 to 5"
//! members = ["03", "04", "05"]
//! ```

mod axes;
mod read;
mod reader;
#[cfg(test)]
mod tests;
mod variant;

use super::axis::{Axis, Source};
use super::expression::{Expression, Setting, Settings};
use super::geography::{self, Level};
use super::indicator::Indicator;
use super::{Concentration, Dimension, Edition, Error, Mode};
use crate::calendar::SchoolYear;
pub use variant::Change;

/// What may be asked about a population: indicators, dimensions, geography, years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub(super) id: String,
    pub(super) version: u32,
    title: String,
    pub(super) profile: String,
    pub(super) mode: Mode,
    pub(super) years: (SchoolYear, SchoolYear),
    pub(super) depth: usize,
    pub(super) level: Level,
    pub(super) population: Option<Expression>,
    pub(super) indicators: Vec<IndicatorUse>,
    pub(super) axes: Vec<Axis>,
    pub(super) withdrawn: bool,
}

/// An indicator in a product, under the product's name for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndicatorUse {
    pub(super) name: String,
    pub(super) indicator: &'static Indicator,
    pub(super) settings: Settings,
    /// The smallest and largest score that counts as it is, in the indicator's unit times its scale.
    pub(super) bounds: Option<(i64, i64)>,
    /// How close a mean may come to the largest score of one person, in percent of that.
    pub(super) protect_percent: Option<u32>,
}

impl IndicatorUse {
    /// The rule for means; the smallest score that everybody knows of is the product's bound.
    pub(super) fn concentration(&self) -> Option<Concentration> {
        let (floor, _) = self.bounds?;
        self.protect_percent.map(|percent| Concentration { percent, floor })
    }
}

impl Product {
    /// Reads a product document.
    ///
    /// # Errors
    ///
    /// [`Error::Product`] with every problem of the document.
    pub fn parse(text: &str) -> Result<Self, Error> {
        read::read(text).map_err(Error::Product)
    }

    /// The product as one that nobody can ask for any more, in this version: it is counted because earlier editions
    /// have shown figures of it.
    #[must_use]
    pub fn withdrawn(self) -> Self {
        Self { withdrawn: true, ..self }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its version, from 1.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Its name in words.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Id of the rule profile that protects it.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// How it is protected.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The first and the last school year it covers.
    #[must_use]
    pub const fn years(&self) -> (SchoolYear, SchoolYear) {
        self.years
    }

    /// Dimensions crossed at once, at most, without the geography.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// Its indicators under its own names for them.
    pub fn indicators(&self) -> impl Iterator<Item = (&str, &'static Indicator)> + '_ {
        self.indicators.iter().map(|used| (used.name.as_str(), used.indicator))
    }

    /// What its indicators are set to, in the order of [`Self::indicators`]: parameter and value.
    pub fn settings(&self) -> impl Iterator<Item = Vec<(String, String)>> + '_ {
        let text = |setting: &Setting| match setting {
            Setting::Code(code) => code.to_string(),
            Setting::Integer(number) => number.to_string(),
        };
        self.indicators.iter().map(move |used| {
            used.settings.iter().map(|(name, setting)| (name.clone(), text(setting))).collect()
        })
    }

    /// The rule of who it is about; nothing for everybody.
    #[must_use]
    pub fn population(&self) -> Option<String> {
        self.population.as_ref().map(ToString::to_string)
    }

    /// What a dimension classifies by in the counted year, and the program where it asks for one: the name of a column of
    /// groups, `program_status` or `geography`. Nothing for all others.
    #[must_use]
    pub fn classified_by(&self, dimension: &str) -> Option<(&str, Option<&str>)> {
        if dimension == geography::GEOGRAPHY {
            return Some((geography::GEOGRAPHY, None));
        }
        let axis = self.axes.iter().find(|axis| axis.id == dimension && axis.years_before == 0)?;
        match &axis.source {
            Source::Column(name) => Some((name, None)),
            Source::ProgramStatus(program) => Some(("program_status", Some(program.as_str()))),
            _ => None,
        }
    }

    /// Ids of its dimensions, the geography first.
    pub fn dimension_ids(&self) -> impl Iterator<Item = &str> + '_ {
        std::iter::once(geography::GEOGRAPHY).chain(self.axes.iter().map(|axis| axis.id.as_str()))
    }

    /// Its dimensions with the categories they have in an edition, the geography first.
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`] schools for a dimension.
    pub fn dimensions(&self, edition: &Edition) -> Result<Vec<Dimension>, Error> {
        let (geography, _) = geography::geography(edition, self.level)?;
        let axes = self.axes.iter().map(|axis| axis.dimension(edition).0);
        Ok(std::iter::once(geography).chain(axes).collect())
    }
}
