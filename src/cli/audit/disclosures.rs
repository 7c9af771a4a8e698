//! `throughline audit disclosures`: who was given what of a source's records, and why, out of a verified log.
//!
//! A source's records are disclosed to the service when it sends them. What partners are told is made of them, and of those
//! of others: an answer counts when its edition was published after the source had records here.
//!
//! With `--student` it is about one student, and a source asks the service: an exported log names no student.
//!
//! Source: 34 CFR 99.32(a): the parties, and their legitimate interests.

mod line;
mod student;

use super::open_log;
use super::reading::{self, Item};
use crate::audit::{Decision, VerifierKey};
use crate::calendar::{SchoolYear, Timestamp};
use crate::cli::connect::Connect;
use crate::cli::screen::{self, counted, say};
use crate::cli::table::Table;
use crate::cli::{Done, Failure, Finish, wait};
use crate::records::OrgId;
use line::{HEADINGS, Line, What, cells, party, print_csv};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  throughline audit disclosures log --of northfield --year 2026
  throughline audit disclosures --student - --as northfield.contributor

The first reads an exported log and needs no service. The second asks the service about one
student of your own, as a parent may have you do: which editions counted the student's records,
and who was answered from these. The local id is the one that your records come with: student_id
of templates, sourcedId of OneRoster, studentUniqueId of Ed-Fi. It is read from a file or from
standard input, so that no list of processes and no history of commands has it.")]
pub(in crate::cli) struct Disclosures {
    /// The exported log (throughline audit export)
    #[arg(required_unless_present = "student", conflicts_with = "student")]
    folder: Option<PathBuf>,
    /// The source whose records it is about
    #[arg(long, value_name = "ORG", value_parser = organization, required_unless_present = "student",
        conflicts_with = "student")]
    of: Option<OrgId>,
    /// Ask about the student whose local id stands in this file, in its only line; - for standard input
    #[arg(long, value_name = "FILE")]
    student: Option<PathBuf>,
    /// Encode the local id on this machine, as push --encode does; the service then never sees it
    #[arg(long, requires_all = ["key", "student"])]
    encode: bool,
    /// The sources' key file, of mode 0600 (see `throughline keys`)
    #[arg(long, env = "THROUGHLINE_LINKAGE_KEY", value_name = "FILE")]
    key: Option<PathBuf>,
    /// Only this school year, by the year it ends in: 1 July to 30 June
    #[arg(long, value_name = "YEAR", value_parser = year)]
    year: Option<SchoolYear>,
    /// The log's public key as you have kept it, for an exported log
    #[arg(long, default_value = "certs/log.vkey", value_name = "FILE")]
    log_key: PathBuf,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    connect: Connect,
}

fn organization(text: &str) -> Result<OrgId, String> {
    OrgId::new(text).map_err(|_| "expected the id of an organization".into())
}

fn year(text: &str) -> Result<SchoolYear, String> {
    text.parse().ok().and_then(SchoolYear::new).ok_or_else(|| "expected a year from 1900 to 2999".into())
}

/// Reads the log entry by entry and keeps what is of one source.
struct Reading<'a> {
    of: &'a OrgId,
    within: Option<SchoolYear>,
    /// Whether the source has had records here.
    has_records: bool,
    /// Editions with records of the source.
    editions: BTreeSet<u32>,
    lines: Vec<Line>,
    n_refused: u64,
}

impl Reading<'_> {
    fn take(&mut self, Item { index, leaf: hash, entry }: Item) {
        let is_of_source = entry.organization.as_ref() == Some(self.of);
        let is_within = self.within.is_none_or(|year| covers(year, entry.time));
        match entry.decision {
            // What became of it is told by an entry of its own.
            Decision::Intended => return,
            Decision::Refused => {
                self.n_refused += u64::from(is_within && is_of_source && entry.rpc.as_str() == "Push");
                return;
            }
            Decision::Allowed => {}
        }
        let is_dry_run = entry.step.as_ref().is_some_and(|step| step.as_str() == "dry_run");
        let what = match entry.rpc.as_str() {
            "Push" if is_of_source && entry.n_records.is_some() => {
                // What whole files do not have is compared and ended; nothing is received by that.
                if entry.step.is_some() && !is_dry_run {
                    return;
                }
                self.has_records |= !is_dry_run;
                if is_dry_run { What::DryRun } else { What::Records }
            }
            "Publish" => {
                self.editions.extend(entry.edition.filter(|_| self.has_records));
                return;
            }
            "Query" if entry.edition.is_some_and(|edition| self.editions.contains(&edition)) => What::Answer,
            _ => return,
        };
        if is_within {
            self.lines.push(Line { index, hash, what, entry });
        }
    }
}

fn covers(year: SchoolYear, time: Timestamp) -> bool {
    (year.first_day()..=year.last_day()).contains(&time.date())
}

impl Disclosures {
    pub(super) fn run(self) -> Done {
        match (&self.student, &self.folder, &self.of) {
            (Some(student), ..) => wait(self.of_student(student)),
            (None, Some(folder), Some(of)) => self.of_source(folder, of),
            _ => Err(Failure::new("name an exported log and a source, or a student")),
        }
    }

    fn of_source(&self, folder: &Path, of: &OrgId) -> Done {
        let log: VerifierKey = open_log(&self.log_key)?;
        let mut of_source = Reading {
            of,
            within: self.year,
            has_records: false,
            editions: BTreeSet::new(),
            lines: Vec::new(),
            n_refused: 0,
        };
        let signed = reading::read(folder, &log, |item| of_source.take(item))?;
        let Reading { lines, n_refused, .. } = of_source;
        let head = signed.checkpoint().head();
        if self.json {
            let line = |line: &Line| {
                serde_json::json!({
                    "index": line.index, "leaf_hash": line.hash.to_string(), "what": line.what.word(),
                    "party": party(line, log.name()), "entry": line.entry,
                })
            };
            screen::json(&serde_json::json!({
                "of": of, "year": self.year.map(SchoolYear::ending), "origin": log.name(), "size": head.size,
                "root": head.root.to_string(), "refused": n_refused, "disclosures": lines.iter().map(line).collect::<Vec<_>>(),
            }));
            return Ok(Finish::All);
        }
        if self.csv {
            return print_csv(&HEADINGS, lines.iter().map(|line| cells(line, log.name()).to_vec()));
        }
        let period = self.period();
        say(&format!("Disclosures of records of {of}{period} (34 CFR 99.32)"));
        say(&format!(
            "out of {} of {}, all of which were verified",
            counted(head.size, "entry", "entries"),
            log.name()
        ));
        say("");
        let mut table = Table::new(&HEADINGS);
        lines.iter().for_each(|line| table.row(cells(line, log.name())));
        if table.is_empty() {
            say("  none");
        } else {
            say(&table.print());
        }
        let n = |what: What| lines.iter().filter(|line| line.what == what).count() as u64;
        say("");
        say(&format!(
            "  {}, {}; {} refused",
            counted(n(What::Records) + n(What::DryRun), "batch received", "batches received"),
            counted(n(What::Answer), "table released", "tables released"),
            counted(n_refused, "push", "pushes"),
        ));
        say(
            "     Tables hold no record of anybody: what is in them is protected (throughline steward verify).",
        );
        Ok(Finish::All)
    }

    /// The school year it is about, in words that follow others.
    fn period(&self) -> String {
        self.year.map_or_else(String::new, |year| format!(" in {year}"))
    }
}
