//! What comes back of a transaction: its value and its proof, once it is durable.

use super::Error;
use crate::audit::Receipt;
use tokio::sync::{oneshot, watch};

/// What a transaction returned, once it is durable.
#[derive(Debug)]
pub struct Committed<T> {
    /// What the steps returned.
    pub value: T,
    /// Proof of the last log entry that the steps made and that somebody is to have the proof of.
    pub receipt: Option<Receipt>,
}

impl<T> Committed<T> {
    /// The value and the receipt; steps that answer a caller log at least one entry.
    #[must_use]
    pub fn with_receipt(self) -> Option<(T, Receipt)> {
        Some((self.value, self.receipt?))
    }
}

/// Steps that wait for their commit.
#[derive(Debug)]
pub struct Pending<T, E> {
    pub(super) answered: oneshot::Receiver<Result<Committed<T>, E>>,
    pub(super) stopped: watch::Receiver<bool>,
}

impl<T, E: From<Error>> Pending<T, E> {
    /// Waits until the steps are durable.
    ///
    /// # Errors
    ///
    /// As [`crate::store::Store::transaction`].
    pub async fn committed(self) -> Result<Committed<T>, E> {
        self.answered.await.unwrap_or_else(|_| {
            let stopped = *self.stopped.borrow();
            Err(if stopped { Error::Stopped } else { Error::Panicked }.into())
        })
    }
}
