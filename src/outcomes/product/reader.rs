//! Reading a table of a document: every problem of it is noted with its path, none quotes what was written.

use crate::outcomes::Problem;
use crate::records::{Code, Label};
use std::ops::RangeInclusive;
use toml::{Table, Value};

/// A table of the document, and the keys that were asked for so far.
pub(super) struct Reader<'t, 'p> {
    table: &'t Table,
    path: String,
    known: Vec<String>,
    problems: &'p mut Vec<Problem>,
}

impl<'t, 'p> Reader<'t, 'p> {
    pub(super) fn new(table: &'t Table, path: String, problems: &'p mut Vec<Problem>) -> Self {
        Self { table, path, known: Vec::new(), problems }
    }

    pub(super) fn problem(&mut self, key: &str, reason: &str) {
        let path = format!("{}{key}", self.path);
        self.problems.push(Problem { path, reason: reason.into() });
    }

    /// Reports the keys that nothing asked for.
    pub(super) fn finish(&mut self) {
        let unknown: Vec<_> = self.table.keys().filter(|key| !self.known.contains(key)).cloned().collect();
        for key in unknown {
            self.problem(&key, "is not a known key");
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The value at a key, read by `of`; a problem when `of` finds nothing.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        reason: &str,
        of: impl FnOnce(&'t Value) -> Option<T>,
    ) -> Option<T> {
        self.known.push(key.into());
        let value = of(self.table.get(key)?);
        if value.is_none() {
            self.problem(key, reason);
        }
        value
    }

    pub(super) fn required<T>(
        &mut self,
        key: &str,
        reason: &str,
        of: impl FnOnce(&'t Value) -> Option<T>,
    ) -> Option<T> {
        if !self.has(key) {
            self.problem(key, "is missing");
        }
        self.optional(key, reason, of)
    }

    pub(super) fn text(&mut self, key: &str) -> Option<&'t str> {
        self.required(key, "is not a text", Value::as_str)
    }

    pub(super) fn optional_text(&mut self, key: &str) -> Option<&'t str> {
        self.optional(key, "is not a text", Value::as_str)
    }

    pub(super) fn label(&mut self, key: &str) -> Option<String> {
        let label = |value: &Value| Label::new(value.as_str()?).ok();
        self.required(key, "is not a text of 1 to 120 characters", label).map(|label| label.to_string())
    }

    pub(super) fn code(&mut self, key: &str) -> Option<Code> {
        self.required(key, "is not a code", |value| Code::new(value.as_str()?).ok())
    }

    /// An id that partners write: a-z, 0-9, `_` and `-`, at most 64.
    pub(super) fn identifier(&mut self, key: &str) -> Option<String> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let of = |value: &Value| {
            value
                .as_str()
                .filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(fits))
                .map(str::to_owned)
        };
        self.required(key, "is not an id (1 to 64 of a-z, 0-9, _ and -)", of)
    }

    pub(super) fn number(
        &mut self,
        key: &str,
        range: RangeInclusive<i64>,
        default: Option<i64>,
    ) -> Option<i64> {
        if default.is_some() && !self.has(key) {
            self.known.push(key.into());
            return default;
        }
        let reason = format!("is not a whole number from {} to {}", range.start(), range.end());
        self.required(key, &reason, |value| value.as_integer().filter(|n| range.contains(n)))
    }

    pub(super) fn numbers(&mut self, key: &str, range: RangeInclusive<i64>) -> Option<Vec<i64>> {
        let of = |value: &Value| value.as_integer().filter(|n| range.contains(n));
        self.required(key, "is not a list of whole numbers", |value| {
            value.as_array()?.iter().map(of).collect()
        })
    }

    pub(super) fn codes(&mut self, key: &str) -> Option<Vec<Code>> {
        let of = |value: &Value| Code::new(value.as_str()?).ok();
        self.required(key, "is not a list of codes", |value| value.as_array()?.iter().map(of).collect())
    }

    pub(super) fn table(&mut self, key: &str) -> Option<Reader<'t, '_>> {
        let table = self.required(key, "is not a table", Value::as_table)?;
        Some(Reader::new(table, format!("{}{key}.", self.path), self.problems))
    }

    /// Reads each table of a list that has at least `least` of them.
    pub(super) fn tables(&mut self, key: &str, least: usize, mut each: impl FnMut(&mut Reader<'t, '_>)) {
        let tables = |value: &'t Value| value.as_array()?.iter().map(Value::as_table).collect();
        let tables: Vec<&Table> = self.optional(key, "is not a list of tables", tables).unwrap_or_default();
        if tables.len() < least {
            self.problem(key, "has no entry");
        }
        for (at, table) in tables.into_iter().enumerate() {
            each(&mut Reader::new(table, format!("{}{key}[{at}].", self.path), self.problems));
        }
    }
}
