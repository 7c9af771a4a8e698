//! Equitable targets: whether a group catches up with its reference, and when it will have.

use super::VERDICT_MIN;
use super::arm::Missing;
use super::disparity::change_of_gap;
use super::figure::Made;
use super::grid::Grid;
use super::over_time::{EPSILON, at};
use super::reference::Pair;
use super::report::Target;
use super::row::{Quantity, Row, Scale};
use super::series;
use super::target::window;
use super::words::{amount, year};

/// Faster improvement of a group than of its reference, and a gap narrower than at the baseline.
pub(super) fn look(grid: &Grid<'_>, form: &Target, pair: &Pair, made: &mut Made) {
    let test = "equitable";
    let (from, _) = window(grid, form, &pair.focal);
    let Some(last) = grid.last_year().filter(|last| *last > from) else {
        made.find(test, "cannot be shown", format!("Equitable, {}: it takes two years.", pair.label));
        return;
    };
    for (label, levels) in [(&pair.label, &pair.focal), (&pair.against, &pair.reference)] {
        // The same reference may stand beside several groups.
        if made.lines.iter().all(|line| line.label != *label) {
            made.rows.extend(levels.iter().map(|(year, arm)| Row::level(*year, label, arm, grid.levels())));
            made.lines.push(series::line(label, levels));
        }
    }
    let arms = || {
        let arms =
            [(&pair.focal, from), (&pair.focal, last), (&pair.reference, from), (&pair.reference, last)];
        let [a, b, c, d] = arms.map(|(levels, year)| at(levels, year));
        Ok::<_, Missing>([a?, b?, c?, d?])
    };
    let [then, now, other_then, other_now] = match arms() {
        Ok(arms) => arms,
        Err(missing) => {
            let text = format!("Equitable, {}: {}.", pair.label, missing.reason());
            made.find(test, "cannot be shown", text);
            return;
        }
    };
    made.rows.extend(change_of_gap(grid, pair));
    let arms = [&then, &now, &other_then, &other_now];
    if arms.iter().any(|arm| !arm.is_exact || !arm.is_large()) {
        let text = format!(
            "Equitable, {}: no verdict (fewer than {VERDICT_MIN} students in a group, or rounded numbers).",
            pair.label
        );
        made.find(test, "no verdict", text);
        return;
    }
    let direction = form.direction;
    let (focal, reference) =
        (direction.gain(then.value, now.value), direction.gain(other_then.value, other_now.value));
    // How far the group is behind; negative where it is ahead.
    let (gap_then, gap_now) =
        (direction.gain(then.value, other_then.value), direction.gain(now.value, other_now.value));
    let points = |value: f64| amount(value, grid.differences());
    let moved = format!(
        "{} {} by {}, {} {} by {}; {} behind in {}, {} in {}",
        pair.label,
        if focal < 0.0 { "worse" } else { "better" },
        points(focal),
        pair.against,
        if reference < 0.0 { "worse" } else { "better" },
        points(reference),
        signed(gap_then, grid),
        year(from),
        signed(gap_now, grid),
        year(last)
    );
    let is_narrower = gap_now < gap_then - EPSILON;
    // A gap that is narrower because the reference has become worse is none that equity has narrowed.
    let is_faster = focal > reference + EPSILON && focal > EPSILON;
    let (status, more) =
        match (is_faster && is_narrower, focal > 0.0 && reference > 0.0 && gap_now > gap_then + EPSILON) {
            (true, _) if gap_then <= 0.0 => ("met", "the group was not behind".to_owned()),
            (true, _) if gap_now <= 0.0 => ("met", "the gap is closed".into()),
            (true, _) => {
                let yearly = (gap_then - gap_now) / f64::from(last - from);
                let closing = f64::from(last) + (gap_now / yearly).ceil();
                let row =
                    Row::new(last, &pair.label, Quantity::ClosingYear, Scale::Years).against(&pair.against);
                made.rows.push(Row { value: Ok(closing), ..row.since(from) });
                ("met", format!("at this pace the gap is closed in {}", year(closing.min(2999.0) as u32)))
            }
            (false, true) => ("both up, gap wider", "both are better, and the gap is wider".into()),
            (false, false) => {
                ("not met", "the gap is no narrower, or the group did not improve faster".into())
            }
        };
    made.find(test, status, format!("Equitable, {}: {status}. {moved}; {more}.", pair.label));
}

fn signed(gap: f64, grid: &Grid<'_>) -> String {
    let sign = if gap < 0.0 { "-" } else { "" };
    format!("{sign}{}", amount(gap, grid.differences()))
}

#[cfg(test)]
mod tests {
    use super::super::Figure;
    use super::super::report::Form;
    use super::super::target::tests::all_hands_raised;
    use super::super::testing::{made, shares, status};
    use super::*;

    fn equity(a: [u64; 3], b: [u64; 3]) -> Figure {
        let mut cells = Vec::new();
        for at in 0..3 {
            let year = 2012 + at as u32;
            cells.push((year, "all", Some((a[at] + b[at], 2000))));
            cells.extend([(year, "a", Some((a[at], 1000))), (year, "b", Some((b[at], 1000)))]);
        }
        let target = Target { by: Some("race".into()), focal: vec!["a".into()], ..all_hands_raised() };
        made(Form::Target(target), &shares(Some("race"), &cells))
    }

    #[test]
    fn equity_takes_faster_growth_and_a_narrower_gap() {
        let closing = equity([500, 530, 560], [600, 610, 620]);
        assert_eq!(status(&closing, "equitable"), "met");
        // Ten points behind, then six: two a year, three years more.
        let row =
            closing.rows.iter().find(|row| row.quantity == Quantity::ClosingYear).expect("a projection");
        assert_eq!(row.value, Ok(2017.0));
        assert_eq!(status(&equity([500, 502, 505], [650, 680, 700]), "equitable"), "both up, gap wider");
        assert_eq!(status(&equity([500, 490, 480], [650, 640, 600]), "equitable"), "not met");
        assert_eq!(status(&equity([500, 600, 700], [600, 610, 620]), "equitable"), "met");
    }

    #[test]
    fn equity_of_a_hidden_group_cannot_be_shown() {
        let cells = [
            (2012, "all", Some((900, 2000))),
            (2012, "a", Some((400, 1000))),
            (2013, "all", Some((950, 2000))),
            (2013, "a", None),
        ];
        let target = Target { by: Some("race".into()), focal: vec!["a".into()], ..all_hands_raised() };
        let figure = made(Form::Target(target), &shares(Some("race"), &cells));
        assert_eq!(status(&figure, "equitable"), "cannot be shown");
        let of_it = |row: &&Row| row.group == "a" && row.year == 2013;
        assert!(figure.rows.iter().filter(of_it).all(|row| row.value == Err(Missing::Hidden)));
    }
}
