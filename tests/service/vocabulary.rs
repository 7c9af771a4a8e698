//! What people do: sources push, partners ask, stewards run it, auditors check.

use crate::at_rest::{Kept, Linked};
use crate::city::{City, Setup};
use crate::papers::{AGREEMENT, PRODUCT};
use crate::records::{roll, row};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Entry, Opening};
use throughline::client::{Delivery, Error, Pushed, Session, open};
use throughline::server::peer::Role;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

impl City {
    /// A running service with its organizations, an agreement and a product.
    pub(crate) async fn open() -> Self {
        Self::open_with(Setup::default()).await
    }

    /// As [`City::open`], set up otherwise.
    pub(crate) async fn open_with(setup: Setup) -> Self {
        let city = Self::start(setup);
        let steward = city.steward().await;
        for (id, role) in [
            ("northfield", "contributor"),
            ("eastbrook", "contributor"),
            ("city-partnership", "partner"),
            ("bystander", "partner"),
            ("city-auditor", "auditor"),
        ] {
            steward.register(id, role, pb::Standing::Active).await.expect("the steward may");
        }
        steward.agreement(AGREEMENT).await.expect("a good agreement");
        steward.product(PRODUCT).await.expect("a good product");
        city
    }

    /// As [`City::open`], with 60 students and the first edition.
    pub(crate) async fn published() -> Self {
        let city = Self::open().await;
        city.source("northfield").await.push("first", roll(0..60)).await.expect("good records");
        city.steward().await.publish().await.expect("an edition");
        city
    }

    pub(crate) async fn source(&self, organization: &str) -> Source {
        Source { session: self.session(organization, Role::Contributor).await }
    }

    pub(crate) async fn partner(&self) -> Session {
        self.session("city-partnership", Role::Partner).await
    }

    pub(crate) async fn steward(&self) -> Steward {
        Steward { session: self.session("city-steward", Role::Steward).await }
    }

    pub(crate) async fn auditor(&self) -> Session {
        self.session("city-auditor", Role::Auditor).await
    }

    /// The access log as it is in the database: reading it this way leaves no entry.
    pub(crate) fn log(&self) -> Vec<Entry> {
        const ENTRIES: &str = "SELECT entry, salt, principal, certificate_serial FROM log_entry
             LEFT JOIN log_opening USING (position) ORDER BY position";
        let code = |text: String| throughline::records::Code::new(&text).expect("a code");
        self.rows(ENTRIES, |row| {
            let entry = Entry::parse(&row.get::<_, Vec<u8>>(0)?).expect("an entry");
            let Some(salt) = row.get(1)? else { return Ok(entry) };
            let (principal, serial) = (code(row.get(2)?), row.get::<_, Option<String>>(3)?.map(code));
            Ok(entry.opened(&Opening { salt, principal, certificate_serial: serial }).expect("its own"))
        })
    }

    /// Every record and subject the service holds, in tokens.
    pub(crate) fn state(&self) -> Vec<Vec<u8>> {
        let subject =
            |Linked { source, student, person, .. }: Linked| format!("{source} {student:?} {person}");
        let subjects = self.subjects().into_iter().map(|of| subject(of).into_bytes());
        let record = |Kept { source, kind, key, student, fact }: Kept| {
            format!("{source} {kind} {key:?} {student:?} {fact:?}").into_bytes()
        };
        self.records().into_iter().map(record).chain(subjects).collect()
    }

    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let database = rusqlite::Connection::open_with_flags(self.file("throughline.db"), flags);
        let database = database.expect("the database");
        let n_waiting = || -> i64 {
            database.query_row("SELECT count(*) FROM arrival", [], |row| row.get(0)).expect("a number")
        };
        // Records have their rows a little after they are acknowledged.
        let since = Instant::now();
        while sql.contains("record") && n_waiting() > 0 {
            assert!(since.elapsed() < Duration::from_secs(60), "records that were pushed have no rows");
            std::thread::yield_now();
        }
        let mut statement = database.prepare(sql).expect("a statement");
        let rows = statement.query_map([], read).expect("rows").collect::<Result<_, _>>();
        rows.expect("readable")
    }

    /// Exports the log with the command line; the folder.
    pub(crate) fn export(&self, name: &str) -> PathBuf {
        let folder = self.folder().join(name);
        let mut export = self.program();
        export
            .args(["audit", "export", name, "--server"])
            .arg(self.address().replace("127.0.0.1", "localhost"));
        let done = export.output().expect("the program runs");
        assert!(done.status.success(), "export: {}", String::from_utf8_lossy(&done.stderr));
        folder
    }

    /// As [`City::kill`], once all records have their rows.
    pub(crate) fn kill_once_put_away(&mut self) {
        self.records();
        self.kill();
    }

    /// Takes out of the database what schema 5 has added.
    pub(crate) fn before_keys(&self) {
        self.tamper(&self.before_blocks());
        self.tamper(
            "DROP TABLE offered; DROP TABLE cosignature; DROP TABLE witnessed; DROP TABLE recovery; DROP TABLE log_block;
             DROP TABLE destruction; DROP TABLE holding; DROP TABLE sent_under; DROP TABLE backup; DROP TABLE copied;
             DROP TABLE edition_holding; DROP TABLE opted_out; DROP TABLE clock_doubt; DROP TABLE proposal;
             DROP TABLE log_opening; DROP TABLE arrival; DROP TABLE round; DROP TABLE counted;
             ALTER TABLE edition DROP COLUMN students;
             ALTER TABLE edition DROP COLUMN destroyed_ms;
             ALTER TABLE batch DROP COLUMN agreement; ALTER TABLE organization DROP COLUMN latest_delivery;
             ALTER TABLE organization DROP COLUMN delivered_ms;
             DROP TABLE approval; ALTER TABLE edition DROP COLUMN reports;
             ALTER TABLE edition DROP COLUMN left_out;
             DROP TABLE linkage_key; ALTER TABLE subject DROP COLUMN next_encoding;
             ALTER TABLE subject DROP COLUMN make; ALTER TABLE batch DROP COLUMN make; PRAGMA user_version = 4",
        );
    }

    /// Copies the database of the running service with the command line.
    pub(crate) fn backup(&self, name: &str) {
        let mut backup = self.program();
        backup.args(["backup", name, "--config", "service/throughline.toml"]);
        let done = backup.output().expect("the program runs");
        assert!(done.status.success(), "backup: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Whether the command line verifies an exported log.
    pub(crate) fn verifies(&self, folder: &str) -> bool {
        let done = self.program().args(["audit", "verify", folder]).output().expect("the program runs");
        done.status.success()
    }
}

/// A contributor.
pub(crate) struct Source {
    pub(crate) session: Session,
}

impl Source {
    /// Pushes records as a delivery of its own, 50 in a batch.
    pub(crate) async fn push(&self, delivery: &str, records: Vec<pb::Record>) -> Result<Pushed, Error> {
        self.push_of(records.len(), delivery, records).await
    }

    /// The same, where so many records were announced.
    pub(crate) async fn push_of(
        &self,
        n_records: usize,
        delivery: &str,
        records: Vec<pb::Record>,
    ) -> Result<Pushed, Error> {
        self.deliver("city-outcomes", n_records, delivery, records).await
    }

    /// As [`Source::push`], under another agreement.
    pub(crate) async fn push_under(
        &self,
        agreement: &str,
        delivery: &str,
        records: Vec<pb::Record>,
    ) -> Result<Pushed, Error> {
        self.deliver(agreement, records.len(), delivery, records).await
    }

    async fn deliver(
        &self,
        agreement: &str,
        n_records: usize,
        delivery: &str,
        records: Vec<pb::Record>,
    ) -> Result<Pushed, Error> {
        let (sender, receiver) = mpsc::channel(records.len().max(1));
        for (at, record) in records.into_iter().enumerate() {
            assert!(sender.send((row(at), record)).await.is_ok(), "there is room for all");
        }
        drop(sender);
        let delivery = Delivery {
            id: delivery.into(),
            agreement: agreement.to_owned(),
            records: receiver,
            n_records: n_records as u64,
            batch_records: 50,
            linkage_keys: None,
            is_dry_run: false,
        };
        open(&self.session, delivery, None).await?.push(&BTreeMap::new(), |_| ()).await
    }

    /// Opens a delivery, to send batches by hand.
    pub(crate) async fn open(&self, delivery: &str) -> Result<Pushing, Status> {
        let agreement = "city-outcomes".into();
        let open = pb::OpenDelivery { delivery: delivery.into(), agreement, ..Default::default() };
        self.begin(pb::push_request::Message::Open(open)).await
    }

    /// Begins a push with a message of any kind.
    pub(crate) async fn begin(&self, first: pb::push_request::Message) -> Result<Pushing, Status> {
        let (requests, outgoing) = mpsc::channel(64);
        requests.send(pb::PushRequest { message: Some(first) }).await.expect("the channel is new");
        let mut replies = self.session.ingest().push(ReceiverStream::new(outgoing)).await?.into_inner();
        match replies.message().await?.and_then(|reply| reply.message) {
            Some(pb::push_response::Message::Opened(opened)) => {
                self.session.entry(opened.receipt.as_ref()).expect("a good receipt");
                Ok(Pushing { requests: Some(requests), replies, opened })
            }
            _ => panic!("the first reply says where to go on"),
        }
    }

    pub(crate) async fn acknowledged_through(&self, delivery: &str) -> u64 {
        let request = pb::GetDeliveryRequest { delivery: delivery.into(), linkage_keys: Vec::new() };
        let reply = self.session.ingest().get_delivery(request).await.expect("its own delivery");
        reply.into_inner().acknowledged_through
    }
}

/// A delivery under way.
#[derive(Debug)]
pub(crate) struct Pushing {
    requests: Option<mpsc::Sender<pb::PushRequest>>,
    replies: Streaming<pb::PushResponse>,
    pub(crate) opened: pb::DeliveryOpened,
}

impl Pushing {
    /// Sends a batch without waiting for its verdict.
    pub(crate) async fn send(&self, batch: &str, sequence: u64, records: Vec<pb::Record>) {
        let batch = pb::Batch { batch: batch.into(), sequence, records };
        self.tell(pb::push_request::Message::Batch(batch)).await;
    }

    /// The next verdict.
    pub(crate) async fn verdict(&mut self) -> Result<pb::BatchVerdict, Status> {
        match self.replies.message().await?.and_then(|reply| reply.message) {
            Some(pb::push_response::Message::Verdict(verdict)) => Ok(verdict),
            _ => Err(Status::unknown("the stream ended")),
        }
    }

    /// Sends a message of any kind.
    pub(crate) async fn tell(&self, message: pb::push_request::Message) {
        let request = pb::PushRequest { message: Some(message) };
        // A stream that has ended says why in its replies.
        let _ = self.requests.as_ref().expect("not ended").send(request).await;
    }

    /// Sends a message of any kind and waits for its answer.
    pub(crate) async fn ask(
        &mut self,
        message: pb::push_request::Message,
    ) -> Result<pb::push_response::Message, Status> {
        self.tell(message).await;
        let reply = self.replies.message().await?.and_then(|reply| reply.message);
        reply.ok_or_else(|| Status::unknown("the stream ended"))
    }

    /// Sends a batch and waits for its verdict.
    pub(crate) async fn batch(
        &mut self,
        batch: &str,
        sequence: u64,
        records: Vec<pb::Record>,
    ) -> Result<pb::BatchVerdict, Status> {
        self.send(batch, sequence, records).await;
        self.verdict().await
    }

    /// Says that nothing more comes, and waits for the end.
    pub(crate) async fn finish(mut self) -> Result<(), Status> {
        self.requests = None;
        while self.replies.message().await?.is_some() {}
        Ok(())
    }
}

/// The steward.
pub(crate) struct Steward {
    pub(crate) session: Session,
}

impl Steward {
    pub(crate) async fn register(&self, id: &str, role: &str, standing: pb::Standing) -> Result<(), Status> {
        let (id, roles) = (id.to_owned(), vec![role.to_owned()]);
        let organization = pb::Organization { name: id.clone(), id, roles, standing: standing.into() };
        let request = pb::PutOrganizationRequest { organization: Some(organization) };
        self.session.admin().put_organization(request).await.map(|_| ())
    }

    pub(crate) async fn agreement(&self, document: &str) -> Result<(), Status> {
        let request = pb::PutAgreementRequest { document: document.into() };
        self.session.admin().put_agreement(request).await.map(|_| ())
    }

    pub(crate) async fn product(&self, document: &str) -> Result<(), Status> {
        let request = pb::PutProductRequest { document: document.into() };
        self.session.admin().put_product(request).await.map(|_| ())
    }

    pub(crate) async fn check(
        &self,
        documents: &[&str],
        variants: pb::Variants,
    ) -> Result<pb::CheckReport, Status> {
        let documents = documents.iter().map(ToString::to_string).collect();
        let request = pb::CheckProductRequest { documents, variants: variants.into() };
        let mut stages = self.session.admin().check_product(request).await?.into_inner();
        let mut report = None;
        while let Some(stage) = stages.message().await? {
            report = stage.report.or(report);
        }
        report.ok_or_else(|| Status::unknown("no report"))
    }

    pub(crate) async fn publish(&self) -> Result<pb::EditionReport, Status> {
        let request = pb::PublishRequest { title: "an edition".into() };
        let mut stages = self.session.admin().publish(request).await?.into_inner();
        let mut report = None;
        while let Some(stage) = stages.message().await? {
            report = stage.report.or(report);
        }
        report.ok_or_else(|| Status::unknown("no report"))
    }

    pub(crate) async fn status(&self) -> pb::GetStatusResponse {
        self.session.admin().get_status(pb::GetStatusRequest {}).await.expect("the steward may").into_inner()
    }

    /// Records held, of all sources and kinds.
    pub(crate) async fn n_records(&self) -> u64 {
        self.status().await.sources.iter().map(|source| source.records).sum()
    }
}

/// Chronic absence by race, in the newest edition.
pub(crate) fn question() -> pb::QueryRequest {
    pb::QueryRequest {
        agreement: "city-outcomes".into(),
        purpose: "improvement".into(),
        product: "city".into(),
        indicator: "chronic_absence".into(),
        dimensions: vec!["race".into()],
        ..pb::QueryRequest::default()
    }
}

/// The status of a call that must be refused.
pub(crate) fn refusal<T>(result: Result<T, Error>) -> Status {
    match result {
        Err(Error::Refused(status)) => *status,
        Err(other) => panic!("no answer, but no refusal either: {other}"),
        Ok(_) => panic!("it was not refused"),
    }
}

/// Code, decision and rule of a call that left one entry: what came back, and what the log has of it.
pub(crate) fn last(log: &[Entry]) -> (Decision, &str) {
    let entry = log.last().expect("an entry");
    (entry.decision, entry.rule.as_str())
}

/// Whether a status says that a retry may help.
pub(crate) fn is_unavailable(status: &Status) -> bool {
    status.code() == Code::Unavailable
}
