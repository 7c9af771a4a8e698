//! `throughline link`: linking files of one's own, by the service's rules.

mod columns;
mod output;
mod rows;

use super::screen;
use super::{Done, Failure, Finish};
use crate::identity::{Keys, Root};
use crate::linkage::{Linked, Phase, quality};
use columns::{Column, Names};
use output::Report;
use rows::{Order, Rows};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Link the records of files: encode them, learn from the encodings, bring together who is one person
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub(super) struct Link {
    /// A file of records; several files are several sources
    #[arg(long, value_name = "FILE.csv", required = true, num_args = 1..)]
    records: Vec<PathBuf>,
    /// Who is who in truth (columns `record_id` and `person_id`), to measure against; also read from a
    /// column `person_id` of the records
    #[arg(long, value_name = "FILE.csv")]
    truth: Option<PathBuf>,
    /// Other names of columns: lines such as `first_name = "given"` or `street_address = ["number", "street"]`
    #[arg(long, value_name = "FILE.toml")]
    columns: Option<PathBuf>,
    /// Write the person of each record, and the weight that decided
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
    /// Write the report as JSON
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

const AFTER: &str = "\
Columns: record_id, source, year, first_name, middle_name, last_name, suffix, dob, gender, street_address,
city, zip, shared_id; all but record_id may be absent. Records of one source and year are compared like
others, unless the data show that this source holds a person once.

Nothing is compared in the clear. The encodings do not leave the process, so their key is a fixed one and
the same files have the same result.";

/// The key of encodings that nobody else sees.
const ROOT: [u8; 32] = *b"throughline link: nobody sees it";

/// Seconds by phase.
#[derive(Default)]
struct Laps(Vec<(&'static str, f64)>);

impl Link {
    pub(super) fn run(self) -> Done {
        let (start, mut laps) = (Instant::now(), Laps::default());
        let sign = screen::waiting();
        sign.set_message("reading");
        let names = self.columns.as_deref().map_or_else(|| Ok(Names::default()), Names::read)?;
        let rows = Rows::read(&self.records, &names)?;
        let order = Order::new(&rows);
        let mut last = Instant::now();
        let mut lap = |laps: &mut Laps, phase: &'static str| {
            laps.0.push((phase, last.elapsed().as_secs_f64()));
            last = Instant::now();
        };
        laps.0.push(("read", start.elapsed().as_secs_f64()));
        sign.set_message("encoding");
        let roster = rows.encode(&order, &Keys::derive(&Root::from_bytes(ROOT)));
        lap(&mut laps, "encode");
        sign.set_message("linking");
        let linked = roster.link(|phase| lap(&mut laps, name(phase)));
        sign.finish_and_clear();
        let report = Report::new(&rows, &order.sources, &linked, laps.0, start.elapsed().as_secs_f64());
        let report = report.measured(self.measure(&rows, &order.rows, &linked)?);
        if let Some(path) = &self.out {
            output::write_persons(path, &rows, &order.rows, &linked)?;
        }
        if let Some(path) = &self.report {
            let text = serde_json::to_string_pretty(&report.json())? + "\n";
            std::fs::write(path, text)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        }
        match self.json {
            true => screen::json(&report.json()),
            false => report.print(&linked.model),
        }
        Ok(Finish::All)
    }

    /// Pairs and whole persons against the truth, where there is one.
    fn measure(
        &self,
        rows: &Rows,
        order: &[u32],
        linked: &Linked,
    ) -> Result<Option<[quality::Quality; 2]>, Failure> {
        let given = self.truth.as_deref().map(read_truth).transpose()?;
        if given.is_none() && order.iter().all(|row| rows.value(*row, Column::PersonId).is_empty()) {
            return Ok(None);
        }
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut truth = Vec::with_capacity(order.len());
        for row in order {
            let id = rows.value(*row, Column::RecordId);
            let person = match &given {
                Some(given) => given.get(id).map(String::as_str),
                None => Some(rows.value(*row, Column::PersonId)).filter(|person| !person.is_empty()),
            };
            let Some(person) = person else {
                return Err(Failure::new(format!("record {} has no person in the truth", row + 1)));
            };
            let next = numbers.len() as u32;
            truth.push(*numbers.entry(person).or_insert(next));
        }
        Ok(Some([quality::pairwise(&linked.persons, &truth), quality::cluster(&linked.persons, &truth)]))
    }
}

const fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Count => "count",
        Phase::Block => "block",
        Phase::Learn => "learn",
        Phase::Compare => "compare",
        Phase::Cluster => "cluster",
    }
}

/// The person of each record id.
fn read_truth(path: &Path) -> Result<HashMap<String, String>, Failure> {
    let wrong = |error: csv::Error| Failure::new(format!("{}: {error}", path.display()));
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(wrong)?;
    let headings = reader.headers().map_err(wrong)?;
    let place = |name: &str| {
        let place = headings.iter().position(|heading| heading == name);
        place.ok_or_else(|| Failure::new(format!("{}: has no column {name}", path.display())))
    };
    let (record, person) = (place("record_id")?, place("person_id")?);
    let pair = |row: csv::StringRecord| (row[record].to_owned(), row[person].to_owned());
    reader.records().map(|row| row.map(pair).map_err(wrong)).collect()
}
