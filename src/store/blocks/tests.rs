//! Blocks beside a plain map of records.

use super::super::testing::open;
use super::block::Block;
use super::put::BYTES_MAX;
use super::*;
use crate::calendar::Timestamp;
use crate::store::cache::Cache;
use crate::store::{Error, ServiceKey, Snapshot, Tx, schema};
use proptest::prelude::*;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;

type Rows = BTreeMap<Place, Row>;

fn key() -> ServiceKey {
    ServiceKey::derive(&[8; 32].into())
}

fn file(folder: &Path) -> Connection {
    let path = folder.join("throughline.db");
    schema::create(&path, &key(), "test/log", Timestamp::from_millis(0)).expect("a new file");
    schema::open(&path, &key()).expect("the file")
}

fn put_rows(connection: &Connection, rows: &Rows) {
    let rows = rows.iter().map(|(place, row)| (*place, Entry::of(place, row)));
    put(connection, &key(), rows).expect("put");
}

fn all(connection: &Connection, sources: Sources) -> Result<Rows, Error> {
    let mut rows = Rows::new();
    each(connection, sources, |block| {
        block.each(&key(), |head, fact| {
            let row = Row { student: head.student, fact: fact.map(Into::into), holding: head.holding };
            assert!(rows.insert(block.place(head), row).is_none(), "each place has one row");
            Ok(())
        })
    })?;
    Ok(rows)
}

/// A place and a row that numbers choose: keys lie close together or far apart.
fn record(at: u16, said: u16) -> (Place, Row) {
    let spread = if at.is_multiple_of(5) { 1 } else { 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835 };
    let key = u128::from(at).wrapping_mul(spread).to_be_bytes();
    let place = Place { source: u32::from(at % 3), kind: (at % 2) as u8, key };
    let fact = (!said.is_multiple_of(7)).then(|| vec![said as u8; usize::from(said) % FACT_MAX + 1].into());
    let student = (!said.is_multiple_of(5)).then(|| u128::from(said).wrapping_mul(0x1_0001).to_le_bytes());
    (place, Row { student, fact, holding: (!said.is_multiple_of(3)).then(|| i64::from(said) << (said % 48)) })
}

/// That every block has its own stretch of keys, sorted, and fits a page.
fn check(connection: &Connection) {
    let mut last: Option<Place> = None;
    each(connection, ALL_SOURCES, |block: Block<'_>| {
        assert!(block.bytes.len() <= BYTES_MAX, "{} bytes", block.bytes.len());
        let heads = block.heads()?;
        assert!(!heads.is_empty());
        let follows = last.is_some_and(|last| (last.source, last.kind) == (block.source, block.kind));
        assert!(if follows {
            last.is_some_and(|last| last.key[..] < *block.first)
        } else {
            block.first.is_empty()
        });
        for head in heads {
            let place = block.place(&head);
            assert!(place.key[..] >= *block.first && last.is_none_or(|last| last < place));
            last = Some(place);
        }
        Ok(())
    })
    .expect("blocks");
    let elsewhere = "SELECT count(*) FROM dbstat WHERE name = 'record_block' AND pagetype = 'overflow'";
    let n_elsewhere: i64 = connection.query_row(elsewhere, [], |row| row.get(0)).expect("a number");
    assert_eq!(n_elsewhere, 0, "no block is in two pieces");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn blocks_hold_what_was_put_last(rounds in prop::collection::vec(
        prop::collection::btree_map(0..400_u16, any::<u16>(), 0..200), 1..8))
    {
        let folder = tempfile::tempdir().expect("a folder");
        let (connection, key) = (file(folder.path()), key());
        let mut expected = Rows::new();
        for round in rounds {
            let rows: Rows = round.into_iter().map(|(at, said)| record(at, said)).collect();
            put_rows(&connection, &rows);
            expected.extend(rows);
            prop_assert!(all(&connection, ALL_SOURCES).expect("blocks that open") == expected);
            check(&connection);
        }
        let of_one: Rows = expected.clone().into_iter().filter(|(place, _)| place.source == 1).collect();
        prop_assert!(all(&connection, (1, 1)).expect("blocks that open") == of_one);
        let cache = Cache::default();
        let snapshot = Snapshot::new(&connection, &key, &cache);
        for at in 0..400 {
            let place = record(at, 0).0;
            prop_assert!(snapshot.row(&place).expect("a look").as_ref() == expected.get(&place));
        }
    }
}

proptest! {
    #[test]
    fn bytes_that_are_no_block_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), count in 0..9_u16) {
        let bytes = [&count.to_le_bytes()[..], &bytes].concat();
        let block = Block { source: 1, kind: 1, first: &[], bytes: &bytes };
        if let Ok(heads) = block.heads() {
            prop_assert_eq!(heads.len(), usize::from(count));
        }
        prop_assert!(block.each(&key(), |_, _| Ok(())).is_err());
    }
}

#[tokio::test]
async fn records_go_and_are_held_under_others_and_the_rest_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let rows: Rows = (0..300).map(|at| record(at, at.wrapping_mul(41))).collect();
    let mut expected = rows.clone();
    expected.retain(|place, row| place.source != 1 || row.holding.is_some());
    let held = |place: &Place| place.source == 2 && place.key[0] % 4 == 1;
    expected.iter_mut().filter(|(place, _)| held(place)).for_each(|(_, row)| row.holding = Some(i64::MAX));
    expected.retain(|place, _| place.source > 0);
    let steps = move |tx: &mut Tx<'_>| {
        put_rows(tx.connection(), &rows);
        let unknown = |_: &Place, head: &Head| match head.holding {
            None => Becomes::Gone,
            Some(_) => Becomes::Same,
        };
        tx.change_records((1, 1), unknown)?;
        tx.change_records(ALL_SOURCES, |place, _| match place.source {
            0 => Becomes::Gone,
            _ if held(place) => Becomes::HeldUnder(i64::MAX),
            _ => Becomes::Same,
        })?;
        assert!(all(tx.connection(), ALL_SOURCES)? == expected);
        check(tx.connection());
        tx.change_records(ALL_SOURCES, |_, _| Becomes::Gone)?;
        let mut left = tx.prepare("SELECT 1 FROM record_block")?;
        Ok::<_, Error>(left.exists([])?)
    };
    assert!(!store.transaction("test", steps).await.expect("a commit").value, "no block is empty");
}

#[test]
fn a_block_shows_nothing_of_what_records_say_and_opens_only_as_it_is_where_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let connection = file(folder.path());
    let fact: Box<[u8]> = (*b"graduated with honors").into();
    let row = |n: u8| Row { student: Some([n; 16]), fact: Some(fact.clone()), holding: Some(1) };
    let place = |source, kind, n: u8| Place { source, kind, key: [n; 16] };
    let rows: Rows = (1..100).map(|n| (place(1, 2, n), row(n))).collect();
    put_rows(&connection, &rows);
    put_rows(&connection, &Rows::from([(place(2, 2, 1), row(1)), (place(1, 3, 1), row(1))]));
    let stored = std::fs::read(folder.path().join("throughline.db-wal")).expect("the log of writes");
    assert!(!stored.windows(9).any(|bytes| bytes == b"graduated"));
    assert!(stored.windows(16).any(|bytes| bytes == [7; 16]), "a search finds whose it is");
    let opens = || all(&connection, ALL_SOURCES).is_ok();
    assert!(opens());
    // Each of them is a change that the file alone would not show.
    for change in [
        "UPDATE record_block SET kind = 4 WHERE kind = 3",
        "UPDATE record_block SET source = 3 WHERE source = 2",
        "UPDATE record_block SET first = x'01' WHERE source = 2",
        "UPDATE record_block SET rows = (SELECT rows FROM record_block WHERE source = 2) WHERE kind = 3",
        "UPDATE record_block SET rows = CAST(x'0000' || substr(rows, 3) AS BLOB) WHERE source = 2",
        // Another student, another set of agreements.
        "UPDATE record_block SET rows = CAST(substr(rows, 1, 19) || x'09' || substr(rows, 21) AS BLOB) WHERE source = 2",
        "UPDATE record_block SET rows = CAST(substr(rows, 1, 35) || x'02' || substr(rows, 37) AS BLOB) WHERE source = 2",
    ] {
        connection.execute_batch("BEGIN").expect("a transaction");
        assert!(connection.execute(change, []).expect("sound") > 0, "{change}");
        assert!(!opens(), "{change}");
        connection.execute_batch("ROLLBACK").expect("undone");
        assert!(opens());
    }
    let (other, cache) = (ServiceKey::derive(&[9; 32].into()), Cache::default());
    assert!(Snapshot::new(&connection, &other, &cache).row(&place(1, 2, 7)).is_err(), "another key");
}
