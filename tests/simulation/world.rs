//! A seed's world: the service, its model, who calls it, and what is on its way between them.

use crate::model::Model;
use crate::network::{Letter, Stream};
use crate::papers::SOURCES;
use crate::service::{Keys, Running};
use crate::sources::Client;
use crate::whole::Files;
use crate::witnesses::{WITNESSES, Witness};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use throughline::audit::{Entry, Head, Receipt};

/// Bytes of a write-ahead log of which SQLite may have copied pages into the database unasked.
pub(crate) const WAL_KEPT: u64 = 900 * 4_120;

/// What there was after a commit.
struct Moment {
    n_entries: u64,
    wal_bytes: u64,
    model: Model,
}

/// A seed's world.
pub(crate) struct World<'a> {
    pub(crate) keys: &'a Keys,
    folder: &'a Path,
    service: Option<Running>,
    n_started: u32,
    pub(crate) random: ChaCha8Rng,
    pub(crate) model: Model,
    /// Lines of all entries that must be in the log.
    pub(crate) log: Vec<String>,
    /// Whether anything was said to the service since it was last looked at.
    pub(crate) is_changed: bool,
    /// Entries of the log that were compared with them.
    pub(crate) n_compared: u64,
    /// Heads the log has had, whenever it was looked at.
    pub(crate) heads: Vec<Head>,
    /// Receipts whose entries are to be looked for in the log.
    pub(crate) receipts: Vec<(u64, Vec<u8>)>,
    /// What was answered to a question to an edition.
    pub(crate) answers: BTreeMap<(u32, String), Vec<u8>>,
    pub(crate) clients: [Client; SOURCES.len()],
    /// The whole files that each source has sent last.
    pub(crate) files: [Files; SOURCES.len()],
    pub(crate) n_files: usize,
    pub(crate) witnesses: [Witness; WITNESSES.len()],
    pub(crate) letters: Vec<Letter>,
    pub(crate) streams: Vec<Stream>,
    /// Commits from the last one on that somebody outside has heard of.
    moments: Vec<Moment>,
    /// Everything that was seen, for a replay to be compared with.
    pub(crate) observed: Vec<u8>,
}

impl<'a> World<'a> {
    pub(crate) fn new(keys: &'a Keys, folder: &'a Path, model: Model, log: Vec<String>, seed: u64) -> Self {
        Self {
            keys,
            folder,
            service: None,
            n_started: 0,
            random: ChaCha8Rng::seed_from_u64(seed),
            model,
            log,
            is_changed: false,
            n_compared: 0,
            heads: Vec::new(),
            receipts: Vec::new(),
            answers: BTreeMap::new(),
            clients: Default::default(),
            files: Default::default(),
            n_files: 0,
            witnesses: Witness::all(),
            letters: Vec::new(),
            streams: Vec::new(),
            moments: Vec::new(),
            observed: Vec::new(),
        }
    }

    pub(crate) fn service(&self) -> &Running {
        self.service.as_ref().expect("it runs")
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.random.next_u32() as usize % n
    }

    /// Whether something happens that does so many times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Takes down what was seen.
    pub(crate) fn see(&mut self, what: &str) {
        self.observed.extend_from_slice(what.as_bytes());
        self.observed.push(b'\n');
    }

    /// One commit has made these entries.
    pub(crate) fn entered(&mut self, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            self.see(&line);
            self.log.push(line);
        }
        self.is_changed = true;
        let (n_entries, wal_bytes) = (self.log.len() as u64, self.service().wal_bytes());
        self.moments.push(Moment { n_entries, wal_bytes, model: self.model.clone() });
    }

    /// Somebody outside has heard of the log as it was with so many entries: nothing of that may be lost any more.
    pub(crate) fn heard(&mut self, n_entries: u64) {
        let known = self.moments.iter().rposition(|moment| moment.n_entries <= n_entries);
        self.moments.drain(..known.unwrap_or(0));
    }

    /// Somebody outside has heard of everything.
    pub(crate) fn all_heard(&mut self) {
        self.heard(self.log.len() as u64);
    }

    /// Opens the database and calls on it.
    pub(crate) fn start(&mut self, database: &Path) {
        self.service = Some(Running::start(self.keys, database));
        self.is_changed = true;
        self.n_started += 1;
        if self.moments.is_empty() {
            self.entered([]);
        }
    }

    /// Ends the service, and starts it on what it has left.
    pub(crate) fn restart(&mut self) {
        let database = self.stop();
        // Whatever was handed to it is in, and the write-ahead log begins anew.
        self.moments.clear();
        self.start(&database);
    }

    /// The write-ahead log has been copied into the database, which is done with what is synced only: nothing of it can be
    /// lost any more.
    pub(crate) fn log_copied(&mut self) {
        self.service().empty_wal();
        self.moments.clear();
        self.entered([]);
    }

    /// Cuts the service off, and starts it again. What nobody has heard of may be lost from some commit on: the log tells
    /// from which.
    pub(crate) fn cut_off(&mut self) {
        let database = self.service().database().to_owned();
        self.cut_off_with(&database);
    }

    /// The same, where the database is in another file than the write-ahead log that goes on from it.
    pub(crate) fn cut_off_with(&mut self, database: &Path) {
        let all = self.service().wal_bytes();
        let at = self.below(self.moments.len());
        let wal_bytes = self.moments[at].wal_bytes;
        let keep = match at {
            _ if all >= WAL_KEPT => all,
            // A frame has more bytes than that: the last commit is torn.
            1.. if wal_bytes > self.moments[at - 1].wal_bytes && self.chance(50) => {
                wal_bytes - 1 - self.below(4_000) as u64
            }
            _ => wal_bytes,
        };
        let to = self.folder.join(format!("{}.db", self.n_started));
        self.part_with_all();
        let service = self.service.take().expect("it runs");
        service.cut_off(database, keep, &to);
        self.start(&to);
        self.service().empty_wal();
        let n_entries = self.look(|snapshot| snapshot.log_size());
        let found = self.moments.iter().rposition(|moment| moment.n_entries == n_entries);
        let Some(at) = found else {
            let known: Vec<u64> = self.moments.iter().map(|moment| moment.n_entries).collect();
            panic!(
                "after it was cut off the log has {n_entries} entries, which it had after no commit: {known:?}"
            )
        };
        let n_lost = self.log.len() as u64 - n_entries;
        self.moments.truncate(at + 1);
        self.model = self.moments[at].model.clone();
        self.log.truncate(n_entries as usize);
        self.n_compared = self.n_compared.min(n_entries);
        let n_editions = self.model.n_editions;
        self.answers.retain(|(edition, _), _| *edition <= n_editions);
        self.see(if n_lost > 0 { "- cut off: lost" } else { "- cut off: whole" });
        self.see(&format!("{n_entries} entries"));
        // A head of what is lost nobody outside has heard of; nor has anybody a receipt.
        self.heads.retain(|head| head.size <= n_entries);
        self.receipts.retain(|(index, _)| *index < n_entries);
        self.moments.clear();
        self.entered([]);
    }

    /// Ends the service in an orderly way; its database.
    pub(crate) fn stop(&mut self) -> PathBuf {
        self.part_with_all();
        self.service.take().expect("it runs").stop()
    }

    /// Connections are lost with the service, and with them what it has answered. What is on its way to it comes to the
    /// next.
    fn part_with_all(&mut self) {
        self.streams.clear();
        self.letters.retain(|letter| matches!(letter, Letter::Batches { .. }));
    }

    /// Ends the service; what must be there.
    pub(crate) fn finish(mut self) -> (Model, Vec<String>) {
        self.stop();
        (self.model, self.log)
    }

    /// A receipt as somebody gets it: it is proven with the log's key, and its entry looked for later.
    pub(crate) fn proven(&mut self, receipt: Option<&Receipt>) -> Entry {
        let receipt = receipt.expect("an answer has a receipt");
        let proven = receipt.verify(&self.keys.log, None, None).expect("the receipt holds");
        let head = proven.checkpoint.checkpoint().head();
        if let Some(last) = self.heads.last() {
            head.check_consistent(last).expect("the log goes on from what was seen of it");
        }
        self.receipts.push((receipt.index(), receipt.entry().to_vec()));
        proven.entry
    }

    /// Looks into the database, past the service.
    pub(crate) fn look<T>(
        &self,
        look: impl FnOnce(&throughline::store::Snapshot<'_>) -> Result<T, throughline::store::Error>,
    ) -> T {
        self.service().store().read_blocking(look).expect("it can be read")
    }
}
