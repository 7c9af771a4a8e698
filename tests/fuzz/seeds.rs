//! The inputs of the corpus that nobody can write by hand: what is signed, encoded or compressed. Files of text stand there as
//! they were written.
//!
//! They have to be what is made here; `FUZZ_SEEDS=write cargo test --test fuzz seeds` writes them anew, after a format has changed.

use crate::targets::log::{FORK, KEY, LOG, ORIGIN, POOL, SIZE, WITNESSES, pkcs8, signed};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use prost::Message as _;
use std::path::Path;
use std::sync::Arc;
use throughline::agreements::Scope;
use throughline::api::v1 as pb;
use throughline::audit::{
    Certificate, Entry, Receipt, Statement, consistency_proof, inclusion_proof, tile, witness,
};
use throughline::calendar::{SchoolYear, Timestamp};
use throughline::disclosure::{RuleProfile, Seal};
use throughline::identity::{Encoder, Keys, Root};
use throughline::outcomes::{
    Atoms, Dimension, Measure, Mode, Population, Publication, Tabulation, Unit, Values,
};
use throughline::records::OrgId;

#[test]
fn seeds_are_of_the_formats_of_today() {
    signed_texts();
    receipts();
    messages();
    seals();
    files();
}

fn put(target: &str, name: &str, way: &[u8], content: impl AsRef<[u8]>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let (path, bytes) = (folder.join(name), [way, content.as_ref()].concat());
    if std::env::var_os("FUZZ_SEEDS").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder of the corpus");
        std::fs::write(path, bytes).expect("a file of the corpus");
    } else {
        assert!(
            std::fs::read(path).ok() == Some(bytes),
            "{target}/{name} is of another format: FUZZ_SEEDS=write"
        );
    }
}

fn places(proof: &[throughline::audit::Hash]) -> Vec<u8> {
    proof.iter().map(|hash| POOL.binary_search(hash).expect("a node of the logs") as u8).collect()
}

fn signed_texts() {
    let now = Timestamp::from_millis(1_700_000_000_000);
    let checkpoint = signed(LOG.head(20));
    put("checkpoints", "note", b"n", checkpoint.note());
    let lines: String = WITNESSES.iter().map(|one| one.cosign(checkpoint.checkpoint(), now)).collect();
    put("checkpoints", "cosigned", b"n", format!("{}{lines}", checkpoint.note()));
    put("checkpoints", "key", b"k", KEY.verifier().to_string());
    put("checkpoints", "witness-key", b"k", WITNESSES[0].verifier().to_string());
    put("checkpoints", "text", b"s", checkpoint.checkpoint().to_string().trim_end());
    put("checkpoints", "text-extended", b"s", format!("{}more\nlines", checkpoint.checkpoint()));
    let proof = consistency_proof(&*LOG, 15, 20).expect("it is held");
    put("checkpoints", "body", b"b", witness::request(15, &proof, &checkpoint));
    put("checkpoints", "request", b"w", [&[0, 15, 15, 20][..], &places(&proof)].concat());
    put("checkpoints", "request-of-fork", b"w", [&[2, 15, 15, 20][..], &places(&proof)].concat());
    put("checkpoints", "request-first", b"w", [0, 0, 0, 20]);
    put("checkpoints", "quorum", b"q", [0, 1, 2, 9, 12]);
    put("checkpoints", "quorum-wrong", b"q", [0, 1, 6, 11, 3]);
    let scope = Scope::Source(OrgId::new("eastbrook").expect("an id"));
    let text = Statement::new(ORIGIN, 1, &scope, now).line("records", "7").text().to_owned();
    let proof = receipt(4).to_saved();
    put(
        "checkpoints",
        "certificate",
        b"c",
        Certificate::file(&format!("{text}\n{}", KEY.sign(&text)), &proof),
    );
}

fn receipt(index: u64) -> Receipt {
    let entry = Entry::parse(&LOG.entries[index as usize]).expect("it is one");
    Receipt::new(&*LOG, index, &entry, &signed(LOG.head(SIZE as u8))).expect("the log holds it")
}

fn receipts() {
    let entry = Entry {
        agreement: throughline::records::Code::new("city-outcomes").ok(),
        agreement_version: Some(2),
        cells_hidden: Some(3),
        cells_shown: Some(60),
        organization: OrgId::new("city-partnership").ok(),
        query: throughline::audit::QueryText::new("city/chronic_absence by race years 2024-2025").ok(),
        ..Entry::parse(&LOG.entries[5]).expect("it is one")
    };
    put("proofs", "entry", b"e", &LOG.entries[5]);
    put("proofs", "entry-query", b"e", entry.to_bytes());
    let mut bundle = Vec::new();
    LOG.entries[..3].iter().for_each(|entry| tile::encode_bundle(entry, &mut bundle).expect("it is short"));
    put("proofs", "bundle", b"t\x03", bundle);
    put("proofs", "saved", b"s", receipt(17).to_saved());
    put("proofs", "wire", b"r", receipt(17).encode_to_vec());
    for (name, which, of, index, size) in [
        ("right", 0, 17, 17_u8, 24_u8),
        ("fork", 2, 17, 17, 24),
        ("other", 2, 13, 13, 24),
        ("last", 0, 23, 23, 24),
    ] {
        let proof = inclusion_proof(&*LOG, u64::from(index), u64::from(size)).expect("it is held");
        put(
            "proofs",
            &format!("inclusion-{name}"),
            b"i",
            [&[which, of, index, size][..], &places(&proof)].concat(),
        );
        put(
            "proofs",
            &format!("receipt-{name}"),
            b"p",
            [&[which, of, index, size][..], &places(&proof)].concat(),
        );
    }
    for (name, which, old, new) in
        [("right", 0, 15_u8, 24_u8), ("fork", 2, 15, 24), ("before", 2, 12, 24), ("power", 0, 8, 17)]
    {
        let log = if which == 0 { &LOG } else { &FORK };
        let proof = consistency_proof(&**log, u64::from(old), u64::from(new)).expect("it is held");
        put(
            "proofs",
            &format!("consistency-{name}"),
            b"c",
            [&[which, old, new][..], &places(&proof)].concat(),
        );
    }
    put("proofs", "moment", b"d", "2026-11-23T10:20:30.456Z");
}

fn messages() {
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

/// A lattice of two schools, two races and two sexes, whose numbers are `more` than few.
fn tabulation(more: u32, mode: Mode) -> Tabulation {
    let mut geography = Dimension::new("geography", "Geography");
    let district = geography.add("d", "A district", 0);
    let schools = [geography.add("a", "A school", district), geography.add("b", "A school", district)];
    let mut dimensions = vec![geography];
    for id in ["race", "sex"] {
        let mut dimension = Dimension::new(id, id);
        dimension.add("a", "A category", 0);
        dimension.add("b", "A category", 0);
        dimensions.push(dimension);
    }
    let cells: Vec<[u16; 3]> =
        (0..8_u16).map(|n| [schools[usize::from(n & 1)], 1 + (n >> 1 & 1), 1 + (n >> 2)]).collect();
    let people: Vec<u32> = (0..8).map(|n| more + n * 7 % 23).collect();
    let some: Vec<u32> = people.iter().map(|n| n / 3).collect();
    let atoms = Atoms {
        nodes: cells.concat(),
        people: vec![people],
        values: vec![Values::Count, Values::Share(some)],
    };
    let publication = |product: &str, profile: &str| Publication {
        product: product.into(),
        version: 1,
        profile: profile.into(),
        dimensions: vec![1, 2],
        depth: 2,
        indicators: vec![("count".into(), 0), ("share".into(), 1)],
        withdrawn: false,
    };
    let profiles: &[&str] =
        if matches!(mode, Mode::Suppress) { &["nces-10", "delaware"] } else { &["nces-10"] };
    Tabulation {
        mode,
        unit: Unit::StudentYear,
        period: SchoolYear::new(2025).expect("a school year"),
        dimensions,
        populations: vec![Population { id: "all".into(), parent: None, within: Vec::new() }],
        measures: vec![Measure::new("count", 0), Measure::new("share", 0)],
        publications: profiles.iter().map(|profile| publication(&format!("of-{profile}"), profile)).collect(),
        atoms,
    }
}

fn seals() {
    for (name, more, mode) in
        [("few", 2, Mode::Suppress), ("many", 40, Mode::Suppress), ("rounded", 12, Mode::Round)]
    {
        let counted = [tabulation(more, mode)];
        let (seal, report) =
            Seal::make(1, &counted, &RuleProfile::all(), b"secret").expect("a sound edition");
        put("seals", name, b"s", seal.to_bytes());
        put("seals", &format!("{name}-proof"), b"p", report.proof.to_bytes());
    }
}

fn files() {
    let schema = "message rows { required binary student_id (UTF8); optional binary last_name (UTF8); required int32 birth_date (DATE); }";
    for (name, compression) in [("plain", Compression::UNCOMPRESSED), ("snappy", Compression::SNAPPY)] {
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).expect("a writer");
        let mut group = writer.next_row_group().expect("a row group");
        let mut column = group.next_column().expect("it goes on").expect("a column");
        let texts = [ByteArray::from("S1"), ByteArray::from("S2")];
        column.typed::<ByteArrayType>().write_batch(&texts, None, None).expect("a batch");
        column.close().expect("a whole column");
        let mut column = group.next_column().expect("it goes on").expect("a column");
        column
            .typed::<ByteArrayType>()
            .write_batch(&[ByteArray::from("OŽNEIL")], Some(&[1, 0]), None)
            .expect("a batch");
        column.close().expect("a whole column");
        let mut column = group.next_column().expect("it goes on").expect("a column");
        column.typed::<Int32Type>().write_batch(&[15_000, 15_001], None, None).expect("a batch");
        column.close().expect("a whole column");
        group.close().expect("a whole group");
        put("exports", &format!("parquet-{name}"), b"p", writer.into_inner().expect("a whole file"));
    }
    let mut archive = zip::write::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("programs.csv", zip::write::SimpleFileOptions::default()).expect("an entry");
    std::io::Write::write_all(&mut archive, b"program,name\nP1,Tutoring\n").expect("a file in memory");
    put("exports", "zip", b"z", archive.finish().expect("an archive").into_inner());
    put("keys", "log-key", b"k", pkcs8(7));
    let mut params = rcgen::CertificateParams::default();
    let uri = "spiffe://collab.example/org/northfield/role/source/person/ada";
    params.subject_alt_names = vec![rcgen::SanType::URI(uri.try_into().expect("ASCII"))];
    params.serial_number = Some(7_u64.into());
    let key = rcgen::KeyPair::try_from(pkcs8(9)).expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    put("keys", "certificate", b"d", certificate.der());
    put("keys", "certificate-pem", b"p", certificate.pem());
    put("keys", "key-pem", b"p", key.serialize_pem());
    let seen = format!(
        "{{\"last\":{},\"seen\":[{}],\"at\":\"2026-11-23T10:20:30.456Z\"}}",
        serde_json::to_string(signed(LOG.head(20)).note()).expect("a text"),
        serde_json::to_string(signed(LOG.head(20)).note()).expect("a text"),
    );
    put("keys", "memory", b"m", seen);
}
