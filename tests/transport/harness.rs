//! A server with a tiny service, and a client that can do everything wrong.

use crate::authority::{Authority, DOMAIN, Files};
use rustls::pki_types::ServerName;
use std::fs;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use throughline::client::{channel, pem};
use throughline::server::accept::{self, accept};
use throughline::server::connection::Connection;
use throughline::server::peer::{Peer, TrustDomain};
use throughline::server::refusal::{Reason, Refused};
use throughline::server::tls::{self, Tls};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// Fails a test instead of letting it hang.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it took too long")
}

/// A server's folder before it starts.
pub(crate) struct Setup {
    dir: PathBuf,
    /// Removes the folder at the end, if it is ours.
    ours: Option<TempDir>,
    pub(crate) authority: Authority,
    settings: accept::Settings,
    revocation: bool,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let ours = TempDir::new().expect("a folder");
        let setup = Self::in_folder(ours.path().into());
        install(&setup.authority, &setup.dir);
        Self { ours: Some(ours), ..setup }
    }

    /// A server with the files of a folder, which its own authority knows nothing of.
    pub(crate) fn in_folder(dir: PathBuf) -> Self {
        let settings = accept::Settings::new(TrustDomain::new(DOMAIN).expect("a trust domain"));
        let authority = Authority::new("the authority");
        Self { dir, ours: None, authority, settings, revocation: false }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut accept::Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub(crate) fn with_revocation(mut self, revoked: &[&Files]) -> Self {
        self.revocation = true;
        let list = self.authority.revocation_list(revoked, 2999);
        fs::write(self.dir().join("crl.pem"), list).expect("written");
        self
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn files(&self) -> tls::Files {
        tls::Files {
            certificate: self.dir().join("server.pem"),
            key: self.dir().join("server.key"),
            client_ca: self.dir().join("ca.pem"),
            revocation: self.revocation.then(|| self.dir().join("crl.pem")),
        }
    }
}

fn install(authority: &Authority, dir: &Path) {
    let server = authority.server();
    fs::copy(authority.certificate(), dir.join("ca.pem")).expect("copied");
    fs::copy(server.certificate, dir.join("server.pem")).expect("copied");
    fs::copy(server.key, dir.join("server.key")).expect("copied");
}

/// A running server whose one service notes who called last.
pub(crate) struct Server {
    dir: PathBuf,
    _ours: Option<TempDir>,
    pub(crate) authority: Authority,
    pub(crate) address: SocketAddr,
    pub(crate) tls: Arc<Tls>,
    last_peer: Arc<Mutex<Option<Peer>>>,
    refusals: mpsc::UnboundedReceiver<Refused>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(setup: Setup) -> Self {
        let tls = Arc::new(Tls::load(setup.files()).expect("good files"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let (refusals, heard) = mpsc::unbounded_channel();
        let incoming = accept(listener, Arc::clone(&tls), setup.settings, move |refused| {
            // A test that has ended hears nothing more.
            let _heard = refusals.send(refused);
        });
        let last_peer = Arc::new(Mutex::new(None));
        let note = Arc::clone(&last_peer);
        let note_caller = move |request: Request<()>| {
            let about = Connection::of(request.extensions()).expect("every connection is verified");
            let peer = about.peer.clone().map_err(|reason| Status::unauthenticated(reason.code()))?;
            assert!(about.remote.ip().is_loopback());
            *note.lock().expect("no test panics with it") = Some(peer);
            Ok(request)
        };
        let health = HealthService::from_health_reporter(HealthReporter::new());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tonic::transport::Server::builder()
            .add_service(HealthServer::with_interceptor(health, note_caller))
            .serve_with_incoming_shutdown(incoming, async { stopped.await.unwrap_or(()) });
        let task = tokio::spawn(async { serving.await.expect("nothing ends the service but its signal") });
        Self {
            dir: setup.dir,
            _ours: setup.ours,
            authority: setup.authority,
            address,
            tls,
            last_peer,
            refusals: heard,
            stop: Some(stop),
            task,
        }
    }

    /// Asks the signal to stop, and waits until the last connection has ended.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        (&mut self.task).await.expect("the service does not panic");
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn options(&self, client: &Files) -> channel::Options {
        channel::Options {
            address: self.address.to_string(),
            server_name: "localhost".into(),
            ca: self.authority.certificate(),
            certificate: client.certificate.clone(),
            key: client.key.clone(),
            timeout: Duration::from_secs(10),
        }
    }

    /// One call; who made it, as the handler saw it.
    pub(crate) async fn call(&self, channel: &Channel) -> Result<String, Status> {
        let mut client = HealthClient::new(channel.clone());
        within(client.check(HealthCheckRequest { service: String::new() })).await?;
        let peer = self.last_peer();
        Ok(format!("{} {}", peer.organization, peer.role))
    }

    pub(crate) fn last_peer(&self) -> Peer {
        self.last_peer.lock().expect("no test panics with it").clone().expect("somebody called")
    }

    /// The reason of the next refused connection.
    pub(crate) async fn next_refused(&mut self) -> Reason {
        let refused = within(self.refusals.recv()).await.expect("the server runs");
        assert!(refused.remote.ip().is_loopback());
        refused.reason
    }

    /// The refusals nobody has looked at.
    pub(crate) fn refused(&mut self) -> Vec<Refused> {
        std::iter::from_fn(|| self.refusals.try_recv().ok()).collect()
    }

    pub(crate) fn write_revocation(&self, revoked: &[&Files]) {
        let list = self.authority.revocation_list(revoked, 2999);
        fs::write(self.dir().join("crl.pem"), list).expect("written");
    }

    /// Puts files of another authority in place of the present ones.
    pub(crate) fn replace_authority(&mut self) {
        self.authority = Authority::new("the next authority");
        install(&self.authority, self.dir());
    }
}

/// A client that leaves out or does otherwise what ours always does, until the server's first bytes.
pub(crate) async fn raw_client(
    server: &Server,
    client: Option<&Files>,
    version: &'static rustls::SupportedProtocolVersion,
    protocols: &[&[u8]],
) -> std::io::Result<()> {
    let mut stream = raw_handshake(server, client, version, protocols).await?;
    within(stream.read_exact(&mut [0; 9])).await?;
    Ok(())
}

/// The same, but only until the client is done; the server may still refuse.
pub(crate) async fn raw_handshake(
    server: &Server,
    client: Option<&Files>,
    version: &'static rustls::SupportedProtocolVersion,
    protocols: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in pem::certificates(&server.authority.certificate()).expect("ours") {
        roots.add(certificate).expect("an authority");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("a version of ring's")
        .with_root_certificates(roots);
    let mut config = match client {
        Some(files) => config
            .with_client_auth_cert(
                pem::certificates(&files.certificate).expect("ours"),
                pem::private_key(&files.key).expect("ours"),
            )
            .expect("they fit"),
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}
