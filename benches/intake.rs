//! What each stage of intake costs beside the least that it could: hashing beside the hash alone, rows beside a bare prepared
//! insert, and both beside copying bytes.
//!
//! `cargo bench --bench intake`; one thread each. What they come to together is measured by `throughline bench`.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use ring::{digest, hmac};
use rusqlite::{Connection, params};
use std::cell::Cell;
use std::path::Path;
use throughline::audit::SignerKey;
use throughline::calendar::Timestamp;
use throughline::identity::{KeyRing, Pseudonymized, Root, pseudonymize, record_token};
use throughline::records::{AttendanceSummary, Change, Code, Fact, Kind, OrgId, Submission};
use throughline::store::{Committed, Error, Organization, ServiceKey, Store, Tx};

/// Rows that are there before any is measured, and in a transaction.
const ROWS: u64 = 1_000_000;
const BATCH: u64 = 2_000;

fn main() {
    divan::main();
}

const MEGABYTE: usize = 1 << 20;

#[divan::bench]
fn copy_bytes(bencher: Bencher<'_, '_>) {
    let (from, mut to) = (vec![7_u8; 256 * MEGABYTE], vec![0_u8; 256 * MEGABYTE]);
    bencher
        .counter(BytesCount::new(from.len()))
        .bench_local(|| black_box(&mut to).copy_from_slice(black_box(&from)));
}

#[divan::bench]
fn hash_bytes_by_ring_alone(bencher: Bencher<'_, '_>) {
    let bytes = vec![7_u8; MEGABYTE];
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| digest::digest(&digest::SHA256, &bytes));
}

#[divan::bench]
fn key_a_short_message_by_ring_alone(bencher: Bencher<'_, '_>) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let message = [7; 40];
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| hmac::sign(&key, black_box(&message)));
}

#[divan::bench]
fn key_a_record(bencher: Bencher<'_, '_>) {
    let (ring, source) = (ring(), source());
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| record_token(&ring, &source, Kind::AttendanceSummary, black_box("a-1234567-2025")));
}

#[divan::bench]
fn pseudonymize_a_record(bencher: Bencher<'_, '_>) {
    let (ring, source, next) = (ring(), source(), Cell::new(0));
    bencher
        .counter(ItemsCount::new(1_usize))
        .with_inputs(|| submission(next.replace(next.get() + 1)))
        .bench_local_values(|submission| pseudonymize(&ring, &source, submission));
}

/// Into a table as large as a million rows make it, by keys as they come: each row has a page of its own.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn insert_rows_bare(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut connection = bare(&folder.path().join("bare.db"));
    let (ring, source, next) = (ring(), source(), Cell::new(0));
    let mut insert = |records: Vec<Pseudonymized>| {
        let transaction = connection.transaction().expect("a transaction");
        let sql = "INSERT INTO record (source, kind, key, student, fact) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut put = transaction.prepare_cached(sql).expect("a statement");
        for record in &records {
            let Change::Upsert(fact) = &record.change else { continue };
            let (kind, student) = (fact.kind() as u8, record.student.as_ref().map(|token| token.as_bytes()));
            put.execute(params![1, kind, record.key.as_bytes(), student, fact.to_stored()]).expect("put");
        }
        drop(put);
        transaction.commit().expect("committed");
    };
    (0..ROWS / BATCH).for_each(|_| insert(records(&ring, &source, &next)));
    bencher
        .counter(ItemsCount::new(BATCH))
        .with_inputs(|| records(&ring, &source, &next))
        .bench_local_values(insert);
}

/// The same records through the store: looked for, filed, put into blocks in time, and on record.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn put_records(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (store, source) = (store(folder.path()), source());
    let organization = Organization {
        id: source.clone(),
        name: "A source".into(),
        roles: ["contributor".to_owned()].into(),
        active: true,
    };
    let registered = store.transaction("register", move |tx: &mut Tx<'_>| {
        tx.put_organization(&organization)?;
        tx.source_number(&organization.id)
    });
    let registered: Result<Committed<u32>, Error> = runtime.block_on(registered);
    let number = registered.expect("registered").value;
    let (ring, next) = (ring(), Cell::new(0));
    let put = |records: Vec<Pseudonymized>| {
        let steps = move |tx: &mut Tx<'_>| {
            for record in records {
                tx.put_record(number, record)?.expect("it has no encodings");
            }
            Ok(())
        };
        let put: Result<Committed<()>, Error> = runtime.block_on(store.transaction("put", steps));
        put.expect("committed");
    };
    (0..ROWS / BATCH).for_each(|_| put(records(&ring, &source, &next)));
    bencher
        .counter(ItemsCount::new(BATCH))
        .with_inputs(|| records(&ring, &source, &next))
        .bench_local_values(put);
}

fn ring() -> KeyRing {
    KeyRing::of(&Root::from_bytes([9; 32]))
}

fn source() -> OrgId {
    OrgId::new("a-source").expect("a code")
}

fn submission(n: u64) -> Submission {
    let day = |text: &str| text.parse().expect("a date");
    let fact = Fact::AttendanceSummary(AttendanceSummary {
        school: Code::new("S1").expect("a code"),
        from: day("2024-09-02"),
        to: day("2025-06-15"),
        days_enrolled_hundredths: 18_000,
        days_present_hundredths: 17_000,
        days_absent_hundredths: 1_000,
    });
    Submission {
        key: format!("a-{n}-2025").as_str().into(),
        student: Some(format!("{n:08}").as_str().into()),
        identifiers: None,
        change: Change::Upsert(fact),
    }
}

fn records(ring: &KeyRing, source: &OrgId, next: &Cell<u64>) -> Vec<Pseudonymized> {
    let from = next.replace(next.get() + BATCH);
    (from..from + BATCH).map(|n| pseudonymize(ring, source, submission(n))).collect()
}

/// A table of records as the store has it, as durable as that.
fn bare(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("a database");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
             CREATE TABLE record (source INTEGER NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL, student BLOB, fact BLOB,
                 holding INTEGER, PRIMARY KEY (source, kind, key)) STRICT, WITHOUT ROWID",
        )
        .expect("a table");
    connection
}

fn store(folder: &Path) -> Store {
    let (path, service) = (folder.join("throughline.db"), ServiceKey::derive(&[8; 32].into()));
    let random = ring::rand::SystemRandom::new();
    let seed = ring::signature::Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
    let signer = SignerKey::from_pkcs8("bench.example/log", seed.as_ref()).expect("a key");
    Store::create(&path, &service, "bench.example/log", Timestamp::now()).expect("a new file");
    Store::open(&path, service, signer).expect("the file")
}
