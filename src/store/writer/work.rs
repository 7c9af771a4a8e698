//! What the writer is asked for, and what came of it.

use crate::audit::Receipt;
use crate::store::rewrite::Rewriting;
use crate::store::{Error, Needles, Tx};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Tells the caller, once it is known what became of its steps.
pub(in crate::store) type Settle = Box<dyn FnOnce(Result<Option<Receipt>, Error>) + Send>;

type Run = Box<dyn FnOnce(&mut Tx<'_>) -> (bool, Settle) + Send>;

/// Steps that wait for the writer. `run` says whether to keep what they did.
pub(in crate::store) struct Job {
    pub(super) name: &'static str,
    pub(super) run: Run,
}

impl Job {
    pub(in crate::store) fn new(
        name: &'static str,
        run: impl FnOnce(&mut Tx<'_>) -> (bool, Settle) + Send + 'static,
    ) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// What the writer is asked for.
pub(in crate::store) enum Work {
    /// Steps of a transaction.
    Steps(Job),
    /// To put into rows the records that wait for one, whenever there is nothing else to do.
    PutAway,
    /// To copy the write-ahead log into the file.
    CopyLog(oneshot::Sender<()>),
    /// To write the file anew, between transactions.
    Rewrite {
        needles: Vec<Arc<Needles>>,
        is_vacuumed: bool,
        answer: oneshot::Sender<Result<Rewriting, Error>>,
    },
}

/// A job that has run.
pub(super) struct Ran {
    pub(super) settle: Settle,
    /// The log entry that is to be proven.
    pub(super) proven: Option<u64>,
    /// Records that it brought.
    pub(super) n_brought: usize,
    /// Whether it changed who may call.
    pub(super) has_organizations: bool,
}

impl Ran {
    pub(super) fn undone(settle: Settle) -> Self {
        Self { settle, proven: None, n_brought: 0, has_organizations: false }
    }
}
