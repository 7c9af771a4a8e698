//! A gRPC channel to the service: TLS 1.3, our certificate shown, the server's name verified.
//!
//! In TLS 1.3 a client has finished its handshake before the server has looked at its certificate, so
//! a refusal would show only as "transport error" of the first call. [`connect`] therefore waits for
//! the server's first bytes, and says why when there are none.

use super::pem;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring as provider;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore, client::Resumption, version};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncBufReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

/// Where to connect, and with what.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server's host and port, such as `data.example.org:7443` or `[::1]:7443`.
    pub address: String,
    /// The name or address its certificate must be for.
    pub server_name: String,
    /// The certification authorities whose servers are trusted.
    pub ca: PathBuf,
    /// Our certificate, followed by those between it and the authority, if any.
    pub certificate: PathBuf,
    /// Its private key, mode 0600.
    pub key: PathBuf,
    /// Time to connect, handshake included. It does not limit calls.
    pub timeout: Duration,
}

/// No connection to the service.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can not be read, or holds something else.
    #[error(transparent)]
    File(#[from] pem::Error),
    /// A certification authority's certificate is damaged.
    #[error("{} holds a certificate that is no trust anchor", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: rustls::Error,
    },
    /// The private key is not that of the certificate.
    #[error("{} is not the key of {}", key.display(), certificate.display())]
    Key {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
        /// The reason.
        #[source]
        source: rustls::Error,
    },
    /// The address is not a host and a port.
    #[error("the server's address is not of the form host:port")]
    Address,
    /// The server's name is neither a host name nor an address.
    #[error("the server's name is neither a host name nor an address")]
    ServerName,
    /// Nobody listens there, or the way there is closed.
    #[error("cannot reach the server")]
    Unreachable(#[source] io::Error),
    /// The server did not answer in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server's certificate is not from an authority we trust, or is not in force.
    #[error("the server's certificate is not trusted")]
    Untrusted(#[source] rustls::Error),
    /// The server's certificate is for another name.
    #[error("the server's certificate is for another name")]
    WrongServer(#[source] rustls::Error),
    /// The server refused our certificate.
    #[error("the server refused our certificate: {0}")]
    Refused(&'static str),
    /// The server hung up, as it does when it has too many connections.
    #[error("the server closed the connection, try again later")]
    Closed,
    /// The other side does not speak HTTP/2 over TLS 1.3.
    #[error("the server does not speak HTTP/2 over TLS 1.3")]
    Protocol(#[source] io::Error),
    /// Anything else.
    #[error("the connection failed")]
    Transport(#[source] tonic::transport::Error),
}

/// Connects to the service. When the connection is lost, the channel makes a new one at the next
/// call, with the files as they are then, so that renewed certificates need no restart.
///
/// # Errors
///
/// Any [`Error`], with the one reason to act on.
pub async fn connect(options: Options) -> Result<Channel, Error> {
    let endpoint = endpoint(&options)?;
    let first = open(&options).await?;
    let (options, first) = (Arc::new(options), Arc::new(Mutex::new(Some(first))));
    let connector = service_fn(move |_| {
        let (options, ready) = (Arc::clone(&options), take(&first));
        async move {
            match ready {
                Some(stream) => Ok(TokioIo::new(stream)),
                None => open(&options).await.map(TokioIo::new),
            }
        }
    });
    endpoint.connect_with_connector(connector).await.map_err(Error::Transport)
}

fn take<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The endpoint's scheme is `http` because the connector brings its own TLS; requests say `https`.
fn endpoint(options: &Options) -> Result<Endpoint, Error> {
    let uri = |scheme: &str| format!("{scheme}://{}", options.address);
    let origin = uri("https").parse().map_err(|_| Error::Address)?;
    let endpoint = Endpoint::from_shared(uri("http")).map_err(|_| Error::Address)?;
    endpoint.uri().port().ok_or(Error::Address)?;
    Ok(endpoint
        .origin(origin)
        // A server that vanished without a word is noticed within half a minute of a running call.
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10)))
}

/// A connection on which the server has accepted our certificate.
async fn open(options: &Options) -> Result<TlsStream<TcpStream>, Error> {
    let connector = TlsConnector::from(Arc::new(config(options)?));
    let name = ServerName::try_from(options.server_name.clone()).map_err(|_| Error::ServerName)?;
    let opening = async {
        let stream = TcpStream::connect(&options.address).await.map_err(Error::Unreachable)?;
        // Without it small calls wait for the other side's delayed acknowledgement, 40 ms each.
        stream.set_nodelay(true).map_err(Error::Unreachable)?;
        let mut stream = connector.connect(name, stream).await.map_err(explain)?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(Error::Protocol(io::ErrorKind::Unsupported.into()));
        }
        // RFC 9113 section 3.4: a server begins with its settings. They are looked at, not taken.
        let settings = stream.fill_buf().await.map_err(explain)?;
        if settings.is_empty() { Err(Error::Closed) } else { Ok(stream) }
    };
    tokio::time::timeout(options.timeout, opening).await.map_err(|_| Error::Timeout)?
}

fn config(options: &Options) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(&options.ca)? {
        roots.add(certificate).map_err(|source| Error::Authority { path: options.ca.clone(), source })?;
    }
    let chain = pem::certificates(&options.certificate)?;
    let key = pem::private_key(&options.key)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_protocol_versions(&[&version::TLS13])
        .expect("ring has cipher suites for TLS 1.3")
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(|source| Error::Key {
            key: options.key.clone(),
            certificate: options.certificate.clone(),
            source,
        })?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The one reason to act on, from the error of a handshake or of the first bytes.
fn explain(error: io::Error) -> Error {
    use rustls::Error as Tls;
    let Some(reason) = error.get_ref().and_then(|inner| inner.downcast_ref::<Tls>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Error::Closed,
            _ => Error::Unreachable(error),
        };
    };
    match reason {
        Tls::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Error::WrongServer(reason.clone()),
        Tls::InvalidCertificate(_) => Error::Untrusted(reason.clone()),
        Tls::AlertReceived(alert) => match refusal(*alert) {
            Some(why) => Error::Refused(why),
            None => Error::Protocol(error),
        },
        _ => Error::Protocol(error),
    }
}

/// What an alert of RFC 8446 section 6.2 says about our certificate, if it is about it.
fn refusal(alert: AlertDescription) -> Option<&'static str> {
    match alert {
        AlertDescription::CertificateExpired => Some("it has expired or is not valid yet"),
        AlertDescription::CertificateRevoked => Some("it was revoked"),
        AlertDescription::UnknownCA => Some("the server does not know who signed it"),
        AlertDescription::UnsupportedCertificate => Some("it is not a certificate for clients"),
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateRequired
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => Some("it is not one the server accepts"),
        _ => None,
    }
}
