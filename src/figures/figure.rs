//! A figure: what a report asks of one table, and what comes out.

use super::arm::Missing;
use super::catalog::Catalog;
use super::grid::Grid;
use super::report::{Annotation, Break, Form, Spec};
use super::row::{Quantity, Row};
use super::{compare, disparity, median, participants, series, target};
use crate::disclosure::{ProtectedTable, Sourced};

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
    /// `share`, `mean`, `ratio` or `count`; of a median of such shares `median`.
    pub measure: String,
    /// What the indicator means.
    pub definition: super::catalog::Definition,
    /// Dimensions held fixed, in words: `Grade: Grade 3`.
    pub filters: Vec<String>,
    /// SHA-256 of the table.
    pub table_digest: [u8; 32],
    /// Whose records the edition has.
    pub sources: Vec<Sourced>,
    /// How they are to be named, as the agreement says; empty where it does not.
    pub credit: String,
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
    fn and(self, other: Self) -> Self {
        Self { hidden: self.hidden + other.hidden, cells: self.cells + other.cells }
    }

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
    figure_of(spec, table, &[], catalog)
}

/// The same, of the tables that answer its questions: the first one, and the others.
#[must_use]
pub fn figure_of(
    spec: &Spec,
    table: &ProtectedTable,
    others: &[ProtectedTable],
    catalog: &Catalog,
) -> Figure {
    let offer = catalog.offer(table.product());
    let grid = Grid::new(spec, table, offer);
    let grids: Vec<Grid<'_>> = others.iter().map(|table| Grid::new(spec, table, offer)).collect();
    let mut made = Made::default();
    match &spec.form {
        Form::Series(form) => series::make(&grid, form, &mut made),
        Form::Disparity(form) => disparity::make(&grid, form, &mut made),
        Form::Target(form) => target::make(&grid, form, &mut made),
        Form::BeforeAfter(form) => compare::before_after(&grid, form, &mut made),
        Form::DifferenceInDifferences(form) => compare::difference_in_differences(&grid, form, &mut made),
        Form::Participants(form) => participants::make(&grid, form, &mut made),
        Form::Transition(form) => compare::transition(&grid, form, &mut made),
        Form::Districts(form) => compare::districts(&grid, form, &mut made),
        Form::Median(form) => median::make(&grid, &grids, form, &mut made),
    }
    made.notes.extend(grid.notes());
    let in_view = in_view(&made.rows);
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
        loss: grids.iter().fold(grid.loss(), |loss, grid| loss.and(grid.loss())),
    }
}

/// Whether a year is one of those that the rows are about, from the first to the last.
fn in_view(rows: &[Row]) -> impl Fn(u32) -> bool + use<> {
    let counted = rows.iter().filter(|row| row.quantity != Quantity::Target);
    let years = counted.flat_map(|row| [row.since.unwrap_or(row.year), row.year]);
    let (first, last) = years.fold((u32::MAX, 0), |(first, last), year| (first.min(year), last.max(year)));
    move |year| first <= year && year <= last
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
    let used = offer.and_then(|offer| offer.used(table.indicator()));
    let definition = used.and_then(|used| catalog.definitions.get(&used.indicator)).cloned();
    let filter = |(dimension, category): &(String, String)| match offer {
        Some(offer) => {
            let name = offer.dimension(dimension).map_or(dimension, |dimension| &dimension.label);
            format!("{name}: {}", offer.label(dimension, category))
        }
        None => format!("{dimension}: {category}"),
    };
    Basis {
        product: format!("{} v{}", table.product(), table.product_version()),
        title: offer.map(|offer| offer.title.clone()).unwrap_or_default(),
        population: offer.map(|offer| offer.population.clone()).unwrap_or_default(),
        edition: table.edition(),
        agreement: table.agreement().to_owned(),
        rule: table.profile().to_owned(),
        indicator: table.indicator().to_owned(),
        measure: if matches!(spec.form, Form::Median(_)) { "median" } else { table.measure() }.to_owned(),
        definition: definition.unwrap_or_default(),
        filters: spec.filters.iter().map(filter).collect(),
        table_digest: table.digest(),
        sources: table.sources().to_vec(),
        credit: table.credit().to_owned(),
    }
}
