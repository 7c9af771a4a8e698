//! The database every seed begins with, made once: the city's papers, a roll of each source, and the first edition.

use crate::model::Model;
use crate::papers::{MEMBERS, ORIGIN, PRODUCT, SERVICE_KEY, SOURCES, STEWARD, agreements};
use crate::people::first_roll;
use crate::service::Keys;
use crate::world::World;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use throughline::api::v1 as pb;
use throughline::audit::SignerKey;
use throughline::calendar::Timestamp;
use throughline::identity::{Keys as LinkageKeys, Root};
use throughline::records::OrgId;
use throughline::server::peer::Role;
use throughline::store::{Committed, Error, Organization, ServiceKey, Store, Tx};

/// What every seed begins with.
pub(crate) struct Template {
    /// Holds the keys.
    _folder: TempDir,
    pub(crate) keys: Keys,
    pub(crate) database: Vec<u8>,
    pub(crate) model: Model,
    /// Lines of the log.
    pub(crate) log: Vec<String>,
}

impl Template {
    pub(crate) fn make() -> Self {
        let folder = folder();
        let database = folder.path().join("throughline.db");
        let keys = Keys::write(folder.path());
        begin(&database);
        let mut world = World::new(&keys, folder.path(), Model::default(), Vec::new(), 0);
        world.start(&database);
        for (id, role) in MEMBERS {
            world.register(id, role);
        }
        world.load(agreements().collect(), PRODUCT);
        for source in 0..SOURCES.len() {
            world.push_roll(source, first_roll(source));
        }
        world.publish();
        world.check();
        let (model, log) = world.finish();
        let bytes = std::fs::read(&database).expect("a database");
        Self { _folder: folder, keys, database: bytes, model, log }
    }

    /// A database of its own for a seed.
    pub(crate) fn copy(&self, folder: &Path) -> PathBuf {
        let database = folder.join("0.db");
        std::fs::write(&database, &self.database).expect("written");
        database
    }
}

/// A folder in memory, where there is one: a seed is about what is written, not about what a disk does.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a folder")
}

/// Makes a database with its steward, as `throughline init` does.
fn begin(database: &Path) {
    let key = ServiceKey::derive(&SERVICE_KEY.into());
    Store::create(database, &key, ORIGIN, Timestamp::now()).expect("a new file");
    let signer = SignerKey::from_pkcs8(ORIGIN, &crate::papers::log_key()).expect("a key");
    let store = Store::open(database, key, signer).expect("it opens");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let steward = Organization {
        id: OrgId::new(STEWARD).expect("an id"),
        name: STEWARD.into(),
        roles: [Role::Steward.as_str().to_owned()].into(),
        active: true,
    };
    let linkage = LinkageKeys::derive(&Root::from_bytes(crate::papers::LINKAGE_KEY)).id();
    let steps = move |tx: &mut Tx<'_>| {
        tx.put_first_linkage_key(linkage)?;
        tx.put_organization(&steward)
    };
    let mut stopped = store.stopped();
    runtime.block_on(async {
        let done: Result<Committed<()>, Error> = store.transaction("init", steps).await;
        done.expect("a commit");
        drop(store);
        stopped.wait_for(|stopped| *stopped).await.expect("it stops");
    });
}

/// The calls that only the template makes.
impl World<'_> {
    fn register(&mut self, id: &str, role: Role) {
        let organization = pb::Organization {
            id: id.into(),
            name: id.into(),
            roles: vec![role.as_str().into()],
            standing: pb::Standing::Active.into(),
        };
        let line = self.model.put_standing(id, false);
        self.put_organization(organization, line);
    }

    fn load(&mut self, agreements: Vec<String>, product: &str) {
        for document in agreements {
            let service = self.service();
            let mut admin = service.line(STEWARD, Role::Steward).admin();
            let put = service.wait(admin.put_agreement(pb::PutAgreementRequest { document }));
            put.expect("a good agreement");
            self.entered([format!("{STEWARD} PutAgreement allowed registered")]);
        }
        let service = self.service();
        let mut admin = service.line(STEWARD, Role::Steward).admin();
        let put = service.wait(admin.put_product(pb::PutProductRequest { document: product.into() }));
        put.expect("a good product");
        self.entered([format!("{STEWARD} PutProduct allowed registered")]);
    }
}
