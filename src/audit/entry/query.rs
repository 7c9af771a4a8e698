//! The query of an entry: syntax, and no room for anything else.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The canonical text of a query: names of products, indicators, dimensions and categories.
///
/// 1 to 1,024 of ASCII letters, digits, space and `. _ : / + & # - = ,`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QueryText(Box<str>);

/// A text is not the text of a query. It says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a query text (1 to 1,024 letters, digits, spaces and ._:/+&#-=,)")]
pub struct NotAQuery(());

impl QueryText {
    /// The query text a text spells.
    ///
    /// # Errors
    ///
    /// [`NotAQuery`] for an empty or long text, or one with other characters.
    pub fn new(text: &str) -> Result<Self, NotAQuery> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"._:/+&#-=, ".contains(&b);
        let is_query = (1..=1024).contains(&text.len()) && text.bytes().all(fits);
        if is_query { Ok(Self(text.into())) } else { Err(NotAQuery(())) }
    }
}

impl TryFrom<String> for QueryText {
    type Error = NotAQuery;

    fn try_from(text: String) -> Result<Self, NotAQuery> {
        Self::new(&text)
    }
}

impl From<QueryText> for String {
    fn from(query: QueryText) -> Self {
        query.0.into()
    }
}

impl fmt::Display for QueryText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
