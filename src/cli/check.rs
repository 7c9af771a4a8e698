//! `throughline check`: a dry run on this machine. Nothing is sent.

use super::mappings::{Mapped, print_mapped, print_mapping, print_mappings, print_queue, queue_json};
use super::screen::{self, count, counted, note, say};
use super::table::{Align, Table};
use super::{Done, Failure, Finish};
use crate::calendar::SchoolYear;
use crate::formats::{self, Defect, Reading, Severity, write_defects};
use std::path::{Path, PathBuf};

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
    /// Write everything that is wrong to this CSV file
    #[arg(long, value_name = "FILE.csv")]
    errors: Option<PathBuf>,
    /// Lines of problems to show
    #[arg(long, default_value_t = 20)]
    show: usize,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    mapped: Mapped,
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
        let (mappings, year) = (self.mapped.mappings()?, school_year(self.year)?);
        let path = self.path.ok_or_else(|| Failure::new("name a folder or file to check"))?;
        let bar = screen::bar(None, "records");
        let reading = formats::read_mapped(&path, year, &mappings, &mut |_| bar.inc(1));
        bar.finish_and_clear();
        let reading = reading?;
        if let Some(file) = &self.errors {
            write_errors(&reading.defects, file)?;
        }
        self.mapped.write(&reading.queue)?;
        if self.json {
            screen::json(&json(&reading));
        } else {
            print(&reading, self.show);
        }
        Ok(if reading.summary.refused.is_empty() { Finish::All } else { Finish::SomeRefused })
    }
}

pub(super) fn school_year(year: Option<u32>) -> Result<Option<SchoolYear>, Failure> {
    let read = |year| SchoolYear::new(year).ok_or_else(|| Failure::new("--year is from 1900 to 2999"));
    year.map(read).transpose()
}

pub(super) fn write_errors(defects: &[Defect], file: &Path) -> Result<(), Failure> {
    let out = std::io::BufWriter::new(std::fs::File::create(file)?);
    write_defects(defects, out)?;
    note(&format!("everything that is wrong is in {}", file.display()));
    Ok(())
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
    let kinds = |counts: &std::collections::BTreeMap<crate::records::Kind, u64>| {
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
