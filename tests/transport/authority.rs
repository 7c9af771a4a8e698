//! An authority that makes any certificate, right or wrong.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose as Purpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

pub(crate) const DOMAIN: &str = "collab.example";

/// The URI of a partner.
pub(crate) fn partner(id: &str) -> String {
    format!("spiffe://{DOMAIN}/org/{id}/role/partner")
}

pub(crate) fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().expect("ASCII"))
}

/// A certificate's two files.
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Lowercase hexadecimal.
    pub(crate) serial: String,
    params: CertificateParams,
}

/// A certification authority in a folder of its own.
pub(crate) struct Authority {
    dir: TempDir,
    params: CertificateParams,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let (dir, key) = (TempDir::new().expect("a folder"), KeyPair::generate().expect("a key"));
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key).expect("signed").pem();
        fs::write(dir.path().join("ca.pem"), pem).expect("written");
        Self { dir, params, key }
    }

    pub(crate) fn name(&self) -> &str {
        match self.params.distinguished_name.get(&DnType::CommonName) {
            Some(rcgen::DnValue::Utf8String(name)) => name,
            _ => unreachable!("named in new"),
        }
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// A client's certificate, right in all but what `change` changes.
    pub(crate) fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> Files {
        static SERIAL: AtomicU64 = AtomicU64::new(0x10);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let mut params = named("somebody");
        params.serial_number = Some(serial.into());
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![Purpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let issuer = Issuer::from_params(&self.params, &self.key);
        let pem = params.signed_by(&key, &issuer).expect("signed").pem();
        let path = |end| self.dir.path().join(format!("{serial}.{end}"));
        write_private(&path("key"), &key.serialize_pem());
        write_private(&path("pem"), &pem);
        Files { certificate: path("pem"), key: path("key"), serial: format!("{serial:02x}"), params }
    }

    pub(crate) fn client(&self, uri: &str) -> Files {
        self.issue(|params| params.subject_alt_names = vec![SanType::URI(uri.try_into().expect("ASCII"))])
    }

    pub(crate) fn server(&self) -> Files {
        self.issue(|params| {
            let names = ["localhost", "127.0.0.1"].map(String::from);
            params.subject_alt_names = CertificateParams::new(names).expect("names").subject_alt_names;
            params.extended_key_usages = vec![Purpose::ServerAuth];
        })
    }

    pub(crate) fn revocation_list(&self, revoked: &[&Files], last_year: i32) -> String {
        let revoked = revoked.iter().map(|files| RevokedCertParams {
            serial_number: files.params.serial_number.clone().expect("given in issue"),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(last_year, 12, 31),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let issuer = Issuer::from_params(&self.params, &self.key);
        list.signed_by(&issuer).and_then(|list| list.pem()).expect("signed")
    }
}

impl Files {
    /// A certificate signed by this one, which is no authority, with the whole chain in its file.
    pub(crate) fn sign_below(&self, uri: &str) -> Self {
        let key = KeyPair::from_pem(&fs::read_to_string(&self.key).expect("ours")).expect("a key");
        let mut params = self.params.clone();
        params.subject_alt_names = vec![SanType::URI(uri.try_into().expect("ASCII"))];
        let own = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&own, &Issuer::from_params(&self.params, &key)).expect("signed").pem();
        let below =
            |path: &Path| path.with_extension(format!("below.{}", path.extension().unwrap().display()));
        let chain = signed + &fs::read_to_string(&self.certificate).expect("ours");
        write_private(&below(&self.certificate), &chain);
        write_private(&below(&self.key), &own.serialize_pem());
        Self {
            certificate: below(&self.certificate),
            key: below(&self.key),
            serial: self.serial.clone(),
            params,
        }
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn write_private(path: &Path, text: &str) {
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(path).expect("our folder");
    file.write_all(text.as_bytes()).expect("written");
}
