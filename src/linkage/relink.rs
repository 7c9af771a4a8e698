//! Linking everything a linker knows anew.

use super::decided::Decided;
use super::linker::ALONE;
use super::roster::{Linked, Roster};
use super::{Link, Linker, PersonId, Subject};
use std::collections::BTreeMap;

impl Linker {
    /// Decides everything anew, with a model learned from all that is there.
    ///
    /// The result depends on the subjects, their encodings and what was decided about them, and on nothing
    /// else. It is ordered by subject, and persons are numbered from 1 by their first subject, whatever they
    /// were before.
    #[must_use]
    pub fn relink(&self) -> Vec<Link> {
        let (subjects, linked) = self.relinked();
        let link = |(at, subject): (usize, &Subject)| {
            let reason = linked.reasons[at].unwrap_or(ALONE);
            let person = PersonId(u64::from(linked.persons[at]) + 1);
            Self::link_of(*subject, person, reason, linked.model.version)
        };
        subjects.iter().enumerate().map(link).collect()
    }

    /// The same with all that goes with it, and the subject of each place.
    pub(super) fn relinked(&self) -> (Vec<Subject>, Linked) {
        let records = self.by_subject();
        let mut roster = Roster::with_capacity(records.len());
        let mut source = 0;
        for (at, (subject, features)) in records.iter().enumerate() {
            let new = at > 0 && records[at - 1].0.source != subject.source;
            source += u32::from(new);
            if at == 0 || new {
                roster.holds_once(source);
            }
            roster.push_features(source, (*features).clone());
        }
        let subjects: Vec<Subject> = records.into_iter().map(|(subject, _)| subject).collect();
        roster.decided(self.decided(&subjects));
        (subjects, roster.link(|_| ()))
    }

    /// The decisions about those that are there, by their places.
    fn decided(&self, subjects: &[Subject]) -> Decided {
        let verdicts = &self.verdicts;
        // Decided persons are named by their first subject, whether or not it is there.
        let mut persons: BTreeMap<Subject, u32> = BTreeMap::new();
        let mut records: Vec<Vec<u32>> = Vec::new();
        let mut name = |subject: Subject| {
            let of = verdicts.same_as(subject);
            let first = of.first().copied().unwrap_or(subject);
            *persons.entry(first).or_insert_with(|| {
                let places = of.iter().filter_map(|subject| subjects.binary_search(subject).ok());
                records.push(places.map(|place| place as u32).collect());
                records.len() as u32 - 1
            })
        };
        let mut different = Vec::new();
        for subject in verdicts.subjects() {
            let person = name(subject);
            different.extend(verdicts.different_from(subject).map(|other| (person, name(*other))));
        }
        Decided::new(records, &different)
    }
}
