//! Which key students are encoded with, and who is one person: what must be there of it, and the steps from one key to the
//! next.

use crate::encoding::token;
use crate::model::{Batch, Model};
use crate::network::opening;
use crate::papers::{IN_FORCE, SOURCES, STEWARD};
use crate::people::{Row, STUDENTS, Said};
use crate::service::RING;
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use throughline::api::v1 as pb;
use throughline::identity::{KeyId, Token};
use throughline::records::Kind;
use throughline::server::peer::Role;
use throughline::store::LinkageKeys;

/// One of the two linkage keys there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Made {
    #[default]
    First,
    Second,
}

impl Made {
    fn id(self) -> KeyId {
        RING.linkage()[self as usize].id()
    }
}

/// A student in a source.
#[derive(Debug, Clone)]
struct Subject {
    token: Token,
    /// What the encoding is made with that links, or would.
    made: Made,
    /// Whether one made with the key that follows is there.
    has_next: bool,
    person: u32,
}

/// The keys in use, and the students of all sources.
#[derive(Debug, Clone, Default)]
pub(crate) struct Linkage {
    current: Made,
    next: Option<Made>,
    subjects: BTreeMap<(usize, usize), Subject>,
    n_persons_ever: u32,
}

impl Linkage {
    /// What the sources' encodings are made with at best, as all of them have both keys.
    pub(crate) fn newest(&self) -> Made {
        self.next.unwrap_or(self.current)
    }

    pub(crate) fn n_persons(&self) -> u64 {
        self.subjects.values().map(|subject| subject.person).collect::<BTreeSet<_>>().len() as u64
    }

    pub(crate) fn withdraw(&mut self, source: usize) {
        self.subjects.retain(|(of, _), _| *of != source);
    }

    /// A source says who a student is; whether it is encoded anew. Nobody has the name of another, and a name stays: so it
    /// is the person of whoever has that name in another source and can be compared with it.
    pub(crate) fn put(&mut self, source: usize, student: usize) -> bool {
        let (current, has_next) = (self.current, self.next.is_some());
        if let Some(known) = self.subjects.get_mut(&(source, student)).filter(|known| known.made == current) {
            let is_anew = has_next && !known.has_next;
            known.has_next |= has_next;
            return is_anew;
        }
        let is_other =
            |(at, of): &(&(usize, usize), &Subject)| at.1 == student && at.0 != source && of.made == current;
        let person = self.subjects.iter().find(is_other).map(|(_, other)| other.person);
        let own = self.subjects.get(&(source, student)).map(|before| before.person);
        let person = person.or(own).unwrap_or_else(|| {
            self.n_persons_ever += 1;
            self.n_persons_ever
        });
        let token = token(source, student);
        self.subjects.insert((source, student), Subject { token, made: current, has_next, person });
        true
    }
}

impl Model {
    /// Of each source that has students: how many are on its roster, and how many of them have to be pushed again.
    fn key_progress(&self) -> Vec<(String, u64, u64)> {
        let mut progress: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for ((source, _), subject) in &self.linkage.subjects {
            let is_person = |((kind, _), (student, _)): (&(Kind, Token), &(Option<Token>, _))| {
                *kind == Kind::Person && *student == Some(subject.token)
            };
            if self.held[*source].iter().any(is_person) {
                let waits = match self.linkage.next {
                    Some(_) => !subject.has_next,
                    None => subject.made != self.linkage.current,
                };
                let (n_students, n_waiting) = progress.entry(SOURCES[*source]).or_default();
                (*n_students, *n_waiting) = (*n_students + 1, *n_waiting + u64::from(waits));
            }
        }
        progress.into_iter().map(|(name, (n, waiting))| (name.to_owned(), n, waiting)).collect()
    }

    /// Takes a step, or says by which rule it is refused.
    fn change_key(&mut self, step: pb::KeyStep, key: Made, leaves_waiting: bool) -> Result<(), &'static str> {
        let is_waiting = self.key_progress().iter().any(|(_, _, n_waiting)| *n_waiting > 0);
        let Linkage { current, next, subjects, .. } = &mut self.linkage;
        match (step, *next) {
            (pb::KeyStep::Begin, Some(next)) if next == key => {}
            // The second key is not followed by the first: that was in use before.
            (pb::KeyStep::Begin, None) if key != *current && *current == Made::First => *next = Some(key),
            (pb::KeyStep::Finish, Some(_)) if is_waiting && !leaves_waiting => return Err("key.waiting"),
            (pb::KeyStep::Finish, Some(key)) => {
                (*current, *next) = (key, None);
                for subject in subjects.values_mut().filter(|subject| subject.has_next) {
                    (subject.made, subject.has_next) = (key, false);
                }
            }
            (pb::KeyStep::Cancel, Some(key)) => {
                *next = None;
                subjects.values_mut().for_each(|subject| subject.has_next = false);
                let current = *current;
                self.batches_made().filter(|made| **made == key).for_each(|made| *made = current);
            }
            _ => return Err("key.step"),
        }
        Ok(())
    }
}

impl World<'_> {
    /// The steward takes a step from one key to the next, or one that does not fit. Sources may push their students again
    /// first.
    pub(crate) fn change_key(&mut self) {
        use pb::KeyStep::{Begin, Cancel, Finish};
        if self.model.linkage.next.is_some() && self.chance(50) {
            (0..SOURCES.len()).for_each(|source| self.push_students_again(source));
        }
        let step = match (self.model.linkage.next, self.below(10)) {
            (None, 0..8) | (Some(_), 0) => Begin,
            (None, 8) | (Some(_), 1..3) => Cancel,
            _ => Finish,
        };
        let key = if self.chance(90) { Made::Second } else { Made::First };
        let leaves_waiting = self.chance(40);
        let service = self.service();
        let mut admin = service.line(STEWARD, Role::Steward).admin();
        let request = pb::ChangeLinkageKeyRequest {
            step: step.into(),
            key: if step == Begin { key.id().to_string() } else { String::new() },
            leave_waiting: leaves_waiting,
        };
        let answered = service.wait(admin.change_linkage_key(request));
        match (answered, self.model.change_key(step, key, leaves_waiting)) {
            (Ok(keys), Ok(())) => {
                let step = match step {
                    Begin => "begin",
                    Cancel => "cancel",
                    _ => "finish",
                };
                self.entered([format!("{STEWARD} ChangeLinkageKey allowed registered step={step}")]);
                let Linkage { current, next, .. } = &self.model.linkage;
                let expected = [Some(*current), *next]
                    .map(|key| key.map_or_else(String::new, |key| key.id().to_string()));
                let keys = keys.into_inner();
                assert_eq!([keys.current, keys.next], expected);
            }
            (Err(status), Err(rule)) => {
                self.entered([format!("{STEWARD} ChangeLinkageKey refused {rule}")]);
                self.refused(&status, rule);
            }
            (answered, expected) => panic!("{step:?}: {answered:?}, not {expected:?}"),
        }
        self.check_keys();
        if self.chance(50) {
            self.all_heard();
        }
    }

    /// A source pushes all students on its roster, in one batch.
    fn push_students_again(&mut self, source: usize) {
        let held = &self.model.held[source];
        let on_roster: BTreeSet<Token> = held
            .iter()
            .filter(|((kind, _), _)| *kind == Kind::Person)
            .filter_map(|(_, (student, _))| *student)
            .collect();
        let students = (0..STUDENTS).filter(|n| on_roster.contains(&token(source, *n)));
        let rows: Vec<Row> = students.map(|student| Row { student, said: Said::Person(0) }).collect();
        self.n_files += 1;
        let delivery = format!("r{}", self.n_files);
        let Some(mut stream) = self.open(source, opening(source, &delivery, IN_FORCE)) else { return };
        self.hand_over(&mut stream, Batch { id: format!("{delivery}-1"), delivery, sequence: 1, rows });
    }

    /// The keys in use, and who waits to be encoded with them, are as they must be.
    pub(crate) fn check_keys(&self) {
        let Linkage { current, next, .. } = &self.model.linkage;
        let expected = LinkageKeys { current: Some(current.id()), next: next.map(Made::id) };
        let (keys, progress) = self.look(|snapshot| Ok((snapshot.linkage_keys()?, snapshot.key_progress()?)));
        assert_eq!(keys, expected);
        let progress: Vec<_> =
            progress.into_iter().map(|of| (of.source.to_string(), of.n_students, of.n_waiting)).collect();
        assert_eq!(progress, self.model.key_progress());
    }
}
