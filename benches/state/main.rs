//! A state's size: how long do intake, publishing, answers and a start take, and how do they grow?
//!
//! It runs the real program in a process of its own, on the same machine as its clients:
//! `cargo bench --bench state -- 200000` with so many students, `-- 200000 --json FILE` to add a line of figures to a file.

#[path = "../running/mod.rs"]
mod running;
mod people;

use people::{EACH, People, YEARS};
use running::{Service, percentile, run, say};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use throughline::api::v1 as pb;
use throughline::client::{Delivery, Progress, RowRef, open};
use throughline::store::Outcome;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Records in a batch, as the command line sends them.
const BATCH: usize = 2_000;

/// Questions a second, and for how many seconds.
const PACE: u32 = 500;
const SECONDS: u32 = 10;

/// Callers that ask without a pause.
const AT_ONCE: usize = 16;

/// The practice city's agreement, with its dates and years still open.
const AGREEMENT: &str = include_str!("../../src/practice/papers/city-outcomes.toml");

/// By five dimensions, each at every school.
const PRODUCT: &str = r#"
product = "city"
version = 1
title = "Students of the state"
profile = "nces-10"
mode = "suppress"
depth = 1
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

[[dimensions]]
id = "income"
source = "econ"

[[dimensions]]
id = "disability"
source = "disability"

[[dimensions]]
id = "language"
source = "english_learner"
"#;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |text: &String| text.parse().expect("a number of students");
    let n_students: u64 = arguments.first().map_or(200_000, number);
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    set_up(folder.path());
    let mut service = Service::start(folder.path());
    running::register(folder.path(), &service, "agreement.toml");
    let mut figures = serde_json::Map::new();
    let mut tell = |name: &str, value: f64, words: &str| {
        say(&format!("{name}: {value:.2} {words}"));
        figures.insert(name.to_owned(), value.into());
    };
    tell("students", n_students as f64, "");
    let (n_records, seconds) = runtime.block_on(intake(folder.path(), &service, n_students));
    tell("intake_records", n_records as f64, "");
    tell("intake_per_s", n_records as f64 / seconds, "records/s");
    tell("intake_mb", peak(&service), "MB at most, in the service");
    published(&mut tell, "publish", &folder, &service);
    let late = runtime.block_on(correct(folder.path(), &service, n_students));
    tell("late_records", late as f64, "");
    published(&mut tell, "publish_again", &folder, &service);
    let (n_cells, mut paced) = runtime.block_on(at_a_pace(folder.path(), &service));
    tell("cells", n_cells as f64, "");
    tell("answer_p50_ms", percentile(&mut paced, 50), "ms at 500 a second");
    tell("answer_p99_ms", percentile(&mut paced, 99), "ms at 500 a second");
    tell("answers_per_s", runtime.block_on(at_full_load(folder.path(), &service)), "answers/s at full load");
    service.kill();
    let started = Instant::now();
    let service = Service::start(folder.path());
    tell("start_s", started.elapsed().as_secs_f64(), "s to listening");
    let first = runtime.block_on(async {
        let session = service.session(folder.path(), "city-partnership.partner").await;
        let asked = Instant::now();
        session.query(question()).await.expect("an agreement covers it");
        asked.elapsed()
    });
    tell("first_answer_ms", first.as_secs_f64() * 1e3, "ms, the first answer");
    let database = std::fs::metadata(folder.path().join("service/throughline.db")).expect("a database");
    tell("database_mb", database.len() as f64 / 1e6, "MB of database");
    let json = arguments.iter().position(|argument| argument == "--json");
    if let Some(file) = json.and_then(|at| arguments.get(at + 1)) {
        let mut file = std::fs::File::options().create(true).append(true).open(file).expect("a file");
        writeln!(file, "{}", serde_json::Value::from(figures)).expect("written");
    }
}

/// Publishes an edition, and tells what of it took how long.
fn published(tell: &mut impl FnMut(&str, f64, &str), name: &str, folder: &TempDir, service: &Service) {
    let started = Instant::now();
    let arguments = ["steward", "publish", "--json", "--server", &service.address];
    let report: serde_json::Value = serde_json::from_str(&run(folder.path(), &arguments)).expect("JSON");
    tell(&format!("{name}_s"), started.elapsed().as_secs_f64(), "s");
    for (stage, seconds) in report["stages"].as_object().expect("stages") {
        tell(&format!("{name}_{stage}_s"), seconds.as_f64().expect("seconds"), "s of these");
    }
    tell(&format!("{name}_mb"), peak(service), "MB at most, in the service");
}

fn set_up(folder: &Path) {
    let agreement = AGREEMENT.replace("{begins}", "2020-07-01");
    let agreement = agreement.replace("{from}", "2021").replace("{to}", "2025");
    std::fs::write(folder.join("agreement.toml"), agreement).expect("written");
    std::fs::write(folder.join("product.toml"), PRODUCT).expect("written");
    // The limits are there to be measured elsewhere.
    let limits =
        "calls_per_second = 1000000\nrunning_calls_max = 5000\nrunning_calls_per_organization_max = 5000";
    running::set_up(folder, limits);
}

/// The most memory that the service's process had since this was last asked, in MB (`VmHWM`).
fn peak(service: &Service) -> f64 {
    let process = Path::new("/proc").join(service.process.id().to_string());
    let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    // It counts from here on, where the system lets us.
    let _ = std::fs::write(process.join("clear_refs"), "5");
    kb.unwrap_or(f64::NAN) / 1e3
}

/// Pushes the whole state; records, and seconds to the last durable acknowledgement.
async fn intake(folder: &Path, service: &Service, n_students: u64) -> (u64, f64) {
    let n_records = people::SCHOOLS + n_students * EACH;
    let (sender, receiver) = mpsc::channel(4 * BATCH);
    let making = std::thread::spawn(move || {
        let people = People::new();
        let all = People::schools().chain((0..n_students).flat_map(|n| people.records(n)));
        // Who has gone takes no more.
        all.into_iter().all(|record| sender.blocking_send(record).is_ok())
    });
    let seconds = push(folder, service, "all", n_records, receiver).await;
    assert!(making.join().expect("it makes them all"), "the push takes them all");
    (n_records, seconds)
}

/// Pushes a correction for one student of a hundred.
async fn correct(folder: &Path, service: &Service, n_students: u64) -> u64 {
    let corrected: Vec<_> = (0..n_students).step_by(100).map(people::corrected).collect();
    let n_records = corrected.len() as u64;
    let (sender, receiver) = mpsc::channel(corrected.len());
    corrected.into_iter().for_each(|record| sender.try_send(record).expect("there is room for all"));
    drop(sender);
    push(folder, service, "late", n_records, receiver).await;
    n_records
}

async fn push(
    folder: &Path,
    service: &Service,
    id: &str,
    n_records: u64,
    records: mpsc::Receiver<(RowRef, pb::Record)>,
) -> f64 {
    let session = service.session(folder, "northfield.contributor").await;
    let (started, mut last) = (Instant::now(), Instant::now());
    let delivery = Delivery {
        id: id.to_owned(),
        agreement: "city-outcomes".to_owned(),
        records,
        n_records,
        batch_records: BATCH,
        linkage_keys: None,
        is_dry_run: false,
    };
    let opening = open(&session, delivery, None).await.expect("a delivery");
    let progress = |progress: Progress| {
        if last.elapsed() > Duration::from_secs(10) {
            last = Instant::now();
            say(&format!(
                "  {} records after {:.0} s",
                progress.acknowledged,
                started.elapsed().as_secs_f64()
            ));
        }
    };
    let pushed = opening.push(&BTreeMap::new(), progress).await.expect("a delivery");
    assert_eq!(pushed.count(Outcome::Refused), 0, "all records are good");
    started.elapsed().as_secs_f64()
}

/// Every school and district of a year: 642 cells.
fn question() -> pb::QueryRequest {
    running::question(&["geography"], &YEARS[YEARS.len() - 1..])
}

/// Asks at a steady pace, whatever the answers take; how long each took from when it was due.
async fn at_a_pace(folder: &Path, service: &Service) -> (usize, Vec<Duration>) {
    let mut sessions = Vec::new();
    for _ in 0..8 {
        sessions.push(service.session(folder, "city-partnership.partner").await);
    }
    let (table, _) = sessions[0].query(question()).await.expect("an agreement covers it");
    let mut callers = JoinSet::new();
    // A question is due whether or not the one before it is answered: a tick that was missed comes at once.
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / PACE);
    for n in 0..PACE * SECONDS {
        let due = ticks.tick().await;
        let session = sessions[n as usize % sessions.len()].clone();
        callers.spawn(async move {
            session.query(question()).await.expect("an agreement covers it");
            due.elapsed()
        });
    }
    (table.cells().len(), callers.join_all().await)
}

async fn at_full_load(folder: &Path, service: &Service) -> f64 {
    const EACH_ASKS: usize = 500;
    let mut callers = JoinSet::new();
    let mut sessions = Vec::new();
    for _ in 0..AT_ONCE {
        sessions.push(service.session(folder, "city-partnership.partner").await);
    }
    let started = Instant::now();
    for session in sessions {
        callers.spawn(async move {
            for _ in 0..EACH_ASKS {
                session.query(question()).await.expect("an agreement covers it");
            }
        });
    }
    callers.join_all().await;
    (AT_ONCE * EACH_ASKS) as f64 / started.elapsed().as_secs_f64()
}
