//! Persons who stay opted out although what said so is destroyed.

use crate::calendar::Date;
use crate::identity::Token;
use crate::records::{Fact, OptOut};
use crate::store::{self, CarriedOptOut, Snapshot, StoredPerson};
use std::collections::HashMap;

/// Adds to facts, which are sorted by person, that such persons have opted out. Those of whom nothing is said are passed
/// over: there is nothing to leave out.
pub(super) fn add(
    snapshot: &Snapshot<'_>,
    persons: &HashMap<(u32, Token), StoredPerson>,
    facts: &mut Vec<(StoredPerson, u32, Fact)>,
    frozen_on: Date,
) -> Result<(), store::Error> {
    let mut added = Vec::new();
    for CarriedOptOut { source, student, until } in snapshot.carried_opt_outs()? {
        let Some(&person) = persons.get(&(source, student)) else { continue };
        let at = facts.partition_point(|(of, _, _)| *of < person);
        if let Some(&(of, source, _)) = facts.get(at).filter(|(of, _, _)| *of == person) {
            added.push((of, source, Fact::OptOut(OptOut { from: frozen_on, until })));
        }
    }
    if !added.is_empty() {
        facts.append(&mut added);
        facts.sort_by_key(|(person, source, fact)| (*person, *source, fact.kind() as u8));
    }
    Ok(())
}
