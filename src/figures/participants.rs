//! Participants against others who could have taken part, in all and over the same strata.

use super::arm::{Arm, Missing};
use super::catalog::ALL;
use super::compare::{ASSOCIATION, tell};
use super::disparity::gap;
use super::figure::Made;
use super::grid::Grid;
use super::interval::{Term, combined};
use super::relative::standardized;
use super::report::Participants;
use super::row::{Quantity, Row, Scale};
use super::words::verdict;

/// Participants against others who were eligible, in all and stratum by stratum.
pub(super) fn make(grid: &Grid<'_>, form: &Participants, made: &mut Made) {
    let Some(when) = form.year.or(grid.last_year()) else { return };
    let (label, against) = (grid.label(&form.participants), grid.label(&form.comparison));
    let of = |category: &str, stratum: &str| match form.strata {
        Some(_) => grid.arm(when, &[category, stratum]),
        None => grid.arm(when, &[category]),
    };
    let whole = (of(&form.participants, ALL), of(&form.comparison, ALL));
    made.rows.push(Row::level(when, &label, &whole.0, grid.levels()));
    made.rows.push(Row::level(when, &against, &whole.1, grid.levels()));
    let ids = [&form.participants, &form.comparison].map(std::slice::from_ref);
    if let Err(missing) = grid.apart(ids[0], ids[1]) {
        let between = gap(grid, when, (&label, &against), (&whole.0, &Err(missing)));
        tell(made, "participants", "all together", &between);
        made.rows.push(between);
        return;
    }
    let between = gap(grid, when, (&label, &against), (&whole.0, &whole.1));
    tell(made, "participants", "all together", &between);
    made.rows.push(between);
    let row = Row::new(when, &label, Quantity::StandardizedDifference, Scale::Deviations).against(&against);
    let apart = match (&whole.0, &whole.1) {
        (Ok(a), Ok(b)) => standardized(a, b),
        (Err(missing), _) | (_, Err(missing)) => Err(missing.clone()),
    };
    let arms = [&whole.0, &whole.1].into_iter().flatten();
    let counts = if apart.is_ok() { arms.map(|arm| arm.counts).collect() } else { Vec::new() };
    made.rows.push(Row { value: apart, counts, ..row });
    if let Some(strata) = &form.strata {
        over_strata(grid, when, strata, (&label, &against), &of, form, made);
    }
    made.notes.push(format!(
        "{ASSOCIATION}: whoever takes part may differ from the others in more than is shown here."
    ));
}

fn over_strata(
    grid: &Grid<'_>,
    when: u32,
    strata: &str,
    (label, against): (&str, &str),
    of: &dyn Fn(&str, &str) -> Result<Arm, Missing>,
    form: &Participants,
    made: &mut Made,
) {
    // The strata are those right under the whole, those not known too: everybody is in one.
    let categories = grid.parts(1, Some(when), ALL);
    let mut used: Vec<(f64, Arm, Arm)> = Vec::new();
    let mut missing = Missing::Empty;
    let (mut n_strata, mut n_groups) = (0, 0);
    for stratum in categories {
        let sides = (of(&form.participants, stratum), of(&form.comparison, stratum));
        if sides.0 == Err(Missing::Empty) && sides.1 == Err(Missing::Empty) {
            continue;
        }
        n_strata += 1;
        let name = grid.label_in(1, stratum);
        let (label, against) = (format!("{label}, {name}"), format!("{against}, {name}"));
        made.rows.push(Row::level(when, &label, &sides.0, grid.levels()));
        made.rows.push(Row::level(when, &against, &sides.1, grid.levels()));
        made.rows.push(gap(grid, when, (&label, &against), (&sides.0, &sides.1)));
        if let (Err(why), _) | (_, Err(why)) = &sides {
            missing = why.clone();
        }
        if let (Ok(a), Ok(b)) = sides
            && let (Some(n), Some(m)) = (a.counts.people, b.counts.people)
        {
            n_groups += 1;
            used.push(((n + m) as f64, a, b));
        }
    }
    let row = Row::new(when, label, Quantity::StandardizedGap, grid.differences()).against(against);
    if used.is_empty() {
        made.rows.push(Row { value: Err(missing), ..row });
        return;
    }
    let total: f64 = used.iter().map(|(weight, ..)| weight).sum();
    let value = used.iter().map(|(weight, a, b)| weight / total * (a.value - b.value)).sum();
    let terms = used.iter().flat_map(|(weight, a, b)| [(weight / total, a), (-weight / total, b)]);
    let terms: Option<Vec<Term>> = terms
        .map(|(weight, arm)| arm.limits().map(|(value, interval)| Term { weight, value, interval }))
        .collect();
    let interval = terms.map(|terms| combined(&terms).1);
    let arms: Vec<&Arm> = used.iter().flat_map(|(_, a, b)| [a, b]).collect();
    let sides =
        [Arm::pooled(used.iter().map(|(_, a, _)| Ok(*a))), Arm::pooled(used.iter().map(|(.., b)| Ok(*b)))];
    let counts = sides.iter().filter_map(|arm| arm.as_ref().ok().map(|arm| arm.counts)).collect();
    let row = Row { value: Ok(value), interval, counts, ..row.says(verdict(&arms, interval)) };
    tell(made, "participants", "over the same strata", &row);
    made.rows.push(row);
    let name = grid.named(1).map_or(strata, |dimension| &dimension.label);
    made.notes.push(format!(
        "Directly standardized over {name}: both groups as if they had the strata of all of them together; \
         {n_groups} of {n_strata} strata are shown for both and used."
    ));
}

#[cfg(test)]
mod tests {
    use super::super::Figure;
    use super::super::report::Form;
    use super::super::testing::{cell, made, near, shares, status, table};
    use super::*;
    use crate::disclosure::{Cell, Mark};

    fn row(figure: &Figure, quantity: Quantity) -> &Row {
        figure.rows.iter().rfind(|row| row.quantity == quantity).expect("a row")
    }

    fn stratum(status: &str, stratum: &str, (numerator, people): (u64, u64)) -> Cell {
        let mut cell = cell(2025, &[status, stratum]);
        (cell.numerator, cell.denominator) = (Some(numerator), Some(people));
        cell.value = Some(numerator as f64 / people as f64);
        cell.set_mark(Mark::Shown);
        cell
    }

    #[test]
    fn participants_are_not_compared_to_everybody() {
        let form = Participants {
            by: "status".into(),
            participants: "participant".into(),
            comparison: "all".into(),
            strata: None,
            year: None,
        };
        let cells = [(2025, "all", Some((250, 800))), (2025, "participant", Some((155, 400)))];
        let figure = made(Form::Participants(form), &shares(Some("status"), &cells));
        assert_eq!(status(&figure, "participants"), "cannot be shown");
        let quantities: Vec<_> = figure.rows.iter().map(|row| (row.quantity, row.value.is_ok())).collect();
        assert_eq!(quantities, [(Quantity::Level, true), (Quantity::Level, true), (Quantity::Gap, false)]);
    }

    /// 62.5 against 38.75 % in all, but ten and five points in strata of equal weight.
    #[test]
    fn participants_are_compared_over_the_same_strata() {
        let (took_part, others) = ("participant", "eligible_nonparticipant");
        let mut hidden = cell(2025, &[took_part, "c"]);
        hidden.denominator = Some(12);
        let cells = vec![
            stratum(took_part, "all", (250, 400)),
            stratum(others, "all", (155, 400)),
            stratum(took_part, "a", (40, 100)),
            stratum(others, "a", (90, 300)),
            stratum(took_part, "b", (210, 300)),
            stratum(others, "b", (65, 100)),
            hidden,
            stratum(others, "c", (20, 60)),
        ];
        let form = Participants {
            by: "status".into(),
            participants: took_part.into(),
            comparison: others.into(),
            strata: Some("income".into()),
            year: None,
        };
        let table = table("share", vec!["status".into(), "income".into()], cells);
        let figure = made(Form::Participants(form), &table);
        let crude = figure.rows.iter().find(|row| row.quantity == Quantity::Gap).expect("a row");
        assert!((crude.value.as_ref().expect("a value") - 23.75).abs() < 1e-9);
        near(row(&figure, Quantity::StandardizedGap), 7.5, 0.1646, 15.2322);
        let apart = row(&figure, Quantity::StandardizedDifference).value.as_ref().expect("a value");
        assert!((apart - 0.489_031_7).abs() < 1e-6);
        assert!(figure.notes.iter().any(|note| note.contains("2 of 3 strata")), "{:?}", figure.notes);
    }
}
