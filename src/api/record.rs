//! A record of the wire becomes a whole incoming record, or everything that is wrong with it.

use super::check::Check;
use super::fact::{Identity, change};
use super::v1 as pb;
use crate::identity::{Encoding, Pseudonymized, Token};
use crate::ingest::Incoming;
use crate::records::{Change, Clear, Submission, Violation};
use pb::record::{Key, Student};

/// Longest key or local student id, in bytes.
pub const MAX_ID: usize = 200;

/// Reads a record. Keys, student and identifiers are either all in the clear or all encoded.
///
/// # Errors
///
/// Every violation, with the path of the field and a reason that never quotes the value.
pub fn incoming(record: pb::Record) -> Result<Incoming, Vec<Violation>> {
    let Some(fact) = record.fact else {
        return Err(vec![Violation::new("fact", "missing", "is required")]);
    };
    let mut who = Check::new("");
    let (change, identity, violations) = match change(fact) {
        Ok((change, identity)) => (Some(change), identity, Vec::new()),
        Err(violations) => (None, None, violations),
    };
    if let Some(change) = &change {
        let has_student = change.kind().has_student();
        let deletes = matches!(change, Change::Delete(_));
        match (&record.student, has_student) {
            (None, true) if !deletes => who.wrong("student", "missing", "is required"),
            (Some(_), false) => who.wrong("student", "contradiction", "this kind has no student"),
            _ => {}
        }
    }
    let incoming = match (record.key, record.student) {
        (Some(Key::ClearKey(key)), None) if text_fits(&mut who, "key", &key) => {
            change.and_then(|change| clear(&mut who, key, None, identity, change))
        }
        (Some(Key::ClearKey(key)), Some(Student::ClearStudent(student)))
            if text_fits(&mut who, "key", &key) & text_fits(&mut who, "student", &student) =>
        {
            change.and_then(|change| clear(&mut who, key, Some(student), identity, change))
        }
        (Some(Key::KeyToken(key)), None) => {
            change.and_then(|change| encoded(&mut who, &key, None, identity, change))
        }
        (Some(Key::KeyToken(key)), Some(Student::StudentToken(student))) => {
            change.and_then(|change| encoded(&mut who, &key, Some(&student), identity, change))
        }
        (None, _) => {
            who.wrong("key", "missing", "is required");
            None
        }
        (Some(Key::ClearKey(_)), Some(Student::StudentToken(_)))
        | (Some(Key::KeyToken(_)), Some(Student::ClearStudent(_))) => {
            who.wrong(
                "student",
                "contradiction",
                "key and student must both be in the clear or both be tokens",
            );
            None
        }
        _ => None,
    };
    match who.finish(incoming) {
        Ok(incoming) => Ok(incoming),
        Err(more) => Err(violations.into_iter().chain(more).collect()),
    }
}

fn text_fits(check: &mut Check, field: &str, text: &str) -> bool {
    let fits = (1..=MAX_ID).contains(&text.len());
    if !fits {
        check.wrong(field, "out_of_range", "must have 1 to 200 bytes");
    }
    fits
}

fn clear(
    check: &mut Check,
    key: String,
    student: Option<String>,
    identity: Option<Identity>,
    change: Change,
) -> Option<Incoming> {
    let identifiers = match identity {
        Some(Identity::Clear(identifiers)) => Some(identifiers),
        None => None,
        Some(Identity::Encoded(_)) => {
            check.wrong("person.encoding", "contradiction", "comes with tokens, not with a key in the clear");
            return None;
        }
    };
    let (key, student) = (Clear::new(key), student.map(Clear::new));
    Some(Incoming::Clear(Submission { key, student, identifiers, change }))
}

fn encoded(
    check: &mut Check,
    key: &[u8],
    student: Option<&[u8]>,
    identity: Option<Identity>,
    change: Change,
) -> Option<Incoming> {
    let mut token = |field: &str, bytes: &[u8]| match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => Some(Token::from_bytes(bytes)),
        Err(_) => {
            check.wrong(field, "not_a_token", "must have 16 bytes");
            None
        }
    };
    let key = token("key", key);
    let student = student.map(|bytes| token("student", bytes));
    let encodings = match identity {
        Some(Identity::Encoded(bytes)) => encodings(check, &bytes)?,
        None => Vec::new(),
        Some(Identity::Clear(_)) => {
            check.wrong(
                "person.identifiers",
                "contradiction",
                "come with a key in the clear, not with tokens",
            );
            return None;
        }
    };
    let student = match student {
        Some(None) => return None,
        Some(Some(token)) => Some(token),
        None => None,
    };
    Some(Incoming::Encoded(Pseudonymized::from_parts(key?, student, encodings, change)))
}

/// One encoding, or two with different keys.
fn encodings(check: &mut Check, bytes: &[Vec<u8>]) -> Option<Vec<Encoding>> {
    let mut encodings: Vec<Encoding> = Vec::with_capacity(bytes.len());
    for (field, bytes) in ["person.encoding", "person.second_encoding"].into_iter().zip(bytes) {
        match Encoding::from_bytes(bytes) {
            Ok(encoding) if encodings.iter().any(|other| other.key() == encoding.key()) => {
                check.wrong(field, "contradiction", "is made with the key of the other encoding");
                return None;
            }
            Ok(encoding) => encodings.push(encoding),
            Err(error) => {
                check.wrong(field, "not_an_encoding", &error.to_string());
                return None;
            }
        }
    }
    Some(encodings)
}
