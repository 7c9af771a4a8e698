//! What intruders find in patterns that other programs made. The figures were measured with another solver.

use crate::harness::{Instance, NONE, exact, hierarchies, hierarchy, shared, small, struck};
use std::path::Path;
use throughline::disclosure::Zeros;
use throughline::disclosure::tables::{Attacker, Finding, Rule};

/// How many cells each attacker recovers exactly from the pattern in a column, the one who knows least first. Where
/// somebody finds nothing, those who know less are not asked.
fn n_exact(instance: &Instance, minimum: i64, column: &str) -> [usize; 3] {
    let is_hidden = instance.pattern(column);
    let mut found = [0; 3];
    for (at, attacker) in
        [Attacker::NonNegative, Attacker::Zeros, Attacker::Legend].into_iter().enumerate().rev()
    {
        found[at] = exact(&instance.problem(small(minimum), attacker), &is_hidden, attacker).len();
        if found[at] == 0 {
            break;
        }
    }
    found
}

fn z3(folder: &Path, max: &str) -> Instance {
    let trees = hierarchies(&folder.join("ssb_z3_hier.csv"), "");
    let path = folder.join(format!("ssb_z3_freq_max{max}.csv"));
    Instance::counts(&path, &["region", "hovedint", "mnd"], "freq", &trees, "Total")
}

#[test]
fn who_knows_that_zeros_are_shown_recovers_what_the_linear_rule_hides() {
    let Some(folder) = shared() else { return };
    let instance = z3(&folder, "3");
    assert_eq!(n_exact(&instance, 4, "gauss"), [0, 100, 210]);
}

#[test]
fn who_knows_the_legend_recovers_what_singleton_rules_hide() {
    let Some(folder) = shared() else { return };
    let instance = z3(&folder, "3");
    assert_eq!(n_exact(&instance, 4, "gauss_singleton"), [0, 0, 190]);
    let is_hidden = instance.pattern("gauss_singleton");
    let findings = struck(&instance.problem(small(4), Attacker::Zeros), &is_hidden, Attacker::Zeros);
    // What is not exact may still be one of two.
    assert_eq!(findings.iter().filter(|finding| finding.width() < 2.0).count(), 92);
}

#[test]
fn hiding_three_times_as_much_does_not_help_against_the_legend() {
    let Some(folder) = shared() else { return };
    assert_eq!(n_exact(&z3(&folder, "3"), 4, "sdcTable_HYPERCUBE"), [0, 0, 20]);
}

#[test]
fn a_larger_minimum_leaves_less_to_recover() {
    let Some(folder) = shared() else { return };
    assert_eq!(n_exact(&z3(&folder, "9"), 10, "gauss"), [0, 15, 21]);
}

#[test]
fn a_larger_minimum_leaves_the_legend_something_to_tell() {
    let Some(folder) = shared() else { return };
    assert_eq!(n_exact(&z3(&folder, "9"), 10, "gauss_singleton"), [0, 0, 8]);
}

#[test]
fn nothing_is_recovered_from_the_two_way_table() {
    let Some(folder) = shared() else { return };
    let trees = hierarchies(&folder.join("ssb_d2_hier.csv"), "");
    for (max, minimum) in [("3", 4), ("9", 10)] {
        let path = folder.join(format!("ssb_d2_freq_max{max}.csv"));
        let instance = Instance::counts(&path, &["region", "main_income"], "freq", &trees, "Total");
        for method in ["gauss", "SIMPLEHEURISTIC", "HITAS", "OPT", "HYPERCUBE"] {
            let column = if method == "gauss" { method.to_owned() } else { format!("sdcTable_{method}") };
            assert_eq!(n_exact(&instance, minimum, &column), [0, 0, 0], "{column} {max}");
            let is_hidden = instance.pattern(&column);
            let problem = instance.problem(small(minimum), Attacker::Legend);
            let narrow = |finding: &Finding| finding.width() < 2.0;
            let n_narrow = struck(&problem, &is_hidden, Attacker::Legend).into_iter().filter(narrow).count();
            if max == "3" {
                assert_eq!(n_narrow, if method == "HYPERCUBE" { 4 } else { 6 }, "{column}");
            }
        }
    }
}

#[test]
fn two_cells_that_sum_to_two_are_both_one_where_zeros_are_shown() {
    let Some(folder) = shared() else { return };
    let countries = hierarchy("geo", &[("Iceland", "nonEU"), ("Portugal", "EU"), ("Spain", "EU")]);
    let recovered = ["unsafe", "safe"].map(|kind| {
        let path = folder.join(format!("ssb_singleton_max1_{kind}.csv"));
        let trees = std::slice::from_ref(&countries);
        let instance = Instance::counts(&path, &["age", "geo", "year"], "freq", trees, "Total");
        let problem = instance.problem(small(2), Attacker::Zeros);
        assert_eq!(exact(&problem, &instance.pattern("suppressed"), Attacker::NonNegative), NONE);
        let exact = exact(&problem, &instance.pattern("suppressed"), Attacker::Zeros);
        exact.into_iter().map(|cell| instance.layout.name(cell)).collect::<Vec<_>>()
    });
    let one_by_one = ["young / Iceland / 2016", "young / Portugal / 2016", "young / Portugal / Total"];
    assert_eq!(recovered[0], one_by_one);
    assert!(recovered[1].is_empty());
}

#[test]
fn two_cells_that_sum_to_zero_are_both_zero() {
    let Some(folder) = shared() else { return };
    let countries = hierarchy("geo", &[("Iceland", "nonEU"), ("Portugal", "EU"), ("Spain", "EU")]);
    let rule = Rule::Small { minimum: 3, zeros: Zeros::Hidden, width: 1 };
    let recovered = ["unsafe_without_singleton", "zeros_protected"].map(|kind| {
        let path = folder.join(format!("ssb_zero_problem_max2_{kind}.csv"));
        let trees = std::slice::from_ref(&countries);
        let instance = Instance::counts(&path, &["age", "geo"], "freq", trees, "Total");
        let problem = instance.problem(rule, Attacker::NonNegative);
        let exact = exact(&problem, &instance.pattern("suppressed"), Attacker::NonNegative);
        exact.into_iter().map(|cell| instance.layout.name(cell)).collect::<Vec<_>>()
    });
    assert_eq!(recovered[0], ["young / Iceland", "young / Portugal", "young / nonEU"]);
    assert!(recovered[1].is_empty());
}
