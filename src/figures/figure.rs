//! A figure: what a report asks of one table, and what comes out.

use super::arm::{Arm, Missing};
use super::catalog::{ALL, Catalog, Offer};
use super::interval::Interval;
use super::report::{Annotation, Break, Form, Spec};
use super::row::{Row, Scale};
use super::{VERDICT_MIN, compare, disparity, series, target};
use crate::calendar::SchoolYear;
use crate::disclosure::{Mark, ProtectedTable};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A figure with all that has to stand beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its title.
    pub title: String,
    /// Its form, as a report names it.
    pub form: &'static str,
    /// What it is made of.
    pub basis: Basis,
    /// The figures.
    pub rows: Vec<Row>,
    /// What follows from them.
    pub findings: Vec<Finding>,
    /// What a reader has to know besides.
    pub notes: Vec<String>,
    /// Levels over the years, to draw.
    pub lines: Vec<Line>,
    /// Years from which on something else is measured.
    pub breaks: Vec<Break>,
    /// What happened in some years.
    pub annotations: Vec<Annotation>,
    /// How much of what it needs is hidden.
    pub loss: Loss,
}

/// A test or a sentence, and how it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `sustained`, `gap`.
    pub test: &'static str,
    /// How it came out, in a word or two: `met`, `cannot be shown`.
    pub status: &'static str,
    /// In words.
    pub text: String,
}

/// Where a figure comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basis {
    /// Product id and version: `city v1`.
    pub product: String,
    /// The product's name in words.
    pub title: String,
    /// The rule of who the product is about; empty for everybody.
    pub population: String,
    /// Edition number.
    pub edition: u32,
    /// Agreement and version.
    pub agreement: String,
    /// Rule profile and version.
    pub rule: String,
    /// The product's name of the indicator.
    pub indicator: String,
    /// `share`, `mean`, `ratio` or `count`.
    pub measure: String,
    /// What the indicator means.
    pub definition: super::catalog::Definition,
    /// Dimensions held fixed, in words: `Grade: Grade 3`.
    pub filters: Vec<String>,
    /// SHA-256 of the table.
    pub table_digest: [u8; 32],
    /// Years that are as in an earlier edition.
    pub earlier: Vec<(u32, u32)>,
}

/// How many of the cells that a figure looked at are hidden.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loss {
    /// Hidden cells.
    pub hidden: usize,
    /// Cells looked at, but for those without students.
    pub cells: usize,
}

impl Loss {
    /// Hidden of all, 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.cells == 0 { 0.0 } else { self.hidden as f64 / self.cells as f64 }
    }
}

/// The levels of a group over the years.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The group, in words.
    pub label: String,
    /// School year and level, or why there is none.
    pub points: Vec<(u32, Result<f64, Missing>)>,
}

/// Makes a figure of the table that answers its question.
///
/// It is a function of the two alone (the catalog gives names): the same edition makes the same figure.
#[must_use]
pub fn figure(spec: &Spec, table: &ProtectedTable, catalog: &Catalog) -> Figure {
    let grid = Grid::new(spec, table, catalog.offer(table.product()));
    let mut made = Made::default();
    match &spec.form {
        Form::Series(form) => series::make(&grid, form, &mut made),
        Form::Disparity(form) => disparity::make(&grid, form, &mut made),
        Form::Target(form) => target::make(&grid, form, &mut made),
        Form::BeforeAfter(form) => compare::before_after(&grid, form, &mut made),
        Form::DifferenceInDifferences(form) => compare::difference_in_differences(&grid, form, &mut made),
        Form::Participants(form) => compare::participants(&grid, form, &mut made),
        Form::Transition(form) => compare::transition(&grid, form, &mut made),
        Form::Districts(form) => compare::districts(&grid, form, &mut made),
    }
    made.notes.extend(grid.notes());
    let in_view = |year: u32| grid.years.first().is_some_and(|first| *first <= year);
    Figure {
        title: spec.title.clone(),
        form: spec.form.name(),
        basis: basis(spec, table, catalog),
        rows: made.rows,
        findings: made.findings,
        notes: spec.notes.iter().cloned().chain(made.notes).collect(),
        lines: made.lines,
        breaks: spec.breaks.iter().filter(|each| in_view(each.year)).cloned().collect(),
        annotations: spec.annotations.iter().filter(|each| in_view(each.year)).cloned().collect(),
        loss: grid.loss(),
    }
}

/// What a form adds to a figure.
#[derive(Default)]
pub(super) struct Made {
    pub(super) rows: Vec<Row>,
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
    pub(super) lines: Vec<Line>,
}

impl Made {
    pub(super) fn find(&mut self, test: &'static str, status: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { test, status, text: text.into() });
    }
}

fn basis(spec: &Spec, table: &ProtectedTable, catalog: &Catalog) -> Basis {
    let offer = catalog.offer(table.product());
    let used = offer.and_then(|offer| offer.uses.iter().find(|used| used.name == table.indicator()));
    let definition = used.and_then(|used| catalog.definitions.get(&used.indicator)).cloned();
    let filter = |(dimension, category): &(String, String)| match offer {
        Some(offer) => {
            let name = offer.dimension(dimension).map_or(dimension, |dimension| &dimension.label);
            format!("{name}: {}", offer.label(dimension, category))
        }
        None => format!("{dimension}: {category}"),
    };
    let earlier = table.counted().iter().filter(|counted| counted.edition != table.edition());
    Basis {
        product: format!("{} v{}", table.product(), table.product_version()),
        title: offer.map(|offer| offer.title.clone()).unwrap_or_default(),
        population: offer.map(|offer| offer.population.clone()).unwrap_or_default(),
        edition: table.edition(),
        agreement: table.agreement().to_owned(),
        rule: table.profile().to_owned(),
        indicator: table.indicator().to_owned(),
        measure: table.measure().to_owned(),
        definition: definition.unwrap_or_default(),
        filters: spec.filters.iter().map(filter).collect(),
        table_digest: table.digest(),
        earlier: earlier.map(|counted| (counted.period, counted.edition)).collect(),
    }
}

/// A table to look things up in; it remembers which cells were looked at.
pub(super) struct Grid<'a> {
    pub(super) table: &'a ProtectedTable,
    pub(super) offer: Option<&'a Offer>,
    pub(super) spec: &'a Spec,
    /// School years of the table, ascending.
    pub(super) years: Vec<u32>,
    cells: BTreeMap<(u32, &'a [String]), usize>,
    seen: RefCell<BTreeSet<usize>>,
}

impl<'a> Grid<'a> {
    fn new(spec: &'a Spec, table: &'a ProtectedTable, offer: Option<&'a Offer>) -> Self {
        let years: BTreeSet<u32> = table.cells().iter().map(|cell| cell.period).collect();
        let place = |(at, cell): (usize, &'a crate::disclosure::Cell)| {
            ((cell.period, cell.categories.as_slice()), at)
        };
        let cells = table.cells().iter().enumerate().map(place).collect();
        Self { table, offer, spec, years: years.into_iter().collect(), cells, seen: RefCell::default() }
    }

    /// What the cell of these categories says, one for each dimension.
    pub(super) fn arm(&self, year: u32, categories: &[&str]) -> Result<Arm, Missing> {
        let key: Vec<String> = categories.iter().map(ToString::to_string).collect();
        let at = *self.cells.get(&(year, key.as_slice())).ok_or(Missing::Absent)?;
        self.seen.borrow_mut().insert(at);
        Arm::of(self.table, &self.table.cells()[at])
    }

    /// Several categories of the first dimension as one group.
    pub(super) fn group(&self, year: u32, categories: &[String]) -> Result<Arm, Missing> {
        Arm::pooled(categories.iter().map(|category| self.arm(year, &[category])))
    }

    pub(super) fn last_year(&self) -> Option<u32> {
        self.years.last().copied()
    }

    /// What a category of the first dimension is called.
    pub(super) fn label(&self, category: &str) -> String {
        self.label_in(0, category)
    }

    /// What a category of a dimension is called.
    pub(super) fn label_in(&self, dimension: usize, category: &str) -> String {
        match (self.table.dimensions().get(dimension), self.offer) {
            (Some(_), _) if category == ALL => "All".into(),
            (Some(dimension), Some(offer)) => {
                match (offer.label(dimension, category), offer.dimension(dimension)) {
                    // These say nothing without what they are about.
                    (label @ ("Yes" | "No" | "Not known"), Some(known)) => {
                        format!("{}: {label}", known.label)
                    }
                    (label, _) => label.to_owned(),
                }
            }
            _ => category.to_owned(),
        }
    }

    /// What several categories of the first dimension are called together.
    pub(super) fn labels(&self, categories: &[String]) -> String {
        categories.iter().map(|category| self.label(category)).collect::<Vec<_>>().join(" + ")
    }

    pub(super) fn levels(&self) -> Scale {
        Scale::of_levels(self.table.measure())
    }

    pub(super) fn differences(&self) -> Scale {
        Scale::of_differences(self.table.measure())
    }

    /// The first break after one year and up to another.
    pub(super) fn break_between(&self, from: u32, to: u32) -> Option<u32> {
        self.spec.breaks.iter().map(|each| each.year).find(|year| from < *year && *year <= to)
    }

    /// The first year of the table that is measured as the last one is.
    pub(super) fn comparable_since(&self) -> Option<u32> {
        let last = self.last_year()?;
        self.years.iter().copied().find(|year| self.break_between(*year, last).is_none())
    }

    fn loss(&self) -> Loss {
        let marks = self.seen.borrow();
        let marks = marks.iter().map(|at| self.table.cells()[*at].mark()).filter(|mark| *mark != Mark::Empty);
        let (hidden, shown): (Vec<_>, Vec<_>) = marks.partition(|mark| *mark == Mark::Hidden);
        Loss { hidden: hidden.len(), cells: hidden.len() + shown.len() }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.table.rounded_to() > 0 {
            notes
                .push(format!("Numbers of students are rounded to the nearest {}.", self.table.rounded_to()));
        }
        if self.table.people_noise() > 0.0 {
            notes.push(format!(
                "Noise was added to protect students: 19 of 20 numbers of students are within ±{:.0} of the counted one.",
                1.96 * self.table.people_noise()
            ));
        }
        for counted in self.table.counted().iter().filter(|counted| counted.edition != self.table.edition()) {
            notes.push(format!(
                "{} is as in edition {}: the records of too few students have changed since.",
                year(counted.period),
                counted.edition
            ));
        }
        notes
    }
}

/// A school year in words: `2024-25`.
#[must_use]
pub(super) fn year(ending: u32) -> String {
    SchoolYear::new(ending).map_or_else(|| ending.to_string(), |year| year.to_string())
}

/// What an interval of a difference between groups allows to conclude.
pub(super) fn verdict(arms: &[&Arm], interval: Option<Interval>) -> String {
    if arms.iter().any(|arm| !arm.is_exact) {
        return "no verdict: numbers are rounded or carry noise".into();
    }
    if arms.iter().any(|arm| !arm.is_large()) {
        return format!("no verdict: fewer than {VERDICT_MIN} students in a group");
    }
    match interval {
        None => "no verdict: this measure has no interval".into(),
        Some(interval) if interval.excludes_zero() => "beyond chance".into(),
        Some(_) => "within chance".into(),
    }
}

/// A difference in words, without its sign: `3.2 points`.
pub(super) fn amount(value: f64, scale: Scale) -> String {
    match scale {
        Scale::Percent => format!("{:.1} %", value.abs()),
        Scale::Points => format!("{:.1} points", value.abs()),
        Scale::Students => format!("{:.0} students", value.abs()),
        _ => format!("{:.2}", value.abs()),
    }
}
