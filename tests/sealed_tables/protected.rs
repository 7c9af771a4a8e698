//! Our own patterns on real tables: safe against each intruder, and no more hidden than elsewhere.

use crate::harness::{
    Instance, NONE, Sheet, exact, hierarchies, n_secondary, protected, shared, small, struck,
};
use std::collections::BTreeMap;
use std::path::Path;
use throughline::disclosure::Zeros;
use throughline::disclosure::tables::{Attacker, Layout, Rule, Values};

fn z3(folder: &Path) -> Instance {
    let trees = hierarchies(&folder.join("ssb_z3_hier.csv"), "");
    let path = folder.join("ssb_z3_freq_max3.csv");
    Instance::counts(&path, &["region", "hovedint", "mnd"], "freq", &trees, "Total")
}

/// Checks that no cell is closer to known than by `width`, for whoever knows as much as `attacker`.
fn check_widths(instance: &Instance, rule: Rule, attacker: Attacker, is_hidden: &[bool], width: i64) {
    let problem = instance.problem(rule, attacker);
    for finding in struck(&problem, is_hidden, attacker) {
        assert!(finding.width() >= width as f64, "{}", instance.layout.name(finding.cell));
    }
}

/// Protects the three-way table against an attacker, and checks that the attacker does not come closer than a width.
fn check_three_way(attacker: Attacker, width: i64) {
    let Some(folder) = shared() else { return };
    let instance = z3(&folder);
    let rule = Rule::Small { minimum: 4, zeros: Zeros::Shown, width };
    let pattern = protected(&instance.problem(rule, attacker), 0);
    check_widths(&instance, rule, attacker, &pattern.is_hidden, width);
}

#[test]
fn three_way_counts_are_safe_from_those_who_know_nothing_else() {
    check_three_way(Attacker::NonNegative, 3);
}

#[test]
fn three_way_counts_are_safe_from_those_who_know_that_zeros_are_shown() {
    check_three_way(Attacker::Zeros, 2);
}

#[test]
fn with_a_legend_no_more_follows_than_must() {
    let Some(folder) = shared() else { return };
    let instance = z3(&folder);
    let problem = instance.problem(small(4), Attacker::Legend);
    let pattern = protected(&problem, 0);
    assert_eq!(pattern.needs_one_mark.len(), 20);
    check_widths(&instance, small(4), Attacker::Zeros, &pattern.is_hidden, 1);
    let mut needs_one_mark = pattern.needs_one_mark.clone();
    needs_one_mark.sort_unstable();
    assert_eq!(exact(&problem, &pattern.is_hidden, Attacker::Legend), needs_one_mark);
    // The same follow where everything that could be hidden is.
    let all: Vec<bool> = instance.values.values.iter().map(|value| *value != 0).collect();
    assert_eq!(exact(&problem, &all, Attacker::Legend), needs_one_mark);
}

#[test]
fn the_linear_rule_alone_hides_no_more_than_elsewhere() {
    let Some(folder) = shared() else { return };
    let instance = z3(&folder);
    let problem = instance.problem(small(4), Attacker::NonNegative);
    let is_hidden = problem.linear();
    assert!(n_secondary(&problem, &is_hidden) <= 72);
    assert_eq!(exact(&problem, &is_hidden, Attacker::NonNegative), NONE);
}

#[test]
fn two_way_counts_are_safe_from_everybody_with_twelve_more_cells() {
    let Some(folder) = shared() else { return };
    let trees = hierarchies(&folder.join("ssb_d2_hier.csv"), "");
    for (max, minimum) in [("3", 4), ("9", 10)] {
        let path = folder.join(format!("ssb_d2_freq_max{max}.csv"));
        let instance = Instance::counts(&path, &["region", "main_income"], "freq", &trees, "Total");
        for attacker in [Attacker::NonNegative, Attacker::Zeros, Attacker::Legend] {
            let problem = instance.problem(small(minimum), attacker);
            let pattern = protected(&problem, 5);
            assert!(n_secondary(&problem, &pattern.is_hidden) <= 12);
            assert!(pattern.needs_one_mark.is_empty());
            check_widths(&instance, small(minimum), attacker, &pattern.is_hidden, 1);
        }
    }
}

#[test]
fn two_way_counts_are_as_uncertain_as_was_asked() {
    let Some(folder) = shared() else { return };
    let trees = hierarchies(&folder.join("ssb_d2_hier.csv"), "");
    let path = folder.join("ssb_d2_freq_max3.csv");
    let instance = Instance::counts(&path, &["region", "main_income"], "freq", &trees, "Total");
    for width in [2, 5, 20] {
        let rule = Rule::Small { minimum: 4, zeros: Zeros::Shown, width };
        let pattern = protected(&instance.problem(rule, Attacker::Zeros), 5);
        assert!(pattern.width_min >= Some(width));
        check_widths(&instance, rule, Attacker::Zeros, &pattern.is_hidden, width);
    }
}

/// Protects magnitudes, checks that each sensitive one could be smaller and larger by a share of its value, and
/// returns how many more cells that takes.
fn secondary_of_magnitudes(instance: &Instance, percent: f64) -> usize {
    let problem = instance.problem(Rule::Flagged { percent }, Attacker::Zeros);
    let pattern = protected(&problem, 5);
    let findings = struck(&problem, &pattern.is_hidden, Attacker::Zeros);
    assert!(!findings.is_empty());
    for finding in findings {
        let value = instance.values.values[finding.cell as usize] as f64;
        let (low, high) = (value * (1.0 - percent / 100.0), value * (1.0 + percent / 100.0));
        let is_far = finding.low <= low + 1.0 && finding.high >= high - 1.0;
        assert!(is_far, "{}", instance.layout.name(finding.cell));
    }
    n_secondary(&problem, &pattern.is_hidden)
}

#[test]
fn turnover_by_activity_and_size_takes_no_more_cells_than_elsewhere() {
    let Some(folder) = shared() else { return };
    let trees = hierarchies(&folder.join("insee_hier_activity.csv"), "ACTIVITY");
    let path = folder.join("insee_turnover_act_size.csv");
    let instance = Instance::magnitudes(&path, &["ACTIVITY", "SIZE"], "TOT", &trees, "prim");
    assert!(secondary_of_magnitudes(&instance, 10.0) <= 64);
}

#[test]
fn values_by_size_and_region_take_no_more_cells_than_elsewhere() {
    let Some(folder) = shared() else { return };
    let trees = hierarchies(&folder.join("tauargus_simple2d_hier_region.csv"), "region");
    let path = folder.join("tauargus_simple2d.csv");
    let instance = Instance::magnitudes(&path, &["size", "region"], "value", &trees, "primary_p15");
    assert!(secondary_of_magnitudes(&instance, 15.0) <= 12);
}

/// A table that comes as cells and sums between them.
fn of_relations(folder: &Path, name: &str) -> Instance {
    let sheet = Sheet::read(&folder.join(format!("csplib/{name}_cells.csv")));
    let sums = Sheet::read(&folder.join(format!("csplib/{name}_relations.csv")));
    let mut relations: BTreeMap<i64, Vec<(u32, i32)>> = BTreeMap::new();
    let terms = sums.counts("cell").into_iter().zip(sums.counts("coef"));
    for (relation, (cell, coef)) in sums.counts("relation").into_iter().zip(terms) {
        relations.entry(relation).or_default().push((cell as u32, coef as i32));
    }
    let codes = sheet.column("cell").map(str::to_owned).collect();
    let layout = Layout::from_relations(codes, relations.into_values().collect());
    let values = sheet.magnitudes("value");
    let ranges = sheet.magnitudes("lo_dev").into_iter().zip(sheet.magnitudes("up_dev"));
    let mut known_range = vec![None; layout.n_cells()];
    for (&cell, (value, (down, up))) in layout.cell_of[0].iter().zip(values.iter().zip(ranges)) {
        known_range[cell as usize] = Some((value - down.abs(), value + up.abs()));
    }
    let instance = Instance::new(sheet, layout, &values);
    let values = Values { known_range, ..instance.values };
    Instance { values, ..instance }.flagged("sensitive")
}

#[test]
fn tables_given_by_their_sums_are_protected_within_what_everybody_knows() {
    let Some(folder) = shared() else { return };
    for name in ["targus", "table7"] {
        let n_secondary = secondary_of_magnitudes(&of_relations(&folder, name), 10.0);
        assert!(n_secondary > 0, "{name}: no sensitive cell hides another well enough");
    }
}
