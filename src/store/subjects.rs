//! Subjects: what the service knows of each child in a source, and the person it links to.

use super::linkage_keys::{self, Encodings};
use super::{Error, ServiceKey, Snapshot, Tx, vault::Column, writer::empty_linker};
use crate::identity::{Encoding, Make, NotAnEncoding, Token};
use crate::linkage::{Link, Linker, Subject};
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};

/// The number a person is stored under: a permutation of [`crate::linkage::PersonId`] that tells nothing of who came
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoredPerson(pub u64);

impl ToSql for StoredPerson {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.cast_signed().into())
    }
}

impl FromSql for StoredPerson {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|number| Self(number.cast_unsigned()))
    }
}

/// A child in a source, and the person it links to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectRow {
    /// Small number of the source.
    pub source: u32,
    /// Token of the student.
    pub student: Token,
    /// The person.
    pub person: StoredPerson,
}

/// Which encoding of a student is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anew {
    /// None.
    Nothing,
    /// The one that waits for its key to link.
    Next,
    /// The one that links.
    Current,
}

impl Snapshot<'_> {
    /// Every subject, by source and token.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn subjects(&self) -> Result<Vec<SubjectRow>, Error> {
        subjects(self.connection())
    }

    /// Persons the subjects link to.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn n_persons(&self) -> Result<u64, Error> {
        let mut statement = self.prepare("SELECT count(DISTINCT person) FROM subject")?;
        Ok(statement.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }
}

impl Tx<'_> {
    /// Links a subject by its encoding and keeps the one that follows; true when one of them is new.
    pub(super) fn put_subject(
        &mut self,
        source: u32,
        student: Token,
        encodings: Encodings,
    ) -> Result<bool, Error> {
        let subject = Subject { source, student };
        let anew = self.encoded_anew(&subject, &encodings)?;
        if anew == Anew::Nothing {
            return Ok(false);
        }
        let Encodings { current, next } = encodings;
        let seal =
            |encoding: &Encoding| self.key.seal(Column::Encoding, source, &student, encoding.as_bytes());
        let sealed_next = next.as_ref().map(seal).transpose()?;
        if anew == Anew::Next {
            self.prepare("UPDATE subject SET next_encoding = ?3 WHERE source = ?1 AND student = ?2")?
                .execute(params![source, student.as_bytes(), sealed_next])?;
            return Ok(true);
        }
        let (sealed, make) = (seal(&current)?, Make::of(current.key()));
        let link = self.linker_mut()?.link(subject, &current);
        let reason = self.sealed_reason(&link)?;
        self.prepare(
            "INSERT INTO subject (source, student, encoding, make, next_encoding, person, reason, model)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (source, student) DO UPDATE
             SET encoding = ?3, make = ?4, next_encoding = ?5, person = ?6, reason = ?7, model = ?8",
        )?
        .execute(params![
            source,
            student.as_bytes(),
            sealed,
            make.as_bytes(),
            sealed_next,
            self.key.hide(link.person),
            reason,
            link.model
        ])?;
        Ok(true)
    }

    /// What of a student's encodings is not as it is known.
    pub(super) fn encoded_anew(&self, subject: &Subject, encodings: &Encodings) -> Result<Anew, Error> {
        if !self.linker()?.is_linked_by(subject, &encodings.current) {
            return Ok(Anew::Current);
        }
        let Some(next) = &encodings.next else { return Ok(Anew::Nothing) };
        let is_known = self.next_encoding(subject)?.is_some_and(|known| known == *next.as_bytes());
        Ok(if is_known { Anew::Nothing } else { Anew::Next })
    }

    /// The encoding that waits for its key to link.
    fn next_encoding(&self, subject: &Subject) -> Result<Option<Vec<u8>>, Error> {
        let Subject { source, student } = subject;
        let mut statement =
            self.prepare("SELECT next_encoding FROM subject WHERE source = ?1 AND student = ?2")?;
        let sealed = statement
            .query_row(params![source, student.as_bytes()], |row| row.get::<_, Option<Vec<u8>>>(0))?;
        sealed.map(|sealed| self.key.open(Column::Encoding, *source, student, &sealed)).transpose()
    }

    /// What decided a link, sealed: the weight in four bytes, then the level of each field.
    fn sealed_reason(&self, link: &Link) -> Result<Vec<u8>, Error> {
        let reason = [&link.weight_bits.to_le_bytes()[..], &link.pattern.0].concat();
        self.key.seal(Column::Reason, link.subject.source, &link.subject.student, &reason)
    }

    /// Links everything anew, with a model learned from all that is stored, and keeps the numbers of persons
    /// where they can be kept. Returns how many subjects are another person now.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn settle_links(&mut self) -> Result<u64, Error> {
        let changed = self.linker_mut()?.settle();
        for link in &changed {
            let reason = self.sealed_reason(link)?;
            self.prepare(
                "UPDATE subject SET person = ?3, reason = ?4, model = ?5
                 WHERE source = ?1 AND student = ?2",
            )?
            .execute(params![
                link.subject.source,
                link.subject.student.as_bytes(),
                self.key.hide(link.person),
                reason,
                link.model
            ])?;
        }
        Ok(changed.len() as u64)
    }
}

pub(super) fn subjects(connection: &Connection) -> Result<Vec<SubjectRow>, Error> {
    let sql = "SELECT source, student, person FROM subject ORDER BY source, student";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        let student = Token::from_bytes(row.get(1)?);
        Ok(SubjectRow { source: row.get(0)?, student, person: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Loads every subject into a linker, in a fixed order, and what was decided about them.
pub(super) fn load_linker(connection: &Connection, key: &ServiceKey) -> Result<Linker, Error> {
    let (mut linker, mut n_held) = (empty_linker(), 0_u64);
    let current = linkage_keys::keys(connection)?.current;
    let mut statement = connection
        .prepare_cached("SELECT source, student, encoding, person FROM subject ORDER BY source, student")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (source, student) = (row.get(0)?, Token::from_bytes(row.get(1)?));
        let sealed: Vec<u8> = row.get(2)?;
        let (subject, person) = (Subject { source, student }, key.reveal(row.get(3)?));
        match Encoding::from_bytes(&key.open(Column::Encoding, source, &student, &sealed)?) {
            Ok(encoding) if Some(encoding.key()) == current => linker.restore(subject, &encoding, person),
            Ok(_) | Err(NotAnEncoding::Earlier) => {
                linker.hold(subject, person);
                n_held += 1;
            }
            Err(NotAnEncoding::Unknown) => return Err(Error::Damaged("an encoding")),
        }
    }
    if n_held > 0 {
        tracing::warn!(
            n_held,
            "students are encoded by an earlier version or with a former key: they link to nobody new until their \
             sources push them again"
        );
    }
    super::verdicts::restore(connection, &mut linker)?;
    Ok(linker)
}

#[cfg(test)]
mod tests {
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
        for row in subjects(&connection).expect("subjects") {
            let earlier = key.seal(Column::Encoding, row.source, &row.student, &[1; 464]).expect("sealed");
            let change = "UPDATE subject SET encoding = ?1, make = NULL WHERE source = ?2";
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
        connection.execute("UPDATE subject SET encoding = zeroblob(100)", []).expect("changed");
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
        assert_eq!(
            push(&store, &new, "two").await,
            (Ok(Outcome::New), during.clone()),
            "it keeps its person"
        );
        assert_eq!(waiting(&store).await, [0, 0, 0]);
    }
}
