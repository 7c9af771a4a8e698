//! Linking one subject at a time.

use super::index::Index;
use super::weight::{Scale, Weighed};
use super::{LevelPattern, Link, Parameters, PersonId, Subject};
use crate::identity::Encoding;
use std::collections::{BTreeMap, HashMap};

/// All subjects with their encodings and persons, in memory; about a kilobyte for each.
#[derive(Debug, Default)]
pub struct Linker {
    pub(super) parameters: Parameters,
    pub(super) scale: Scale,
    index: Index,
    records: Vec<Option<Record>>,
    free: Vec<u32>,
    numbers: HashMap<Subject, u32>,
    persons: HashMap<PersonId, Vec<u32>>,
    last_person: u64,
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) subject: Subject,
    pub(super) encoding: Encoding,
    person: PersonId,
    /// What decided; unknown for a restored record.
    decided: Option<Weighed>,
}

impl Linker {
    /// A linker that knows nobody.
    #[must_use]
    pub fn new(parameters: Parameters) -> Self {
        Self { parameters, ..Self::default() }
    }

    /// Takes back a decision made before, as it was. A subject that is there already is replaced.
    ///
    /// New persons are numbered above every number seen.
    pub fn restore(&mut self, subject: Subject, encoding: &Encoding, person: PersonId) {
        self.take(subject);
        self.put(Record { subject, encoding: encoding.clone(), person, decided: None });
    }

    /// Decides who a subject is, among all that are there.
    ///
    /// A known subject with the same encoding keeps its link. With another encoding it is decided
    /// again; when it was alone and remains so, it keeps its person.
    pub fn link(&mut self, subject: Subject, encoding: Encoding) -> Link {
        if let Some(record) = self.record(subject).filter(|record| record.encoding == encoding) {
            return self.known(record);
        }
        let vacated = self.take(subject).map(|record| record.person);
        let (person, decided) = match self.decide(subject, &encoding) {
            Some((person, weighed)) => (person, weighed),
            None => {
                let own = vacated.filter(|person| !self.persons.contains_key(person));
                (own.unwrap_or(PersonId(self.last_person + 1)), ALONE)
            }
        };
        let record = Record { subject, encoding, person, decided: Some(decided) };
        let link = self.known(&record);
        self.put(record);
        link
    }

    /// The encoding a subject was last linked by.
    #[must_use]
    pub fn encoding(&self, subject: &Subject) -> Option<&Encoding> {
        self.record(*subject).map(|record| &record.encoding)
    }

    /// Forgets a subject. Its number of person is not used again while this linker lives.
    pub fn remove(&mut self, subject: Subject) {
        self.take(subject);
    }

    /// All records, in the order of their subjects.
    pub(super) fn sorted(&self) -> Vec<&Record> {
        let mut records: Vec<&Record> = self.records.iter().flatten().collect();
        records.sort_unstable_by_key(|record| record.subject);
        records
    }

    /// The person with the strongest evidence, if any has enough: the best comparison makes a link,
    /// the mean does not speak against it, and the source has no one there yet.
    fn decide(&self, subject: Subject, encoding: &Encoding) -> Option<(PersonId, Weighed)> {
        // Ordered, so that equal evidence is decided by the oldest person.
        let mut best: BTreeMap<PersonId, Weighed> = BTreeMap::new();
        for number in self.index.candidates(encoding) {
            let Some(candidate) = self.at(number).filter(|record| record.subject.source != subject.source)
            else {
                continue;
            };
            let weighed = self.scale.weigh(&self.parameters, encoding, &candidate.encoding);
            if weighed.bits >= self.parameters.link_bits {
                let best = best.entry(candidate.person).or_insert(weighed);
                if weighed.bits > best.bits {
                    *best = weighed;
                }
            }
        }
        let mut chosen: Option<(f32, PersonId, Weighed)> = None;
        for (person, weighed) in best {
            let Some(mean) = self.mean_bits(subject, encoding, person) else { continue };
            let evidence = (weighed.bits + mean) / 2.0;
            let enough = mean >= self.parameters.mean_bits && evidence >= self.parameters.at_once_bits;
            if enough && chosen.is_none_or(|(most, ..)| evidence > most) {
                chosen = Some((evidence, person, weighed));
            }
        }
        chosen.map(|(_, person, weighed)| (person, weighed))
    }

    /// The mean weight against a person's subjects; nothing when one of them is of the same source.
    fn mean_bits(&self, subject: Subject, encoding: &Encoding, person: PersonId) -> Option<f32> {
        let members = self.persons.get(&person)?;
        let mut sum = 0.0;
        for number in members {
            let member = self.at(*number)?;
            if member.subject.source == subject.source {
                return None;
            }
            sum += self.scale.weigh(&self.parameters, encoding, &member.encoding).bits;
        }
        Some(sum / members.len() as f32)
    }

    /// The link of a record: what decided, or for a restored one its strongest comparison now.
    fn known(&self, record: &Record) -> Link {
        let weighed = record.decided.unwrap_or_else(|| {
            let others = self.persons.get(&record.person).into_iter().flatten();
            let others = others.filter_map(|number| self.at(*number));
            let weighed = others
                .filter(|other| other.subject != record.subject)
                .map(|other| self.scale.weigh(&self.parameters, &record.encoding, &other.encoding));
            weighed.max_by(|a, b| a.bits.total_cmp(&b.bits)).unwrap_or(ALONE)
        });
        Link {
            subject: record.subject,
            person: record.person,
            weight_bits: weighed.bits,
            pattern: weighed.pattern,
            model: self.parameters.version,
        }
    }

    fn record(&self, subject: Subject) -> Option<&Record> {
        self.at(*self.numbers.get(&subject)?)
    }

    fn at(&self, number: u32) -> Option<&Record> {
        self.records.get(number as usize)?.as_ref()
    }

    fn put(&mut self, record: Record) {
        let number = self.free.pop().unwrap_or_else(|| {
            self.records.push(None);
            u32::try_from(self.records.len() - 1).expect("fewer than four thousand million records")
        });
        self.index.insert(number, &record.encoding);
        self.scale.add(&record.encoding);
        self.numbers.insert(record.subject, number);
        self.persons.entry(record.person).or_default().push(number);
        self.last_person = self.last_person.max(record.person.0);
        self.records[number as usize] = Some(record);
    }

    fn take(&mut self, subject: Subject) -> Option<Record> {
        let number = self.numbers.remove(&subject)?;
        let record = self.records[number as usize].take()?;
        self.index.remove(number, &record.encoding);
        self.scale.remove(&record.encoding);
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
pub(super) const ALONE: Weighed = Weighed { bits: 0.0, pattern: LevelPattern([0; 8]) };
