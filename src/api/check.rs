//! Reads fields one by one and keeps everything that is wrong, so that a record's errors come at once.

use crate::calendar::{Date, SchoolYear};
use crate::records::{BirthMonth, Code, Label, NotABirthMonth, Violation};

/// Collects what is wrong with the fields of one record.
pub(super) struct Check {
    prefix: &'static str,
    violations: Vec<Violation>,
}

impl Check {
    /// Starts on the fields below `prefix`.
    pub(super) const fn new(prefix: &'static str) -> Self {
        Self { prefix, violations: Vec::new() }
    }

    /// The value, unless something was wrong.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Violation>> {
        match value {
            Some(value) if self.violations.is_empty() => Ok(value),
            _ => Err(self.violations),
        }
    }

    /// Notes something wrong with a field.
    pub(super) fn wrong(&mut self, field: &str, code: &str, reason: &str) {
        let field =
            if self.prefix.is_empty() { field.to_owned() } else { format!("{}.{field}", self.prefix) };
        self.violations.push(Violation::new(&field, code, reason));
    }

    fn required<T>(
        &mut self,
        field: &str,
        text: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if text.is_empty() {
            self.wrong(field, "missing", "is required");
            return None;
        }
        read(self)
    }

    /// A required code.
    pub(super) fn code(&mut self, field: &str, text: &str) -> Option<Code> {
        self.required(field, text, |check| check.code_in(field, text))
    }

    /// A code that may be absent.
    pub(super) fn code_or_none(&mut self, field: &str, text: &str) -> Option<Code> {
        if text.is_empty() { None } else { self.code_in(field, text) }
    }

    fn code_in(&mut self, field: &str, text: &str) -> Option<Code> {
        Code::new(text).map_err(|error| self.wrong(field, "not_a_code", &error.to_string())).ok()
    }

    /// A required public name.
    pub(super) fn label(&mut self, field: &str, text: &str) -> Option<Label> {
        self.required(field, text, |check| {
            Label::new(text)
                .map_err(|_| check.wrong(field, "not_a_label", "is too long or has control characters"))
                .ok()
        })
    }

    /// A required date.
    pub(super) fn date(&mut self, field: &str, text: &str) -> Option<Date> {
        self.required(field, text, |check| check.date_in(field, text))
    }

    /// A date that may be absent.
    pub(super) fn date_or_none(&mut self, field: &str, text: &str) -> Option<Date> {
        if text.is_empty() { None } else { self.date_in(field, text) }
    }

    fn date_in(&mut self, field: &str, text: &str) -> Option<Date> {
        let date =
            text.parse::<Date>().map_err(|error| self.wrong(field, "not_a_date", &error.to_string())).ok()?;
        let plausible = (1900..=2100).contains(&date.parts().0);
        if !plausible {
            self.wrong(field, "out_of_range", "is before 1900 or after 2100");
        }
        plausible.then_some(date)
    }

    /// A month of birth that may be absent.
    pub(super) fn month_or_none(&mut self, field: &str, text: &str) -> Option<BirthMonth> {
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|error: NotABirthMonth| self.wrong(field, "not_a_date", &error.to_string())).ok()
    }

    /// A span: the last day, if there is one, is not before the first.
    pub(super) fn span(&mut self, field: &str, first: Option<Date>, last: Option<Date>) {
        if let (Some(first), Some(last)) = (first, last)
            && last < first
        {
            self.wrong(field, "contradiction", "is before the first day");
        }
    }

    /// A required school year.
    pub(super) fn year(&mut self, field: &str, year: u32) -> Option<SchoolYear> {
        let known = SchoolYear::new(year);
        if known.is_none() {
            self.wrong(field, "out_of_range", "is not a school year");
        }
        known
    }

    /// A required word of a vocabulary.
    pub(super) fn word<T>(&mut self, field: &str, text: &str, read: fn(&str) -> Option<T>) -> Option<T> {
        self.required(field, text, |check| check.word_in(field, text, read))
    }

    /// A word of a vocabulary that may be absent.
    pub(super) fn word_or_none<T>(
        &mut self,
        field: &str,
        text: &str,
        read: fn(&str) -> Option<T>,
    ) -> Option<T> {
        if text.is_empty() { None } else { self.word_in(field, text, read) }
    }

    fn word_in<T>(&mut self, field: &str, text: &str, read: fn(&str) -> Option<T>) -> Option<T> {
        let value = read(text);
        if value.is_none() {
            self.wrong(field, "outside_vocabulary", "is not a word of its vocabulary");
        }
        value
    }

    /// A number of hundredths up to a limit.
    pub(super) fn hundredths(&mut self, field: &str, value: u32, limit: u32) -> Option<u32> {
        if value > limit {
            self.wrong(field, "out_of_range", "is larger than can be");
        }
        (value <= limit).then_some(value)
    }
}
