//! The report on linkage, as people and machines read it.

use crate::api::v1 as pb;
use crate::calendar::SchoolYear;
use crate::cli::screen::{count, counted, say};
use crate::cli::table::{Align, Table, bar};
use crate::cli::weights::{self, Weight};
use crate::linkage::{BIN_BITS, DOUBTFUL_BITS};
use std::collections::BTreeMap;

/// Prints the report in tables.
pub(super) fn print(report: &pb::GetLinkageResponse) {
    if report.outdated {
        say(
            "some students are encoded by an earlier version or with a former key: they are left out until their source \
             pushes them again (throughline steward key tells which sources)",
        );
    }
    if report.rates.is_empty() {
        say("no source has pushed students yet");
        return;
    }
    say(&format!(
        "nothing was changed: {} as the records stand, {:.1} s",
        report
            .persons
            .map_or_else(|| "fewer than 10 persons".to_owned(), |n| counted(n, "person", "persons")),
        report.seconds
    ));
    if report.histogram.is_empty() {
        say("no two students are alike enough to be weighed");
    } else {
        say(&format!(
            "expected from the weights: precision {:.4}, recall {:.4}",
            report.precision, report.recall
        ));
    }
    for table in [rates(report), histogram(report)] {
        if !table.is_empty() {
            say(&format!("\n{}", table.print()));
        }
    }
    let levels = report.levels.iter().map(|of| Weight {
        field: &of.field,
        level: &of.level,
        m: of.m,
        unrelated_bits: of.unrelated_bits,
        household_bits: of.household_bits,
    });
    say(&format!("\n{}", weights::chart(report.unrelated_bits, report.household_bits, levels)));
    for (pattern, pairs) in by_pattern(&report.offered) {
        let n = pairs.len() as u64;
        let n = match pairs.iter().all(|pair| is_doubtful(pair)) {
            true => counted(n, "doubtful pair", "doubtful pairs"),
            false => counted(n, "pair", "pairs"),
        };
        say(&format!("\n{n}: {pattern}"));
        say(&queue(&pairs).print());
    }
    if report.more_offered {
        say("\nThere are more such pairs: --pairs shows up to 1,000, and --skip those after them");
    }
    if report.offered.is_empty() {
        say("\nno undecided pair is of the kind asked for");
    } else {
        say("\nA pair is decided with: throughline steward linkage decide PAIR same|different|undecided");
    }
    if !report.decisions.is_empty() {
        say(&format!("\n{}", decisions(report).print()));
    }
}

fn rates(report: &pb::GetLinkageResponse) -> Table {
    let mut table = Table::new(&[
        ("Source", Align::Left),
        ("Year", Align::Left),
        ("Students", Align::Right),
        ("Linked to another source", Align::Right),
        ("", Align::Right),
        ("", Align::Left),
    ]);
    for rate in &report.rates {
        let few = |n: Option<u64>| n.map_or_else(|| "fewer than 10".to_owned(), count);
        let share = rate.students.zip(rate.linked).map(|(students, linked)| linked as f64 / students as f64);
        table.row([
            if rate.period == 0 { rate.source.clone() } else { String::new() },
            year(rate.period).unwrap_or_else(|| "all".to_owned()),
            few(rate.students),
            if rate.nearly_all { "all but fewer than 10".to_owned() } else { few(rate.linked) },
            share.map_or_else(String::new, |share| format!("{:.1} %", share * 100.0)),
            share.map_or_else(String::new, bar),
        ]);
    }
    table
}

fn year(period: u32) -> Option<String> {
    SchoolYear::new(period).map(|year| year.to_string())
}

fn histogram(report: &pb::GetLinkageResponse) -> Table {
    let most = report.histogram.iter().map(|bin| bin.pairs).max().unwrap_or(0);
    let mut table = Table::new(&[
        ("Bits", Align::Right),
        ("Pairs", Align::Right),
        ("Linked", Align::Right),
        ("", Align::Left),
    ]);
    for bin in &report.histogram {
        table.row([
            format!("{} to {}", bin.from_bits, bin.to_bits),
            count(bin.pairs),
            count(bin.linked),
            bar_of(bin.pairs, most),
        ]);
    }
    table
}

fn bar_of(n: u64, most: u64) -> String {
    bar(if most == 0 { 0.0 } else { n as f64 / most as f64 })
}

fn is_doubtful(pair: &pb::OfferedPair) -> bool {
    pair.weight_bits.abs() < DOUBTFUL_BITS
}

/// Pairs whose fields compare in the same way, the most frequent ways first.
fn by_pattern(offered: &[pb::OfferedPair]) -> Vec<(String, Vec<&pb::OfferedPair>)> {
    let mut groups: BTreeMap<String, Vec<&pb::OfferedPair>> = BTreeMap::new();
    for pair in offered {
        let present = pair.fields.iter().filter(|field| field.level != "missing");
        let words: Vec<_> =
            present.map(|of| format!("{} {}", of.field.replace('_', " "), of.level)).collect();
        groups.entry(words.join("; ")).or_default().push(pair);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, pairs)| std::cmp::Reverse(pairs.len()));
    groups
}

/// A weight as far as it is told.
fn bits(pair: &pb::OfferedPair) -> String {
    let (bits, bin) = (pair.weight_bits, BIN_BITS as f32);
    if is_doubtful(pair) {
        format!("{bits:.1}")
    } else if bits > 0.0 {
        format!("{bits} to {}", bits + bin)
    } else {
        format!("{} to {bits}", bits - bin)
    }
}

fn queue(pairs: &[&pb::OfferedPair]) -> Table {
    let mut table = Table::new(&[
        ("Pair", Align::Left),
        ("Bits", Align::Right),
        ("Linked", Align::Left),
        ("Sources", Align::Left),
    ]);
    for pair in pairs {
        table.row([
            pair.id.clone(),
            bits(pair),
            if pair.linked { "yes" } else { "no" }.to_owned(),
            pair.sources.join(", "),
        ]);
    }
    table
}

fn decisions(report: &pb::GetLinkageResponse) -> Table {
    let mut table = Table::new(&[
        ("Decided pair", Align::Left),
        ("Is", Align::Left),
        ("Since", Align::Left),
        ("Sources", Align::Left),
    ]);
    for kept in &report.decisions {
        table.row([kept.id.clone(), verdict(kept).to_owned(), kept.decided.clone(), kept.sources.join(", ")]);
    }
    table
}

fn verdict(kept: &pb::LinkDecision) -> &'static str {
    match kept.verdict() {
        pb::LinkVerdict::Same => "same",
        pb::LinkVerdict::Different => "different",
        pb::LinkVerdict::Undecided | pb::LinkVerdict::Unspecified => "",
    }
}

/// The report for machines; a number of students that is not told is null.
pub(super) fn json(report: &pb::GetLinkageResponse) -> serde_json::Value {
    let rate = |rate: &pb::LinkageRate| {
        serde_json::json!({
            "source": rate.source, "year": year(rate.period), "students": rate.students, "linked": rate.linked,
            "nearly_all": rate.nearly_all,
        })
    };
    let bin = |bin: &pb::WeightBin| {
        serde_json::json!({
            "from_bits": bin.from_bits, "to_bits": bin.to_bits, "pairs": bin.pairs, "linked": bin.linked,
        })
    };
    let level = |of: &pb::LevelWeight| {
        serde_json::json!({
            "field": of.field, "level": of.level, "m": of.m, "unrelated_bits": of.unrelated_bits,
            "household_bits": of.household_bits,
        })
    };
    let pair = |pair: &pb::OfferedPair| {
        let fields: serde_json::Map<String, serde_json::Value> =
            pair.fields.iter().map(|of| (of.field.clone(), of.level.clone().into())).collect();
        serde_json::json!({
            "id": pair.id, "weight_bits": pair.weight_bits, "linked": pair.linked, "sources": pair.sources,
            "fields": fields,
        })
    };
    let kept = |kept: &pb::LinkDecision| {
        serde_json::json!({
            "id": kept.id, "verdict": verdict(kept), "decided": kept.decided, "sources": kept.sources,
        })
    };
    serde_json::json!({
        "persons": report.persons, "expected": {"precision": report.precision, "recall": report.recall},
        "rates": report.rates.iter().map(rate).collect::<Vec<_>>(),
        "histogram": report.histogram.iter().map(bin).collect::<Vec<_>>(),
        "prior": {"unrelated_bits": report.unrelated_bits, "household_bits": report.household_bits},
        "levels": report.levels.iter().map(level).collect::<Vec<_>>(),
        "offered": report.offered.iter().map(pair).collect::<Vec<_>>(), "more_offered": report.more_offered,
        "decisions": report.decisions.iter().map(kept).collect::<Vec<_>>(), "seconds": report.seconds,
        "outdated": report.outdated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_grouped_by_how_they_compare() {
        let pair = |id: &str, levels: [&str; 2]| {
            let fields = ["first_name", "sex"].iter().zip(levels);
            let fields =
                fields.map(|(field, level)| pb::FieldLevel { field: (*field).into(), level: level.into() });
            pb::OfferedPair { id: id.into(), fields: fields.collect(), ..Default::default() }
        };
        let pairs =
            [pair("a", ["close", "missing"]), pair("b", ["exact", "same"]), pair("c", ["exact", "same"])];
        let groups = by_pattern(&pairs);
        let said: Vec<_> = groups.iter().map(|(pattern, of)| (pattern.as_str(), of.len())).collect();
        assert_eq!(said, [("first name exact; sex same", 2), ("first name close", 1)]);
    }

    #[test]
    fn weights_are_printed_as_far_as_they_are_told() {
        let said = [-0.25, 9.94, 10.0, -15.0]
            .map(|weight_bits| bits(&pb::OfferedPair { weight_bits, ..Default::default() }));
        assert_eq!(said, ["-0.2", "9.9", "10 to 15", "-20 to -15"]);
    }
}
