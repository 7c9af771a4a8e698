//! Mappings on the command line: which there are, and the codes that wait for a translation.

use super::screen::{count, counted, note, say};
use super::table::{Align, Table};
use super::wrong::check_apart;
use super::{Done, Failure, Finish};
use crate::formats::{Mappings, Summary, Unmapped, write_queue};
use std::path::{Path, PathBuf};

/// The source's own mappings, and where to write what they lack.
#[derive(clap::Args)]
pub(super) struct Mapped {
    /// Read files that are of no standard and no template through this mapping; may be repeated
    #[arg(long = "mapping", value_name = "FILE.toml")]
    files: Vec<PathBuf>,
    /// Write codes that have no translation to this CSV file, to be filled in
    #[arg(long, value_name = "FILE.csv")]
    queue: Option<PathBuf>,
    /// Take the translations that you have filled into such a file; "(blank)" leaves a value blank
    #[arg(long, value_name = "FILE.csv")]
    translations: Option<PathBuf>,
}

impl Mapped {
    /// The mappings of a reading of `path`.
    pub(super) fn mappings(&self, path: &Path) -> Result<Mappings, Failure> {
        self.queue.as_ref().map_or(Ok(()), |file| check_apart("--queue", file, path))?;
        self.queue.as_ref().map_or(Ok(()), |file| self.check_kept("--queue", file))?;
        let mappings = Mappings::with_files(&self.files)?;
        Ok(match &self.translations {
            Some(file) => mappings.with_translations(file)?,
            None => mappings,
        })
    }

    /// Makes sure that a file to write is none of those that say how the others are read.
    pub(super) fn check_kept(&self, flag: &str, file: &Path) -> Result<(), Failure> {
        let Ok(written) = file.canonicalize() else { return Ok(()) };
        let mut read = self.files.iter().chain(&self.translations);
        match read.any(|read| read.canonicalize().is_ok_and(|read| read == written)) {
            true => {
                Err(Failure::new(format!("{flag} would write over a mapping, or translations, of this call")))
            }
            false => Ok(()),
        }
    }

    /// Writes the queue, when a file is named for it.
    pub(super) fn write(&self, queue: &[Unmapped]) -> Result<(), Failure> {
        let Some(file) = &self.queue else { return Ok(()) };
        write_queue(queue, std::io::BufWriter::new(std::fs::File::create(file)?))?;
        note(&format!("codes without a translation are in {}", file.display()));
        Ok(())
    }
}

/// Files that were read through mappings.
pub(super) fn print_mapped(summary: &Summary) {
    let headings = [
        ("File", Align::Left),
        ("Mapping", Align::Left),
        ("Records", Align::Right),
        ("Rows it leaves out", Align::Right),
    ];
    let mut table = Table::new(&headings);
    for file in &summary.files {
        if let Some(mapping) = &file.mapping {
            table.row([
                file.file.to_string(),
                mapping.clone(),
                count(file.records),
                count(file.skipped_rows),
            ]);
        }
    }
    if !table.is_empty() {
        say("");
        say(&table.print());
    }
}

/// The codes that have no translation. Those that could name somebody are not among them.
pub(super) fn print_queue(queue: &[Unmapped]) {
    if queue.is_empty() {
        return;
    }
    let headings = [
        ("Without a translation", Align::Left),
        ("Column", Align::Left),
        ("Code", Align::Left),
        ("Rows", Align::Right),
        ("Becomes", Align::Left),
    ];
    let mut table = Table::new(&headings);
    for Unmapped { place, code, n_codes, rows } in queue {
        let code = match code {
            Some(code) => code.expose().to_owned(),
            None => format!("({} not shown)", counted(*n_codes, "code", "codes")),
        };
        let becomes = format!("{} of {}", place.becomes, place.template);
        table.row([place.file.clone(), place.column.clone(), code, count(*rows), becomes]);
    }
    say("");
    say(&table.print());
}

pub(super) fn queue_json(queue: &[Unmapped]) -> serde_json::Value {
    let entry = |Unmapped { place, code, n_codes, rows }: &Unmapped| {
        serde_json::json!({
            "file": place.file, "mapping": place.mapping, "column": place.column,
            "code": code.as_ref().map(|code| code.expose()), "codes": n_codes, "rows": rows,
            "template": place.template, "becomes": place.becomes,
        })
    };
    queue.iter().map(entry).collect()
}

/// Lists the mappings that come with the program.
pub(super) fn print_mappings() -> Done {
    let headings = [("Mapping", Align::Left), ("Files", Align::Left), ("Become", Align::Left)];
    let mut table = Table::new(&headings);
    let mappings = Mappings::shipped();
    for mapping in mappings.iter() {
        let becomes = mapping.becomes().into_iter().map(|(file, n)| match n {
            1 => file.to_owned(),
            n => format!("{file} ({n} records a row at most)"),
        });
        let becomes = becomes.collect::<Vec<_>>().join(", ");
        table.row([mapping.name().to_owned(), mapping.files().join(", "), becomes]);
    }
    say(&table.print());
    say("");
    for mapping in mappings.iter() {
        say(&format!("{}: {}", mapping.name(), mapping.title()));
    }
    Ok(Finish::All)
}

/// Prints a mapping, to begin one's own with.
pub(super) fn print_mapping(name: &str) -> Done {
    let mappings = Mappings::shipped();
    let Some(mapping) = mappings.iter().find(|mapping| mapping.name() == name) else {
        return Err(Failure::new("there is no mapping of this name (see throughline check --mappings)"));
    };
    say(mapping.text().trim_end());
    Ok(Finish::All)
}
