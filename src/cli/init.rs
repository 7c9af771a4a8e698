//! `throughline init`: the folder of a new service.

use super::{Done, Failure, Finish, screen};
use crate::audit::SignerKey;
use crate::calendar::Timestamp;
use crate::identity::{KeyId, Keys, Root};
use crate::records::OrgId;
use crate::server::{KeySource, keys};
use crate::store::{Committed, Error, Organization, ServiceKey, Store, Tx};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::Ed25519KeyPair;
use std::io::Write;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Make the folder of a new service: database, keys, configuration
#[derive(clap::Args)]
pub(super) struct Init {
    /// The folder to make
    folder: PathBuf,

    /// Organization of the steward; it is registered, so that it can register the others
    #[arg(long, value_name = "ORG")]
    steward: String,

    /// Trust domain of the certificates
    #[arg(long, default_value = "city.example", value_name = "DOMAIN")]
    trust_domain: String,

    /// Folder with the certificates (throughline certs init); the log's public key is put there too
    #[arg(long, default_value = "certs", value_name = "DIR")]
    certs: PathBuf,

    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:7443", value_name = "IP:PORT")]
    listen: String,

    /// Only sources hold the linkage key; identifiers in the clear are refused. The key is then written
    /// to linkage.key for you to hand to the sources and remove
    #[arg(long)]
    encoded_only: bool,
}

impl Init {
    pub(super) fn run(self) -> Done {
        let steward = OrgId::new(&self.steward)
            .map_err(|_| Failure::new("--steward must be 1 to 64 of a-z, 0-9 and -"))?;
        let certs = std::path::absolute(&self.certs)?;
        if self.folder.join("throughline.toml").exists() {
            return Err(Failure::new(format!("{} holds a service already", self.folder.display())));
        }
        let secrets = self.folder.join("keys");
        std::fs::create_dir_all(&secrets)?;
        let origin = format!("{}/throughline", self.trust_domain);
        write_secret(&secrets.join("service.key"), &random()?[..])?;
        let linkage = random()?;
        write_secret(&secrets.join("linkage.key"), &linkage[..])?;
        make_log_key(&secrets.join("log.key"))?;
        let signer = keys::signer(&origin, &KeySource::File(secrets.join("log.key")), None)?;
        let vkey = format!("{}\n", signer.verifier());
        std::fs::write(self.folder.join("log.vkey"), &vkey)?;
        if certs.is_dir() {
            std::fs::write(certs.join("log.vkey"), &vkey)?;
        }
        let service = keys::root("service", &KeySource::File(secrets.join("service.key")))?;
        let database = self.folder.join("throughline.db");
        let key = ServiceKey::derive(&service);
        Store::create(&database, &key, &origin, Timestamp::now())?;
        let linkage = Keys::derive(&Root::from_bytes(*linkage)).id();
        register(&database, key, signer, steward, linkage)?;
        std::fs::write(self.folder.join("throughline.toml"), self.configuration(&certs))?;
        let folder = self.folder.display();
        screen::say(&format!(
            "{folder} is ready. The keys in {folder}/keys are the service's secrets: back them up apart"
        ));
        screen::say("from the database, and never together with it.");
        if self.encoded_only {
            screen::say("Hand keys/linkage.key to the sources over a safe channel, then remove it here.");
        }
        screen::say(&format!("Start it with:  throughline serve --config {folder}/throughline.toml"));
        Ok(Finish::All)
    }

    fn configuration(&self, certs: &Path) -> String {
        let file = |name: &str| toml::Value::from(certs.join(name).display().to_string());
        let linkage = if self.encoded_only { "" } else { "linkage = { file = \"keys/linkage.key\" }\n" };
        format!(
            "listen = {listen}\ndatabase = \"throughline.db\"\ntrust_domain = {domain}\nencoded_only = {encoded}\n\n\
             [tls]\nca = {ca}\ncertificate = {certificate}\nkey = {key}\n\n\
             [keys]\nservice = {{ file = \"keys/service.key\" }}\n{linkage}log = {{ file = \"keys/log.key\" }}\n",
            listen = toml::Value::from(self.listen.as_str()),
            domain = toml::Value::from(self.trust_domain.as_str()),
            encoded = self.encoded_only,
            ca = file("ca.pem"),
            certificate = file("server.pem"),
            key = file("server.key"),
        )
    }
}

pub(super) fn random() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(&mut bytes[..]).map_err(|_| Failure::new("no randomness for a key"))?;
    Ok(bytes)
}

/// Makes a key that signs a log.
pub(super) fn make_log_key(path: &Path) -> Result<(), Failure> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
    write_secret(path, document.map_err(|_| Failure::new("no randomness for the log's key"))?.as_ref())
}

/// Writes a secret in hex, readable by its owner alone from the first moment.
fn write_secret(path: &Path, secret: &[u8]) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    let hex: Zeroizing<String> = Zeroizing::new(secret.iter().map(|byte| format!("{byte:02x}")).collect());
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(hex.as_bytes())?;
    Ok(file.sync_all()?)
}

fn register(
    database: &Path,
    key: ServiceKey,
    signer: SignerKey,
    steward: OrgId,
    linkage: KeyId,
) -> Result<(), Failure> {
    let store = Store::open(database, key, signer)?;
    let organization = Organization {
        name: steward.to_string(),
        id: steward,
        roles: ["steward".to_owned()].into(),
        active: true,
    };
    super::wait(async move {
        let steps = move |tx: &mut Tx<'_>| {
            tx.put_first_linkage_key(linkage)?;
            tx.put_organization(&organization)
        };
        let put = store.transaction("init", steps).await;
        put.map(|_: Committed<()>| ()).map_err(|error: Error| error.into())
    })
}
