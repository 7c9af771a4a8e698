//! What is destroyed without being asked for: on the dates of agreements, and what was begun before.

use super::{Because, Error, Unfinished, begin, finish, log_backups};
use crate::agreements::{Scope, State};
use crate::audit::Entry;
use crate::calendar::{Date, Timestamp};
use crate::records::Code;
use crate::store::{self, ClockDoubt, Destruction, Snapshot, Store, Tx};
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

/// Destroys what agreements say by their dates, and finishes that and what was begun before, while nobody publishes or
/// destroys. Says how many destructions are not finished yet.
///
/// # Errors
///
/// [`Error`], with the first thing that failed; the rest is done, and that is tried next time.
pub async fn keep(
    store: &Store,
    unfinished: &mut Unfinished,
    now: Timestamp,
    patience: Duration,
) -> Result<usize, Error> {
    let mut failed = None;
    // All of it first: the file is written anew once for all of them.
    for scope in store.read(move |snapshot| due(snapshot, now.date())).await? {
        tracing::info!(%scope, "the agreement's date has come: what was received under it is destroyed");
        if let Err(error) = begin(store, unfinished, scope, Because::Date).await {
            failed.get_or_insert(error);
        }
    }
    let n_open = finish(store, unfinished, patience).await?;
    failed.map_or(Ok(n_open), Err)
}

/// Whether there is anything for [`keep`] to do.
///
/// # Errors
///
/// [`store::Error`].
pub async fn is_due(store: &Store, today: Date) -> Result<bool, store::Error> {
    let look = move |snapshot: &Snapshot<'_>| {
        let is_open = |of: &Destruction| of.receipt.is_none();
        Ok(snapshot.destructions()?.iter().any(is_open) || !due(snapshot, today)?.is_empty())
    };
    store.read(look).await
}

/// The agreements whose date has come and that are not destroyed yet; none while the clock is in doubt.
fn due(snapshot: &Snapshot<'_>, today: Date) -> Result<Vec<Scope>, store::Error> {
    let mut due = Vec::new();
    for (agreement, _) in snapshot.agreements()? {
        let scope = Code::new(&agreement.id).map(Scope::Agreement);
        let scope = scope.map_err(|_| store::Error::Damaged("an agreement"))?;
        if agreement.state(today) == State::Destroyed && snapshot.destroyed(&scope)?.is_none() {
            due.push(scope);
        }
    }
    if let (Some(ClockDoubt { newest, started }), false) = (snapshot.clock_doubt()?, due.is_empty()) {
        tracing::error!(
            %newest, %started, agreements = due.len(),
            "the dates of agreements have come, if the clock is right: the log ends long before the service was started. \
             Nothing is destroyed by date until it is started with --clock-is-right"
        );
        due.clear();
    }
    Ok(due)
}

/// How long after the last entry of its log a service can be started before its clock is in doubt: in a service that is used
/// there is an entry every day.
const STANDSTILL_MS: i64 = 30 * 24 * 3_600_000;

/// Doubts the clock of a service that is being started, or ends that doubt: where its operator says that it is right, or it is
/// near the entries again that it was far from. `now` is what it says.
///
/// # Errors
///
/// [`store::Error`].
pub async fn doubt_clock(store: &Store, now: Timestamp, is_right: bool) -> Result<(), store::Error> {
    let steps = move |tx: &mut Tx<'_>| {
        let is_far = |newest: Timestamp| now.millis() - newest.millis() > STANDSTILL_MS;
        let (newest, doubt) = (tx.newest_entry()?, tx.clock_doubt()?);
        if is_right || doubt.is_some_and(|doubt| !is_far(doubt.newest)) {
            let was_in_doubt = tx.trust_clock()? || newest.is_some_and(is_far);
            if is_right && was_in_doubt {
                tx.log(&Entry::restored(now, "clock_is_right"))?;
            }
        } else if let Some(newest) = newest.filter(|newest| is_far(*newest)) {
            tracing::error!(
                %newest, %now,
                "the log ends long before now: if the clock is right, start with --clock-is-right; \
                 until then nothing is destroyed by date"
            );
            tx.doubt_clock(ClockDoubt { newest, started: now })?;
        }
        Ok::<_, store::Error>(())
    };
    store.transaction("destruction.clock", steps).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    const DAY_MS: i64 = 24 * 3_600_000;

    async fn is_in_doubt(store: &Store, now: Timestamp, is_right: bool) -> bool {
        doubt_clock(store, now, is_right).await.expect("a commit");
        store.read(|snapshot| snapshot.clock_doubt()).await.expect("a table").is_some()
    }

    #[tokio::test]
    async fn a_clock_far_from_the_log_is_in_doubt_until_somebody_says_that_it_is_right() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = testing::open(folder.path());
        let on = |day: i64| Timestamp::from_millis(day * DAY_MS);
        let enter = async |day: i64| {
            let entry = Entry::backed_up(on(day), "night.db");
            let logged = store.transaction("test", move |tx| tx.log(&entry)).await;
            logged.map(|_: store::Committed<()>| ()).expect("a commit");
        };
        assert!(!is_in_doubt(&store, on(20_000), false).await, "a log that has nothing yet says nothing");
        enter(20_000).await;
        assert!(!is_in_doubt(&store, on(20_030), false).await);
        assert!(is_in_doubt(&store, on(20_031), false).await);
        // What the service enters with that clock is no witness for it.
        enter(20_031).await;
        assert!(is_in_doubt(&store, on(20_032), false).await);
        assert!(!is_in_doubt(&store, on(20_001), false).await, "it was set right");
        assert!(is_in_doubt(&store, on(23_000), false).await);
        assert!(!is_in_doubt(&store, on(23_000), true).await);
        enter(23_000).await;
        assert!(!is_in_doubt(&store, on(23_001), false).await);
    }
}
