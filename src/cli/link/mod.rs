//! `throughline link`: linking files of one's own, by the service's rules.

mod columns;
mod output;
mod rows;
mod truth;

use super::screen;
use super::{Done, Failure, Finish};
use crate::identity::{Keys, Root};
use crate::linkage::{Linked, Phase};
use columns::{Column, Names};
use output::Report;
use rows::{Order, Rows};
use std::path::PathBuf;
use std::time::Instant;
use truth::{Measured, Truth};

/// Link the records of files: encode them, learn from the encodings, bring together who is one person
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub(super) struct Link {
    /// A file of records; several files are several sources
    #[arg(long, value_name = "FILE.csv", required = true, num_args = 1..)]
    records: Vec<PathBuf>,
    /// Who is who in truth (columns `record_id` and `person_id`), to measure against, in other columns also
    /// by group; a column `person_id` of the records will do
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

    /// Pairs and whole persons against the truth, where there is one, and pairs by group.
    fn measure(&self, rows: &Rows, order: &[u32], linked: &Linked) -> Result<Option<Measured>, Failure> {
        let truth = match &self.truth {
            Some(path) => Truth::read(path, rows, order)?,
            None if order.iter().all(|row| rows.value(*row, Column::PersonId).is_empty()) => return Ok(None),
            None => Truth::stated(rows, order),
        };
        Ok(Some(truth.measure(&linked.persons)))
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
