//! What must be there: the service, small enough to be looked through.
//!
//! It knows what each source holds, which batches are acknowledged and what became of them, who is suspended, and how many
//! editions there are. What it takes to be in the access log it says in lines, as [`line`] reads them from an entry.

use crate::encoding::{key_token, token};
use crate::linkage::{Linkage, Made};
use crate::papers::{EXPIRED, IN_FORCE, SOURCES, STEWARD};
use crate::people::{Row, Said};
use crate::witnesses::Cosigned;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use throughline::api::incoming;
use throughline::audit::Entry;
use throughline::identity::Token;
use throughline::ingest::Incoming;
use throughline::records::{Change, Fact, Kind, OrgId};
use throughline::store::Outcome;

/// A batch of a source.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) delivery: String,
    pub(crate) id: String,
    pub(crate) sequence: u64,
    pub(crate) rows: Vec<Row>,
}

/// What becomes of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is acknowledged, whether or not it was before.
    Acknowledged { outcomes: Vec<Outcome>, repeated: bool },
    /// It is refused by this rule.
    Refused(&'static str),
}

#[derive(Debug, Clone)]
struct Known {
    batch: Batch,
    outcomes: Vec<Outcome>,
    made: Made,
}

/// Records of a source, by kind and key: the student, and what is said.
pub(crate) type Held = BTreeMap<(Kind, Token), (Option<Token>, Arc<Fact>)>;

/// What must be there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) held: [Held; SOURCES.len()],
    pub(crate) linkage: Linkage,
    pub(crate) cosigned: Cosigned,
    batches: BTreeMap<(usize, String), Known>,
    latest: [Option<String>; SOURCES.len()],
    suspended: BTreeSet<String>,
    withdrawn: BTreeSet<usize>,
    pub(crate) n_editions: u32,
}

impl Model {
    /// What batches were made with when they were taken.
    pub(crate) fn batches_made(&mut self) -> impl Iterator<Item = &mut Made> {
        self.batches.values_mut().map(|known| &mut known.made)
    }

    pub(crate) fn is_suspended(&self, organization: &str) -> bool {
        self.suspended.contains(organization)
    }

    pub(crate) fn has_withdrawn(&self, source: usize) -> bool {
        self.withdrawn.contains(&source)
    }

    /// Destroys what a source has sent.
    pub(crate) fn withdraw(&mut self, source: usize) {
        self.withdrawn.insert(source);
        self.held[source].clear();
        self.linkage.withdraw(source);
        self.batches.retain(|(of, _), _| *of != source);
    }

    /// Whether records of an edition are destroyed, as each has some of every source.
    pub(crate) fn is_closed(&self) -> bool {
        !self.withdrawn.is_empty()
    }

    /// Suspends an organization or lets it in again; the lines of the log.
    pub(crate) fn put_standing(&mut self, organization: &str, is_suspended: bool) -> String {
        match is_suspended {
            true => self.suspended.insert(organization.to_owned()),
            false => self.suspended.remove(organization),
        };
        format!("{STEWARD} PutOrganization allowed registered")
    }

    /// The last batch of a delivery that is in.
    pub(crate) fn through(&self, source: usize, delivery: &str) -> u64 {
        self.of_delivery(source, delivery).map(|known| known.batch.sequence).max().unwrap_or(0)
    }

    /// The batches of a delivery that count: those made with the newest key.
    fn of_delivery(&self, source: usize, delivery: &str) -> impl Iterator<Item = &Known> {
        let newest = self.linkage.newest();
        let is_of = move |(at, known): &(&(usize, String), &Known)| {
            at.0 == source && known.batch.delivery == delivery && known.made == newest
        };
        self.batches.iter().filter(is_of).map(|(_, known)| known)
    }

    /// What a source is told of a delivery: where it goes on, and records by outcome.
    pub(crate) fn delivery(&self, source: usize, delivery: &str) -> (u64, Vec<u64>) {
        let is_latest = self.latest[source].as_deref() == Some(delivery);
        let outcomes =
            [Outcome::New, Outcome::Changed, Outcome::Unchanged, Outcome::Deleted, Outcome::Refused];
        let count = |outcome| {
            let all = self.of_delivery(source, delivery).flat_map(|known| &known.outcomes);
            all.filter(|&&each| each == outcome).count() as u64
        };
        (if is_latest { self.through(source, delivery) } else { 0 }, outcomes.map(count).to_vec())
    }

    /// Opens a delivery: where it goes on, or the rule that refuses it, and the line of the log.
    pub(crate) fn open(
        &mut self,
        source: usize,
        agreement: &str,
        delivery: &str,
    ) -> (Result<u64, &'static str>, String) {
        let name = SOURCES[source];
        let rule = match agreement {
            _ if self.is_suspended(name) => "organization.suspended",
            IN_FORCE if self.has_withdrawn(source) => "agreement.not_withdrawn",
            IN_FORCE => {
                if self.latest[source].as_deref() != Some(delivery) {
                    self.batches.retain(|(of, _), known| *of != source || known.batch.delivery != delivery);
                }
                let line = format!("{name} Push allowed agreement.covered {IN_FORCE} batch={delivery}");
                return (Ok(self.through(source, delivery)), line);
            }
            EXPIRED => "agreement.not_expired",
            _ => "agreement.party",
        };
        (Err(rule), format!("{name} Push refused {rule}"))
    }

    /// Takes a batch of an open delivery; what becomes of it, and the line of the log.
    pub(crate) fn take(&mut self, source: usize, batch: &Batch) -> (Taken, String) {
        let name = SOURCES[source];
        let taken = self.judge(source, batch);
        let line = match &taken {
            Taken::Refused(rule) => format!("{name} Push refused {rule}"),
            Taken::Acknowledged { outcomes, .. } => {
                let n = |outcome| outcomes.iter().filter(|each| **each == outcome).count() as u64;
                let counts =
                    [Outcome::New, Outcome::Changed, Outcome::Unchanged, Outcome::Deleted, Outcome::Refused];
                let counts = counts.map(n);
                format!("{name} Push allowed agreement.covered {IN_FORCE} batch={} {counts:?}", batch.id)
            }
        };
        (taken, line)
    }

    fn judge(&mut self, source: usize, batch: &Batch) -> Taken {
        if self.is_suspended(SOURCES[source]) {
            return Taken::Refused("organization.suspended");
        }
        if self.has_withdrawn(source) {
            return Taken::Refused("agreement.not_withdrawn");
        }
        if let Some(Known { batch: known, outcomes, .. }) = self.counting(source, &batch.id) {
            let is_same = known.delivery == batch.delivery
                && known.sequence == batch.sequence
                && contents(&known.rows).eq(contents(&batch.rows));
            return match is_same {
                true => Taken::Acknowledged { outcomes: outcomes.clone(), repeated: true },
                false => Taken::Refused("batch.conflict"),
            };
        }
        if batch.sequence != self.through(source, &batch.delivery) + 1 {
            return Taken::Refused("batch.out_of_order");
        }
        let outcomes: Vec<Outcome> = batch.rows.iter().map(|row| self.put(source, *row)).collect();
        self.acknowledge(source, batch.clone(), outcomes.clone());
        Taken::Acknowledged { outcomes, repeated: false }
    }

    /// A batch is in.
    pub(crate) fn acknowledge(&mut self, source: usize, batch: Batch, outcomes: Vec<Outcome>) {
        self.latest[source] = Some(batch.delivery.clone());
        let made = self.linkage.newest();
        self.batches.insert((source, batch.id.clone()), Known { batch, outcomes, made });
    }

    fn counting(&self, source: usize, batch: &str) -> Option<&Known> {
        let known = self.batches.get(&(source, batch.to_owned()));
        known.filter(|known| known.made == self.linkage.newest())
    }

    /// The position of a batch and what became of it, where it is in.
    pub(crate) fn known(&self, source: usize, batch: &str) -> Option<(u64, Vec<Outcome>)> {
        let known = self.counting(source, batch)?;
        Some((known.batch.sequence, known.outcomes.clone()))
    }

    fn put(&mut self, source: usize, row: Row) -> Outcome {
        if matches!(row.said, Said::NoSuchDay | Said::NotPermitted) {
            return Outcome::Refused;
        }
        let (key, student, change) = read(source, row);
        let held = &mut self.held[source];
        let fact = match change {
            Change::Delete(_) => {
                held.remove(&key);
                return Outcome::Deleted;
            }
            Change::Upsert(fact) => Arc::new(fact),
        };
        let is_anew = matches!(row.said, Said::Person(_)) && self.linkage.put(source, row.student);
        match held.insert(key, (student, fact.clone())) {
            None => Outcome::New,
            Some(before) if before == (student, fact) && !is_anew => Outcome::Unchanged,
            Some(_) => Outcome::Changed,
        }
    }
}

/// What of records makes batches the same. Of one that can not be read, that is what is wrong with it, and no more.
fn contents(rows: &[Row]) -> impl Iterator<Item = Row> {
    let content = |row: &Row| match row.said {
        Said::NoSuchDay => Row { student: 0, ..*row },
        _ => *row,
    };
    rows.iter().map(content)
}

/// A record as it is to be stored.
fn read(source: usize, row: Row) -> ((Kind, Token), Option<Token>, Change) {
    let Ok(Incoming::Clear(submission)) = incoming(row.clear(source)) else {
        panic!("a good record in the clear")
    };
    let student = row.kind().has_student().then(|| token(source, row.student));
    ((row.kind(), key_token(source, row)), student, submission.change)
}

/// What is looked at of an entry: all but ids, times, digests and salts.
pub(crate) fn line(entry: &Entry) -> String {
    let Entry { rpc, rule, decision, .. } = entry;
    let organization = entry.organization.as_ref().map_or("-", OrgId::as_str);
    let mut line = format!("{organization} {rpc} {} {rule}", decision.name());
    let mut add = |word: &str| {
        line.push(' ');
        line.push_str(word);
    };
    entry.agreement.iter().for_each(|agreement| add(agreement.as_str()));
    entry.purpose.iter().for_each(|purpose| add(purpose.as_str()));
    entry.edition.iter().for_each(|edition| add(&format!("edition={edition}")));
    entry.step.iter().for_each(|step| add(&format!("step={step}")));
    entry.batch.iter().for_each(|batch| add(&format!("batch={batch}")));
    let counts = [entry.n_new, entry.n_changed, entry.n_unchanged, entry.n_deleted, entry.n_refused];
    if entry.n_records.is_some() {
        add(&format!("{:?}", counts.map(Option::unwrap_or_default)));
    }
    line
}
