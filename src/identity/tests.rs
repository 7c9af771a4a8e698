//! Known answers and promises of the whole module.

use super::*;
use crate::records::{Change, Demographics, Fact, Identifiers, Kind, OrgId, Sex, Submission};

fn root() -> Root {
    Root::from_bytes(std::array::from_fn(|i| i as u8))
}

fn ring() -> KeyRing {
    KeyRing::of(&root())
}

fn source() -> OrgId {
    OrgId::new("riverside").expect("a code")
}

fn person(first: &str, last: &str, birth: &str, address: &str) -> Identifiers {
    Identifiers {
        first_name: first.into(),
        last_name: last.into(),
        birth_date: birth.parse().ok(),
        street_address: address.into(),
        zip: "30210".into(),
        ..Identifiers::default()
    }
}

fn encoded(identifiers: Identifiers, sex: Option<Sex>) -> Encoding {
    let fact = Fact::Person(Demographics { sex, ..Demographics::default() });
    let submission = Submission {
        key: "K-1".into(),
        student: Some("S-1".into()),
        identifiers: Some(identifiers),
        change: Change::Upsert(fact),
    };
    pseudonymize(&ring(), &source(), submission).encodings.pop().expect("identifiers were there")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The expected values come from another implementation (Python's hmac and hashlib).
#[test]
fn tokens_have_known_answers() {
    let submission = Submission {
        key: "K-1".into(),
        student: Some("S-1".into()),
        identifiers: None,
        change: Change::Delete(Kind::Person),
    };
    let made = pseudonymize(&ring(), &source(), submission);
    assert_eq!(hex(made.key.as_bytes()), "8e48d508111ced073d5a4bcbf31c9bf1");
    assert_eq!(
        made.student.map(|token| hex(token.as_bytes())).as_deref(),
        Some("a7dc28c9578667e4ea129e3e63a4d676")
    );
    assert!(made.encodings.is_empty());
    let sex = encoded(person("Ada", "Lopez", "2012-02-29", ""), Some(Sex::Female)).token(Slot::Sex);
    assert_eq!(sex.map(|token| hex(&token.to_le_bytes())).as_deref(), Some("3392a75b88886e45"));
}

/// Pins every byte: it changes only together with a version.
#[test]
fn encodings_have_known_digests() {
    let mut full = person("Ana María", "O'Brien-Núñez", "2012-02-29", "12 Oak Street #4");
    full.middle_name = "Luz".into();
    full.suffix = "Jr.".into();
    full.city = "St. Paul".into();
    full.shared_id = "0012345".into();
    let mut initials = person("J.", "van der Berg III", "2011-13-05", "8 Avenue E");
    initials.middle_name = "5ara Lee".into();
    initials.zip = "2139".into();
    let mut elsewhere = person("太郎", "山田", "2010-10-10", "Apt12 755 So. Ridgeway, fl2");
    elsewhere.city = "München".into();
    let cases = [
        (full, "578f41ac245afb9a2975df6306ce3c41"),
        (initials, "797c260f6fdd9ea9ac220100d217fb22"),
        (elsewhere, "d9b4d945d85e69a7ca1c1b38fd3281b0"),
        (person("BOB", "SMITH", "19990102", "P.O. Box 17"), "2ec24b526299d82a994457990a623489"),
        (
            person("Baby Boy", "Garcia de Leon", "1900-01-01", "unit unit 3 # homeless"),
            "bee4dd881e93829bedc1cb4d5c7d628a",
        ),
    ];
    // One encoder for all: what it remembers of one must not show in another.
    let keys = Keys::derive(&root());
    let mut encoder = Encoder::new(&keys);
    for (at, (identifiers, expected)) in cases.into_iter().enumerate() {
        let encoding = encoder.encode(&identifiers, Some(Sex::Female));
        assert_eq!(encoding.as_bytes().len(), Encoding::LEN);
        assert_eq!(encoder.encode(&identifiers, Some(Sex::Female)), encoding);
        let digest = ::ring::digest::digest(&::ring::digest::SHA256, encoding.as_bytes());
        assert_eq!(hex(&digest.as_ref()[..16]), expected, "{at}");
    }
}

/// Where one key follows another, the student is encoded with both, and tokens stay.
#[test]
fn while_keys_change_a_student_has_two_encodings_and_one_token() {
    let submission = || Submission {
        key: "K-1".into(),
        student: Some("S-1".into()),
        identifiers: Some(person("Ada", "Lopez", "2012-02-29", "")),
        change: Change::Upsert(Fact::Person(Demographics::default())),
    };
    let before = pseudonymize(&ring(), &source(), submission());
    let mut roots = Roots::parse(&root().to_hex()).expect("a key file");
    assert!(roots.add(Root::from_bytes([9; 32])));
    let during = pseudonymize(&KeyRing::derive(&roots), &source(), submission());
    assert!(roots.remove(before.encodings[0].key()));
    let after = pseudonymize(&KeyRing::derive(&roots), &source(), submission());
    assert_eq!((before.key, before.student), (during.key, during.student));
    assert_eq!((before.key, before.student), (after.key, after.student));
    assert_eq!(during.encodings, [&before.encodings[..], &after.encodings].concat());
    assert!(
        before.encodings[0]
            .tokens()
            .iter()
            .all(|one| *one == 0 || !after.encodings[0].tokens().contains(one))
    );
}

#[test]
fn spellings_of_one_person_have_equal_bytes() {
    let one = encoded(person("JOSÉ", "De La Cruz", "2011-05-06", "12 Oak Street #4"), None);
    let other = encoded(person(" jose ", "DE LA CRUZ", "2011-05-06", "12 OAK ST UNIT 4"), None);
    assert_eq!(one, other);
}

#[test]
fn sources_and_purposes_do_not_share_tokens() {
    let token = |source: &str, kind| {
        let submission = Submission {
            key: "1".into(),
            student: Some("1".into()),
            identifiers: None,
            change: Change::Delete(kind),
        };
        let made = pseudonymize(&ring(), &OrgId::new(source).expect("a code"), submission);
        (made.key, made.student)
    };
    let (one, two, three) = (token("a", Kind::Person), token("b", Kind::Person), token("a", Kind::Diploma));
    assert!(one.0 != two.0 && one.1 != two.1 && one.0 != three.0);
    assert_eq!(one.1, three.1);
    assert_ne!(Some(one.0), one.1);
}

#[test]
fn nobody_encodes_to_nothing() {
    for identifiers in [Identifiers::default(), {
        let mut unknown = person("Baby Boy", "UNKNOWN", "1900-01-01", "n/a");
        unknown.zip = "00000".into();
        unknown
    }] {
        let encoding = encoded(identifiers, Some(Sex::Female));
        assert!(encoding.is_empty());
        assert!(encoding.as_bytes()[8..].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn exchanged_names_and_dates_meet() {
    let one = encoded(person("Wei", "Chen", "2011-05-06", ""), None);
    let other = encoded(person("Chen", "Wei", "2011-06-05", ""), None);
    assert_eq!(one.token(Slot::First), other.token(Slot::Last));
    assert_eq!(one.token(Slot::Birth), other.token(Slot::BirthSwapped));
    let leap = encoded(person("Wei", "Chen", "2012-02-29", ""), None);
    // The exchanged date need not be one: a record with an impossible date meets it.
    let impossible = encoded(person("Wei", "Chen", "2012-29-02", ""), None);
    assert_eq!(leap.token(Slot::BirthSwapped), impossible.token(Slot::Birth));
}

#[test]
fn nothing_is_printed() {
    let submission = Submission {
        key: "canary".into(),
        student: Some("canary".into()),
        identifiers: Some(person("canary", "canary", "2011-05-06", "canary")),
        change: Change::Delete(Kind::Person),
    };
    let made = pseudonymize(&ring(), &source(), submission);
    assert_eq!(
        format!("{made:?}"),
        "Pseudonymized { key: Token(..), student: Some(Token(..)), encodings: [Encoding(..)], change: Delete(Person) }"
    );
}
