//! Deliveries of whole files: what the files no longer have is ended, in one step, and no other record is.

use crate::encoding::{file_keys, key_token, token};
use crate::model::{Batch, Model, Taken};
use crate::network::{Stream, opening};
use crate::papers::{IN_FORCE, SOURCES};
use crate::people::{Row, STUDENTS, Said};
use crate::world::World;
use pb::push_request::Message as Sent;
use pb::push_response::Message as Reply;
use std::collections::{BTreeMap, BTreeSet};
use throughline::api::{kind_to, v1 as pb};
use throughline::identity::Token;
use throughline::records::{Fact, Kind};
use throughline::store::Outcome;

/// What files are whole about: the kind, whether records of it are of the school year, and what is said in one.
const PARTS: [(Kind, bool, Said); 4] = [
    (Kind::Person, false, Said::Person(0)),
    (Kind::School, false, Said::School),
    (Kind::Enrollment, true, Said::Enrollment(0)),
    (Kind::AttendanceSummary, true, Said::Attendance(0)),
];

/// Whole files of a source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    delivery: String,
    /// Those that they have.
    rows: BTreeSet<Row>,
    /// Students of whom they have a year at the school that has no key.
    unreadable: BTreeSet<usize>,
    /// What is sent of them.
    sent: Vec<Row>,
}

impl Files {
    fn keys(&self, source: usize) -> Vec<pb::FileKeys> {
        let of_kind = |(kind, _, said): (Kind, bool, Said)| {
            let rows = self.rows.iter().filter(move |row| row.said == said).copied();
            let unreadable = self.unreadable.iter().filter(move |_| kind == Kind::Enrollment).copied();
            pb::FileKeys { kind: kind_to(kind), ..file_keys(source, rows, unreadable) }
        };
        let mut keys: Vec<_> = PARTS.map(of_kind).into();
        keys.last_mut().expect("there are parts").last = true;
        keys
    }
}

/// What a source holds of a kind, and what of that its files do not have.
type Absent = BTreeMap<Kind, (u64, Vec<(Kind, Token)>)>;

impl Model {
    fn absent(&self, source: usize, files: &Files) -> Absent {
        let has: BTreeSet<Token> = files.rows.iter().map(|row| key_token(source, *row)).collect();
        let unreadable: BTreeSet<Token> = files.unreadable.iter().map(|n| token(source, *n)).collect();
        let mut all: Absent = PARTS.map(|(kind, ..)| (kind, (0, Vec::new()))).into();
        for ((kind, key), (student, _)) in &self.held[source] {
            let Some((n_held, absent)) = all.get_mut(kind) else { continue };
            *n_held += 1;
            let may_be_there =
                *kind == Kind::Enrollment && student.is_some_and(|of| unreadable.contains(&of));
            if !has.contains(key) && !may_be_there {
                absent.push((*kind, *key));
            }
        }
        // Who or what another record is about stays.
        let is_ended = |at: &(Kind, Token)| all.get(&at.0).is_some_and(|(_, absent)| absent.contains(at));
        let others = || self.held[source].iter().filter(|(at, _)| !is_ended(at));
        let about: BTreeSet<Token> = others()
            .filter(|(at, _)| at.0 != Kind::Person)
            .filter_map(|(_, (student, _))| *student)
            .collect();
        let at_school =
            others().any(|(_, (_, fact))| matches!(**fact, Fact::Enrollment(_) | Fact::AttendanceSummary(_)));
        let held = &self.held[source];
        let is_free = |at: &(Kind, Token)| held[at].0.is_none_or(|student| !about.contains(&student));
        all.entry(Kind::Person).and_modify(|(_, absent)| absent.retain(is_free));
        all.entry(Kind::School).and_modify(|(_, absent)| absent.retain(|_| !at_school));
        all
    }

    /// Ends what files do not have; what becomes of it, and the line of the log.
    fn end(&mut self, source: usize, files: &Files, end: &pb::EndAbsent) -> (Taken, String) {
        let name = SOURCES[source];
        let allowed = |n: usize| {
            format!(
                "{name} Push allowed agreement.covered {IN_FORCE} step=end batch={} {:?}",
                end.batch,
                [0, 0, 0, n, 0]
            )
        };
        let refused = |rule| (Taken::Refused(rule), format!("{name} Push refused {rule}"));
        if let Some((sequence, outcomes)) = self.known(source, &end.batch) {
            if sequence != end.sequence {
                return refused("batch.conflict");
            }
            let n = outcomes.len();
            return (Taken::Acknowledged { outcomes, repeated: true }, allowed(n));
        }
        if end.sequence != self.through(source, &files.delivery) + 1 {
            return refused("batch.out_of_order");
        }
        let absent = self.absent(source, files);
        let most = |kind: Kind| end.at_most.iter().find(|most| most.kind == kind_to(kind));
        if absent.iter().any(|(kind, (_, all))| all.len() as u64 > most(*kind).map_or(0, |most| most.records))
        {
            return refused("push.too_many_absent");
        }
        let ended: Vec<_> = absent.into_values().flat_map(|(_, all)| all).collect();
        ended.iter().for_each(|at| drop(self.held[source].remove(at)));
        let outcomes = vec![Outcome::Deleted; ended.len()];
        let batch = Batch {
            delivery: files.delivery.clone(),
            id: end.batch.clone(),
            sequence: end.sequence,
            rows: Vec::new(),
        };
        self.acknowledge(source, batch, outcomes.clone());
        (Taken::Acknowledged { outcomes, repeated: false }, allowed(ended.len()))
    }
}

impl World<'_> {
    /// A source sends whole files, or goes on with them, as it does when it has not heard of their end.
    pub(crate) fn send_whole(&mut self) {
        let source = self.below(SOURCES.len());
        if self.files[source].delivery.is_empty() || self.chance(60) {
            self.files[source] = self.new_files();
        }
        let files = self.files[source].clone();
        let part = |(kind, is_of_year, _): (Kind, bool, Said)| pb::WholePart {
            kind: kind_to(kind),
            school_years: if is_of_year { vec![2025] } else { Vec::new() },
            undated: !is_of_year,
        };
        let whole = PARTS.map(part).to_vec();
        let open = pb::OpenDelivery { whole, ..opening(source, &files.delivery, IN_FORCE) };
        let Some(mut stream) = self.open(source, open) else { return };
        self.compare(source, &files, &mut stream);
        if self.model.through(source, &files.delivery) == 0 && !self.chance(10) {
            let Files { delivery, sent, .. } = files.clone();
            let batch = Batch { id: format!("{delivery}-1"), delivery, sequence: 1, rows: sent };
            if !self.hand_over(&mut stream, batch) {
                return;
            }
        }
        for _ in 0..1 + self.below(2) {
            if self.chance(15) || !self.end(source, &files, &mut stream) {
                break;
            }
        }
        if self.chance(50) {
            self.all_heard();
        }
    }

    /// Most of the students, and of each most of the records.
    fn new_files(&mut self) -> Files {
        self.n_files += 1;
        let mut files = Files { delivery: format!("w{}", self.n_files), ..Files::default() };
        for student in 0..STUDENTS {
            let is_there = self.chance(85);
            for (kind, _, said) in PARTS {
                let is_of_student = kind != Kind::School;
                if is_of_student && is_there && self.chance(95)
                    || !is_of_student && student == 0 && self.chance(70)
                {
                    files.rows.insert(Row { student, said });
                }
            }
            if self.chance(5) {
                files.unreadable.insert(student);
            }
        }
        let n = 1 + self.below(4);
        files.sent = (0..n).map(|_| self.row()).collect();
        files
    }

    /// The keys are sent, and what is absent is told.
    fn compare(&mut self, source: usize, files: &Files, stream: &mut Stream) {
        let mut keys = files.keys(source);
        let last = keys.pop().expect("there are parts");
        keys.into_iter().for_each(|keys| self.tell(stream, Sent::Keys(keys)));
        let told = self.exchange(stream, Sent::Keys(last));
        let expected = self.model.absent(source, files);
        let n_absent: usize = expected.values().map(|(_, absent)| absent.len()).sum();
        let (name, delivery) = (SOURCES[source], &files.delivery);
        self.entered([format!(
            "{name} Push allowed agreement.covered {IN_FORCE} step=compare batch={delivery} {:?}",
            [0, 0, 0, n_absent, 0]
        )]);
        let Ok(Reply::Absent(told)) = told else { panic!("keys are compared: {told:?}") };
        let found = told.kinds.iter().map(|of| (of.kind, of.held, of.absent)).collect::<BTreeSet<_>>();
        let expected = expected.iter().map(|(kind, (n_held, of))| (kind_to(*kind), *n_held, of.len() as u64));
        assert_eq!(found, expected.collect());
        self.proven(told.receipt.as_ref());
    }

    /// The delivery is ended, or not, where something is wrong with that; whether the push goes on.
    fn end(&mut self, source: usize, files: &Files, stream: &mut Stream) -> bool {
        let most = if self.chance(15) { 0 } else { u64::MAX };
        let at_most = PARTS.map(|(kind, ..)| pb::KindCount { kind: kind_to(kind), records: most });
        let sequence = if self.chance(5) { 3 } else { 2 };
        let end =
            pb::EndAbsent { batch: format!("{}-end", files.delivery), sequence, at_most: at_most.to_vec() };
        let answered = self.exchange(stream, Sent::End(end.clone()));
        let (expected, line) = self.model.end(source, files, &end);
        self.entered([line]);
        match (answered, expected) {
            (Ok(Reply::Ended(ended)), Taken::Acknowledged { outcomes, repeated }) => {
                assert_eq!((ended.records, ended.repeated), (outcomes.len() as u64, repeated));
                self.proven(ended.receipt.as_ref());
                true
            }
            (Err(status), Taken::Refused(rule)) => {
                self.refused(&status, rule);
                false
            }
            (answered, expected) => panic!("{end:?}: {answered:?}, not {expected:?}"),
        }
    }
}
