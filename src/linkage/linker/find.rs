//! Who a subject is, among all that are there.

use super::{Linker, Record};
use crate::linkage::cluster::agree;
use crate::linkage::comparison::compare;
use crate::linkage::features::Features;
use crate::linkage::roster::Reason;
use crate::linkage::set::KEPT_BITS;
use crate::linkage::{PersonId, Subject};
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;

/// At once, a subject joins a person only from this weight on, in bits. A link made in haste keeps the
/// right subject of that source out.
const AT_ONCE_BITS: f32 = 1.5;
/// So many candidates are glanced at before they are compared: their memory is waited for together. Linking a child of one of 40
/// sources to 600,000 others takes 10 µs so, and 15 where each is waited for by itself.
const GLANCED: usize = 16;
/// Among all who arrive, about so many are somebody new.
const NEW: f32 = 0.5;

impl Linker {
    /// The person of whoever the subject is decided to be; otherwise the one with the strongest evidence, if
    /// any has enough. No person that holds somebody it is decided not to be, or one of its own source.
    pub(super) fn find(&self, subject: Subject, features: &Features) -> Option<(PersonId, Reason)> {
        let same = self.verdicts.same_as(subject);
        let others = self.verdicts.others_than(&same);
        let shares = self.frequencies.shares(features);
        let weigh = |other: &Record| {
            let pattern = compare(features, &other.features);
            Reason { weight_bits: self.model.evidence(pattern, &shares).bits(), pattern }
        };
        let mut decided = same.iter().filter(|same| **same != subject).filter_map(|same| self.record(*same));
        if let Some(first) = decided.next() {
            let mut of = std::iter::once(first).chain(decided).map(|same| (same.person, weigh(same)));
            // None is free before links are settled: then it waits alone.
            return of.find(|(person, _)| self.is_free(*person, subject, &others));
        }
        self.likeliest(subject, features, &others, weigh)
    }

    /// Whether a person can be that of a subject that is none of the others.
    fn is_free(&self, person: PersonId, subject: Subject, others: &BTreeSet<Subject>) -> bool {
        let taken =
            |member: &Record| member.subject.source == subject.source || others.contains(&member.subject);
        !self.members(person).any(taken)
    }

    fn members(&self, person: PersonId) -> impl Iterator<Item = &Record> + Clone {
        let members = self.persons.get(&person).map_or(&[][..], Vec::as_slice);
        members.iter().filter_map(|number| self.at(*number))
    }

    /// The person with the strongest evidence, if any has enough: the best comparison makes a link even
    /// though others compete, the mean does not speak against it, and the person is free.
    fn likeliest(
        &self,
        subject: Subject,
        features: &Features,
        others: &BTreeSet<Subject>,
        weigh: impl Fn(&Record) -> Reason,
    ) -> Option<(PersonId, Reason)> {
        // Ordered, so that equal evidence is decided by the oldest person.
        let mut best: BTreeMap<PersonId, Reason> = BTreeMap::new();
        // The person of another child of the source is not free.
        let is_elsewhere = |number: u32| self.sources[number as usize] != subject.source;
        for numbers in self.index.candidates(features, is_elsewhere).chunks(GLANCED) {
            let candidates = numbers.iter().filter_map(|number| self.at(*number));
            black_box(candidates.clone().fold(0, |all, candidate| all ^ candidate.features.glance()));
            for candidate in candidates {
                let reason = weigh(candidate);
                if reason.weight_bits >= KEPT_BITS {
                    let best = best.entry(candidate.person).or_insert(reason);
                    if reason.weight_bits > best.weight_bits {
                        *best = reason;
                    }
                }
            }
        }
        best.retain(|person, _| {
            let members = self.members(*person);
            self.is_free(*person, subject, others)
                && agree(members.clone().count(), members.map(|member| weigh(member).weight_bits))
        });
        let odds = |reason: &Reason| reason.weight_bits.min(60.0).exp2();
        let all: f32 = best.values().map(odds).sum();
        let strongest =
            best.into_iter().reduce(|most, other| match other.1.weight_bits > most.1.weight_bits {
                true => other,
                false => most,
            });
        strongest.filter(|(_, reason)| {
            let against = NEW + (all - odds(reason)).max(0.0);
            reason.weight_bits - against.log2() >= AT_ONCE_BITS
        })
    }
}
