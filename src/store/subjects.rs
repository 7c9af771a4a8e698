//! Subjects: what the service knows of each child in a source, and the person it links to.

pub(super) mod row;

use super::linkage_keys::{self, Encodings};
use super::{Error, ServiceKey, Snapshot, Tx, vault::Column, writer::empty_linker};
use crate::identity::{Encoding, Make, NotAnEncoding, Token};
use crate::linkage::{Linker, Subject};
use row::{Encoded, Row};
use rusqlite::{Connection, params};
use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;

/// The number a person is stored under: a permutation of [`crate::linkage::PersonId`] that tells nothing of who came
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoredPerson(pub u64);

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
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn subjects(&self) -> Result<Vec<SubjectRow>, Error> {
        subjects(self.connection(), self.key)
    }

    /// Persons the subjects link to.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn n_persons(&self) -> Result<u64, Error> {
        let mut persons = HashSet::new();
        self.each_subject(None, |_, row| {
            persons.insert(row.person);
            Ok(())
        })?;
        Ok(persons.len() as u64)
    }

    /// The persons of all subjects.
    pub(super) fn persons(&self) -> Result<HashMap<Subject, StoredPerson>, Error> {
        let mut persons = HashMap::new();
        self.each_subject(None, |_, row| {
            persons.insert(row.subject, row.person);
            Ok(())
        })?;
        Ok(persons)
    }

    /// Visits subjects with their numbers, in the order they came: of one source, or of all.
    pub(super) fn each_subject(
        &self,
        source: Option<u32>,
        visit: impl FnMut(i64, Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        row::each(self.connection(), self.key, source, visit)
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
        let next = next.as_ref().map(seal).transpose()?;
        let kept_at = self.linker()?.kept_at(&subject).map(|number| i64::from(number.get()));
        if let (Anew::Next, Some(number)) = (anew, kept_at) {
            self.prepare("UPDATE encoding SET next_encoding = ?2 WHERE number = ?1")?
                .execute(params![number, next])?;
            return Ok(true);
        }
        let (encoding, make) = (seal(&current)?, Make::of(current.key()));
        let link = self.linker_mut()?.link(subject, &current);
        let row = Row::of(&link, self.key.hide(link.person));
        let Some(number) = kept_at else {
            let encoded =
                Encoded { make: Some(&make.as_bytes()[..]), encoding: &encoding, next: next.as_deref() };
            let number = row::insert(self.connection(), self.key, &row, encoded)?;
            self.linker_mut()?.keep_at(&subject, kept(number)?);
            return Ok(true);
        };
        row::update(self.connection(), self.key, number, &row)?;
        self.prepare("UPDATE encoding SET make = ?2, encoding = ?3, next_encoding = ?4 WHERE number = ?1")?
            .execute(params![number, make.as_bytes(), encoding, next])?;
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
        let Some(number) = self.linker()?.kept_at(subject) else { return Ok(None) };
        let mut statement = self.prepare("SELECT next_encoding FROM encoding WHERE number = ?1")?;
        let sealed = statement.query_row([number.get()], |row| row.get::<_, Option<Vec<u8>>>(0))?;
        let Subject { source, student } = subject;
        sealed.map(|sealed| self.key.open(Column::Encoding, *source, student, &sealed)).transpose()
    }

    /// Links everything anew, with a model learned from all that is stored, and keeps the numbers of persons
    /// where they can be kept. Returns how many subjects are another person now.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn settle_links(&mut self) -> Result<u64, Error> {
        let changed = self.linker_mut()?.settle();
        let linker = self.linker()?;
        let mut changed: Vec<_> =
            changed.iter().filter_map(|link| Some((linker.kept_at(&link.subject)?, link))).collect();
        // In the order of the rows, so that each page is written once.
        changed.sort_unstable_by_key(|(number, _)| *number);
        for (number, link) in &changed {
            let row = Row::of(link, self.key.hide(link.person));
            row::update(self.connection(), self.key, number.get().into(), &row)?;
        }
        Ok(changed.len() as u64)
    }
}

/// The number of a row, as a linker keeps it.
pub(super) fn kept(number: i64) -> Result<NonZeroU32, Error> {
    u32::try_from(number).ok().and_then(NonZeroU32::new).ok_or(Error::Damaged("the number of a student"))
}

pub(super) fn subjects(connection: &Connection, key: &ServiceKey) -> Result<Vec<SubjectRow>, Error> {
    let mut subjects = Vec::new();
    row::each(connection, key, None, |_, Row { subject: Subject { source, student }, person, .. }| {
        subjects.push(SubjectRow { source, student, person });
        Ok(())
    })?;
    subjects.sort_unstable_by_key(|row| (row.source, row.student));
    Ok(subjects)
}

/// Loads every subject into a linker, in the order they came, and what was decided about them.
pub(super) fn load_linker(connection: &Connection, key: &ServiceKey) -> Result<Linker, Error> {
    let (mut linker, mut n_held) = (empty_linker(), 0_u64);
    let current = linkage_keys::keys(connection)?.current;
    let mut encodings = connection.prepare_cached("SELECT number, encoding FROM encoding ORDER BY number")?;
    let mut encodings = encodings.query([])?;
    row::each(connection, key, None, |number, Row { subject, person, .. }| {
        let damaged = || Error::Damaged("an encoding");
        let beside = encodings.next()?.ok_or_else(damaged)?;
        if beside.get::<_, i64>(0)? != number || linker.kept_at(&subject).is_some() {
            return Err(damaged());
        }
        let (sealed, person): (Vec<u8>, _) = (beside.get(1)?, key.reveal(person));
        let opened = key.open(Column::Encoding, subject.source, &subject.student, &sealed)?;
        match Encoding::from_bytes(&opened) {
            Ok(encoding) if Some(encoding.key()) == current => linker.restore(subject, &encoding, person),
            Ok(_) | Err(NotAnEncoding::Earlier) => {
                linker.hold(subject, person);
                n_held += 1;
            }
            Err(NotAnEncoding::Unknown) => return Err(damaged()),
        }
        linker.keep_at(&subject, kept(number)?);
        Ok(())
    })?;
    if encodings.next()?.is_some() {
        return Err(Error::Damaged("an encoding"));
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
mod tests;
