//! What came out: for people, for machines, and record by record.

use super::columns::Column;
use super::rows::Rows;
use super::truth::Measured;
use crate::cli::Failure;
use crate::cli::screen::{count, counted, say};
use crate::cli::table::{Align, Table};
use crate::cli::weights::{self, Weight};
use crate::linkage::quality::Quality;
use crate::linkage::{Expected, Linked, Model};
use serde_json::{Value, json};
use std::path::Path;

/// A linkage in figures.
pub(super) struct Report {
    n_records: usize,
    n_persons: usize,
    n_candidates: u64,
    /// Each source, and whether it holds a person once.
    sources: Vec<(String, bool)>,
    /// Precision and recall that the weights themselves lead one to expect.
    expected: Expected,
    seconds: Vec<(&'static str, f64)>,
    seconds_total: f64,
    peak_mb: Option<u64>,
    measured: Option<Measured>,
}

impl Report {
    pub(super) fn new(
        rows: &Rows,
        sources: &[String],
        linked: &Linked,
        seconds: Vec<(&'static str, f64)>,
        seconds_total: f64,
    ) -> Self {
        Self {
            n_records: rows.len(),
            n_persons: linked.persons.iter().max().map_or(0, |last| *last as usize + 1),
            n_candidates: linked.n_candidates,
            sources: sources.iter().cloned().zip(linked.unique.iter().copied()).collect(),
            expected: linked.expected(),
            seconds,
            seconds_total,
            peak_mb: peak_mb(),
            measured: None,
        }
    }

    pub(super) fn measured(self, measured: Option<Measured>) -> Self {
        Self { measured, ..self }
    }

    pub(super) fn json(&self) -> Value {
        let mut seconds: serde_json::Map<String, Value> =
            self.seconds.iter().map(|(phase, seconds)| ((*phase).to_owned(), json!(seconds))).collect();
        seconds.insert("total".to_owned(), json!(self.seconds_total));
        let once = |(name, once): &(String, bool)| json!({ "source": name, "holds_a_person_once": once });
        let mut report = json!({
            "records": self.n_records,
            "persons": self.n_persons,
            "candidate_pairs": self.n_candidates,
            "sources": self.sources.iter().map(once).collect::<Vec<_>>(),
            "expected": { "precision": self.expected.precision, "recall": self.expected.recall },
            "seconds": seconds,
            "records_per_s": self.n_records as f64 / self.seconds_total.max(1e-9),
            "peak_mb": self.peak_mb,
        });
        if let Some(Measured { pairwise, cluster, groups }) = &self.measured {
            let quality = |q: &Quality| json!({ "precision": q.precision, "recall": q.recall, "f1": q.f1 });
            for (name, q) in [("pairwise", pairwise), ("cluster", cluster)] {
                report[name] = quality(q);
                report[name]["found"] = json!(q.n_found);
                report[name]["true"] = json!(q.n_true);
                report[name]["right"] = json!(q.n_right);
            }
            for group in groups {
                let mut figures = quality(&group.pairs);
                figures["records"] = json!(group.n_records);
                report["groups"][&group.column][&group.value] = figures;
            }
        }
        report
    }

    pub(super) fn print(&self, model: &Model) {
        say(&format!(
            "{} are {}; {} compared",
            counted(self.n_records as u64, "record", "records"),
            counted(self.n_persons as u64, "person", "persons"),
            counted(self.n_candidates, "pair", "pairs"),
        ));
        let once: Vec<&str> =
            self.sources.iter().filter(|(_, once)| *once).map(|(name, _)| name.as_str()).collect();
        say(&format!(
            "Hold a person once: {} of {}",
            once.len(),
            counted(self.sources.len() as u64, "source", "sources")
        ));
        let Expected { precision, recall } = self.expected;
        say(&format!("Expected from the weights: precision {precision:.4}, recall {recall:.4}"));
        if let Some(measured) = &self.measured {
            print_measured(measured);
        }
        chart(model);
        let phases: Vec<String> =
            self.seconds.iter().map(|(phase, seconds)| format!("{phase} {seconds:.2}")).collect();
        let peak = self.peak_mb.map_or(String::new(), |peak| format!(", at most {} MB", count(peak)));
        say(&format!(
            "\n{:.2} s ({}), {} records/s{peak}",
            self.seconds_total,
            phases.join(", "),
            count((self.n_records as f64 / self.seconds_total.max(1e-9)) as u64),
        ));
    }
}

fn print_measured(measured: &Measured) {
    let mut table = Table::new(&[
        ("Against the truth", Align::Left),
        ("Records", Align::Right),
        ("Found", Align::Right),
        ("True", Align::Right),
        ("Precision", Align::Right),
        ("Recall", Align::Right),
        ("F1", Align::Right),
    ]);
    let mut row = |what: String, numbers: [String; 3], q: &Quality| {
        let figures = [q.precision, q.recall, q.f1].map(|share| format!("{share:.4}"));
        table.row(std::iter::once(what).chain(numbers).chain(figures));
    };
    let numbers = |q: &Quality| [String::new(), count(q.n_found), count(q.n_true)];
    row("pairs".to_owned(), numbers(&measured.pairwise), &measured.pairwise);
    row("whole persons".to_owned(), numbers(&measured.cluster), &measured.cluster);
    for group in &measured.groups {
        // A pair is in a group once or twice, so its pairs have no number that adds up to anything.
        let numbers = [count(group.n_records), String::new(), String::new()];
        row(format!("pairs, {} {}", group.column, group.value), numbers, &group.pairs);
    }
    say(&format!("\n{}", table.print()));
}

fn chart(model: &Model) {
    let (unrelated, household) = model.prior_bits();
    let levels = model.chart();
    let weights = levels.iter().map(|of| Weight {
        field: of.field,
        level: &of.level,
        m: of.m,
        unrelated_bits: of.unrelated_bits,
        household_bits: of.household_bits,
    });
    say(&format!("\n{}", weights::chart(unrelated, household, weights)));
}

/// The most memory this process has held, in megabytes, where the system tells (Linux).
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kb| kb / 1_024)
}

/// One line for each record, in the order of the files.
pub(super) fn write_persons(path: &Path, rows: &Rows, order: &[u32], linked: &Linked) -> Result<(), Failure> {
    let wrong = |error: csv::Error| Failure::new(format!("{}: {error}", path.display()));
    let mut places = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, row)| places[*row as usize] = place);
    let mut writer = csv::Writer::from_path(path).map_err(wrong)?;
    writer.write_record(["record_id", "person", "weight_bits", "pattern"]).map_err(wrong)?;
    for (row, place) in (0..).zip(places) {
        let (weight, pattern) = linked.reasons[place].map_or_else(Default::default, |reason| {
            let levels = reason.pattern.0.map(|level| level.to_string());
            (format!("{:.2}", reason.weight_bits), levels.join("-"))
        });
        let person = linked.persons[place].to_string();
        writer
            .write_record([rows.value(row, Column::RecordId), &person, &weight, &pattern])
            .map_err(wrong)?;
    }
    writer.flush().map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}
