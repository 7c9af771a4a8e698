//! Records as they stand, and the subjects they are about.

use super::{
    Error, Outcome, ServiceKey, Snapshot, Tx, organizations::org, vault::Column, writer::empty_linker,
};
use crate::calendar::Timestamp;
use crate::identity::{Encoding, NotAnEncoding, Pseudonymized, Token};
use crate::linkage::{Link, Linker, PersonId, Subject};
use crate::records::{Change, Fact, Kind, OrgId};
use rusqlite::{Connection, OptionalExtension, params};

/// A record as it is stored.
#[derive(Debug)]
pub struct Stored {
    /// Small number of the source.
    pub source: u32,
    /// Token of the student; absent for schools and programs.
    pub student: Option<Token>,
    /// What it says.
    pub fact: Fact,
}

/// A child in a source, and the person it links to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectRow {
    /// Small number of the source.
    pub source: u32,
    /// Token of the student.
    pub student: Token,
    /// The person, by the number it is stored under, which tells nothing of who came first.
    pub person: PersonId,
}

/// How many records a source holds of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordCount {
    /// The source.
    pub source: OrgId,
    /// The kind.
    pub kind: Kind,
    /// Records, without tombstones.
    pub n_records: u64,
    /// When the source last had a batch acknowledged.
    pub last_received: Option<Timestamp>,
}

impl Snapshot<'_> {
    /// Visits every record that stands, by source, kind and key.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], [`Error::Damaged`], or what the visitor returns.
    pub fn each_record(&self, mut visit: impl FnMut(Stored) -> Result<(), Error>) -> Result<(), Error> {
        let mut statement = self.prepare(
            "SELECT source, student, fact FROM record WHERE fact IS NOT NULL ORDER BY source, kind, key",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let student: Option<[u8; 16]> = row.get(1)?;
            let fact =
                postcard::from_bytes(row.get_ref(2)?.as_blob().map_err(|_| Error::Damaged("a record"))?);
            visit(Stored {
                source: row.get(0)?,
                student: student.map(Token::from_bytes),
                fact: fact.map_err(|_| Error::Damaged("a record"))?,
            })?;
        }
        Ok(())
    }

    /// Every subject, by source and token.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn subjects(&self) -> Result<Vec<SubjectRow>, Error> {
        subjects(self.connection())
    }

    /// Records held, by source and kind.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn record_counts(&self) -> Result<Vec<RecordCount>, Error> {
        let mut statement = self.prepare(
            "SELECT o.id, r.kind, count(*), (SELECT max(received_ms) FROM batch b WHERE b.source = r.source)
             FROM record r JOIN organization o ON o.source = r.source
             WHERE r.fact IS NOT NULL GROUP BY r.source, r.kind ORDER BY o.id, r.kind",
        )?;
        let rows = statement.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, u8>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, Option<i64>>(3)?,
            ))
        })?;
        rows.map(|row| {
            let (source, kind, n_records, received) = row?;
            Ok(RecordCount {
                source: org(&source)?,
                kind: *Kind::ALL.get(usize::from(kind)).ok_or(Error::Damaged("a kind"))?,
                n_records: n_records.unsigned_abs(),
                last_received: received.map(Timestamp::from_millis),
            })
        })
        .collect()
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
    /// Stores what a record says, or withdraws it; a person record is linked at once.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_record(&mut self, source: u32, record: Pseudonymized) -> Result<Outcome, Error> {
        let kind = record.change.kind() as u8;
        let student = record.student.map(|token| *token.as_bytes());
        let fact = match &record.change {
            Change::Upsert(fact) => Some(postcard::to_allocvec(fact).map_err(|_| Error::Damaged("a fact"))?),
            Change::Delete(_) => None,
        };
        let mut find =
            self.prepare("SELECT student, fact FROM record WHERE source = ?1 AND kind = ?2 AND key = ?3")?;
        let before = find.query_row(params![source, kind, record.key.as_bytes()], |row| {
            Ok((row.get::<_, Option<[u8; 16]>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
        });
        let before = before.optional()?;
        let outcome = match (&before, &fact) {
            (_, None) => Outcome::Deleted,
            (None | Some((_, None)), Some(_)) => Outcome::New,
            (Some((who, old)), _) if *who == student && *old == fact => Outcome::Unchanged,
            _ => Outcome::Changed,
        };
        let nothing_to_withdraw = fact.is_none() && before.as_ref().is_none_or(|(_, fact)| fact.is_none());
        if outcome != Outcome::Unchanged && !nothing_to_withdraw {
            // A tombstone keeps the student, so that a withdrawn person record can be told from none.
            let student = student.or(before.and_then(|(student, _)| student));
            self.prepare(
                "INSERT INTO record (source, kind, key, student, fact) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (source, kind, key) DO UPDATE SET student = ?4, fact = ?5",
            )?
            .execute(params![source, kind, record.key.as_bytes(), student, fact])?;
        }
        match (record.student, record.encoding) {
            (Some(student), Some(encoding)) if fact.is_some() => {
                let relinked = self.put_subject(source, student, encoding)?;
                Ok(if relinked && outcome == Outcome::Unchanged { Outcome::Changed } else { outcome })
            }
            _ => Ok(outcome),
        }
    }

    /// Links a subject by its encoding; true when the encoding is new or another one.
    fn put_subject(&mut self, source: u32, student: Token, encoding: Encoding) -> Result<bool, Error> {
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
}

impl Tx<'_> {
    /// Links everything anew, with a model learned from all that is stored, and keeps the numbers of persons
    /// where they can be kept. Returns how many subjects are another person now.
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
        let (student, person) =
            (Token::from_bytes(row.get(1)?), PersonId(row.get::<_, i64>(2)?.cast_unsigned()));
        Ok(SubjectRow { source: row.get(0)?, student, person })
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
    use crate::identity::{Keys, Root, pseudonymize};
    use crate::records::{Demographics, Identifiers, Submission};
    use crate::store::{Organization, Store};
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
    async fn push(store: &Store, source: &str) -> (Outcome, Vec<PersonId>) {
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
