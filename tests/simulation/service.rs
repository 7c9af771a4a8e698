//! The service in this process: opened, called, stopped, and cut off as by a power cut.

use crate::papers::{CONFIGURATION, LINKAGE_KEY, NEXT_LINKAGE_KEY, ORIGIN, SERVICE_KEY, log_key};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use throughline::api::v1::admin_service_client::AdminServiceClient;
use throughline::api::v1::audit_service_client::AuditServiceClient;
use throughline::api::v1::ingest_service_client::IngestServiceClient;
use throughline::api::v1::release_service_client::ReleaseServiceClient;
use throughline::audit::{SignerKey, VerifierKey};
use throughline::identity::{KeyRing, Root, Roots};
use throughline::ingest::Intake;
use throughline::records::OrgId;
use throughline::server::connection::Connection;
use throughline::server::peer::{Peer, Role};
use throughline::server::{self, Config, Said, Services, Since};
use throughline::store::Store;
use tokio::runtime::Runtime;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service};
use tower::util::BoxCloneSyncService;

/// Keys in files, as the service reads them; every seed has the same.
pub(crate) struct Keys {
    folder: PathBuf,
    pub(crate) log: VerifierKey,
}

impl Keys {
    /// Writes them into a folder.
    pub(crate) fn write(folder: &Path) -> Self {
        for (name, secret) in
            [("service.key", &SERVICE_KEY[..]), ("linkage.key", &LINKAGE_KEY), ("log.key", &log_key())]
        {
            let mut file = std::fs::OpenOptions::new();
            let file = file.write(true).create(true).truncate(true).mode(0o600).open(folder.join(name));
            std::io::Write::write_all(&mut file.expect("a file"), hex(secret).as_bytes()).expect("written");
        }
        let signer = SignerKey::from_pkcs8(ORIGIN, &log_key()).expect("a key");
        Self { folder: folder.to_owned(), log: signer.verifier().clone() }
    }

    fn configuration(&self, database: &Path) -> Config {
        let config = Config::parse(CONFIGURATION, &self.folder).expect("a configuration");
        Config { database: database.to_owned(), ..config }
    }
}

/// The keys the service encodes with, derived once: that takes as long as many steps of a seed.
pub(crate) static RING: LazyLock<Arc<KeyRing>> = LazyLock::new(|| {
    let mut roots = Roots::parse(&hex(&LINKAGE_KEY)).expect("a root");
    assert!(roots.add(Root::from_bytes(NEXT_LINKAGE_KEY)), "there is room for a second one");
    Arc::new(KeyRing::derive(&roots))
});

fn hex(secret: &[u8]) -> String {
    secret.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes every write");
        hex
    })
}

/// A running service. Whatever it does goes on only while somebody waits for an answer.
pub(crate) struct Running {
    runtime: Runtime,
    services: Services,
    database: PathBuf,
}

impl Running {
    /// Opens a database and answers calls over it.
    pub(crate) fn start(keys: &Keys, database: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
        let runtime = runtime.expect("a runtime");
        let config = keys.configuration(database);
        let said = Said { since: Since::Unsaid, clock_is_right: false, works_unasked: false };
        let services = runtime.block_on(async {
            let intake = Intake::Encodes(RING.clone());
            server::open(&config, intake, said).await.expect("the database opens").services(&config)
        });
        Self { runtime, services, database: database.to_owned() }
    }

    pub(crate) const fn store(&self) -> &Store {
        self.services.store()
    }

    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    /// Waits for an answer.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    /// The line of an organization to the service.
    pub(crate) fn line(&self, organization: &str, role: Role) -> Line {
        let organization = OrgId::new(organization).expect("an id");
        let peer = Peer { organization, role, principal: None, serial: "5e".into() };
        let about = Connection { peer: Ok(peer), remote: ([127, 0, 0, 1], 1).into() };
        Line { calls: self.services.calls(), about }
    }

    /// Bytes of the write-ahead log.
    pub(crate) fn wal_bytes(&self) -> u64 {
        std::fs::metadata(wal(&self.database)).map_or(0, |wal| wal.len())
    }

    /// Empties the write-ahead log, so that its length tells what was committed since.
    pub(crate) fn empty_wal(&self) {
        let database = rusqlite::Connection::open(&self.database).expect("it opens");
        let empty = "PRAGMA wal_checkpoint(TRUNCATE)";
        let is_busy: bool = database.query_row(empty, [], |row| row.get(0)).expect("it is emptied");
        assert!(!is_busy, "nobody looks at it");
    }

    /// Ends it in an orderly way: whatever has been handed to the store is committed, and the database is closed.
    pub(crate) fn stop(self) -> PathBuf {
        let mut stopped = self.store().stopped();
        let Self { runtime, services, database } = self;
        drop(services);
        // Tasks that are under way go with it.
        drop(runtime);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let ended = runtime.block_on(async { stopped.wait_for(|stopped| *stopped).await.is_ok() });
        assert!(ended, "the writer says when it ends");
        database
    }

    /// Cuts it off, with what is on disk as it is now, but for the last bytes of the write-ahead log: those from `keep` on
    /// were never synced. What is left of it becomes, with a database, another one.
    pub(crate) fn cut_off(self, database: &Path, keep: u64, to: &Path) {
        std::fs::copy(database, to).expect("copied");
        if let Ok(mut bytes) = std::fs::read(wal(&self.database)) {
            bytes.truncate(keep.try_into().expect("it fits"));
            std::fs::write(wal(to), bytes).expect("written");
        }
        self.stop();
    }
}

/// The write-ahead log beside a database.
pub(crate) fn wal(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// A connection that is known to be an organization's.
#[derive(Clone)]
pub(crate) struct Line {
    calls: BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Infallible>,
    about: Connection,
}

impl Service<http::Request<Body>> for Line {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.calls.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        request.extensions_mut().insert(self.about.clone());
        self.calls.call(request)
    }
}

impl Line {
    pub(crate) fn ingest(self) -> IngestServiceClient<Self> {
        IngestServiceClient::new(self)
    }

    pub(crate) fn audit(self) -> AuditServiceClient<Self> {
        AuditServiceClient::new(self)
    }

    pub(crate) fn releases(self) -> ReleaseServiceClient<Self> {
        ReleaseServiceClient::new(self)
    }

    pub(crate) fn admin(self) -> AdminServiceClient<Self> {
        AdminServiceClient::new(self)
    }
}
