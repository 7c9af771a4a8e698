//! Whose records a seal counts, and how sure it is that what it hides stays hidden: for people and for machines.

use crate::api::v1 as pb;
use crate::calendar::SchoolYear;
use crate::cli::screen::{count, counted};
use std::collections::{BTreeMap, BTreeSet};

/// All layers together, in lines.
pub(super) fn words(layers: &[pb::LayerReport]) -> String {
    let total = |of: fn(&pb::LayerReport) -> u64| layers.iter().map(of).sum::<u64>();
    let mut lines = vec![format!(
        "{} must stay uncertain; {} that nobody can tell from the true ones show it",
        counted(total(|layer| layer.sensitive), "number", "numbers"),
        counted(total(|layer| layer.witnesses), "table", "tables"),
    )];
    let (one_mark, linear_only) = (total(|layer| layer.one_mark), total(|layer| layer.linear_only));
    if one_mark > 0 {
        let why = "of them as long as nobody knows which hidden cells are small";
        lines.push(format!("  {} {why}", count(one_mark)));
    }
    if linear_only > 0 {
        let why = "are safe from adding and subtracting; no such table was found for them";
        lines.push(format!("  {} {why}", count(linear_only)));
    }
    lines.join("\n")
}

/// Each layer.
pub(super) fn json(layers: &[pb::LayerReport]) -> Vec<serde_json::Value> {
    let json = |layer: &pb::LayerReport| {
        serde_json::json!({
            "unit": layer.unit, "period": layer.period, "of": layer.of, "sensitive": layer.sensitive,
            "one_mark": layer.one_mark, "linear_only": layer.linear_only, "witnesses": layer.witnesses,
        })
    };
    layers.iter().map(json).collect()
}

/// What an edition leaves as an earlier one has it, and why: a line for all school years alike in that.
pub(super) fn stays(edition: u32, periods: &[pb::PeriodReport]) -> Vec<String> {
    let mut alike: BTreeMap<(u32, bool, &str), BTreeSet<String>> = BTreeMap::new();
    for period in periods.iter().filter(|period| period.waits || period.sealed_in < edition) {
        let year = SchoolYear::new(period.period).map(|year| year.to_string());
        let earlier = if period.waits { period.counted_in } else { period.sealed_in };
        alike.entry((earlier, period.waits, &period.unit)).or_default().extend(year);
    }
    let line = |((earlier, waits, unit), years): ((u32, bool, &str), BTreeSet<String>)| {
        let why = match waits {
            true => "records have changed of too few students to be shown, or beyond a budget that is spent",
            false => "nothing has changed",
        };
        let units = unit.replace('_', "-");
        let years: Vec<String> = years.into_iter().collect();
        format!("{units}s of {} stay as in edition {earlier}: {why}", years.join(", "))
    };
    alike.into_iter().map(line).collect()
}

/// What is rounded or has noise, and how much: a line for all school years alike in that.
pub(super) fn released(released: &[pb::ReleasedReport]) -> Vec<String> {
    let mut alike: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for report in released {
        let spent = format!("epsilon {:.2} of {:.2} is spent", report.epsilon_spent, report.epsilon);
        let noise = format!("noise of \u{b1}{:.0} in 19 of 20 numbers; {spent}", 1.96 * report.people_noise);
        let what = match report.rounded_to {
            0 if report.people_noise == 0.0 => format!("nothing is shown: {spent} by versions before"),
            0 if report.last => format!("{noise}, and these figures stay"),
            0 => noise,
            base => format!("all numbers are multiples of {base}"),
        };
        let year = SchoolYear::new(report.period).map(|year| year.to_string());
        alike.entry((report.products.join(", "), what)).or_default().extend(year);
    }
    let line = |((products, what), years): ((String, String), Vec<String>)| {
        format!("{products}, {}: {what}", years.join(", "))
    };
    alike.into_iter().map(line).collect()
}

/// The same, each.
pub(super) fn released_json(released: &[pb::ReleasedReport]) -> Vec<serde_json::Value> {
    let json = |of: &pb::ReleasedReport| {
        serde_json::json!({
            "unit": of.unit, "period": of.period, "products": of.products, "rounded_to": of.rounded_to,
            "people_noise": of.people_noise, "epsilon_spent": of.epsilon_spent, "epsilon": of.epsilon,
            "last": of.last,
        })
    };
    released.iter().map(json).collect()
}

/// Each unit and school year.
pub(super) fn periods_json(periods: &[pb::PeriodReport]) -> Vec<serde_json::Value> {
    let json = |period: &pb::PeriodReport| {
        serde_json::json!({
            "unit": period.unit, "period": period.period, "counted_in": period.counted_in,
            "sealed_in": period.sealed_in, "waits": period.waits, "products": period.products,
        })
    };
    periods.iter().map(json).collect()
}
