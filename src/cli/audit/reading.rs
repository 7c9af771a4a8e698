//! Reading the entries of an exported log, in order, while it is verified: on all cores, since reading takes longer than
//! hashing.

use super::openings::Openings;
use crate::audit::{Entry, Hash, SignedCheckpoint, VerifierKey, tile};
use crate::cli::Failure;
use crate::cli::screen::counted;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Entries read at once.
const PART: usize = 4_096;

/// Entries that follow each other.
#[derive(Default)]
struct Part {
    /// The index of the first.
    first: u64,
    /// All of them, one behind the other: a copy of each by itself costs more than reading some.
    bytes: Vec<u8>,
    /// Where each ends, and its leaf hash.
    ends: Vec<(usize, Hash)>,
}

impl Part {
    fn add(&mut self, index: u64, bytes: &[u8], leaf: Hash) {
        if self.ends.is_empty() {
            self.first = index;
        }
        self.bytes.extend_from_slice(bytes);
        self.ends.push((self.bytes.len(), leaf));
    }

    fn read(&self) -> OfPart {
        let (mut of, mut start) = (OfPart::default(), 0);
        for (index, (end, leaf)) in (self.first..).zip(&self.ends) {
            match Entry::parse(&self.bytes[start..*end]) {
                Ok(entry) => of.entries.push(Item { index, leaf: *leaf, entry }),
                Err(_) => of.n_malformed += 1,
            }
            start = *end;
        }
        of
    }
}

/// An entry of a log, as it was read.
pub(super) struct Item {
    pub(super) index: u64,
    /// Its leaf hash.
    pub(super) leaf: Hash,
    /// What it says, with the name of the person who called, where the export has it.
    pub(super) entry: Entry,
}

/// Verifies an exported log, and hands over every entry.
///
/// # Errors
///
/// [`Failure`] when the log does not verify, or has entries that are none of this service. What was handed over before is not
/// to be used then.
pub(super) fn read(
    folder: &Path,
    log: &VerifierKey,
    each: impl FnMut(Item),
) -> Result<SignedCheckpoint, Failure> {
    let (openings, mut each, mut not_opened) = (Openings::read(folder)?, each, None);
    let mut reading = Reading::start(|mut item: Item| {
        match openings.of(item.index).map(|opening| item.entry.opened(opening)) {
            None => {}
            Some(Ok(entry)) => item.entry = entry,
            Some(Err(_)) => _ = not_opened.get_or_insert(item.index),
        }
        each(item);
    });
    let signed = tile::verify(
        |path| std::fs::read(folder.join(path)),
        log,
        |index, bytes, leaf| {
            reading.add(index, bytes, leaf);
        },
    )?;
    let n_malformed = reading.finish();
    if let Some(index) = not_opened {
        return Err(Failure::new(format!("entry {index} is opened to a name that it is not committed to")));
    }
    match n_malformed {
        Some(0) => Ok(signed),
        Some(n) => Err(Failure::new(format!(
            "{} not of this service",
            counted(n, "entry of the log is", "entries of the log are")
        ))),
        None => Err(Failure::new("reading the entries failed")),
    }
}

/// What a reader has made of a part.
#[derive(Default)]
struct OfPart {
    entries: Vec<Item>,
    n_malformed: u64,
}

/// Readers at work.
struct Reading<F> {
    each: F,
    part: Part,
    n_sent: u64,
    parts: SyncSender<(u64, Part)>,
    read: Receiver<(u64, OfPart)>,
    /// Parts that were read before an earlier one.
    early: BTreeMap<u64, OfPart>,
    /// The part that is handed over next.
    next: u64,
    n_malformed: u64,
    readers: Vec<JoinHandle<()>>,
}

impl<F: FnMut(Item)> Reading<F> {
    fn start(each: F) -> Self {
        let n_readers = thread::available_parallelism().map_or(1, usize::from);
        let (parts, waiting) = sync_channel(2 * n_readers);
        let (done, read) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let reader = |_| {
            let (waiting, done) = (waiting.clone(), done.clone());
            thread::spawn(move || read_all(&waiting, &done))
        };
        let readers = (0..n_readers).map(reader).collect();
        let (part, early) = (Part::default(), BTreeMap::new());
        Self { each, part, n_sent: 0, parts, read, early, next: 0, n_malformed: 0, readers }
    }

    fn add(&mut self, index: u64, bytes: &[u8], leaf: Hash) {
        self.part.add(index, bytes, leaf);
        if self.part.ends.len() == PART {
            self.send();
            while let Ok((number, part)) = self.read.try_recv() {
                self.hand_over(number, part);
            }
        }
    }

    fn send(&mut self) {
        // A reader that is gone has panicked, which is told at the end.
        let _ = self.parts.send((self.n_sent, std::mem::take(&mut self.part)));
        self.n_sent += 1;
    }

    fn hand_over(&mut self, number: u64, part: OfPart) {
        self.early.insert(number, part);
        while let Some(part) = self.early.remove(&self.next) {
            self.next += 1;
            self.n_malformed += part.n_malformed;
            part.entries.into_iter().for_each(&mut self.each);
        }
    }

    /// How many entries could not be read; nothing when a reader has failed.
    fn finish(mut self) -> Option<u64> {
        self.send();
        // The readers end when there is nothing more to wait for.
        self.parts = sync_channel(0).0;
        while let Ok((number, part)) = self.read.recv() {
            self.hand_over(number, part);
        }
        let are_well = std::mem::take(&mut self.readers).into_iter().all(|reader| reader.join().is_ok());
        (are_well && self.next == self.n_sent).then_some(self.n_malformed)
    }
}

fn read_all(waiting: &Mutex<Receiver<(u64, Part)>>, done: &Sender<(u64, OfPart)>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, part)) = next else { return };
        if done.send((number, part.read())).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Decision, leaf_hash};
    use crate::calendar::Timestamp;
    use crate::records::Code;

    #[test]
    fn entries_come_in_order_over_the_ends_of_parts() {
        let code = |text: &str| Code::new(text).expect("a code");
        let (n, mut next) = (5 * PART as u64 + 17, 0);
        let mut reading = Reading::start(|Item { index, entry, .. }| {
            assert_eq!((index, entry.request_id), (next, code(&format!("r-{next}"))));
            next += if index == 4_999 { 2 } else { 1 };
        });
        for index in 0..n {
            let id = code(&format!("r-{index}"));
            let time = Timestamp::from_millis(0);
            let entry = Entry::new(time, id, code("Query"), Decision::Allowed, code("rule"));
            let bytes = if index == 5_000 { b"nonsense".to_vec() } else { entry.to_bytes() };
            reading.add(index, &bytes, leaf_hash(&bytes));
        }
        assert_eq!(reading.finish(), Some(1));
        assert_eq!(next, n);
    }
}
