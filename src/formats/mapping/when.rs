//! Of which rows a record is made.

use super::super::fields::Fields;
use super::source::filled;

/// One condition; all of a record's hold, or it is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// The column has one of these texts, whatever their letter case.
    Is(String, Vec<String>),
    /// The column has none of them.
    IsNot(String, Vec<String>),
    /// One of these columns is filled.
    Filled(Vec<String>),
}

impl Condition {
    pub(super) fn holds(&self, row: &Fields<'_, '_>, blank: &[String]) -> bool {
        let is_one = |column: &String, texts: &[String]| {
            let text = row.text(column);
            texts.iter().any(|other| text.eq_ignore_ascii_case(other))
        };
        match self {
            Self::Is(column, texts) => is_one(column, texts),
            Self::IsNot(column, texts) => !is_one(column, texts),
            Self::Filled(columns) => columns.iter().any(|column| !filled(row, column, blank).is_empty()),
        }
    }

    pub(super) fn columns(&self) -> Vec<&str> {
        match self {
            Self::Is(column, _) | Self::IsNot(column, _) => vec![column],
            Self::Filled(columns) => columns.iter().map(String::as_str).collect(),
        }
    }

    /// The same condition with `star` for the `*` in its columns' names.
    pub(super) fn with_star(&self, star: &str) -> Self {
        let name = |column: &String| column.replace('*', star);
        match self {
            Self::Is(column, texts) => Self::Is(name(column), texts.clone()),
            Self::IsNot(column, texts) => Self::IsNot(name(column), texts.clone()),
            Self::Filled(columns) => Self::Filled(columns.iter().map(name).collect()),
        }
    }
}
