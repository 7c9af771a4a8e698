//! Linking one subject at a time.

mod find;

use super::comparison::{LevelPattern, compare};
use super::features::Features;
use super::frequency::Frequencies;
use super::index::Index;
use super::model::Model;
use super::roster::Reason;
use super::verdict::Verdicts;
use super::{Link, PersonId, Subject};
use crate::chunked::Chunked;
use crate::identity::Encoding;
use std::collections::HashMap;
use std::num::NonZeroU32;

/// All subjects in memory with what is compared of their encodings, and their persons; about a kilobyte for each.
///
/// One source holds a child once: two subjects of one source are never one person.
#[derive(Debug, Default)]
pub struct Linker {
    model: Model,
    frequencies: Frequencies,
    index: Index,
    records: Chunked<Option<Record>>,
    /// The source of each record, where many are looked at.
    sources: Chunked<u32>,
    free: Vec<u32>,
    numbers: HashMap<Subject, u32>,
    /// Subjects that nobody can be compared with.
    held: HashMap<Subject, Held>,
    persons: HashMap<PersonId, Vec<u32>>,
    last_person: u64,
    pub(super) verdicts: Verdicts,
    /// Whether everybody is who a full relink says, as nothing has come, gone or been decided since the last one.
    pub(super) is_settled: bool,
}

/// The first half of the SHA-256 of an encoding: enough to tell whether another is the same.
type Digest = [u8; 16];

fn digest(encoding: &Encoding) -> Digest {
    let whole = ring::digest::digest(&ring::digest::SHA256, encoding.as_bytes());
    whole.as_ref()[..16].try_into().expect("SHA-256 has 32 bytes")
}

#[derive(Debug)]
struct Record {
    subject: Subject,
    encoding: Digest,
    features: Features,
    person: PersonId,
    /// What decided; unknown for a restored record.
    decided: Option<Reason>,
    kept_at: Option<NonZeroU32>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    person: PersonId,
    kept_at: Option<NonZeroU32>,
}

impl Linker {
    /// A linker that knows nobody.
    #[must_use]
    pub fn new(model: Model) -> Self {
        Self { model, ..Self::default() }
    }

    /// Takes back a decision made before, as it was. A subject that is there already is replaced.
    ///
    /// New persons are numbered above every number seen.
    pub fn restore(&mut self, subject: Subject, encoding: &Encoding, person: PersonId) {
        let kept_at = self.take(subject).and_then(|record| record.kept_at);
        let (encoding, features) = (digest(encoding), Features::new(encoding));
        self.put(Record { subject, encoding, features, person, decided: None, kept_at });
    }

    /// Keeps the person of a subject whose encoding can not be compared with others, until it comes with another one.
    pub fn hold(&mut self, subject: Subject, person: PersonId) {
        self.held.insert(subject, Held { person, kept_at: None });
        self.last_person = self.last_person.max(person.0);
    }

    /// Notes the number under which the caller keeps a subject that is there.
    pub fn keep_at(&mut self, subject: &Subject, number: NonZeroU32) {
        let record = self.numbers.get(subject).map(|at| &mut self.records[*at as usize]);
        if let Some(record) = record.and_then(Option::as_mut) {
            record.kept_at = Some(number);
        } else if let Some(held) = self.held.get_mut(subject) {
            held.kept_at = Some(number);
        }
    }

    /// That number, whatever was decided about the subject meanwhile.
    #[must_use]
    pub fn kept_at(&self, subject: &Subject) -> Option<NonZeroU32> {
        match self.record(*subject) {
            Some(record) => record.kept_at,
            None => self.held.get(subject)?.kept_at,
        }
    }

    pub(super) fn n_held(&self) -> usize {
        self.held.len()
    }

    /// Decides who a subject is, among all that are there.
    ///
    /// A known subject with the same encoding keeps its link. With another encoding it is decided
    /// again; when it was alone and remains so, it keeps its person.
    pub fn link(&mut self, subject: Subject, encoding: &Encoding) -> Link {
        let digest = digest(encoding);
        if let Some(record) = self.record(subject).filter(|record| record.encoding == digest) {
            return self.known(record);
        }
        let before = self.take(subject).map(|Record { person, kept_at, .. }| Held { person, kept_at });
        let before = before.or(self.held.remove(&subject));
        let features = Features::new(encoding);
        let (person, decided) = match self.find(subject, &features) {
            Some(decision) => decision,
            None => {
                let vacated = before.map(|before| before.person);
                let own = vacated.filter(|person| !self.persons.contains_key(person));
                (own.unwrap_or(PersonId(self.last_person + 1)), ALONE)
            }
        };
        let kept_at = before.and_then(|before| before.kept_at);
        let record = Record { subject, encoding: digest, features, person, decided: Some(decided), kept_at };
        let link = self.known(&record);
        self.put(record);
        link
    }

    /// Whether it is the encoding that a subject was last linked by.
    #[must_use]
    pub fn is_linked_by(&self, subject: &Subject, encoding: &Encoding) -> bool {
        self.record(*subject).is_some_and(|record| record.encoding == digest(encoding))
    }

    pub(super) fn person(&self, subject: &Subject) -> Option<PersonId> {
        self.record(*subject).map(|record| record.person)
    }

    pub(super) const fn last_person(&self) -> u64 {
        self.last_person
    }

    /// Gives a known subject another person, and what decided.
    pub(super) fn move_to(&mut self, link: &Link) {
        let decided = Reason { weight_bits: link.weight_bits, pattern: link.pattern };
        if let Some(record) = self.take(link.subject) {
            self.put(Record { person: link.person, decided: Some(decided), ..record });
        }
    }

    /// All that are there, by subject.
    pub(super) fn by_subject(&self) -> Vec<(Subject, &Features)> {
        let records = self.records.iter().flatten().map(|record| (record.subject, &record.features));
        let mut records: Vec<_> = records.collect();
        records.sort_unstable_by_key(|(subject, _)| *subject);
        records
    }

    /// Forgets a subject, but not what was decided about it. Its number of person is not used again while this
    /// linker lives.
    pub fn remove(&mut self, subject: Subject) {
        self.held.remove(&subject);
        self.take(subject);
    }

    /// The link of a record: what decided, or for a restored one its strongest comparison now.
    fn known(&self, record: &Record) -> Link {
        let reason = record.decided.unwrap_or_else(|| {
            let shares = self.frequencies.shares(&record.features);
            let others = self.persons.get(&record.person).into_iter().flatten();
            let others = others.filter_map(|number| self.at(*number));
            let reason = others.filter(|other| other.subject != record.subject).map(|other| {
                let pattern = compare(&record.features, &other.features);
                Reason { weight_bits: self.model.evidence(pattern, &shares).bits(), pattern }
            });
            reason.max_by(|a, b| a.weight_bits.total_cmp(&b.weight_bits)).unwrap_or(ALONE)
        });
        Self::link_of(record.subject, record.person, reason, self.model.version)
    }

    pub(super) const fn link_of(subject: Subject, person: PersonId, reason: Reason, model: u16) -> Link {
        let Reason { weight_bits, pattern } = reason;
        Link { subject, person, weight_bits, pattern, model }
    }

    fn record(&self, subject: Subject) -> Option<&Record> {
        self.at(*self.numbers.get(&subject)?)
    }

    fn at(&self, number: u32) -> Option<&Record> {
        self.records.get(number as usize)?.as_ref()
    }

    fn put(&mut self, record: Record) {
        self.is_settled = false;
        let number = self.free.pop().unwrap_or_else(|| {
            self.sources.push(record.subject.source);
            u32::try_from(self.records.push(None)).expect("fewer than four thousand million records")
        });
        self.sources[number as usize] = record.subject.source;
        self.index.insert(number, &record.features);
        self.frequencies.add(&record.features);
        self.numbers.insert(record.subject, number);
        self.model.set_size(self.numbers.len() as u32);
        self.persons.entry(record.person).or_default().push(number);
        self.last_person = self.last_person.max(record.person.0);
        self.records[number as usize] = Some(record);
    }

    fn take(&mut self, subject: Subject) -> Option<Record> {
        let number = self.numbers.remove(&subject)?;
        self.is_settled = false;
        let record = self.records[number as usize].take()?;
        self.index.remove(number, &record.features);
        self.frequencies.remove(&record.features);
        self.model.set_size(self.numbers.len() as u32);
        if let Some(members) = self.persons.get_mut(&record.person) {
            members.retain(|member| *member != number);
            if members.is_empty() {
                self.persons.remove(&record.person);
            }
        }
        self.free.push(number);
        Some(record)
    }
}

/// A person of its own has been compared with nobody that counts.
pub(super) const ALONE: Reason = Reason { weight_bits: 0.0, pattern: LevelPattern([0; 8]) };
