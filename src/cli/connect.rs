//! How a verb reaches the service: which address, which certificate, which log key.

use super::Failure;
use super::screen::note;
use crate::audit::{Cosigner, VerifierKey, witness};
use crate::client::channel::{Options, connect};
use crate::client::{self, Continued, Memory, Session, Witnessed, pem};
use rcgen::{KeyPair, PKCS_ED25519};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Where the service is and who is calling.
#[derive(clap::Args, Clone)]
#[command(next_help_heading = "Connection")]
pub(super) struct Connect {
    /// Address of the service
    #[arg(long, env = "THROUGHLINE_SERVER", default_value = "localhost:7443", value_name = "HOST:PORT")]
    server: String,

    /// Folder with ca.pem, log.vkey and your certificate
    #[arg(long, env = "THROUGHLINE_CERTS", default_value = "certs", value_name = "DIR")]
    certs: PathBuf,

    /// Your certificate in that folder, as organization.role or organization.role.person; needed when there are several of the role
    #[arg(long = "as", env = "THROUGHLINE_AS", value_name = "ORG.ROLE[.PERSON]")]
    identity: Option<String>,
}

impl Connect {
    /// Connects as `role`.
    pub(super) async fn session(&self, role: &str) -> Result<Session, Failure> {
        let identity = self.identity(role)?;
        let host = self.server.rsplit_once(':').map_or(self.server.as_str(), |(host, _)| host);
        let options = Options {
            address: self.server.clone(),
            server_name: host.trim_matches(['[', ']']).to_owned(),
            ca: self.certs.join("ca.pem"),
            certificate: self.certs.join(format!("{identity}.pem")),
            key: self.certs.join(format!("{identity}.key")),
            timeout: Duration::from_secs(10),
        };
        let log = self.log_key()?;
        let session = Session::new(connect(options).await?, log.clone());
        let Some(memory) = self.memory(&identity, log)? else { return Ok(session) };
        let session = session.remembering(memory);
        let Witnessed { continued, not_kept, not_cosigned } = session.witness().await?;
        if continued == Continued::Lost {
            note(
                "the service was restored from a backup and has put that on record: some entries of its access log that this \
                 client has seen are lost; what it had seen is kept beside its certificate",
            );
        }
        if let Some(error) = not_kept {
            not_kept_note(&error);
        }
        if let Some(status) = not_cosigned {
            note(&format!(
                "the cosignature of the access log was not taken: {}",
                client::Error::from(*status)
            ));
        }
        Ok(session)
    }

    /// What this client has seen of the log, with its key as a witness, kept beside its certificate; nothing where nothing
    /// can be written there.
    fn memory(&self, identity: &str, log: VerifierKey) -> Result<Option<Memory>, Failure> {
        let file = |end: &str| self.certs.join(format!("{identity}.{end}"));
        let organization = identity.split('.').next().unwrap_or_default();
        let path = file("witness.key");
        let lock = match make_witness_key(&path).and_then(|()| File::open(&path)) {
            Ok(lock) => lock,
            Err(error) => {
                not_kept_note(&error);
                return Ok(None);
            }
        };
        let name = witness::name(log.name(), organization);
        let cosigner = match pem::private_key(&path) {
            Ok(key) => Cosigner::from_pkcs8(&name, key.secret_der())?,
            // A version before this wrote the key as it is.
            Err(error @ pem::Error::Content { .. }) => {
                let bare = Zeroizing::new(std::fs::read(&path)?);
                Cosigner::from_pkcs8(&name, &bare).map_err(|_| error)?
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Some(Memory::open(&file("seen.json"), log, lock, cosigner)?))
    }

    /// The key of the log as pinned beside the certificates.
    pub(super) fn log_key(&self) -> Result<VerifierKey, Failure> {
        let path = self.certs.join("log.vkey");
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::new(format!("cannot read the log's key {}: {error}", path.display()))
        })?;
        text.trim().parse().map_err(|error| Failure::new(format!("{}: {error}", path.display())))
    }

    /// Keeps another key of the log from now on, and the one before beside it, named by its id. What the certificates of the
    /// folder have seen of the log has to be signed by it, too.
    pub(super) fn take_up(&self, kept: &VerifierKey, next: &VerifierKey) -> Result<(), Failure> {
        for entry in std::fs::read_dir(&self.certs)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let Some(identity) = name.strip_suffix(".seen.json") else { continue };
            self.memory(identity, next.clone()).map_err(|Failure(cause)| {
                Failure::new(format!(
                    "call once as {identity} first, or move {name} away: it has not called since both keys sign ({cause})"
                ))
            })?;
        }
        let before = self.certs.join(format!("log.{:08x}.vkey", u32::from_be_bytes(kept.id())));
        let (file, new) = (self.certs.join("log.vkey"), self.certs.join("log.vkey.new"));
        for (path, key) in [(&before, kept), (&new, next)] {
            let mut writing = File::create(path)?;
            writeln!(writing, "{key}")?;
            writing.sync_all()?;
        }
        Ok(std::fs::rename(new, file)?)
    }

    /// The private key of the certificate, for what only this client should be able to compute.
    pub(super) fn secret(&self, role: &str) -> Result<Vec<u8>, Failure> {
        Ok(std::fs::read(self.certs.join(format!("{}.key", self.identity(role)?)))?)
    }

    /// The organization this client calls as.
    pub(super) fn organization(&self, role: &str) -> Result<String, Failure> {
        let identity = self.identity(role)?;
        // ORG.ROLE, or ORG.ROLE.PERSON; no organization has a dot in its id.
        Ok(identity.split_once('.').map_or(identity.clone(), |(organization, _)| organization.to_owned()))
    }

    fn identity(&self, role: &str) -> Result<String, Failure> {
        if let Some(identity) = &self.identity {
            return Ok(identity.clone());
        }
        let mut found = identities(&self.certs, role)?;
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => Err(Failure::new(format!(
                "there is no certificate *.{role}*.pem in {}; name the folder with --certs",
                self.certs.display()
            ))),
            (Some(_), false) => Err(Failure::new(format!(
                "there are several certificates *.{role}*.pem in {}; say which with --as ORG.{role} or --as ORG.{role}.PERSON",
                self.certs.display()
            ))),
        }
    }
}

fn not_kept_note(error: &std::io::Error) {
    note(&format!("what this client sees of the access log is not kept: {error}"));
}

/// Makes the key that this client cosigns with, at its first use: whole or not at all, whoever else makes it meanwhile.
fn make_witness_key(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let key = KeyPair::generate_for(&PKCS_ED25519).map_err(std::io::Error::other)?;
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(Zeroizing::new(key.serialize_pem()).as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&new, path);
    std::fs::remove_file(&new)?;
    match linked {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

fn identities(folder: &Path, role: &str) -> Result<Vec<String>, Failure> {
    let unreadable = |error| Failure::new(format!("cannot read the folder {}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // ORG.ROLE, or ORG.ROLE.PERSON where the person's name may have dots.
        let is_of_role = |identity: &&str| identity.split('.').nth(1) == Some(role);
        if let Some(identity) = name.strip_suffix(".pem").filter(is_of_role) {
            found.push(identity.to_owned());
        }
    }
    found.sort();
    Ok(found)
}
