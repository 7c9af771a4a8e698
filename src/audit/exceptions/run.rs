//! Calls of one organization that come close upon each other.

use super::{Exception, Kind};
use crate::audit::Entry;
use crate::calendar::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// Calls that may become an exception, while entries are read.
#[derive(Default)]
pub(super) struct Run {
    recent: VecDeque<(Timestamp, u64, String)>,
    /// How many of them are of each kind.
    kinds: BTreeMap<String, usize>,
    /// Where it is an exception already: its place among those found.
    pub(super) found: Option<usize>,
}

impl Run {
    /// Adds a call and forgets those that are too long ago. After a pause a new run begins.
    pub(super) fn take(&mut self, within_ms: i64, call: (Timestamp, u64, String)) {
        let now = call.0.millis();
        let is_past = |call: &(Timestamp, u64, String)| now - call.0.millis() >= within_ms;
        while self.recent.front().is_some_and(is_past) {
            let Some((_, _, kind)) = self.recent.pop_front() else { break };
            if let Some(n) = self.kinds.get_mut(&kind) {
                *n -= 1;
                if *n == 0 {
                    self.kinds.remove(&kind);
                }
            }
        }
        if self.recent.is_empty() {
            self.found = None;
        }
        *self.kinds.entry(call.2.clone()).or_default() += 1;
        self.recent.push_back(call);
    }

    /// Whether the calls have just become an exception: so many kinds of them. Where they are one, this call is counted in.
    pub(super) fn is_one_of(&self, n: usize, found: &mut [Exception], index: u64) -> bool {
        if let Some(known) = self.found.and_then(|at| found.get_mut(at)) {
            (known.last, known.n) = (index, known.n + 1);
            return false;
        }
        self.kinds.len() >= n
    }

    pub(super) fn exception(&self, kind: Kind, entry: &Entry, about: String) -> Exception {
        let index = |call: Option<&(Timestamp, u64, String)>| call.map_or(0, |(_, index, _)| *index);
        Exception {
            kind,
            organization: entry.organization.clone(),
            first: index(self.recent.front()),
            last: index(self.recent.back()),
            since: self.recent.front().map_or(entry.time, |(time, ..)| *time),
            n: self.recent.len() as u64,
            about,
        }
    }
}
