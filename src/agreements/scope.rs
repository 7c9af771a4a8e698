//! Whose data a destruction is about.

use crate::records::{Code, OrgId};
use std::fmt;

/// What is destroyed together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// All that a source has sent: it has withdrawn.
    Source(OrgId),
    /// All that was received under an agreement and under no other that lasts: its date has come.
    Agreement(Code),
}

impl Scope {
    /// The scope of that kind and id.
    #[must_use]
    pub fn new(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "source" => OrgId::new(id).ok().map(Self::Source),
            "agreement" => Code::new(id).ok().map(Self::Agreement),
            _ => None,
        }
    }

    /// `source` or `agreement`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Source(_) => "source",
            Self::Agreement(_) => "agreement",
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Source(id) => id.as_str(),
            Self::Agreement(id) => id.as_str(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.id())
    }
}
