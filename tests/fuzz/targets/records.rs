//! Messages of the wire: records that are pushed, queries, and what is stored of records.

use super::choice;
use prost::Message as _;
use std::sync::LazyLock;
use throughline::api::{self, v1 as pb};
use throughline::identity::{Encoding, KeyRing, Root, Token, pseudonymize};
use throughline::ingest::Incoming;
use throughline::records::{Change, Fact, OrgId, Violation};

static RING: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::of(&Root::from_bytes([9; 32])));

pub(super) fn run(data: &[u8]) {
    let (way, rest) = choice(data);
    match way {
        b'r' => {
            if let Ok(record) = pb::Record::decode(rest) {
                check(record, rest);
            }
        }
        b'b' => {
            if let Ok(pb::PushRequest { message: Some(pb::push_request::Message::Batch(batch)) }) =
                pb::PushRequest::decode(rest)
            {
                batch.records.into_iter().for_each(|record| check(record, rest));
            }
        }
        b'q' => {
            if let Ok(Err(violations)) = pb::QueryRequest::decode(rest).map(api::question) {
                tells_no_value(&violations, rest);
            }
        }
        b'f' => {
            if let Some(fact) = Fact::from_stored(rest) {
                assert_eq!(Fact::from_stored(&fact.to_stored()), Some(fact));
            }
        }
        b'e' => {
            if let Ok(encoding) = Encoding::from_bytes(rest) {
                assert_eq!(encoding.as_bytes(), rest);
            }
        }
        _ => {}
    }
}

/// A record is whole, and is sent again as it was read; or it is refused, and nothing of it is repeated.
fn check(record: pb::Record, bytes: &[u8]) {
    match api::incoming(record) {
        Err(violations) => {
            assert!(!violations.is_empty());
            tells_no_value(&violations, bytes);
        }
        Ok(Incoming::Clear(submission)) => {
            let wire = api::clear(&submission);
            let Ok(Incoming::Clear(again)) = api::incoming(wire.clone()) else {
                panic!("it is no record any more")
            };
            assert!(api::clear(&again) == wire, "it is sent as it was read");
            stored(&submission.change);
            let source = OrgId::new("northfield").expect("an id");
            encoded(&pseudonymize(&RING, &source, submission));
        }
        Ok(Incoming::Encoded(record)) => {
            stored(&record.change);
            encoded(&record);
        }
    }
}

fn encoded(record: &throughline::identity::Pseudonymized) {
    let wire = api::encoded(record);
    let Ok(Incoming::Encoded(again)) = api::incoming(wire.clone()) else {
        panic!("it is no record any more")
    };
    assert!(api::encoded(&again) == wire, "it is sent as it was read");
    let bytes = |token: &Token| *token.as_bytes();
    assert_eq!(
        (bytes(&again.key), again.student.as_ref().map(bytes)),
        (bytes(&record.key), record.student.as_ref().map(bytes))
    );
}

fn stored(change: &Change) {
    if let Change::Upsert(fact) = change {
        assert_eq!(Fact::from_stored(&fact.to_stored()).as_ref(), Some(fact));
    }
}

/// No violation has a text of the message in it. Its own words are of lower case, but for the spelling of dates.
fn tells_no_value(violations: &[Violation], message: &[u8]) {
    let said = format!("{violations:?}");
    let words = message.utf8_chunks().flat_map(|chunk| chunk.valid().split(|c: char| !c.is_alphanumeric()));
    for word in words.filter(|word| {
        word.chars().count() >= 4 && word.chars().all(|c| !c.is_ascii() || c.is_ascii_uppercase())
    }) {
        assert!(["YYYY"].contains(&word) || !said.contains(word), "a violation repeats a value");
    }
}
