//! A question, by what it may be answered, and its answer.

use super::{Error, beside};
use crate::agreements::{Agreement, Offer, Permit, Question, Refused, Rule};
use crate::audit::Call;
use crate::calendar::{Date, Timestamp};
use crate::disclosure::{Beside, NotASlice, ProtectedTable, Seal};
use crate::records::OrgId;
use crate::store::{self, EditionRow, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A question, and who asks it.
pub(super) struct Asked {
    pub(super) partner: OrgId,
    pub(super) question: Question,
    pub(super) call: Call,
}

/// What an answer is made by. As long as it is the same, so is the answer: seals never change.
#[derive(PartialEq, Eq)]
pub(super) struct Ground {
    agreement: Arc<Agreement>,
    edition: EditionRow,
    permit: Permit,
    /// Editions whose records are destroyed, and when: it is told beside the figures.
    destroyed: BTreeMap<u32, Timestamp>,
    seals: Seals,
}

/// The seal that is asked, and those of earlier editions that may be recalled, newest first.
struct Seals {
    asked: Arc<Seal>,
    older: Vec<Arc<Seal>>,
}

impl PartialEq for Seals {
    /// Of an edition there is one seal.
    fn eq(&self, other: &Self) -> bool {
        let editions = |seals: &Self| seals.older.iter().map(|seal| seal.edition()).collect::<Vec<_>>();
        self.asked.edition() == other.asked.edition() && editions(self) == editions(other)
    }
}

impl Eq for Seals {}

impl Ground {
    pub(super) const fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The figures, and in the place of those that are hidden now the ones that were shown earlier. This is the part of an
    /// answer that takes time, and takes nothing else.
    pub(super) fn figures(&self) -> Result<ProtectedTable, NotASlice> {
        let slice = self.permit.slice();
        let mut table = self.seals.asked.slice(slice)?;
        for older in &self.seals.older {
            if !table.is_wanting() {
                break;
            }
            // An edition that did not have the product has nothing to recall.
            if let Ok(older) = older.slice(slice) {
                table = table.recalling(&older);
            }
        }
        Ok(table)
    }
}

impl Asked {
    /// By what the question may be answered.
    pub(super) fn ground(&self, snapshot: &Snapshot<'_>) -> Result<Ground, Error> {
        let agreement = snapshot.agreement(&self.question.agreement)?;
        // Before anything is said about editions: unknown and foreign agreements look alike.
        let agreement = agreement.filter(|agreement| agreement.partners.contains(&self.partner));
        let agreement = agreement.ok_or(Refused { rule: Rule::Party, agreement: None })?;
        let today = self.call.time.date();
        let edition = match self.question.edition {
            Some(number) => snapshot.edition(Some(number))?,
            // Where none has been reviewed, that is what is said of the newest.
            None => match reviewed(snapshot, &agreement, today)? {
                None => snapshot.edition(None)?,
                reviewed => reviewed,
            },
        };
        let edition = edition.ok_or(Error::NoEdition)?;
        let permit = self.permit(snapshot, &agreement, &edition)??;
        let destroyed = snapshot.destroyed_editions()?;
        let seals = self.seals(snapshot, &agreement, &edition)?;
        Ok(Ground { agreement, edition, permit, destroyed, seals })
    }

    /// Whether the agreement lets the question be answered from an edition.
    fn permit(
        &self,
        snapshot: &Snapshot<'_>,
        agreement: &Agreement,
        edition: &EditionRow,
    ) -> Result<Result<Permit, Refused>, store::Error> {
        let (seal, today) = (snapshot.seal(edition.number)?, self.call.time.date());
        let product = seal.product(&self.question.slice.product);
        // A product the edition does not have is refused by its name, when it is sliced, once the permit is clear.
        let periods =
            product.as_ref().map_or_else(|| vec![agreement.years.from], |product| product.periods());
        let offer = Offer {
            sources: &sources(snapshot, &seal)?,
            cell_min: product.as_ref().map_or(u32::MAX, |product| product.cell_min()),
            periods: &periods,
            profile: product.as_ref().map(|product| product.profile()),
            has_schools: product.as_ref().is_some_and(|product| product.has_schools()),
            is_reviewed: is_reviewed(snapshot, agreement, edition, today)?,
        };
        Ok(agreement.permit(self.call.by(&self.partner), &self.question, offer, today))
    }

    fn seals(
        &self,
        snapshot: &Snapshot<'_>,
        agreement: &Agreement,
        edition: &EditionRow,
    ) -> Result<Seals, store::Error> {
        let mut all = Vec::new();
        for number in (1..edition.number).rev() {
            let older = snapshot.seal(number)?;
            if !older.has_new(&self.question.slice.product) {
                continue;
            }
            let Some(row) = snapshot.edition(Some(number))? else { continue };
            // What the agreement would refuse of an older edition is not recalled from it either.
            if self.permit(snapshot, agreement, &row)?.is_ok() {
                all.push(older);
            }
        }
        Ok(Seals { asked: snapshot.seal(edition.number)?, older: all })
    }

    /// The answer: the figures, and what is told beside them.
    pub(super) fn table(
        &self,
        snapshot: &Snapshot<'_>,
        ground: &Ground,
        figures: Result<ProtectedTable, NotASlice>,
    ) -> Result<ProtectedTable, Error> {
        let Ground { agreement, edition, permit, .. } = ground;
        let table = match figures {
            Ok(table) => table,
            Err(wrong) => return Err(closed(snapshot, &self.question, wrong)?.into()),
        };
        let beside = Beside {
            credit: agreement.terms.credit.clone().unwrap_or_default(),
            sources: beside::sourced(agreement, edition, &snapshot.notes(edition.number)?.reports, permit),
            left_out: beside::left_out(snapshot, agreement, &table)?,
            days: beside::days(snapshot, &table)?,
        };
        Ok(table.under(agreement.reference(), beside))
    }
}

/// What is wrong with a question, where school years that it names are not counted again: only the editions that showed
/// them with records that are destroyed since can be asked for those.
fn closed(
    snapshot: &Snapshot<'_>,
    question: &Question,
    mut wrong: NotASlice,
) -> Result<NotASlice, store::Error> {
    let mut showed = BTreeSet::new();
    for &edition in snapshot.destroyed_editions()?.keys() {
        let seal = snapshot.seal(edition)?;
        showed.extend(seal.product(&question.slice.product).iter().flat_map(|product| product.periods()));
    }
    let years = question.slice.periods.iter().enumerate();
    let fields: Vec<String> =
        years.filter(|(_, year)| showed.contains(year)).map(|(at, _)| format!("periods[{at}]")).collect();
    for violation in wrong.violations.iter_mut().filter(|violation| fields.contains(&violation.field)) {
        violation.reason =
            "is not counted again, as its records were destroyed; ask the edition that showed it";
    }
    Ok(wrong)
}

/// Whether an edition has waited as long as the agreement says, or was approved.
fn is_reviewed(
    snapshot: &Snapshot<'_>,
    agreement: &Agreement,
    edition: &EditionRow,
    today: Date,
) -> Result<bool, store::Error> {
    let days = today.days() - edition.frozen.date().days();
    if days >= i32::from(agreement.terms.review_days) {
        return Ok(true);
    }
    snapshot.is_approved(edition.number, &agreement.id)
}

/// The newest edition that may be answered from under an agreement.
pub(crate) fn reviewed(
    snapshot: &Snapshot<'_>,
    agreement: &Agreement,
    today: Date,
) -> Result<Option<EditionRow>, store::Error> {
    let mut newest = snapshot.edition(None)?;
    while let Some(edition) = newest {
        if is_reviewed(snapshot, agreement, &edition, today)? {
            return Ok(Some(edition));
        }
        newest = match edition.number {
            1 => None,
            number => snapshot.edition(Some(number - 1))?,
        };
    }
    Ok(None)
}

/// Whose records a seal's figures count: those of its own edition, and of the earlier ones that parts of it stay with.
fn sources(snapshot: &Snapshot<'_>, seal: &Seal) -> Result<BTreeSet<OrgId>, store::Error> {
    let editions: BTreeSet<u32> = seal.counted_in().chain([seal.edition()]).collect();
    let mut sources = BTreeSet::new();
    for number in editions {
        sources.extend(snapshot.edition(Some(number))?.ok_or(store::Error::Damaged("an edition"))?.sources);
    }
    Ok(sources)
}
