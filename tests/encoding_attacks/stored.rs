//! A real database, filled through the store, and read as somebody reads it who has nothing but the file.

use crate::people::People;
use rusqlite::types::ValueRef;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use throughline::audit::SignerKey;
use throughline::calendar::Timestamp;
use throughline::identity::{KeyRing, Root, Roots, pseudonymize};
use throughline::records::OrgId;
use throughline::store::{Error, Organization, ServiceKey, Store};

/// The tables of students and encodings: each column's values as bytes, numbers so that the order of bytes is theirs.
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    /// For each column the value of each row, in the order of the file.
    pub(crate) columns: Vec<Vec<Vec<u8>>>,
    /// For each row whose it is, as a place among the people pushed.
    pub(crate) people: Vec<usize>,
    /// The person of each of these, by its number as it is stored.
    pub(crate) persons: Vec<u64>,
    /// Whether a row has the token of a student in the clear.
    pub(crate) has_tokens: bool,
    /// For each of these people where in the file the token first stands, so that the order of bytes is that of the file.
    pub(crate) places: Vec<Vec<u8>>,
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> &[Vec<u8>] {
        let at = self.names.iter().position(|known| known == name).expect("the schema has the column");
        &self.columns[at]
    }
}

/// Pushes people, each list as a source of its own, and reads the file back. One linkage key follows another, so
/// that both encodings are there.
pub(crate) fn store(sources: &[&People]) -> Table {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("throughline.db");
    let mut roots = Roots::parse(&"07".repeat(32)).expect("a key file");
    assert!(roots.add(Root::from_bytes([6; 32])));
    let ring = KeyRing::derive(&roots);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let students = runtime.block_on(push(&path, &ring, sources));
    drop(runtime);
    read(&path, &students)
}

/// The students' tokens, in the order of the people given.
async fn push(path: &Path, ring: &KeyRing, sources: &[&People]) -> Vec<[u8; 16]> {
    let service = ServiceKey::derive(&[8; 32].into());
    let document = ring::signature::Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new());
    let document = document.expect("a key");
    let signer = || SignerKey::from_pkcs8("test/log", document.as_ref()).expect("a key");
    Store::create(path, &service, "test/log", Timestamp::from_millis(0)).expect("a new file");
    let open = || Store::open_to(path, service.clone(), signer(), false).expect("the file");
    let store = open();
    let [current, next] = [0, 1].map(|at| ring.linkage()[at].id());
    let announce = move |tx: &mut throughline::store::Tx<'_>| {
        tx.put_first_linkage_key(current)?;
        tx.put_next_linkage_key(next)
    };
    store.transaction::<(), Error, _>("test.keys", announce).await.expect("a commit");
    let mut students = Vec::new();
    for (number, people) in sources.iter().enumerate() {
        let id = OrgId::new(&format!("source-{number}")).expect("a code");
        let records: Vec<_> = people.submissions().map(|person| pseudonymize(ring, &id, person)).collect();
        students.extend(records.iter().map(|record| *record.student.expect("a student").as_bytes()));
        let steps = move |tx: &mut throughline::store::Tx<'_>| {
            let (name, roles) = (id.as_str().to_owned(), BTreeSet::from(["contributor".to_owned()]));
            tx.put_organization(&Organization { id: id.clone(), name, roles, active: true })?;
            let source = tx.source_number(&id)?;
            records.into_iter().try_for_each(|record| {
                let stored = tx.put_record(source, record)?;
                stored.expect("all are encoded with one key");
                Ok(())
            })
        };
        store.transaction::<(), Error, _>("test.push", steps).await.expect("a commit");
    }
    let mut stopped = store.stopped();
    drop(store);
    // Whoever opens it next puts into blocks what has come.
    drop(stopped.wait_for(|stopped| *stopped).await);
    stopped = open().stopped();
    drop(stopped.wait_for(|stopped| *stopped).await);
    students
}

fn read(path: &Path, students: &[[u8; 16]]) -> Table {
    let service = ServiceKey::derive(&[8; 32].into());
    let (_, subjects) = Store::links(path, &service).expect("subjects");
    let persons: HashMap<[u8; 16], u64> =
        subjects.iter().map(|row| (*row.student.as_bytes(), row.person.0)).collect();
    let connection = rusqlite::Connection::open(path).expect("the file");
    let sql = "SELECT * FROM subject JOIN encoding USING (number) ORDER BY number";
    let mut statement = connection.prepare(sql).expect("a statement");
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut columns = vec![Vec::with_capacity(students.len()); names.len()];
    let mut rows = statement.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        for (at, column) in columns.iter_mut().enumerate() {
            column.push(bytes(row.get_ref(at).expect("a value")));
        }
    }
    // Rows stand in the order in which their students came; nothing in them tells.
    let people: Vec<usize> = (0..students.len()).collect();
    assert_eq!(columns[0].len(), people.len(), "each came once");
    let tokens: HashSet<&[u8]> = students.iter().map(|token| &token[..]).collect();
    let has_token = |value: &Vec<u8>| value.windows(16).any(|bytes| tokens.contains(bytes));
    let has_tokens = columns.iter().flatten().any(has_token);
    let persons = students.iter().map(|student| persons[student]).collect();
    let mut places: HashMap<&[u8], usize> = HashMap::new();
    let file = std::fs::read(path).expect("the file");
    for (at, bytes) in file.windows(16).enumerate().filter(|(_, bytes)| tokens.contains(bytes)) {
        places.entry(bytes).or_insert(at);
    }
    let places = students.iter().map(|token| places[&token[..]].to_be_bytes().to_vec()).collect();
    Table { names, columns, people, persons, has_tokens, places }
}

fn bytes(value: ValueRef<'_>) -> Vec<u8> {
    match value {
        ValueRef::Integer(number) => number.to_be_bytes().to_vec(),
        ValueRef::Real(number) => number.to_be_bytes().to_vec(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
        ValueRef::Null => Vec::new(),
    }
}
