//! Doing to a service what nobody should, or making backups of it all the time.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use throughline::api::v1 as pb;
use throughline::client::Session;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;
use tonic::metadata::MetadataValue;

/// What is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pressure {
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
    pub(crate) const ALL: [Self; 8] = [
        Self::Nothing,
        Self::Resets,
        Self::Silent,
        Self::Plain,
        Self::Headers,
        Self::Stream,
        Self::Calls,
        Self::Backups,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Resets => "calls that are reset at once",
            Self::Silent => "sockets that say nothing",
            Self::Plain => "sockets that speak HTTP/1.1",
            Self::Headers => "headers of a megabyte",
            Self::Stream => "a push without end",
            Self::Calls => "calls as fast as they go",
            Self::Backups => "backups, one after the other",
        }
    }
}

/// Who presses a service.
pub(crate) struct Presser {
    pub(crate) address: String,
    /// A contributor's.
    pub(crate) session: Session,
    /// So many sockets, where it is done by those.
    pub(crate) n_sockets: usize,
    /// Where the command is run that makes backups, and the configuration it takes.
    pub(crate) folder: PathBuf,
    pub(crate) config: &'static str,
}

impl Presser {
    /// Presses until it is told that it is over, once at least; how often.
    pub(crate) async fn press(self, pressure: Pressure, mut ended: watch::Receiver<bool>) -> u64 {
        let Self { address, session, n_sockets, folder, config } = self;
        let over = ended.clone();
        let is_over = move || *over.borrow();
        let mut n = 0;
        match pressure {
            Pressure::Nothing => {}
            Pressure::Resets => {
                loop {
                    let mut audit = session.audit();
                    let call = audit.get_checkpoint(pb::GetCheckpointRequest {});
                    // Given up as soon as it is on its way.
                    let _ = tokio::time::timeout(Duration::from_micros(100), call).await;
                    n += 1;
                    if is_over() {
                        break;
                    }
                }
            }
            Pressure::Silent | Pressure::Plain => {
                let mut open = Vec::new();
                for _ in 0..n_sockets {
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
            Pressure::Headers => loop {
                let mut request = Request::new(pb::GetCheckpointRequest {});
                let value = MetadataValue::try_from("x".repeat(1 << 20)).expect("ASCII");
                request.metadata_mut().insert("x-large", value);
                let _ = session.audit().get_checkpoint(request).await;
                n += 1;
                if is_over() {
                    break;
                }
            },
            Pressure::Stream => {
                let (requests, outgoing) = mpsc::channel(1);
                let message = |message| pb::PushRequest { message: Some(message) };
                let open = pb::OpenDelivery {
                    delivery: "without-end".into(),
                    agreement: "city-outcomes".into(),
                    ..Default::default()
                };
                let _ = requests.send(message(pb::push_request::Message::Open(open))).await;
                let Ok(replies) = session.ingest().push(ReceiverStream::new(outgoing)).await else {
                    return n;
                };
                let mut replies = replies.into_inner();
                loop {
                    let records = vec![pb::Record::default(); 10_000];
                    let batch = pb::Batch { batch: format!("b-{}", n + 1), sequence: n + 1, records };
                    if requests.send(message(pb::push_request::Message::Batch(batch))).await.is_err()
                        || replies.message().await.is_err()
                    {
                        break;
                    }
                    n += 1;
                    if is_over() {
                        break;
                    }
                }
            }
            Pressure::Calls => {
                let mut callers = JoinSet::new();
                for _ in 0..64 {
                    let (session, over) = (session.clone(), ended.clone());
                    callers.spawn(async move {
                        let mut n = 0;
                        loop {
                            let _ = session.audit().get_checkpoint(pb::GetCheckpointRequest {}).await;
                            n += 1;
                            if *over.borrow() {
                                return n;
                            }
                        }
                    });
                }
                n = callers.join_all().await.into_iter().sum();
            }
            Pressure::Backups => loop {
                let folder = folder.clone();
                let name = format!("backup-{n}.db");
                let backup = tokio::task::spawn_blocking(move || {
                    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
                    command.args(["backup", &name, "--config", config]);
                    command.current_dir(folder).output().expect("the program runs").status.success()
                });
                assert!(backup.await.expect("it ends"), "a backup");
                n += 1;
                if is_over() {
                    break;
                }
            },
        }
        n
    }
}

/// Resident memory of a process, in KiB, where the system tells (Linux: `VmRSS` of proc(5)); 0 elsewhere.
pub(crate) fn memory(process: u32) -> u64 {
    if !cfg!(target_os = "linux") {
        return 0;
    }
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
