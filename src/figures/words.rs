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

/// Whom a table's figures do not count and why, a sentence for each school year.
#[must_use]
pub fn not_counted(left_out: &[LeftOut]) -> Vec<String> {
    let of_year = |of_year: &[LeftOut]| {
        let reason = |left_out: &LeftOut| match left_out.percent {
            0 => format!("fewer than 5 % ({})", left_out.reason),
            percent => format!("{percent} % or more ({})", left_out.reason),
        };
        let reasons: Vec<_> = of_year.iter().map(reason).collect();
        format!(
            "Not counted in {}, of all {}: {}.",
            year(of_year[0].period),
            of_year[0].of,
            reasons.join("; ")
        )
    };
    left_out.chunk_by(|a, b| a.period == b.period).map(of_year).collect()
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
    fn whom_figures_do_not_count_is_a_sentence_a_year() {
        let of = |period, reason: &str, percent| LeftOut {
            period,
            of: "third-graders".into(),
            reason: reason.into(),
            percent,
        };
        let told = not_counted(&[of(2024, "no result", 15), of(2025, "no result", 0), of(2025, "moved", 5)]);
        assert_eq!(
            told,
            [
                "Not counted in 2023-24, of all third-graders: 15 % or more (no result).",
                "Not counted in 2024-25, of all third-graders: fewer than 5 % (no result); 5 % or more (moved).",
            ]
        );
    }
}
