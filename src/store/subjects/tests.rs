//! Students who come, change and are taken over, as the store has them.

use super::*;
use crate::identity::{KeyRing, Root, Roots, pseudonymize};
use crate::records::{Change, Demographics, Fact, Identifiers, Kind, OrgId, Submission};
use crate::store::testing::open_with as open;
use crate::store::{Organization, OtherKey, Outcome, Store};

fn ring(roots: &Roots) -> KeyRing {
    KeyRing::derive(roots)
}

fn roots() -> Roots {
    Roots::parse(&"07".repeat(32)).expect("a key file")
}

/// What came of a push, and the persons that the students of all sources have.
type Came = (Result<Outcome, OtherKey>, Vec<StoredPerson>);

/// Pushes one child as a source, encoded with the keys of a ring.
async fn push(store: &Store, ring: &KeyRing, source: &str) -> Came {
    let identifiers = Identifiers {
        first_name: "Ana".into(),
        last_name: "Garcia".into(),
        birth_date: "2011-05-06".parse().ok(),
        zip: "30210".into(),
        ..Identifiers::default()
    };
    let change = Change::Upsert(Fact::Person(Demographics::default()));
    submit(store, ring, source, Some(identifiers), change).await
}

async fn submit(
    store: &Store,
    ring: &KeyRing,
    source: &str,
    identifiers: Option<Identifiers>,
    change: Change,
) -> Came {
    let id = OrgId::new(source).expect("a code");
    let submission = Submission { key: "one".into(), student: Some("one".into()), identifiers, change };
    let record = pseudonymize(ring, &id, submission);
    let steps = move |tx: &mut Tx<'_>| -> Result<Result<Outcome, OtherKey>, Error> {
        let (name, roles) = (id.as_str().to_owned(), ["contributor".to_owned()].into());
        tx.put_organization(&Organization { id: id.clone(), name, roles, active: true })?;
        let source = tx.source_number(&id)?;
        tx.put_record(source, record)
    };
    let outcome = store.transaction("test.push", steps).await.expect("a commit").value;
    let persons = store.read(|snapshot| snapshot.subjects()).await.expect("subjects");
    (outcome, persons.into_iter().map(|row| row.person).collect())
}

async fn waiting(store: &Store) -> Vec<u64> {
    let progress = store.read(|snapshot| snapshot.key_progress()).await.expect("progress");
    progress.into_iter().map(|of| of.n_waiting).collect()
}

#[tokio::test]
async fn encodings_of_an_earlier_version_keep_their_person_and_are_made_anew_when_pushed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("throughline.db");
    let (key, ring) = (ServiceKey::derive(&[8; 32].into()), ring(&roots()));
    let store = open(&path, &key);
    assert_eq!(push(&store, &ring, "one").await.0, Ok(Outcome::New));
    let (_, before) = push(&store, &ring, "two").await;
    assert_eq!(before[0], before[1]);
    drop(store);

    let connection = Connection::open(&path).expect("the file");
    for row in subjects(&connection, &key).expect("subjects") {
        let earlier = key.seal(Column::Encoding, row.source, &row.student, &[1; 464]).expect("sealed");
        let change = "UPDATE encoding SET encoding = ?1, make = NULL
            WHERE number = (SELECT number FROM subject WHERE source = ?2)";
        connection.execute(change, params![earlier, row.source]).expect("changed");
    }
    drop(connection);

    let store = open(&path, &key);
    assert_eq!(waiting(&store).await, [1, 1]);
    for source in ["one", "two"] {
        assert_eq!(push(&store, &ring, source).await, (Ok(Outcome::Changed), before.clone()));
        assert_eq!(push(&store, &ring, source).await, (Ok(Outcome::Unchanged), before.clone()));
    }
    assert_eq!(waiting(&store).await, [0, 0]);
}

#[tokio::test]
async fn without_its_encodings_a_store_takes_in_no_students_and_answers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("throughline.db");
    let (key, ring) = (ServiceKey::derive(&[8; 32].into()), ring(&roots()));
    let store = open(&path, &key);
    let (_, before) = push(&store, &ring, "one").await;
    drop(store);
    let connection = Connection::open(&path).expect("the file");
    connection.execute("UPDATE encoding SET encoding = zeroblob(100)", []).expect("changed");
    drop(connection);

    let store = open(&path, &key);
    for _ in 0..2 {
        let steps = |tx: &mut Tx<'_>| tx.settle_links();
        let settled = store.transaction::<_, Error, _>("test", steps).await;
        assert!(matches!(settled, Err(Error::Damaged(_))));
    }
    let persons = store.read(|snapshot| snapshot.subjects()).await.expect("subjects");
    assert_eq!(persons.into_iter().map(|row| row.person).collect::<Vec<_>>(), before);
}

#[tokio::test]
async fn one_key_follows_another_and_persons_stay() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("throughline.db");
    let key = ServiceKey::derive(&[8; 32].into());
    let mut roots = roots();
    let old = ring(&roots);
    assert!(roots.add(Root::from_bytes([9; 32])));
    let both = ring(&roots);
    assert!(roots.remove(old.linkage()[0].id()));
    let new = ring(&roots);
    let [first, next] = [&old, &new].map(|ring| ring.linkage()[0].id());

    let store = open(&path, &key);
    assert_eq!(push(&store, &old, "one").await.0, Ok(Outcome::New));
    let (_, before) = push(&store, &old, "two").await;
    assert_eq!(push(&store, &new, "one").await, (Err(OtherKey), before.clone()), "nobody announced it");
    assert_eq!(push(&store, &both, "one").await, (Ok(Outcome::Unchanged), before.clone()));
    let begin = move |tx: &mut Tx<'_>| tx.put_next_linkage_key(next);
    store.transaction::<_, Error, _>("test", begin).await.expect("a commit");
    assert_eq!(waiting(&store).await, [1, 1]);
    assert_eq!(push(&store, &both, "one").await, (Ok(Outcome::Changed), before.clone()));
    assert_eq!(push(&store, &both, "one").await, (Ok(Outcome::Unchanged), before.clone()));
    assert_eq!(push(&store, &old, "one").await, (Ok(Outcome::Unchanged), before.clone()));
    assert_eq!(push(&store, &new, "two").await, (Err(OtherKey), before.clone()), "the old one links");
    assert_eq!(waiting(&store).await, [0, 1]);
    // Who comes while keys change finds its person among those encoded anew and those not.
    let (_, during) = push(&store, &both, "three").await;
    assert_eq!(during, [before[0]; 3]);

    let follow = move |tx: &mut Tx<'_>| tx.follow_linkage_key(next);
    store.transaction::<_, Error, _>("test", follow).await.expect("a commit");
    drop(store);
    let store = open(&path, &key);
    let keys = store.read(|snapshot| snapshot.linkage_keys()).await.expect("keys");
    assert_eq!((keys.current, keys.next), (Some(next), None));
    assert!(store.read(move |snapshot| snapshot.is_former_key(first)).await.expect("keys"));
    assert_eq!(waiting(&store).await, [0, 0, 1], "two, the last by name, was left behind");
    let withdrawn = submit(&store, &old, "two", None, Change::Delete(Kind::Person)).await;
    assert_eq!((withdrawn.0, waiting(&store).await), (Ok(Outcome::Deleted), vec![0, 0]));
    assert_eq!(push(&store, &old, "one").await.0, Err(OtherKey));
    assert_eq!(push(&store, &new, "one").await, (Ok(Outcome::Unchanged), during.clone()));
    assert_eq!(push(&store, &new, "two").await, (Ok(Outcome::New), during.clone()), "it keeps its person");
    assert_eq!(waiting(&store).await, [0, 0, 0]);
}

#[tokio::test]
async fn rows_say_to_nobody_else_whom_they_are_about_and_open_only_where_they_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("throughline.db");
    let (key, ring) = (ServiceKey::derive(&[8; 32].into()), ring(&roots()));
    let store = open(&path, &key);
    for source in ["one", "two", "three"] {
        push(&store, &ring, source).await.0.expect("one key");
    }
    drop(store);
    let connection = Connection::open(&path).expect("the file");
    let known = subjects(&connection, &key).expect("subjects");
    let read = |row: &rusqlite::Row<'_>| row.get::<_, Vec<u8>>(0);
    let mut rows = connection.prepare("SELECT row FROM subject").expect("a statement");
    let rows: Vec<Vec<u8>> = rows.query_map([], read).expect("rows").map(|row| row.expect("bytes")).collect();
    assert_eq!((known.len(), rows.len()), (3, 3));
    for of in &known {
        let person = of.person.0.to_le_bytes();
        let says = |row: &Vec<u8>| {
            row.windows(16).any(|at| at == of.student.as_bytes()) || row.windows(8).any(|at| at == person)
        };
        assert!(!rows.iter().any(says));
    }
    for change in [
        // Another source's; another student's, beside the encoding of the first; twice.
        "UPDATE subject SET source = 2 WHERE source = 1",
        "UPDATE subject SET number = -number; UPDATE subject SET number = 4 + number",
        "UPDATE subject SET number = 9 WHERE number = 3",
        "DELETE FROM encoding WHERE number = 3",
        "DELETE FROM subject WHERE number = 3",
        "INSERT INTO subject (number, source, row) SELECT 4, source, row FROM subject WHERE number = 1;
         INSERT INTO encoding (number, encoding) SELECT 4, encoding FROM encoding WHERE number = 1",
        "UPDATE subject SET row = CAST(substr(row, 1, 20) || x'00' || substr(row, 22) AS BLOB) WHERE number = 1",
    ] {
        connection.execute_batch(&format!("BEGIN; {change}")).expect("sound");
        assert!(matches!(load_linker(&connection, &key), Err(Error::Damaged(_))), "{change}");
        connection.execute_batch("ROLLBACK").expect("undone");
        assert!(load_linker(&connection, &key).is_ok());
    }
}
