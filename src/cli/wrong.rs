//! What is wrong with files, written where the source wants it.

use super::Failure;
use super::screen::{counted, note};
use crate::api::v1 as pb;
use crate::client::{Pushed, RowRef};
use crate::formats::{Defect, RefusedRows, Severity, write_defects, write_refused};
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
    /// Makes sure that no refused rows are written over the files they come from.
    pub(super) fn check(&self, path: &Path) -> Result<(), Failure> {
        let Some(folder) = &self.refused_rows else { return Ok(()) };
        let from = if path.is_dir() { Some(path) } else { path.parent() };
        let from = from.map(|from| if from.as_os_str().is_empty() { Path::new(".") } else { from });
        let is_same = match (from.map(Path::canonicalize), folder.canonicalize()) {
            (Some(Ok(from)), Ok(folder)) => from == folder,
            _ => false,
        };
        match is_same {
            true => Err(Failure::new("--refused-rows: name another folder than the one the files are in")),
            false => Ok(()),
        }
    }

    /// Writes what is asked for.
    pub(super) fn write(&self, path: &Path, defects: &[Defect]) -> Result<(), Failure> {
        if let Some(file) = &self.errors {
            write_defects(defects, std::io::BufWriter::new(std::fs::File::create(file)?))?;
            note(&format!("everything that is wrong is in {}", file.display()));
        }
        if let Some(folder) = &self.refused_rows {
            let mut rows = RefusedRows::new();
            for defect in defects.iter().filter(|defect| defect.severity == Severity::Refused) {
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

/// What the service has refused, beside what was refused here.
pub(super) fn by_service(pushed: &Pushed) -> impl Iterator<Item = Defect> {
    let defect = |(row, violation): &(RowRef, pb::Violation)| Defect {
        file: row.file.to_string(),
        row: Some(row.row),
        column: Some(violation.field.clone()),
        code: "refused_by_service",
        reason: format!("{}: {}", violation.code, violation.reason).into(),
        severity: Severity::Refused,
    };
    pushed.refused.iter().map(defect)
}
