//! A store for unit tests: keys that are always the same, in a folder of the test's own.

use super::subjects::row::{Encoded, Row, insert};
use super::{Error, ServiceKey, Store, StoredPerson, Tx};
use crate::audit::SignerKey;
use crate::audit::testing::pkcs8;
use crate::calendar::Timestamp;
use crate::identity::Token;
use crate::linkage::Subject;
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

/// Puts a student and its person there, as if a roster had brought it long ago.
pub(crate) fn put_student(tx: &mut Tx<'_>, source: u32, student: [u8; 16], person: u64) -> Result<(), Error> {
    let subject = Subject { source, student: Token::from_bytes(student) };
    let row = Row { subject, person: StoredPerson(person), model: 0, reason: None };
    let encoded = Encoded { make: None, encoding: &[0; 29], next: None };
    let number = insert(tx.connection(), tx.key, &row, encoded)?;
    let (person, linker) = (tx.key.reveal(row.person), tx.linker_mut()?);
    linker.hold(subject, person);
    linker.keep_at(&subject, super::subjects::kept(number)?);
    Ok(())
}

/// Puts all records into their blocks, as the writer does in time.
pub(crate) fn put_all_away(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.put_all_away()
}
