//! What sources export, read into submissions.
//!
//! [`read`] takes a folder, a `.zip` or one file. It knows OneRoster 1.1 and 1.2 in CSV (and the
//! look-alike of Microsoft School Data Sync), Ed-Fi in JSON and XML, and the project's own [`templates`] for
//! what no standard ships; all may lie in the same place. What is none of them is read through a
//! [`Mapping`]. Rows go to the caller one by one, as they are read.
//!
//! A row that cannot be used is left out and named by file, line, column, code and reason, every
//! problem of it at once, and never by its values; the other rows go on. Columns that nobody needs
//! (passwords, e-mail, telephone numbers) are not taken out of the text they stand in, and that text is
//! wiped. Nothing is written to disk: an archive is read in memory.

mod bundle;
mod decode;
mod defect;
mod edfi;
mod extent;
mod fields;
mod refused;
mod id;
mod lexer;
mod mapping;
mod never_read;
mod oneroster;
mod parquet;
mod output;
mod table;
mod template;
mod value;

pub use bundle::Error;
pub use defect::{CODES, Defect, Severity, write_defects};
pub use extent::{Extent, Extents, OfKind};
pub use mapping::{Mapping, Mappings, Mistake, Mistakes, Place, Unmapped, write_queue};
pub use output::{FileCount, Reading, Row, Summary};
pub(crate) use parquet::is_decoding;
pub use refused::{RefusedRows, Written, write_refused};
pub use template::{Column, Template, templates};

use crate::calendar::SchoolYear;
use bundle::Bundle;
use id::Seen;
use output::Output;
use std::path::Path;
use table::Sheet;

/// Reads everything at `path` and hands each record to `sink`.
///
/// `year` is the school year to assume where a roster does not say it. The order of the rows is the
/// order of the files' dependencies, then of the lines; the same files give the same rows.
///
/// # Errors
///
/// [`Error`] when the place as a whole cannot be read, or holds no file of a known name. A file or a
/// row that cannot be used is not an error but a [`Defect`].
pub fn read(path: &Path, year: Option<SchoolYear>, sink: &mut dyn FnMut(Row)) -> Result<Reading, Error> {
    read_mapped(path, year, &Mappings::shipped(), sink)
}

/// The same, with mappings of the source's own.
///
/// Files that have one are read through it, whatever their names; those of the program are for what is
/// left. All of them are read after the rest.
///
/// # Errors
///
/// Those of [`read`], and [`Error::Mappings`] when a file has not the columns that a mapping of the
/// source's own reads, or several such mappings.
pub fn read_mapped(
    path: &Path,
    year: Option<SchoolYear>,
    mappings: &Mappings,
    sink: &mut dyn FnMut(Row),
) -> Result<Reading, Error> {
    let mut bundle = Bundle::open(path)?;
    let mut out = Output::new(sink);
    let mapped = mappings.take_own(&mut bundle, &mut out)?;
    let mut matched = Seen::default();
    // The one name that a roster and the templates share; its header says which it is.
    let enrollments = if oneroster::is_in(&bundle) {
        oneroster::read(&mut bundle, year, &mut out)?
    } else {
        Sheet::take(&mut bundle, "enrollments.csv")?
    };
    template::read(&mut bundle, enrollments, &mut matched, &mut out)?;
    edfi::read(&mut bundle, year, mappings, &mut out)?;
    mapped.with(mappings.take_shipped(&mut bundle, &mut out)?).read(&mut matched, &mut out);
    for name in bundle.names() {
        if oneroster::FILES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            out.unused(name);
        } else {
            out.record(vec![Defect::of_file(name, None, "unknown_file", "is not a file this program knows")]);
        }
    }
    out.finish()
}

#[cfg(test)]
mod tests;
