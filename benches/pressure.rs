//! What becomes of one caller's questions, and of the memory, while others do what they should not, or a backup is made?
//!
//! The real program runs in a process of its own, with its default limits, on the same two cores as who presses it, so that a
//! part of what is lost is the pressure's own work. `cargo bench --bench pressure` prints a line for each.

#[path = "running/city.rs"]
mod city;
mod running;

use city::{register, set_up};
use running::{Service, percentile, run, say};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use throughline::api::v1 as pb;
use throughline::client::Session;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;
use tonic::metadata::MetadataValue;

/// How long each pressure lasts.
const LASTS: Duration = Duration::from_secs(5);

/// The caller who is measured asks so often, or as often as answers come: one who asks all the time would be a pressure, too.
const EVERY: Duration = Duration::from_millis(5);

const CONNECTIONS: usize = 1_000;

#[derive(Clone, Copy)]
enum Pressure {
    Nothing,
    Resets,
    Silent,
    Plain,
    Headers,
    Stream,
    Calls,
    Backups,
}

impl Pressure {
    const ALL: [Self; 8] = [
        Self::Nothing,
        Self::Resets,
        Self::Silent,
        Self::Plain,
        Self::Headers,
        Self::Stream,
        Self::Calls,
        Self::Backups,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Resets => "calls that are reset at once",
            Self::Silent => "1,000 sockets that say nothing",
            Self::Plain => "1,000 sockets that speak HTTP/1.1",
            Self::Headers => "headers of a megabyte",
            Self::Stream => "a push without end",
            Self::Calls => "calls as fast as they go",
            Self::Backups => "backups, one after the other",
        }
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    set_up(folder.path(), "");
    let service = Service::start(folder.path());
    register(folder.path(), &service);
    let source =
        ["push", "city/sources/northfield", "--as", "northfield.contributor", "--agreement", "city-outcomes"];
    run(folder.path(), &[&source[..], &["--server", &service.address]].concat());
    run(folder.path(), &["steward", "publish", "--server", &service.address]);
    say(&format!(
        "{:<32} {:>6} {:>8} {:>8} {:>8} {:>7} {:>10} {:>10}",
        "beside", "asked", "p50 ms", "p99 ms", "max ms", "p99 x", "pressed", "RSS + MiB"
    ));
    let mut alone = None;
    for pressure in Pressure::ALL {
        let (mut took, n_pressed, grown) = runtime.block_on(measure(folder.path(), &service, pressure));
        let p99 = percentile(&mut took, 99);
        let times = p99 / *alone.get_or_insert(p99);
        say(&format!(
            "{:<32} {:>6} {:>8.2} {:>8.2} {:>8.2} {:>7.1} {:>10} {:>10.1}",
            pressure.name(),
            took.len(),
            percentile(&mut took, 50),
            p99,
            percentile(&mut took, 100),
            times,
            n_pressed,
            grown as f64 / 1024.0
        ));
    }
}

/// The times of a caller's questions under a pressure, how often it was pressed, and what the memory grew by, in KiB.
async fn measure(folder: &Path, service: &Service, pressure: Pressure) -> (Vec<Duration>, u64, u64) {
    let partner = service.session(folder, "city-partnership.partner").await;
    partner.query(question()).await.expect("an agreement covers it");
    let before = memory(service);
    let (end, ended) = watch::channel(false);
    let pressing = tokio::spawn(press(folder.to_owned(), service.address.clone(), pressure, ended, {
        service.session(folder, "northfield.contributor").await
    }));
    let (started, mut took, mut most) = (Instant::now(), Vec::new(), before);
    let mut clock = tokio::time::interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while started.elapsed() < LASTS {
        clock.tick().await;
        let asked = Instant::now();
        partner.query(question()).await.expect("an agreement covers it");
        took.push(asked.elapsed());
        most = most.max(memory(service));
    }
    end.send_replace(true);
    let n_pressed = pressing.await.expect("it presses");
    (took, n_pressed, most.saturating_sub(before))
}

/// Resident memory of the service, in KiB.
fn memory(service: &Service) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.process.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Presses until it is told that it is over; how often.
async fn press(
    folder: PathBuf,
    address: String,
    pressure: Pressure,
    mut ended: watch::Receiver<bool>,
    session: Session,
) -> u64 {
    let over = ended.clone();
    let is_over = move || *over.borrow();
    let mut n = 0;
    match pressure {
        Pressure::Nothing => {}
        Pressure::Resets => {
            while !is_over() {
                let mut audit = session.audit();
                let call = audit.get_checkpoint(pb::GetCheckpointRequest {});
                // Given up as soon as it is on its way.
                let _ = tokio::time::timeout(Duration::from_micros(100), call).await;
                n += 1;
            }
        }
        Pressure::Silent | Pressure::Plain => {
            let mut open = Vec::new();
            for _ in 0..CONNECTIONS {
                if let Ok(mut stream) = TcpStream::connect(&address).await {
                    // The beginning of a record that never comes, or what is not TLS at all.
                    let bytes: &[u8] = if matches!(pressure, Pressure::Silent) {
                        &[0x16, 3, 1, 2, 0]
                    } else {
                        b"GET / HTTP/1.1\r\n"
                    };
                    let _ = stream.write_all(bytes).await;
                    open.push(stream);
                    n += 1;
                }
            }
            let _ = ended.wait_for(|ended| *ended).await;
        }
        Pressure::Headers => {
            while !is_over() {
                let mut request = Request::new(pb::GetCheckpointRequest {});
                let value = MetadataValue::try_from("x".repeat(1 << 20)).expect("ASCII");
                request.metadata_mut().insert("x-large", value);
                let _ = session.audit().get_checkpoint(request).await;
                n += 1;
            }
        }
        Pressure::Stream => {
            let (requests, outgoing) = mpsc::channel(1);
            let message = |message| pb::PushRequest { message: Some(message) };
            let open = pb::OpenDelivery {
                delivery: "without-end".into(),
                agreement: "city-outcomes".into(),
                ..Default::default()
            };
            let _ = requests.send(message(pb::push_request::Message::Open(open))).await;
            let Ok(replies) = session.ingest().push(ReceiverStream::new(outgoing)).await else { return n };
            let mut replies = replies.into_inner();
            while !is_over() {
                let records = vec![pb::Record::default(); 10_000];
                let batch = pb::Batch { batch: format!("b-{}", n + 1), sequence: n + 1, records };
                if requests.send(message(pb::push_request::Message::Batch(batch))).await.is_err()
                    || replies.message().await.is_err()
                {
                    break;
                }
                n += 1;
            }
        }
        Pressure::Calls => {
            let mut callers = JoinSet::new();
            for _ in 0..64 {
                let (session, over) = (session.clone(), ended.clone());
                callers.spawn(async move {
                    let mut n = 0;
                    while !*over.borrow() {
                        let _ = session.audit().get_checkpoint(pb::GetCheckpointRequest {}).await;
                        n += 1;
                    }
                    n
                });
            }
            n = callers.join_all().await.into_iter().sum();
        }
        Pressure::Backups => {
            while !is_over() {
                let folder = folder.clone();
                let name = format!("backup-{n}.db");
                let backup = tokio::task::spawn_blocking(move || {
                    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
                    command.args(["backup", &name, "--config", "service/throughline.toml"]);
                    command.current_dir(folder).output().expect("the program runs").status.success()
                });
                assert!(backup.await.expect("it ends"), "a backup");
                n += 1;
            }
        }
    }
    n
}

/// About a hundred cells.
fn question() -> pb::QueryRequest {
    running::question(&["race", "sex"], &[2024, 2025])
}
