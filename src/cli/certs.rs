//! A development certification authority and the certificates of a service and its organizations.
//!
//! Meant for trying things out and for tests: the authority's key lies unprotected in the folder. A
//! service in earnest brings certificates of the same form from an authority of its own.
//!
//! Keys are ECDSA on P-256, which every TLS library takes. They are made with mode 0600 and never
//! overwritten; to renew a certificate, move its two files away first.

use crate::calendar::Timestamp;
use crate::client::pem;
use crate::records::{Code, OrgId};
use crate::server::peer::{Role, TrustDomain};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
};
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use rustls::pki_types::ServerName;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};
use webpki::EndEntityCert;
use zeroize::Zeroizing;

/// Days a development certificate is valid when nothing else is said.
pub const DAYS: u32 = 30;

/// Days the development authority is valid.
const AUTHORITY_DAYS: u32 = 365;

/// The names a development server goes by when nothing else is said.
pub const SERVER_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The folder, made with mode 0700 if it is not there.
    pub dir: &'a Path,
    /// The trust domain in all certificates.
    pub trust_domain: &'a TrustDomain,
    /// Who gets a certificate besides the server.
    pub organizations: &'a [(OrgId, Role)],
    /// Host names and addresses of the server; see [`SERVER_NAMES`].
    pub server_names: &'a [String],
    /// Days the certificates are valid, at least 1; the authority is valid for a year.
    pub days: u32,
}

/// Whom a certificate is for.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The server, under these host names and addresses: `server.pem`.
    Server(&'a [String]),
    /// An organization in a role: `<organization>.<role>.pem`.
    Member(&'a OrgId, Role),
    /// One of its people: `<organization>.<role>.<name>.pem`.
    Person(&'a OrgId, Role, &'a Code),
}

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is there already. It is left as it is.
    #[error("{} is there already, move it away first", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file can not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The authority's files can not be read.
    #[error(transparent)]
    Pem(#[from] pem::Error),
    /// The authority's certificate was not made here, or does not fit its key.
    #[error("{} is not a certification authority made by this program", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
    },
    /// The server has no name, or one that is neither a host name nor an address.
    #[error("a server needs names, each a host name or an address")]
    ServerName,
    /// The number of days is 0 or leads past the end of the calendar.
    #[error("the number of days is not between 1 and 3650")]
    Days,
    /// The system has no random numbers to give.
    #[error("no random numbers from the system")]
    Random,
    /// The certificate could not be signed.
    #[error("the certificate could not be signed")]
    Sign(#[source] rcgen::Error),
}

/// Makes a folder with an authority (`ca.pem`, `ca.key`), the server's certificate and those of the
/// organizations. Returns the files, in the order they were made.
///
/// # Errors
///
/// [`Error::Exists`] before anything is written if any of the files is there; otherwise any [`Error`].
pub fn init(options: &Options<'_>, now: Timestamp) -> Result<Vec<PathBuf>, Error> {
    let subjects: Vec<Subject<'_>> = std::iter::once(Subject::Server(options.server_names))
        .chain(options.organizations.iter().map(|(id, role)| Subject::Member(id, *role)))
        .collect();
    let stems = std::iter::once("ca".into()).chain(subjects.iter().map(Subject::stem));
    let all = stems.flat_map(|stem| files(options.dir, &stem));
    if let Some(path) = all.into_iter().find(|path| path.exists()) {
        return Err(Error::Exists { path });
    }
    // All of it is made before any of it is written.
    let (authority, own) = Authority::generate(options.trust_domain, now)?;
    let issued = subjects.into_iter().map(|subject| authority.issue(subject, options.days, now));
    let all: Vec<Issued> = std::iter::once(Ok(own)).chain(issued).collect::<Result<_, _>>()?;
    make_dir(options.dir)?;
    let written: Vec<_> = all.iter().map(|issued| issued.write(options.dir)).collect::<Result<_, _>>()?;
    Ok(written.concat())
}

/// Makes one more certificate in a folder made by [`init`]. Returns the files.
///
/// # Errors
///
/// Any [`Error`].
pub fn issue(dir: &Path, subject: Subject<'_>, days: u32, now: Timestamp) -> Result<Vec<PathBuf>, Error> {
    Authority::load(dir)?.issue(subject, days, now)?.write(dir).map(Vec::from)
}

impl Subject<'_> {
    fn stem(&self) -> String {
        match self {
            Self::Server(_) => "server".into(),
            Self::Member(organization, role) => format!("{organization}.{role}"),
            Self::Person(organization, role, person) => format!("{organization}.{role}.{person}"),
        }
    }
}

struct Authority {
    trust_domain: TrustDomain,
    key: KeyPair,
}

impl Authority {
    /// A new authority and its own files.
    fn generate(trust_domain: &TrustDomain, now: Timestamp) -> Result<(Self, Issued), Error> {
        let key = KeyPair::generate().map_err(Error::Sign)?;
        let mut params = authority_params(&key);
        validity(&mut params, AUTHORITY_DAYS, now)?;
        // SPIFFE X509-SVID section 2: a signing certificate names its trust domain, without a path.
        params.subject_alt_names = vec![uri(&format!("spiffe://{}", trust_domain.as_str()))?];
        params.serial_number = Some(serial()?);
        let certificate = params.self_signed(&key).map_err(Error::Sign)?.pem();
        let issued = Issued::new("ca".into(), certificate, &key);
        Ok((Self { trust_domain: trust_domain.clone(), key }, issued))
    }

    fn load(dir: &Path) -> Result<Self, Error> {
        let [certificate_path, key_path] = files(dir, "ca");
        let strange = || Error::Authority { path: certificate_path.clone() };
        let key = KeyPair::try_from(&pem::private_key(&key_path)?).map_err(|_| strange())?;
        let chain = pem::certificates(&certificate_path)?;
        let [certificate] = chain.as_slice() else { return Err(strange()) };
        let certificate = EndEntityCert::try_from(certificate).map_err(|_| strange())?;
        let ours = certificate.subject_public_key_info().as_ref() == key.subject_public_key_info();
        let trust_domain = certificate
            .valid_uri_names()
            .next()
            .and_then(|uri| TrustDomain::new(uri.strip_prefix("spiffe://")?).ok())
            .filter(|_| ours)
            .ok_or_else(strange)?;
        Ok(Self { trust_domain, key })
    }

    fn issue(&self, subject: Subject<'_>, days: u32, now: Timestamp) -> Result<Issued, Error> {
        let mut params = CertificateParams::default();
        let (common_name, purpose) = match subject {
            Subject::Server(names) => {
                params.subject_alt_names = server_names(names)?;
                params
                    .subject_alt_names
                    .push(uri(&format!("spiffe://{}/service", self.trust_domain.as_str()))?);
                ("Throughline service".to_owned(), ExtendedKeyUsagePurpose::ServerAuth)
            }
            Subject::Member(organization, role) => {
                params.subject_alt_names = vec![uri(&self.trust_domain.uri(organization, role))?];
                (organization.to_string(), ExtendedKeyUsagePurpose::ClientAuth)
            }
            Subject::Person(organization, role, person) => {
                let names = self.trust_domain.principal_uri(organization, role, person);
                params.subject_alt_names = vec![uri(&names)?];
                (format!("{person} of {organization}"), ExtendedKeyUsagePurpose::ClientAuth)
            }
        };
        name(&mut params, &common_name);
        validity(&mut params, days, now)?;
        params.serial_number = Some(serial()?);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(Error::Sign)?;
        let issuer = Issuer::new(authority_params(&self.key), &self.key);
        let certificate = params.signed_by(&key, &issuer).map_err(Error::Sign)?.pem();
        Ok(Issued::new(subject.stem(), certificate, &key))
    }
}

/// A certificate and its key in PEM, not written yet.
struct Issued {
    stem: String,
    certificate: String,
    key: Zeroizing<String>,
}

impl Issued {
    fn new(stem: String, certificate: String, key: &KeyPair) -> Self {
        Self { stem, certificate, key: Zeroizing::new(key.serialize_pem()) }
    }

    fn write(&self, dir: &Path) -> Result<[PathBuf; 2], Error> {
        let [certificate, key] = files(dir, &self.stem);
        // The key first: a certificate alone would look finished.
        create(&key, 0o600, self.key.as_bytes())?;
        create(&certificate, 0o644, self.certificate.as_bytes())?;
        Ok([certificate, key])
    }
}

/// All that an issuer's certificate says about itself follows from its key, so that the certificate
/// need not be taken apart again. The name is different for each key: two authorities with one name
/// would be told apart only by a bad signature.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let id = digest::digest(&digest::SHA256, &key.subject_public_key_info());
    let id: String = id.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut params = CertificateParams::default();
    name(&mut params, &format!("Throughline development CA {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn name(params: &mut CertificateParams, common_name: &str) {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
}

/// From five minutes ago, for clocks that are a little behind.
fn validity(params: &mut CertificateParams, days: u32, now: Timestamp) -> Result<(), Error> {
    if !(1..=3650).contains(&days) {
        return Err(Error::Days);
    }
    let now = OffsetDateTime::from_unix_timestamp(now.millis().div_euclid(1000)).map_err(|_| Error::Days)?;
    params.not_before = now.checked_sub(Duration::minutes(5)).ok_or(Error::Days)?;
    params.not_after = now.checked_add(Duration::days(days.into())).ok_or(Error::Days)?;
    Ok(())
}

fn uri(text: &str) -> Result<SanType, Error> {
    Ok(SanType::URI(text.try_into().map_err(Error::Sign)?))
}

fn server_names(names: &[String]) -> Result<Vec<SanType>, Error> {
    // What clients can ask for is what rustls takes for a name; rcgen alone would sign any ASCII.
    let valid = |name: &String| ServerName::try_from(name.as_str()).is_ok();
    if names.is_empty() || !names.iter().all(valid) {
        return Err(Error::ServerName);
    }
    Ok(CertificateParams::new(names).map_err(|_| Error::ServerName)?.subject_alt_names)
}

/// 16 random bytes, positive and never short (RFC 5280 section 4.1.2.2).
fn serial() -> Result<SerialNumber, Error> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Random)?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

/// A certificate's file and its key's.
fn files(dir: &Path, stem: &str) -> [PathBuf; 2] {
    [dir.join(format!("{stem}.pem")), dir.join(format!("{stem}.key"))]
}

/// Makes a new file with its mode from the first moment on.
fn create(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _only_unix_has_modes = mode;
    let mut file = options.open(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists { path: path.into() },
        _ => Error::Write { path: path.into(), source },
    })?;
    file.write_all(bytes).map_err(|source| Error::Write { path: path.into(), source })
}

fn make_dir(dir: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| Error::Write { path: dir.into(), source })
}
