//! No identifier at rest: after everything that can happen, none of them is found anywhere, in any spelling.

use crate::city::{City, MEMBERS, Setup};
use crate::records::{about, enrollment, letters, person, plain, school};
use crate::rpcs;
use crate::vocabulary::{Source, question};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use pb::record::{Fact, Key, Student};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use throughline::api::v1 as pb;
use throughline::disclosure::Filter;
use tonic::Status;

/// Part of every identifier that is pushed, so that one search finds them all.
const MARK: &str = "Zqxjkvwzq";

/// Birth dates hold no mark; they are of a year in which nothing else happens.
const BIRTHS: [(u32, u32, u32); 3] = [(1937, 11, 23), (1937, 12, 19), (1937, 10, 27)];

fn canaries(n: usize) -> pb::Identifiers {
    let (year, month, day) = BIRTHS[n % 3];
    let text = letters(n);
    pb::Identifiers {
        first_name: format!("{MARK}{text}a"),
        middle_name: format!("{MARK}{text}o"),
        last_name: format!("{MARK}{text}u"),
        suffix: format!("{MARK}{text}"),
        birth_date: format!("{year}-{month:02}-{day:02}"),
        street_address: format!("{n} {MARK}{text} Street"),
        city: format!("{MARK} {text}"),
        zip: format!("{MARK}{n}"),
        shared_id: format!("{MARK}S{n}"),
    }
}

fn marked(record: pb::Record, n: usize) -> pb::Record {
    let mut record = record;
    if let Some(Key::ClearKey(key)) = &mut record.key {
        *key = format!("{MARK}-{key}");
    }
    if record.student.is_some() {
        record.student = Some(Student::ClearStudent(format!("{MARK}-{n}")));
    }
    if let Some(Fact::Person(person)) = &mut record.fact {
        person.identity = Some(pb::person::Identity::Identifiers(canaries(n)));
    }
    record
}

/// A good batch about some students.
fn good(students: std::ops::Range<usize>) -> Vec<pb::Record> {
    let each = students.flat_map(|n| [marked(person(n), n), marked(enrollment(n), n)]);
    std::iter::once(marked(school(), 0)).chain(each).collect()
}

/// Records with identifiers where they do not belong: each must be refused.
fn misplaced() -> Vec<pb::Record> {
    let name = || format!("{MARK} {MARK}");
    let who = || Some(pb::person::Identity::Identifiers(canaries(1)));
    let person = |edit: fn(&mut pb::Person, String)| {
        let mut person = pb::Person { identity: who(), ..pb::Person::default() };
        edit(&mut person, name());
        Fact::Person(person)
    };
    let identified = |identifiers| {
        let identity = Some(pb::person::Identity::Identifiers(identifiers));
        Fact::Person(pb::Person { identity, ..pb::Person::default() })
    };
    let enrollment = pb::Enrollment {
        school: "N1".into(),
        school_year: 2025,
        entry: "2024-09-03".into(),
        ..Default::default()
    };
    let facts = [
        person(|person, text| person.sex = text),
        person(|person, text| person.races = vec![text]),
        person(|person, text| person.lunch = text),
        person(|person, text| person.english_learner = text),
        person(|person, text| person.zone = text),
        person(|person, text| person.disability = text),
        person(|person, text| person.birth_month = text),
        Fact::Status(pb::Status { status: name(), zone: name(), begin: name(), end: name() }),
        Fact::Course(pb::Course { code: name(), term: name(), ..Default::default() }),
        identified(pb::Identifiers { birth_date: name(), ..canaries(2) }),
        identified(pb::Identifiers { birth_date: "11/23/1937".into(), ..canaries(2) }),
        identified(pb::Identifiers { last_name: name().repeat(40), ..canaries(2) }),
        Fact::Person(pb::Person {
            identity: Some(pb::person::Identity::Encoding(name().into())),
            ..Default::default()
        }),
        Fact::Enrollment(pb::Enrollment { school: name(), ..enrollment.clone() }),
        Fact::Enrollment(pb::Enrollment { entry: name(), ..enrollment.clone() }),
        Fact::Enrollment(pb::Enrollment { exit: name(), ..enrollment.clone() }),
        Fact::Enrollment(pb::Enrollment { exit_type: name(), ..enrollment.clone() }),
        Fact::Enrollment(pb::Enrollment { grade: name(), ..enrollment.clone() }),
        Fact::Assessment(pb::Assessment {
            test: name(),
            subject: name(),
            date: name(),
            not_tested: name(),
            ..Default::default()
        }),
        Fact::Discipline(pb::Discipline {
            date: name(),
            action: name(),
            behavior: name(),
            ..Default::default()
        }),
        Fact::Postsecondary(pb::Postsecondary {
            institution: name(),
            level: name(),
            begin: name(),
            ..Default::default()
        }),
        Fact::Dosage(pb::Dosage { program: name(), date: name(), unit: name(), ..Default::default() }),
        Fact::OptOut(pb::OptOut { from: name(), until: name() }),
        Fact::Consent(pb::Consent { from: name(), until: name() }),
    ];
    let long = format!("{MARK}{}", "x".repeat(200));
    let records = facts
        .into_iter()
        .enumerate()
        .map(|(at, fact)| about(&format!("{MARK}-m{at}"), &format!("{MARK}-k{at}"), fact));
    let more = [
        about(&long, "k", Fact::Enrollment(enrollment.clone())),
        about("s", &long, Fact::Enrollment(enrollment.clone())),
        plain(&name(), Fact::Enrollment(enrollment.clone())),
        pb::Record {
            key: Some(Key::KeyToken(MARK.into())),
            ..about(MARK, "k", Fact::Enrollment(enrollment))
        },
        pb::Record { fact: None, ..about(MARK, MARK, Fact::Delete(1)) },
        about(MARK, MARK, Fact::Delete(99)),
    ];
    records.chain(more).collect()
}

/// All that clients were told, in one text.
#[derive(Default)]
struct Told(String);

impl Told {
    fn status(&mut self, status: &Status) {
        let _ = writeln!(self.0, "{status} {status:?} {}", String::from_utf8_lossy(status.details()));
    }

    fn hear<T: std::fmt::Debug>(&mut self, result: Result<T, Status>) {
        match result {
            Ok(value) => self.0.push_str(&format!("{value:?}\n")),
            Err(status) => self.status(&status),
        }
    }
}

#[tokio::test]
async fn no_identifier_is_found_anywhere() {
    let mut city = City::open_with(Setup { trace: true, ..Setup::default() }).await;
    let mut told = Told::default();
    pushes(&city.source("northfield").await, &mut told).await;
    failing_questions(&city, &mut told).await;
    city.steward().await.publish().await.expect("an edition");
    told.hear(
        city.partner().await.query(question()).await.map_err(|error| Status::unknown(error.to_string())),
    );
    disclosures(&city, &mut told).await;
    for (id, role) in MEMBERS {
        let session = city.session(id, role).await;
        for rpc in rpcs::all() {
            told.hear(rpcs::call(&rpc, &session, id).await);
        }
    }
    // Killed in the middle of a push, with batches on their way.
    let source = city.source("northfield").await;
    let mut pushing = source.open("cut").await.expect("it may");
    for sequence in 1..=20 {
        let first = 100 + sequence as usize * 10;
        pushing.send(&format!("cut-{sequence}"), sequence, good(first..first + 10)).await;
    }
    told.hear(pushing.verdict().await);
    city.kill();
    let at_kill = city.copy();
    assert_eq!(hits(at_kill.folder()), Vec::<String>::new(), "as the kill left it");
    city.restart();
    let source = city.source("northfield").await;
    let through = source.acknowledged_through("cut").await;
    assert!(through > 0);
    let mut pushing = source.open("cut").await.expect("it may");
    for sequence in through + 1..=20 {
        let first = 100 + sequence as usize * 10;
        told.hear(pushing.batch(&format!("cut-{sequence}"), sequence, good(first..first + 10)).await);
    }
    city.steward().await.publish().await.expect("an edition");
    city.export("exported");
    city.backup("backup.db");
    std::fs::write(city.folder().join("told.txt"), &told.0).expect("written");
    let log = std::fs::read_to_string(city.folder().join("stderr.log")).expect("the service logs");
    assert!(log.contains("TRACE"), "everything was logged that can be");
    assert!(told.0.len() > 10_000, "clients were told a lot");
    assert_eq!(hits(city.folder()), Vec::<String>::new());
}

async fn pushes(source: &Source, told: &mut Told) {
    let mut pushing = source.open("nightly").await.expect("it may");
    told.hear(pushing.batch("one", 1, good(0..40)).await);
    let verdict = pushing.batch("two", 2, misplaced()).await.expect("it may");
    let n_refused = verdict.outcomes().filter(|outcome| *outcome == pb::Outcome::Refused).count();
    assert_eq!(n_refused, misplaced().len(), "{verdict:?}");
    told.0.push_str(&format!("{verdict:?}\n"));
    told.hear(pushing.batch("one", 1, good(0..40)).await);
    // Each of these ends its stream.
    let endings =
        [("one", 1, good(50..60)), ("gap", 9, good(0..1)), ("none", 3, Vec::new()), ("Zq xj", 3, good(0..1))];
    for (batch, sequence, records) in endings {
        let mut pushing = source.open("nightly").await.expect("it may");
        let status = pushing.batch(batch, sequence, records).await.expect_err(batch);
        told.status(&status);
    }
    let open = pb::OpenDelivery {
        delivery: format!("{MARK} a"),
        agreement: format!("{MARK} b"),
        linkage_keys: vec![format!("{MARK} c")],
        ..Default::default()
    };
    let status = source.begin(pb::push_request::Message::Open(open)).await.expect_err("not codes");
    told.status(&status);
}

/// A source asks about its students, others about anybody, by calls and by the command line, well and badly.
async fn disclosures(city: &City, told: &mut Told) {
    use pb::list_student_disclosures_request::Student::{ClearStudent, StudentToken};
    let long = format!("{MARK}{}", "x".repeat(200));
    let students = [ClearStudent(format!("{MARK}-1")), ClearStudent(long), StudentToken(MARK.into())];
    for (id, role) in MEMBERS {
        let session = city.session(id, role).await;
        for student in students.clone().into_iter().map(Some).chain([None]) {
            for nonce in [vec![7; 16], Vec::new()] {
                let request =
                    pb::ListStudentDisclosuresRequest { student: student.clone(), nonce, from_index: 0 };
                told.hear(session.audit().list_student_disclosures(request).await.map(drop));
            }
        }
    }
    for (who, id) in [
        ("northfield.contributor", format!("{MARK}-1")),
        ("northfield.contributor", format!("{MARK}\n{MARK}")),
    ] {
        let mut ask = city.program();
        // The one place that has it, and no file of the service.
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), id).expect("written");
        ask.args(["audit", "disclosures", "--json", "--as", who, "--student"]).arg(file.path());
        ask.arg("--server").arg(city.address().replace("127.0.0.1", "localhost"));
        let done = ask.output().expect("the program runs");
        told.0.push_str(&String::from_utf8_lossy(&[done.stdout, done.stderr].concat()));
    }
}

/// People put names into every field of every form.
async fn failing_questions(city: &City, told: &mut Told) {
    let name = || format!("{MARK} {MARK}");
    let filter = Filter { dimension: "race".into(), category: name() };
    let questions = [
        pb::QueryRequest { product: name(), ..question() },
        pb::QueryRequest { product: MARK.into(), ..question() },
        pb::QueryRequest { purpose: MARK.into(), ..question() },
        pb::QueryRequest { agreement: MARK.into(), ..question() },
        pb::QueryRequest { indicator: MARK.into(), ..question() },
        pb::QueryRequest { dimensions: vec![MARK.into()], ..question() },
        pb::QueryRequest { filters: vec![filter], ..question() },
    ];
    let (partner, auditor, steward) = (city.partner().await, city.auditor().await, city.steward().await);
    for question in questions {
        told.hear(partner.releases().query(question).await.map(drop));
    }
    let list =
        pb::ListEntriesRequest { organization: name(), since: name(), rpc: name(), ..Default::default() };
    told.hear(auditor.audit().list_entries(list).await.map(drop));
    let request = pb::GetDeliveryRequest { delivery: name(), linkage_keys: Vec::new() };
    told.hear(city.source("northfield").await.session.ingest().get_delivery(request).await.map(drop));
    told.hear(steward.register(&name(), MARK, pb::Standing::Active).await);
}

/// Where the mark or a birth date stands in the files of a folder.
fn hits(folder: &Path) -> Vec<String> {
    let spellings = spellings();
    let mut found = Vec::new();
    for file in files(folder) {
        let bytes = std::fs::read(&file).expect("readable");
        for (name, spelling) in &spellings {
            if contains(&bytes, spelling) {
                found.push(format!("{name} in {}", file.display()));
            }
        }
    }
    found
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let (first, rest) = wanted.split_first().expect("no spelling is empty");
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        from += at + 1;
        if bytes[from..].starts_with(rest) {
            return true;
        }
    }
    false
}

/// Every way the mark and the birth dates could be written.
fn spellings() -> Vec<(String, Vec<u8>)> {
    let dates = BIRTHS.iter().flat_map(|(year, month, day)| {
        [
            format!("{year}-{month:02}-{day:02}"),
            format!("{month:02}/{day:02}/{year}"),
            format!("{year}{month:02}{day:02}"),
        ]
    });
    let marks = [MARK.to_owned(), MARK.to_lowercase(), MARK.to_uppercase()];
    let mut all = Vec::new();
    for text in marks.into_iter().chain(dates) {
        let hex = text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        all.push((format!("{text} in hex"), hex.clone().into_bytes()));
        all.push((format!("{text} in upper hex"), hex.to_uppercase().into_bytes()));
        all.push((format!("{text} in UTF-16"), wide));
        for shift in 0..3 {
            // What stands before shifts the digits; those that mix with the neighbors are left out.
            let shifted = [&b"\0\0"[..shift], text.as_bytes()].concat();
            let whole = [0, 2, 3][shift]..shifted.len() * 8 / 6;
            for (alphabet, engine) in [("base64", &STANDARD), ("base64url", &URL_SAFE)] {
                let digits = engine.encode(&shifted).into_bytes()[whole.clone()].to_vec();
                all.push((format!("{text} in {alphabet}, shifted by {shift}"), digits));
            }
        }
        all.push((text.clone(), text.into_bytes()));
    }
    all
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn the_search_finds_what_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let planted = |bytes: &[u8]| {
        std::fs::write(folder.path().join("planted"), [&[7; 100], bytes, &[9; 100]].concat())
            .expect("written");
        !hits(folder.path()).is_empty()
    };
    assert!(!planted(b"nothing to see"));
    let canaries = canaries(4);
    for text in [&canaries.first_name, &canaries.street_address, &canaries.zip, &canaries.birth_date] {
        let hex = |upper: bool| -> String {
            let digits = text.bytes().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") });
            digits.collect()
        };
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(planted(text.as_bytes()) && planted(&wide), "{text}");
        assert!(planted(text.to_uppercase().as_bytes()) && planted(text.to_lowercase().as_bytes()), "{text}");
        assert!(planted(hex(false).as_bytes()) && planted(hex(true).as_bytes()), "{text}");
        for before in ["", "a", "ab", "abc"] {
            let sentence = format!("{before}{text}, who");
            assert!(planted(STANDARD.encode(&sentence).as_bytes()), "{sentence}");
            assert!(planted(URL_SAFE.encode(&sentence).as_bytes()), "{sentence}");
        }
    }
    assert!(planted(b"born 11/23/1937"));
}
