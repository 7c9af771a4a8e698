//! The way out: permit, slice the seal, log, release.

use crate::agreements::{Offer, Question, Refused, Rule};
use crate::audit::{Call, Receipt};
use crate::disclosure::{NotASlice, ProtectedTable};
use crate::records::OrgId;
use crate::store::{self, Store, Tx};

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

/// Answers a question of a partner from the sealed edition, or changes nothing.
///
/// # Errors
///
/// [`Error::Refused`] when no agreement in force covers the question.
pub async fn answer(store: &Store, partner: OrgId, question: Question, call: Call) -> Result<Release, Error> {
    let steps = move |tx: &mut Tx<'_>| {
        let agreement =
            tx.agreement(&question.agreement)?.ok_or(Refused { rule: Rule::Party, agreement: None })?;
        // Before anything is said about editions: unknown and foreign agreements look alike.
        if !agreement.partners.contains(&partner) {
            return Err(Refused { rule: Rule::Party, agreement: None }.into());
        }
        let edition = tx.edition(question.edition)?.ok_or(Error::NoEdition)?;
        let seal = tx.seal(edition.number)?;
        let product = seal.product(&question.slice.product);
        // A product the edition does not have is refused by its name, below, once the permit is clear.
        let periods =
            product.as_ref().map_or_else(|| vec![agreement.years.from], |product| product.periods());
        let offer = Offer {
            sources: &edition.sources,
            cell_min: product.as_ref().map_or(u32::MAX, |product| product.cell_min()),
            periods: &periods,
        };
        let permit = agreement.permit(&partner, &question, offer, call.time.date())?;
        let mut table = seal.slice(permit.slice())?.under(agreement.reference());
        for number in (1..edition.number).rev() {
            if !table.is_wanting() {
                break;
            }
            let older = tx.seal(number)?;
            if older.has_new(&question.slice.product)
                && let Ok(older) = older.slice(permit.slice())
            {
                table = table.recalling(&older);
            }
        }
        tx.log(&call.released(&permit, &table))?;
        Ok::<_, Error>(table)
    };
    let committed = store.transaction("release.answer", steps).await?;
    let (table, receipt) = committed.with_receipt().ok_or(store::Error::Damaged("no log entry"))?;
    Ok(Release { table: Some(table), receipt: Some(receipt) })
}
