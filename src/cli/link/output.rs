//! What came out: for people, for machines, and record by record.

use super::columns::Column;
use super::rows::Rows;
use super::truth::Measured;
use crate::cli::Failure;
use crate::cli::screen::{count, counted, say};
use crate::cli::table::{Align, Table};
use crate::linkage::quality::Quality;
use crate::linkage::{Linked, Model};
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
    expected: (f64, f64),
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
            expected: expected(linked),
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
            "expected": { "precision": self.expected.0, "recall": self.expected.1 },
            "seconds": seconds,
            "records_per_s": self.n_records as f64 / self.seconds_total.max(1e-9),
            "peak_mb": self.peak_mb,
        });
        if let Some(Measured { pairwise, cluster, groups }) = &self.measured {
            let quality = |q: &Quality| json!({ "precision": q.precision, "recall": q.recall, "f1": q.f1 });
            report["pairwise"] = quality(pairwise);
            report["cluster"] = quality(cluster);
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
        let (precision, recall) = self.expected;
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
        ("Precision", Align::Right),
        ("Recall", Align::Right),
        ("F1", Align::Right),
    ]);
    let mut row = |what: String, n_records: Option<u64>, q: &Quality| {
        let figures = [q.precision, q.recall, q.f1].map(|share| format!("{share:.4}"));
        table.row([what, n_records.map_or_else(String::new, count)].into_iter().chain(figures));
    };
    row("pairs".to_owned(), None, &measured.pairwise);
    row("whole persons".to_owned(), None, &measured.cluster);
    for group in &measured.groups {
        row(format!("pairs, {} {}", group.column, group.value), Some(group.n_records), &group.pairs);
    }
    say(&format!("\n{}", table.print()));
}

/// The weights of all levels as bars to the left (against) and to the right (for one person).
fn chart(model: &Model) {
    let mut table = Table::new(&[
        ("Field", Align::Left),
        ("Level", Align::Left),
        ("m", Align::Right),
        ("Bits", Align::Right),
        ("    against unrelated    ", Align::Left),
        ("Bits against household", Align::Right),
    ]);
    let (unrelated, household) = model.prior_bits();
    table.row([
        "prior".to_owned(),
        String::new(),
        String::new(),
        format!("{:.1}", -unrelated),
        bar(-unrelated),
        format!("{:.1}", -household),
    ]);
    let mut before = "";
    for level in model.chart() {
        let field = if level.field == before { "" } else { level.field };
        before = level.field;
        table.row([
            field.to_owned(),
            level.level,
            format!("{:.4}", level.m),
            format!("{:.1}", level.unrelated_bits),
            bar(level.unrelated_bits),
            format!("{:.1}", level.household_bits),
        ]);
    }
    say(&format!("\n{}", table.print()));
}

/// A bar around a middle line, two bits a character, twelve to each side.
fn bar(bits: f32) -> String {
    let length = ((bits.abs() / 2.0).round() as usize).min(12);
    match bits < 0.0 {
        true => format!("{}{}│", " ".repeat(12 - length), "░".repeat(length)),
        false => format!("{}│{}", " ".repeat(12), "█".repeat(length)),
    }
}

/// Sums of probabilities: of the pairs linked, and of all that were weighed.
fn expected(linked: &Linked) -> (f64, f64) {
    let (mut right, mut n_linked, mut all) = (0.0, 0.0, 0.0);
    for pair in &linked.pairs {
        let p = 1.0 / (1.0 + f64::from(-pair.weight_bits).exp2());
        all += p;
        if linked.persons[pair.a as usize] == linked.persons[pair.b as usize] {
            right += p;
            n_linked += 1.0;
        }
    }
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
    (share(right, n_linked), share(right, all))
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
