//! Erasing: the statements that take records out of the tables, and all that was made of them.
//!
//! Only rows go here, in one transaction. What pages and the write-ahead log still hold of them goes when the file is
//! written anew ([`super::Store::rewrite`]). Which records a destruction is about is decided elsewhere.

mod erased;
mod students;

pub use erased::{Erased, ErasedEdition, Extent, Part};

use super::blocks::{ALL_SOURCES, Becomes, Head, Sources};
use super::{Error, Needles, StoredPerson, Tx, opt_outs::OptOuts};
use crate::agreements::Scope;
use crate::calendar::Timestamp;
use crate::identity::Token;
use crate::linkage::Subject;
use crate::records::{Kind, OrgId};
use rusqlite::params;
use std::collections::{BTreeMap, HashMap};

impl Part {
    /// Whether a record of a source is of it.
    fn has(self, source: u32, head: &Head) -> bool {
        match self {
            Self::Source(of) => source == of,
            Self::Set(set) => head.holding == Some(set),
            Self::Unknown(of) => source == of && head.holding.is_none(),
        }
    }

    /// The sources that can have such records.
    const fn sources(self) -> Sources {
        match self {
            Self::Source(source) | Self::Unknown(source) => (source, source),
            Self::Set(_) => ALL_SOURCES,
        }
    }
}

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
        extent: Extent,
        mut needles: Option<&mut Needles>,
        now: Timestamp,
    ) -> Result<Erased, Error> {
        self.put_all_away()?;
        let names: BTreeMap<u32, OrgId> = self.sources()?.into_iter().collect();
        let Extent { parts, editions, sources } = extent;
        let mut erased = Erased { editions, ..Erased::default() };
        let mut opt_outs = self.carried_of_persons(now.date())?;
        for part in &parts {
            self.look(*part, &names, &mut needles, &mut opt_outs, &mut erased)?;
        }
        for part in &parts {
            self.change_records(part.sources(), |place, head| {
                if part.has(place.source, head) { Becomes::Gone } else { Becomes::Same }
            })?;
        }
        if let Scope::Agreement(id) = scope {
            self.leave_sets(id.as_str())?;
        }
        for source in &sources {
            let name = names.get(source).ok_or(Error::Damaged("a source"))?;
            self.erase_students(*source, name, &mut needles, &mut erased)?;
            self.forget_counted(*source)?;
            erased.n_batches += self.erase_batches(*source, scope, &parts)?;
            let mut n_kept = 0;
            self.each_block((*source, *source), |block| {
                n_kept += block.heads()?.len() as u64;
                Ok(())
            })?;
            erased.n_kept += n_kept;
            if n_kept == 0 {
                let forget =
                    "UPDATE organization SET latest_delivery = NULL, delivered_ms = NULL WHERE source = ?1";
                self.prepare(forget)?.execute([source])?;
            }
        }
        self.carry_over(&opt_outs)?;
        for edition in &erased.editions {
            self.erase_edition(edition.number, now)?;
        }
        if let Some(needles) = needles {
            self.spare(needles, &sources)?;
        }
        Ok(erased)
    }

    /// Looks once at all records that go: how many of which kind, what not to find again, and who of them has opted out.
    fn look(
        &self,
        part: Part,
        names: &BTreeMap<u32, OrgId>,
        needles: &mut Option<&mut Needles>,
        opt_outs: &mut OptOuts,
        erased: &mut Erased,
    ) -> Result<(), Error> {
        let mut counts: BTreeMap<(u32, u8), u64> = BTreeMap::new();
        let mut persons: Option<HashMap<Subject, StoredPerson>> = None;
        self.each_block(part.sources(), |block| {
            let (source, kind) = (block.source, block.kind);
            for head in block.heads()?.iter().filter(|head| part.has(source, head)) {
                *counts.entry((source, kind)).or_default() += 1;
                if let Some(needles) = needles {
                    needles.add(head.key);
                    head.student.into_iter().for_each(|student| needles.add(student));
                }
            }
            if kind != Kind::OptOut as u8 {
                return Ok(());
            }
            block.each(self.key, |head, fact| {
                let (Some(fact), Some(student), true) = (fact, head.student, part.has(source, head)) else {
                    return Ok(());
                };
                let persons = match &mut persons {
                    Some(persons) => persons,
                    none => none.insert(self.persons()?),
                };
                let subject = Subject { source, student: Token::from_bytes(student) };
                persons.get(&subject).map_or(Ok(()), |person| opt_outs.add(*person, fact))
            })
        })?;
        for ((source, kind), n) in counts {
            let name = names.get(&source).ok_or(Error::Damaged("a source"))?;
            let kind = Kind::ALL.get(usize::from(kind)).ok_or(Error::Damaged("a kind"))?;
            let of = erased.records.entry(name.clone()).or_default();
            *of.entry(kind.code().to_owned()).or_default() += n;
        }
        Ok(())
    }

    /// Takes an agreement out of the sets of records that stay, so that its name decides nothing any more.
    fn leave_sets(&mut self, agreement: &str) -> Result<(), Error> {
        let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
        for (number, ids) in self.holding_sets()? {
            if !ids.iter().any(|id| id == agreement) {
                continue;
            }
            let rest: Vec<String> = ids.into_iter().filter(|id| id != agreement).collect();
            if !rest.is_empty() {
                moved.insert(number, self.holding(&rest.join(","))?);
            }
        }
        if !moved.is_empty() {
            self.change_records(ALL_SOURCES, |_, head| {
                let rest = head.holding.and_then(|set| moved.get(&set));
                rest.map_or(Becomes::Same, |rest| Becomes::HeldUnder(*rest))
            })?;
        }
        self.prepare("DELETE FROM sent_under WHERE agreement = ?1")?.execute([agreement])?;
        Ok(())
    }

    /// Erases what was said of batches: of those of a source, or of an agreement. Of which agreement a batch was that says
    /// none is known as little as of such records, and it goes with these.
    fn erase_batches(&mut self, source: u32, scope: &Scope, parts: &[Part]) -> Result<u64, Error> {
        let n = match scope {
            Scope::Source(_) => {
                self.prepare("DELETE FROM sent_under WHERE source = ?1")?.execute([source])?;
                self.prepare("DELETE FROM batch WHERE source = ?1")?.execute([source])?
            }
            Scope::Agreement(id) => {
                let sql = "DELETE FROM batch WHERE source = ?1 AND
                    (substr(agreement, 1, length(?2) + 1) = ?2 || '@' OR agreement IS NULL AND ?3)";
                let is_unknown_gone = parts.contains(&Part::Unknown(source));
                self.prepare(sql)?.execute(params![source, id.as_str(), is_unknown_gone])?
            }
        };
        Ok(n as u64)
    }

    /// Erases what an edition froze. Its seal stays.
    fn erase_edition(&mut self, number: u32, now: Timestamp) -> Result<(), Error> {
        self.prepare("DELETE FROM edition_column WHERE edition = ?1")?.execute([number])?;
        // It tells about hidden numbers, and nobody can replay it without the counts that are gone.
        self.prepare("DELETE FROM proof WHERE edition = ?1")?.execute([number])?;
        self.prepare("DELETE FROM edition_holding WHERE edition = ?1")?.execute([number])?;
        self.prepare(
            "UPDATE edition SET metadata = '{}', opted_out = 0, destroyed_ms = ?2 WHERE number = ?1",
        )?
        .execute(params![number, now.millis()])?;
        Ok(())
    }

    /// A token that still stands in another row would be found with good reason.
    fn spare(&self, needles: &mut Needles, sources: &[u32]) -> Result<(), Error> {
        for source in sources {
            self.each_block((*source, *source), |block| {
                for head in block.heads()? {
                    needles.remove(&head.key);
                    head.student.iter().for_each(|student| needles.remove(student));
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}
