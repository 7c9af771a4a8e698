//! Persons who stay opted out although what said so is destroyed.

use super::Error;
use super::gathered::Gathered;
use super::whose::Whose;
use crate::calendar::Date;
use crate::records::{Fact, Kind, OptOut};
use crate::store::{CarriedOptOut, Snapshot};

/// Adds to facts, which are sorted, that such persons have opted out. Those of whom nothing is said are passed over: there is
/// nothing to leave out.
pub(super) fn add(
    snapshot: &Snapshot<'_>,
    persons: &Whose,
    facts: &mut Gathered,
    frozen_on: Date,
) -> Result<(), Error> {
    let mut added = Vec::new();
    for CarriedOptOut { source, student, until } in snapshot.carried_opt_outs()? {
        if let Some(person) = persons.find(source, student)
            && let Some(source) = facts.first_source(person)
        {
            added.push((person, source, Fact::OptOut(OptOut { from: frozen_on, until })));
        }
    }
    if !added.is_empty() {
        for (person, source, fact) in added {
            facts.add(person, source, Kind::OptOut, &fact.to_stored())?;
        }
        facts.sort();
    }
    Ok(())
}
