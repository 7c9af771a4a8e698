//! What is wrong with files, written where the source wants it.

use super::mappings::Mapped;
use super::screen::{count, counted, note};
use super::{Failure, folder_of};
use crate::api::v1 as pb;
use crate::client::{Pushed, RowRef};
use crate::formats::{Defect, RefusedRows, Severity, Summary, write_defects, write_refused};
use std::path::{Path, PathBuf};

/// Where to write what is wrong.
#[derive(clap::Args)]
pub(super) struct Wrong {
    /// Write everything that is wrong to this CSV file: file, row, column, code and reason, never a value
    #[arg(long, value_name = "FILE.csv")]
    errors: Option<PathBuf>,
    /// Write the refused rows themselves into this folder, to be corrected and pushed alone: files of the same names, for
    /// your own eyes (mode 0600). They stay on this machine
    #[arg(long, value_name = "FOLDER")]
    refused_rows: Option<PathBuf>,
}

impl Wrong {
    /// Makes sure that nothing is written over the files that are read.
    pub(super) fn check(&self, path: &Path, mapped: &Mapped) -> Result<(), Failure> {
        if let Some(folder) = &self.refused_rows
            && folder.canonicalize().is_ok_and(|folder| Some(folder) == folder_read(path))
        {
            return Err(Failure::new("--refused-rows: name another folder than the one the files are in"));
        }
        let Some(file) = &self.errors else { return Ok(()) };
        check_apart("--errors", file, path)?;
        mapped.check_kept("--errors", file)
    }

    /// Writes what is asked for.
    pub(super) fn write(&self, path: &Path, defects: &[Defect], summary: &Summary) -> Result<(), Failure> {
        if let Some(file) = &self.errors {
            write_defects(defects, std::io::BufWriter::new(std::fs::File::create(file)?))?;
            note(&format!("what is wrong is in {}", file.display()));
        }
        let n_refused: u64 = summary.refused.values().sum();
        let n_listed =
            defects.iter().filter(|defect| is_refused(defect) && defect.code != BY_SERVICE).count() as u64;
        if (self.errors.is_some() || self.refused_rows.is_some()) && n_listed < n_refused {
            let (n_listed, n_refused) = (count(n_listed), counted(n_refused, "problem", "problems"));
            note(&format!(
                "only the first {n_listed} of {n_refused} are listed, and only their rows: correct these first"
            ));
        }
        if let Some(folder) = &self.refused_rows {
            let mut rows = RefusedRows::new();
            for defect in defects.iter().filter(|defect| is_refused(defect)) {
                if let Some(row) = defect.row {
                    rows.entry(defect.file.clone()).or_default().insert(row);
                }
            }
            let files = write_refused(path, &rows, folder)?;
            let written = files.values().map(|of| of.n_rows).sum();
            let written = counted(written, "refused row is", "refused rows are");
            note(&format!("{written} in {}: they name children, keep them here", folder.display()));
            for (file, of) in files.iter().filter(|(_, of)| of.n_left_out > 0) {
                let left_out = counted(of.n_left_out, "refused row is", "refused rows are");
                note(&format!(
                    "{left_out} not there, as a password may stand anywhere in it: correct it in {file}"
                ));
            }
        }
        Ok(())
    }
}

const BY_SERVICE: &str = "refused_by_service";

fn is_refused(defect: &Defect) -> bool {
    defect.severity == Severity::Refused
}

/// Makes sure that a file to write is none of those that are read at `path`.
pub(super) fn check_apart(flag: &str, file: &Path, path: &Path) -> Result<(), Failure> {
    let is_there = file.exists() && folder_of(file).canonicalize().ok() == folder_read(path);
    match is_there && (path.is_dir() || file.file_name() == path.file_name()) {
        true => Err(Failure::new(format!("{flag}: there is a file of this name among those that are read"))),
        false => Ok(()),
    }
}

/// The folder that is read, or that the file is in which is.
fn folder_read(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_dir() { path } else { folder_of(path) };
    folder.canonicalize().ok()
}

/// What the service has refused, beside what was refused here.
pub(super) fn by_service(pushed: &Pushed) -> impl Iterator<Item = Defect> {
    let defect = |(row, violation): &(RowRef, pb::Violation)| Defect {
        file: row.file.to_string(),
        row: Some(row.row),
        column: Some(violation.field.clone()),
        code: BY_SERVICE,
        reason: format!("{}: {}", violation.code, violation.reason).into(),
        severity: Severity::Refused,
    };
    pushed.refused.iter().map(defect)
}
