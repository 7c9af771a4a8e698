//! Which records are of an agreement: whatever a source sends of one, of two, as it is or changed, or sent long ago; and
//! which editions hold some of them.

use super::*;
use crate::destruction::testing::{SOURCES, change, day, open, org_id, send};
use crate::store::{Store, testing::run};

/// Erases an agreement on a day: how many records went, and how many of its sources stay.
async fn erased(store: &Store, agreement: &'static str, on: &'static str) -> (u64, u64) {
    let of = erase(store, Scope::Agreement(Code::new(agreement).expect("a code")), on).await;
    (of.n_records(), of.n_kept)
}

async fn erase(store: &Store, scope: Scope, on: &'static str) -> store::Erased {
    change(store, move |tx| {
        let extent = extent(tx, &scope, day(on).date())?;
        tx.erase(&scope, extent, None, day(on))
    })
    .await
}

#[tokio::test]
async fn a_record_goes_with_the_last_agreement_it_was_received_under_as_it_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    send(&store, "northfield", "of-a", "One", Some("a")).await;
    send(&store, "northfield", "of-b", "One", Some("b")).await;
    send(&store, "northfield", "of-both", "One", Some("a")).await;
    send(&store, "northfield", "of-both", "One", Some("b")).await;
    send(&store, "northfield", "changed", "One", Some("a")).await;
    send(&store, "northfield", "changed", "Two", Some("b")).await;
    send(&store, "northfield", "back", "One", Some("b")).await;
    send(&store, "northfield", "back", "Two", Some("a")).await;
    send(&store, "eastbrook", "of-a", "One", Some("a")).await;
    // Of-a of both sources, and what was changed under it.
    assert_eq!(erased(&store, "a", "2026-07-01").await, (3, 3));
    // In force or expired, the other keeps what it has until its own day.
    assert_eq!(erased(&store, "b", "2027-07-01").await, (3, 0));
}

#[tokio::test]
async fn where_nobody_knows_which_agreement_it_was_it_goes_with_the_last_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    for source in SOURCES {
        send(&store, source, "of-old", "One", None).await;
        send(&store, source, "of-a", "One", Some("a")).await;
    }
    send(&store, "northfield", "of-b", "One", Some("b")).await;
    // Eastbrook has sent under no other.
    assert_eq!(erased(&store, "a", "2026-07-01").await, (3, 2));
    assert_eq!(erased(&store, "b", "2027-07-01").await, (2, 0));
}

#[tokio::test]
async fn what_comes_again_from_before_is_of_the_agreement_it_comes_under() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    send(&store, "northfield", "of-old", "One", None).await;
    send(&store, "northfield", "of-a", "One", Some("a")).await;
    send(&store, "northfield", "of-old", "One", Some("b")).await;
    assert_eq!(erased(&store, "a", "2026-07-01").await, (1, 1));
    assert_eq!(erased(&store, "b", "2027-07-01").await, (1, 0));
}

#[tokio::test]
async fn a_source_goes_whole_and_others_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    for source in SOURCES {
        for under in [None, Some("a"), Some("b")] {
            send(&store, source, under.unwrap_or("of-old"), "One", under).await;
        }
    }
    let of = erase(&store, Scope::Source(org_id("eastbrook")), "2025-03-01").await;
    assert_eq!((of.n_records(), of.n_kept), (3, 0));
    assert_eq!(of.records.keys().collect::<Vec<_>>(), [&org_id("eastbrook")]);
    let counts = store.read(|snapshot| snapshot.record_counts()).await.expect("counts");
    assert!(counts.len() == 1 && counts[0].source == org_id("northfield") && counts[0].n_records == 3);
}

/// An edition frozen now, as one that notes under what its records are held, or from before that was noted.
async fn freeze(store: &Store, number: u32, on: &'static str, is_noted: bool) {
    change(store, move |tx| {
        let frozen = day(on).millis();
        run(
            tx,
            &format!(
                "INSERT INTO edition (number, title, frozen_ms, digest, persons, student_years, opted_out, sources, metadata)
                 VALUES ({number}, '', {frozen}, zeroblob(32), 1, 1, 0, 'northfield,eastbrook', '{{}}')"
            ),
        )?;
        let held = if is_noted { tx.held_now()? } else { Vec::new() };
        tx.put_edition_holdings(number, &held)
    })
    .await;
}

#[tokio::test]
async fn an_edition_goes_with_what_it_froze_and_not_with_what_came_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    send(&store, "northfield", "of-a", "One", Some("a")).await;
    freeze(&store, 1, "2025-02-02", true).await;
    // Sent again under the other, it is held under both, and then changed under that one alone.
    send(&store, "northfield", "of-a", "One", Some("b")).await;
    freeze(&store, 2, "2025-02-03", true).await;
    send(&store, "northfield", "of-a", "Two", Some("b")).await;
    freeze(&store, 3, "2025-02-04", true).await;
    // Nobody noted what this one froze, and its source had sent under the agreement.
    freeze(&store, 4, "2025-02-05", false).await;
    send(&store, "eastbrook", "of-old", "One", None).await;
    freeze(&store, 5, "2025-02-06", true).await;
    let numbers = |of: &store::Erased| of.editions.iter().map(|edition| edition.number).collect::<Vec<_>>();
    let a = erase(&store, Scope::Agreement(Code::new("a").expect("a code")), "2026-07-01").await;
    assert_eq!((numbers(&a), a.n_records()), (vec![1, 4], 0));
    let b = erase(&store, Scope::Agreement(Code::new("b").expect("a code")), "2027-07-01").await;
    assert_eq!((numbers(&b), b.n_records()), (vec![2, 3, 5], 2));
}

#[tokio::test]
async fn batches_of_which_nobody_knows_the_agreement_go_with_such_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    for source in SOURCES {
        send(&store, source, "of-old", "One", None).await;
    }
    send(&store, "eastbrook", "of-a", "One", Some("a")).await;
    change(&store, |tx| {
        run(
            tx,
            "INSERT INTO batch (source, id, delivery, sequence, digest, verdict, received_ms)
             SELECT source, 'old', 'old', 1, zeroblob(32), x'00', 0 FROM organization WHERE source IS NOT NULL",
        )
    })
    .await;
    let a = erase(&store, Scope::Agreement(Code::new("a").expect("a code")), "2026-07-01").await;
    assert_eq!(a.n_batches, 1, "Eastbrook's; Northfield may have sent under the other");
    let b = erase(&store, Scope::Agreement(Code::new("b").expect("a code")), "2027-07-01").await;
    assert_eq!(b.n_batches, 1);
}
