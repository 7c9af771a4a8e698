//! Disparity: how far groups are from a reference, and how that has changed.

use super::arm::{Arm, Missing};
use super::figure::{Finding, Made};
use super::grid::Grid;
use super::interval::{Interval, Term, combined, difference};
use super::over_time::{EPSILON, Level, Levels, at};
use super::reference::{OTHERS, Pair, pairs};
use super::relative::relative;
use super::report::{Disparity, Reference};
use super::row::{Quantity, Row, Scale};
use super::series;
use super::words::{amount, on_change, verdict, year};
use std::collections::BTreeSet;

pub(super) fn make(grid: &Grid<'_>, form: &Disparity, made: &mut Made) {
    // The same reference stands beside several groups: its levels are told once.
    let mut told = BTreeSet::new();
    for pair in pairs(grid, &form.focal, &form.reference) {
        // All others of a group that is hidden are not there either: one mark a year is enough.
        let is_others = form.reference == Reference::Others;
        let others = pair.focal.iter().zip(&pair.told).filter(|((_, arm), _)| !is_others || arm.is_ok());
        let others: Levels = others.map(|(_, level)| level.clone()).collect();
        for (label, levels) in [(&pair.label, &pair.focal), (&pair.against, &others)] {
            if !levels.is_empty() && told.insert(label.clone()) {
                made.lines.push(series::line(label, levels));
                made.rows
                    .extend(levels.iter().map(|(year, arm)| Row::level(*year, label, arm, grid.levels())));
            }
        }
        for ((year, focal), (_, reference)) in pair.focal.iter().zip(&pair.reference) {
            let between = gap(grid, *year, (&pair.label, &pair.against), (focal, reference));
            let relative = relative(grid, &pair, *year, (focal, reference), &form.reference);
            // Where there is no gap, the ratio is missing for the same reason.
            let relative = relative.filter(|_| between.value.is_ok());
            made.rows.push(between);
            made.rows.extend(relative);
        }
        let change = change_of_gap(grid, &pair);
        made.findings.extend(in_words(grid, &pair, change.as_ref()));
        made.rows.extend(change);
    }
    if matches!(form.reference, Reference::Highest | Reference::Lowest) {
        // The extreme of several levels is further out than its group would be another time.
        made.notes.push(
            "The reference was chosen for its level: chance alone makes the gap to it larger than it is."
                .into(),
        );
    }
}

/// A group's level and its reference's, of one year.
pub(super) type Sides<'a> = (&'a Result<Arm, Missing>, &'a Result<Arm, Missing>);

/// Both arms, or what keeps one from being there.
pub(super) fn both<'a>((focal, reference): Sides<'a>) -> Result<(&'a Arm, &'a Arm), Missing> {
    Ok((focal.as_ref().map_err(Clone::clone)?, reference.as_ref().map_err(Clone::clone)?))
}

fn interval_of((focal, reference): (&Arm, &Arm)) -> Option<Interval> {
    Some(difference(focal.limits()?, reference.limits()?).1)
}

/// The gap between two levels of a year.
pub(super) fn gap(grid: &Grid<'_>, year: u32, (label, against): (&str, &str), sides: Sides<'_>) -> Row {
    let row = Row::new(year, label, Quantity::Gap, grid.differences()).against(against);
    match both(sides) {
        Err(missing) => Row { value: Err(missing), ..row },
        Ok((focal, reference)) => {
            let interval = interval_of((focal, reference));
            let row = row.says(verdict(&[focal, reference], interval));
            let counts = vec![focal.counts, reference.counts];
            Row { value: Ok(focal.value - reference.value), interval, counts, ..row }
        }
    }
}

/// The change of the gap from the first year that is measured alike and shown, to the last.
fn change_of_gap(grid: &Grid<'_>, pair: &Pair) -> Option<Row> {
    let (last, since) = (grid.last_year()?, grid.comparable_since()?);
    let mut sides = pair.focal.iter().zip(&pair.reference);
    let is_shown =
        |((year, a), (_, b)): &(&Level, &Level)| since <= *year && *year < last && a.is_ok() && b.is_ok();
    let ((first, _), _) = sides.find(is_shown)?;
    change_of_gap_since(grid, pair, *first)
}

/// The change of the gap from a year to the last.
pub(super) fn change_of_gap_since(grid: &Grid<'_>, pair: &Pair, from: u32) -> Option<Row> {
    let last = grid.last_year()?;
    let arms = [from, last].map(|year| (at(&pair.focal, year), at(&pair.reference, year)));
    let [then, now] = &arms;
    let row = Row::new(last, &pair.label, Quantity::GapChange, grid.differences()).against(&pair.against);
    Some(change_between(row.since(from), (&then.0, &then.1), (&now.0, &now.1)))
}

/// Fills a row of a change of a gap.
pub(super) fn change_between(row: Row, then: Sides<'_>, now: Sides<'_>) -> Row {
    let ((a, b), (c, d)) = match both(now).and_then(|now| Ok((now, both(then)?))) {
        Err(missing) => return Row { value: Err(missing), ..row },
        Ok(arms) => arms,
    };
    let terms = [(1.0, a), (-1.0, b), (-1.0, c), (1.0, d)]
        .map(|(weight, arm)| arm.limits().map(|(value, interval)| Term { weight, value, interval }));
    let terms: Option<Vec<Term>> = terms.into_iter().collect();
    let interval = terms.map(|terms| combined(&terms).1);
    let value = Ok((a.value - b.value) - (c.value - d.value));
    let counts = [a, b, c, d].map(|arm| arm.counts).to_vec();
    Row { value, interval, counts, ..row.says(verdict(&[a, b, c, d], interval)) }
}

/// On which side of its reference a group is, before the reference.
fn side(gap: f64, scale: Scale) -> String {
    match gap {
        gap if gap < -EPSILON => format!("{} below", amount(gap, scale)),
        gap if gap > EPSILON => format!("{} above", amount(gap, scale)),
        _ => "level with".into(),
    }
}

/// The reference as it stands in a sentence after its group.
fn in_a_sentence(pair: &Pair) -> &str {
    if pair.against.starts_with(OTHERS) { "all others" } else { &pair.against }
}

fn in_words(grid: &Grid<'_>, pair: &Pair, change: Option<&Row>) -> Option<Finding> {
    let ((last, focal), (_, reference)) = (pair.focal.last()?, pair.reference.last()?);
    let (test, label, when) = ("gap", &pair.label, year(*last));
    let row = gap(grid, *last, (label, &pair.against), (focal, reference));
    let (value, (focal, reference)) = match (row.value, both((focal, reference))) {
        (Ok(value), Ok(arms)) => (value, arms),
        (Err(missing), _) | (_, Err(missing)) => {
            let text = format!("{label} in {when}: {}.", missing.reason());
            return Some(Finding { test, status: "cannot be shown", text });
        }
    };
    let level = |arm: &Arm| amount(arm.value, grid.levels());
    let mut text = format!(
        "{label} in {when}: {} {} ({} against {}); {}.",
        side(value, row.scale),
        in_a_sentence(pair),
        level(focal),
        level(reference),
        row.says
    );
    if let Some((Ok(by), change)) = change.map(|change| (&change.value, change)) {
        let (before, since) = (value - by, year(change.since.unwrap_or(*last)));
        // A gap of either sign narrows when it comes nearer to zero. One that changes its sign does neither.
        let moved = match value.abs() - before.abs() {
            _ if value * before < 0.0 => format!("In {since} it was {} it", side(before, row.scale)),
            moved if moved < -EPSILON => {
                format!("The gap is narrower by {} than in {since}", amount(moved, row.scale))
            }
            moved if moved > EPSILON => {
                format!("The gap is wider by {} than in {since}", amount(moved, row.scale))
            }
            _ => format!("The gap is as wide as in {since}"),
        };
        text += &format!(" {moved}; {}.", on_change("the change", &change.says));
    }
    let status = match row.says.as_str() {
        "beyond chance" | "within chance" if value.abs() <= EPSILON => "level",
        "beyond chance" | "within chance" if value < 0.0 => "below",
        "beyond chance" | "within chance" => "above",
        _ => "no verdict",
    };
    Some(Finding { test, status, text })
}

#[cfg(test)]
mod tests;
