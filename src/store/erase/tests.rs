//! Which records are of an agreement: whatever a source sends of one, of two, as it is or changed, or sent long ago.

use super::*;
use crate::identity::{KeyRing, Roots, pseudonymize};
use crate::records::{Change, Code, Fact, Label, School, Sector, Submission};
use crate::store::{Organization, Store, testing};
use std::path::Path;

const SOURCES: [&str; 2] = ["northfield", "eastbrook"];

fn day(text: &str) -> Timestamp {
    Timestamp::start_of(text.parse().expect("a day"))
}

fn org_id(id: &str) -> OrgId {
    OrgId::new(id).expect("an id")
}

/// A store with two agreements: `a` is destroyed on 1 July 2026, `b` a year later.
async fn open(folder: &Path) -> Store {
    let store = testing::open(folder);
    change(&store, |tx| {
        for id in SOURCES {
            let roles = ["contributor".to_owned()].into();
            tx.put_organization(&Organization { id: org_id(id), name: id.into(), roles, active: true })?;
        }
        for (id, year) in [("a", 2026), ("b", 2027)] {
            let document = format!(
                "agreement = \"{id}\"\nversion = 1\ntitle = \"{id}\"\nbasis = \"studies\"\npurposes = [\"p\"]\n\
                 begins = \"2025-01-01\"\nexpires = \"{year}-06-30\"\ndestruction = \"{year}-07-01\"\n\
                 profile = \"nces-10\"\ncell_min = 10\n[parties]\nsources = [\"northfield\", \"eastbrook\"]\n\
                 partners = [\"p\"]\n[permits]\nproducts = [\"*\"]\nindicators = [\"*\"]\ndimensions = [\"*\"]\n\
                 years = {{ from = 2024, to = 2025 }}\n"
            );
            tx.put_agreement(id, 1, &[0; 32], &document, day("2025-01-01"))?;
        }
        Ok(())
    })
    .await;
    store
}

async fn change<T: Send + 'static>(
    store: &Store,
    steps: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> T {
    store.transaction("test", steps).await.expect("a commit").value
}

/// Sends a school under an agreement, or under none that is known.
async fn send(store: &Store, source: &'static str, key: &str, name: &str, under: Option<&'static str>) {
    let ring = KeyRing::derive(&Roots::parse(&"07".repeat(32)).expect("a key file"));
    let school = School {
        code: Code::new(key).expect("a code"),
        name: Label::new(name).expect("a label"),
        district: None,
        district_name: None,
        sector: Sector::District,
        title_i: None,
    };
    let change = Change::Upsert(Fact::School(school));
    let submission = Submission { key: key.into(), student: None, identifiers: None, change };
    let record = pseudonymize(&ring, &org_id(source), submission);
    self::change(store, move |tx| {
        let number = tx.source_number(&org_id(source))?;
        if let Some(under) = under {
            tx.receive_under(number, under, day("2025-02-01"))?;
        }
        tx.put_record(number, record).map(|_| ())
    })
    .await;
}

/// Erases an agreement on a day: how many records went, and how many of its sources stay.
async fn erased(store: &Store, agreement: &'static str, on: &'static str) -> (u64, u64) {
    let scope = Scope::Agreement(Code::new(agreement).expect("a code"));
    let of = change(store, move |tx| tx.erase(&scope, None, day(on))).await;
    (of.n_records(), of.n_kept)
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
    let scope = Scope::Source(org_id("eastbrook"));
    let of = change(&store, move |tx| tx.erase(&scope, None, day("2025-03-01"))).await;
    assert_eq!((of.n_records(), of.n_kept), (3, 0));
    assert_eq!(of.records.keys().collect::<Vec<_>>(), [&org_id("eastbrook")]);
    let counts = store.read(|snapshot| snapshot.record_counts()).await.expect("counts");
    assert!(counts.len() == 1 && counts[0].source == org_id("northfield") && counts[0].n_records == 3);
}
