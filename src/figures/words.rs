//! What figures say in sentences: years, amounts, and verdicts.

use super::arm::{Arm, Missing};
use super::interval::Interval;
use super::row::Scale;
use crate::calendar::SchoolYear;
use crate::disclosure::{Counted, LeftOut};

/// A school year in words: `2024-25`.
#[must_use]
pub(super) fn year(ending: u32) -> String {
    SchoolYear::new(ending).map_or_else(|| ending.to_string(), |year| year.to_string())
}

/// Whom a table's figures do not count and why, a sentence for school years of which the same is told.
#[must_use]
pub fn not_counted(left_out: &[LeftOut]) -> Vec<String> {
    let is_same = |a: &LeftOut, b: &LeftOut| LeftOut { period: b.period, ..a.clone() } == *b;
    let sentence = |of: &[LeftOut]| one(&run(of[0].period, of[of.len() - 1].period), &of[0]);
    let follows = |a: &LeftOut, b: &LeftOut| b.period == a.period + 1 && is_same(a, b);
    left_out.chunk_by(follows).map(sentence).collect()
}

/// As of when the figures of a table's school years are, a sentence for years of which the same is told. It is told of
/// every edition, so it does not say whether anybody has opted out since.
#[must_use]
pub fn as_of(counted: &[&Counted]) -> Vec<String> {
    alike(
        counted,
        |counted| &counted.frozen,
        |when, frozen| {
            format!(
                "{when}: opt-outs and corrections until {frozen} are in these figures; later ones show in the next edition."
            )
        },
    )
}

/// That the records behind the figures of a table's school years are destroyed, where they are.
#[must_use]
pub fn gone(counted: &[&Counted]) -> Vec<String> {
    alike(
        counted,
        |counted| &counted.destroyed,
        |when, destroyed| {
            format!(
                "{when}: the records behind these figures were destroyed on {destroyed}. What was released stays, and can \
             not be counted again."
            )
        },
    )
}

/// A sentence about each run of school years that have the same day, where they have one.
fn alike(
    counted: &[&Counted],
    day: impl Fn(&Counted) -> &str,
    sentence: impl Fn(&str, &str) -> String,
) -> Vec<String> {
    let follows = |a: &&Counted, b: &&Counted| b.period == a.period + 1 && day(a) == day(b);
    let dated = counted.chunk_by(follows).filter(|years| !day(years[0]).is_empty());
    let when = |years: &[&Counted]| run(years[0].period, years[years.len() - 1].period);
    dated.map(|years| sentence(&when(years), day(years[0]))).collect()
}

/// A run of school years: `2021-22 to 2022-23`, or the only one.
fn run(first: u32, last: u32) -> String {
    if first == last { year(first) } else { format!("{} to {}", year(first), year(last)) }
}

fn one(when: &str, left_out: &LeftOut) -> String {
    let share = match (left_out.percent, left_out.below) {
        // A service from before there was a range says none.
        (0, 0) => "fewer than 5 %".into(),
        (0, below) => format!("fewer than {below} %"),
        (percent, 0 | 100) => format!("{percent} % or more"),
        (percent, below) => format!("{percent} % or more, and fewer than {below} %"),
    };
    format!("Not counted in {when}, of all {}: {share} ({}).", left_out.of, left_out.reason)
}

/// What an interval of a difference between groups allows to conclude.
pub(super) fn verdict(arms: &[&Arm], interval: Option<Interval>) -> String {
    if let Some(missing) = arms.iter().find_map(|arm| arm.telling().err()) {
        return no_verdict(&missing);
    }
    match interval {
        None => "no verdict: this measure has no interval".into(),
        Some(interval) if interval.excludes_zero() => "beyond chance".into(),
        Some(_) => "within chance".into(),
    }
}

/// That nothing is concluded, and why.
pub(super) fn no_verdict(missing: &Missing) -> String {
    match missing {
        Missing::Few(least) => format!("no verdict: fewer than {least} students in a group"),
        other => format!("no verdict: {}", other.reason()),
    }
}

/// A verdict on a change as it ends a sentence.
pub(super) fn on_change(change: &str, says: &str) -> String {
    if says.ends_with(" chance") { format!("{change} is {says}") } else { says.to_owned() }
}

/// A number with its sign and so many decimals. What rounds to nothing is not less than nothing.
#[must_use]
pub fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:+.decimals$}");
    let is_nothing = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if is_nothing { text.replace('-', "+") } else { text }
}

/// A difference in words, without its sign: `3.2 points`.
pub(super) fn amount(value: f64, scale: Scale) -> String {
    match scale {
        Scale::Percent => format!("{:.1} %", value.abs()),
        Scale::Points => format!("{:.1} points", value.abs()),
        Scale::Students => format!("{:.0} students", value.abs()),
        _ => format!("{:.2}", value.abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_one_sign() {
        let all = [-0.04, 0.04, -0.0, 0.0, -0.06, 0.06, -12.34].map(|value| signed(value, 1));
        assert_eq!(all, ["+0.0", "+0.0", "+0.0", "+0.0", "-0.1", "+0.1", "-12.3"]);
        assert_eq!([-0.4, -10.0].map(|value| signed(value, 0)), ["+0", "-10"]);
    }

    #[test]
    fn years_of_the_same_day_are_told_of_together() {
        let of = |period: u32, frozen: &str, destroyed: &str| Counted {
            period,
            edition: 1,
            frozen: frozen.into(),
            destroyed: destroyed.into(),
        };
        let all = [
            of(2022, "2025-09-01", "2026-01-01"),
            of(2023, "2025-09-01", ""),
            of(2024, "2025-10-01", ""),
            of(2025, "", ""),
        ];
        let all: Vec<&Counted> = all.iter().collect();
        let known = as_of(&all);
        assert_eq!(known.len(), 2);
        assert!(known[0].starts_with("2021-22 to 2022-23: opt-outs and corrections until 2025-09-01"));
        assert!(known[1].starts_with("2023-24: "));
        let gone = gone(&all);
        assert!(
            gone.len() == 1
                && gone[0].starts_with("2021-22: the records behind")
                && gone[0].contains("2026-01-01")
        );
    }

    #[test]
    fn whom_figures_do_not_count_is_a_sentence_for_years_that_are_alike() {
        let of = |period, percent, below| LeftOut {
            period,
            of: "third-graders".into(),
            reason: "no result".into(),
            percent,
            below,
        };
        let told = not_counted(&[of(2022, 15, 20), of(2023, 0, 5), of(2024, 0, 5), of(2025, 80, 100)]);
        assert_eq!(
            told,
            [
                "Not counted in 2021-22, of all third-graders: 15 % or more, and fewer than 20 % (no result).",
                "Not counted in 2022-23 to 2023-24, of all third-graders: fewer than 5 % (no result).",
                "Not counted in 2024-25, of all third-graders: 80 % or more (no result).",
            ]
        );
        let of_old_service = not_counted(&[of(2022, 0, 0), of(2024, 15, 0)]);
        assert!(
            of_old_service[0].contains("fewer than 5 %") && of_old_service[1].contains(": 15 % or more (")
        );
        assert_eq!(
            not_counted(&[of(2022, 0, 5), of(2024, 0, 5)]).len(),
            2,
            "what is between may be otherwise"
        );
    }
}
