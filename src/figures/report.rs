//! Reports: documents that say which figures to make.
//!
//! ```toml
//! report = "city-reading"
//! title = "Reading in the city"
//! product = "city"                      # of figures that name none
//! edition = 3                           # the newest when absent
//! pack = "strivetogether"               # the lines of a pack besides
//! set = { zone = "N-14" }               # what its lines leave open
//!
//! [[breaks]]                            # no change is worked out across one
//! indicator = "reading_proficiency"
//! year = 2023
//! why = "The state test changed."
//!
//! [[annotations]]
//! year = 2021
//! text = "Schools were closed until March."
//!
//! [[figures]]
//! form = "disparity"
//! title = "Reading by income"
//! indicator = "reading_proficiency"
//! where = { geography = "northfield" }
//! years = [2024, 2025]                  # all when absent
//! by = "income"
//! focal = ["yes"]                       # all but the reference when absent
//! reference = "others"                  # or "largest", "highest", "lowest", { category = "no" }
//! ```

mod check;
mod forms;
mod read;

use super::catalog::Catalog;
use crate::calendar::SchoolYear;
use crate::outcomes::Slice;
pub use forms::{
    Baseline, BeforeAfter, DifferenceInDifferences, Direction, Disparity, Districts, Median, Participants,
    Point, Reference, Series, Target, Transition,
};
pub use read::Error;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A report document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Its id; empty for a pack alone.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The edition it is made of; the newest where it says nothing.
    pub edition: Option<u32>,
    /// A pack whose lines come after the figures.
    pub pack: Option<String>,
    /// What the pack's lines leave open.
    pub set: BTreeMap<String, String>,
    /// Years from which on another thing is measured, by the product's name of the indicator.
    pub breaks: Vec<(String, Break)>,
    /// What happened in some years.
    pub annotations: Vec<Annotation>,
    /// The figures.
    pub figures: Vec<Spec>,
}

/// A figure as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// The line of the report that it begins at; nothing where it is a pack's.
    pub line: Option<usize>,
    /// Its title.
    pub title: String,
    /// Product id.
    pub product: String,
    /// The product's name of the indicator.
    pub indicator: String,
    /// Dimensions held at a category.
    pub filters: Vec<(String, String)>,
    /// School years; all where there are none.
    pub years: Vec<SchoolYear>,
    /// Years from which on another thing is measured.
    pub breaks: Vec<Break>,
    /// What happened in some years.
    pub annotations: Vec<Annotation>,
    /// What a reader has to know besides.
    pub notes: Vec<String>,
    /// What is made of the table.
    pub form: Form,
}

/// A year from which on something else is measured.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// The first school year of the new measure.
    pub year: u32,
    /// What has changed.
    pub why: String,
}

/// Something that happened in a year.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// The school year.
    pub year: u32,
    /// What happened.
    pub text: String,
}

/// What is made of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Levels over the years.
    Series(Series),
    /// Groups against a reference.
    Disparity(Disparity),
    /// A level against what was declared.
    Target(Target),
    /// One group in two years.
    BeforeAfter(BeforeAfter),
    /// Two groups in two years.
    DifferenceInDifferences(DifferenceInDifferences),
    /// Those who took part against those who could have.
    Participants(Participants),
    /// From one milestone to the next.
    Transition(Transition),
    /// All together, and district by district.
    Districts(Districts),
    /// The median, between the thresholds of several shares.
    Median(Median),
}

impl Form {
    /// Its name in a report.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Series(_) => "series",
            Self::Disparity(_) => "disparity",
            Self::Target(_) => "target",
            Self::BeforeAfter(_) => "before_after",
            Self::DifferenceInDifferences(_) => "difference_in_differences",
            Self::Participants(_) => "participants",
            Self::Transition(_) => "transition",
            Self::Districts(_) => "districts",
            Self::Median(_) => "median",
        }
    }

    fn dimensions(&self) -> Vec<String> {
        let one = |by: &Option<String>| by.iter().cloned().collect();
        match self {
            Self::Series(form) => one(&form.by),
            Self::Target(form) => one(&form.by),
            Self::Median(form) => one(&form.by),
            Self::Disparity(form) => vec![form.by.clone()],
            Self::DifferenceInDifferences(form) => vec![form.by.clone()],
            Self::Transition(form) => vec![form.by.clone()],
            Self::Participants(form) => std::iter::once(&form.by).chain(&form.strata).cloned().collect(),
            Self::Districts(_) => vec!["geography".into()],
            Self::BeforeAfter(_) => Vec::new(),
        }
    }
}

impl Report {
    /// Reads a report document; `product` is for figures where neither they nor the document name one.
    ///
    /// # Errors
    ///
    /// [`Error`] at the first figure that cannot be read, with its position.
    pub fn parse(text: &str, product: Option<&str>) -> Result<Self, Error> {
        read::read(text, product)
    }

    /// Checks what only the products can tell: that declared levels of shares and rates are percents, and that products
    /// have the years without which there is no figure.
    ///
    /// # Errors
    ///
    /// [`Error::Wrong`] with the line of the first figure that asks for what cannot be.
    pub fn check(&self, catalog: &Catalog) -> Result<(), Error> {
        self.figures.iter().try_for_each(|spec| {
            let wrong = |reason| Error::Wrong { line: spec.line.unwrap_or(0), reason };
            // The catalog tells the years of the newest edition alone.
            check::against(spec, catalog, self.edition.is_none()).map_err(wrong)
        })
    }

    /// The breaks of an indicator.
    #[must_use]
    pub fn breaks_of(&self, indicator: &str) -> Vec<Break> {
        self.breaks.iter().filter(|(of, _)| of == indicator).map(|(_, each)| each.clone()).collect()
    }
}

impl Spec {
    /// The indicators that the figure is made of: one, but for medians.
    pub(super) fn indicators(&self) -> impl Iterator<Item = &String> {
        let others = match &self.form {
            Form::Median(form) => &form.with[..],
            _ => &[],
        };
        std::iter::once(&self.indicator).chain(others)
    }

    /// The questions whose answers the figure is made of, in the order in which [`super::figure_of`] takes them: one, but for
    /// medians.
    #[must_use]
    pub fn questions(&self) -> Vec<Slice> {
        let question = |indicator: &String| Slice {
            product: self.product.clone(),
            indicator: indicator.clone(),
            dimensions: self.form.dimensions(),
            filters: self.filters.clone(),
            periods: self.years.clone(),
        };
        self.indicators().map(question).collect()
    }
}
