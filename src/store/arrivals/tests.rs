//! What is brought, filed and put away, beside a plain map of what stands.

mod in_a_store;

use super::*;
use crate::store::schema;
use proptest::prelude::*;
use std::path::Path;

fn key() -> ServiceKey {
    ServiceKey::derive(&[8; 32].into())
}

fn file(folder: &Path) -> Connection {
    let path = folder.join("throughline.db");
    schema::create(&path, &key(), "test/log", crate::calendar::Timestamp::from_millis(0))
        .expect("a new file");
    schema::open(&path, &key()).expect("the file")
}

/// One of few places, so that most records come again; some begin in the same way, as far as a round notes where it is.
fn place(number: u8) -> Place {
    let mut key = [number / 20; 16];
    key[15] = number.wrapping_mul(97);
    Place { source: u32::from(number % 2) + 1, kind: number % 3, key }
}

fn row(fact: Option<u8>, student: Option<u8>) -> Row {
    let fact = fact.map(|byte| vec![byte; usize::from(byte % 5)].into_boxed_slice());
    Row { student: student.map(|byte| [byte; 16]), fact, holding: student.map(i64::from) }
}

fn in_table(connection: &Connection) -> Rows {
    let mut all = Rows::new();
    let each = blocks::each(connection, blocks::ALL_SOURCES, |block| {
        block.each(&key(), |head, fact| {
            let row = Row { student: head.student, fact: fact.map(Into::into), holding: head.holding };
            assert!(all.insert(block.place(head), row).is_none(), "each place has one row");
            Ok(())
        })
    });
    each.expect("blocks that open");
    all
}

fn n_filed(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM arrival", [], |row| row.get(0)).expect("a number")
}

#[derive(Debug, Clone)]
enum Step {
    Bring(Vec<(u8, Option<u8>, Option<u8>)>),
    PutAway(usize),
    PutAllAway(Vec<(u8, Option<u8>, Option<u8>)>),
    /// What is in memory is lost.
    Start,
}

fn records() -> impl Strategy<Value = Vec<(u8, Option<u8>, Option<u8>)>> {
    prop::collection::vec((0..40_u8, any::<Option<u8>>(), any::<Option<u8>>()), 1..12)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => records().prop_map(Step::Bring),
        6 => (0..15_usize).prop_map(Step::PutAway),
        1 => records().prop_map(Step::PutAllAway),
        1 => Just(Step::Start),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_stands_is_the_newest_whatever_is_put_away_and_lost(steps in prop::collection::vec(step(), 1..60)) {
        let folder = tempfile::tempdir().expect("a folder");
        let (connection, key) = (file(folder.path()), key());
        let rows = |records: Vec<(u8, Option<u8>, Option<u8>)>| -> Rows {
            records.into_iter().map(|(at, fact, student)| (place(at), row(fact, student))).collect()
        };
        let (mut arrivals, mut stands) = (Arrivals::open(&connection, &key).expect("loaded"), Rows::new());
        for step in steps {
            let n_waiting = arrivals.len();
            match step {
                Step::Bring(records) => {
                    let rows = rows(records);
                    stands.extend(rows.clone());
                    arrivals.file(&connection, &key, &rows).expect("filed");
                    arrivals.add(&rows);
                }
                Step::PutAway(n) => arrivals.put_away(&connection, &key, n).expect("put away"),
                Step::PutAllAway(records) => {
                    let rows = rows(records);
                    arrivals.put_all_away(&connection, &key, &rows).expect("put away");
                    stands.extend(rows);
                    prop_assert_eq!(&in_table(&connection), &stands);
                }
                Step::Start => {
                    arrivals.load(&connection, &key).expect("loaded");
                    // What begins like the place that was reached may wait again.
                    prop_assert!((n_waiting..=n_waiting + 20).contains(&arrivals.len()), "{n_waiting}: {}", arrivals.len());
                }
            }
            let table = in_table(&connection);
            let mut filed = Rows::new();
            let newest = |place, row: Entry<'_>| _ = filed.insert(place, row.row());
            sealed::each_filed(&connection, &key, newest).expect("readable");
            for (place, row) in &stands {
                let waiting = arrivals.get(place);
                prop_assert_eq!(waiting.as_ref().or_else(|| table.get(place)), Some(row), "in memory");
                prop_assert_eq!(filed.get(place).or_else(|| table.get(place)), Some(row), "in the file");
            }
        }
        let mut n = 0;
        while !arrivals.is_put_away() {
            arrivals.put_away(&connection, &key, 3).expect("put away");
            n += 1;
            prop_assert!(n < 1_000, "it comes to an end");
        }
        prop_assert_eq!(in_table(&connection), stands);
        prop_assert_eq!(n_filed(&connection), 0);
    }
}

#[test]
fn what_is_put_away_goes_from_the_file_while_more_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (connection, key) = (file(folder.path()), key());
    let mut arrivals = Arrivals::open(&connection, &key).expect("loaded");
    for number in 0..400_u32 {
        let key_of = |at: u32| ring::digest::digest(&ring::digest::SHA256, &(number * 10 + at).to_le_bytes());
        let rows: Rows = (0..10)
            .map(|at| {
                let key: [u8; 16] = key_of(at).as_ref()[..16].try_into().expect("16 bytes");
                (Place { source: 1, kind: 1, key }, row(Some(1), None))
            })
            .collect();
        arrivals.file(&connection, &key, &rows).expect("filed");
        arrivals.add(&rows);
        let surplus = arrivals.len().saturating_sub(500);
        arrivals.put_away(&connection, &key, surplus).expect("put away");
        assert!(arrivals.len() <= 500, "memory has a bound");
        // Those ahead grow more while the round comes nearer, so it is through 1,000 rows, and 100 of these; at first through more.
        assert!(n_filed(&connection) <= 100 + 40, "after {number}: {}", n_filed(&connection));
    }
    assert_eq!(in_table(&connection).len() + arrivals.len(), 4_000);
}

#[test]
fn what_is_filed_opens_only_under_its_number_and_shows_nothing() {
    let (key, rows) = (key(), Rows::from([(place(7), row(Some(9), Some(5)))]));
    let sealed = sealed::sealed(&key, 3, &rows).expect("sealed");
    assert!(!sealed.windows(16).any(|bytes| bytes == place(7).key || bytes == [5; 16]));
    assert!(key.open_at(super::super::vault::Column::Arrival, &4_i64.to_le_bytes(), sealed.clone()).is_err());
    let folder = tempfile::tempdir().expect("a folder");
    let connection = file(folder.path());
    let put = |number: i64| {
        let sql = "INSERT OR REPLACE INTO arrival (number, rows) VALUES (?1, ?2)";
        connection.execute(sql, params![number, sealed]).expect("put");
        Arrivals::open(&connection, &key)
    };
    assert_eq!(put(3).expect("loaded").get(&place(7)).as_ref(), rows.get(&place(7)));
    assert!(matches!(put(4), Err(Error::Damaged(_))), "under another number");
}
