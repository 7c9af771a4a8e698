//! The service: mutual TLS, the four gRPC services, and how they start and stop.

pub mod peer;
pub mod limits;
pub mod refusal;
mod remembering;
pub mod tls;
pub mod connection;
pub mod accept;
pub mod keys;
mod config;
mod error;
mod status;
mod desk;
mod editions;
mod deliveries;
mod whole;
mod stream;
mod ingest;
mod releases;
mod audit;
mod products;
mod check;
mod linkage;
mod listing;
mod people;
mod load;
mod rotation;
pub mod standing;
mod metrics;
mod nonce;
mod witnesses;
mod review;
mod student;
mod destruction;
mod erasure;
mod restore;
mod admin;
mod recorded;
mod services;

pub use config::{Config, ConfigError, KeySource, KeySources, LimitSettings, TlsFiles};
pub use error::Error;
pub use restore::Since;
pub use services::{Opened, Services, intake, open};

use crate::audit::Entry;
use crate::calendar::Timestamp;
use crate::store::{self, Store};
use peer::TrustDomain;
use standing::Unsound;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::transport::Server;

/// How long calls under way may take when the service ends.
const DRAIN: Duration = Duration::from_secs(5);

/// A service that listens but does not serve yet.
pub struct Bound {
    config: Config,
    listener: TcpListener,
    /// Where figures are asked for, if anywhere.
    figures: Option<TcpListener>,
    opened: Opened,
    tls: Arc<tls::Tls>,
    trust_domain: TrustDomain,
}

/// What the operator says when the service is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What was destroyed since the database was copied.
    pub since: Since,
    /// That the clock is right, although the log ends long before.
    pub clock_is_right: bool,
    /// That the database is put in order while nobody asks for anything. Without that, all that is done follows from what is
    /// asked, so that it can be done again exactly.
    pub works_unasked: bool,
}

/// Reads keys and certificates, opens and verifies the database, and listens. What was destroyed since the database was
/// copied, if it is a copy, is destroyed again before anything else.
///
/// # Errors
///
/// [`Error`].
pub async fn bind(config: Config, said: Said) -> Result<Bound, Error> {
    let trust_domain = TrustDomain::new(&config.trust_domain)?;
    let files = config.tls.clone();
    let files = tls::Files {
        certificate: files.certificate,
        key: files.key,
        client_ca: files.ca,
        revocation: files.revoked,
    };
    let tls = Arc::new(tls::Tls::load(files)?);
    let opened = open(&config, intake(&config.keys)?, said).await?;
    let bind =
        async |address| TcpListener::bind(address).await.map_err(|cause| Error::Listen(address, cause));
    let listener = bind(config.listen).await?;
    let figures = match config.metrics {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    Ok(Bound { config, listener, figures, opened, tls, trust_domain })
}

impl Bound {
    /// The address at which figures are asked for, if at any.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`].
    pub fn metrics_address(&self) -> Result<Option<SocketAddr>, Error> {
        let listen = |cause| Error::Listen(self.config.listen, cause);
        self.figures.as_ref().map(|figures| figures.local_addr().map_err(listen)).transpose()
    }

    /// The address it listens on.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`].
    pub fn address(&self) -> Result<SocketAddr, Error> {
        self.listener.local_addr().map_err(|cause| Error::Listen(self.config.listen, cause))
    }

    /// Serves until `shutdown` becomes true or the store stops; calls under way are given a few seconds to
    /// finish first, and no longer, since a push may stay open for hours.
    ///
    /// # Errors
    ///
    /// [`Error::StoreStopped`] after a failed commit, [`Error::Transport`].
    pub async fn serve(self, shutdown: watch::Receiver<bool>) -> Result<(), Error> {
        let limits = &self.config.limits;
        let log_key = self.opened.log_keys[0].clone();
        let services = self.opened.services(&self.config);
        let (store, standing) = (services.store().clone(), services.desk.standing.clone());
        let (mut stopped, mut shutdown) = (store.stopped(), shutdown);
        let (ending, mut ended) = watch::channel(false);
        let every = Duration::from_secs(u64::from(self.config.verify_log_every_s.get()));
        let verifying = tokio::spawn(standing.clone().verify(store.clone(), log_key, every));
        let keeping = tokio::spawn(standing.clone().keep(store.clone()));
        let (mut unsound, found) = (standing.unsound(), standing.unsound());
        tokio::spawn(async move {
            tokio::select! {
                _ = unsound.wait_for(Option::is_some) => {}
                _ = stopped.wait_for(|stopped| *stopped) => {}
                _ = shutdown.wait_for(|asked| *asked) => {}
            }
            ending.send_replace(true);
        });
        let mut draining = ended.clone();
        let ended = async move {
            let _ = ended.wait_for(|ended| *ended).await;
        };
        let accepting = accept::Settings {
            handshake_timeout: Duration::from_millis(limits.handshake_timeout_ms),
            connections_max: limits.connections_max,
            connections_per_organization_max: limits.connections_per_organization_max,
            ..accept::Settings::new(self.trust_domain)
        };
        let refused = refused_handshakes(&store);
        tokio::spawn(reload(self.tls.clone()));
        let incoming = accept::accept(self.listener, self.tls, accepting, move |handshake| {
            // A flood of refusals must not fill the memory: what does not fit is only counted by TLS.
            let _ = refused.try_send(handshake);
        });
        let (health, health_service) = tonic_health::server::health_reporter();
        health.set_service_status("", tonic_health::ServingStatus::Serving).await;
        let every = Duration::from_secs(u64::from(self.config.check_dates_every_s.get()));
        let destroying =
            tokio::spawn(destruction::keep(services.desk.clone(), services.publishing.clone(), every));
        let exporting = self.figures.map(|listener| {
            let database = self.config.database.clone();
            tokio::spawn(metrics::serve(
                listener,
                services.metrics.clone(),
                store.clone(),
                standing.clone(),
                database,
            ))
        });
        let server = Server::builder()
            .http2_max_header_list_size(16 * 1024)
            .http2_max_pending_accept_reset_streams(Some(20))
            .http2_keepalive_interval(Some(Duration::from_secs(30)))
            .max_concurrent_streams(Some(128))
            .initial_stream_window_size(4 * 1024 * 1024)
            .initial_connection_window_size(8 * 1024 * 1024)
            .layer(services.on_record())
            .add_routes(services.routes)
            .add_service(health_service);
        let mut serving = pin!(server.serve_with_incoming_shutdown(incoming, ended));
        tokio::select! {
            served = &mut serving => served?,
            _ = draining.wait_for(|ended| *ended) => {
                // Whoever watches the health hears of it while calls under way come to their end.
                health.set_service_status("", tonic_health::ServingStatus::NotServing).await;
                match timeout(DRAIN, serving).await {
                    Ok(served) => served?,
                    Err(_) => tracing::info!("calls still under way are cut"),
                }
            }
        }
        [verifying, keeping, destroying].iter().chain(&exporting).for_each(JoinHandle::abort);
        match *found.borrow() {
            Some(Unsound::Changed) => return Err(Error::LogChanged),
            Some(Unsound::Behind(size)) => return Err(Error::LogBehind(size)),
            None => {}
        }
        standing.keep_newest(&store, String::new()).await;
        if *store.stopped().borrow() { Err(Error::StoreStopped) } else { Ok(()) }
    }
}
/// Looks for changed certificate files, so that new ones hold without a restart.
async fn reload(tls: Arc<tls::Tls>) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    loop {
        every.tick().await;
        let tls = tls.clone();
        match tokio::task::spawn_blocking(move || tls.reload()).await {
            Ok(Ok(true)) => tracing::info!("certificates were read again"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "changed certificates can not be used: the old ones hold")
            }
        }
    }
}

/// Puts refused handshakes on record.
fn refused_handshakes(store: &Store) -> tokio::sync::mpsc::Sender<refusal::Refused> {
    let store = store.clone();
    let (sender, mut refused) = tokio::sync::mpsc::channel::<refusal::Refused>(1_024);
    tokio::spawn(async move {
        while let Some(handshake) = refused.recv().await {
            let entry = Entry::handshake_refused(Timestamp::now(), handshake.reason.code());
            let logged = store.transaction("handshake.refused", move |tx| tx.log(&entry)).await;
            if let Err(error) = logged.map(|_: store::Committed<()>| ()) {
                tracing::error!(%error, "a refused handshake could not be put on record");
            }
        }
    });
    sender
}
