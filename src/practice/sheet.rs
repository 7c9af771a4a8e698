//! A CSV file being written, with the natural defects of exported files.

use super::Error;
use super::draw::Draw;
use std::fs::File;
use std::path::Path;

/// What a kind of file looks like, and what goes wrong in it.
pub(super) struct Template {
    pub(super) name: &'static str,
    pub(super) header: &'static [&'static str],
    /// Columns in which bad values occur, each with the values.
    pub(super) defects: &'static [(&'static str, &'static [&'static str])],
}

/// A file of a template.
pub(super) struct Sheet {
    writer: csv::Writer<File>,
    template: &'static Template,
    path: String,
    rows: u64,
    defects: Vec<Defect>,
}

/// A bad value in a file.
pub(super) struct Defect {
    /// Path below the output folder, with `/` on every system.
    pub(super) path: String,
    /// As a spreadsheet counts: the header is row 1.
    pub(super) row: u64,
    pub(super) column: &'static str,
}

/// Rows in 10,000 with a bad value, in files that have any: one in two hundred.
const DEFECTS: i32 = 50;

impl Sheet {
    /// Creates the file in a folder (a path with `/`) below `out`, and writes the header.
    pub(super) fn create(out: &Path, folder: &str, template: &'static Template) -> Result<Self, Error> {
        Self::with_line_ends(out, folder, template, csv::Terminator::Any(b'\n'))
    }

    /// The same with the line ends some readers insist on in OneRoster bundles.
    pub(super) fn create_crlf(out: &Path, folder: &str, template: &'static Template) -> Result<Self, Error> {
        Self::with_line_ends(out, folder, template, csv::Terminator::CRLF)
    }

    fn with_line_ends(
        out: &Path,
        folder: &str,
        template: &'static Template,
        terminator: csv::Terminator,
    ) -> Result<Self, Error> {
        let folder_path = folder.split('/').fold(out.to_path_buf(), |path, part| path.join(part));
        std::fs::create_dir_all(&folder_path)?;
        let file = File::create(folder_path.join(template.name))?;
        let mut writer =
            csv::WriterBuilder::new().terminator(terminator).buffer_capacity(1 << 18).from_writer(file);
        writer.write_record(template.header)?;
        let path = format!("{folder}/{}", template.name);
        Ok(Self { writer, template, path, rows: 0, defects: Vec::new() })
    }

    /// Writes a row, now and then with a defect.
    pub(super) fn row<const N: usize>(&mut self, draw: &mut Draw, mut row: [&str; N]) -> Result<(), Error> {
        let kinds = self.template.defects;
        if !kinds.is_empty() && draw.chance(DEFECTS) {
            let (column, values) = draw.one(kinds);
            let at = self.template.header.iter().position(|name| name == column);
            row[at.expect("defects are in columns of the template")] = values[draw.below(values.len())];
            self.note(column);
        }
        self.plain_row(row)
    }

    /// Writes a row as it is.
    pub(super) fn plain_row<const N: usize>(&mut self, row: [&str; N]) -> Result<(), Error> {
        self.rows += 1;
        Ok(self.writer.write_record(row)?)
    }

    /// Notes that the next row has a bad value in that column.
    pub(super) fn note(&mut self, column: &'static str) {
        self.defects.push(Defect { path: self.path.clone(), row: self.rows + 2, column });
    }

    /// Flushes the file; returns its rows without the header, and its defects.
    pub(super) fn finish(mut self) -> Result<(u64, Vec<Defect>), Error> {
        self.writer.flush()?;
        Ok((self.rows, self.defects))
    }
}
