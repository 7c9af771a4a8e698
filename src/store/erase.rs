//! Erasing: the statements that take everything out of the tables that a source has sent, or that was received under an
//! agreement.
//!
//! Only rows go here, in one transaction. What pages and the write-ahead log still hold of them goes when the file is
//! written anew ([`super::Store::rewrite`]).

mod erased;
mod part;

pub use erased::{Erased, ErasedEdition};

use super::{Error, Needles, StoredPerson, Tx};
use crate::agreements::Scope;
use crate::calendar::Timestamp;
use crate::records::{Kind, OrgId};
use part::{Part, Received};
use ring::digest::{SHA256, digest};
use rusqlite::params;
use std::collections::BTreeMap;

impl Tx<'_> {
    /// Erases what a destruction is about, and says what that was. The needles hold what a search of the file must not
    /// find after it; where nobody searches, they may be left out.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn erase(
        &mut self,
        scope: &Scope,
        mut needles: Option<&mut Needles>,
        now: Timestamp,
    ) -> Result<Erased, Error> {
        let names: BTreeMap<u32, OrgId> = self.sources()?.into_iter().collect();
        let Received { parts, editions, sources: of } = match scope {
            Scope::Source(id) => self.received_from(id)?,
            Scope::Agreement(id) => self.received_under(id.as_str(), &names, now.date())?,
        };
        let mut erased = Erased { editions, ..Erased::default() };
        let mut opted_out = Vec::new();
        for part in &parts {
            opted_out.extend(self.opted_out(part)?);
            self.count(part, &names, &mut erased)?;
            if let Some(needles) = needles.as_deref_mut() {
                self.gather(part, needles)?;
            }
            let sql = format!("DELETE FROM record WHERE {}", part.condition());
            self.connection().execute(&sql, [part.value()])?;
        }
        if let Scope::Agreement(id) = scope {
            self.leave_sets(id.as_str())?;
        }
        for &source in &of {
            self.erase_students(source, &mut needles, &mut erased)?;
            erased.n_batches += self.erase_batches(source, scope)?;
            let kept = "SELECT count(*) FROM record WHERE source = ?1";
            let n_kept: i64 = self.prepare(kept)?.query_row([source], |row| row.get(0))?;
            erased.n_kept += n_kept.unsigned_abs();
            if n_kept == 0 {
                let forget =
                    "UPDATE organization SET latest_delivery = NULL, delivered_ms = NULL WHERE source = ?1";
                self.prepare(forget)?.execute([source])?;
            }
        }
        self.carry_over(&opted_out)?;
        for edition in &erased.editions {
            self.prepare("DELETE FROM edition_column WHERE edition = ?1")?.execute([edition.number])?;
            // It tells about hidden numbers, and nobody can replay it without the counts that are gone.
            self.prepare("DELETE FROM proof WHERE edition = ?1")?.execute([edition.number])?;
            self.prepare(
                "UPDATE edition SET metadata = '{}', opted_out = 0, destroyed_ms = ?2 WHERE number = ?1",
            )?
            .execute(params![edition.number, now.millis()])?;
        }
        if let Some(needles) = needles {
            self.spare(needles, &of)?;
        }
        Ok(erased)
    }

    /// Counts records by source and kind.
    fn count(&self, part: &Part, names: &BTreeMap<u32, OrgId>, erased: &mut Erased) -> Result<(), Error> {
        let condition = part.condition();
        let sql =
            format!("SELECT source, kind, count(*) FROM record WHERE {condition} GROUP BY source, kind");
        let mut statement = self.connection().prepare(&sql)?;
        let rows = statement.query_map([part.value()], |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, u8>(1)?, row.get::<_, i64>(2)?))
        })?;
        for row in rows {
            let (source, kind, n) = row?;
            let name = names.get(&source).ok_or(Error::Damaged("a source"))?;
            let kind = Kind::ALL.get(usize::from(kind)).ok_or(Error::Damaged("a kind"))?;
            let of = erased.records.entry(name.clone()).or_default();
            *of.entry(kind.code().to_owned()).or_default() += n.unsigned_abs();
        }
        Ok(())
    }

    fn gather(&self, part: &Part, needles: &mut Needles) -> Result<(), Error> {
        let sql = format!("SELECT key, student FROM record WHERE {}", part.condition());
        let mut statement = self.connection().prepare(&sql)?;
        let mut rows = statement.query([part.value()])?;
        while let Some(row) = rows.next()? {
            needles.add(row.get(0)?);
            row.get::<_, Option<[u8; 16]>>(1)?.into_iter().for_each(|student| needles.add(student));
        }
        Ok(())
    }

    /// The persons of whom records that go say that they have opted out, and how each says it.
    fn opted_out(&self, part: &Part) -> Result<Vec<(StoredPerson, Vec<u8>)>, Error> {
        let sql = format!(
            "SELECT person, fact FROM
                 (SELECT source, student, fact FROM record WHERE {} AND kind = ?2 AND fact IS NOT NULL)
             JOIN subject USING (source, student)",
            part.condition()
        );
        let mut statement = self.connection().prepare(&sql)?;
        let of = params![part.value(), Kind::OptOut as u8];
        let rows = statement.query_map(of, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps persons opted out of whom other records stay: without, these would be counted from the next edition on. What is
    /// said is no more than until when, beside the records of the sources that stay and as long as these. Nobody is told how
    /// many there are: that would be how many such persons several sources know.
    fn carry_over(&mut self, opted_out: &[(StoredPerson, Vec<u8>)]) -> Result<(), Error> {
        for (person, fact) in opted_out {
            let mut find = self.prepare("SELECT source, student FROM subject WHERE person = ?1")?;
            let staying = find.query_map([person], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let staying: Vec<(u32, [u8; 16])> = staying.collect::<Result<_, _>>()?;
            for (source, student) in staying {
                let digest = digest(&SHA256, &[&student[..], fact].concat());
                self.prepare(
                    "INSERT OR IGNORE INTO record (source, kind, key, student, fact) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![source, Kind::OptOut as u8, &digest.as_ref()[..16], student, fact])?;
            }
        }
        Ok(())
    }

    /// Takes an agreement out of the sets of records that stay, so that its name decides nothing any more.
    fn leave_sets(&mut self, agreement: &str) -> Result<(), Error> {
        let sets = self.holding_sets()?;
        for (number, ids) in sets.iter().filter(|(_, ids)| ids.split(',').any(|id| id == agreement)) {
            let rest: Vec<&str> = ids.split(',').filter(|id| *id != agreement).collect();
            if !rest.is_empty() {
                let rest = self.holding(&rest.join(","))?;
                let moved = "UPDATE record SET holding = ?2 WHERE holding = ?1";
                self.prepare(moved)?.execute([*number, rest])?;
            }
        }
        self.prepare("DELETE FROM sent_under WHERE agreement = ?1")?.execute([agreement])?;
        Ok(())
    }

    /// Erases the students of a source whose roster it has not any more: their encodings, and what was decided about
    /// them and by them.
    fn erase_students(
        &mut self,
        source: u32,
        needles: &mut Option<&mut Needles>,
        erased: &mut Erased,
    ) -> Result<(), Error> {
        const GONE: &str = "source = ?1 AND student NOT IN
            (SELECT student FROM record WHERE source = ?1 AND kind = ?2 AND student IS NOT NULL)";
        let of = params![source, Kind::Person as u8];
        if let Some(needles) = needles {
            let sql = format!("SELECT student, substr(encoding, 1, 16) FROM subject WHERE {GONE}");
            let mut statement = self.connection().prepare(&sql)?;
            let mut rows = statement.query(of)?;
            while let Some(row) = rows.next()? {
                needles.add(row.get(0)?);
                needles.add(row.get(1)?);
            }
        }
        // Why others link to the same person was decided by comparing them with these.
        let reasons = format!(
            "UPDATE subject SET reason = NULL WHERE person IN (SELECT person FROM subject WHERE {GONE})"
        );
        self.connection().execute(&reasons, of)?;
        let n = self.connection().execute(&format!("DELETE FROM subject WHERE {GONE}"), of)?;
        erased.n_students += n as u64;
        for (table, counted) in [("link_offer", false), ("link_verdict", true)] {
            for side in ["a", "b"] {
                let sql = format!(
                    "DELETE FROM {table} WHERE source_{side} = ?1 AND student_{side} NOT IN
                     (SELECT student FROM subject WHERE source = ?1)"
                );
                let n = self.connection().execute(&sql, [source])?;
                erased.n_decisions += if counted { n as u64 } else { 0 };
            }
        }
        Ok(())
    }

    fn erase_batches(&mut self, source: u32, scope: &Scope) -> Result<u64, Error> {
        let n = match scope {
            Scope::Source(_) => {
                self.prepare("DELETE FROM sent_under WHERE source = ?1")?.execute([source])?;
                self.prepare("DELETE FROM batch WHERE source = ?1")?.execute([source])?
            }
            Scope::Agreement(id) => {
                let sql = "DELETE FROM batch WHERE source = ?1 AND
                    (substr(agreement, 1, length(?2) + 1) = ?2 || '@' OR
                     agreement IS NULL AND NOT EXISTS (SELECT 1 FROM sent_under WHERE source = ?1))";
                self.prepare(sql)?.execute(params![source, id.as_str()])?
            }
        };
        Ok(n as u64)
    }

    /// A token that still stands in another row would be found with good reason.
    fn spare(&self, needles: &mut Needles, sources: &[u32]) -> Result<(), Error> {
        for source in sources {
            let mut rest = self.prepare("SELECT key, student FROM record WHERE source = ?1")?;
            let mut rows = rest.query([source])?;
            while let Some(row) = rows.next()? {
                needles.remove(&row.get(0)?);
                row.get::<_, Option<[u8; 16]>>(1)?.iter().for_each(|student| needles.remove(student));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
