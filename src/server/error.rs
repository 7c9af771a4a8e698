//! Why a service does not run.

use super::{keys, peer, tls};
use crate::calendar::Timestamp;
use crate::identity::KeyId;
use crate::store;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the service does not run, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A secret.
    #[error(transparent)]
    Key(#[from] keys::KeyError),
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The key file does not hold a linkage key that is in use.
    #[error("the linkage key file does not hold key {0}, which is in use")]
    LinkageKey(KeyId),
    /// The database is a copy, and nobody says what was destroyed since it was made.
    #[error(
        "the database is a copy that was begun {0}, and may hold what was destroyed since: start with --destroyed FILE \
         for each certificate of a destruction since, or with --nothing-destroyed"
    )]
    Copied(Timestamp),
    /// A file that was given as a certificate is none, or not of this log.
    #[error("{} {cause}", .file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        cause: crate::audit::NotACertificate,
    },
    /// A certificate can not be read.
    #[error("cannot read {}", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// A certificate is of a destruction that the database does not have, and has received more since.
    #[error(
        "{}: the database has no such destruction, and has received more of {scope} since: it is no copy from before. \
         Start without that certificate, and destroy it with throughline steward destroy if that is meant",
        .file.display()
    )]
    ReceivedSince {
        /// The certificate.
        file: PathBuf,
        /// What it is about.
        scope: crate::agreements::Scope,
    },
    /// What a certificate says could not be destroyed again.
    #[error(transparent)]
    Destruction(#[from] crate::destruction::Error),
    /// The trust domain.
    #[error(transparent)]
    TrustDomain(#[from] peer::NotATrustDomain),
    /// The address.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The transport.
    #[error("the transport failed")]
    Transport(#[from] tonic::transport::Error),
    /// Somebody has changed the access log.
    #[error("the access log no longer verifies: look at an export or a backup before anything else")]
    LogChanged,
    /// The database is older than its log: entries that were proven to somebody are not there.
    #[error(
        "the access log lacks entries that it has proven, up to entry {0}: the database was restored from a backup. \
         Put that on record with throughline recover, then start again"
    )]
    LogBehind(u64),
    /// The file beside the database is no checkpoint of this log.
    #[error("{} is not a checkpoint of this log: is it that of another service?", .0.display())]
    Checkpoint(PathBuf),
    /// The file beside the database can not be written.
    #[error("the checkpoint beside the database can not be written")]
    Kept(#[source] std::io::Error),
    /// A commit failed; what is on disk is known only after a restart.
    #[error("the store stopped after a failed commit: restart the service")]
    StoreStopped,
}
