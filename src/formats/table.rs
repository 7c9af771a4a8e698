//! A file as a table: a header bound to the columns a format knows, then rows with their lines.

use super::bundle::{Bundle, Error, is_parquet};
use super::decode::{Encoding, Text};
use super::defect::printable;
use super::fields::Fields;
use super::lexer::{Cell, Lexer};
use super::{Defect, output::Output};
use crate::records::Kind;
use std::borrow::Cow;

/// A file that has been read and not yet understood.
pub(super) struct Sheet {
    file: Cow<'static, str>,
    text: Text,
    separator: u8,
    header: Vec<String>,
    /// A quotation mark of the header closes in a row, or never: what it takes in is no name of a column.
    is_header_torn: bool,
    /// Where the rows begin.
    body: (usize, u64),
}

/// What a format knows of the columns of a file.
pub(super) struct Layout<'a> {
    /// Columns that are read.
    pub(super) read: &'a [&'a str],
    /// Columns without which nothing can be read.
    pub(super) required: &'a [&'static str],
    /// Columns a standard asks for, which are warned about when they are not there.
    pub(super) expected: &'a [&'static str],
    /// Columns that belong there and are never read; [`REST`] is all others.
    pub(super) skipped: &'a [&'static str],
    /// The kinds of record that its rows become. Of a file that others only refer to, which has none, every row is
    /// made use of and every defect is a warning.
    pub(super) kinds: &'a [Kind],
}

/// A sheet bound to a layout.
pub(super) struct Table {
    sheet: Sheet,
    columns: Columns,
    kinds: Vec<Kind>,
}

/// The columns of a table by name.
pub(super) struct Columns {
    found: Vec<(String, usize)>,
    pub(super) width: usize,
    /// Position of the passwords.
    secret: Option<usize>,
}

const SECRET: &str = "password";

/// Among the skipped columns: whatever else there is.
pub(super) const REST: &str = "*";

impl Sheet {
    /// Takes a file out of a bundle, when it is there.
    pub(super) fn take(
        bundle: &mut Bundle,
        file: impl Into<Cow<'static, str>>,
    ) -> Result<Option<Self>, Error> {
        let file = file.into();
        let Some((name, bytes)) = bundle.take(&file)? else { return Ok(None) };
        let file = match file {
            Cow::Owned(_) => printable(&name).into(),
            _ if is_parquet(&name) => printable(&name).into(),
            known => known,
        };
        let text = Text::decode(bytes);
        let separator = separator(text.as_str());
        let (mut lexer, mut cells) = (Lexer::new(text.as_str(), separator), Vec::new());
        let span = lexer.next(&mut cells);
        let is_header_torn = span.is_some_and(|span| span.has_open_quote || span.is_torn);
        if span.is_none() || is_header_torn {
            cells.clear();
        }
        let header = cells.iter().map(|cell| cell.text().into_owned()).collect();
        let body = lexer.position();
        Ok(Some(Self { file, text, separator, header, is_header_torn, body }))
    }

    pub(super) fn text(&self) -> &str {
        self.text.as_str()
    }

    pub(super) const fn separator(&self) -> u8 {
        self.separator
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    pub(super) fn has_column(&self, name: &str) -> bool {
        self.header.iter().any(|column| column.eq_ignore_ascii_case(name))
    }

    fn n_rows(&self) -> u64 {
        let (mut lexer, mut cells) = (Lexer::at(self.text(), self.separator, self.body), Vec::new());
        let mut n_rows = 0;
        while lexer.next(&mut cells).is_some() {
            n_rows += u64::from(!cells.iter().copied().all(Cell::is_empty));
        }
        n_rows
    }

    /// Binds the header; nothing when a required column is not in it, which is then a defect.
    pub(super) fn bind(self, layout: &Layout<'_>, out: &mut Output<'_>) -> Option<Table> {
        out.begin(self.file.clone());
        let warning = |column, code, reason| Defect::of_file(&self.file, column, code, reason);
        let mut defects = Vec::new();
        match self.text.encoding {
            Encoding::Windows1252 => {
                let reason = "is not UTF-8; it is read as Windows-1252";
                defects.push(warning(None, "encoding", reason));
            }
            Encoding::BrokenUtf8 => {
                let reason = "is UTF-8 with bytes that are none; these are read as U+FFFD";
                defects.push(warning(None, "encoding", reason));
            }
            Encoding::Utf8 | Encoding::Utf16 => {}
        }
        if self.separator != b',' {
            defects.push(warning(None, "separator", "separates cells by another character than a comma"));
        }
        let missing: Vec<_> = layout.required.iter().filter(|name| !self.has_column(name)).collect();
        if self.is_header_torn {
            let reason =
                "has a quotation mark in its header that is not closed there, so the file is not read";
            defects.push(warning(None, "open_quote", reason).refused());
        }
        if self.is_header_torn || !missing.is_empty() {
            // Then what stands first may be no header but a child's row: none of it is repeated.
            let name = |name: &&&'static str| {
                let reason = "is not in the header, so the file is not read";
                warning(Some(**name), "missing_column", reason).refused()
            };
            defects.extend(missing.iter().map(name));
            out.record(defects);
            layout.kinds.iter().for_each(|kind| out.extents.refused(*kind, None, None));
            out.refuse_rows(&self.file, self.n_rows());
            return None;
        }
        let absent = layout.expected.iter().filter(|name| !self.has_column(name));
        defects.extend(absent.map(|name| warning(Some(name), "missing_column", "is not in the header")));
        let columns = Columns::bind(&self, layout, &mut defects);
        out.record(defects);
        Some(Table { sheet: self, columns, kinds: layout.kinds.to_vec() })
    }
}

/// The character between cells: a spreadsheet writes tabs into UTF-16, and semicolons in much of Europe.
fn separator(text: &str) -> u8 {
    let header = text.trim_start_matches(['\r', '\n']).split(['\r', '\n']).next().unwrap_or_default();
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    [b'\t', b';'].into_iter().find(|other| count(*other) > count(b',')).unwrap_or(b',')
}

impl Columns {
    fn bind(sheet: &Sheet, layout: &Layout<'_>, defects: &mut Vec<Defect>) -> Self {
        let mut columns = Self { found: Vec::new(), width: sheet.header.len(), secret: None };
        let is_rest_skipped = layout.skipped.contains(&REST);
        for (at, name) in sheet.header.iter().enumerate() {
            if let Some(name) = known(layout.read, name) {
                if columns.position(name).is_some() {
                    let reason = "stands in the header twice; the first is read";
                    defects.push(Defect::of_file(&sheet.file, Some(name), "duplicate_column", reason));
                } else {
                    columns.found.push((name.to_owned(), at));
                }
            } else if name.eq_ignore_ascii_case(SECRET) {
                columns.secret = Some(at);
            } else if !is_rest_skipped
                && known(layout.skipped, name).is_none()
                && !name.is_empty()
                && !is_extension(name)
            {
                let reason = "is not a column of this file; it is not read";
                defects.push(Defect::of_file(&sheet.file, Some(name), "unknown_column", reason));
            }
        }
        columns
    }

    /// The columns of a row that is put together with a cell for each of these names.
    pub(super) fn of(names: impl Iterator<Item = &'static str>) -> Self {
        let found: Vec<_> = names.enumerate().map(|(at, name)| (name.to_owned(), at)).collect();
        Self { width: found.len(), found, secret: None }
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.found.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, at)| *at)
    }

    /// Positions of all columns that are read, in the order of the header.
    pub(super) fn positions(&self) -> impl Iterator<Item = usize> {
        self.found.iter().map(|(_, at)| *at)
    }
}

fn known<'n>(names: &[&'n str], name: &str) -> Option<&'n str> {
    names.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}

/// OneRoster 1.1 section 2: what a vendor adds is called `metadata.` and something.
fn is_extension(name: &str) -> bool {
    name.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("metadata."))
}

impl Table {
    pub(super) fn file(&self) -> &Cow<'static, str> {
        &self.sheet.file
    }

    pub(super) fn has_column(&self, name: &str) -> bool {
        self.columns.position(name).is_some()
    }

    /// Hands each usable row to `each`, and its defects to `out` after that.
    pub(super) fn for_each(
        &self,
        out: &mut Output<'_>,
        mut each: impl FnMut(&mut Fields<'_, '_>, &mut Output<'_>),
    ) {
        let Sheet { file, text, separator, body, .. } = &self.sheet;
        let (mut lexer, mut cells) = (Lexer::at(text.as_str(), *separator, *body), Vec::new());
        let mut n_secrets = 0_u64;
        while let Some(span) = lexer.next(&mut cells) {
            if cells.iter().copied().all(Cell::is_empty) {
                continue;
            }
            out.row(file);
            let secret = self.columns.secret.and_then(|at| cells.get(at));
            n_secrets += u64::from(secret.is_some_and(|cell| !cell.is_empty()));
            let mut fields = Fields::new(file, span, &self.columns, &cells, !self.kinds.is_empty());
            if fields.check_shape() {
                each(&mut fields, out);
            } else {
                self.kinds.iter().for_each(|kind| out.extents.refused(*kind, None, None));
            }
            out.record(fields.into_defects());
        }
        if n_secrets > 0 {
            let reason =
                format!("is filled (rows: {n_secrets}); it is never read, and should not be exported");
            out.record(vec![Defect::of_file(file, Some(SECRET), "secret_sent", reason)]);
        }
    }
}
