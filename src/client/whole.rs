//! Deliveries of whole files, as their source prepares them.

use crate::api::{kind_to, v1 as pb};
use crate::ingest::Part;
use crate::records::Kind;
use std::collections::BTreeMap;

/// What files are whole about, and the keys of everything in them, sent or refused.
#[derive(Default)]
pub struct WholeFiles {
    /// The parts, by kind.
    pub parts: BTreeMap<Kind, Part>,
    /// Their keys, ready for the wire.
    pub keys: BTreeMap<Kind, Vec<pb::record::Key>>,
    /// Students of whom any record may be in the files: of refused rows whose keys can not be read, for one.
    pub students: BTreeMap<Kind, Vec<pb::record::Student>>,
    /// Records of the delivery.
    pub n_records: u64,
}

/// Keys in a message.
const KEYS: usize = 5_000;

impl WholeFiles {
    /// What the opening says of them.
    pub(super) fn parts(&self) -> Vec<pb::WholePart> {
        let part = |(kind, part): (&Kind, &Part)| pb::WholePart {
            kind: kind_to(*kind),
            school_years: part.years.iter().map(|year| year.ending().into()).collect(),
            undated: part.undated,
        };
        self.parts.iter().map(part).collect()
    }

    /// The messages that bring the keys.
    pub(super) fn into_keys(self) -> impl Iterator<Item = pb::FileKeys> {
        let Self { keys, students, .. } = self;
        let keys = keys.into_iter().flat_map(|(kind, keys)| {
            parts_of(keys).map(move |keys| {
                let mut message = pb::FileKeys { kind: kind_to(kind), ..pb::FileKeys::default() };
                for key in keys {
                    match key {
                        pb::record::Key::ClearKey(key) => message.clear_keys.push(key),
                        pb::record::Key::KeyToken(token) => message.key_tokens.push(token),
                    }
                }
                message
            })
        });
        let students = students.into_iter().flat_map(|(kind, students)| {
            parts_of(students).map(move |students| {
                let mut message = pb::FileKeys { kind: kind_to(kind), ..pb::FileKeys::default() };
                for student in students {
                    match student {
                        pb::record::Student::ClearStudent(id) => message.clear_students.push(id),
                        pb::record::Student::StudentToken(token) => message.student_tokens.push(token),
                    }
                }
                message
            })
        });
        keys.chain(students).chain([pb::FileKeys { last: true, ..pb::FileKeys::default() }])
    }
}

/// As many at a time as a message takes.
fn parts_of<T>(mut all: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    std::iter::from_fn(move || {
        let rest = all.split_off(all.len().min(KEYS));
        let some = std::mem::replace(&mut all, rest);
        (!some.is_empty()).then_some(some)
    })
}
