//! Refused rows as they stand in their files, for the source itself to correct and send alone.
//!
//! They hold what the files hold, so they stay on the source's own machine: one file for each of the same name, for its
//! owner's eyes only. Passwords are left out of them, as they are left unread everywhere else.

use super::bundle::{Bundle, Error, is_parquet};
use super::lexer::Lexer;
use super::table::{SECRET, Sheet};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Lines on which refused rows begin, by the name of the file.
pub type RefusedRows = BTreeMap<String, BTreeSet<u64>>;

/// Writes the rows, with the header of their file, into files of the same names in `folder`. Gives back how many there
/// are in each file; a file without any is not written, nor is one that is not of CSV. What earlier files of these names held is replaced.
///
/// # Errors
///
/// [`Error`] when the place can not be read again, or the folder not be written.
pub fn write_refused(path: &Path, rows: &RefusedRows, folder: &Path) -> Result<BTreeMap<String, u64>, Error> {
    let io = |source| Error::Io { what: format!("or write {}", folder.display()), source };
    let mut bundle = Bundle::open(path)?;
    let mut written = BTreeMap::new();
    fs::create_dir_all(folder).map_err(io)?;
    for (file, lines) in rows {
        if !bundle.names().any(|name| name.eq_ignore_ascii_case(file)) {
            continue;
        }
        let Some(sheet) = Sheet::take(&mut bundle, file.clone())? else { continue };
        let target = folder.join(csv_name(sheet.file()).as_ref());
        // A file that is there may be open to others: it is made anew, with its mode.
        match fs::remove_file(&target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
        let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&target).map_err(io)?;
        let n_rows = copy(&sheet, lines, BufWriter::new(out)).map_err(io)?;
        written.insert(sheet.file().to_owned(), n_rows);
    }
    Ok(written)
}

/// What a file's rows are called where they are written as text.
fn csv_name(file: &str) -> Cow<'_, str> {
    let stem = file.len().checked_sub(".parquet".len()).filter(|_| is_parquet(file));
    stem.map_or(file.into(), |stem| format!("{}.csv", &file[..stem]).into())
}

/// Copies the header and the rows that begin on these lines, with their cells as they stand.
fn copy(sheet: &Sheet, lines: &BTreeSet<u64>, mut out: impl Write) -> std::io::Result<u64> {
    let secret = sheet.header().iter().position(|name| name.eq_ignore_ascii_case(SECRET));
    let (mut lexer, mut cells, mut n_rows) = (Lexer::new(sheet.text(), sheet.separator()), Vec::new(), 0);
    let mut is_header = true;
    while let Some(span) = lexer.next(&mut cells) {
        if !is_header && !lines.contains(&span.line) {
            continue;
        }
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                out.write_all(&[sheet.separator()])?;
            }
            if is_header || Some(at) != secret {
                out.write_all(cell.raw().as_bytes())?;
            }
        }
        out.write_all(b"\n")?;
        n_rows += u64::from(!is_header);
        is_header = false;
    }
    out.flush()?;
    Ok(n_rows)
}
