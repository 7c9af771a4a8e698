//! Where the value of a template's column comes from, as a mapping says it.

use super::super::fields::Fields;
use super::date::DateForm;
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A translation of codes; a code in lower case, to what it becomes. What becomes `""` is left blank.
pub(super) type Codes = BTreeMap<String, String>;

/// Where a value comes from, and what is done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) from: Taken,
    pub(super) change: Change,
    /// Line of the mapping.
    pub(super) line: u64,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    Constant(String),
    Column(String),
    /// What is not blank, with the text between.
    Join(Vec<Source>, String),
    /// The first that is not blank.
    First(Vec<Source>),
}

/// What is done to a value that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Codes(Arc<Codes>),
    Date(DateForm),
    /// The school year within a text such as `Fall 2022-2023`.
    SchoolYear,
}

/// Why there is no value.
pub(super) enum Trouble {
    Unmapped { columns: String, code: Zeroizing<String> },
    NotADate { columns: String, form: String },
    NoSchoolYear { columns: String },
}

impl Source {
    /// The value for a row; empty when blank. A text of `blank` is as good as none.
    pub(super) fn value(&self, row: &Fields<'_, '_>, blank: &[String]) -> Result<Zeroizing<String>, Trouble> {
        let text = match &self.from {
            Taken::Constant(text) => Zeroizing::new(text.clone()),
            Taken::Column(name) => filled(row, name, blank),
            Taken::Join(parts, with) => {
                let parts: Vec<_> =
                    parts.iter().map(|part| part.value(row, blank)).collect::<Result<_, _>>()?;
                joined(&parts, with)
            }
            Taken::First(parts) => {
                let mut found = Zeroizing::default();
                for part in parts {
                    found = part.value(row, blank)?;
                    if !found.is_empty() {
                        break;
                    }
                }
                found
            }
        };
        if text.is_empty() {
            return Ok(text);
        }
        let columns = || self.columns().join(", ");
        match &self.change {
            Change::None => Ok(text),
            Change::Codes(codes) => match codes.get(Zeroizing::new(text.to_lowercase()).as_str()) {
                Some(word) => Ok(Zeroizing::new(word.clone())),
                None => Err(Trouble::Unmapped { columns: columns(), code: text }),
            },
            Change::Date(form) => match form.rewrite(&text) {
                Some(date) => Ok(Zeroizing::new(date)),
                None => Err(Trouble::NotADate { columns: columns(), form: form.as_str().to_owned() }),
            },
            Change::SchoolYear => match school_year_in(&text) {
                Some(year) => Ok(Zeroizing::new(year.to_owned())),
                None => Err(Trouble::NoSchoolYear { columns: columns() }),
            },
        }
    }

    /// Names of the columns it reads, in the order of the mapping.
    pub(super) fn columns(&self) -> Vec<&str> {
        match &self.from {
            Taken::Constant(_) => Vec::new(),
            Taken::Column(name) => vec![name],
            Taken::Join(parts, _) | Taken::First(parts) => parts.iter().flat_map(Self::columns).collect(),
        }
    }

    /// The same source with `star` for the `*` in its columns' names.
    pub(super) fn with_star(&self, star: &str) -> Self {
        let all = |parts: &[Self]| parts.iter().map(|part| part.with_star(star)).collect();
        let from = match &self.from {
            Taken::Constant(text) => Taken::Constant(text.clone()),
            Taken::Column(name) => Taken::Column(name.replace('*', star)),
            Taken::Join(parts, with) => Taken::Join(all(parts), with.clone()),
            Taken::First(parts) => Taken::First(all(parts)),
        };
        Self { from, change: self.change.clone(), line: self.line }
    }
}

impl Trouble {
    /// The columns, the code of the defect and the reason, without the value.
    pub(super) fn in_words(self) -> (String, &'static str, String) {
        match self {
            Self::Unmapped { columns, .. } => {
                (columns, "unmapped_code", "has no translation in the mapping".to_owned())
            }
            Self::NotADate { columns, form } => {
                (columns, "not_a_date", format!("is not a date of the form {form}"))
            }
            Self::NoSchoolYear { columns } => {
                (columns, "not_a_date", "has no school year such as 2024-25 in it".to_owned())
            }
        }
    }
}

/// The text of a cell, unless it only says that there is none.
pub(super) fn filled(row: &Fields<'_, '_>, column: &str, blank: &[String]) -> Zeroizing<String> {
    let text = row.text(column);
    if blank.iter().any(|blank| text.eq_ignore_ascii_case(blank)) {
        return Zeroizing::default();
    }
    Zeroizing::new(text.into_owned())
}

fn joined(parts: &[Zeroizing<String>], with: &str) -> Zeroizing<String> {
    let room = parts.iter().map(|part| part.len() + with.len()).sum();
    let mut text = Zeroizing::new(String::with_capacity(room));
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if !text.is_empty() {
            text.push_str(with);
        }
        text.push_str(part);
    }
    text
}

/// `2022-2023`, `2022/2023` or `2022-23` within a text.
fn school_year_in(text: &str) -> Option<&str> {
    let is_year = |text: &str, length: usize| {
        text.len() >= length && text.bytes().take_while(u8::is_ascii_digit).count() == length
    };
    text.match_indices(['-', '/']).find_map(|(at, _)| {
        let begin = at.checked_sub(4)?;
        let before = text.get(begin..at).filter(|year| is_year(year, 4))?;
        let is_longer = text[..begin].ends_with(|c: char| c.is_ascii_digit());
        let after = text.get(at + 1..)?;
        let length = [4, 2].into_iter().find(|length| is_year(after, *length))?;
        (!is_longer).then(|| &text[begin..begin + before.len() + 1 + length])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_within_a_term() {
        for (text, expected) in [
            ("Fall 2021-2022", Some("2021-2022")),
            ("2022/23 Winter", Some("2022/23")),
            ("SY2024-25", Some("2024-25")),
            ("2-1 of 2024-2025", Some("2024-2025")),
            ("Fall 2021", None),
            ("12021-2022", None),
            ("2021-202", None),
            ("é-2021", None),
            ("", None),
        ] {
            assert_eq!(school_year_in(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_blank_is_not_joined() {
        let parts = ["a", "", "b"].map(|text| Zeroizing::new(text.to_owned()));
        assert_eq!(joined(&parts, "-").as_str(), "a-b");
        assert_eq!(joined(&parts[1..2], "-").as_str(), "");
    }
}
