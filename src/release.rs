//! The way out: permit, slice the seal, log, release.

mod asked;
mod beside;

use crate::agreements::{Question, Refused};
use crate::audit::{Call, Receipt};
use crate::disclosure::{NotASlice, ProtectedTable};
use crate::records::OrgId;
use crate::store::{self, Store, Tx};
pub(crate) use asked::reviewed;
use asked::{Asked, Ground};
use std::sync::Arc;

/// A protected table with the proof of its log entry: the reply to a query.
///
/// It is a message of the wire and is only made by [`answer`]; a handler can return nothing else.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Release {
    #[prost(message, optional, tag = "1")]
    table: Option<ProtectedTable>,
    #[prost(message, optional, tag = "2")]
    receipt: Option<Receipt>,
}

impl Release {
    /// The table; absent only in a message that was not made by [`answer`].
    #[must_use]
    pub const fn table(&self) -> Option<&ProtectedTable> {
        self.table.as_ref()
    }

    /// The receipt; absent only in a message that was not made by [`answer`].
    #[must_use]
    pub const fn receipt(&self) -> Option<&Receipt> {
        self.receipt.as_ref()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No agreement in force covers the query.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The query is not a slice of a declared product: said of its syntax alone, whatever the data.
    #[error(transparent)]
    NotASlice(#[from] NotASlice),
    /// There is no edition of that number, or none at all.
    #[error("there is no such edition")]
    NoEdition,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Answers a question of a partner from the sealed edition, or changes nothing. That it begins is on record before it
/// looks at anything.
///
/// The table is made beside the writer, who has enough to do. It asks again whether the table may leave, by what holds when
/// the entry is made, and makes it anew where something else holds by then.
///
/// # Errors
///
/// [`Error::Refused`] when no agreement in force covers the question.
pub async fn answer(store: &Store, partner: OrgId, question: Question, call: Call) -> Result<Release, Error> {
    let asked = Arc::new(Asked { partner, question, call });
    let ground = Arc::new(intend(store, asked.clone()).await??);
    let making = ground.clone();
    let made = tokio::task::spawn_blocking(move || making.figures());
    let made = made.await.map_err(|_| store::Error::Panicked)?;
    let steps = move |tx: &mut Tx<'_>| {
        let now = asked.ground(tx)?;
        let made = if now == *ground { made } else { now.figures() };
        let table = asked.table(tx, &now, made)?;
        tx.log(&asked.call.released(now.permit(), &table))?;
        Ok::<_, Error>(table)
    };
    let committed = store.transaction("release.answer", steps).await?;
    let (table, receipt) = committed.with_receipt().ok_or(store::Error::Damaged("no log entry"))?;
    Ok(Release { table: Some(table), receipt: Some(receipt) })
}

/// Puts on record that a question is going to be answered, and says by what. Its agreement is on record where the partner is a
/// party to it, and its purpose where it is one of the agreement's: nobody has checked other words.
async fn intend(store: &Store, asked: Arc<Asked>) -> Result<Result<Ground, Error>, store::Error> {
    let steps = move |tx: &mut Tx<'_>| {
        let Asked { partner, question, call } = &*asked;
        let agreement = tx.agreement(&question.agreement)?.filter(|known| known.partners.contains(partner));
        let has_purpose = agreement.as_ref().is_some_and(|known| known.purposes.contains(&question.purpose));
        let purpose = has_purpose.then_some(question.purpose.as_str());
        let agreement = agreement.as_ref().map(|known| (known.id.as_str(), known.version));
        tx.log_unproven(&call.intended(agreement, purpose))?;
        // Who is refused has begun all the same.
        Ok(asked.ground(tx))
    };
    store.transaction("release.intend", steps).await.map(|committed| committed.value)
}
