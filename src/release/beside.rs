//! What is told beside the figures of an answer.

use crate::agreements::{Agreement, Permit};
use crate::calendar::Date;
use crate::disclosure::{Covered, LeftOut, ProtectedTable, Sourced};
use crate::records::OrgId;
use crate::store::{self, EditionRow, Snapshot, SourceReport, SourceReports};
use std::collections::{BTreeMap, BTreeSet};

/// When the editions whose records a table counts were frozen, and destroyed.
pub(super) fn days(
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

/// What is told of an edition's sources beside the figures: when each delivered, and how much of its roster it covers.
pub(super) fn sourced(
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
pub(super) fn left_out(
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
