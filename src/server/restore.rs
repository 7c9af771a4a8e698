//! Starting on a copy: what was destroyed since it was made is in it, and its log does not know.

use super::Error;
use crate::audit::{Certificate, Entry, NotACertificate, VerifierKey};
use crate::calendar::Timestamp;
use crate::destruction::{self, Because, Unfinished};
use crate::store::{self, Snapshot, Store, Tx};
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

/// Destroys again what was destroyed since the database was copied, and takes a copy for the service's own; what is not
/// finished then.
///
/// A copy that was made otherwise than as a backup does not say that it is one, so what certificates say is destroyed in any
/// database that has no such destruction on record. One that has received anything of the kind after it was destroyed is no
/// copy from before: what came again is not what the certificate is about.
pub(super) async fn adopt(store: &Store, keys: &[VerifierKey], since: Since) -> Result<Unfinished, Error> {
    let copied = store.read(|snapshot| snapshot.copied()).await?;
    let mut unfinished = Unfinished::default();
    let (files, step) = match (since, copied) {
        (Since::Unsaid, Some(copied)) => return Err(Error::Copied(copied)),
        (Since::Unsaid | Since::Nothing, None) => return Ok(unfinished),
        (Since::Nothing, Some(_)) => (Vec::new(), "nothing_destroyed"),
        (Since::Destroyed(files), _) => (files, "destroyed"),
    };
    // All of them are looked at before any is acted upon.
    let mut again = Vec::new();
    for file in files {
        let Certificate { scope, erased, .. } = read(&file, keys)?;
        let of = scope.clone();
        let known = move |snapshot: &Snapshot<'_>| {
            Ok::<_, store::Error>((snapshot.destroyed(&of)?, snapshot.last_received(&of)?))
        };
        let (destroyed, received) = store.read(known).await?;
        if destroyed.is_some_and(|destroyed| destroyed >= erased) {
            tracing::info!(%scope, "that it was destroyed is on record here: nothing is destroyed again");
        } else if again.iter().any(|(of, _)| *of == scope) {
            // Of what was destroyed twice since, all goes at once.
        } else if received.is_some_and(|received| received > erased) {
            return Err(Error::ReceivedSince { file, scope });
        } else {
            again.push((scope, erased));
        }
    }
    if copied.is_none() && again.is_empty() {
        return Ok(unfinished);
    }
    for (scope, erased) in again {
        tracing::info!(%scope, "destroyed again");
        destruction::begin(store, &mut unfinished, scope, Because::Restored(erased)).await?;
    }
    // The rows are gone by now, so the service starts; what is open is tried again while it runs.
    match destruction::finish(store, &mut unfinished, PATIENCE).await {
        Ok(0) => {}
        Ok(n_open) => tracing::warn!(n_open, "destructions are not certified yet: they are tried again"),
        Err(error) => tracing::error!(%error, "a destruction could not be finished: it is tried again"),
    }
    let adopted = move |tx: &mut Tx<'_>| {
        tx.log(&Entry::restored(Timestamp::now(), step))?;
        tx.adopt_copy()
    };
    store.transaction::<_, store::Error, _>("restore", adopted).await?;
    Ok(unfinished)
}

/// A certificate that one of the keys has signed.
fn read(file: &Path, keys: &[VerifierKey]) -> Result<Certificate, Error> {
    let text = std::fs::read_to_string(file).map_err(|cause| Error::Unreadable(file.to_owned(), cause))?;
    let mut opened = Err(NotACertificate::Form);
    for key in keys {
        opened = opened.or_else(|_| Certificate::open(&text, key));
    }
    opened.map_err(|cause| Error::Certificate { file: file.to_owned(), cause })
}
