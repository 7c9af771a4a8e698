//! How much does the whole service take in and answer, through mutual TLS, durably and on record?
//!
//! It runs the real program in a process of its own, on the same machine as its clients, and prints figures:
//! `cargo bench --bench service`. Receipts are verified by the clients, as they always are.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use throughline::api::{clear, v1 as pb};
use throughline::client::channel::{Options, connect};
use throughline::client::{Delivery, RowRef, Session, open};
use throughline::formats;
use throughline::store::Outcome;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Children of the practice city.
const STUDENTS: &str = "8000";

/// Records in a batch, as the command line sends them.
const BATCH: usize = 2_000;

/// Queries measured, one after the other and many at once.
const QUERIES: usize = 2_000;
const AT_ONCE: usize = 16;

/// By race and sex; two of its school years are asked, about a hundred cells.
const PRODUCT: &str = r#"
product = "city"
version = 1
title = "Students of the city"
profile = "nces-10"
mode = "suppress"
depth = 2
years = { from = 2021, to = 2025 }

[[indicators]]
name = "chronic_absence"
use = "chronic_absence"

[[dimensions]]
id = "race"
source = "race7"

[[dimensions]]
id = "sex"
source = "sex"
"#;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    set_up(folder.path());
    let mut service = Service::start(folder.path());
    runtime.block_on(async {
        register(folder.path(), &service);
        intake(folder.path(), &service).await;
        run(folder.path(), &["steward", "publish", "--server", &service.address]);
        queries(folder.path(), &service, 1).await;
        queries(folder.path(), &service, AT_ONCE).await;
    });
    service.kill();
    let killed = Instant::now();
    let service = Service::start(folder.path());
    say(&format!("kill -9 to listening again: {:.2} s", killed.elapsed().as_secs_f64()));
    drop(service);
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody reads the figures");
}

fn run(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    let done = command.current_dir(folder).args(arguments).output().expect("the program runs");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn set_up(folder: &Path) {
    run(folder, &["practice", "--students", STUDENTS, "--out", "city"]);
    std::fs::write(folder.join("product.toml"), PRODUCT).expect("written");
    let members = ["city-steward.steward", "northfield.contributor", "city-partnership.partner"];
    let members = members.iter().flat_map(|member| ["--for", member]);
    run(folder, &["certs", "init"].into_iter().chain(members).collect::<Vec<_>>());
    run(folder, &["init", "service", "--steward", "city-steward", "--listen", "127.0.0.1:0"]);
    let config = folder.join("service/throughline.toml");
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    // The limit of calls is there to be measured elsewhere.
    std::fs::write(config, text + "\n[limits]\ncalls_per_second = 1000000\n").expect("written");
}

fn register(folder: &Path, service: &Service) {
    let steward = |arguments: &[&str]| {
        let all = [&["steward"], arguments, &["--server", &service.address]].concat();
        run(folder, &all);
    };
    steward(&["register", "northfield", "--role", "contributor"]);
    steward(&["register", "city-partnership", "--role", "partner"]);
    steward(&["agreement", "city/agreements/city-outcomes.toml"]);
    steward(&["product", "product.toml"]);
}

/// The program, serving.
struct Service {
    process: Child,
    address: String,
}

impl Service {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        command.current_dir(folder).args(["serve", "--config", "service/throughline.toml"]);
        command.env("RUST_LOG", "warn").stdout(Stdio::piped());
        let mut process = command.spawn().expect("the program runs");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("readable");
        let port = line.trim().rsplit_once(':').expect("listening on an address and a port").1;
        Self { process, address: format!("localhost:{port}") }
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        self.process.wait().expect("a child of ours");
    }

    async fn session(&self, folder: &Path, member: &str) -> Session {
        let certs = folder.join("certs");
        let options = Options {
            address: self.address.clone(),
            server_name: "localhost".into(),
            ca: certs.join("ca.pem"),
            certificate: certs.join(format!("{member}.pem")),
            key: certs.join(format!("{member}.key")),
            timeout: Duration::from_secs(10),
        };
        let log = std::fs::read_to_string(certs.join("log.vkey")).expect("init wrote it");
        let channel = connect(options).await.expect("it listens");
        Session::new(channel, log.trim().parse().expect("a key"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
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

/// Audited, verified answers per second, so many callers at once on one connection each.
async fn queries(folder: &Path, service: &Service, at_once: usize) {
    let question = pb::QueryRequest {
        agreement: "city-outcomes".into(),
        purpose: "public_reporting".into(),
        product: "city".into(),
        indicator: "chronic_absence".into(),
        dimensions: vec!["race".into(), "sex".into()],
        periods: vec![2024, 2025],
        ..pb::QueryRequest::default()
    };
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

/// A percentile in milliseconds, by the nearest rank.
fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times[rank - 1].as_secs_f64() * 1_000.0
}
