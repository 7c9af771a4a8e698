//! The step from a submission in the clear to what may be stored.

use super::encode::Encoder;
use super::{Encoding, Keys, Token};
use crate::records::{Change, Fact, OrgId, Submission};

/// A submission without identifiers.
#[derive(Debug)]
pub struct Pseudonymized {
    /// The record, in place of the source's own key.
    pub key: Token,
    /// The student, in place of the local student number; absent for schools and programs.
    pub student: Option<Token>,
    /// Who the student is; present when identifiers were.
    pub encoding: Option<Encoding>,
    /// What is said.
    pub change: Change,
}

impl Pseudonymized {
    /// A submission whose source has encoded it already.
    #[must_use]
    pub const fn from_parts(
        key: Token,
        student: Option<Token>,
        encoding: Option<Encoding>,
        change: Change,
    ) -> Self {
        Self { key, student, encoding, change }
    }
}

/// Takes the identifiers out of a submission and wipes them.
///
/// A pure function of its arguments: a source that runs it itself gets the service's bytes. Without
/// a single usable identifier the encoding is empty and links to nothing.
#[must_use]
pub fn pseudonymize(keys: &Keys, source: &OrgId, submission: Submission) -> Pseudonymized {
    let sex = match &submission.change {
        Change::Upsert(Fact::Person(demographics)) => demographics.sex,
        _ => None,
    };
    Pseudonymized {
        key: Token::record(keys, source, submission.change.kind(), submission.key.expose()),
        student: submission.student.map(|id| Token::student(keys, source, id.expose())),
        encoding: submission.identifiers.map(|identifiers| Encoder::new(keys).encode(&identifiers, sex)),
        change: submission.change,
    }
}
