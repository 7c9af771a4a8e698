//! Equitable targets: whether a group catches up with its reference, and when it will have.

use super::arm::{Arm, Missing};
use super::disparity::change_of_gap_since;
use super::figure::Made;
use super::grid::Grid;
use super::over_time::{EPSILON, at};
use super::reference::Pair;
use super::report::Target;
use super::row::{Quantity, Row, Scale};
use super::series;
use super::target::window;
use super::words::{amount, no_verdict, on_change, year};

/// Years ahead that a closing gap is projected: two points say nothing of what is further away than a childhood.
const PROJECTED_YEARS_MAX: f64 = 25.0;

/// Faster improvement of a group than of its reference, and a gap narrower than at the baseline.
pub(super) fn look(grid: &Grid<'_>, form: &Target, pair: &Pair, made: &mut Made) {
    let (from, _) = window(grid, form, &pair.focal);
    for (label, levels) in [(&pair.label, &pair.focal), (&pair.against, &pair.told)] {
        // The same reference may stand beside several groups.
        if made.lines.iter().all(|line| line.label != *label) {
            made.rows.extend(levels.iter().map(|(year, arm)| Row::level(*year, label, arm, grid.levels())));
            made.lines.push(series::line(label, levels));
        }
    }
    let mut find =
        |status, text: String| made.find("equitable", status, format!("Equitable, {}: {text}.", pair.label));
    let Some(last) = grid.last_year().filter(|last| *last > from) else {
        return find("cannot be shown", "it takes two years".into());
    };
    if !grid.years.contains(&from) {
        return find("cannot be shown", format!("the table has no figures of {}", year(from)));
    }
    let arms = [(&pair.focal, from), (&pair.focal, last), (&pair.reference, from), (&pair.reference, last)];
    let arms: Result<Vec<Arm>, Missing> = arms.into_iter().map(|(levels, year)| at(levels, year)).collect();
    let arms = match arms {
        Ok(arms) => arms,
        Err(missing) => return find("cannot be shown", missing.reason()),
    };
    if let Some(missing) = arms.iter().find_map(|arm| arm.telling().err()) {
        find("no verdict", no_verdict(&missing));
        made.rows.extend(change_of_gap_since(grid, pair, from));
        return;
    }
    let change = change_of_gap_since(grid, pair, from);
    let direction = grid.direction(form.direction);
    let gain = |from: usize, to: usize| direction.gain(arms[from].value, arms[to].value);
    let moved = Moved {
        from,
        last,
        focal: gain(0, 1),
        reference: gain(2, 3),
        then: gap(gain(0, 2)),
        now: gap(gain(1, 3)),
    };
    let closing = moved.closing();
    let (status, more) = moved.status(closing.as_ref());
    let chance = change.as_ref().map(|row| on_change("the change of the gap", &row.says)).unwrap_or_default();
    find(status, format!("{status}. {}; {more}; {chance}", moved.in_words(grid, pair)));
    made.rows.extend(change);
    made.rows.extend(closing.map(|value| {
        let row = Row::new(last, &pair.label, Quantity::ClosingYear, Scale::Years).against(&pair.against);
        Row { value, ..row.since(from) }
    }));
}

/// A gap, where differences within rounding of floating-point numbers are none.
fn gap(behind: f64) -> f64 {
    if behind.abs() > EPSILON { behind } else { 0.0 }
}

/// How a group and its reference have moved, each positive where it is better.
struct Moved {
    from: u32,
    last: u32,
    focal: f64,
    reference: f64,
    /// How far the group was behind; negative where it was ahead.
    then: f64,
    /// How far it is behind.
    now: f64,
}

impl Moved {
    /// Whether the group came nearer by becoming better: not where the reference alone has become worse.
    fn is_closing(&self) -> bool {
        self.focal > EPSILON && self.now < self.then - EPSILON
    }

    /// The school year in which the gap closes if both go on as they have, or why none is projected; nothing where no gap
    /// is closing.
    fn closing(&self) -> Option<Result<f64, Missing>> {
        if self.now <= 0.0 || !self.is_closing() {
            return None;
        }
        let yearly = (self.then - self.now) / f64::from(self.last - self.from);
        let years = (self.now / yearly - EPSILON).ceil();
        Some(if years <= PROJECTED_YEARS_MAX {
            Ok(f64::from(self.last) + years)
        } else {
            Err(Missing::Because("at this pace the gap does not close within 25 years"))
        })
    }

    /// How the test came out, and why.
    fn status(&self, closing: Option<&Result<f64, Missing>>) -> (&'static str, String) {
        match closing {
            Some(Ok(closing)) => (
                "met",
                format!("if both went on at this pace, the gap would close in {}", year(*closing as u32)),
            ),
            Some(Err(missing)) => ("met", missing.reason()),
            None if self.then <= 0.0 && self.now <= 0.0 => {
                ("not behind", "the group was not behind, so there is no gap to close".into())
            }
            None if self.then <= 0.0 => ("not met", "the group was not behind, and is now".into()),
            None if self.is_closing() => ("met", "the gap is closed".into()),
            None if self.focal > EPSILON && self.reference > EPSILON && self.now > self.then + EPSILON => {
                ("both up, gap wider", "both are better, and the gap is wider".into())
            }
            None if self.focal > EPSILON => {
                ("not met", "the group is better, and the gap is no narrower".into())
            }
            None => ("not met", "the group is no better".into()),
        }
    }

    fn in_words(&self, grid: &Grid<'_>, pair: &Pair) -> String {
        let points = |value: f64| amount(value, grid.differences());
        let gain = |label: &str, gain: f64| match gain {
            gain if gain > EPSILON => format!("{label} better by {}", points(gain)),
            gain if gain < -EPSILON => format!("{label} worse by {}", points(gain)),
            _ => format!("{label} as before"),
        };
        let side = |gap: f64| match gap {
            gap if gap > 0.0 => format!("{} behind", points(gap)),
            gap if gap < 0.0 => format!("{} ahead", points(gap)),
            _ => "level".into(),
        };
        let (focal, reference) = (gain(&pair.label, self.focal), gain(&pair.against, self.reference));
        let (then, now) = (side(self.then), side(self.now));
        format!("{focal}, {reference}; {then} in {}, {now} in {}", year(self.from), year(self.last))
    }
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
        let since = closing.rows.iter().find(|row| row.quantity == Quantity::GapChange).expect("a change");
        let by = since.value.as_ref().expect("both gaps are shown");
        assert!((by - 4.0).abs() < 1e-9 && since.since == Some(2012), "{since:?}");
        assert_eq!(status(&equity([500, 502, 505], [650, 680, 700]), "equitable"), "both up, gap wider");
        assert_eq!(status(&equity([500, 490, 480], [650, 640, 600]), "equitable"), "not met");
        assert_eq!(status(&equity([500, 600, 700], [600, 610, 620]), "equitable"), "met");
    }

    #[test]
    fn a_gap_that_hardly_narrows_has_no_closing_year() {
        // Ten points behind, then 9.9: a twentieth of a point a year, which takes two hundred years.
        let slow = equity([500, 510, 521], [600, 610, 620]);
        assert_eq!(status(&slow, "equitable"), "met");
        let row = slow.rows.iter().find(|row| row.quantity == Quantity::ClosingYear).expect("a row");
        assert!(matches!(row.value, Err(Missing::Because(_))), "{row:?}");
        let text = &slow.findings.last().expect("a finding").text;
        assert!(text.contains("does not close within 25 years"), "{text}");
        // A tenth of a point a year leaves one year, though none of these is a binary fraction.
        let near = Moved { from: 2012, last: 2014, focal: 0.3, reference: 0.1, then: 0.3, now: 0.1 };
        assert_eq!(near.closing(), Some(Ok(2015.0)));
    }

    #[test]
    fn a_group_that_was_not_behind_has_no_gap_to_close() {
        for (a, b) in [([600, 620, 650], [500, 510, 520]), ([600, 610, 620], [500, 530, 560])] {
            let ahead = equity(a, b);
            assert_eq!(status(&ahead, "equitable"), "not behind", "{:?}", ahead.findings);
            assert!(ahead.rows.iter().all(|row| row.quantity != Quantity::ClosingYear));
        }
        let passed = equity([600, 610, 620], [580, 620, 660]);
        assert_eq!(status(&passed, "equitable"), "not met");
        let text = &passed.findings.last().expect("a finding").text;
        assert!(text.contains("2.0 points ahead in 2011-12, 4.0 points behind in 2013-14"), "{text}");
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
