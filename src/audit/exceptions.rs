//! What an auditor looks at first: calls that are unlike the rest. None of it needs more than the entries themselves.

mod kind;
mod run;

use super::{DEADLINE, Decision, Entry};
use crate::calendar::Timestamp;
use crate::records::{Code, OrgId};
pub use kind::{Exception, Kind};
use run::Run;
use std::collections::{BTreeMap, BTreeSet};

const MINUTE_MS: i64 = 60 * 1_000;

/// Refusals of one organization within so long are a burst, from so many on.
const BURST_MS: i64 = 10 * MINUTE_MS;
const BURST: usize = 10;

/// Questions of one organization about one indicator within so long are a series, from so many different ones on.
const SERIES_MS: i64 = 60 * MINUTE_MS;
const SERIES: usize = 20;

/// When people work, by the hours of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkingHours {
    /// The first hour of the day at which they do.
    pub from: u32,
    /// The first hour after it at which they do not.
    pub to: u32,
    /// Their clock's hours ahead of UTC.
    pub ahead: i32,
}

impl WorkingHours {
    fn includes(self, time: Timestamp) -> bool {
        let hour = (time.millis().div_euclid(60 * MINUTE_MS) + i64::from(self.ahead)).rem_euclid(24);
        (i64::from(self.from)..i64::from(self.to)).contains(&hour)
    }
}

/// Faults of the service. A full disk is none.
const FAULTS: [&str; 7] = [
    "call.failed",
    "store.failed",
    "store.database",
    "store.damaged",
    "store.uncertain",
    "publish.not_proven",
    "edition.not_proven",
];

/// Up to where an auditor has reviewed the log, and signed that off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Entries of the log then.
    pub size: u64,
    /// When.
    pub time: Timestamp,
    /// Whose auditor.
    pub organization: Option<OrgId>,
    /// Who, by the name in the certificate.
    pub principal: Option<Code>,
}

/// Finds exceptions in the entries of a log, read in order from its first.
#[derive(Default)]
pub struct Exceptions {
    hours: Option<WorkingHours>,
    review: Option<Review>,
    found: Vec<Exception>,
    refusals: BTreeMap<Option<OrgId>, Run>,
    series: BTreeMap<(Option<OrgId>, String), Run>,
    purposes: BTreeSet<(OrgId, Code)>,
    begun: BTreeMap<Code, (u64, Entry)>,
    odd: BTreeMap<(Option<OrgId>, i32, Code), usize>,
}

impl Exceptions {
    /// Looks for exceptions.
    #[must_use]
    pub fn new(hours: Option<WorkingHours>) -> Self {
        Self { hours, ..Self::default() }
    }

    /// Looks at the next entry.
    pub fn take(&mut self, index: u64, entry: &Entry) {
        match entry.rule.as_str() {
            "log.recovered" => self.add(Kind::Recovered, index, entry, "entries are lost".into()),
            rule if FAULTS.contains(&rule) => self.add(Kind::Failed, index, entry, entry.rpc.to_string()),
            _ => {}
        }
        match entry.decision {
            Decision::Intended => drop(self.begun.insert(entry.request_id.clone(), (index, entry.clone()))),
            Decision::Allowed => {
                self.begun.remove(&entry.request_id);
                self.take_allowed(index, entry);
            }
            Decision::Refused => {
                // What became of a call that took too long is told by another entry.
                if entry.rule.as_str() != DEADLINE {
                    self.begun.remove(&entry.request_id);
                }
                let run = self.refusals.entry(entry.organization.clone()).or_default();
                run.take(BURST_MS, (entry.time, index, entry.request_id.to_string()));
                if run.is_one_of(BURST, &mut self.found, index) {
                    run.found = Some(self.found.len());
                    self.found.push(run.exception(Kind::Refusals, entry, entry.rule.to_string()));
                }
            }
        }
    }

    fn take_allowed(&mut self, index: u64, entry: &Entry) {
        let is_of_auditor = entry.role.as_ref().is_some_and(|role| role.as_str() == "auditor");
        if let Some(size) = entry.reviewed_size.filter(|size| is_of_auditor && *size <= index) {
            let (organization, principal) = (entry.organization.clone(), entry.principal.clone());
            self.review = Some(Review { size, time: entry.time, organization, principal });
        }
        if let (Some(organization), Some(purpose)) = (&entry.organization, &entry.purpose)
            && self.purposes.insert((organization.clone(), purpose.clone()))
        {
            self.add(Kind::FirstPurpose, index, entry, purpose.to_string());
        }
        if let (Some(product), Some(indicator)) = (&entry.product, &entry.indicator) {
            let about = format!("{product} {indicator}");
            let query = entry.query.as_ref().map(ToString::to_string).unwrap_or_default();
            let of = (entry.organization.clone(), about.clone());
            let run = self.series.entry(of).or_default();
            run.take(SERIES_MS, (entry.time, index, query));
            if run.is_one_of(SERIES, &mut self.found, index) {
                run.found = Some(self.found.len());
                self.found.push(run.exception(Kind::Series, entry, about));
            }
        }
        // Machines deliver at night; people ask and decide by day.
        let is_of_people =
            entry.role.as_ref().is_some_and(|role| matches!(role.as_str(), "partner" | "steward"));
        if is_of_people && self.hours.is_some_and(|hours| !hours.includes(entry.time)) {
            let day = entry.time.millis().div_euclid(24 * 60 * MINUTE_MS) as i32;
            let of = (entry.organization.clone(), day, entry.rpc.clone());
            match self.odd.get(&of).and_then(|&at| self.found.get_mut(at)) {
                Some(known) => (known.last, known.n) = (index, known.n + 1),
                None => {
                    self.odd.insert(of, self.found.len());
                    self.add(Kind::OddHours, index, entry, entry.rpc.to_string());
                }
            }
        }
    }

    fn add(&mut self, kind: Kind, index: u64, entry: &Entry, about: String) {
        let organization = entry.organization.clone();
        self.found.push(Exception {
            kind,
            organization,
            first: index,
            last: index,
            since: entry.time,
            n: 1,
            about,
        });
    }

    /// The last review that an auditor has signed off, of the entries so far.
    #[must_use]
    pub const fn review(&self) -> Option<&Review> {
        self.review.as_ref()
    }

    /// What was found and goes on at an entry or after it, the gravest first, and then in order.
    #[must_use]
    pub fn finish(mut self, from: u64) -> Vec<Exception> {
        for (index, entry) in std::mem::take(&mut self.begun).into_values() {
            self.add(Kind::WithoutOutcome, index, &entry, entry.rpc.to_string());
        }
        self.found.retain(|found| found.last >= from);
        self.found.sort_by_key(|found| (found.kind, found.first));
        self.found
    }
}

#[cfg(test)]
mod tests;
