//! `throughline check`: what is wrong with files and, against the service, what a push of them would make. Nothing is stored.

use super::limits::Limits;
use super::mappings::{Mapped, print_mapped, print_mapping, print_mappings, print_queue, queue_json};
use super::push::{OUTCOMES, outcomes};
use super::screen::{self, count, counted, say};
use super::sending::{Files, Options, Sent, Survey, Wish};
use super::table::{Align, Table};
use super::wrong::{Wrong, by_service};
use super::{Done, Failure, Finish};
use crate::calendar::SchoolYear;
use crate::client::{Foreseen, Pushed};
use crate::formats::{self, Defect, Reading, Severity};
use crate::records::Kind;
use crate::store::Outcome;
use std::path::PathBuf;
use std::sync::Arc;

/// Read export files and say what is wrong with them, sending nothing
#[derive(clap::Args)]
#[command(after_help = "Exit code 1 means that some rows can not be sent; the others can.")]
pub(super) struct Check {
    /// A folder, a .zip or a file: OneRoster 1.1 or 1.2, Ed-Fi, the templates, or files that a mapping is for
    #[arg(required_unless_present_any = ["templates", "mappings", "print_mapping"])]
    path: Option<PathBuf>,
    /// School year to assume where a roster does not say it, by the year it ends in
    #[arg(long, value_name = "YEAR")]
    year: Option<u32>,
    #[command(flatten)]
    wrong: Wrong,
    /// Lines of problems to show
    #[arg(long, default_value_t = 20)]
    show: usize,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    mapped: Mapped,
    /// Ask the service what a push would make: new, changed, unchanged, refused, and ended with --whole. Nothing is stored,
    /// and that it was asked is in the access log
    #[arg(long, requires = "agreement")]
    against_service: bool,
    /// The agreement under which the records would be sent
    #[arg(long, env = "THROUGHLINE_AGREEMENT", value_name = "ID")]
    agreement: Option<String>,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    options: Options,
    /// List the columns of the CSV templates instead
    #[arg(long)]
    templates: bool,
    /// List the mappings that come with the program instead
    #[arg(long)]
    mappings: bool,
    /// Print one of these mappings instead, to begin one's own with
    #[arg(long, value_name = "NAME")]
    print_mapping: Option<String>,
}

impl Check {
    pub(super) fn run(self) -> Done {
        if self.templates {
            print_templates();
            return Ok(Finish::All);
        }
        if self.mappings {
            return print_mappings();
        }
        if let Some(name) = &self.print_mapping {
            return print_mapping(name);
        }
        let path = self.path.clone().ok_or_else(|| Failure::new("name a folder or file to check"))?;
        let (mappings, year) = (self.mapped.mappings(&path)?, school_year(self.year)?);
        self.wrong.check(&path, &self.mapped)?;
        if self.against_service {
            let encoder = self.options.encoder()?;
            return self.against_service(Files { path, year, mappings, encoder });
        }
        let bar = screen::bar(None, "records");
        let reading = formats::read_mapped(&path, year, &mappings, &mut |_| bar.inc(1));
        bar.finish_and_clear();
        let reading = reading?;
        self.wrong.write(&path, &reading.defects, &reading.summary)?;
        self.mapped.write(&reading.queue)?;
        if self.json {
            screen::json(&json(&reading));
        } else {
            print(&reading, self.show);
        }
        Ok(if reading.summary.refused.is_empty() { Finish::All } else { Finish::SomeRefused })
    }
}

impl Check {
    /// A dry run: the same messages as a push, of which nothing is stored.
    fn against_service(self, files: Files) -> Done {
        // What a manifest declares to be whole is compared in any case: who wonders what --whole would do sees it here.
        let said = self.options.whole()?;
        let wish = said.clone().unwrap_or(Wish::Declared);
        let mut survey = self.options.survey(&files, Some(&wish), None)?;
        let (path, files) = (files.path.clone(), Arc::new(files));
        let bar = screen::bar(None, "records");
        let sent = Sent { agreement: self.agreement.clone().unwrap_or_default(), is_dry_run: true };
        let asked = self.options.send(
            files.clone(),
            &mut survey,
            sent,
            |_, _| Ok(Default::default()),
            |done| bar.set_position(done.acknowledged),
        );
        bar.finish_and_clear();
        let (pushed, foreseen) = asked?;
        let stops: Vec<_> = [
            self.limits.refused(&survey.file_rows(&files.encoder, Some(&foreseen))).err(),
            self.limits.ended(&foreseen.absences).err().filter(|_| said.is_some()),
        ]
        .into_iter()
        .flatten()
        .map(|Failure(text)| text)
        .collect();
        survey.reading.defects.extend(by_service(&pushed));
        self.wrong.write(&path, &survey.reading.defects, &survey.reading.summary)?;
        self.mapped.write(&survey.reading.queue)?;
        if self.json {
            let mut result = json(&survey.reading);
            result["service"] = asked_json(&pushed, &foreseen, &survey, &stops);
            screen::json(&result);
        } else {
            print(&survey.reading, self.show);
            say("");
            print_asked(&pushed, &foreseen, &survey, said.is_some(), &stops);
        }
        let n_refused = survey.reading.summary.refused.len() as u64 + pushed.count(Outcome::Refused);
        Ok(if n_refused == 0 { Finish::All } else { Finish::SomeRefused })
    }
}

fn print_asked(pushed: &Pushed, foreseen: &Foreseen, survey: &Survey, is_whole: bool, stops: &[String]) {
    let absent = |kind: Kind| foreseen.absences.iter().find(|of| of.kind == kind).map(|of| of.n_absent);
    let heading = if is_whole { "Would be ended" } else { "Not in the files" };
    let heading = (!foreseen.absences.is_empty()).then_some(heading);
    say(&outcomes(pushed, heading, &absent).print());
    say("");
    say(&format!(
        "a push would make this; nothing was stored, and it is on record up to log entry {}",
        pushed.last_entry.unwrap_or_default()
    ));
    for (kind, why) in &survey.not_whole {
        say(&format!("nothing would be ended of {}: {why}", kind.code().replace('_', " ")));
    }
    if !is_whole && foreseen.absences.iter().any(|of| of.n_absent > 0) {
        say(
            "the manifest says bulk: with --whole, a push ends what is not in the files; without, nothing is ended",
        );
    }
    for stop in stops {
        say(&format!("a push would stop: {}", stop.trim_start_matches("stopped, and nothing was stored: ")));
    }
}

fn asked_json(pushed: &Pushed, foreseen: &Foreseen, survey: &Survey, stops: &[String]) -> serde_json::Value {
    let mut kinds = serde_json::Map::new();
    let all = pushed.outcomes.keys().map(|(kind, _)| *kind).chain(foreseen.absences.iter().map(|of| of.kind));
    for kind in all {
        let n = |outcome| pushed.outcomes.get(&(kind, outcome)).copied().unwrap_or(0);
        let mut of: serde_json::Map<_, _> =
            OUTCOMES.iter().map(|(outcome, name)| (name.to_lowercase(), n(*outcome).into())).collect();
        if let Some(absence) = foreseen.absences.iter().find(|of| of.kind == kind) {
            of.insert("held".into(), absence.n_held.into());
            of.insert("absent".into(), absence.n_absent.into());
        }
        kinds.insert(kind.code().into(), of.into());
    }
    let not_whole = survey.not_whole.iter().map(|(kind, why)| (kind.code().to_owned(), why.clone().into()));
    serde_json::json!({
        "kinds": kinds, "not_whole": not_whole.collect::<serde_json::Map<_, _>>(), "would_stop": stops,
        "last_log_entry": pushed.last_entry,
    })
}

pub(super) fn school_year(year: Option<u32>) -> Result<Option<SchoolYear>, Failure> {
    let read = |year| SchoolYear::new(year).ok_or_else(|| Failure::new("--year is from 1900 to 2999"));
    year.map(read).transpose()
}

fn print(reading: &Reading, show: usize) {
    let summary = &reading.summary;
    if let Some(version) = &summary.one_roster {
        say(&format!("OneRoster {version}"));
    }
    let mut files = Table::new(&[("File", Align::Left), ("Rows", Align::Right), ("Refused", Align::Right)]);
    for file in &summary.files {
        files.row([file.file.to_string(), count(file.rows), count(file.refused_rows)]);
    }
    say(&files.print());
    let mut kinds = Table::new(&[("Records to send", Align::Left), ("", Align::Right)]);
    for (kind, n) in &summary.upserts {
        kinds.row([kind.code().replace('_', " "), count(*n)]);
    }
    for (kind, n) in &summary.deletes {
        kinds.row([format!("{} to withdraw", kind.code().replace('_', " ")), count(*n)]);
    }
    if !kinds.is_empty() {
        say("");
        say(&kinds.print());
    }
    print_mapped(summary);
    print_queue(&reading.queue);
    print_defects(&reading.defects, show);
    let refused: u64 = summary.refused.values().sum();
    let warnings: u64 = summary.warnings.values().sum();
    say("");
    say(&format!(
        "{}, {}",
        counted(refused, "problem", "problems"),
        counted(warnings, "warning", "warnings")
    ));
}

/// The first problems of each kind, refusals before warnings.
pub(super) fn print_defects(defects: &[Defect], show: usize) {
    let mut sorted: Vec<&Defect> = defects.iter().collect();
    sorted.sort_by_key(|defect| defect.severity);
    if sorted.is_empty() || show == 0 {
        return;
    }
    let headings = [
        ("File", Align::Left),
        ("Row", Align::Right),
        ("Column", Align::Left),
        ("", Align::Left),
        ("Code", Align::Left),
        ("Reason", Align::Left),
    ];
    let mut table = Table::new(&headings);
    for defect in sorted.iter().take(show) {
        table.row([
            defect.file.clone(),
            defect.row.map(|row| row.to_string()).unwrap_or_default(),
            defect.column.clone().unwrap_or_default(),
            if defect.severity == Severity::Warning { "warning".into() } else { String::new() },
            defect.code.to_owned(),
            defect.reason.to_string(),
        ]);
    }
    say("");
    say(&table.print());
    if sorted.len() > show {
        say(&format!("  … and {} more (--show N, --errors FILE.csv)", count((sorted.len() - show) as u64)));
    }
}

fn json(reading: &Reading) -> serde_json::Value {
    let summary = &reading.summary;
    let files = summary.files.iter().map(|file| {
        serde_json::json!({
            "file": file.file, "mapping": file.mapping, "rows": file.rows, "refused_rows": file.refused_rows,
            "skipped_rows": file.skipped_rows, "records": file.records,
        })
    });
    let kinds = |counts: &std::collections::BTreeMap<Kind, u64>| {
        counts
            .iter()
            .map(|(kind, n)| (kind.code().to_owned(), (*n).into()))
            .collect::<serde_json::Map<_, _>>()
    };
    let defects = reading.defects.iter().map(|defect| {
        serde_json::json!({
            "file": defect.file, "row": defect.row, "column": defect.column, "code": defect.code,
            "reason": defect.reason, "severity": defect.severity.as_str(),
        })
    });
    serde_json::json!({
        "one_roster": summary.one_roster, "files": files.collect::<Vec<_>>(),
        "records": kinds(&summary.upserts), "withdrawals": kinds(&summary.deletes),
        "refused": summary.refused, "warnings": summary.warnings, "defects": defects.collect::<Vec<_>>(),
        "queue": queue_json(&reading.queue),
    })
}

fn print_templates() {
    for template in formats::templates() {
        say(&format!("{}: {}", template.file, template.kind.code().replace('_', " ")));
        let mut table = Table::new(&[("Column", Align::Left), ("", Align::Left), ("Meaning", Align::Left)]);
        for column in template.columns {
            table.row([
                column.name.to_owned(),
                if column.is_required { "required".into() } else { String::new() },
                column.meaning.to_owned(),
            ]);
        }
        say(&table.print());
        say("");
    }
}
