//! What clients do to the service over mutual TLS: they push, and they ask.

use super::pace::ticks;
use super::people::{self, People, YEARS};
use super::sign::Sign;
use crate::api::v1 as pb;
use crate::cli::Failure;
use crate::cli::steps::Steps;
use crate::client::channel::{Options, connect};
use crate::client::{self, Delivery, RowRef, Session, open};
use crate::store::Outcome;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Records in a batch, as `throughline push` sends them.
const BATCH: usize = 2_000;

/// Questions a second at a steady pace, and the connections they are spread over.
pub(super) const PACE: u32 = 500;
const CONNECTIONS: usize = 8;

/// Callers that ask without a pause, and how often each does for every second of the steady pace.
const AT_ONCE: usize = 16;
const ASKS_A_SECOND: u32 = 50;

const CONTRIBUTOR: &str = "northfield.contributor";
const PARTNER: &str = "city-partnership.partner";

/// Whoever calls the service.
pub(super) struct Clients {
    address: String,
    certs: PathBuf,
}

impl Clients {
    /// The clients of the service that is up.
    pub(super) fn of(steps: &Steps) -> Self {
        Self { address: steps.address().to_owned(), certs: steps.path("certs") }
    }

    /// A connection of its own. It keeps nothing of the access log, as that would be measured, too.
    async fn session(&self, member: &str) -> Result<Session, Failure> {
        let options = Options {
            address: self.address.clone(),
            server_name: "localhost".into(),
            ca: self.certs.join("ca.pem"),
            certificate: self.certs.join(format!("{member}.pem")),
            key: self.certs.join(format!("{member}.key")),
            timeout: Duration::from_secs(10),
        };
        let log = std::fs::read_to_string(self.certs.join("log.vkey"))?;
        Ok(Session::new(connect(options).await?, log.trim().parse()?))
    }

    /// Pushes the whole state, made as it is sent; the time to the last durable acknowledgement.
    pub(super) async fn push_all(
        &self,
        n_students: u64,
        n_records: u64,
        name: &str,
    ) -> Result<Duration, Failure> {
        let (sender, receiver) = mpsc::channel(4 * BATCH);
        let making = tokio::task::spawn_blocking(move || {
            let people = People::new();
            let mut all = People::schools().chain((0..n_students).flat_map(|n| people.records(n)));
            // Where the push has ended early, it says why.
            all.all(|record| sender.blocking_send(record).is_ok())
        });
        let sign = Sign::bar(&format!("{name}: pushing"), n_records);
        let took = self.push("all", n_records, receiver, |done| sign.reaches(done)).await?;
        making.await?;
        sign.end();
        Ok(took)
    }

    /// Pushes a correction for one student of a hundred; how many these are.
    pub(super) async fn push_corrections(&self, n_students: u64) -> Result<u64, Failure> {
        let n_records = n_students.div_ceil(100);
        let (sender, receiver) = mpsc::channel(BATCH);
        let making = tokio::task::spawn_blocking(move || {
            let mut all = (0..n_students).step_by(100).map(people::corrected);
            all.all(|record| sender.blocking_send(record).is_ok())
        });
        self.push("late", n_records, receiver, |_| ()).await?;
        making.await?;
        Ok(n_records)
    }

    async fn push(
        &self,
        id: &str,
        n_records: u64,
        records: mpsc::Receiver<(RowRef, pb::Record)>,
        acknowledged: impl Fn(u64),
    ) -> Result<Duration, Failure> {
        let session = self.session(CONTRIBUTOR).await?;
        let started = Instant::now();
        let delivery = Delivery {
            id: id.to_owned(),
            agreement: "city-outcomes".to_owned(),
            records,
            n_records,
            batch_records: BATCH,
            linkage_keys: None,
            is_dry_run: false,
        };
        let opening = open(&session, delivery, None).await?;
        let pushed = opening.push(&BTreeMap::new(), |progress| acknowledged(progress.acknowledged)).await?;
        match pushed.count(Outcome::Refused) {
            0 => Ok(started.elapsed()),
            n => Err(Failure::new(format!("the service refused {n} of {n_records} good records"))),
        }
    }

    /// Asks at a steady pace, whatever the answers take; the cells of an answer, and how long each took from when it was due.
    pub(super) async fn ask_at_a_pace(&self, seconds: u32) -> Result<(usize, Vec<Duration>), Failure> {
        let sessions = self.partners(CONNECTIONS).await?;
        let (table, _) = sessions[0].query(question()).await?;
        let mut callers = JoinSet::new();
        // A question is due whether or not the one before it is answered.
        let (mut ticks, mut sessions) = (ticks(PACE, PACE * seconds), sessions.iter().cycle());
        while let (Some(due), Some(session)) = (ticks.recv().await, sessions.next().cloned()) {
            callers.spawn(async move {
                session.query(question()).await?;
                Ok(due.elapsed())
            });
        }
        Ok((table.cells().len(), all(callers).await?))
    }

    /// Asks again as soon as there is an answer, many at once; answers a second.
    pub(super) async fn ask_at_full_load(&self, seconds: u32) -> Result<f64, Failure> {
        let (sessions, each) = (self.partners(AT_ONCE).await?, ASKS_A_SECOND * seconds);
        let mut callers = JoinSet::new();
        let started = Instant::now();
        for session in sessions {
            callers.spawn(async move {
                for _ in 0..each {
                    session.query(question()).await?;
                }
                Ok(each)
            });
        }
        let n: u32 = all(callers).await?.into_iter().sum();
        Ok(f64::from(n) / started.elapsed().as_secs_f64())
    }

    /// Asks once over a new connection; the time from the question to its answer.
    pub(super) async fn ask_once(&self) -> Result<Duration, Failure> {
        let session = self.session(PARTNER).await?;
        let asked = Instant::now();
        session.query(question()).await?;
        Ok(asked.elapsed())
    }

    async fn partners(&self, n: usize) -> Result<Vec<Session>, Failure> {
        let mut sessions = Vec::with_capacity(n);
        for _ in 0..n {
            sessions.push(self.session(PARTNER).await?);
        }
        Ok(sessions)
    }
}

/// What all of them end with; the first that fails ends the others.
async fn all<T: 'static>(mut callers: JoinSet<Result<T, client::Error>>) -> Result<Vec<T>, Failure> {
    let mut ended = Vec::with_capacity(callers.len());
    while let Some(caller) = callers.join_next().await {
        ended.push(caller??);
    }
    Ok(ended)
}

/// Every school and district of the last year: 642 cells.
fn question() -> pb::QueryRequest {
    pb::QueryRequest {
        agreement: "city-outcomes".into(),
        purpose: "public_reporting".into(),
        product: "city".into(),
        indicator: "chronic_absence".into(),
        dimensions: vec!["geography".into()],
        periods: YEARS[YEARS.len() - 1..].to_vec(),
        ..pb::QueryRequest::default()
    }
}
