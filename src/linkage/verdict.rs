//! What people have decided about pairs of subjects. It stands above every weight.
//!
//! "Same" is taken further: who is the same as one is the same as all of them, also where one in between is
//! not there any more. Decisions can therefore contradict each other; one that would is refused, so that
//! those that stand hold together in any order.

use super::{Linker, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// A decision about two subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are one person.
    Same,
    /// They are two people.
    Different,
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
        }
    }
}

/// Two subjects, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubjectPair {
    one: Subject,
    other: Subject,
}

impl SubjectPair {
    /// The pair of two subjects, whichever is named first.
    #[must_use]
    pub fn new(a: Subject, b: Subject) -> Self {
        Self { one: a.min(b), other: a.max(b) }
    }

    /// The two, the smaller first.
    #[must_use]
    pub const fn subjects(&self) -> [Subject; 2] {
        [self.one, self.other]
    }
}

/// A decision does not fit what is decided already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// The two, or others decided to be the same as these, are decided to be different.
    #[error("by other decisions they are two people; change one of those first")]
    AreDifferent,
    /// The two are the same by way of others.
    #[error("by other decisions they are one person; change one of those first")]
    AreSame,
    /// One source would have the person twice.
    #[error("one source would hold this person twice, and a source holds a person once")]
    OneSource,
}

/// The decisions that stand.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    of: BTreeMap<SubjectPair, Verdict>,
    /// With whom each subject is decided to be the same, or different.
    same: BTreeMap<Subject, BTreeSet<Subject>>,
    different: BTreeMap<Subject, BTreeSet<Subject>>,
}

impl Verdicts {
    /// Whether a decision fits those that stand on other pairs.
    pub(super) fn allow(&self, pair: SubjectPair, verdict: Verdict) -> Result<(), Contradiction> {
        let [one, other] = pair.subjects();
        // What was decided about this pair before is replaced.
        let known = |a, b| SubjectPair::new(a, b) == pair;
        let (ones, others) = (self.same_as_unless(one, known), self.same_as_unless(other, known));
        if verdict == Verdict::Different {
            return if ones.contains(&other) { Err(Contradiction::AreSame) } else { Ok(()) };
        }
        if ones.iter().any(|a| self.different_from(*a).any(|b| others.contains(b) && !known(*a, *b))) {
            return Err(Contradiction::AreDifferent);
        }
        let mut sources = BTreeSet::new();
        match one.source != other.source && ones.union(&others).all(|subject| sources.insert(subject.source))
        {
            true => Ok(()),
            false => Err(Contradiction::OneSource),
        }
    }

    pub(super) fn decide(&mut self, pair: SubjectPair, verdict: Verdict) -> Result<(), Contradiction> {
        self.allow(pair, verdict)?;
        let [one, other] = pair.subjects();
        let (into, from) = match verdict {
            Verdict::Same => (&mut self.same, &mut self.different),
            Verdict::Different => (&mut self.different, &mut self.same),
        };
        for (a, b) in [(one, other), (other, one)] {
            into.entry(a).or_default().insert(b);
            if let Some(before) = from.get_mut(&a) {
                before.remove(&b);
            }
        }
        self.of.insert(pair, verdict);
        Ok(())
    }

    /// Takes a decision back; whether there was one. Decisions that hold together do so without it.
    pub(super) fn withdraw(&mut self, pair: SubjectPair) -> bool {
        let [one, other] = pair.subjects();
        for (a, b) in [(one, other), (other, one)] {
            for of in [&mut self.same, &mut self.different] {
                if let Some(others) = of.get_mut(&a) {
                    others.remove(&b);
                }
            }
        }
        self.of.remove(&pair).is_some()
    }

    /// Who is decided to be the same person as this one, who is among them.
    pub(super) fn same_as(&self, subject: Subject) -> BTreeSet<Subject> {
        self.same_as_unless(subject, |_, _| false)
    }

    fn same_as_unless(
        &self,
        subject: Subject,
        forgotten: impl Fn(Subject, Subject) -> bool,
    ) -> BTreeSet<Subject> {
        let (mut found, mut next) = (BTreeSet::from([subject]), vec![subject]);
        while let Some(subject) = next.pop() {
            for same in self.same.get(&subject).into_iter().flatten() {
                if !forgotten(subject, *same) && found.insert(*same) {
                    next.push(*same);
                }
            }
        }
        found
    }

    /// With whom a subject itself is decided to be different.
    pub(super) fn different_from(&self, subject: Subject) -> impl Iterator<Item = &Subject> {
        self.different.get(&subject).into_iter().flatten()
    }

    /// Everybody who is decided to be somebody else than any of these.
    pub(super) fn others_than(&self, subjects: &BTreeSet<Subject>) -> BTreeSet<Subject> {
        let others = subjects.iter().flat_map(|subject| self.different_from(*subject));
        others.flat_map(|other| self.same_as(*other)).collect()
    }

    /// All subjects that anything is decided about.
    pub(super) fn subjects(&self) -> BTreeSet<Subject> {
        self.of.keys().flat_map(SubjectPair::subjects).collect()
    }
}

impl Linker {
    /// Whether a decision fits the others that stand, those of the same pair apart.
    ///
    /// # Errors
    ///
    /// [`Contradiction`] when it does not.
    pub fn allows(&self, pair: SubjectPair, verdict: Verdict) -> Result<(), Contradiction> {
        self.verdicts.allow(pair, verdict)
    }

    /// Takes a decision about two subjects, instead of an earlier one about the same two. It stands above
    /// every weight, whatever encodings they come with later, and moves nobody before the next
    /// [`Linker::settle`]; who is linked until then is linked in accordance with it.
    ///
    /// # Errors
    ///
    /// [`Contradiction`] when it does not fit the others that stand; then nothing is changed.
    pub fn decide(&mut self, pair: SubjectPair, verdict: Verdict) -> Result<(), Contradiction> {
        self.is_settled = false;
        self.verdicts.decide(pair, verdict)
    }

    /// Takes a decision about two subjects back, and says whether there was one. What follows from others about
    /// the two still stands; otherwise weights decide again, from the next [`Linker::settle`] on.
    pub fn withdraw(&mut self, pair: SubjectPair) -> bool {
        self.is_settled = false;
        self.verdicts.withdraw(pair)
    }
}
