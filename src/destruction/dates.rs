//! What is destroyed without being asked for: on the dates of agreements, and what was begun before.

use super::{Because, Begun, Error, Progress, begin, finish, log_backups, prove};
use crate::agreements::{Scope, State};
use crate::calendar::{Date, Timestamp};
use crate::records::Code;
use crate::store::{self, Destruction, Snapshot, Store};
use std::sync::Arc;
use std::time::Duration;

/// Puts backups on record that were begun since it was last done.
///
/// # Errors
///
/// [`store::Error`].
pub async fn note_backups(store: &Store) -> Result<(), store::Error> {
    if !store.read(|snapshot| snapshot.unlogged_backups()).await?.is_empty() {
        store.transaction("destruction.backups", log_backups).await?;
    }
    Ok(())
}

/// Finishes what was begun, and destroys what agreements say by their dates, while nobody publishes or destroys. Says how
/// many destructions are not finished yet.
///
/// # Errors
///
/// [`Error`], with the first thing that failed; the rest is tried next time.
pub async fn keep(store: &Store, now: Timestamp, patience: Duration) -> Result<u64, Error> {
    let mut n_held = 0;
    for of in store.read(|snapshot| snapshot.destructions()).await? {
        match (of.note, of.receipt) {
            (Some(_), Some(_)) => {}
            // What to look for is not known any more, so nobody can say that it is gone.
            (None, _) if of.remains => {
                tracing::error!(
                    number = of.number,
                    "bytes of what was destroyed remain: an operator is needed"
                );
            }
            (Some(_), None) => prove(store, of.number).await?,
            (None, _) => {
                let begun = Begun { number: of.number, needles: Arc::default() };
                n_held += u64::from(finish(store, &begun, patience).await? == Progress::Held);
            }
        }
    }
    for scope in store.read(move |snapshot| due(snapshot, now.date())).await? {
        tracing::info!(%scope, "the agreement's date has come: what was received under it is destroyed");
        let begun = begin(store, scope, Because::Date, now).await?;
        n_held += u64::from(finish(store, &begun, patience).await? == Progress::Held);
    }
    Ok(n_held)
}

/// Whether there is anything for [`keep`] to do.
///
/// # Errors
///
/// [`store::Error`].
pub async fn is_due(store: &Store, today: Date) -> Result<bool, store::Error> {
    let look = move |snapshot: &Snapshot<'_>| {
        let is_open = |of: &Destruction| of.receipt.is_none() && !of.remains;
        Ok(snapshot.destructions()?.iter().any(is_open) || !due(snapshot, today)?.is_empty())
    };
    store.read(look).await
}

/// The agreements whose date has come and that are not destroyed yet.
fn due(snapshot: &Snapshot<'_>, today: Date) -> Result<Vec<Scope>, store::Error> {
    let mut due = Vec::new();
    for (agreement, _) in snapshot.agreements()? {
        let scope = Code::new(&agreement.id).map(Scope::Agreement);
        let scope = scope.map_err(|_| store::Error::Damaged("an agreement"))?;
        if agreement.state(today) == State::Destroyed && snapshot.destroyed(&scope)?.is_none() {
            due.push(scope);
        }
    }
    Ok(due)
}
