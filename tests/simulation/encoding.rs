//! One source encodes at its own client: nothing that it sends names a student, and all that is the same as in the clear.

use crate::papers::SOURCES;
use crate::people::{Row, local_id};
use crate::service::RING;
use pb::record::{Key, Student};
use throughline::api::{encoded, incoming, v1 as pb};
use throughline::identity::{KeyId, Token, pseudonymize, record_token, student_token};
use throughline::ingest::Incoming;
use throughline::records::OrgId;

/// The source that does.
const ENCODING: usize = 1;

/// The linkage keys that a source's client has.
pub(crate) fn linkage_keys(source: usize) -> Vec<KeyId> {
    if source == ENCODING { RING.linkage().iter().map(|keys| keys.id()).collect() } else { Vec::new() }
}

/// The same in words.
pub(crate) fn linkage_key_ids(source: usize) -> Vec<String> {
    linkage_keys(source).iter().map(ToString::to_string).collect()
}

/// A record as a source's client sends it.
pub(crate) fn sent(source: usize, row: Row) -> pb::Record {
    let clear = row.clear(source);
    if source != ENCODING {
        return clear;
    }
    match incoming(clear.clone()) {
        Ok(Incoming::Clear(submission)) => encoded(&pseudonymize(&RING, &id(source), submission)),
        // What is wrong with a record is for the service to say.
        _ => pb::Record {
            key: Some(Key::KeyToken(key_token(source, row).as_bytes().to_vec())),
            student: Some(Student::StudentToken(token(source, row.student).as_bytes().to_vec())),
            ..clear
        },
    }
}

/// Keys of records, and students, as a source's client sends them.
pub(crate) fn file_keys(
    source: usize,
    rows: impl Iterator<Item = Row>,
    students: impl Iterator<Item = usize>,
) -> pb::FileKeys {
    let bytes = |token: Token| token.as_bytes().to_vec();
    match source {
        ENCODING => pb::FileKeys {
            key_tokens: rows.map(|row| bytes(key_token(source, row))).collect(),
            student_tokens: students.map(|n| bytes(token(source, n))).collect(),
            ..pb::FileKeys::default()
        },
        _ => pb::FileKeys {
            clear_keys: rows.map(|row| row.key(source)).collect(),
            clear_students: students.map(|n| local_id(source, n)).collect(),
            ..pb::FileKeys::default()
        },
    }
}

/// What stands for the key of a source's record.
pub(crate) fn key_token(source: usize, row: Row) -> Token {
    record_token(&RING, &id(source), row.kind(), &row.key(source))
}

/// What stands for a source's student.
pub(crate) fn token(source: usize, student: usize) -> Token {
    student_token(&RING, &id(source), &local_id(source, student))
}

fn id(source: usize) -> OrgId {
    OrgId::new(SOURCES[source]).expect("an id")
}
