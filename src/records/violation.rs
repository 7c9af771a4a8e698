//! What is wrong with a record: where and why, never the value.

use serde::{Deserialize, Serialize};

/// One thing that is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Field path, for example `person.identifiers.birth_date`.
    pub field: String,
    /// A stable code, for example `not_a_date`.
    pub code: String,
    /// The reason in words; it never quotes the value.
    pub reason: String,
}

impl Violation {
    /// A violation of a field.
    #[must_use]
    pub fn new(field: &str, code: &str, reason: &str) -> Self {
        Self { field: field.into(), code: code.into(), reason: reason.into() }
    }
}
