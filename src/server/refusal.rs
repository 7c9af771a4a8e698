//! Why a connection was refused or cut, in codes that stay the same: they are written to the log.

use rustls::{CertificateError, Error, PeerIncompatible};
use std::fmt;
use std::io;
use std::net::SocketAddr;

/// A connection that was refused, or cut after a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// Where it came from.
    pub remote: SocketAddr,
}

/// Why a connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The client sent no certificate.
    NoCertificate,
    /// Its certificate is not signed by an authority of ours, or not by the one it names.
    UnknownCa,
    /// Its certificate has expired or is not valid yet.
    Expired,
    /// Its certificate is on a revocation list.
    Revoked,
    /// No revocation list in force covers its certificate: the lists are ours to renew.
    RevocationUnknown,
    /// Its certificate is not one for clients.
    BadPurpose,
    /// It speaks something other than HTTP/2 over TLS 1.3.
    WrongProtocol,
    /// It did not finish the handshake in time.
    Timeout,
    /// There are too many connections, in all or of its organization.
    TooMany,
    /// Anything else.
    Other,
}

impl Reason {
    /// A stable code for logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoCertificate => "no_certificate",
            Self::UnknownCa => "unknown_ca",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::RevocationUnknown => "revocation_unknown",
            Self::BadPurpose => "bad_purpose",
            Self::WrongProtocol => "wrong_protocol",
            Self::Timeout => "timeout",
            Self::TooMany => "too_many",
            Self::Other => "other",
        }
    }

    /// The reason in the error of a handshake.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).map_or(Self::Other, Self::of_tls)
    }

    /// The reason in an error of rustls.
    pub(super) fn of_tls(error: &Error) -> Self {
        match error {
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidCertificate(error) => Self::of_certificate(error),
            Error::InvalidCertRevocationList(_) => Self::RevocationUnknown,
            // What is not TLS at all shows as a message that makes no sense.
            Error::InvalidMessage(_)
            | Error::InappropriateMessage { .. }
            | Error::NoApplicationProtocol
            | Error::PeerIncompatible(
                PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::SupportedVersionsExtensionRequired
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::ServerDoesNotSupportTls12Or13,
            ) => Self::WrongProtocol,
            _ => Self::Other,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownCa,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Expired,
            CertificateError::Revoked => Self::Revoked,
            CertificateError::UnknownRevocationStatus
            | CertificateError::ExpiredRevocationList
            | CertificateError::ExpiredRevocationListContext { .. } => Self::RevocationUnknown,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::BadPurpose
            }
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
