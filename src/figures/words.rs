//! What figures say in sentences: years, amounts, and verdicts.

use super::arm::{Arm, Missing};
use super::interval::Interval;
use super::row::Scale;
use crate::calendar::SchoolYear;

/// A school year in words: `2024-25`.
#[must_use]
pub(super) fn year(ending: u32) -> String {
    SchoolYear::new(ending).map_or_else(|| ending.to_string(), |year| year.to_string())
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
