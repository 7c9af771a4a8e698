//! Erasing students: their rows and encodings, and what was decided about them.

use super::super::subjects::row::{Row, update};
use super::super::{Error, Needles, StoredPerson, Tx};
use super::Erased;
use crate::records::{Kind, OrgId};
use std::collections::{BTreeMap, HashSet};

impl Tx<'_> {
    /// Erases the students of a source whose roster it has not any more: their encodings, and what was decided about
    /// them and by them.
    pub(super) fn erase_students(
        &mut self,
        source: u32,
        name: &OrgId,
        needles: &mut Option<&mut Needles>,
        erased: &mut Erased,
    ) -> Result<(), Error> {
        let on_roster = self.students_of(source, |kind| kind == Kind::Person as u8)?;
        let (mut gone, mut stay) = (BTreeMap::new(), HashSet::new());
        self.each_subject(Some(source), |number, row| {
            let student = *row.subject.student.as_bytes();
            if on_roster.contains(&student) {
                stay.insert(student);
            } else {
                gone.insert(number, row.person);
                if let Some(needles) = needles {
                    needles.add(student);
                }
            }
            Ok(())
        })?;
        self.erase_subjects(&gone, needles)?;
        let n = gone.len();
        if n > 0 {
            erased.students.insert(name.clone(), n as u64);
        }
        self.keep_students(&stay)?;
        for (table, counted) in [("link_offer", false), ("link_verdict", true)] {
            for side in ["a", "b"] {
                let sql = format!(
                    "DELETE FROM {table} WHERE source_{side} = ?1 AND student_{side} NOT IN
                     (SELECT student FROM kept_student)"
                );
                let n = self.connection().execute(&sql, [source])?;
                erased.n_decisions += if counted { n as u64 } else { 0 };
            }
        }
        Ok(())
    }

    /// Erases the rows of subjects, by number and person, and why others link to the same persons: that was decided by
    /// comparing them with these.
    fn erase_subjects(
        &self,
        gone: &BTreeMap<i64, StoredPerson>,
        needles: &mut Option<&mut Needles>,
    ) -> Result<(), Error> {
        let mut find = self.prepare(
            "SELECT substr(row, 1, 16), substr(encoding, 1, 16), substr(next_encoding, 1, 16)
             FROM subject JOIN encoding USING (number) WHERE number = ?1",
        )?;
        let mut erase = [
            self.prepare("DELETE FROM subject WHERE number = ?1")?,
            self.prepare("DELETE FROM encoding WHERE number = ?1")?,
        ];
        for number in gone.keys() {
            if let Some(needles) = needles {
                let begin: [Option<[u8; 16]>; 3] =
                    find.query_row([number], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
                begin.into_iter().flatten().for_each(|begins| needles.add(begins));
            }
            for erase in &mut erase {
                erase.execute([number])?;
            }
        }
        let (persons, mut others) = (gone.values().collect::<HashSet<_>>(), Vec::new());
        self.each_subject(None, |number, row| {
            if row.reason.is_some() && persons.contains(&row.person) {
                others.push((number, Row { reason: None, ..row }));
            }
            Ok(())
        })?;
        others.iter().try_for_each(|(number, row)| update(self.connection(), self.key, *number, row))
    }

    /// Students of a source of whom there are records of certain kinds.
    pub(in crate::store) fn students_of(
        &self,
        source: u32,
        is_asked: impl Fn(u8) -> bool,
    ) -> Result<HashSet<[u8; 16]>, Error> {
        let mut students = HashSet::new();
        self.each_block((source, source), |block| {
            if is_asked(block.kind) {
                students.extend(block.heads()?.iter().filter_map(|head| head.student));
            }
            Ok(())
        })?;
        Ok(students)
    }

    /// Notes students for the statements that follow.
    pub(in crate::store) fn keep_students(&self, students: &HashSet<[u8; 16]>) -> Result<(), Error> {
        self.connection().execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS kept_student (student BLOB PRIMARY KEY) WITHOUT ROWID;
             DELETE FROM kept_student",
        )?;
        let mut keep = self.prepare("INSERT INTO kept_student (student) VALUES (?1)")?;
        students.iter().try_for_each(|student| {
            keep.execute([student])?;
            Ok(())
        })
    }
}
