//! The writer: one thread, one connection, group commit.
//!
//! Jobs that wait together commit together: one sync, one signed checkpoint. Each runs in its own
//! savepoint, so one that fails takes nothing of the others with it. After a failed commit nobody knows
//! what is on disk, so the thread ends and the file has to be opened again.

mod tidy;
mod work;

use super::arrivals::Arrivals;
use super::beside::Beside;
use super::log::{Log, Mark};
use super::quiet::Asked;
use super::rewrite::Rewriter;
use super::tx::Changed;
use super::{Error, ServiceKey, Tx, cache::Cache};
use crate::audit::{Receipt, SignerKey};
use crate::linkage::{Linker, Model};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use work::Ran;
pub(super) use work::{Job, Settle, Work};

/// Jobs in a group at most.
const GROUP: usize = 64;

/// The writer, with all that it keeps in memory.
pub(super) struct Writer {
    connection: Connection,
    key: ServiceKey,
    cache: Cache,
    log: Log,
    linker: Beside<Linker>,
    arrivals: Arrivals,
    /// Whether all records are put into their blocks while there is nothing else to do.
    is_tidying: bool,
    /// Who has asked for quiet; nothing where nothing is done unasked.
    unasked: Option<Asked>,
    rewriter: Rewriter,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        key: ServiceKey,
        signer: SignerKey,
        cache: Cache,
        rewriter: Rewriter,
        unasked: Option<Asked>,
    ) -> Result<Self, Error> {
        let log = Log::open(&connection, signer)?;
        // First, and alone: without what waits nothing is answered, and without the linker most is.
        let arrivals = Arrivals::open(&connection, &key)?;
        let of_linker = key.clone();
        let read = move |reader: &Connection| super::subjects::load_linker(reader, &of_linker);
        let linker = Beside::begin(&connection, "store-linker", read)?;
        let is_tidying = !arrivals.is_put_away();
        let mut writer =
            Self { connection, key, cache, log, linker, arrivals, is_tidying, unasked, rewriter };
        while writer.unasked.is_none() && !writer.arrivals.is_put_away() && writer.tidy(tidy::PUT_AWAY[1])? {}
        Ok(writer)
    }

    /// Does what the queue asks for, in a thread of its own, until it ends.
    pub(super) fn start(
        mut self,
        mut queue: mpsc::Receiver<Work>,
        stop: watch::Sender<bool>,
    ) -> Result<(), Error> {
        let run = move || {
            match Builder::new_current_thread().enable_time().build() {
                Ok(clock) => self.run(&mut queue, &clock),
                Err(error) => tracing::error!(%error, "the store stops"),
            }
            // Who hears that the store has stopped may open the file, or copy it.
            drop(self);
            // Before the queue goes: whoever still waits in it must be told that the store has stopped.
            stop.send_replace(true);
        };
        std::thread::Builder::new().name("store-writer".into()).spawn(run).map_err(|_| Error::Stopped)?;
        Ok(())
    }

    fn run(&mut self, queue: &mut mpsc::Receiver<Work>, clock: &Runtime) {
        let mut waiting = None;
        loop {
            let work = match waiting.take() {
                Some(work) => Ok(Some(work)),
                None => self.next(queue, clock),
            };
            let done = match work {
                Ok(None) => break,
                Ok(Some(work)) => self.work(work, queue),
                Err(error) => Err(error),
            };
            match done {
                Ok(next) => waiting = next,
                Err(error) => {
                    tracing::error!(%error, "the store stops");
                    return;
                }
            }
        }
        // Everything is durable; this only makes the next start quicker.
        let _ = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// Does what is asked for; what came meanwhile and has to be done next.
    fn work(&mut self, work: Work, queue: &mut mpsc::Receiver<Work>) -> Result<Option<Work>, Error> {
        match work {
            Work::Steps(first) => self.group(first, queue),
            Work::PutAway => {
                self.is_tidying = true;
                Ok(None)
            }
            Work::CopyLog(answer) => {
                self.copy_log();
                // Who went away needs it no less.
                let _ = answer.send(());
                Ok(None)
            }
            Work::Rewrite { needles, is_vacuumed, answer } => {
                let rewritten = self.rewriter.rewrite(&self.connection, &needles, is_vacuumed);
                // Who went away asks again.
                drop(answer.send(rewritten));
                // What failed was undone by itself; should it not have been, nothing can be committed any more.
                if self.connection.is_autocommit() { Ok(None) } else { Err(Error::Uncertain) }
            }
        }
    }

    /// Runs and commits a group; what came meanwhile and is no part of one. An error means that the file has to be opened
    /// again.
    fn group(&mut self, first: Job, queue: &mut mpsc::Receiver<Work>) -> Result<Option<Work>, Error> {
        let mut settled: Vec<(Settle, Option<u64>)> = Vec::new();
        let (mut waiting, mut has_organizations) = (None, false);
        let work = || -> Result<Vec<Option<Receipt>>, Error> {
            self.run_cached("BEGIN IMMEDIATE")?;
            self.log.begin();
            let (mut next, mut n_came) = (Some(first), 0);
            while let Some(job) = next {
                let ran = self.one(job)?;
                settled.push((ran.settle, ran.proven));
                n_came += ran.n_brought;
                has_organizations |= ran.has_organizations;
                next = match if settled.len() < GROUP { queue.try_recv().ok() } else { None } {
                    Some(Work::Steps(job)) => Some(job),
                    other => {
                        waiting = other;
                        None
                    }
                };
            }
            let surplus = self.arrivals.surplus(n_came);
            if surplus > 0 {
                self.arrivals.put_away(&self.connection, &self.key, surplus)?;
            }
            self.log.sign(&self.connection)?;
            let receipts = settled.iter().map(|(_, proven)| self.log.receipt(&self.connection, *proven));
            let receipts = receipts.collect::<Result<Vec<_>, _>>()?;
            self.run_cached("COMMIT")?;
            Ok(receipts)
        };
        match work() {
            Ok(receipts) => {
                if has_organizations {
                    self.cache.organizations.forget();
                }
                for ((settle, _), receipt) in settled.into_iter().zip(receipts) {
                    settle(Ok(receipt));
                }
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed");
                // Whether the steps are on disk is for the next start to see.
                for (settle, _) in settled {
                    settle(Err(Error::Uncertain));
                }
                return Err(Error::Uncertain);
            }
        }
        Ok(waiting)
    }

    /// Runs a statement that every group or job has, and that is therefore read once.
    fn run_cached(&self, sql: &str) -> Result<(), Error> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Runs one job in its savepoint.
    fn one(&mut self, job: Job) -> Result<Ran, Error> {
        let span = tracing::debug_span!("transaction", name = job.name);
        let _entered = span.enter();
        let log_before = self.log.mark();
        self.run_cached("SAVEPOINT job")?;
        let (log, linker, arrivals) = (&mut self.log, &mut self.linker, &mut self.arrivals);
        let mut tx = Tx::new(&self.connection, &self.key, &self.cache, log, linker, arrivals);
        let ran = catch_unwind(AssertUnwindSafe(|| (job.run)(&mut tx)));
        let (proven, brought, changed) = tx.into_parts();
        match ran {
            Ok((true, settle)) => {
                self.run_cached("RELEASE job")?;
                let (n_brought, has_organizations) = (brought.len(), changed.organizations);
                self.arrivals.add(&brought);
                Ok(Ran { settle, proven, n_brought, has_organizations })
            }
            Ok((false, settle)) => match self.undo(log_before, changed) {
                Ok(()) => Ok(Ran::undone(settle)),
                Err(error) => {
                    // A full disk has undone the whole group already. The job hears of its own failure.
                    settle(Err(Error::Uncertain));
                    Err(error)
                }
            },
            Err(_) => {
                tracing::error!("a transaction panicked");
                self.undo(log_before, changed)?;
                Ok(Ran::undone(Box::new(|_| ())))
            }
        }
    }

    fn undo(&mut self, log_before: Mark, changed: Changed) -> Result<(), Error> {
        self.connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
        self.log.back_to(log_before);
        // Jobs after this one must not see in memory what was undone.
        if changed.arrivals {
            self.arrivals.load(&self.connection, &self.key)?;
        }
        if changed.linker {
            self.linker.set(super::subjects::load_linker(&self.connection, &self.key)?);
        }
        Ok(())
    }
}

/// A linker with the model every store begins with.
pub(super) fn empty_linker() -> Linker {
    Linker::new(Model::default())
}
