//! What waits, as those see it who read and write.

use super::*;
use crate::records::{Fact, Kind, OptOut, OrgId};
use crate::store::testing::{open, put_student};
use crate::store::{Held, Holding, Organization, RecordCount, Store, Tx};

type Counts = (Vec<RecordCount>, Vec<Vec<Holding>>, Vec<Held>, Vec<(u32, Vec<u8>)>);

async fn change<T: Send + 'static>(
    store: &Store,
    steps: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    store.transaction("test", steps).await.map(|committed| committed.value)
}

async fn sources(store: &Store) {
    let put = |tx: &mut Tx<'_>| {
        for id in ["one", "two", "many"] {
            let (id, roles) = (OrgId::new(id).expect("an id"), ["contributor".to_owned()].into());
            tx.put_organization(&Organization { id: id.clone(), name: id.to_string(), roles, active: true })?;
            tx.source_number(&id)?;
        }
        // A student that a roster has brought: what is said of the others waits.
        put_student(tx, 1, [1; 16], 77)
    };
    change(store, put).await.expect("put");
}

/// Brings what a source says of a student under a key, or withdraws it.
async fn bring(store: &Store, source: u32, key: u8, student: u8, stands: bool) {
    let from = "2025-01-01".parse().expect("a date");
    let fact = Fact::OptOut(OptOut { from, until: None }).to_stored();
    let fact = stands.then(|| fact.into_boxed_slice());
    let place = Place { source, kind: Kind::OptOut as u8, key: [key; 16] };
    let row = Row { student: Some([student; 16]), fact, holding: Some(i64::from(student)) };
    change(store, move |tx| {
        tx.bring(place, row);
        Ok(())
    })
    .await
    .expect("brought");
}

/// Brings more than are put away while more may come.
async fn bring_many(store: &Store) {
    change(store, |tx| {
        let many = (0..=FEW as u64).map(|number| {
            let key = [number.to_le_bytes(), [0xff; 8]].concat().try_into().expect("16 bytes");
            (Place { source: 3, kind: 1, key }, row(Some(1), Some(1)))
        });
        many.for_each(|(place, row)| tx.bring(place, row));
        Ok(())
    })
    .await
    .expect("brought");
}

async fn counts(store: &Store) -> Counts {
    let look = |snapshot: &crate::store::Snapshot<'_>| {
        let mut each = Vec::new();
        snapshot.each_unread(|record| {
            if record.source < 3 {
                each.push((record.source, record.student.expect("whose").as_bytes().to_vec()));
            }
            Ok(())
        })?;
        let holdings = [1, 2].map(|source| snapshot.holdings(source).map(|(held, _)| held));
        let holdings = holdings.into_iter().collect::<Result<_, _>>()?;
        Ok::<_, Error>((snapshot.record_counts()?, holdings, snapshot.held_now()?, each))
    };
    store.read(look).await.expect("counts")
}

async fn n_filed_in(store: &Store) -> i64 {
    store.read(|snapshot| Ok::<_, Error>(n_filed(snapshot.connection()))).await.expect("a number")
}

#[tokio::test]
async fn who_reads_sees_the_same_before_and_after_records_have_their_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    sources(&store).await;
    for at in 1..=6 {
        bring(&store, 1 + u32::from(at % 2), at, at, true).await;
    }
    change(&store, |tx| tx.put_all_away()).await.expect("put away");
    bring_many(&store).await;
    // Between the rows, in place of one, as a tombstone of one, and after all of them.
    bring(&store, 1, 3, 1, true).await;
    bring(&store, 1, 4, 4, false).await;
    bring(&store, 2, 7, 7, true).await;
    bring(&store, 2, 3, 1, true).await;
    assert_eq!(n_filed_in(&store).await, 5);
    let before = counts(&store).await;
    let of = |n_records, n_waiting| vec![Holding { kind: Kind::OptOut, n_records, n_waiting }];
    assert_eq!(before.1, [of(3, 2), of(4, 4)], "two sources, and whose roster has a student");
    let students =
        |source: u32| before.3.iter().filter(move |(of, _)| *of == source).map(|(_, student)| student[0]);
    assert_eq!(students(1).collect::<Vec<_>>(), [2, 1, 6], "by key");
    assert_eq!(students(2).collect::<Vec<_>>(), [1, 1, 5, 7]);
    assert!(!before.2.contains(&(1, Some(4))), "nothing that stands is held under it any more");
    change(&store, |tx| tx.put_all_away()).await.expect("put away");
    assert_eq!(n_filed_in(&store).await, 0);
    assert_eq!(counts(&store).await, before);
}

#[tokio::test]
async fn rows_and_what_waits_are_seen_in_one_order_of_sources_kinds_and_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    sources(&store).await;
    let fact = Fact::OptOut(OptOut { from: "2025-01-01".parse().expect("a date"), until: None }).to_stored();
    let mut standing: BTreeMap<Place, u8> = BTreeMap::new();
    // Of each sort of record some have rows, some wait, and some of either are withdrawn; of some sorts there is nothing.
    for round in 0..4_u8 {
        let (mut brought, fact) = (Vec::new(), fact.clone().into_boxed_slice());
        for at in 0..60_u8 {
            let drawn = at.wrapping_mul(37).wrapping_add(round.wrapping_mul(101)).wrapping_mul(29) >> 2;
            let place = Place { source: 1 + u32::from(at % 2), kind: at % 5, key: [at / 5; 16] };
            if drawn % 3 == 0 || at % 5 == round {
                continue;
            }
            let stands = drawn % 7 > 1;
            let fact = stands.then(|| fact.clone());
            brought.push((place, Row { student: Some([at + round; 16]), fact, holding: Some(1) }));
            standing.remove(&place);
            standing.extend(stands.then_some((place, at + round)));
        }
        change(&store, move |tx| {
            brought.into_iter().for_each(|(place, row)| tx.bring(place, row));
            if round % 2 == 0 { tx.put_all_away() } else { Ok(()) }
        })
        .await
        .expect("brought");
        let seen = |snapshot: &crate::store::Snapshot<'_>| {
            let (mut all, mut keyed) = (Vec::new(), Vec::new());
            snapshot.each_unread(|of| {
                all.push((of.source, of.kind as u8, of.student.expect("whose").as_bytes()[0]));
                Ok(())
            })?;
            for source in [1, 2] {
                snapshot.each_record_of(source, |key, of| {
                    keyed.push((source, key.as_bytes()[0], of.student.expect("whose").as_bytes()[0]));
                })?;
            }
            Ok::<_, Error>((all, keyed))
        };
        let (all, keyed) = store.read(seen).await.expect("records");
        assert!(all.len() > 20);
        assert!(all.into_iter().eq(standing.iter().map(|(of, whose)| (of.source, of.kind, *whose))));
        assert!(keyed.into_iter().eq(standing.iter().map(|(of, whose)| (of.source, of.key[0], *whose))));
    }
}

#[tokio::test]
async fn what_fails_brings_nothing_and_puts_nothing_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    sources(&store).await;
    bring_many(&store).await;
    bring(&store, 1, 1, 1, true).await;
    let before = counts(&store).await;
    let failed = change(&store, |tx| {
        tx.put_all_away()?;
        tx.bring(place(9), row(Some(1), Some(1)));
        Err::<(), _>(Error::Stopped)
    });
    assert!(failed.await.is_err());
    assert_eq!((counts(&store).await, n_filed_in(&store).await), (before, 2));
    let standing = change(&store, |tx| {
        let at = Place { source: 1, kind: Kind::OptOut as u8, key: [1; 16] };
        Ok((tx.standing(&at)?.is_some(), tx.standing(&place(9))?.is_some()))
    });
    assert_eq!(standing.await.expect("looked at"), (true, false), "also at the writer");
}

#[tokio::test]
async fn what_has_no_room_in_a_row_is_refused_before_it_is_filed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    sources(&store).await;
    let of = |length: usize| Row { fact: Some(vec![1; length].into()), student: None, holding: None };
    for (key, length) in [(1, 1_024), (2, 1_025)] {
        let place = Place { source: 1, kind: 1, key: [key; 16] };
        let (row, is_refused) = (of(length), length > 1_024);
        let brought = change(&store, move |tx| {
            tx.bring(place, row);
            Ok(())
        });
        assert_eq!(brought.await.is_err(), is_refused, "{length} bytes");
        change(&store, |tx| tx.put_all_away()).await.expect("what is filed has room");
    }
    assert_eq!(store.read(|snapshot| snapshot.record_counts()).await.expect("counts")[0].n_records, 1);
}

async fn all_have_rows(store: &Store) {
    while n_filed_in(store).await > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn records_have_their_rows_when_there_is_nothing_else_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    sources(&store).await;
    bring(&store, 1, 1, 1, true).await;
    all_have_rows(&store).await;
    bring_many(&store).await;
    bring(&store, 1, 2, 1, true).await;
    assert_eq!(n_filed_in(&store).await, 2, "nobody has said that no more come");
    store.put_away().await;
    all_have_rows(&store).await;
    bring_many(&store).await;
    bring(&store, 1, 3, 1, true).await;
    let before = counts(&store).await;
    assert_eq!(before.1[0][0].n_records, 3);
    drop(store);
    // After a start there is nothing else to do.
    let store = open(folder.path());
    all_have_rows(&store).await;
    assert_eq!(counts(&store).await, before);
}
