//! `throughline push`.

use super::check::{print_defects, school_year};
use super::limits::Limits;
use super::mappings::{Mapped, print_queue, queue_json};
use super::screen::{self, count, counted, note, say};
use super::sending::{Files, Options, Sent, Survey};
use super::table::{Align, Table};
use super::wrong::{Wrong, by_service};
use super::{Done, Failure, Finish};
use crate::client::Pushed;
use crate::formats::Severity;
use crate::records::Kind;
use crate::store::Outcome;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Send the records of export files to the service
#[derive(clap::Args)]
#[command(after_help = "\
Cut off in the middle, the same command goes on where the service acknowledged last. Sending the same files
again changes nothing, and without --whole nothing is ever ended. Exit code 1 means that some rows were refused; the others
are in. Exit code 2 means that it stopped; where too much would be refused or ended, nothing was stored.")]
pub(super) struct Push {
    /// A folder, a .zip or a file: OneRoster 1.1 or 1.2, Ed-Fi, the templates, or files that a mapping is for
    path: PathBuf,
    /// The agreement under which the records are sent
    #[arg(long, env = "THROUGHLINE_AGREEMENT", value_name = "ID")]
    agreement: String,
    /// School year to assume where a roster does not say it, by the year it ends in
    #[arg(long, value_name = "YEAR")]
    year: Option<u32>,
    #[command(flatten)]
    mapped: Mapped,
    /// What the id of the delivery begins with, to find it in the access log. The rest is made from the records, so that the
    /// same files are one delivery, and other files another one
    #[arg(long, value_name = "NAME")]
    delivery: Option<String>,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    wrong: Wrong,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: Options,
}

impl Push {
    pub(super) fn run(self) -> Done {
        self.wrong.check(&self.path, &self.mapped)?;
        let (year, mappings) = (school_year(self.year)?, self.mapped.mappings(&self.path)?);
        let (path, encoder) = (self.path.clone(), self.options.encoder()?);
        let files = Arc::new(Files { path, year, mappings, encoder });
        let wish = self.options.whole()?;
        let started = Instant::now();
        let mut survey = self.options.survey(&files, wish.as_ref(), self.delivery.as_deref())?;
        if let Err(stopped) = self.limits.refused(&survey.file_rows(&files.encoder, None)) {
            self.report_wrong(&survey, None)?;
            return Err(stopped);
        }
        for (kind, why) in &survey.not_whole {
            note(&format!("nothing is ended of {}: {why}", kind.code().replace('_', " ")));
        }
        let bar = screen::bar(None, "records");
        bar.set_message("pushed");
        let (limits, encoding) = (&self.limits, files.clone());
        let delivery = Sent { agreement: self.agreement.clone(), is_dry_run: false };
        let pushed = self.options.send(
            files,
            &mut survey,
            delivery,
            |survey, foreseen| {
                // What the service refuses is foreseen from its opening: kinds that the agreement does not permit, and
                // identifiers in the clear. All else is checked on this machine by the same dictionary, so no dry run
                // has to go before a push.
                limits.refused(&survey.file_rows(&encoding.encoder, Some(foreseen)))?;
                limits.ended(&foreseen.absences)
            },
            |done| bar.set_position(done.acknowledged),
        );
        bar.finish_and_clear();
        let (pushed, _) = match pushed {
            Ok(pushed) => pushed,
            Err(stopped) => {
                // What is wrong is known, and may be why it stopped.
                self.report_wrong(&survey, None)?;
                return Err(stopped);
            }
        };
        self.report(&survey, &pushed, started.elapsed().as_secs_f64())
    }

    /// Writes what is wrong where it is asked for, and shows the refusals.
    fn report_wrong(&self, survey: &Survey, pushed: Option<&Pushed>) -> Result<(), Failure> {
        let mut defects = survey.reading.defects.clone();
        defects.extend(pushed.into_iter().flat_map(by_service));
        self.wrong.write(&self.path, &defects, &survey.reading.summary)?;
        self.mapped.write(&survey.reading.queue)?;
        if !self.json {
            print_queue(&survey.reading.queue);
            defects.retain(|defect| defect.severity == Severity::Refused);
            print_defects(&defects, 10);
        }
        Ok(())
    }

    fn report(self, survey: &Survey, pushed: &Pushed, seconds: f64) -> Done {
        let refused_here: u64 = survey.reading.summary.files.iter().map(|file| file.refused_rows).sum();
        if let Some(key) = pushed.lacks_key {
            note(&format!(
                "linkage key {key} will follow, and your key file does not hold it: ask the steward, and push again"
            ));
        }
        if self.json {
            let mut result = json(pushed, refused_here, seconds);
            result["queue"] = queue_json(&survey.reading.queue);
            screen::json(&result);
        } else {
            print(pushed, refused_here, seconds, &self.path);
        }
        self.report_wrong(survey, Some(pushed))?;
        // A file that can not be read may have no row that is counted.
        let is_all = survey.reading.summary.refused.is_empty() && pushed.count(Outcome::Refused) == 0;
        Ok(if is_all { Finish::All } else { Finish::SomeRefused })
    }
}

pub(super) const OUTCOMES: [(Outcome, &str); 5] = [
    (Outcome::New, "New"),
    (Outcome::Changed, "Changed"),
    (Outcome::Unchanged, "Unchanged"),
    (Outcome::Deleted, "Withdrawn"),
    (Outcome::Refused, "Refused"),
];

/// Records by kind and outcome, and in a last column of a heading what else is to be said of a kind.
pub(super) fn outcomes(
    pushed: &Pushed,
    heading: Option<&'static str>,
    last: &dyn Fn(Kind) -> Option<u64>,
) -> Table {
    let mut headings = vec![("Kind", Align::Left)];
    headings.extend(OUTCOMES.map(|(_, heading)| (heading, Align::Right)));
    headings.extend(heading.map(|heading| (heading, Align::Right)));
    let mut table = Table::new(&headings);
    let mut kinds: BTreeSet<_> = pushed.outcomes.keys().map(|(kind, _)| *kind).collect();
    kinds.extend(Kind::ALL.iter().filter(|kind| last(**kind).is_some_and(|n| n > 0)));
    for kind in kinds {
        let cell = |outcome| pushed.outcomes.get(&(kind, outcome)).copied().unwrap_or(0);
        let mut cells = vec![kind.code().replace('_', " ")];
        cells.extend(OUTCOMES.map(|(outcome, _)| count(cell(outcome))));
        cells.extend(heading.map(|_| last(kind).map_or_else(|| "-".into(), count)));
        table.row(cells);
    }
    table
}

fn print(pushed: &Pushed, refused_here: u64, seconds: f64, path: &Path) {
    let sent: u64 = pushed.outcomes.values().sum();
    if pushed.resumed > 0 {
        note(&format!(
            "{} had been acknowledged before and were not sent again",
            counted(pushed.resumed, "record", "records")
        ));
    }
    let ended = |kind| pushed.ended.as_ref().and_then(|ended| ended.get(&kind).copied());
    let n_ended: u64 = pushed.ended.iter().flat_map(|ended| ended.values()).sum();
    if sent == 0 && n_ended == 0 {
        say(&format!("{}: nothing new to send", path.display()));
    } else {
        say(&outcomes(pushed, pushed.ended.as_ref().map(|_| "Ended"), &ended).print());
        let rate = sent as f64 / seconds.max(1e-9);
        say("");
        say(&format!(
            "{} acknowledged in {seconds:.1} s ({} a second), on record up to log entry {}",
            counted(sent, "record", "records"),
            count(rate as u64),
            pushed.last_entry.unwrap_or_default(),
        ));
    }
    if n_ended > 0 {
        let ended = counted(n_ended, "record was", "records were");
        say(&format!("{ended} ended: the service held them, and the files no longer have them"));
    }
    if refused_here > 0 {
        say(&format!(
            "{} could not be read as records and were not sent",
            counted(refused_here, "row", "rows")
        ));
    }
}

fn json(pushed: &Pushed, refused_here: u64, seconds: f64) -> serde_json::Value {
    let sent: u64 = pushed.outcomes.values().sum();
    let outcomes: serde_json::Map<String, serde_json::Value> =
        OUTCOMES.iter().map(|(outcome, name)| (name.to_lowercase(), pushed.count(*outcome).into())).collect();
    let ended = pushed.ended.as_ref().map(|ended| {
        ended.iter().map(|(kind, n)| (kind.code().to_owned(), (*n).into())).collect::<serde_json::Map<_, _>>()
    });
    serde_json::json!({
        "records": sent, "resumed": pushed.resumed, "batches": pushed.batches, "outcomes": outcomes,
        "ended": ended, "rows_not_sent": refused_here, "last_log_entry": pushed.last_entry,
        "seconds": seconds, "records_per_s": sent as f64 / seconds.max(1e-9),
    })
}
