//! Reading the entries of an exported log while it is verified, on all cores: reading takes longer than hashing.

use crate::audit::{Decision, Entry};
use crate::records::Code;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Entries read at once.
const PART: usize = 4_096;

type Part = Vec<(u64, Vec<u8>)>;

/// What the entries of a log come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) n_refused: u64,
    pub(super) n_released: u64,
    pub(super) n_malformed: u64,
    /// Indices of calls that have begun and of which nothing was decided.
    pub(super) open: BTreeSet<u64>,
}

/// What a part of them comes to.
#[derive(Default)]
struct OfPart {
    counts: Counts,
    begun: BTreeMap<Code, u64>,
    /// Calls that were decided here and had not begun here.
    decided: BTreeSet<Code>,
}

/// Readers at work.
pub(super) struct Counting {
    part: Part,
    n_parts: u64,
    parts: SyncSender<(u64, Part)>,
    readers: Vec<JoinHandle<Vec<(u64, OfPart)>>>,
}

impl Counting {
    pub(super) fn start() -> Self {
        let n_readers = thread::available_parallelism().map_or(1, usize::from);
        let (parts, waiting) = sync_channel(2 * n_readers);
        let waiting = Arc::new(Mutex::new(waiting));
        let reader = |_| {
            let waiting = waiting.clone();
            thread::spawn(move || read_all(&waiting))
        };
        Self { part: Vec::new(), n_parts: 0, parts, readers: (0..n_readers).map(reader).collect() }
    }

    pub(super) fn add(&mut self, index: u64, bytes: &[u8]) {
        self.part.push((index, bytes.to_vec()));
        if self.part.len() == PART {
            self.send();
        }
    }

    fn send(&mut self) {
        // A reader that is gone has panicked, which is told at the end.
        let _ = self.parts.send((self.n_parts, std::mem::take(&mut self.part)));
        self.n_parts += 1;
    }

    /// Nothing when a reader has failed.
    pub(super) fn finish(mut self) -> Option<Counts> {
        self.send();
        drop(self.parts);
        let done: Result<Vec<_>, _> = self.readers.into_iter().map(JoinHandle::join).collect();
        let parts: BTreeMap<u64, OfPart> = done.ok()?.into_iter().flatten().collect();
        let (mut all, mut begun) = (Counts::default(), BTreeMap::new());
        for part in parts.into_values() {
            all.n_refused += part.counts.n_refused;
            all.n_released += part.counts.n_released;
            all.n_malformed += part.counts.n_malformed;
            begun.retain(|id, _| !part.decided.contains(id));
            begun.extend(part.begun);
        }
        all.open = begun.into_values().collect();
        Some(all)
    }
}

fn read_all(waiting: &Mutex<Receiver<(u64, Part)>>) -> Vec<(u64, OfPart)> {
    let mut done = Vec::new();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, part)) = next else { return done };
        done.push((number, read(&part)));
    }
}

fn read(part: &Part) -> OfPart {
    let mut of = OfPart::default();
    for (index, bytes) in part {
        let Ok(entry) = Entry::parse(bytes) else {
            of.counts.n_malformed += 1;
            continue;
        };
        of.counts.n_refused += u64::from(entry.decision == Decision::Refused);
        of.counts.n_released += u64::from(entry.cells_shown.is_some());
        match entry.decision {
            Decision::Intended => _ = of.begun.insert(entry.request_id, *index),
            Decision::Allowed | Decision::Refused => {
                if of.begun.remove(&entry.request_id).is_none() {
                    of.decided.insert(entry.request_id);
                }
            }
        }
    }
    of
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Timestamp;

    #[test]
    fn calls_are_matched_over_the_ends_of_parts() {
        let code = |text: &str| Code::new(text).expect("a code");
        let entry = |id: usize, decision| {
            let time = Timestamp::from_millis(0);
            Entry::new(time, code(&format!("r-{id}")), code("Query"), decision, code("rule")).to_bytes()
        };
        let mut counting = Counting::start();
        let mut index = 0;
        let mut add = |bytes: &[u8]| {
            counting.add(index, bytes);
            index += 1;
        };
        // Each call is decided long after it has begun, and one never.
        (0..3 * PART).for_each(|id| add(&entry(id, Decision::Intended)));
        (0..3 * PART).filter(|id| *id != 5_000).for_each(|id| add(&entry(id, Decision::Refused)));
        add(b"nonsense");
        add(&entry(7, Decision::Intended));
        let n_refused = 3 * PART as u64 - 1;
        let open = [5_000, index - 1].into();
        let expected = Counts { n_refused, n_released: 0, n_malformed: 1, open };
        assert_eq!(counting.finish(), Some(expected));
    }
}
