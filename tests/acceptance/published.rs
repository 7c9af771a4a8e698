//! A data set in a service of its own, beside the engine's own counts, and each expected figure looked up in both.

use crate::engine::{Count, Engine};
use crate::expected::{Figure, Tally};
use crate::harness::{Cell, Service, say};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// What every product document of these tests begins with.
const HEAD: &str = "version = 1\nprofile = \"nces-10\"\nmode = \"suppress\"\n";

/// Where an expected figure stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// The product, and the name of its indicator.
    pub(crate) of: (&'static str, &'static str),
    /// The school year, by its end.
    pub(crate) period: u32,
    /// Dimensions, each at a category.
    pub(crate) at: Vec<(&'static str, String)>,
    /// How a value of the service is read: divided by the first, and the second added, it is in the expected figure's unit.
    pub(crate) scale: (f64, f64),
}

impl Place {
    /// A place in the unit of the expected figure.
    pub(crate) fn new(of: (&'static str, &'static str), period: u32, at: &[(&'static str, &str)]) -> Self {
        let at = at.iter().map(|(dimension, category)| (*dimension, (*category).to_owned())).collect();
        Self { of, period, at, scale: (1.0, 0.0) }
    }
}

/// A service with a data set published, and the same counted by the engine.
pub(crate) struct Published {
    service: Service,
    engine: Engine,
    /// What publishing reported.
    pub(crate) report: Value,
    answers: BTreeMap<(&'static str, &'static str, String), Vec<Cell>>,
}

impl Published {
    /// Pushes the folder of each source, publishes the products, and counts them by the engine.
    pub(crate) fn new(dataset: &str, sources: &[(&str, &Path)], products: &[&str]) -> Self {
        let started = Instant::now();
        let ids: Vec<&str> = sources.iter().map(|(source, _)| *source).collect();
        let service = Service::start(&ids);
        let products: Vec<String> = products.iter().map(|product| format!("{HEAD}{product}")).collect();
        products.iter().for_each(|product| service.load("product", product));
        let (mut n_records, mut seconds) = (0, 0.0);
        for (source, folder) in sources {
            let pushed = service.push(folder, source).done().json();
            assert_eq!(
                (&pushed["rows_not_sent"], &pushed["records"]),
                (&0.into(), &pushed["outcomes"]["new"]),
                "{pushed}"
            );
            n_records += pushed["records"].as_u64().unwrap_or_default();
            seconds += pushed["seconds"].as_f64().unwrap_or_default();
        }
        let report = service.publish();
        let engine = Engine::count(sources, &products);
        assert_eq!(report["persons"], engine.n_persons, "{report}");
        say(&format!(
            "{dataset}: {n_records} records of {} students pushed in {seconds:.1} s, {} products published in {:.1} s, \
             {:.1} s in all",
            engine.n_persons,
            products.len(),
            report["seconds"].as_f64().unwrap_or_default(),
            started.elapsed().as_secs_f64()
        ));
        Self { service, engine, report, answers: BTreeMap::new() }
    }

    /// Compares an expected figure with what the engine counts and, unless it is hidden, with what is published.
    pub(crate) fn compare(&mut self, figure: &Figure, place: &Place, tally: &mut Tally) {
        let counted = self.engine.figure(place.of, place.period, &place.at);
        tally.compare(figure, self.cell(place), counted, place.scale);
    }

    /// Compares an expected share with what two counts, of those with the outcome and of all, make of it.
    pub(crate) fn compare_shares(&mut self, figure: &Figure, [with, all]: [&Place; 2], tally: &mut Tally) {
        let counted =
            [with, all].map(|place| self.engine.figure(place.of, place.period, &place.at).denominator);
        let cells = [with, all].map(|place| self.cell(place).clone());
        let share = |[with, all]: [u64; 2]| Count {
            denominator: all,
            numerator: Some(with),
            value: Some(with as f64 / all as f64),
        };
        let published = match cells.each_ref().map(|cell| cell.denominator) {
            [Some(with), Some(all)] => share([with, all]),
            _ => Count { denominator: 0, numerator: None, value: None },
        };
        let both = Cell {
            mark: if published.value.is_some() { "shown" } else { "hidden" }.into(),
            denominator: published.value.map(|_| published.denominator),
            numerator: published.numerator,
            value: published.value,
            ..cells[1].clone()
        };
        tally.compare(figure, &both, share(counted), with.scale);
    }

    /// The published cell of a place.
    pub(crate) fn cell(&mut self, place: &Place) -> &Cell {
        let by: Vec<&str> = place.at.iter().map(|(dimension, _)| *dimension).collect();
        let categories: Vec<&str> = place.at.iter().map(|(_, category)| category.as_str()).collect();
        let (product, indicator) = place.of;
        let asked = (product, indicator, by.join(" "));
        let service = &self.service;
        let cells = self.answers.entry(asked).or_insert_with(|| service.ask(product, indicator, &by, &[]));
        let found = cells.iter().find(|cell| cell.period == place.period && cell.categories == categories);
        found.unwrap_or_else(|| panic!("{place:?} is not in the answer"))
    }
}
