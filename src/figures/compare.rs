//! Comparisons with names of their own. Each says how many students stand behind every number, and none calls a
//! difference an effect.

use super::arm::Missing;
use super::catalog::{ALL, UNKNOWN};
use super::disparity::{change_between, gap};
use super::figure::Made;
use super::grid::Grid;
use super::over_time::{Levels, at, change};
use super::report::{BeforeAfter, DifferenceInDifferences, Districts, Transition};
use super::row::{Quantity, Row, Scale};
use super::series;
use super::words::{amount, signed, year};

pub(super) const ASSOCIATION: &str = "An association, not an effect";

/// One group before and after.
pub(super) fn before_after(grid: &Grid<'_>, form: &BeforeAfter, made: &mut Made) {
    let arms = [form.before, form.after].map(|year| (year, grid.arm(year, &[])));
    let [before, after] = &arms;
    made.rows.extend(arms.iter().map(|(year, arm)| Row::level(*year, "All", arm, grid.levels())));
    let row = change(grid, "All", (before.0, &before.1), (after.0, &after.1));
    tell(made, "before_after", "before and after", &row);
    made.rows.push(row);
    made.notes.push(format!(
        "{ASSOCIATION}: everything else that changed between the two years is in the difference, and the students of the \
         two years are not all the same."
    ));
    made.lines.push(series::line("All", &arms.to_vec()));
}

/// Two groups in two years.
pub(super) fn difference_in_differences(grid: &Grid<'_>, form: &DifferenceInDifferences, made: &mut Made) {
    let sides = [(form.group_label.clone(), &form.group), (form.comparison_label.clone(), &form.comparison)];
    let sides = sides.map(|(label, categories)| {
        let label = label.unwrap_or_else(|| grid.labels(categories));
        let levels: Levels = grid.years.iter().map(|year| (*year, grid.group(*year, categories))).collect();
        (label, levels)
    });
    let mut arms = Vec::new();
    for (label, levels) in &sides {
        let [before, after] = [form.from, form.to].map(|year| (year, at(levels, year)));
        made.rows.extend([&before, &after].map(|(year, arm)| Row::level(*year, label, arm, grid.levels())));
        made.rows.push(change(grid, label, (before.0, &before.1), (after.0, &after.1)));
        made.lines.push(series::line(label, levels));
        arms.extend([before.1, after.1]);
    }
    let row = Row::new(form.to, &sides[0].0, Quantity::DifferenceInDifferences, grid.differences());
    let row = row.against(&sides[1].0).since(form.from);
    let row = match grid.break_between(form.from, form.to) {
        Some(broken) => Row { value: Err(Missing::Break(broken)), ..row },
        None => match grid.apart(&form.group, &form.comparison) {
            Err(missing) => Row { value: Err(missing), ..row },
            Ok(()) => change_between(row, (&arms[0], &arms[2]), (&arms[1], &arms[3])),
        },
    };
    tell(made, "difference_in_differences", "the difference of the two changes", &row);
    made.rows.push(row);
    made.notes.push(format!(
        "{ASSOCIATION}: it would tell of a cause only if both groups had otherwise changed alike, which no figure here can \
         show."
    ));
}

/// What those who met a milestone, and those who did not, came to.
pub(super) fn transition(grid: &Grid<'_>, form: &Transition, made: &mut Made) {
    let sides = [(&form.met, "met"), (&form.not_met, "did not meet")].map(|(categories, how)| {
        let label = format!("{how} it ({})", grid.labels(categories));
        let levels: Levels = grid.years.iter().map(|year| (*year, grid.group(*year, categories))).collect();
        (label, levels)
    });
    let [(met, with), (missed, without)] = &sides;
    let apart = grid.apart(&form.met, &form.not_met);
    for ((year, a), (_, b)) in with.iter().zip(without) {
        made.rows.push(Row::level(*year, met, a, grid.levels()));
        made.rows.push(Row::level(*year, missed, b, grid.levels()));
        let b = apart.clone().and_then(|()| b.clone());
        let between = gap(grid, *year, (met, missed), (a, &b));
        if Some(*year) == grid.last_year() {
            tell(made, "transition", "between the two", &between);
        }
        made.rows.push(between);
    }
    made.lines.extend([series::line(met, with), series::line(missed, without)]);
    made.notes
        .push(format!("{ASSOCIATION}: the first milestone may be a sign of what brings about the second."));
}

/// Everybody together, and the mean in which each district counts once.
pub(super) fn districts(grid: &Grid<'_>, form: &Districts, made: &mut Made) {
    let Some(when) = form.year.or(grid.last_year()) else { return };
    let ids = grid.parts(0, Some(when), ALL).into_iter().filter(|id| *id != UNKNOWN);
    let all = grid.arm(when, &[ALL]);
    made.rows.push(Row::level(when, "Pooled: all students together", &all, grid.levels()));
    let (mut shown, mut n, mut missing) = (Vec::new(), 0, Missing::Empty);
    for id in ids {
        let arm = grid.arm(when, &[id]);
        if arm != Err(Missing::Empty) {
            n += 1;
            match &arm {
                Ok(arm) => shown.push(arm.value),
                Err(why) => missing = why.clone(),
            }
            made.rows.push(Row::level(when, &grid.label(id), &arm, grid.levels()));
        }
    }
    let mean = shown.iter().sum::<f64>() / shown.len() as f64;
    let label = format!("Mean of {} of {n} districts, each counted once", shown.len());
    let row = Row::new(when, &label, Quantity::DistrictMean, grid.levels());
    let value = if shown.is_empty() { Err(missing) } else { Ok(mean) };
    if let (Ok(all), Ok(mean)) = (&all, &value) {
        let text = format!(
            "{}: {} of all students together, {} as the mean of the {} of {n} districts that are shown. The two answer \
             different questions.",
            year(when),
            amount(all.value, grid.levels()),
            amount(*mean, grid.levels()),
            shown.len()
        );
        made.find("districts", "shown", text);
    }
    made.rows.push(Row { value, ..row });
}

/// A difference in words.
pub(super) fn tell(made: &mut Made, test: &'static str, what: &str, row: &Row) {
    let (status, text) = match (&row.value, row.interval) {
        (Err(missing), _) => ("cannot be shown", missing.reason()),
        (Ok(value), interval) => {
            let ends = interval
                .map(|ends| format!(", 95 % from {} to {}", signed(ends.low, 1), signed(ends.high, 1)));
            let status = match row.says.as_str() {
                "beyond chance" => "beyond chance",
                "within chance" => "within chance",
                _ => "no verdict",
            };
            let unit = if row.scale == Scale::Points { " points" } else { "" };
            (
                status,
                format!(
                    "{}{unit}{}; {}. {ASSOCIATION}",
                    signed(*value, 1),
                    ends.unwrap_or_default(),
                    row.says
                ),
            )
        }
    };
    let against = if row.against.is_empty() { String::new() } else { format!(" against {}", row.against) };
    made.find(test, status, format!("{}{against}, {what}: {text}.", row.group));
}

#[cfg(test)]
mod tests;
