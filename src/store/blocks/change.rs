//! Changing what records are held under, and taking them out.

use super::super::{Error, Tx};
use super::block::{Entry, Head, entries};
use super::look::Found;
use super::put::write;
use super::{Place, Sources};
use rusqlite::params;

/// What becomes of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Becomes {
    /// It stays as it is.
    Same,
    /// It is held under a set of agreements.
    HeldUnder(i64),
    /// It goes.
    Gone,
}

impl Tx<'_> {
    /// Asks of each record that sources have put away what becomes of it.
    pub(in crate::store) fn change_records(
        &mut self,
        (from, to): Sources,
        mut becomes: impl FnMut(&Place, &Head) -> Becomes,
    ) -> Result<(), Error> {
        let mut all = self.prepare(
            "SELECT number FROM record_block WHERE source BETWEEN ?1 AND ?2 ORDER BY source, kind, first",
        )?;
        let all = all.query_map(params![from, to], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        let mut find =
            self.prepare("SELECT source, kind, first, rows FROM record_block WHERE number = ?1")?;
        for number in all {
            let (source, kind, found) = find.query_row([number], |row| {
                Ok((row.get(0)?, row.get(1)?, Found { number, first: row.get(2)?, bytes: row.get(3)? }))
            })?;
            let block = found.block(source, kind);
            let heads = block.heads()?;
            let decided: Vec<Becomes> = heads.iter().map(|head| becomes(&block.place(head), head)).collect();
            if decided.iter().all(|becomes| *becomes == Becomes::Same) {
                continue;
            }
            let (heads, facts) = block.open(self.key)?;
            let kept = entries(&heads, &facts)?.into_iter().zip(decided);
            let kept = kept.filter_map(|(entry, becomes)| match becomes {
                Becomes::Same => Some(entry),
                Becomes::HeldUnder(set) => {
                    Some(Entry { head: Head { holding: Some(set), ..entry.head }, ..entry })
                }
                Becomes::Gone => None,
            });
            let kept: Vec<Entry<'_>> = kept.collect();
            write(self.connection(), self.key, Some(number), (source, kind, &found.first), &kept)?;
        }
        Ok(())
    }
}
