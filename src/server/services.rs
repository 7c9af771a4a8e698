//! The service between its database and its socket: what is opened at the start, and what answers calls, whoever carries
//! them.

use super::config::{Config, KeySources};
use super::desk::Desk;
use super::error::Error;
use super::metrics::Metrics;
use super::recorded::OnRecord;
use super::witnesses;
use super::{
    Said, admin, audit, destruction, ingest, keys, limits, releases, remembering, restore, standing,
};
use crate::api::v1 as pb;
use crate::audit::VerifierKey;
use crate::calendar::Timestamp;
use crate::destruction::Unfinished;
use crate::identity::{KeyId, KeyRing, Keys};
use crate::ingest::Intake;
use crate::store::{self, ServiceKey, Store};
use http::{Request, Response};
use pb::admin_service_server::AdminServiceServer;
use pb::audit_service_server::AuditServiceServer;
use pb::ingest_service_server::IngestServiceServer;
use pb::release_service_server::ReleaseServiceServer;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tonic::body::Body;
use tonic::service::Routes;
use tower::Layer;
use tower::util::BoxCloneSyncService;

/// A database that is open, verified and as far as its log has ever been, with the keys that go with it.
pub struct Opened {
    pub(super) store: Store,
    intake: Intake,
    /// The log's key, and the one that is to follow it.
    pub(super) log_keys: Arc<[VerifierKey]>,
    /// What both keys say, while another is to follow.
    key_change: Option<String>,
    unfinished: Unfinished,
}

/// How records are taken in, with the keys that they are encoded with where the service does that.
///
/// # Errors
///
/// [`Error::Key`].
pub fn intake(keys: &KeySources) -> Result<Intake, Error> {
    Ok(match &keys.linkage {
        Some(source) => Intake::Encodes(Arc::new(KeyRing::derive(&keys::roots(source)?))),
        None => Intake::EncodedOnly,
    })
}

/// Reads the other keys, and opens and verifies the database. What was destroyed since the database was copied, if it is a copy, is
/// destroyed again before anything else.
///
/// # Errors
///
/// [`Error`].
pub async fn open(config: &Config, intake: Intake, said: Said) -> Result<Opened, Error> {
    let service = ServiceKey::derive(&keys::root("service", &config.keys.service)?);
    let (log, log_next) = (config.keys.log.clone(), config.keys.log_next.clone());
    let database = config.database.clone();
    let open = move || {
        let origin = Store::origin(&database)?;
        let signer = keys::signer(&origin, &log, log_next.as_ref())?;
        let (log_keys, key_change) = (signer.verifiers(), signer.change());
        let store = Store::open_to(&database, service, signer, said.works_unasked)?;
        Ok::<_, Error>((store, log_keys, key_change))
    };
    let (store, log_keys, key_change) =
        tokio::task::spawn_blocking(open).await.map_err(|_| store::Error::Panicked)??;
    standing::check(&config.database, &store, &log_keys).await?;
    if let Some(held) = held(&intake) {
        let keys = store.read(|snapshot| snapshot.linkage_keys()).await?;
        let missing = keys.current.into_iter().chain(keys.next).find(|key| !held.contains(key));
        missing.map_or(Ok(()), |key| Err(Error::LinkageKey(key)))?;
    }
    if let Some(note) = &key_change {
        standing::note_key_change(&store, note).await?;
    }
    crate::destruction::doubt_clock(&store, Timestamp::now(), said.clock_is_right).await?;
    let unfinished = restore::adopt(&store, &log_keys, said.since).await?;
    Ok(Opened { store, intake, log_keys, key_change, unfinished })
}

/// The linkage keys the service has, where it encodes for sources.
fn held(intake: &Intake) -> Option<Arc<[KeyId]>> {
    match intake {
        Intake::Encodes(ring) => Some(ring.linkage().iter().map(Keys::id).collect()),
        Intake::EncodedOnly => None,
    }
}

impl Opened {
    /// What answers calls over this database.
    #[must_use]
    pub fn services(self, config: &Config) -> Services {
        let limits = &config.limits;
        let desk = Desk {
            store: self.store,
            limits: limits::Limits::new(limits::Settings {
                running_max: limits.running_calls_max,
                running_per_organization_max: limits.running_calls_per_organization_max,
                call_every: Duration::from_secs(1) / limits.calls_per_second.max(1),
                burst: limits::burst(limits.calls_per_second),
            }),
            standing: Arc::new(standing::Standing::new(&config.database)),
            two_people: config.two_people,
        };
        let held = held(&self.intake);
        let remembering = remembering::Remembering::default();
        let ingest = ingest::Ingest { desk: desk.clone(), intake: self.intake.clone(), remembering };
        let publishing = Arc::new(destruction::Turn::new(self.unfinished));
        let admin = admin::Admin {
            desk: desk.clone(),
            publishing: publishing.clone(),
            checking: Arc::default(),
            held,
        };
        let witnesses = witnesses::Witnesses { log_keys: self.log_keys, quorum: config.witnesses_min.get() };
        let audit = audit::Audit {
            desk: desk.clone(),
            intake: self.intake,
            witnesses,
            key_change: self.key_change.unwrap_or_default(),
        };
        let routes = Routes::new(
            IngestServiceServer::new(ingest).max_decoding_message_size(limits.push_message_bytes_max),
        )
        .add_service(ReleaseServiceServer::new(releases::Releases { desk: desk.clone() }))
        .add_service(AuditServiceServer::new(audit))
        .add_service(AdminServiceServer::new(admin));
        Services { metrics: Metrics::new(), desk, publishing, routes }
    }
}

/// What answers calls, over an open database.
pub struct Services {
    pub(super) desk: Desk,
    pub(super) publishing: Arc<destruction::Turn>,
    pub(super) metrics: Metrics,
    pub(super) routes: Routes,
}

impl Services {
    /// Answers calls, and sees to their having an outcome on record. Whoever carries a call has made sure of who makes it,
    /// and says so in the request's extensions, with a [`Connection`](super::connection::Connection).
    #[must_use]
    pub fn calls(&self) -> BoxCloneSyncService<Request<Body>, Response<Body>, Infallible> {
        BoxCloneSyncService::new(self.on_record().layer(self.routes.clone()))
    }

    /// The layer around every call.
    pub(super) fn on_record(&self) -> OnRecord {
        OnRecord { desk: self.desk.clone(), metrics: self.metrics.clone() }
    }

    /// The database.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.desk.store
    }
}
