//! The first stage: linked records become the columns of an edition.

use super::gathered::{Gathered, OfPerson, Part};
use super::handed_on::HandedOn;
use super::whose::Whose;
use super::{Error, counted, opted_out};
use crate::audit::Call;
use crate::calendar::Date;
use crate::identity::Token;
use crate::outcomes::{Edition, EditionBuilder, SourceId, SourcedFact};
use crate::parallel;
use crate::records::{Fact, Kind, OrgId};
use crate::store::{self, Held, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// An edition, and what is told beside it.
pub(super) struct Frozen {
    pub(super) edition: Edition,
    pub(super) sources: BTreeSet<OrgId>,
    /// Under what the records that were read are held.
    pub(super) held: Vec<Held>,
    /// The students whose records it counts, as far as their own sources say, by source and token.
    pub(super) counts: Vec<(u32, Token)>,
    pub(super) n_waiting: u64,
    pub(super) n_without_consent: u64,
}

/// Gathers the facts of each person from all sources and folds them into an edition.
pub(super) fn freeze(snapshot: &Snapshot<'_>, call: &Call) -> Result<Frozen, Error> {
    let names: BTreeMap<u32, OrgId> = snapshot.sources()?.into_iter().collect();
    let frozen_on = call.time.date();
    let mut builder = EditionBuilder::new(frozen_on, names.values().cloned())?;
    let numbers: BTreeMap<u32, SourceId> =
        names.iter().filter_map(|(&number, id)| Some((number, builder.source(id)?))).collect();
    let subjects = snapshot.subjects()?;
    let mut facts = Gathered::new(subjects.iter().map(|row| row.person).collect())?;
    let persons = subjects.into_iter();
    let persons = persons.filter_map(|row| Some((row.source, row.student, facts.position(row.person)?)));
    let persons = Whose::new(persons);
    let (held, n_waiting) = read(snapshot, &numbers, &persons, &mut builder, &mut facts)?;
    facts.sort();
    let without = keep_consented(&mut facts, &opt_in(snapshot)?, &names, frozen_on)?;
    let n_without_consent = without.iter().map(|(person, _)| person).collect::<BTreeSet<_>>().len() as u64;
    let counts = counted::students(&persons, &facts, without, frozen_on)?;
    opted_out::add(snapshot, &persons, &mut facts, frozen_on)?;
    drop(persons);
    let takes_part = |of: &OfPerson<'_>| of.has(Kind::Participation) || of.has(Kind::Dosage);
    for of in facts.of_persons().filter(takes_part) {
        builder.note_services(&sourced(&of.facts()?, &numbers));
    }
    add_persons(facts, &numbers, &mut builder)?;
    let sources = held.iter().map(|(source, _)| names[source].clone()).collect();
    let held = held.into_iter().collect();
    Ok(Frozen { edition: builder.finish()?, sources, held, counts, n_waiting, n_without_consent })
}

/// Adds what stands: of places to the builder, and of persons to the facts. Under what it is held, and how many records wait
/// for their student.
fn read(
    snapshot: &Snapshot<'_>,
    numbers: &BTreeMap<u32, SourceId>,
    persons: &Whose,
    builder: &mut EditionBuilder,
    facts: &mut Gathered,
) -> Result<(BTreeSet<Held>, u64), store::Error> {
    let (mut held, mut n_waiting, mut added) = (BTreeSet::new(), 0, Ok(()));
    let mut found: Vec<(u32, u32)> = Vec::new();
    let add = |handed_on: HandedOn| {
        // Persons are looked up one right after the other, and facts are added in the persons' order: one by one, each record
        // would wait for memory several times.
        found.clear();
        for (at, (source, student)) in (0..).zip(handed_on.students()) {
            match persons.find(source, student) {
                Some(person) => found.push((person, at)),
                None => n_waiting += 1,
            }
        }
        found.sort_unstable();
        if added.is_ok() {
            added = found.iter().try_for_each(|(person, at)| {
                let (source, kind, fact) = handed_on.record(*at as usize);
                facts.add(*person, source, kind, fact)
            });
        }
    };
    let hand_on = |hand_on: &mut dyn FnMut(HandedOn)| {
        let mut of_students = HandedOn::new();
        snapshot.each_unread(|record| {
            let source = *numbers.get(&record.source).ok_or(store::Error::Damaged("a source"))?;
            held.insert((record.source, record.holding));
            match (record.kind, record.student) {
                (Kind::School | Kind::Program | Kind::SchoolDay, _) => match record.fact()? {
                    Fact::School(school) => builder.add_school(source, &school),
                    Fact::Program(program) => builder.add_program(&program),
                    Fact::SchoolDay(day) => builder.add_school_day(source, &day),
                    _ => return Err(store::Error::Damaged("a record")),
                },
                (kind, Some(student)) => {
                    of_students.add(record.source, student, kind, record.bytes);
                    if of_students.is_full() {
                        hand_on(std::mem::replace(&mut of_students, HandedOn::new()));
                    }
                }
                (_, None) => return Err(store::Error::Damaged("a record without its student")),
            }
            Ok(())
        })?;
        hand_on(of_students);
        Ok::<(), store::Error>(())
    };
    parallel::behind(hand_on, add)?;
    added.map(|()| (held, n_waiting))
}

/// Folds what is said of each person, and lets it go. What is stored is read a little ahead, which takes as long.
fn add_persons(
    facts: Gathered,
    numbers: &BTreeMap<u32, SourceId>,
    builder: &mut EditionBuilder,
) -> Result<(), store::Error> {
    let read = |part: Part| {
        let read = part.of_persons().map(|of| Ok((of.number(), of.facts()?)));
        read.collect::<Result<Vec<_>, store::Error>>()
    };
    let mut added = Ok(());
    parallel::ahead(facts.into_parts(), read, |read| match read {
        Ok(read) => {
            read.iter().for_each(|(number, facts)| builder.add_person(*number, &sourced(facts, numbers)))
        }
        Err(error) => added = Err(error),
    });
    added
}

fn sourced<'f>(facts: &'f [(u32, Fact)], numbers: &BTreeMap<u32, SourceId>) -> Vec<SourcedFact<'f>> {
    facts.iter().map(|(source, fact)| SourcedFact { source: numbers[source], fact }).collect()
}

/// Sources whose records count with consent alone, under any agreement, whether or not it is in force: consent that was
/// needed once is needed as long as the records are here.
fn opt_in(snapshot: &Snapshot<'_>) -> Result<BTreeSet<OrgId>, store::Error> {
    Ok(snapshot.agreements()?.into_iter().flat_map(|(agreement, _)| agreement.terms.opt_in).collect())
}

/// Drops what such sources say of persons whose consent they do not have, and gives back of whom which source's. That somebody
/// has opted out holds without it: dropped too, what others say of the child would be counted.
fn keep_consented(
    facts: &mut Gathered,
    opt_in: &BTreeSet<OrgId>,
    names: &BTreeMap<u32, OrgId>,
    frozen_on: Date,
) -> Result<BTreeSet<(u32, u32)>, store::Error> {
    let is_opt_in = |source: u32| names.get(&source).is_some_and(|name| opt_in.contains(name));
    let mut consents = BTreeSet::new();
    for fact in facts.of_kind(Kind::Consent) {
        if let (person, source, Fact::Consent(consent)) = fact?
            && consent.holds(frozen_on)
        {
            consents.insert((person, source));
        }
    }
    let mut without = BTreeSet::new();
    facts.retain(Kind::OptOut, |person, source| {
        let is_kept = !is_opt_in(source) || consents.contains(&(person, source));
        if !is_kept {
            without.insert((person, source));
        }
        is_kept
    });
    Ok(without)
}
