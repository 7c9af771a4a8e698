//! Starting on a copy: what was destroyed since it was made is in it, and its log does not know.

use super::Error;
use crate::audit::{Certificate, Entry, VerifierKey};
use crate::calendar::Timestamp;
use crate::destruction::{self, Because, Progress};
use crate::store::{self, Store, Tx};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the operator says was destroyed since the database was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// Nothing is said: a copy is not served.
    Unsaid,
    /// Nothing was.
    Nothing,
    /// What these certificates say.
    Destroyed(Vec<PathBuf>),
}

/// Nobody is served yet, so nobody reads an older state for long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes a copy for the service's own, after destroying again what was destroyed since; any other database is left as it
/// is.
pub(super) async fn adopt(store: &Store, log: &VerifierKey, since: Since) -> Result<(), Error> {
    let Some(copied) = store.read(|snapshot| snapshot.copied()).await? else { return Ok(()) };
    let (files, step) = match since {
        Since::Unsaid => return Err(Error::Copied(copied)),
        Since::Nothing => (Vec::new(), "nothing_destroyed"),
        Since::Destroyed(files) => (files, "destroyed"),
    };
    // All of them are looked at before any is acted upon.
    let certificates: Vec<Certificate> =
        files.iter().map(|file| read(file, log)).collect::<Result<_, _>>()?;
    for Certificate { scope, erased, .. } in certificates {
        tracing::info!(%scope, "destroyed again");
        let begun = destruction::begin(store, scope, Because::Restored(erased), Timestamp::now()).await?;
        if destruction::finish(store, &begun, PATIENCE).await? == Progress::Held {
            tracing::warn!("another program reads the database: the certificate follows when it ends");
        }
    }
    let adopted = move |tx: &mut Tx<'_>| {
        tx.log(&Entry::restored(Timestamp::now(), step))?;
        tx.adopt_copy()
    };
    store.transaction::<_, store::Error, _>("restore", adopted).await?;
    Ok(())
}

fn read(file: &Path, log: &VerifierKey) -> Result<Certificate, Error> {
    let text = std::fs::read_to_string(file).map_err(|cause| Error::Unreadable(file.to_owned(), cause))?;
    Certificate::open(&text, log).map_err(|cause| Error::Certificate { file: file.to_owned(), cause })
}
