//! One source after the other leaves, and whoever has opted out stays out.

use super::*;
use crate::agreements::Scope;
use crate::calendar::Timestamp;
use crate::records::{Kind, OptOut, OrgId};
use crate::store::blocks::{Place, Row};
use crate::store::testing::{open, put_student};
use crate::store::{Extent, Organization, Part, Store};

const SOURCES: [&str; 3] = ["northfield", "eastbrook", "library"];

fn date(text: &str) -> Date {
    text.parse().expect("a day")
}

/// A store with three sources that know of the same person, by tokens of their own.
async fn of_one(folder: &std::path::Path) -> Store {
    let store = open(folder);
    change(&store, |tx| {
        for (at, id) in SOURCES.iter().enumerate() {
            let (id, roles) = (OrgId::new(id).expect("an id"), ["contributor".to_owned()].into());
            let name = id.to_string();
            tx.put_organization(&Organization { id: id.clone(), name, roles, active: true })?;
            let source = tx.source_number(&id)?;
            let student = (at as u128 + 1).to_be_bytes();
            let place = Place { source, kind: Kind::Person as u8, key: student };
            tx.bring(place, Row { student: Some(student), fact: Some([0].into()), holding: None });
            put_student(tx, source, student, 77)?;
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

/// A source says that its student has opted out.
async fn opt_out(store: &Store, source: u32, until: Option<&'static str>) {
    let fact = Fact::OptOut(OptOut { from: date("2025-01-01"), until: until.map(date) }).to_stored();
    change(store, move |tx| {
        let whose = tx.subjects()?.into_iter().find(|row| row.source == source).expect("its student");
        let student = *whose.student.as_bytes();
        let key = std::array::from_fn(|at| u8::from(until.is_some()) + at as u8);
        let place = Place { source, kind: Kind::OptOut as u8, key };
        tx.bring(place, Row { student: Some(student), fact: Some(fact.into()), holding: None });
        Ok(())
    })
    .await;
}

async fn withdraw(store: &Store, source: u32, on: &'static str) {
    change(store, move |tx| {
        let scope = Scope::Source(OrgId::new("whoever").expect("an id"));
        let extent = Extent { parts: vec![Part::Source(source)], editions: vec![], sources: vec![source] };
        tx.erase(&scope, extent, None, Timestamp::start_of(date(on))).map(|_| ())
    })
    .await;
}

/// The sources beside whose students it stands, and until when.
async fn carried(store: &Store) -> Vec<(u32, Option<Date>)> {
    let carried = store.read(|snapshot| snapshot.carried_opt_outs()).await.expect("a table");
    carried.into_iter().map(|of| (of.source, of.until)).collect()
}

#[tokio::test]
async fn an_opt_out_outlives_one_source_after_the_other_and_is_no_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = of_one(folder.path()).await;
    let numbers: Vec<u32> =
        store.read(|snapshot| snapshot.sources()).await.expect("sources").iter().map(|of| of.0).collect();
    let [north, east, library] = numbers[..] else { panic!("three") };
    opt_out(&store, north, Some("2026-06-30")).await;
    opt_out(&store, north, None).await;
    let n_before = store.read(|snapshot| snapshot.record_counts()).await.expect("counts").len();
    withdraw(&store, north, "2025-03-01").await;
    assert_eq!(carried(&store).await, [(east, None), (library, None)]);
    let counts = store.read(|snapshot| snapshot.record_counts()).await.expect("counts");
    assert!(counts.iter().all(|of| of.kind == Kind::Person) && counts.len() == n_before - 2);
    let (held, _) = store.read(move |snapshot| snapshot.holdings(east)).await.expect("holdings");
    assert_eq!(held.len(), 1, "no source is told of it");
    withdraw(&store, east, "2025-03-01").await;
    assert_eq!(carried(&store).await, [(library, None)]);
    withdraw(&store, library, "2025-03-01").await;
    assert_eq!(carried(&store).await, []);
}

#[tokio::test]
async fn one_that_is_over_is_not_carried() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = of_one(folder.path()).await;
    let sources = store.read(|snapshot| snapshot.sources()).await.expect("sources");
    let (north, east, library) = (sources[0].0, sources[1].0, sources[2].0);
    opt_out(&store, north, Some("2025-02-28")).await;
    withdraw(&store, north, "2025-03-01").await;
    assert_eq!(carried(&store).await, []);
    opt_out(&store, east, Some("2025-03-01")).await;
    withdraw(&store, east, "2025-03-01").await;
    assert_eq!(carried(&store).await, [(library, Some(date("2025-03-01")))], "its last day");
    withdraw(&store, north, "2025-03-02").await;
    assert_eq!(carried(&store).await, [], "and the next");
}
