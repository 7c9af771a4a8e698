//! A store for unit tests: keys that are always the same, in a folder of the test's own.

use super::{Error, ServiceKey, Store, Tx};
use crate::audit::SignerKey;
use crate::audit::testing::pkcs8;
use crate::calendar::Timestamp;
use std::path::Path;

/// The store in a folder: a new one where there is none yet.
pub(crate) fn open(folder: &Path) -> Store {
    open_with(&folder.join("throughline.db"), &ServiceKey::derive(&[8; 32].into()))
}

/// The same at a path, with a service key of the test's own.
pub(crate) fn open_with(path: &Path, key: &ServiceKey) -> Store {
    if !path.exists() {
        Store::create(path, key, "test/log", Timestamp::from_millis(0)).expect("a new file");
    }
    let signer = SignerKey::from_pkcs8("test/log", &pkcs8([7; 32])).expect("a key");
    Store::open(path, key.clone(), signer).expect("the file")
}

/// Runs statements of a test's own: what a program from before would have left, or nobody could.
pub(crate) fn run(tx: &Tx<'_>, sql: &str) -> Result<(), Error> {
    Ok(tx.connection().execute_batch(sql)?)
}

/// Puts all records into their blocks, as the writer does in time.
pub(crate) fn put_all_away(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.put_all_away()
}
