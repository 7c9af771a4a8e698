//! A batch once it is encoded: no name is in it any more.

use super::{Batch, Incoming, Intake};
use crate::identity::{KeyId, Pseudonymized, pseudonymize};
use crate::records::{Change, OrgId, Violation};
use crate::store;

/// A batch without a name in it.
pub(super) struct Encoded {
    pub(super) delivery: String,
    pub(super) id: String,
    pub(super) sequence: u64,
    pub(super) linkage_keys: Vec<KeyId>,
    pub(super) records: Vec<Result<Pseudonymized, Vec<Violation>>>,
}

impl Encoded {
    pub(super) fn new(intake: &Intake, source: &OrgId, batch: Batch) -> Self {
        let encode = |record| match (record, intake) {
            (Incoming::Encoded(record), _) => Ok(record),
            (Incoming::Clear(submission), Intake::Encodes(ring)) => {
                Ok(pseudonymize(ring, source, submission))
            }
            (Incoming::Clear(_), Intake::EncodedOnly) => Err(vec![Violation::new(
                "key",
                "clear_identifiers",
                "this service takes encoded identifiers only (push --encode)",
            )]),
        };
        let Batch { delivery, id, sequence, linkage_keys, records } = batch;
        let records = records.into_iter().map(|record| record.and_then(encode)).collect();
        Self { delivery, id, sequence, linkage_keys, records }
    }

    /// A keyed digest of the content, the same for the same records. A refused record counts by what is
    /// wrong with it, since its content is not kept; a student by its first encoding, which says what the second does.
    pub(super) fn digest(&self, key: &store::ServiceKey) -> [u8; 32] {
        let mut context = key.digest();
        let mut add = |part: &[u8]| {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        };
        for record in &self.records {
            match record {
                Ok(record) => {
                    add(record.key.as_bytes());
                    add(record.student.as_ref().map_or(&[][..], |token| token.as_bytes()));
                    add(record.encodings.first().map_or(&[][..], |encoding| encoding.as_bytes()));
                    add(&match &record.change {
                        Change::Upsert(fact) => fact.to_stored(),
                        Change::Delete(kind) => vec![*kind as u8],
                    });
                }
                Err(violations) => {
                    for violation in violations {
                        add(violation.field.as_bytes());
                        add(violation.code.as_bytes());
                    }
                }
            }
        }
        let tag = context.sign();
        tag.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
    }
}
