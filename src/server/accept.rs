//! The accept loop: from a listening socket to verified connections, for
//! `Router::serve_with_incoming_shutdown`.
//!
//! Nothing one client does ends the loop or holds up another: each handshake runs in a task of its
//! own, within a time, and connections are counted before they cost anything. A connection is watched
//! over until it closes; when its certificate would not be let in anymore, it is cut.
//!
//! Source: RUSTSEC-2024-0376, an accept loop that ended on the first error.

use super::connection::{Connection, Wire};
use super::peer::{NotAPeer, Peer, TrustDomain};
use super::refusal::{Reason, Refused};
use super::tls::{Loaded, Tls};
use crate::records::OrgId;
use rustls::pki_types::CertificateDer;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;

/// What connections may claim.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The trust domain of the callers' certificates.
    pub trust_domain: TrustDomain,
    /// Time for a handshake, from the first packet to the last.
    pub handshake_timeout: Duration,
    /// Connections there may be, those in the handshake included. One more is closed at once.
    pub connections_max: usize,
    /// Connections one organization may have, so that none shuts out the others.
    pub connections_per_organization_max: usize,
    /// How often the certificates of open connections are looked at again, besides after a reload:
    /// they and the revocation lists run out while connections stay.
    pub recheck_every: Duration,
}

impl Settings {
    /// The usual settings: 5 s for a handshake, 1024 connections, 64 of one organization, looked at
    /// again every minute.
    #[must_use]
    pub const fn new(trust_domain: TrustDomain) -> Self {
        Self {
            trust_domain,
            handshake_timeout: Duration::from_secs(5),
            connections_max: 1024,
            connections_per_organization_max: 64,
            recheck_every: Duration::from_secs(60),
        }
    }
}

/// Verified connections, as they come. Dropping it closes the listening socket and ends the loop;
/// connections already taken from it live on.
pub type Incoming = ReceiverStream<Result<Wire, Infallible>>;

/// Begins to accept connections. `on_refused` hears of every one that is refused or cut; it is called
/// from the connection's task and must not block.
pub fn accept(
    listener: TcpListener,
    tls: Arc<Tls>,
    settings: Settings,
    on_refused: impl Fn(Refused) + Send + Sync + 'static,
) -> Incoming {
    let (out, incoming) = mpsc::channel(HANDED_OVER_MAX);
    let acceptor = Arc::new(Acceptor {
        connections: Arc::new(Semaphore::new(settings.connections_max)),
        shares: Mutex::default(),
        tls,
        settings,
        on_refused: Box::new(on_refused),
    });
    tokio::spawn(acceptor.run(listener, out));
    ReceiverStream::new(incoming)
}

/// Connections waiting to be taken; when full, those behind wait in their tasks.
const HANDED_OVER_MAX: usize = 64;

/// How long to let an exhausted system rest (no file handles left) before accepting again.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);

/// How long, and for how many bytes, a refused client may take to notice.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: u64 = 64 * 1024;

struct Acceptor {
    connections: Arc<Semaphore>,
    /// What is left to each organization; those that name none share one.
    shares: Mutex<BTreeMap<Option<OrgId>, Arc<Semaphore>>>,
    tls: Arc<Tls>,
    settings: Settings,
    on_refused: Box<dyn Fn(Refused) + Send + Sync>,
}

type Out = mpsc::Sender<Result<Wire, Infallible>>;

impl Acceptor {
    async fn run(self: Arc<Self>, listener: TcpListener, out: Out) {
        loop {
            let accepted = tokio::select! {
                () = out.closed() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, remote) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                    sleep(PAUSE_AFTER_ERROR).await;
                    continue;
                }
            };
            match Arc::clone(&self.connections).try_acquire_owned() {
                Ok(permit) => {
                    drop(tokio::spawn(Arc::clone(&self).serve(stream, remote, permit, out.clone())))
                }
                Err(_) => self.refuse(Reason::TooMany, remote),
            }
        }
    }

    /// One connection, from its first packet to its end. The permit goes back when this returns.
    async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        remote: SocketAddr,
        _permit: OwnedSemaphorePermit,
        out: Out,
    ) {
        let mut readings = self.tls.subscribe();
        let loaded = Arc::clone(&readings.borrow_and_update());
        let Some(stream) = self.handshake(stream, remote, &loaded).await else { return };
        let chain: Vec<_> = stream
            .get_ref()
            .1
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|c| c.clone().into_owned())
            .collect();
        let peer = chain
            .first()
            .ok_or(NotAPeer::Unreadable)
            .and_then(|certificate| Peer::from_verified(certificate, &self.settings.trust_domain));
        let Some(_share) = self.share(peer.as_ref().ok()) else {
            return self.refuse(Reason::TooMany, remote);
        };
        let (cut, is_cut) = oneshot::channel();
        if out.send(Ok(Wire::new(stream, Connection { peer, remote }, is_cut))).await.is_ok() {
            self.watch(&chain, remote, readings, cut).await;
        }
    }

    /// The TLS stream, or nothing, and then the refusal was reported.
    async fn handshake(
        &self,
        stream: TcpStream,
        remote: SocketAddr,
        loaded: &Loaded,
    ) -> Option<TlsStream<TcpStream>> {
        // Without it small answers wait for the other side's delayed acknowledgement, 40 ms each.
        if stream.set_nodelay(true).is_err() {
            self.refuse(Reason::Other, remote);
            return None;
        }
        let handshake = TlsAcceptor::from(loaded.config()).accept(stream).into_fallible();
        match timeout(self.settings.handshake_timeout, handshake).await {
            // A client that names no protocol is let through by TLS (RFC 7301), but not by us.
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => return Some(stream),
            Ok(Ok(_)) => self.refuse(Reason::WrongProtocol, remote),
            Ok(Err((error, stream))) => {
                self.refuse(Reason::of_handshake(&error), remote);
                linger(stream).await;
            }
            Err(_) => self.refuse(Reason::Timeout, remote),
        }
        None
    }

    /// Waits for the connection to close, or cuts it when its certificate is not good anymore.
    async fn watch(
        &self,
        chain: &[CertificateDer<'static>],
        remote: SocketAddr,
        mut readings: watch::Receiver<Arc<Loaded>>,
        mut cut: oneshot::Sender<()>,
    ) {
        loop {
            let news = timeout(self.settings.recheck_every, readings.changed());
            tokio::select! {
                () = cut.closed() => return,
                // The sender lives in `self.tls`: news are a new reading or the time, never its end.
                _ = news => {
                    let loaded = Arc::clone(&readings.borrow_and_update());
                    if let Err(error) = loaded.verify(chain) {
                        self.refuse(Reason::of_tls(&error), remote);
                        // It may have closed this very moment: nothing is left to cut then.
                        let _closed = cut.send(());
                        return;
                    }
                }
            }
        }
    }

    fn share(&self, peer: Option<&Peer>) -> Option<OwnedSemaphorePermit> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares
            .entry(peer.map(|peer| peer.organization.clone()))
            .or_insert_with(|| Arc::new(Semaphore::new(self.settings.connections_per_organization_max)));
        Arc::clone(share).try_acquire_owned().ok()
    }

    fn refuse(&self, reason: Reason, remote: SocketAddr) {
        (self.on_refused)(Refused { reason, remote });
    }
}

/// Ends a refused connection so that the client gets to read why. Closing at once with its bytes
/// unread would reset it, and the alert would be lost.
async fn linger(mut stream: TcpStream) {
    let ending = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut tokio::io::sink()).await
    };
    // The client is refused either way; whether it listened to the end changes nothing.
    let _heard = timeout(LINGER, ending).await;
}
