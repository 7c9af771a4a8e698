//! Medians, between the thresholds of several shares: nothing but shares at or above a threshold is known, so what has to be
//! protected are these and how many lie between two of them, as it is for whoever asks for the shares.

use super::arm::{Arm, Missing};
use super::catalog::Use;
use super::figure::{Line, Made};
use super::grid::Grid;
use super::report::Median;
use super::row::{Quantity, Row, Scale};
use std::collections::BTreeMap;

const NOTE: &str = "Medians are worked out from the shares at or above the thresholds, as if students between two of them were \
                    spread evenly. Between which two they lie is as sure as the shares are exact.";

/// The median of each group in each year.
pub(super) fn make(first: &Grid<'_>, others: &[Grid<'_>], form: &Median, made: &mut Made) {
    let threshold = |grid: &Grid<'_>| grid.offer?.used(grid.table.indicator())?.threshold();
    let of = std::iter::once(first).chain(others).filter_map(|grid| Some((threshold(grid)?, grid)));
    let of: BTreeMap<u32, &Grid<'_>> = of.collect();
    // Percentiles are whole numbers, and scores need not be.
    let is_whole =
        first.offer.and_then(|offer| offer.used(first.table.indicator())).is_some_and(Use::is_of_percentiles);
    let groups: Vec<Option<&str>> = match &form.by {
        None => vec![None],
        Some(_) => first.categories(0, None).into_iter().map(Some).collect(),
    };
    for group in groups {
        let label = group.map_or_else(|| "All".to_owned(), |id| first.label(id));
        let mut points = Vec::new();
        for year in &first.years {
            let shares: Vec<_> =
                of.iter().map(|(threshold, grid)| (*threshold, grid.arm(*year, group.as_slice()))).collect();
            let row = row(*year, &label, &shares, is_whole);
            points.push((*year, row.value.clone()));
            made.rows.push(row);
        }
        made.lines.push(Line { label, points });
    }
    made.notes.push(NOTE.into());
}

fn row(year: u32, label: &str, shares: &[(u32, Result<Arm, Missing>)], is_whole: bool) -> Row {
    let row = Row::new(year, label, Quantity::Median, Scale::Own);
    let shown: Vec<(u32, Arm)> =
        shares.iter().filter_map(|(threshold, arm)| Some((*threshold, *arm.as_ref().ok()?))).collect();
    // More than half of the students are at or above the lower one, and no more than half at or above the upper one.
    let lower = shown.iter().rfind(|(_, arm)| arm.value > 50.0);
    let upper = shown.iter().find(|(_, arm)| arm.value <= 50.0);
    let (Some((from, at)), Some((to, beyond))) = (lower, upper) else {
        let missing = shares.iter().find_map(|(_, arm)| arm.as_ref().err().cloned());
        let beyond = Missing::Because("the median lies beyond the thresholds that are shown");
        // Without any share there is one reason; with some, what is hidden may be what lies beyond them.
        let value = Err(if shown.is_empty() { missing.unwrap_or(Missing::Absent) } else { beyond });
        return Row { value, ..row };
    };
    if from >= to {
        // Rounding or noise has put the shares out of order.
        return Row { value: Err(Missing::Because("the shares are not exact enough for a median")), ..row };
    }
    let part = (at.value - 50.0) / (at.value - beyond.value);
    // Who has a whole number stands in the middle of it.
    let half = if is_whole { 0.5 } else { 0.0 };
    let value = f64::from(*from) - half + part * f64::from(to - from);
    let about = if at.is_exact && beyond.is_exact { "" } else { "about " };
    let says = if beyond.value == 50.0 {
        // Of the two in the middle one is on either side, and everything between them is a median.
        format!("{about}half at {to} or above, half below")
    } else if is_whole {
        format!("{about}from {from} to {}", to - 1)
    } else {
        format!("{about}from {from} to under {to}")
    };
    Row { counts: vec![at.counts, beyond.counts], value: Ok(value), ..row }.says(says)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Told, made_of_several, shares};
    use super::*;

    /// Group, year, median or why there is none, and between which thresholds it lies.
    type Found = (String, u32, Result<f64, Missing>, String);

    fn medians(tables: &[(u32, &[Told<'_>])]) -> Vec<Found> {
        let table = |(threshold, cells): &(u32, &[Told<'_>])| (*threshold, shares(Some("sex"), cells));
        let tables: Vec<_> = tables.iter().map(table).collect();
        let figure = made_of_several(Median { by: Some("sex".into()), with: Vec::new() }, &tables);
        figure.rows.into_iter().map(|row| (row.group, row.year, row.value, row.says)).collect()
    }

    /// Of a hundred girls 60 have 50 or more and 40 have 60 or more; of the boys 80 and 50.
    #[test]
    fn a_median_lies_between_two_thresholds() {
        let found = medians(&[
            (40, &[(2025, "F", Some((80, 100))), (2025, "M", Some((80, 100)))]),
            (50, &[(2025, "F", Some((60, 100))), (2025, "M", Some((50, 100)))]),
            (60, &[(2025, "F", Some((40, 100))), (2025, "M", Some((20, 100)))]),
        ]);
        assert_eq!(found[0], ("F".into(), 2025, Ok(54.5), "from 50 to 59".into()));
        assert_eq!(found[1], ("M".into(), 2025, Ok(49.5), "half at 50 or above, half below".into()));
    }

    #[test]
    fn hidden_shares_widen_what_is_said_and_nothing_is_said_beyond_them() {
        let girls = |at: [Option<(u64, u64)>; 3]| {
            let cells = at.map(|numbers| [(2025, "F", numbers)]);
            let tables: Vec<(u32, &[_])> =
                [30, 50, 70].into_iter().zip(cells.iter().map(|of| &of[..])).collect();
            medians(&tables).remove(0)
        };
        let (_, _, value, says) = girls([Some((90, 100)), None, Some((10, 100))]);
        assert_eq!((value, says.as_str()), (Ok(49.5), "from 30 to 69"));
        let (_, _, value, _) = girls([Some((90, 100)), Some((60, 100)), None]);
        assert!(matches!(value, Err(Missing::Because(_))));
        assert_eq!(girls([None, None, None]).2, Err(Missing::Hidden));
        // Noise can do that.
        let (_, _, value, _) = girls([Some((45, 100)), Some((55, 100)), Some((10, 100))]);
        assert!(matches!(value, Err(Missing::Because(_))));
    }
}
