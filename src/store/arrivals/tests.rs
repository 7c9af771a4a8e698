//! What is brought, filed and put away, beside a plain map of what stands.

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

/// One of few places, so that most records come again.
fn place(number: u8) -> Place {
    Place { source: u32::from(number % 2) + 1, kind: number % 3, key: [number.wrapping_mul(97); 16] }
}

fn row(fact: Option<u8>, student: Option<u8>) -> Row {
    let fact = fact.map(|byte| vec![byte; usize::from(byte % 5)].into_boxed_slice());
    Row { student: student.map(|byte| [byte; 16]), fact, holding: student.map(i64::from) }
}

fn in_table(connection: &Connection) -> Rows {
    let mut statement = connection
        .prepare("SELECT source, kind, key, student, fact, holding FROM record")
        .expect("a statement");
    let rows = statement.query_map([], |row| {
        let place = Place { source: row.get(0)?, kind: row.get(1)?, key: row.get(2)? };
        let fact = row.get::<_, Option<Vec<u8>>>(4)?.map(Vec::into_boxed_slice);
        Ok((place, Row { student: row.get(3)?, fact, holding: row.get(5)? }))
    });
    rows.expect("rows").collect::<Result<_, _>>().expect("rows")
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
            match step {
                Step::Bring(records) => {
                    let rows = rows(records);
                    stands.extend(rows.clone());
                    arrivals.file(&connection, &key, &rows).expect("filed");
                    arrivals.add(rows);
                }
                Step::PutAway(n) => arrivals.put_away(&connection, n).expect("put away"),
                Step::PutAllAway(records) => {
                    let rows = rows(records);
                    arrivals.put_all_away(&connection, &rows).expect("put away");
                    stands.extend(rows);
                    prop_assert_eq!(&in_table(&connection), &stands);
                }
                Step::Start => arrivals.load(&connection, &key).expect("loaded"),
            }
            let table = in_table(&connection);
            let filed = sealed::filed(&connection, &key).expect("readable").0;
            for (place, row) in &stands {
                prop_assert_eq!(arrivals.get(place).or_else(|| table.get(place)), Some(row), "in memory");
                prop_assert_eq!(filed.get(place).or_else(|| table.get(place)), Some(row), "in the file");
            }
        }
        let mut n = 0;
        while !arrivals.is_put_away() {
            arrivals.put_away(&connection, 3).expect("put away");
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
        arrivals.add(rows);
        let surplus = arrivals.len().saturating_sub(500);
        arrivals.put_away(&connection, surplus).expect("put away");
        assert!(arrivals.len() <= 500, "memory has a bound");
        // Those ahead grow more while the round comes nearer, so it is through 1,000 rows, and 100 of these. What came in two
        // rounds may be filed, and a little that is being taken out.
        assert!(n_filed(&connection) <= 2 * 100 + 40, "after {number}: {}", n_filed(&connection));
    }
    assert_eq!(in_table(&connection).len() + arrivals.len(), 4_000);
}

#[test]
fn what_is_filed_opens_only_under_its_number_and_shows_nothing() {
    let (key, rows) = (key(), Rows::from([(place(7), row(Some(9), Some(5)))]));
    let sealed = sealed::sealed(&key, 3, &rows).expect("sealed");
    assert!(!sealed.windows(16).any(|bytes| bytes == place(7).key || bytes == [5; 16]));
    assert!(key.open_at(super::super::vault::Column::Arrival, &4_i64.to_le_bytes(), &sealed).is_err());
    let folder = tempfile::tempdir().expect("a folder");
    let connection = file(folder.path());
    let put = |number: i64| {
        let sql = "INSERT OR REPLACE INTO arrival (number, rows) VALUES (?1, ?2)";
        connection.execute(sql, params![number, sealed]).expect("put");
        Arrivals::open(&connection, &key)
    };
    assert_eq!(put(3).expect("loaded").get(&place(7)), rows.get(&place(7)));
    assert!(matches!(put(4), Err(Error::Damaged(_))), "under another number");
}

mod in_a_store {
    use super::*;
    use crate::records::{Fact, Kind, OptOut, OrgId};
    use crate::store::testing::open;
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
                tx.put_organization(&Organization {
                    id: id.clone(),
                    name: id.to_string(),
                    roles,
                    active: true,
                })?;
                tx.source_number(&id)?;
            }
            // A student that a roster has brought: what is said of the others waits.
            crate::store::testing::run(
                tx,
                &format!(
                    "INSERT INTO subject (source, student, encoding, person, model)
                     VALUES (1, x'{}', zeroblob(29), 77, 0)",
                    "01".repeat(16)
                ),
            )
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
}
