//! A whole submission in the clear: it lives from parsing to pseudonymization and no longer.

use super::{BirthDate, Fact, Kind};
use std::borrow::Borrow;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A text that may name a person: shown as `[clear]`, never copied, wiped when dropped.
#[derive(Default, PartialEq, Eq, Hash, Zeroize, ZeroizeOnDrop)]
pub struct Clear(String);

impl Clear {
    /// Takes a text in, trimmed.
    #[must_use]
    pub fn new(mut text: String) -> Self {
        let trimmed = text.trim();
        if trimmed.len() != text.len() {
            let kept = trimmed.to_owned();
            text.zeroize();
            text = kept;
        }
        Self(text)
    }

    /// The text, for `identity` to normalise and encode and for a client to send.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Borrow<str> for Clear {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Clear {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl fmt::Debug for Clear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[clear]")
    }
}

/// Who a student is, in the clear. Empty texts are unknown.
///
/// There is no `Clone`, `Debug` shows nothing, and `identity::pseudonymize` consumes it.
#[derive(Default)]
pub struct Identifiers {
    /// Given name.
    pub first_name: Clear,
    /// Middle name or initial.
    pub middle_name: Clear,
    /// Family name.
    pub last_name: Clear,
    /// Generation suffix, such as `Jr`.
    pub suffix: Clear,
    /// Date of birth, as written.
    pub birth_date: Option<BirthDate>,
    /// Street address without city.
    pub street_address: Clear,
    /// City, suburb or place.
    pub city: Clear,
    /// ZIP code.
    pub zip: Clear,
    /// An identifier several sources share, such as a state student number.
    pub shared_id: Clear,
}

impl fmt::Debug for Identifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identifiers([clear])")
    }
}

/// What a submission does to the record of its kind and key.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Stores the fact, in place of what was there.
    Upsert(Fact),
    /// Withdraws the record of that kind.
    Delete(Kind),
}

impl Change {
    /// The kind of record it is about.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Upsert(fact) => fact.kind(),
            Self::Delete(kind) => *kind,
        }
    }
}

/// One record as a source sends it in the clear.
#[derive(Debug)]
pub struct Submission {
    /// The source's key of the record, unique per source and kind. It may be a student number.
    pub key: Clear,
    /// The student in the source's numbering; absent for schools and programs.
    pub student: Option<Clear>,
    /// Who the student is; only with [`Fact::Person`].
    pub identifiers: Option<Identifiers>,
    /// What is said.
    pub change: Change,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_clear_is_printed() {
        let submission = Submission {
            key: "canary-key".into(),
            student: Some("canary-student".into()),
            identifiers: Some(Identifiers { first_name: "canary-name".into(), ..Identifiers::default() }),
            change: Change::Delete(Kind::Person),
        };
        assert!(!format!("{submission:?}").contains("canary"));
    }
}
