//! The way out: permit, slice the seal, log, release.

use crate::agreements::{Agreement, Offer, Permit, Question, Refused, Rule};
use crate::audit::{Call, Receipt};
use crate::calendar::{Date, Timestamp};
use crate::disclosure::{Beside, Covered, LeftOut, NotASlice, ProtectedTable, Seal, Sourced};
use crate::records::OrgId;
use crate::store::{self, EditionRow, Snapshot, SourceReport, SourceReports, Store, Tx};
use std::collections::{BTreeMap, BTreeSet};
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
    intend(store, asked.clone()).await?;
    let making = asked.clone();
    let made = store.read(move |snapshot| {
        let ground = making.ground(snapshot)?;
        Ok::<_, Error>((making.table(snapshot, &ground)?, ground))
    });
    let (table, ground) = made.await?;
    let steps = move |tx: &mut Tx<'_>| {
        let now = asked.ground(tx)?;
        let table = if now == ground { table } else { asked.table(tx, &now)? };
        tx.log(&asked.call.released(&now.permit, &table))?;
        Ok::<_, Error>(table)
    };
    let committed = store.transaction("release.answer", steps).await?;
    let (table, receipt) = committed.with_receipt().ok_or(store::Error::Damaged("no log entry"))?;
    Ok(Release { table: Some(table), receipt: Some(receipt) })
}

/// A question, and who asks it.
struct Asked {
    partner: OrgId,
    question: Question,
    call: Call,
}

/// What an answer is made by. As long as it is the same, so is the answer: seals never change.
#[derive(PartialEq, Eq)]
struct Ground {
    agreement: Agreement,
    edition: EditionRow,
    permit: Permit,
    /// Editions whose records are destroyed, and when: it is told beside the figures.
    destroyed: BTreeMap<u32, Timestamp>,
}

impl Asked {
    /// By what the question may be answered.
    fn ground(&self, snapshot: &Snapshot<'_>) -> Result<Ground, Error> {
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
        Ok(Ground { agreement, edition, permit, destroyed })
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

    /// The answer.
    fn table(&self, snapshot: &Snapshot<'_>, ground: &Ground) -> Result<ProtectedTable, Error> {
        let Ground { agreement, edition, permit, .. } = ground;
        let mut table = match snapshot.seal(edition.number)?.slice(permit.slice()) {
            Ok(table) => table,
            Err(wrong) => return Err(closed(snapshot, &self.question, wrong)?.into()),
        };
        let beside = Beside {
            credit: agreement.terms.credit.clone().unwrap_or_default(),
            sources: sourced(agreement, edition, &snapshot.notes(edition.number)?.reports, permit),
            left_out: left_out(snapshot, agreement, &table)?,
            days: days(snapshot, &table)?,
        };
        table = table.under(agreement.reference(), beside);
        for number in (1..edition.number).rev() {
            if !table.is_wanting() {
                break;
            }
            let older = snapshot.seal(number)?;
            let Some(row) = snapshot.edition(Some(number))? else { continue };
            // What the agreement would refuse of an older edition is not recalled from it either.
            if older.has_new(&self.question.slice.product) && self.permit(snapshot, agreement, &row)?.is_ok()
            {
                // An edition that did not have the product has nothing to recall.
                if let Ok(older) = older.slice(permit.slice()) {
                    table = table.recalling(&older);
                }
            }
        }
        Ok(table)
    }
}

/// Puts on record that a question is going to be answered. Its agreement is on record where the partner is a party to it, and
/// its purpose where it is one of the agreement's: nobody has checked other words.
async fn intend(store: &Store, asked: Arc<Asked>) -> Result<(), store::Error> {
    let steps = move |tx: &mut Tx<'_>| {
        let Asked { partner, question, call } = &*asked;
        let agreement = tx.agreement(&question.agreement)?.filter(|known| known.partners.contains(partner));
        let has_purpose = agreement.as_ref().is_some_and(|known| known.purposes.contains(&question.purpose));
        let purpose = has_purpose.then_some(question.purpose.as_str());
        let agreement = agreement.as_ref().map(|known| (known.id.as_str(), known.version));
        tx.log(&call.intended(agreement, purpose))
    };
    store.transaction("release.intend", steps).await.map(|store::Committed::<()> { .. }| ())
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

/// When the editions whose records a table counts were frozen, and destroyed.
fn days(
    snapshot: &Snapshot<'_>,
    table: &ProtectedTable,
) -> Result<BTreeMap<u32, (Date, Option<Date>)>, store::Error> {
    let mut days = BTreeMap::new();
    for counted in table.counted() {
        if let Some(row) = snapshot.edition(Some(counted.edition))? {
            days.insert(row.number, (row.frozen.date(), row.destroyed.map(|time| time.date())));
        }
    }
    Ok(days)
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

/// What is told of an edition's sources beside the figures: when each delivered, and how much of its roster it covers.
fn sourced(
    agreement: &Agreement,
    edition: &EditionRow,
    reports: &SourceReports,
    permit: &Permit,
) -> Vec<Sourced> {
    let periods: BTreeSet<u16> = permit.slice().periods.iter().map(|year| year.ending()).collect();
    let of = |(source, report): (&OrgId, &SourceReport)| {
        let covered = report.coverage.iter().filter(|(year, _)| periods.contains(year));
        Sourced {
            organization: source.to_string(),
            delivered: report.delivered.map(|day| day.to_string()).unwrap_or_default(),
            days_late: agreement.terms.days_late(source, report.delivered, edition.frozen.date()),
            coverage: covered
                .map(|(year, of)| Covered {
                    period: (*year).into(),
                    attendance: of.attendance.into(),
                    assessment: of.assessment.into(),
                })
                .collect(),
        }
    };
    reports.iter().map(of).collect()
}

/// Whom the figures of a table leave out, in the editions whose records they count. It is told of all students of a product,
/// so an agreement that lets a partner see only some of them is told nothing.
fn left_out(
    snapshot: &Snapshot<'_>,
    agreement: &Agreement,
    table: &ProtectedTable,
) -> Result<Vec<LeftOut>, store::Error> {
    let mut all = Vec::new();
    if !agreement.terms.only.is_empty() {
        return Ok(all);
    }
    // An earlier edition can have had another version of the product, about others.
    let product = store::product_key(table.product(), table.product_version());
    let periods: BTreeSet<u32> = table.cells().iter().map(|cell| cell.period).collect();
    for counted in table.counted().iter().filter(|counted| periods.contains(&counted.period)) {
        let notes = snapshot.notes(counted.edition)?;
        let of_years = notes.left_out.get(&product).and_then(|of| of.get(table.indicator()));
        let year = u16::try_from(counted.period).unwrap_or_default();
        let of_year = of_years.and_then(|years| years.get(&year));
        all.extend(of_year.and_then(|left_out| told(counted.period, left_out)));
    }
    Ok(all)
}

/// What is told of whom figures leave out; nothing of the notes of editions from before they were a range, which could tell
/// what the seal hides.
fn told(period: u32, left_out: &crate::outcomes::LeftOut) -> Option<LeftOut> {
    Some(LeftOut {
        period,
        of: left_out.of.clone(),
        reason: left_out.reason.clone(),
        percent: left_out.percent.into(),
        below: left_out.below?.into(),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_from_before_there_was_a_range_tell_nothing() {
        let note = |below| crate::outcomes::LeftOut {
            of: "third-graders".into(),
            reason: "no result".into(),
            percent: 15,
            below,
        };
        assert_eq!(told(2024, &note(None)), None);
        let range = told(2024, &note(Some(20))).expect("a range");
        assert_eq!((range.period, range.percent, range.below), (2024, 15, 20));
    }
}
