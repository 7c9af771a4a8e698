//! How long do a start, a filtered page, an export and its verification take with a million entries in the access log?
//!
//! It fills a log through the store as the service does, many entries a commit, and prints figures:
//! `cargo bench --bench log`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use throughline::audit::{Decision, Entry, Filter, Hash, QueryText, SignerKey, tile};
use throughline::calendar::Timestamp;
use throughline::records::{Code, OrgId};
use throughline::store::{Committed, Error, ServiceKey, Store, Tx};

/// Entries of the log, and how many a commit.
const ENTRIES: u64 = 1_000_000;
const A_COMMIT: u64 = 5_000;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (path, seed) = (folder.path().join("throughline.db"), key());
    let open = || {
        let signer = SignerKey::from_pkcs8("bench.example/log", &seed).expect("a key");
        Store::open(&path, ServiceKey::derive(&[8; 32].into()), signer).expect("the file")
    };
    let service = ServiceKey::derive(&[8; 32].into());
    Store::create(&path, &service, "bench.example/log", Timestamp::now()).expect("a new file");
    let store = open();
    let filling = Instant::now();
    runtime.block_on(fill(&store));
    let seconds = filling.elapsed().as_secs_f64();
    say(&format!("{ENTRIES} entries, {A_COMMIT} a commit: {:.0} entries/s", ENTRIES as f64 / seconds));
    let mut stopped = store.stopped();
    drop(store);
    runtime.block_on(stopped.wait_for(|stopped| *stopped)).expect("the writer says that it has stopped");
    let starting = Instant::now();
    let store = open();
    say(&format!("open and verify every entry and node: {:.2} s", starting.elapsed().as_secs_f64()));
    runtime.block_on(pages(&store));
    let signer = SignerKey::from_pkcs8("bench.example/log", &seed).expect("a key");
    export(&runtime, &store, folder.path(), &signer);
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody reads the figures");
}

fn key() -> Vec<u8> {
    let random = ring::rand::SystemRandom::new();
    ring::signature::Ed25519KeyPair::generate_pkcs8(&random).expect("a key").as_ref().to_vec()
}

fn code(text: &str) -> Code {
    Code::new(text).expect("a code")
}

/// An entry as a question leaves it: by one of some partners, now and then refused, once in all by a certain person.
fn entry(n: u64) -> Entry {
    let is_refused = n.is_multiple_of(997);
    let (decision, rule) = match is_refused {
        true => (Decision::Refused, "agreement.purpose"),
        false => (Decision::Allowed, "agreement.covered"),
    };
    let person = if n == ENTRIES - 10 { "a.miller".to_owned() } else { format!("p.{}", n % 40) };
    Entry {
        agreement: Some(code("city-outcomes")),
        agreement_version: Some(1),
        cells_hidden: Some(12),
        cells_shown: Some(78),
        certificate_serial: Some(code("71de18c2c5bc797983b5620ae1f23597")),
        edition: Some(3),
        indicator: Some(code("chronic_absence")),
        legal_basis: Some(code("audit_evaluation")),
        organization: OrgId::new(&format!("partner-{}", n % 12)).ok(),
        principal: Some(code(&person)),
        product: Some(code("city")),
        purpose: Some(code("improvement")),
        query: QueryText::new("by race,sex where geography=northfield in 2025").ok(),
        request_digest: Some(Hash::of(&n.to_be_bytes())),
        response_digest: Some(Hash::of(&n.to_le_bytes())),
        role: Some(code("partner")),
        ..Entry::new(
            Timestamp::from_millis(1_790_000_000_000 + n as i64 * 40),
            code(&format!("{n:024x}")),
            code("Query"),
            decision,
            code(rule),
        )
    }
}

async fn fill(store: &Store) {
    for from in (0..ENTRIES).step_by(A_COMMIT as usize) {
        let steps = move |tx: &mut Tx<'_>| (from..from + A_COMMIT).try_for_each(|n| tx.log(&entry(n)));
        let Committed::<()> { .. } =
            store.transaction("fill", steps).await.map_err(|e: Error| e).expect("a commit");
    }
}

/// First pages of listings: what is frequent, what is rare, and what is nowhere.
async fn pages(store: &Store) {
    let all = Filter::default();
    let rule = Some(code("agreement.purpose"));
    for (what, filter) in [
        ("everything", all.clone()),
        ("an organization", Filter { organization: OrgId::new("partner-7").ok(), ..all.clone() }),
        ("a rule, one entry of 997", Filter { rule: rule.clone(), ..all.clone() }),
        (
            "a rule of an organization",
            Filter { rule, organization: OrgId::new("partner-7").ok(), ..all.clone() },
        ),
        (
            "a person with one entry, near the end",
            Filter { principal: Some(code("a.miller")), ..all.clone() },
        ),
        ("a person with none", Filter { principal: Some(code("nobody")), ..all.clone() }),
        (
            "a person and a rule that never come together",
            Filter { principal: Some(code("p.3")), rule: Some(code("none")), ..all },
        ),
    ] {
        let mut times = Vec::new();
        let mut n = 0;
        for _ in 0..5 {
            let (filter, started) = (filter.clone(), Instant::now());
            let page = store.read(move |snapshot| snapshot.log_entries(0, 100, &filter)).await;
            n = page.map_err(|error: Error| error).expect("a log").0.len();
            times.push(started.elapsed());
        }
        times.sort_unstable();
        say(&format!("first page of {what}: {n} entries, median {:.1} ms", times[2].as_secs_f64() * 1e3));
    }
}

/// Writes the log as tiles, and verifies it with the command line.
fn export(runtime: &tokio::runtime::Runtime, store: &Store, folder: &Path, signer: &SignerKey) {
    let (exported, started) = (folder.join("exported"), Instant::now());
    let mut tiler = tile::Tiler::new();
    let mut from = 0;
    let write = |files: Vec<(tile::Tile, Vec<u8>)>| {
        for (tile, bytes) in files {
            let file = exported.join(tile.to_string());
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, bytes).expect("written");
        }
    };
    while from < ENTRIES {
        let part = store.read(move |snapshot| snapshot.log_entries(from, 1_000, &Filter::default()));
        let (entries, _) = runtime.block_on(part).map_err(|error: Error| error).expect("a log");
        from += entries.len() as u64;
        entries.iter().for_each(|logged| write(tiler.push(&logged.bytes).expect("an entry")));
    }
    write(tiler.finish().0);
    let checkpoint = runtime.block_on(store.read(|snapshot| snapshot.checkpoint()));
    let checkpoint = checkpoint.map_err(|error: Error| error).expect("a log").expect("a checkpoint");
    std::fs::write(exported.join("checkpoint"), checkpoint).expect("written");
    say(&format!("export as tiles: {:.2} s", started.elapsed().as_secs_f64()));
    std::fs::write(folder.join("log.vkey"), signer.verifier().to_string()).expect("written");
    for (what, arguments) in [
        ("verify", &["audit", "verify"][..]),
        ("exceptions", &["audit", "exceptions"]),
        (
            "disclosures of a source and a year",
            &["audit", "disclosures", "--of", "northfield", "--year", "2027"],
        ),
    ] {
        let started = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        command.args(arguments).args(["exported", "--log-key", "log.vkey"]).current_dir(folder);
        let status = command.stdout(Stdio::null()).status().expect("it runs");
        // Exceptions are what the exit code tells.
        assert!(matches!(status.code(), Some(0 | 1)), "{what}: {status}");
        say(&format!("throughline audit {what}: {:.2} s", started.elapsed().as_secs_f64()));
    }
}
