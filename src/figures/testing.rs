//! Tables for the tests.

use super::catalog::{Catalog, Category, Dimension, Offer};
use super::report::{Form, Median, Spec};
use super::{Figure, Row, Use, figure, figure_of};
use crate::disclosure::testing::Wire;
use crate::disclosure::{Cell, Mark, ProtectedTable};
use prost::Message;

/// A year, a category, and what is shown of it: with the outcome, and all.
pub(super) type Told<'a> = (u32, &'a str, Option<(u64, u64)>);

/// A table of shares by one dimension or none: a year, a category, and numerator and people or nothing where it is hidden.
pub(super) fn shares(by: Option<&str>, cells: &[Told<'_>]) -> ProtectedTable {
    let cells = cells.iter().map(|(year, category, numbers)| {
        let mut cell = cell(*year, &[*category][..usize::from(by.is_some())]);
        if let Some((numerator, people)) = numbers {
            cell.numerator = Some(*numerator);
            cell.denominator = Some(*people);
            cell.value = Some(*numerator as f64 / *people as f64);
            cell.set_mark(if *numerator == 0 { Mark::Zero } else { Mark::Shown });
        }
        cell
    });
    table("share", by.iter().map(ToString::to_string).collect(), cells.collect())
}

/// A hidden cell.
pub(super) fn cell(year: u32, categories: &[&str]) -> Cell {
    let categories = categories.iter().map(ToString::to_string).collect();
    let mut cell = Cell { period: year, categories, ..Cell::default() };
    cell.set_mark(Mark::Hidden);
    cell
}

/// A table of edition 1 whose smallest group is 10.
pub(super) fn table(measure: &str, dimensions: Vec<String>, cells: Vec<Cell>) -> ProtectedTable {
    let wire = Wire {
        product: "p".into(),
        edition: 1,
        indicator: "i".into(),
        dimensions,
        cells,
        cell_min: 10,
        measure: measure.into(),
        rounded_to: 0,
    };
    wire.table()
}

/// The same table with numbers of students that are rounded.
pub(super) fn rounded(table: &ProtectedTable) -> ProtectedTable {
    let mut bytes = table.encode_to_vec();
    Wire { rounded_to: 10, ..Wire::default() }.encode(&mut bytes).expect("a vector grows");
    ProtectedTable::decode(bytes.as_slice()).expect("it has the fields of a table")
}

/// The figure of a form, where every category is right under `all`.
pub(super) fn made(form: Form, table: &ProtectedTable) -> Figure {
    made_of(spec(form), table)
}

pub(super) fn spec(form: Form) -> Spec {
    Spec {
        line: None,
        title: "A figure".into(),
        product: "p".into(),
        indicator: "i".into(),
        filters: Vec::new(),
        years: Vec::new(),
        breaks: Vec::new(),
        annotations: Vec::new(),
        notes: Vec::new(),
        form,
    }
}

pub(super) fn made_of(spec: Spec, table: &ProtectedTable) -> Figure {
    made_from(spec, table, &[], |_| true)
}

/// The figure of a form, where the newest edition has no other categories than these.
pub(super) fn made_named(form: Form, table: &ProtectedTable, named: &[&str]) -> Figure {
    made_from(spec(form), table, &[], |id| named.contains(&id))
}

/// The figure of a form, where some categories lie in others.
pub(super) fn made_within(form: Form, table: &ProtectedTable, parents: &[(&str, &str)]) -> Figure {
    made_from(spec(form), table, parents, |_| true)
}

fn made_from(
    spec: Spec,
    table: &ProtectedTable,
    parents: &[(&str, &str)],
    is_named: impl Fn(&str) -> bool,
) -> Figure {
    let parent = |id: &str| parents.iter().find(|(of, _)| *of == id).map_or("all", |(_, parent)| *parent);
    let dimensions = table.dimensions().iter().enumerate().map(|(at, id)| {
        let mut categories: Vec<Category> = Vec::new();
        for id in table.cells().iter().filter_map(|cell| cell.categories.get(at)) {
            if is_named(id) && categories.iter().all(|known| known.id != *id) {
                categories.push(Category { id: id.clone(), label: id.clone(), parent: parent(id).into() });
            }
        }
        Dimension { id: id.clone(), label: id.clone(), categories, ..Dimension::default() }
    });
    let offer = Offer { id: "p".into(), dimensions: dimensions.collect(), ..Offer::default() };
    figure(&spec, table, &Catalog { offers: vec![offer], ..Catalog::default() })
}

/// How a test came out, of the only finding or of the first about a group.
pub(super) fn status(figure: &Figure, test: &str) -> &'static str {
    figure.findings.iter().find(|found| found.test == test).map_or("nothing", |found| found.status)
}

/// Checks a value and its interval to the third place.
pub(super) fn near(found: &Row, value: f64, low: f64, high: f64) {
    let ends = found.interval.expect("an interval");
    let found = [*found.value.as_ref().expect("a value"), ends.low, ends.high];
    assert!(found.iter().zip([value, low, high]).all(|(a, b)| (a - b).abs() < 5e-4), "{found:?}");
}

/// The medians of tables of the same share at several thresholds.
pub(super) fn made_of_several(form: Median, tables: &[(u32, ProtectedTable)]) -> Figure {
    let name = |threshold: u32| format!("growth_{threshold}");
    let named = |(threshold, table): &(u32, ProtectedTable)| {
        let mut bytes = table.encode_to_vec();
        Wire { indicator: name(*threshold), ..Wire::default() }.encode(&mut bytes).expect("a vector grows");
        ProtectedTable::decode(bytes.as_slice()).expect("it has the fields of a table")
    };
    let tables_named: Vec<_> = tables.iter().map(named).collect();
    let used = |(threshold, _): &(u32, ProtectedTable)| Use {
        name: name(*threshold),
        indicator: "growth_at_least".into(),
        settings: [("percentile".to_owned(), threshold.to_string())].into(),
    };
    let offer = Offer { id: "p".into(), uses: tables.iter().map(used).collect(), ..Offer::default() };
    let catalog = Catalog { offers: vec![offer], ..Catalog::default() };
    let spec = Spec { indicator: name(tables[0].0), ..spec(Form::Median(form)) };
    figure_of(&spec, &tables_named[0], &tables_named[1..], &catalog)
}
