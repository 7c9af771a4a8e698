//! The cells of a row as values; every problem of the row is collected.

use super::id::short_digest;
use super::lexer::{Cell, Span};
use super::table::Columns;
use super::value;
use super::{Defect, Severity};
use crate::calendar::{Date, SchoolYear};
use crate::records::{BirthMonth, Clear, Code, Grade, Label};
use std::borrow::Cow;
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

/// A row. A getter gives nothing for a blank cell, and for one it cannot read, which is then a defect.
pub(super) struct Fields<'r, 't> {
    file: &'r str,
    span: Span,
    columns: &'r Columns,
    cells: &'r [Cell<'t>],
    is_sent: bool,
    defects: Vec<Defect>,
}

/// Bytes of the longest key a record may have, and of a name.
pub(super) const TEXT_MAX: usize = 200;

impl<'r, 't> Fields<'r, 't> {
    pub(super) fn new(
        file: &'r str,
        span: Span,
        columns: &'r Columns,
        cells: &'r [Cell<'t>],
        is_sent: bool,
    ) -> Self {
        Self { file, span, columns, cells, is_sent, defects: Vec::new() }
    }

    /// Whether the row has as many cells as the header; empty cells too many do no harm.
    pub(super) fn check_shape(&mut self) -> bool {
        let Span { n_cells, n_lines, has_open_quote, is_torn, .. } = self.span;
        let width = self.columns.width;
        if has_open_quote {
            let reason = format!("opens a quotation mark that is never closed, and swallows {n_lines} lines");
            self.push(None, "open_quote", reason.into(), true);
            return false;
        }
        if is_torn {
            let reason =
                format!("opens a quotation mark that closes in another row, and swallows {n_lines} lines");
            self.push(None, "open_quote", reason.into(), true);
            return false;
        }
        if n_cells == width {
            return true;
        }
        let extra = self.cells.get(width..).unwrap_or_default();
        let is_harmless = n_cells > width && extra.len() == n_cells - width;
        let is_harmless = is_harmless && extra.iter().copied().all(Cell::is_empty);
        let over = if n_lines > 1 {
            format!(", over {n_lines} lines: a quotation mark may be open")
        } else {
            String::new()
        };
        let reason = format!("has {n_cells} cells where the header has {width}{over}");
        self.push(None, "wrong_columns", reason.into(), !is_harmless);
        is_harmless || !self.is_sent
    }

    pub(super) fn line(&self) -> u64 {
        self.span.line
    }

    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// Reads on without noting what is wrong.
    pub(super) fn quietly<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let n_defects = self.defects.len();
        let value = read(self);
        self.defects.truncate(n_defects);
        value
    }

    /// Takes over what was wrong with a record that was put together from this row; once, where several
    /// records have the same trouble.
    pub(super) fn adopt(&mut self, defects: impl IntoIterator<Item = Defect>) {
        for defect in defects {
            if !self.defects.contains(&defect) {
                self.defects.push(defect);
            }
        }
    }

    pub(super) fn into_defects(self) -> Vec<Defect> {
        self.defects
    }

    /// Whether a defect keeps the row from being sent.
    pub(super) fn is_refused(&self) -> bool {
        self.defects.iter().any(|defect| defect.severity == Severity::Refused)
    }

    /// A defect that keeps the row from being sent (a warning, in a file that others only refer to).
    pub(super) fn refuse(&mut self, column: &str, code: &'static str, reason: impl Into<Cow<'static, str>>) {
        self.push(Some(column), code, reason.into(), true);
    }

    /// A defect that does not.
    pub(super) fn warn(&mut self, column: &str, code: &'static str, reason: impl Into<Cow<'static, str>>) {
        self.push(Some(column), code, reason.into(), false);
    }

    fn push(&mut self, column: Option<&str>, code: &'static str, reason: Cow<'static, str>, refuse: bool) {
        let defect = Defect::of_file(self.file, column, code, reason).at(self.span.line);
        self.defects.push(if refuse && self.is_sent { defect.refused() } else { defect });
    }

    /// The trimmed text of a cell; empty when blank or when there is no such column.
    pub(super) fn text(&self, column: &str) -> Cow<'t, str> {
        let cell = self.columns.position(column).and_then(|at| self.cells.get(at));
        cell.map(|cell| cell.text()).unwrap_or_default()
    }

    pub(super) fn has(&self, column: &str) -> bool {
        !self.text(column).is_empty()
    }

    /// Refuses the row for each of these columns that is blank.
    pub(super) fn require(&mut self, columns: &[&'static str]) {
        for column in columns {
            if !self.has(column) {
                self.refuse(column, "missing", "is blank");
            }
        }
    }

    fn parse<T>(
        &mut self,
        column: &str,
        code: &'static str,
        reason: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let value = parse(&text);
        if value.is_none() {
            self.refuse(column, code, reason);
        }
        value
    }

    /// A text that may name a person; empty when blank.
    pub(super) fn clear(&mut self, column: &str) -> Clear {
        let text = self.text(column);
        if text.len() > TEXT_MAX {
            self.refuse(column, "out_of_range", "is longer than 200 bytes");
            return Clear::default();
        }
        if text.contains(char::REPLACEMENT_CHARACTER) {
            self.warn(
                column,
                "encoding",
                "has a character that can not be read, so the student is hard to link",
            );
        }
        Clear::new(text.into_owned())
    }

    pub(super) fn code(&mut self, column: &str) -> Option<Code> {
        let reason = "is not a code (1 to 64 letters, digits and ._:/+&#-)";
        self.parse(column, "not_a_code", reason, |text| Code::new(text).ok())
    }

    pub(super) fn label(&mut self, column: &str) -> Option<Label> {
        let reason = "is not a public name (1 to 120 characters that can be printed)";
        self.parse(column, "not_a_code", reason, |text| Label::new(text).ok())
    }

    pub(super) fn date(&mut self, column: &str) -> Option<Date> {
        let reason = "is not a calendar date (YYYY-MM-DD, or M/D/YYYY)";
        let date = self.parse(column, "not_a_date", reason, value::date)?;
        if !(1900..=2100).contains(&date.parts().0) {
            self.refuse(column, "out_of_range", "is a date outside the years 1900 to 2100");
            return None;
        }
        Some(date)
    }

    pub(super) fn school_year(&mut self, column: &str) -> Option<SchoolYear> {
        let reason = "is not a school year (the year it ends in, or 2024-25)";
        self.parse(column, "not_a_date", reason, value::school_year)
    }

    pub(super) fn birth_month(&mut self, column: &str) -> Option<BirthMonth> {
        self.parse(column, "not_a_date", "is not a month (YYYY-MM)", |text| text.parse().ok())
    }

    pub(super) fn boolean(&mut self, column: &str) -> Option<bool> {
        self.parse(column, "not_a_boolean", "is neither true nor false", value::boolean)
    }

    pub(super) fn grade(&mut self, column: &str) -> Option<Grade> {
        let reason = "is not a CEDS grade (IT PR PK TK KG 01 to 13 PS UG)";
        self.parse(column, "outside_vocabulary", reason, value::grade)
    }

    /// A decimal number in units of `10^-decimals`, within `range`, in these units.
    pub(super) fn fixed(&mut self, column: &str, decimals: usize, range: RangeInclusive<i64>) -> Option<i64> {
        let reason = match decimals {
            0 => "is not a whole number",
            2 => "is not a number with at most 2 decimals",
            _ => "is not a number with at most 3 decimals",
        };
        let number = self.parse(column, "not_a_number", reason, |text| value::fixed(text, decimals))?;
        if range.contains(&number) {
            return Some(number);
        }
        let unit = 10_i64.pow(u32::try_from(decimals).expect("decimals are 0, 2 or 3"));
        let reason = format!("is not between {} and {}", range.start() / unit, range.end() / unit);
        self.refuse(column, "out_of_range", reason);
        None
    }

    /// A number with up to two decimals, from 0 to `max` whole ones, in hundredths.
    pub(super) fn hundredths(&mut self, column: &str, max: u32) -> Option<u32> {
        let number = self.fixed(column, 2, 0..=i64::from(max) * 100)?;
        u32::try_from(number).ok()
    }

    /// A word of a vocabulary: `from_code` gets it in lower case, and `words` are for the reason.
    pub(super) fn word<T>(
        &mut self,
        column: &str,
        words: impl FnOnce() -> Vec<&'static str>,
        from_code: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let value = from_code(&value::word(&text));
        if value.is_none() {
            self.refuse(column, "outside_vocabulary", format!("is none of {}", words().join(", ")));
        }
        value
    }

    /// Refuses the row when the second of two dates is before the first.
    pub(super) fn order(&mut self, first: (&str, Option<Date>), second: (&str, Option<Date>)) {
        if let ((name, Some(first)), (column, Some(second))) = (first, second)
            && second < first
        {
            self.refuse(column, "contradiction", format!("is before {name}"));
        }
    }

    /// A digest of all columns that are read, to tell a repeated row from another one.
    pub(super) fn fingerprint(&self) -> [u8; 16] {
        let room = self.cells.iter().map(|cell| cell.len() + 1).sum();
        let mut text = Zeroizing::new(String::with_capacity(room));
        for at in self.columns.positions() {
            text.push_str(&self.cells.get(at).map(|cell| cell.text()).unwrap_or_default());
            text.push('\u{1F}');
        }
        short_digest(text.as_bytes())
    }
}
