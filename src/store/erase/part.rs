//! Which records a destruction is about, and which editions hold some of them.
//!
//! On an agreement's date those records go that are held under no other agreement whose own date is still to come. An
//! edition mixes what all sources say of a person, so one that holds any of it goes as a whole.

use super::ErasedEdition;
use crate::agreements::{Agreement, State};
use crate::calendar::{Date, Timestamp};
use crate::records::OrgId;
use crate::store::{Error, Snapshot, organizations::org};
use std::collections::{BTreeMap, BTreeSet};

/// Which records a statement is about: all of a source, those of a set, those of a source that are of no set.
pub(super) enum Part {
    Source(u32),
    Set(i64),
    Unknown(u32),
}

impl Part {
    pub(super) const fn condition(&self) -> &'static str {
        match self {
            Self::Source(_) => "source = ?1",
            Self::Set(_) => "holding = ?1",
            Self::Unknown(_) => "source = ?1 AND holding IS NULL",
        }
    }

    pub(super) fn value(&self) -> i64 {
        match self {
            Self::Source(source) | Self::Unknown(source) => (*source).into(),
            Self::Set(set) => *set,
        }
    }
}

/// What was received from somebody or under something.
#[derive(Default)]
pub(super) struct Received {
    /// The records of it that go.
    pub(super) parts: Vec<Part>,
    /// The editions that hold some of it.
    pub(super) editions: Vec<ErasedEdition>,
    /// The sources it came from.
    pub(super) sources: Vec<u32>,
}

impl Snapshot<'_> {
    /// All that a source has sent.
    pub(super) fn received_from(&self, source: &OrgId) -> Result<Received, Error> {
        let Some(number) = self.source(source)? else { return Ok(Received::default()) };
        let editions = self.editions_with(&[(source.clone(), 0)])?;
        Ok(Received { parts: vec![Part::Source(number)], editions, sources: vec![number] })
    }

    /// What was received under an agreement.
    pub(super) fn received_under(
        &self,
        agreement: &str,
        names: &BTreeMap<u32, OrgId>,
        today: Date,
    ) -> Result<Received, Error> {
        let agreements: Vec<Agreement> = self.agreements()?.into_iter().map(|(of, _)| of).collect();
        let lasts = |other: &&Agreement| other.id != agreement && other.state(today) != State::Destroyed;
        let lasting: BTreeSet<&str> = agreements.iter().filter(lasts).map(|of| of.id.as_str()).collect();
        let mut parts = Vec::new();
        for (set, ids) in self.holding_sets()? {
            let ids: Vec<&str> = ids.split(',').collect();
            if ids.contains(&agreement) && !ids.iter().any(|id| lasting.contains(id)) {
                parts.push(Part::Set(set));
            }
        }
        let mut sources = Vec::new();
        for (&number, name) in names {
            let mut under = self.sent_under(number)?;
            if under.is_empty() {
                // It sent before that was noted: under any agreement that names it.
                let naming = agreements.iter().filter(|of| of.sources.contains(name));
                under = naming.map(|of| (of.id.clone(), 0)).collect();
            }
            let Some((_, since)) = under.iter().find(|(id, _)| id == agreement) else { continue };
            sources.push((number, name.clone(), *since));
            // Nobody knows which of its agreements such a record came under: it stays until the last of them is over.
            if !under.iter().any(|(other, _)| lasting.contains(other.as_str())) {
                parts.push(Part::Unknown(number));
            }
        }
        let of: Vec<(OrgId, i64)> = sources.iter().map(|(_, name, since)| (name.clone(), *since)).collect();
        let sources = sources.into_iter().map(|(number, _, _)| number).collect();
        Ok(Received { parts, editions: self.editions_with(&of)?, sources })
    }

    /// The sets of agreements that records are held under: numbers and ids, comma separated.
    pub(super) fn holding_sets(&self) -> Result<Vec<(i64, String)>, Error> {
        let mut sets = self.prepare("SELECT number, agreements FROM holding ORDER BY number")?;
        let sets = sets.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(sets.collect::<Result<_, _>>()?)
    }

    /// The agreements that a source has sent under, and since when.
    fn sent_under(&self, source: u32) -> Result<Vec<(String, i64)>, Error> {
        let mut under = self.prepare("SELECT agreement, first_ms FROM sent_under WHERE source = ?1")?;
        let under = under.query_map([source], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(under.collect::<Result<_, _>>()?)
    }
    /// The editions that hold records of one of these sources and were frozen since a time, and are not destroyed.
    fn editions_with(&self, of: &[(OrgId, i64)]) -> Result<Vec<ErasedEdition>, Error> {
        let sql = "SELECT number, frozen_ms, sources FROM edition WHERE destroyed_ms IS NULL ORDER BY number";
        let mut statement = self.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (number, frozen, sources) = row?;
            let sources = sources.split(',').filter(|id| !id.is_empty()).map(org);
            let sources: Vec<OrgId> = sources.collect::<Result<_, _>>()?;
            if of.iter().any(|(source, since)| sources.contains(source) && frozen >= *since) {
                let frozen = Timestamp::from_millis(frozen).date();
                found.push(ErasedEdition { number, frozen, sources });
            }
        }
        Ok(found)
    }
}
