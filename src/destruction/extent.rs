//! Which records a destruction is about, and which editions hold some of them.
//!
//! On an agreement's date those records go that are held under no other agreement whose own date is still to come. An
//! edition mixes what all sources say of a person, so one that holds any of it goes as a whole; one that holds of these
//! sources only what another agreement lets it hold stays.

use crate::agreements::{Agreement, Scope, State};
use crate::calendar::{Date, Timestamp};
use crate::records::{Code, OrgId};
use crate::store::{self, ErasedEdition, Extent, FrozenEdition, Part, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// What a destruction takes on a day.
pub(super) fn extent(snapshot: &Snapshot<'_>, scope: &Scope, today: Date) -> Result<Extent, store::Error> {
    match scope {
        Scope::Source(id) => of_source(snapshot, id),
        Scope::Agreement(id) => of_agreement(snapshot, id, today),
    }
}

fn of_source(snapshot: &Snapshot<'_>, source: &OrgId) -> Result<Extent, store::Error> {
    let Some(number) = snapshot.source(source)? else { return Ok(Extent::default()) };
    let with = snapshot.frozen_editions()?.into_iter().filter(|edition| edition.sources.contains(source));
    Ok(Extent {
        parts: vec![Part::Source(number)],
        editions: with.map(erased).collect(),
        sources: vec![number],
    })
}

/// What of an agreement decides: its sets, and what of its sources is of no set.
struct Ended<'a> {
    id: &'a str,
    /// Other agreements, whose own date is still to come.
    lasting: BTreeSet<&'a str>,
}

impl Ended<'_> {
    fn takes(&self, under: &[String]) -> bool {
        let is_of = |id: &str| under.iter().any(|of| of == id);
        is_of(self.id) && !self.lasting.iter().any(|id| is_of(id))
    }
}

fn of_agreement(snapshot: &Snapshot<'_>, id: &Code, today: Date) -> Result<Extent, store::Error> {
    let agreements: Vec<Agreement> = snapshot.agreements()?.into_iter().map(|(of, _)| of).collect();
    let lasts = |other: &&Agreement| other.id != id.as_str() && other.state(today) != State::Destroyed;
    let lasting = agreements.iter().filter(lasts).map(|of| of.id.as_str()).collect();
    let ended = Ended { id: id.as_str(), lasting };
    let sets = snapshot.holding_sets()?;
    let sets: BTreeSet<i64> =
        sets.iter().filter(|(_, under)| ended.takes(under)).map(|(set, _)| *set).collect();
    let (mut unknown, mut sources) = (BTreeSet::new(), BTreeMap::new());
    for (number, name) in snapshot.sources()? {
        let mut under = snapshot.sent_under(number)?;
        if under.is_empty() {
            // It sent before that was noted: under any agreement that names it.
            let naming = agreements.iter().filter(|of| of.sources.contains(&name));
            under = naming.map(|of| (of.id.clone(), Timestamp::from_millis(0))).collect();
        }
        let Some(&(_, since)) = under.iter().find(|(of, _)| of == id.as_str()) else { continue };
        sources.insert(number, (name, since));
        // Nobody knows which of its agreements such a record came under: it stays until the last of them is over.
        if ended.takes(&under.into_iter().map(|(of, _)| of).collect::<Vec<_>>()) {
            unknown.insert(number);
        }
    }
    let holds = |edition: &FrozenEdition| match edition.held.is_empty() {
        false => edition.held.iter().any(|(source, set)| match set {
            Some(set) => sets.contains(set),
            None => unknown.contains(source),
        }),
        // Nobody knows what it holds: of these sources anything since they have sent under the agreement.
        true => {
            sources.values().any(|(name, since)| edition.sources.contains(name) && edition.frozen >= *since)
        }
    };
    Ok(Extent {
        editions: snapshot.frozen_editions()?.into_iter().filter(holds).map(erased).collect(),
        parts: sets.into_iter().map(Part::Set).chain(unknown.into_iter().map(Part::Unknown)).collect(),
        sources: sources.into_keys().collect(),
    })
}

fn erased(edition: FrozenEdition) -> ErasedEdition {
    ErasedEdition { number: edition.number, frozen: edition.frozen.date(), sources: edition.sources }
}

#[cfg(test)]
mod tests;
