//! What figures say in sentences: years, amounts, and verdicts.

use super::arm::{Arm, Missing};
use super::interval::Interval;
use super::row::Scale;
use crate::calendar::SchoolYear;
use crate::disclosure::LeftOut;

/// A school year in words: `2024-25`.
#[must_use]
pub(super) fn year(ending: u32) -> String {
    SchoolYear::new(ending).map_or_else(|| ending.to_string(), |year| year.to_string())
}

/// Whom a table's figures do not count and why, a sentence for school years of which the same is told.
#[must_use]
pub fn not_counted(left_out: &[LeftOut]) -> Vec<String> {
    let is_same = |a: &LeftOut, b: &LeftOut| LeftOut { period: b.period, ..a.clone() } == *b;
    let sentence = |of: &[LeftOut]| {
        let [first, .., last] = of else { return one(&year(of[0].period), &of[0]) };
        one(&format!("{} to {}", year(first.period), year(last.period)), first)
    };
    let follows = |a: &LeftOut, b: &LeftOut| b.period == a.period + 1 && is_same(a, b);
    left_out.chunk_by(follows).map(sentence).collect()
}

fn one(when: &str, left_out: &LeftOut) -> String {
    let share = match (left_out.percent, left_out.below) {
        (0, below) => format!("fewer than {below} %"),
        (percent, 100) => format!("{percent} % or more"),
        (percent, below) => format!("{percent} to {below} %"),
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
                "Not counted in 2021-22, of all third-graders: 15 to 20 % (no result).",
                "Not counted in 2022-23 to 2023-24, of all third-graders: fewer than 5 % (no result).",
                "Not counted in 2024-25, of all third-graders: 80 % or more (no result).",
            ]
        );
        assert_eq!(
            not_counted(&[of(2022, 0, 5), of(2024, 0, 5)]).len(),
            2,
            "what is between may be otherwise"
        );
    }
}
