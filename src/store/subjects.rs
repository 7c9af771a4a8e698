//! Subjects: what the service knows of each child in a source, and the person it links to.

use super::{Error, ServiceKey, Snapshot, Tx, vault::Column, writer::empty_linker};
use crate::identity::{Encoding, NotAnEncoding, Token};
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
    /// Links a subject by its encoding; true when the encoding is new or another one.
    pub(super) fn put_subject(
        &mut self,
        source: u32,
        student: Token,
        encoding: Encoding,
    ) -> Result<bool, Error> {
        let subject = Subject { source, student };
        if self.linker().encoding(&subject).is_some_and(|known| *known == encoding) {
            return Ok(false);
        }
        let sealed = self.key.seal(Column::Encoding, source, &student, encoding.as_bytes())?;
        let link = self.linker_mut().link(subject, encoding);
        let reason = self.sealed_reason(&link)?;
        self.prepare(
            "INSERT INTO subject (source, student, encoding, person, reason, model)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (source, student) DO UPDATE
             SET encoding = ?3, person = ?4, reason = ?5, model = ?6",
        )?
        .execute(params![
            source,
            student.as_bytes(),
            sealed,
            self.key.hide(link.person),
            reason,
            link.model
        ])?;
        Ok(true)
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
        let changed = self.linker_mut().settle();
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
    let mut statement = connection
        .prepare_cached("SELECT source, student, encoding, person FROM subject ORDER BY source, student")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (source, student) = (row.get(0)?, Token::from_bytes(row.get(1)?));
        let sealed: Vec<u8> = row.get(2)?;
        let (subject, person) = (Subject { source, student }, key.reveal(row.get(3)?));
        match Encoding::from_bytes(&key.open(Column::Encoding, source, &student, &sealed)?) {
            Ok(encoding) => linker.restore(subject, &encoding, person),
            Err(NotAnEncoding::Earlier) => {
                linker.hold(subject, person);
                n_held += 1;
            }
            Err(NotAnEncoding::Unknown) => return Err(Error::Damaged("an encoding")),
        }
    }
    if n_held > 0 {
        tracing::warn!(
            n_held,
            "students were encoded by an earlier version: they link to nobody new until their sources push them again"
        );
    }
    super::verdicts::restore(connection, &mut linker)?;
    Ok(linker)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::SignerKey;
    use crate::calendar::Timestamp;
    use crate::identity::{Keys, Root, pseudonymize};
    use crate::records::{Change, Demographics, Fact, Identifiers, OrgId, Submission};
    use crate::store::{Organization, Outcome, Store};
    use std::path::Path;

    fn open(path: &Path, key: &ServiceKey) -> Store {
        let document = ring::signature::Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new());
        let signer = SignerKey::from_pkcs8("test/log", document.expect("a key").as_ref()).expect("a key");
        if !path.exists() {
            Store::create(path, key, "test/log", Timestamp::from_millis(0)).expect("a new file");
        }
        Store::open(path, key.clone(), signer).expect("the file")
    }

    /// Pushes one child as a source, and returns what came of it and the persons that all sources have.
    async fn push(store: &Store, source: &str) -> (Outcome, Vec<StoredPerson>) {
        let id = OrgId::new(source).expect("a code");
        let identifiers = Identifiers {
            first_name: "Ana".into(),
            last_name: "Garcia".into(),
            birth_date: "2011-05-06".parse().ok(),
            zip: "30210".into(),
            ..Identifiers::default()
        };
        let submission = Submission {
            key: "one".into(),
            student: Some("one".into()),
            identifiers: Some(identifiers),
            change: Change::Upsert(Fact::Person(Demographics::default())),
        };
        let record = pseudonymize(&Keys::derive(&Root::from_bytes([7; 32])), &id, submission);
        let steps = move |tx: &mut Tx<'_>| -> Result<Outcome, Error> {
            let (name, roles) = (source_name(&id), ["contributor".to_owned()].into());
            tx.put_organization(&Organization { id: id.clone(), name, roles, active: true })?;
            let source = tx.source_number(&id)?;
            tx.put_record(source, record)
        };
        let outcome = store.transaction("test.push", steps).await.expect("a commit").value;
        let persons = store.read(|snapshot| snapshot.subjects()).await.expect("subjects");
        (outcome, persons.into_iter().map(|row| row.person).collect())
    }

    fn source_name(id: &OrgId) -> String {
        id.as_str().to_owned()
    }

    #[tokio::test]
    async fn encodings_of_an_earlier_version_keep_their_person_and_are_made_anew_when_pushed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("throughline.db");
        let key = ServiceKey::derive(&[8; 32].into());
        let store = open(&path, &key);
        push(&store, "one").await;
        let (_, before) = push(&store, "two").await;
        assert_eq!(before[0], before[1]);
        drop(store);

        let connection = Connection::open(&path).expect("the file");
        for row in subjects(&connection).expect("subjects") {
            let earlier = key.seal(Column::Encoding, row.source, &row.student, &[1; 464]).expect("sealed");
            let change = "UPDATE subject SET encoding = ?1 WHERE source = ?2";
            connection.execute(change, params![earlier, row.source]).expect("changed");
        }
        drop(connection);

        let store = open(&path, &key);
        for source in ["one", "two"] {
            assert_eq!(push(&store, source).await, (Outcome::Changed, before.clone()));
            assert_eq!(push(&store, source).await, (Outcome::Unchanged, before.clone()));
        }
    }
}
