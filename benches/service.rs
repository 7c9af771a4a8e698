//! How much does the whole service take in and answer, through mutual TLS, durably and on record?
//!
//! It runs the real program in a process of its own, on the same machine as its clients, and prints figures:
//! `cargo bench --bench service`. Receipts are verified by the clients, as they always are.

#[path = "running/city.rs"]
mod city;
#[path = "../src/cli/bench/pace.rs"]
mod pace;
mod running;

use city::{register, set_up};
use running::{Service, percentile, run, say};
use std::path::Path;
use std::time::Instant;
use throughline::api::{clear, v1 as pb};
use throughline::client::{Delivery, RowRef, open};
use throughline::formats;
use throughline::store::Outcome;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Records in a batch, as the command line sends them.
const BATCH: usize = 2_000;

/// Queries measured, one after the other and many at once.
const QUERIES: usize = 2_000;
const AT_ONCE: usize = 16;

/// Queries a second at a steady pace, and for how long.
const PACE: u32 = 500;
const SECONDS: u32 = 10;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // The limit of calls is there to be measured elsewhere.
    set_up(folder.path(), "calls_per_second = 1000000\nrunning_calls_per_organization_max = 250");
    let mut service = Service::start(folder.path());
    runtime.block_on(async {
        register(folder.path(), &service);
        intake(folder.path(), &service).await;
        run(folder.path(), &["steward", "publish", "--server", &service.address]);
        at_a_pace(folder.path(), &service).await;
        queries(folder.path(), &service, 1).await;
        queries(folder.path(), &service, AT_ONCE).await;
    });
    service.kill();
    let killed = Instant::now();
    let service = Service::start(folder.path());
    say(&format!("kill -9 to listening again: {:.2} s", killed.elapsed().as_secs_f64()));
    drop(service);
}

/// Records per second of a district's whole export, from memory to the last durable acknowledgement.
async fn intake(folder: &Path, service: &Service) {
    let mut records = Vec::new();
    formats::read(&folder.join("city/sources/northfield"), None, &mut |row| {
        let place = RowRef { file: row.file.into(), row: row.row, kind: row.submission.change.kind() };
        records.push((place, clear(&row.submission)));
    })
    .expect("the city's own files");
    let n_records = records.len();
    let session = service.session(folder, "northfield.contributor").await;
    for (delivery, what) in [("first", "new"), ("again", "unchanged")] {
        let (sender, receiver) = mpsc::channel(n_records);
        for record in &records {
            sender.try_send(record.clone()).expect("there is room for all");
        }
        drop(sender);
        let (id, agreement) = (delivery.to_owned(), "city-outcomes".to_owned());
        let started = Instant::now();
        let (mut last, mut waits) = (started, Vec::new());
        let delivery = Delivery {
            id,
            agreement,
            records: receiver,
            n_records: n_records as u64,
            batch_records: BATCH,
            linkage_keys: None,
            is_dry_run: false,
        };
        let opening = open(&session, delivery, None).await.expect("a delivery");
        let at_most = std::collections::BTreeMap::new();
        let pushed = opening.push(&at_most, |_| {
            waits.push(last.elapsed());
            last = Instant::now();
        });
        let pushed = pushed.await.expect("a delivery");
        let seconds = started.elapsed().as_secs_f64();
        let n_refused = pushed.count(Outcome::Refused);
        say(&format!(
            "intake of {what} records: {n_records} ({n_refused} refused) in {} batches, {seconds:.2} s, {:.0} \
             records/s; between acknowledgements p50 {:.1} ms, at most {:.0} ms",
            pushed.batches,
            n_records as f64 / seconds,
            percentile(&mut waits, 50),
            percentile(&mut waits, 100),
        ));
    }
}

/// By three dimensions at once, of two school years: about 300 cells.
fn question() -> pb::QueryRequest {
    running::question(&["race", "sex", "income"], &[2024, 2025])
}

/// How long an answer takes from when it was due, whether or not those before it are there.
async fn at_a_pace(folder: &Path, service: &Service) {
    let mut sessions = Vec::new();
    for _ in 0..AT_ONCE {
        sessions.push(service.session(folder, "city-partnership.partner").await);
    }
    let (table, _) = sessions[0].query(question()).await.expect("an agreement covers it");
    let mut callers = JoinSet::new();
    let (mut ticks, mut sessions) = (pace::ticks(PACE, PACE * SECONDS), sessions.iter().cycle());
    while let (Some(due), Some(session)) = (ticks.recv().await, sessions.next().cloned()) {
        callers.spawn(async move {
            session.query(question()).await.expect("an agreement covers it");
            due.elapsed()
        });
    }
    let mut took = callers.join_all().await;
    say(&format!(
        "{PACE} a second: answers of {} cells; p50 {:.2} ms, p99 {:.2} ms",
        table.cells().len(),
        percentile(&mut took, 50),
        percentile(&mut took, 99),
    ));
}

/// Audited, verified answers per second, so many callers at once on one connection each.
async fn queries(folder: &Path, service: &Service, at_once: usize) {
    let question = question();
    let first = service.session(folder, "city-partnership.partner").await;
    let (table, _) = first.query(question.clone()).await.expect("an agreement covers it");
    let mut callers = JoinSet::new();
    let each = QUERIES / at_once;
    let mut sessions = Vec::new();
    for _ in 0..at_once {
        sessions.push(service.session(folder, "city-partnership.partner").await);
    }
    let started = Instant::now();
    for session in sessions {
        let question = question.clone();
        callers.spawn(async move {
            let mut took = Vec::with_capacity(each);
            for _ in 0..each {
                let asked = Instant::now();
                session.query(question.clone()).await.expect("an agreement covers it");
                took.push(asked.elapsed());
            }
            took
        });
    }
    let mut took = callers.join_all().await.concat();
    let seconds = started.elapsed().as_secs_f64();
    say(&format!(
        "{at_once} at once: {:.0} audited calls/s of {} cells; p50 {:.2} ms, p99 {:.2} ms",
        took.len() as f64 / seconds,
        table.cells().len(),
        percentile(&mut took, 50),
        percentile(&mut took, 99),
    ));
}
