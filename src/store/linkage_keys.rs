//! Linkage keys by their ids: the one that links, and the one that follows it while sources encode anew.

use super::arrivals::StandingRecord;
use super::blocks::ALL_SOURCES;
use super::{Error, Snapshot, Tx};
use crate::identity::{Encoding, KeyId, Make};
use crate::linkage::Subject;
use crate::records::{Kind, OrgId};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The linkage keys of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkageKeys {
    /// The one that links; none before the first student comes.
    pub current: Option<KeyId>,
    /// The one that follows it.
    pub next: Option<KeyId>,
}

/// A student is not encoded with the key that links, so that nobody could be compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherKey;

/// How many students of a source are encoded as they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProgress {
    /// The source.
    pub source: OrgId,
    /// Its students.
    pub n_students: u64,
    /// Of these, the ones that have to be pushed again: while a key follows, those without an encoding made with it;
    /// otherwise those that an earlier version or a former key has encoded.
    pub n_waiting: u64,
}

impl LinkageKeys {
    /// The newest key in use of those that a source encodes with; where none are given, the service encodes, and it has
    /// all of them.
    #[must_use]
    pub fn newest_of(&self, held: &[KeyId]) -> Option<KeyId> {
        self.next.filter(|next| held.is_empty() || held.contains(next)).or(self.current)
    }

    /// Of a student's encodings, the one that links and the one that follows it.
    pub(super) fn choose(&self, encodings: Vec<Encoding>) -> Result<Encodings, OtherKey> {
        let (mut current, mut next) = (None, None);
        for encoding in encodings {
            match Some(encoding.key()) {
                key if key == self.current => current = Some(encoding),
                key if key == self.next => next = Some(encoding),
                _ => {}
            }
        }
        current.map(|current| Encodings { current, next }).ok_or(OtherKey)
    }
}

/// A student's encodings, one for each key in use.
pub(super) struct Encodings {
    pub(super) current: Encoding,
    pub(super) next: Option<Encoding>,
}

impl Snapshot<'_> {
    /// The linkage keys in use.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn linkage_keys(&self) -> Result<LinkageKeys, Error> {
        keys(self.connection())
    }

    /// Whether a key has linked before and links no more.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn is_former_key(&self, key: KeyId) -> Result<bool, Error> {
        let mut statement = self.prepare("SELECT 1 FROM linkage_key WHERE id = ?1 AND state = 'former'")?;
        Ok(statement.exists([key.as_bytes()])?)
    }

    /// How many of the students that sources have now wait to be pushed again, by source. Who was withdrawn waits for
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn key_progress(&self) -> Result<Vec<KeyProgress>, Error> {
        let keys = self.linkage_keys()?;
        let (mut on_rosters, person) = (HashSet::new(), Kind::Person as u8);
        self.each_standing(ALL_SOURCES, |StandingRecord { source, kind, student, .. }| {
            on_rosters.extend(student.filter(|_| kind == person).map(|student| (source, student)));
            Ok(())
        })?;
        let mut statement = self.prepare(
            "SELECT number, CASE WHEN ?1 THEN next_encoding IS NULL ELSE make IS NOT ?2 END FROM encoding
             ORDER BY number",
        )?;
        let waits = params![keys.next.is_some(), made_with(keys.current)];
        let waits = statement.query_map(waits, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let waits = waits.collect::<Result<HashMap<i64, bool>, _>>()?;
        let mut of_sources: BTreeMap<u32, [u64; 2]> = BTreeMap::new();
        self.each_subject(None, |number, row| {
            let Subject { source, student } = row.subject;
            if on_rosters.contains(&(source, *student.as_bytes())) {
                let [n_students, n_waiting] = of_sources.entry(source).or_default();
                *n_students += 1;
                *n_waiting += u64::from(waits.get(&number).copied().unwrap_or_default());
            }
            Ok(())
        })?;
        let all = self.sources()?.into_iter().filter_map(|(source, id)| {
            let [n_students, n_waiting] = *of_sources.get(&source)?;
            Some(KeyProgress { source: id, n_students, n_waiting })
        });
        let mut all: Vec<KeyProgress> = all.collect();
        all.sort_by(|a, b| a.source.cmp(&b.source));
        Ok(all)
    }
}

impl Tx<'_> {
    /// Names the key that links, in a store that has none. What was acknowledged before then counts as sent.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_first_linkage_key(&mut self, key: KeyId) -> Result<(), Error> {
        self.prepare("INSERT INTO linkage_key (id, state) VALUES (?1, 'current')")?
            .execute([key.as_bytes()])?;
        self.prepare("UPDATE batch SET make = ?1 WHERE make = ?2")?
            .execute([made_with(Some(key)), made_with(None)])?;
        self.keys = None;
        Ok(())
    }

    /// Names the key that follows the one that links. From now on, encodings made with it are kept.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], also when there is one.
    pub fn put_next_linkage_key(&mut self, key: KeyId) -> Result<(), Error> {
        self.prepare("INSERT INTO linkage_key (id, state) VALUES (?1, 'next')")?.execute([key.as_bytes()])?;
        self.keys = None;
        Ok(())
    }

    /// Takes the key that follows back, and what was encoded with it. Batches that brought it have brought the current
    /// one, too, and count as sent with that.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn drop_next_linkage_key(&mut self) -> Result<(), Error> {
        let LinkageKeys { current, next } = self.linkage_keys()?;
        if next.is_none() {
            return Ok(());
        }
        self.prepare("UPDATE encoding SET next_encoding = NULL WHERE next_encoding IS NOT NULL")?
            .execute([])?;
        self.prepare("UPDATE batch SET make = ?1 WHERE make = ?2")?
            .execute([made_with(current), made_with(next)])?;
        self.prepare("DELETE FROM linkage_key WHERE state = 'next'")?.execute([])?;
        self.keys = None;
        Ok(())
    }

    /// Lets the key that follows link in place of the current one, whose encodings are erased. Students that are not
    /// encoded with it keep their person, and are compared with nobody until they are.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn follow_linkage_key(&mut self, next: KeyId) -> Result<(), Error> {
        self.prepare(
            "UPDATE encoding SET encoding = next_encoding, make = ?1, next_encoding = NULL
             WHERE next_encoding IS NOT NULL",
        )?
        .execute([Make::of(next).as_bytes()])?;
        self.prepare("UPDATE linkage_key SET state = 'former' WHERE state = 'current'")?.execute([])?;
        self.prepare("UPDATE linkage_key SET state = 'current' WHERE state = 'next'")?.execute([])?;
        self.keys = None;
        self.reload_linker()
    }

    /// The linkage keys, read once in a transaction.
    pub(super) fn known_keys(&mut self) -> Result<LinkageKeys, Error> {
        match self.keys {
            Some(keys) => Ok(keys),
            None => Ok(*self.keys.insert(self.linkage_keys()?)),
        }
    }

    /// Of a student's encodings, those with the keys in use. The first student ever brings the key that links.
    pub(super) fn choose(
        &mut self,
        encodings: Vec<Encoding>,
    ) -> Result<Result<Option<Encodings>, OtherKey>, Error> {
        let Some(first) = encodings.first() else { return Ok(Ok(None)) };
        if self.known_keys()?.current.is_none() {
            self.put_first_linkage_key(first.key())?;
        }
        Ok(self.known_keys()?.choose(encodings).map(Some))
    }
}

/// What makes encodings with a key; zeros where there is none yet.
pub(super) fn made_with(key: Option<KeyId>) -> [u8; 8] {
    key.map_or([0; 8], |key| *Make::of(key).as_bytes())
}

pub(super) fn keys(connection: &Connection) -> Result<LinkageKeys, Error> {
    let mut statement = connection.prepare_cached("SELECT id FROM linkage_key WHERE state = ?1")?;
    let mut of = |state: &str| -> Result<Option<KeyId>, Error> {
        let mut rows = statement.query(params![state])?;
        let id = rows.next()?.map(|row| row.get(0)).transpose()?;
        Ok(id.map(KeyId::from_bytes))
    };
    Ok(LinkageKeys { current: of("current")?, next: of("next")? })
}
