//! Opt-outs that outlive the records they came in.
//!
//! Whoever has opted out stays out when what says so is destroyed and others have records of the same person. So each
//! student of that person keeps that it has opted out and until when, and no more, as long as the student is here. It is no
//! record of anybody: no source is told of it, none compares its files with it, and nobody hears how many there are, which
//! would be how many such persons several sources know.

use super::{Error, Snapshot, StoredPerson, Tx};
use crate::calendar::Date;
use crate::identity::Token;
use crate::linkage::Subject;
use crate::records::Fact;
use rusqlite::params;
use std::collections::HashMap;

/// A student who stays opted out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedOptOut {
    /// Small number of the source.
    pub source: u32,
    /// Token of the student.
    pub student: Token,
    /// Last day; nothing for good.
    pub until: Option<Date>,
}

/// The persons who have opted out on a day, and until when.
pub(super) struct OptOuts {
    today: Date,
    until: HashMap<StoredPerson, Option<Date>>,
}

impl OptOuts {
    /// What a stored record says of a person.
    pub(super) fn add(&mut self, person: StoredPerson, fact: &[u8]) -> Result<(), Error> {
        match Fact::from_stored(fact) {
            Some(Fact::OptOut(opt_out)) => self.note(person, opt_out.until),
            _ => return Err(Error::Damaged("a record")),
        }
        Ok(())
    }

    /// Of several the one that holds longest counts; one that is over by then is of no use to anybody.
    fn note(&mut self, person: StoredPerson, until: Option<Date>) {
        if until.is_some_and(|until| until < self.today) {
            return;
        }
        let longest = self.until.entry(person).or_insert(until);
        *longest = longest.zip(until).map(|(one, other)| one.max(other));
    }
}

impl Snapshot<'_> {
    /// The students who stay opted out although nobody says so any more.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn carried_opt_outs(&self) -> Result<Vec<CarriedOptOut>, Error> {
        let mut statement =
            self.prepare("SELECT source, student, until FROM opted_out ORDER BY source, student")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, Token::from_bytes(row.get(1)?), row.get::<_, Option<i32>>(2)?))
        })?;
        rows.map(|row| {
            let (source, student, until) = row?;
            Ok(CarriedOptOut { source, student, until: until.map(day).transpose()? })
        })
        .collect()
    }

    /// What was carried so far, by person: a student that goes may be the only one it stands beside.
    pub(super) fn carried_of_persons(&self, today: Date) -> Result<OptOuts, Error> {
        let mut opt_outs = OptOuts { today, until: HashMap::new() };
        let carried = self.carried_opt_outs()?;
        let persons = if carried.is_empty() { HashMap::new() } else { self.persons()? };
        for CarriedOptOut { source, student, until } in carried {
            if let Some(person) = persons.get(&Subject { source, student }) {
                opt_outs.note(*person, until);
            }
        }
        Ok(opt_outs)
    }
}

impl Tx<'_> {
    /// Keeps persons opted out of whom other records stay: without, these would be counted from the next edition on.
    pub(super) fn carry_over(&mut self, opt_outs: &OptOuts) -> Result<(), Error> {
        self.prepare("DELETE FROM opted_out")?.execute([])?;
        if opt_outs.until.is_empty() {
            return Ok(());
        }
        let mut put = self.prepare("INSERT INTO opted_out (source, student, until) VALUES (?1, ?2, ?3)")?;
        for subject in self.subjects()? {
            if let Some(until) = opt_outs.until.get(&subject.person) {
                put.execute(params![subject.source, subject.student.as_bytes(), until.map(Date::days)])?;
            }
        }
        Ok(())
    }
}

fn day(days: i32) -> Result<Date, Error> {
    Date::from_days(days).ok_or(Error::Damaged("an opt-out"))
}

#[cfg(test)]
mod tests;
