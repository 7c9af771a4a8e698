//! The server's side of TLS: 1.3 only, a client certificate always, revocation where there is a list.
//!
//! Files are read at start and again on [`Tls::reload`]: new connections get the new files, open ones
//! are checked against them (`accept`), and files that can not be used change nothing. There is no
//! resumption and no early data, so that every connection proves who it is.

use crate::client::pem;
use ring::digest;
use rustls::crypto::{CryptoProvider, ring as provider};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig, version};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The files a server needs.
#[derive(Debug, Clone)]
pub struct Files {
    /// The server's certificate, followed by those between it and the clients' trust anchor, if any.
    pub certificate: PathBuf,
    /// Its private key, mode 0600.
    pub key: PathBuf,
    /// The certification authorities whose clients are let in, and no others.
    pub client_ca: PathBuf,
    /// Their certificate revocation lists. With a file, every certificate of a client needs a list in
    /// it that is signed by its issuer and not out of date; without one, nothing is revoked.
    pub revocation: Option<PathBuf>,
}

/// The files can not be used. Each message names the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can not be read, or holds something else.
    #[error(transparent)]
    Pem(#[from] pem::Error),
    /// A certification authority's certificate is damaged.
    #[error("{} holds a certificate that is no trust anchor", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: rustls::Error,
    },
    /// A revocation list is damaged.
    #[error("{} holds a revocation list that cannot be used", path.display())]
    Revocation {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: VerifierBuilderError,
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
    /// Clients would refuse the certificate, or the revocation lists do not cover its issuer.
    #[error("{} would be refused", path.display())]
    Own {
        /// The certificate's file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: webpki::Error,
    },
}

/// What new connections are served with, and the files to renew it from.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    current: watch::Sender<Arc<Loaded>>,
}

/// One reading of the files.
#[derive(Debug)]
pub(super) struct Loaded {
    config: Arc<ServerConfig>,
    verifier: Arc<dyn ClientCertVerifier>,
    /// SHA-256 over all that was read.
    fingerprint: digest::Digest,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// [`Error`], for the first file that can not be used.
    pub fn load(files: Files) -> Result<Self, Error> {
        let loaded = Loaded::read(&files)?;
        Ok(Self { files, current: watch::Sender::new(Arc::new(loaded)) })
    }

    /// Reads the files again. `false` means they are the same and nothing was done; so this may be
    /// called as often as one likes.
    ///
    /// # Errors
    ///
    /// [`Error`], for the first file that can not be used. Then what was read before stays.
    pub fn reload(&self) -> Result<bool, Error> {
        let loaded = Loaded::read(&self.files)?;
        if loaded.fingerprint.as_ref() == self.current.borrow().fingerprint.as_ref() {
            return Ok(false);
        }
        self.current.send_replace(Arc::new(loaded));
        Ok(true)
    }

    /// The newest reading, and news of the next.
    pub(super) fn subscribe(&self) -> watch::Receiver<Arc<Loaded>> {
        self.current.subscribe()
    }
}

impl Loaded {
    fn read(files: &Files) -> Result<Self, Error> {
        let chain = pem::certificates(&files.certificate)?;
        let key = pem::private_key(&files.key)?;
        let authorities = pem::certificates(&files.client_ca)?;
        let lists = files.revocation.as_deref().map(pem::revocation_lists).transpose()?.unwrap_or_default();
        let fingerprint = fingerprint(&chain, &key, &authorities, &lists);
        let provider = Arc::new(provider::default_provider());
        let roots = Arc::new(roots(files, authorities)?);
        check_own(files, &provider, &roots, &chain, &lists, UnixTime::now())?;
        let verifier = verifier(files, &provider, roots, lists)?;
        let config = Arc::new(config(files, provider, Arc::clone(&verifier), chain, key)?);
        Ok(Self { config, verifier, fingerprint })
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Whether a client's chain, end entity first, would be let in now.
    pub(super) fn verify(&self, chain: &[CertificateDer<'_>]) -> Result<(), rustls::Error> {
        let (end_entity, intermediates) =
            chain.split_first().ok_or(rustls::Error::NoCertificatesPresented)?;
        self.verifier.verify_client_cert(end_entity, intermediates, UnixTime::now()).map(|_| ())
    }
}

/// Days that [`days_left`] looks ahead.
pub const DAYS_SEEN: u32 = 400;

/// Days for which the service's certificate and its revocation lists stay good, [`DAYS_SEEN`] at most; 0 where they are not
/// now. Of a certificate from another authority than the clients' that cannot be told, and it is taken to be good.
#[must_use]
pub fn days_left(files: &Files) -> u32 {
    let read = || {
        let chain = pem::certificates(&files.certificate)?;
        let lists = files.revocation.as_deref().map(pem::revocation_lists).transpose()?.unwrap_or_default();
        Ok::<_, Error>((chain, lists, roots(files, pem::certificates(&files.client_ca)?)?))
    };
    let Ok((chain, lists, roots)) = read() else { return 0 };
    let (provider, now) = (provider::default_provider(), UnixTime::now().as_secs());
    let is_good = |day: u32| {
        let at = UnixTime::since_unix_epoch(Duration::from_secs(now + u64::from(day) * 86_400));
        check_own(files, &provider, &roots, &chain, &lists, at).is_ok()
    };
    let days: Vec<u32> = (0..=DAYS_SEEN).collect();
    days.partition_point(|day| is_good(*day)).saturating_sub(1).try_into().unwrap_or(DAYS_SEEN)
}

fn fingerprint(
    chain: &[CertificateDer<'_>],
    key: &PrivateKeyDer<'_>,
    authorities: &[CertificateDer<'_>],
    lists: &[CertificateRevocationListDer<'_>],
) -> digest::Digest {
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut item = |kind: u8, bytes: &[u8]| {
        hash.update(&[kind]);
        hash.update(&(bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    chain.iter().for_each(|certificate| item(0, certificate));
    item(1, key.secret_der());
    authorities.iter().for_each(|certificate| item(2, certificate));
    lists.iter().for_each(|list| item(3, list));
    hash.finish()
}

fn roots(files: &Files, authorities: Vec<CertificateDer<'static>>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in authorities {
        roots
            .add(certificate)
            .map_err(|source| Error::Authority { path: files.client_ca.clone(), source })?;
    }
    Ok(roots)
}

/// Looks at our own certificate as a client would, and at the revocation lists through it, since a
/// list that is out of date or signed by another would otherwise show only as every client refused.
/// A certificate from another authority than the clients' can not be looked at here.
fn check_own(
    files: &Files,
    provider: &CryptoProvider,
    roots: &RootCertStore,
    chain: &[CertificateDer<'_>],
    lists: &[CertificateRevocationListDer<'_>],
    at: UnixTime,
) -> Result<(), Error> {
    let refused = |source| Error::Own { path: files.certificate.clone(), source };
    let (own, intermediates) = chain.split_first().ok_or_else(|| refused(webpki::Error::BadDer))?;
    let lists = lists
        .iter()
        .map(|list| webpki::OwnedCertRevocationList::from_der(list).map(Into::into))
        .collect::<Result<Vec<webpki::CertRevocationList<'_>>, _>>()
        .map_err(|source| Error::Own {
            path: files.revocation.clone().unwrap_or_else(|| files.certificate.clone()),
            source,
        })?;
    let lists: Vec<_> = lists.iter().collect();
    // Without lists there is nothing to build: the error says just that.
    let revocation = webpki::RevocationOptionsBuilder::new(&lists)
        .ok()
        .map(|options| options.with_expiration_policy(webpki::ExpirationPolicy::Enforce).build());
    let own = webpki::EndEntityCert::try_from(own).map_err(refused)?;
    let verified = own.verify_for_usage(
        provider.signature_verification_algorithms.all,
        &roots.roots,
        intermediates,
        at,
        webpki::KeyUsage::server_auth(),
        revocation,
        None,
    );
    match verified {
        Ok(_) | Err(webpki::Error::UnknownIssuer) => Ok(()),
        Err(source) => Err(refused(source)),
    }
}

fn verifier(
    files: &Files,
    provider: &Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    lists: Vec<CertificateRevocationListDer<'static>>,
) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    // By default a certificate is required, the whole chain is checked against the lists, and one
    // that no list covers is refused. Only that lists run out has to be asked for.
    WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider))
        .with_crls(lists)
        .enforce_revocation_expiration()
        .build()
        .map_err(|source| Error::Revocation {
            path: files.revocation.clone().unwrap_or_else(|| files.client_ca.clone()),
            source,
        })
}

fn config(
    files: &Files,
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ClientCertVerifier>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, Error> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .expect("ring has cipher suites for TLS 1.3")
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|source| Error::Key {
            key: files.key.clone(),
            certificate: files.certificate.clone(),
            source,
        })?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.max_early_data_size = 0;
    Ok(config)
}
