//! What is wrong with a row, said without its values.

use std::borrow::Cow;
use std::io;

/// What a defect does to its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// What stands there is not sent.
    Refused,
    /// It is sent all the same.
    Warning,
}

impl Severity {
    /// Its word in a table of defects.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Warning => "warning",
        }
    }
}

/// One problem. It names places and never a value: the value may be a child's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Name of the file.
    pub file: String,
    /// Line on which the record begins, the header being line 1, or the number of an element; absent for the file as a whole.
    pub row: Option<u64>,
    /// Name of the column; absent for the row as a whole.
    pub column: Option<String>,
    /// One of [`CODES`].
    pub code: &'static str,
    /// The reason in words.
    pub reason: Cow<'static, str>,
    /// Whether the record is sent.
    pub severity: Severity,
}

/// The codes a [`Defect`] can have, and what each means.
pub const CODES: &[(&str, &str)] = &[
    ("assumed", "something left blank is taken from elsewhere"),
    ("case_differs", "a word of the vocabulary in other letter case"),
    ("contradiction", "two statements exclude each other"),
    ("delta_enrollment", "a delta of class enrollments says too little about a spell at a school"),
    ("duplicate_column", "a column stands in the header twice"),
    ("duplicate_key", "another row of the file has the same key and says something else"),
    ("encoding", "the text is not UTF-8"),
    ("malformed", "not JSON or XML that can be read"),
    ("missing", "something required is blank"),
    ("missing_column", "a required column is not in the header"),
    ("missing_file", "a file that should be there is not"),
    ("no_enrollment", "students without any enrollment"),
    ("not_a_boolean", "neither true nor false"),
    ("not_a_code", "not a code or a public name"),
    ("not_a_date", "not a date of the calendar"),
    ("not_a_number", "not a number of the kind that stands there"),
    ("not_a_school", "an enrollment at something that is not a school"),
    ("open_quote", "a quotation mark is never closed, or closes in another row"),
    ("other_columns", "a file has the name of a mapping, and not its columns"),
    ("out_of_range", "too small, too large, too long or too far away"),
    ("outside_vocabulary", "not one of the known words"),
    ("secret_sent", "passwords are in the export"),
    ("separator", "cells are not separated by commas"),
    ("several_values", "more than one value where one is wanted"),
    ("to_be_deleted", "a row marked for deletion where everything should be current"),
    ("unknown_column", "a column that is not read"),
    ("unknown_file", "a file that is not read"),
    ("unknown_reference", "refers to a row that is not there"),
    ("unmapped_code", "a code that the mapping has no translation for"),
    ("wrong_columns", "a row with more or fewer cells than the header"),
];

impl Defect {
    /// A warning about a file or one of its columns as a whole.
    pub(super) fn of_file(
        file: &str,
        column: Option<&str>,
        code: &'static str,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            file: printable(file),
            row: None,
            column: column.map(printable),
            code,
            reason: reason.into(),
            severity: Severity::Warning,
        }
    }

    /// The same defect, about one row.
    pub(super) fn at(self, row: u64) -> Self {
        Self { row: Some(row), ..self }
    }

    /// The same defect, such that nothing is sent.
    pub(super) fn refused(self) -> Self {
        Self { severity: Severity::Refused, ..self }
    }
}

/// A name from outside, without control characters and cut to the length that a file's name may have.
pub(super) fn printable(name: &str) -> String {
    name.chars().take(255).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Writes defects as CSV: `file,row,column,code,reason,severity`.
///
/// A cell that a spreadsheet would take for a formula begins with an apostrophe.
///
/// # Errors
///
/// Those of `out`.
pub fn write_defects(defects: &[Defect], out: impl io::Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["file", "row", "column", "code", "reason", "severity"])?;
    for defect in defects {
        let row = defect.row.map(|row| row.to_string()).unwrap_or_default();
        let column = harmless(defect.column.as_deref().unwrap_or_default());
        let (file, reason) = (harmless(&defect.file), harmless(&defect.reason));
        let cells = [&file, row.as_str(), &column, defect.code, &reason, defect.severity.as_str()];
        table.write_record(cells)?;
    }
    table.flush()
}

pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_sees_text_and_no_formula() {
        let reason = "is not a calendar date, see \"dates\"";
        let defects = [
            Defect::of_file("=cmd.csv", Some("@SUM(A1)"), "not_a_date", reason).at(7).refused(),
            Defect::of_file("a\u{7}b.csv", None, "unknown_file", "is not known"),
        ];
        let mut written = Vec::new();
        write_defects(&defects, &mut written).expect("a Vec takes every byte");
        let expected = "file,row,column,code,reason,severity\n\
            '=cmd.csv,7,'@SUM(A1),not_a_date,\"is not a calendar date, see \"\"dates\"\"\",refused\n\
            a?b.csv,,,unknown_file,is not known,warning\n";
        assert_eq!(String::from_utf8(written).as_deref(), Ok(expected));
    }

    #[test]
    fn codes_are_distinct_and_sorted() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
