//! The step from a submission in the clear to what may be stored.

use super::encode::Encoder;
use super::{Encoding, KeyRing, Token};
use crate::records::{Change, Fact, Kind, OrgId, Submission};

/// A submission without identifiers.
#[derive(Debug)]
pub struct Pseudonymized {
    /// The record, in place of the source's own key.
    pub key: Token,
    /// The student, in place of the local student number; absent for schools and programs.
    pub student: Option<Token>,
    /// Who the student is, once for each linkage key; none when there were no identifiers.
    pub encodings: Vec<Encoding>,
    /// What is said.
    pub change: Change,
}

impl Pseudonymized {
    /// A submission whose source has encoded it already.
    #[must_use]
    pub const fn from_parts(
        key: Token,
        student: Option<Token>,
        encodings: Vec<Encoding>,
        change: Change,
    ) -> Self {
        Self { key, student, encodings, change }
    }
}

/// Takes the identifiers out of a submission and wipes them.
///
/// A pure function of its arguments: a source that runs it itself gets the service's bytes. Without
/// a single usable identifier the encoding is empty and links to nothing.
#[must_use]
pub fn pseudonymize(ring: &KeyRing, source: &OrgId, submission: Submission) -> Pseudonymized {
    let sex = match &submission.change {
        Change::Upsert(Fact::Person(demographics)) => demographics.sex,
        _ => None,
    };
    let encode = |identifiers| {
        let encode = |keys| Encoder::new(keys).encode(&identifiers, sex);
        ring.linkage().iter().map(encode).collect()
    };
    Pseudonymized {
        key: Token::record(ring.tokens(), source, submission.change.kind(), submission.key.expose()),
        student: submission.student.map(|id| Token::student(ring.tokens(), source, id.expose())),
        encodings: submission.identifiers.map(encode).unwrap_or_default(),
        change: submission.change,
    }
}

/// The token of a record by its key alone: the one that [`pseudonymize`] gives a submission of that kind and key.
#[must_use]
pub fn record_token(ring: &KeyRing, source: &OrgId, kind: Kind, key: &str) -> Token {
    Token::record(ring.tokens(), source, kind, key)
}
