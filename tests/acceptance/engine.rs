//! The engine's own counts: the same files and the same products, counted by the library and protected by nobody.
//!
//! What the service hides can not be seen in its answers, so whether it counted right is looked up here.

use std::collections::BTreeMap;
use std::path::Path;
use throughline::calendar::Date;
use throughline::formats;
use throughline::outcomes::{EditionBuilder, Product, SourcedFact, Tabulation, Values, tabulate};
use throughline::records::{Change, Fact, OrgId};

/// The counts of some products over what some sources have.
pub(crate) struct Engine {
    tabulations: Vec<Tabulation>,
    /// Students, each of one source.
    pub(crate) n_persons: u64,
}

/// A figure before protection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Count {
    /// People.
    pub(crate) denominator: u64,
    /// People with the outcome, of a share.
    pub(crate) numerator: Option<u64>,
    /// The share or mean; nothing for a count, and for nobody.
    pub(crate) value: Option<f64>,
}

impl Engine {
    /// Counts what is in the folders of sources. Nobody has a name in them, so nobody is linked: a student is a person.
    pub(crate) fn count(sources: &[(&str, &Path)], products: &[String]) -> Self {
        let id = |source: &str| OrgId::new(source).expect("a source's id");
        let frozen_on = Date::new(2026, 1, 1).expect("a date");
        let ids = sources.iter().map(|(source, _)| id(source));
        let mut builder = EditionBuilder::new(frozen_on, ids).expect("few sources");
        let mut n_persons = 0;
        for (source, folder) in sources {
            let source = builder.source(&id(source)).expect("it was given");
            let mut students: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
            let mut take = |row: formats::Row| match (row.submission.student, row.submission.change) {
                (Some(student), Change::Upsert(fact)) => {
                    students.entry(student.expose().to_owned()).or_default().push(fact);
                }
                (None, Change::Upsert(Fact::School(school))) => builder.add_school(source, &school),
                (None, Change::Upsert(Fact::Program(program))) => builder.add_program(&program),
                (_, other) => panic!("what is a {:?}?", other.kind()),
            };
            let read = formats::read(folder, None, &mut take).expect("a folder of templates");
            assert!(read.summary.refused.is_empty(), "{:?}", read.summary.refused);
            for facts in students.values() {
                let facts: Vec<_> = facts.iter().map(|fact| SourcedFact { source, fact }).collect();
                builder.add_person(n_persons, &facts);
                n_persons += 1;
            }
        }
        let edition = builder.finish().expect("it can be frozen");
        let products: Vec<_> = products.iter().map(|text| Product::parse(text).expect("a product")).collect();
        Self { tabulations: tabulate(&edition, &products).expect("it can be counted"), n_persons }
    }

    /// A product's indicator in a school year, where some dimensions are at some categories.
    pub(crate) fn figure(
        &self,
        (product, indicator): (&str, &str),
        period: u32,
        at: &[(&str, String)],
    ) -> Count {
        let shows = |table: &&Tabulation| {
            let publications = table.publications.iter().filter(|of| of.product == product);
            u32::from(table.period.ending()) == period
                && publications.flat_map(|of| &of.indicators).any(|i| i.0 == indicator)
        };
        let table = self.tabulations.iter().find(shows).expect("the product has the indicator in the year");
        let of_product = table.publications.iter().filter(|of| of.product == product);
        let mut indicators = of_product.flat_map(|of| &of.indicators);
        let measure = indicators.find(|of| of.0 == indicator).expect("it was found by it").1;
        let fixed: Vec<(usize, u16)> = at
            .iter()
            .map(|(dimension, category)| {
                let axis = table.dimensions.iter().position(|d| d.id == *dimension).expect(dimension);
                (axis, table.dimensions[axis].position(category).expect(category))
            })
            .collect();
        let in_cell = |atom: &usize| {
            let nodes = &table.atoms.nodes[atom * table.dimensions.len()..];
            let is_at =
                |axis: usize, node| table.dimensions[axis].ancestors(nodes[axis]).any(|of| of == node);
            fixed.iter().all(|(axis, node)| is_at(*axis, *node))
        };
        let people = &table.atoms.people[table.measures[measure].population];
        let atoms: Vec<usize> = (0..people.len()).filter(in_cell).collect();
        let denominator = atoms.iter().map(|atom| u64::from(people[*atom])).sum();
        let over = |sum: f64| (denominator > 0).then(|| sum / denominator as f64);
        let (numerator, value) = match &table.atoms.values[measure] {
            Values::Count => (None, None),
            Values::Share(with) => {
                let numerator = atoms.iter().map(|atom| u64::from(with[*atom])).sum();
                (Some(numerator), over(numerator as f64))
            }
            Values::Mean { sum, .. } => {
                let sum: i64 = atoms.iter().map(|atom| sum[*atom]).sum();
                (None, over(sum as f64 / f64::from(table.measures[measure].scale)))
            }
            Values::Ratio { .. } => panic!("no expected figure is a ratio of sums"),
        };
        Count { denominator, numerator, value }
    }
}
