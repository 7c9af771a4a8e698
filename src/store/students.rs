//! What is held of one student of a source.

use super::blocks::{Place, Row};
use super::{Error, Snapshot};
use crate::identity::Token;
use crate::records::{Fact, Kind};
use std::collections::BTreeMap;

/// A record of a student that stands. What it says is not printed.
pub struct StudentRecord {
    /// What it says.
    pub fact: Fact,
    /// The agreements it is held under; none where that is not known.
    pub agreements: Vec<String>,
}

/// All that is held of a student.
pub struct StudentRecords {
    /// The records that stand, by kind.
    pub standing: Vec<StudentRecord>,
    /// Records that were withdrawn.
    pub n_withdrawn: u64,
}

impl Snapshot<'_> {
    /// Whether a roster of the source has brought a student at some time, so that editions could count it.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn is_on_roster(&self, source: u32, student: Token) -> Result<bool, Error> {
        let mut is_there = false;
        self.each_subject(Some(source), |_, row| {
            is_there |= row.subject.student == student;
            Ok(())
        })?;
        Ok(is_there)
    }

    /// All that is held of a source's student. Records are not in the order of students, so all those of the source are looked
    /// through.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn records_of_student(&self, source: u32, student: Token) -> Result<StudentRecords, Error> {
        let mut rows = self.student_rows(source, student)?;
        for (place, entry) in self.arrivals()?.iter_of((source, source)) {
            match entry.head.student == Some(*student.as_bytes()) {
                true => _ = rows.insert(place, entry.row()),
                // It may be a record of this student that has become one of another.
                false => _ = rows.remove(&place),
            }
        }
        let sets: BTreeMap<i64, Vec<String>> = self.holding_sets()?.into_iter().collect();
        let n_all = rows.len();
        let standing = rows.into_values().filter_map(|row| Some((row.fact?, row.holding)));
        let standing = standing.map(|(fact, set)| {
            let fact = Fact::from_stored(&fact).ok_or(Error::Damaged("a record"))?;
            let agreements = set.and_then(|set| sets.get(&set)).cloned().unwrap_or_default();
            Ok(StudentRecord { fact, agreements })
        });
        let standing = standing.collect::<Result<Vec<_>, Error>>()?;
        Ok(StudentRecords { n_withdrawn: (n_all - standing.len()) as u64, standing })
    }

    fn student_rows(&self, source: u32, student: Token) -> Result<BTreeMap<Place, Row>, Error> {
        let (mut rows, student) = (BTreeMap::new(), Some(*student.as_bytes()));
        self.each_block((source, source), |block| {
            if !block.heads()?.iter().any(|head| head.student == student) {
                return Ok(());
            }
            block.each(self.key, |head, fact| {
                if head.student == student {
                    let row = Row { student, fact: fact.map(Into::into), holding: head.holding };
                    rows.insert(block.place(head), row);
                }
                Ok(())
            })
        })?;
        Ok(rows)
    }
}

impl StudentRecord {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.fact.kind()
    }
}
