//! What an auditor looks at first: calls that are unlike the rest. None of it needs more than the entries themselves.

use super::{Decision, Entry};
use crate::calendar::Timestamp;
use crate::records::{Code, OrgId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

const MINUTE_MS: i64 = 60 * 1_000;

/// Refusals of one organization within so long are a burst, from so many on.
const BURST_MS: i64 = 10 * MINUTE_MS;
const BURST: usize = 10;

/// Questions of one organization about one indicator within so long are a series, from so many different ones on.
const SERIES_MS: i64 = 60 * MINUTE_MS;
const SERIES: usize = 20;

/// Why calls are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The log goes on from a backup.
    Recovered,
    /// A call failed by a fault of the service.
    Failed,
    /// A call has begun and has no outcome.
    WithoutOutcome,
    /// Many refusals in a short time.
    Refusals,
    /// Many questions about one indicator that differ a little.
    Series,
    /// An organization states a purpose for the first time.
    FirstPurpose,
    /// Questions and changes at an hour when nobody works.
    OddHours,
}

impl Kind {
    /// All of them, the gravest first.
    pub const ALL: [Self; 7] = [
        Self::Recovered,
        Self::Failed,
        Self::WithoutOutcome,
        Self::Refusals,
        Self::Series,
        Self::FirstPurpose,
        Self::OddHours,
    ];

    /// Its name in figures for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Failed => "failed",
            Self::WithoutOutcome => "without_outcome",
            Self::Refusals => "refusals",
            Self::Series => "series",
            Self::FirstPurpose => "first_purpose",
            Self::OddHours => "odd_hours",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recovered => "went on from a backup",
            Self::Failed => "failed",
            Self::WithoutOutcome => "begun, no outcome",
            Self::Refusals => "many refusals",
            Self::Series => "series of questions",
            Self::FirstPurpose => "first use of a purpose",
            Self::OddHours => "at an odd hour",
        })
    }
}

/// Calls to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Why.
    pub kind: Kind,
    /// Who called; nobody knows of refused handshakes.
    pub organization: Option<OrgId>,
    /// Index of the first entry.
    pub first: u64,
    /// Index of the last one.
    pub last: u64,
    /// When the first was made.
    pub since: Timestamp,
    /// How many they are.
    pub n: u64,
    /// What they are about: a rule, an indicator, a purpose, a call.
    pub about: String,
}

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

/// Calls that may become an exception, while entries are read.
struct Run {
    recent: VecDeque<(Timestamp, u64, String)>,
    /// Where it is one already: its place among those found.
    found: Option<usize>,
}

/// Finds exceptions in the entries of a log, read in order from its first.
pub struct Exceptions {
    hours: Option<WorkingHours>,
    /// Only what happened from this entry on.
    from: u64,
    found: Vec<Exception>,
    refusals: BTreeMap<Option<OrgId>, Run>,
    series: BTreeMap<(Option<OrgId>, String), Run>,
    purposes: BTreeSet<(OrgId, Code)>,
    begun: BTreeMap<Code, (u64, Entry)>,
    odd: BTreeMap<(Option<OrgId>, i32, Code), usize>,
}

impl Exceptions {
    /// Looks for exceptions from an entry on.
    #[must_use]
    pub fn new(from: u64, hours: Option<WorkingHours>) -> Self {
        Self {
            hours,
            from,
            found: Vec::new(),
            refusals: BTreeMap::new(),
            series: BTreeMap::new(),
            purposes: BTreeSet::new(),
            begun: BTreeMap::new(),
            odd: BTreeMap::new(),
        }
    }

    /// Looks at the next entry.
    pub fn take(&mut self, index: u64, entry: &Entry) {
        let is_new = index >= self.from;
        match entry.rule.as_str() {
            "log.recovered" if is_new => self.add(Kind::Recovered, index, entry, "entries are lost".into()),
            "call.failed" if is_new => self.add(Kind::Failed, index, entry, entry.rpc.to_string()),
            _ => {}
        }
        match entry.decision {
            Decision::Intended => drop(self.begun.insert(entry.request_id.clone(), (index, entry.clone()))),
            Decision::Allowed => drop(self.begun.remove(&entry.request_id)),
            Decision::Refused => {
                self.begun.remove(&entry.request_id);
                let run = self.refusals.entry(entry.organization.clone()).or_insert_with(Run::new);
                run.take(BURST_MS, (entry.time, index, entry.request_id.to_string()));
                if is_new && run.is_one_of(BURST, &mut self.found, index) {
                    run.found = Some(self.found.len());
                    self.found.push(run.exception(Kind::Refusals, entry, entry.rule.to_string()));
                }
            }
        }
        if entry.decision == Decision::Allowed {
            self.take_allowed(index, entry, is_new);
        }
    }

    fn take_allowed(&mut self, index: u64, entry: &Entry, is_new: bool) {
        if let (Some(organization), Some(purpose)) = (&entry.organization, &entry.purpose)
            && self.purposes.insert((organization.clone(), purpose.clone()))
            && is_new
        {
            self.add(Kind::FirstPurpose, index, entry, purpose.to_string());
        }
        if let (Some(product), Some(indicator)) = (&entry.product, &entry.indicator) {
            let about = format!("{product} {indicator}");
            let query = entry.query.as_ref().map(ToString::to_string).unwrap_or_default();
            let of = (entry.organization.clone(), about.clone());
            let run = self.series.entry(of).or_insert_with(Run::new);
            run.take(SERIES_MS, (entry.time, index, query));
            if is_new && run.is_one_of(SERIES, &mut self.found, index) {
                run.found = Some(self.found.len());
                self.found.push(run.exception(Kind::Series, entry, about));
            }
        }
        // Machines deliver at night; people ask and decide by day.
        let is_of_people =
            entry.role.as_ref().is_some_and(|role| matches!(role.as_str(), "partner" | "steward"));
        if is_new && is_of_people && self.hours.is_some_and(|hours| !hours.includes(entry.time)) {
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

    /// What was found, the gravest first, and then in order.
    #[must_use]
    pub fn finish(mut self) -> Vec<Exception> {
        for (index, entry) in std::mem::take(&mut self.begun).into_values() {
            if index >= self.from {
                self.add(Kind::WithoutOutcome, index, &entry, entry.rpc.to_string());
            }
        }
        self.found.sort_by_key(|found| (found.kind, found.first));
        self.found
    }
}

impl Run {
    const fn new() -> Self {
        Self { recent: VecDeque::new(), found: None }
    }

    /// Adds a call and forgets those that are too long ago. After a pause a new run begins.
    fn take(&mut self, within_ms: i64, call: (Timestamp, u64, String)) {
        let now = call.0.millis();
        self.recent.retain(|(time, ..)| now - time.millis() < within_ms);
        if self.recent.is_empty() {
            self.found = None;
        }
        self.recent.push_back(call);
    }

    /// Whether the calls have just become an exception. Where they are one, this call is counted in.
    fn is_one_of(&self, n: usize, found: &mut [Exception], index: u64) -> bool {
        if let Some(known) = self.found.and_then(|at| found.get_mut(at)) {
            (known.last, known.n) = (index, known.n + 1);
            return false;
        }
        self.recent.iter().map(|(_, _, what)| what).collect::<BTreeSet<_>>().len() >= n
    }

    fn exception(&self, kind: Kind, entry: &Entry, about: String) -> Exception {
        let indices = || self.recent.iter().map(|(_, index, _)| *index);
        Exception {
            kind,
            organization: entry.organization.clone(),
            first: indices().min().unwrap_or_default(),
            last: indices().max().unwrap_or_default(),
            since: self.recent.front().map_or(entry.time, |(time, ..)| *time),
            n: self.recent.len() as u64,
            about,
        }
    }
}

#[cfg(test)]
mod tests;
