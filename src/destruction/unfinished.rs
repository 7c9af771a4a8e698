//! From rows that are gone to a certificate: what was begun is finished, whatever comes in between.
//!
//! The file is written anew once for all that is open. What is to be looked for in it, and that it was written anew already,
//! is known until it is done or the service ends; then nobody knows any more what to look for, and the certificate says so.

use super::{certificate, counts};
use crate::audit::{Entry, Hash};
use crate::calendar::Timestamp;
use crate::store::{self, Destruction, Needles, Rewriting, Rewritten, Store, Tx};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Destructions whose rows are gone and whose bytes may not be.
#[derive(Default)]
pub struct Unfinished {
    /// What to look for, by the number of the destruction.
    needles: BTreeMap<u32, Arc<Needles>>,
    /// Whether the file was written anew since the last of them was begun.
    is_vacuumed: bool,
    /// When a search has found something: until then it would only find it again, and commits would wait for that.
    rests_until: Option<Instant>,
}

/// How a search came out for one destruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Searched {
    /// Tokens that were looked for in the whole file, and are in no part of it that is not a row.
    pub(super) n_needles: u64,
    /// Of these, tokens that stand in rows again.
    pub(super) n_standing: u64,
    /// Bytes of the file.
    pub(super) n_bytes: u64,
}

/// How long it is waited before the write-ahead log is tried again that a reader holds.
const AGAIN: Duration = Duration::from_millis(500);

/// How often a file is written anew in which a search has found something, before it rests.
const WRITTEN_MAX: u32 = 2;

/// How long it rests.
const REST: Duration = Duration::from_secs(3_600);

impl Unfinished {
    pub(super) fn add(&mut self, number: u32, needles: Needles) {
        self.needles.insert(number, Arc::new(needles));
        self.is_vacuumed = false;
        self.rests_until = None;
    }
}

/// Writes the file anew and certifies what is open, as long as `patience` lasts. Says how many destructions stay open: a
/// reader of an older state holds up the file, or bytes were found that should be gone. Both are tried again next time.
///
/// # Errors
///
/// [`store::Error`]; a full disk changes nothing, and it can be tried again.
pub async fn finish(
    store: &Store,
    unfinished: &mut Unfinished,
    patience: Duration,
) -> Result<usize, store::Error> {
    let (started, mut n_written, mut failed) = (Instant::now(), 0, None);
    let n_open = loop {
        let all = store.read(|snapshot| snapshot.destructions()).await?;
        let open: Vec<Destruction> = all.into_iter().filter(|of| of.note.is_none()).collect();
        unfinished.needles.retain(|number, _| open.iter().any(|of| of.number == *number));
        if open.is_empty() {
            break 0;
        }
        if unfinished.rests_until.is_some_and(|until| Instant::now() < until) {
            break open.len();
        }
        n_written += u32::from(!unfinished.is_vacuumed);
        let needles = unfinished.needles.values().cloned().collect();
        let rewritten = match store.rewrite(needles, unfinished.is_vacuumed).await {
            Ok(Rewriting::Done(rewritten)) => rewritten,
            Err(error) => {
                failed = Some(error);
                break open.len();
            }
            Ok(Rewriting::Held) => {
                unfinished.is_vacuumed = true;
                if started.elapsed() >= patience {
                    break open.len();
                }
                // SQLite tells nobody when a reader ends, which can be one of another process: time is all there is to wait
                // for. The writer is free meanwhile.
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        // Rows that are put from here on can be moved and split before it is written anew the next time.
        unfinished.is_vacuumed = false;
        let (mut n_open, mut n_remaining) = (0, 0);
        for of in &open {
            match clear(store, unfinished, of, &rewritten).await {
                Ok(0) => {}
                Ok(n) => {
                    n_remaining += n;
                    n_open += 1;
                }
                Err(error) => {
                    n_open += 1;
                    failed.get_or_insert(error);
                }
            }
        }
        if n_remaining == 0 {
            break n_open;
        }
        if n_written >= WRITTEN_MAX {
            unfinished.rests_until = Some(Instant::now() + REST);
            break n_open;
        }
    };
    prove(store).await?;
    failed.map_or(Ok(n_open), Err)
}

/// Certifies a destruction, unless the file holds tokens of it that are in no row: how many do.
async fn clear(
    store: &Store,
    unfinished: &mut Unfinished,
    of: &Destruction,
    rewritten: &Rewritten,
) -> Result<u64, store::Error> {
    let number = of.number;
    let needles = unfinished.needles.get(&number);
    let n_remaining = needles.map_or(0, |needles| rewritten.n_remaining(needles));
    if n_remaining > 0 {
        tracing::error!(number, n_remaining, "bytes of what was erased are still in the database");
        let remain = move |tx: &mut Tx<'_>| tx.bytes_remain(number);
        store.transaction::<_, store::Error, _>("destruction.remains", remain).await?;
        return Ok(n_remaining);
    }
    let searched = needles.filter(|needles| !needles.is_empty()).map(|needles| Searched {
        n_needles: needles.len() as u64,
        n_standing: rewritten.n_standing(needles),
        n_bytes: rewritten.n_bytes,
    });
    let certify = move |tx: &mut Tx<'_>| {
        let now = Timestamp::now();
        let Some(of) = tx.destructions()?.into_iter().find(|of| of.number == number) else {
            return Err(store::Error::Damaged("a destruction"));
        };
        let counts = counts::of(tx, &of, searched.as_ref())?;
        let statement = certificate::statement(tx, &of, searched.as_ref(), &counts, now)?;
        // Whoever has the certificate has this entry, so it does not count.
        let entry = |digest: Hash| Entry {
            response_digest: Some(digest),
            ..Entry::destroys(now, &of.scope, "certify", None)
        };
        tx.certify(number, statement.text(), &counts, entry)
    };
    store.transaction("destruction.certify", certify).await?;
    unfinished.needles.remove(&number);
    Ok(0)
}

/// Keeps the proofs of certificates that earlier commits have signed.
async fn prove(store: &Store) -> Result<(), store::Error> {
    let steps = |tx: &mut Tx<'_>| {
        for of in tx.destructions()?.into_iter().filter(|of| of.note.is_some() && of.receipt.is_none()) {
            let position = of.position.ok_or(store::Error::Damaged("a destruction"))?;
            tx.prove_certificate(of.number, position)?;
        }
        Ok::<_, store::Error>(())
    };
    store.transaction("destruction.prove", steps).await.map(|_| ())
}

#[cfg(test)]
mod tests;
