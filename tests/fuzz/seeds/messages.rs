//! Messages, records and keys of the interface.

use super::put;
use prost::Message as _;
use throughline::api::v1 as pb;
use throughline::identity::{Encoder, Keys, Root};

pub(super) fn messages() {
    use pb::person::Identity;
    use pb::record::{Fact, Key, Student};
    let record = |fact, has_student: bool| pb::Record {
        key: Some(Key::ClearKey("KEY1".into())),
        student: has_student.then(|| Student::ClearStudent("STUDENT1".into())),
        fact: Some(fact),
    };
    let date = || "2024-09-03".to_owned();
    let code = || "CODE".to_owned();
    let identifiers = pb::Identifiers {
        first_name: "JOSÉ".into(),
        last_name: "OBRIEN".into(),
        birth_date: "2010-05-01".into(),
        zip: "30210".into(),
        street_address: "12 OAK STREET".into(),
        ..Default::default()
    };
    let person = pb::Person {
        identity: Some(Identity::Identifiers(identifiers)),
        school_year: Some(2025),
        sex: "female".into(),
        races: vec!["asian".into(), "white".into()],
        zone: code(),
        birth_month: "2010-05".into(),
        ..Default::default()
    };
    let facts = [
        ("person", Fact::Person(person.clone()), true),
        (
            "school",
            Fact::School(pb::School {
                code: code(),
                name: "First".into(),
                sector: "public".into(),
                ..Default::default()
            }),
            false,
        ),
        (
            "enrollment",
            Fact::Enrollment(pb::Enrollment {
                school: code(),
                school_year: 2025,
                entry: date(),
                exit: "2025-06-12".into(),
                exit_type: "graduated".into(),
                grade: "12".into(),
                ..Default::default()
            }),
            true,
        ),
        (
            "summary",
            Fact::AttendanceSummary(pb::AttendanceSummary {
                school: code(),
                from: date(),
                to: "2025-06-12".into(),
                days_enrolled_hundredths: 17_000,
                days_present_hundredths: 16_000,
                days_absent_hundredths: 1_000,
            }),
            true,
        ),
        (
            "event",
            Fact::AttendanceEvent(pb::AttendanceEvent {
                school: code(),
                date: date(),
                status: "partial".into(),
                absent_hundredths: Some(50),
            }),
            true,
        ),
        (
            "assessment",
            Fact::Assessment(pb::Assessment {
                test: "STATE".into(),
                subject: "ELA".into(),
                date: date(),
                scale_score_thousandths: Some(1_000),
                level: Some(2),
                ..Default::default()
            }),
            true,
        ),
        (
            "dosage",
            Fact::Dosage(pb::Dosage {
                program: code(),
                date: date(),
                unit: "hour".into(),
                amount_hundredths: 150,
            }),
            true,
        ),
        (
            "status",
            Fact::Status(pb::Status { status: "homeless".into(), begin: date(), ..Default::default() }),
            true,
        ),
        (
            "college",
            Fact::Postsecondary(pb::Postsecondary {
                institution: code(),
                level: "four_year".into(),
                begin: date(),
                ..Default::default()
            }),
            true,
        ),
        ("delete", Fact::Delete(3), true),
    ];
    for (name, fact, has_student) in facts.clone() {
        put("records", name, b"r", record(fact, has_student).encode_to_vec());
    }
    let batch = pb::Batch {
        records: facts.into_iter().map(|(_, fact, has)| record(fact, has)).collect(),
        ..Default::default()
    };
    put(
        "records",
        "batch",
        b"b",
        pb::PushRequest { message: Some(pb::push_request::Message::Batch(batch)) }.encode_to_vec(),
    );
    let keys = Keys::derive(&Root::from_bytes([9; 32]));
    let who = throughline::records::Identifiers {
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        ..Default::default()
    };
    let encoding = Encoder::new(&keys).encode(&who, None);
    put("records", "encoding", b"e", encoding.as_bytes());
    let encoded = pb::Record {
        key: Some(Key::KeyToken(vec![1; 16])),
        student: Some(Student::StudentToken(vec![2; 16])),
        fact: Some(Fact::Person(pb::Person {
            identity: Some(Identity::Encoding(encoding.as_bytes().to_vec())),
            ..person
        })),
    };
    put("records", "encoded", b"r", encoded.encode_to_vec());
    let query = pb::QueryRequest {
        agreement: "city-outcomes".into(),
        purpose: "public_reporting".into(),
        product: "city".into(),
        indicator: "chronic_absence".into(),
        dimensions: vec!["race".into()],
        periods: vec![2025],
        ..Default::default()
    };
    put("records", "query", b"q", query.encode_to_vec());
    if let Ok(throughline::ingest::Incoming::Encoded(read)) = throughline::api::incoming(encoded)
        && let throughline::records::Change::Upsert(fact) = read.change
    {
        put("records", "stored", b"f", fact.to_stored());
    }
}
