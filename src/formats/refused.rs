//! Refused rows as they stand in their files, for the source itself to correct and send alone.
//!
//! They hold what the files hold, so they stay on the source's own machine: one file for each of the same name, for its
//! owner's eyes only. Passwords and what else is never read are left out of them. Where cells do not stand under their
//! names, nobody knows which of them is a password, so such a row of a file that has any is left out as a whole.

use super::bundle::{Bundle, Error, csv_name};
use super::defect::printable;
use super::lexer::Lexer;
use super::never_read::is_never_read;
use super::table::Sheet;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Lines on which refused rows begin, by the name of the file.
pub type RefusedRows = BTreeMap<String, BTreeSet<u64>>;

/// Rows of a file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Those that were written.
    pub n_rows: u64,
    /// Those that were not, because it can not be told which of their cells is a password.
    pub n_left_out: u64,
}

/// Writes the rows, with the header of their file, into files of the same names in `folder`, those of Parquet as CSV.
/// Gives back how many there are in each file; a file without any is not written, nor is one of neither kind. What
/// earlier files of these names held is replaced.
///
/// # Errors
///
/// [`Error`] when the place can not be read again, or the folder not be written.
pub fn write_refused(
    path: &Path,
    rows: &RefusedRows,
    folder: &Path,
) -> Result<BTreeMap<String, Written>, Error> {
    let io = |source| Error::Io { what: format!("or write {}", folder.display()), source };
    let mut bundle = Bundle::open(path)?;
    let mut written = BTreeMap::new();
    fs::create_dir_all(folder).map_err(io)?;
    for (file, lines) in rows {
        // Defects name a file as it can be printed.
        let name = bundle.names().find(|name| printable(name).eq_ignore_ascii_case(file)).map(str::to_owned);
        let Some(sheet) = name.map(|name| Sheet::take(&mut bundle, name)).transpose()?.flatten() else {
            continue;
        };
        let target = folder.join(csv_name(file).as_ref());
        // A file that is there may be open to others: it is made anew, with its mode.
        match fs::remove_file(&target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
        let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&target).map_err(io)?;
        let n = copy(&sheet, lines, BufWriter::new(out)).map_err(io)?;
        written.insert(file.clone(), n);
    }
    Ok(written)
}

/// Copies the header and the rows that begin on these lines, with their cells as they stand.
fn copy(sheet: &Sheet, lines: &BTreeSet<u64>, mut out: impl Write) -> std::io::Result<Written> {
    let secret: Vec<_> = sheet.header().iter().map(|name| is_never_read(name)).collect();
    let (mut lexer, mut cells) = (Lexer::new(sheet.text(), sheet.separator()), Vec::new());
    let (mut written, mut is_header) = (Written::default(), true);
    while let Some(span) = lexer.next(&mut cells) {
        if !is_header && !lines.contains(&span.line) {
            continue;
        }
        let is_in_place = span.n_cells == secret.len() && !span.has_open_quote && !span.is_torn;
        if !is_in_place && secret.contains(&true) {
            written.n_left_out += u64::from(!is_header);
            continue;
        }
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                out.write_all(&[sheet.separator()])?;
            }
            if is_header || secret.get(at) != Some(&true) {
                out.write_all(cell.raw().as_bytes())?;
            }
        }
        out.write_all(b"\n")?;
        written.n_rows += u64::from(!is_header);
        is_header = false;
    }
    out.flush()?;
    Ok(written)
}
