//! Small tables that are known for what goes wrong with them.

use crate::harness::{
    Instance, NONE, Sheet, exact, hierarchy, n_secondary, protected, shared, small, struck, values_of,
};
use std::path::Path;
use throughline::disclosure::Zeros;
use throughline::disclosure::tables::{Attacker, Error, Hierarchy, Layout, Problem, Rule, Table, Values};

const ATTACKERS: [Attacker; 3] = [Attacker::NonNegative, Attacker::Zeros, Attacker::Legend];

#[test]
fn one_small_cell_takes_three_others() {
    let Some(folder) = shared() else { return };
    let path = folder.join("sdctable_testproblem.csv");
    let instance = Instance::counts(&path, &["region", "gender"], "freq", &[], "total").flagged("sdcStatus");
    for attacker in ATTACKERS {
        let problem = instance.problem(small(3), attacker);
        let pattern = protected(&problem, 5);
        assert_eq!(n_secondary(&problem, &pattern.is_hidden), 3);
        assert_eq!(exact(&problem, &pattern.is_hidden, attacker), NONE);
        for method in ["OPT", "HYPERCUBE", "HITAS", "GAUSS", "SIMPLEHEURISTIC"] {
            assert_eq!(exact(&problem, &instance.pattern(method), attacker), NONE, "{method}");
        }
    }
}

/// Four by four cells without margins: at least two hidden in every line, and one follows all the same.
fn checkerboard(folder: &Path) -> Instance {
    let path = folder.join("sdctable_checkerboard_4x4.csv");
    Instance::counts(&path, &["v1", "v2"], "freq", &[], "Total").flagged("primary")
}

#[test]
fn two_hidden_cells_in_every_line_are_not_enough() {
    let Some(folder) = shared() else { return };
    let instance = checkerboard(&folder);
    let problem = instance.problem(small(2), Attacker::NonNegative);
    let bounds = |column: &str, codes: [&str; 2]| {
        let findings = struck(&problem, &instance.pattern(column), Attacker::NonNegative);
        let cell = instance.cell(&codes);
        let found = findings.iter().find(|finding| finding.cell == cell).expect("it is sensitive");
        (found.low.round(), found.high.round())
    };
    for column in ["primary", "SIMPLEHEURISTIC_OLD"] {
        let leak = [instance.cell(&["w", "b"])];
        assert_eq!(exact(&problem, &instance.pattern(column), Attacker::NonNegative), leak);
        assert_eq!(bounds(column, ["w", "b"]), (47.0, 47.0));
        assert_eq!(bounds(column, ["w", "a"]), (25.0, 94.0));
        assert_eq!(bounds(column, ["x", "a"]), (26.0, 95.0));
        assert_eq!(bounds(column, ["z", "b"]), (906.0, 1091.0));
        assert_eq!(bounds(column, ["z", "d"]), (585.0, 770.0));
    }
    assert_eq!(bounds("SIMPLEHEURISTIC", ["w", "b"]), (0.0, 78.0));
}

#[test]
fn one_more_hidden_cell_is() {
    let Some(folder) = shared() else { return };
    let instance = checkerboard(&folder);
    for attacker in ATTACKERS {
        let problem = instance.problem(small(2), attacker);
        let pattern = protected(&problem, 5);
        assert_eq!(n_secondary(&problem, &pattern.is_hidden), 1);
        assert_eq!(exact(&problem, &pattern.is_hidden, attacker), NONE);
    }
}

#[test]
fn three_ones_in_a_line_need_company() {
    let Some(folder) = shared() else { return };
    let path = folder.join("sdctable_issue135_three_singletons.csv");
    let instance = Instance::counts(&path, &["var1", "var2"], "freq", &[], "Total");
    let problem = instance.problem(small(3), Attacker::Zeros);
    let ones = ["A", "B", "M"].map(|code| instance.cell(&["1", code]));
    let leaked = exact(&problem, &instance.pattern("gauss"), Attacker::Zeros);
    assert!(ones.iter().all(|cell| leaked.contains(cell)));
    assert_eq!(exact(&problem, &instance.pattern("gauss_singleton"), Attacker::Zeros), NONE);
    let pattern = protected(&problem, 5);
    assert!(n_secondary(&problem, &pattern.is_hidden) <= 4);
    assert_eq!(exact(&problem, &pattern.is_hidden, Attacker::Zeros), NONE);
}

#[test]
fn bounds_are_as_wide_as_asked() {
    let Some(folder) = shared() else { return };
    let path = folder.join("ssb_interval_max3_rangemin5.csv");
    let instance = Instance::counts(&path, &["age", "geo"], "freq", &[], "Total");
    let rule = Rule::Small { minimum: 4, zeros: Zeros::Shown, width: 5 };
    let problem = instance.problem(rule, Attacker::NonNegative);
    let bounds = |is_hidden: &[bool]| -> Vec<(f64, f64)> {
        let findings = struck(&problem, is_hidden, Attacker::NonNegative);
        findings.iter().map(|finding| (finding.low.round(), finding.high.round())).collect()
    };
    // The published bounds, with Spain hidden and without.
    let mut is_hidden = instance.pattern("suppressed");
    assert_eq!(bounds(&is_hidden), [(0.0, 13.0), (0.0, 12.0)]);
    for age in ["old", "young"] {
        is_hidden[instance.cell(&[age, "Spain"]) as usize] = false;
    }
    assert_eq!(bounds(&is_hidden), [(0.0, 4.0), (0.0, 4.0)]);
    let pattern = protected(&problem, 5);
    assert!(n_secondary(&problem, &pattern.is_hidden) <= 4);
    let findings = struck(&problem, &pattern.is_hidden, Attacker::NonNegative);
    assert!(findings.iter().all(|finding| finding.width() >= 5.0));
}

#[test]
fn hidden_zeros_are_uncertain_like_other_small_counts() {
    let Some(folder) = shared() else { return };
    let path = folder.join("ssb_zero_problem_max2_zeros_protected.csv");
    let instance = Instance::counts(&path, &["age", "geo"], "freq", &countries("geo"), "Total");
    let rule = Rule::Small { minimum: 3, zeros: Zeros::Hidden, width: 1 };
    for attacker in [Attacker::NonNegative, Attacker::Zeros] {
        let problem = instance.problem(rule, attacker);
        let pattern = protected(&problem, 5);
        assert!(problem.is_primary(instance.cell(&["young", "Portugal"])));
        assert_eq!(exact(&problem, &pattern.is_hidden, attacker), NONE);
    }
}

fn countries(dimension: &str) -> Vec<Hierarchy> {
    vec![hierarchy(dimension, &[("Iceland", "nonEU"), ("Portugal", "EU"), ("Spain", "EU")])]
}

/// Two tables of the same people: age by year by group of countries, and year by country. Readers know which
/// country is in which group, so the groups belong to the second table, too.
fn linked(folder: &Path, kind: &str) -> Instance {
    let sheet = Sheet::read(&folder.join(format!("ssb_linked_{kind}.csv")));
    let first = sheet.flags("table_1");
    let second: Vec<bool> = sheet.column("age").map(|age| age == "Total").collect();
    let tables = [sheet.table(&["age", "year", "region"], &first), sheet.table(&["year", "region"], &second)];
    let layout = Layout::new(&tables, &countries("region"), "Total").expect("sound tables");
    assert_eq!(layout.n_cells(), 41, "the cells that both have are counted once");
    let kept = |is_kept: &[bool], of: &[i64]| -> Vec<i64> {
        is_kept.iter().zip(of).filter(|(is_kept, _)| **is_kept).map(|(_, value)| *value).collect()
    };
    let counts = sheet.counts("freq");
    let values = layout.values(&[kept(&first, &counts), kept(&second, &counts)]).expect("they agree");
    Instance { sheet, values: values_of(values), layout }
}

/// The pattern of a file of linked tables, by cell.
fn linked_pattern(instance: &Instance) -> Vec<bool> {
    let suppressed = instance.sheet.flags("suppressed");
    let codes = ["age", "year", "region"].map(|name| instance.sheet.column(name).collect::<Vec<_>>());
    let mut is_hidden = vec![false; instance.layout.n_cells()];
    for (row, flag) in suppressed.into_iter().enumerate() {
        is_hidden[instance.cell(&codes.each_ref().map(|column| column[row])) as usize] = flag;
    }
    is_hidden
}

#[test]
fn what_is_hidden_in_one_table_follows_from_the_other() {
    let Some(folder) = shared() else { return };
    let leaks = |kind: &str| -> Vec<String> {
        let instance = linked(&folder, kind);
        let problem = instance.problem(small(3), Attacker::NonNegative);
        let exact = exact(&problem, &linked_pattern(&instance), Attacker::NonNegative);
        exact.into_iter().map(|cell| instance.layout.name(cell)).collect()
    };
    let portugal = ["Total / 2014 / Portugal", "Total / 2016 / Portugal"];
    assert_eq!(leaks("local"), portugal);
    assert_eq!(leaks("consistent"), portugal);
    assert!(leaks("super_consistent").is_empty());
    assert!(leaks("global").is_empty());
}

#[test]
fn linked_tables_are_protected_as_one() {
    let Some(folder) = shared() else { return };
    let instance = linked(&folder, "local");
    for attacker in ATTACKERS {
        let problem = instance.problem(small(3), attacker);
        let pattern = protected(&problem, 5);
        let mut needs_one_mark = pattern.needs_one_mark.clone();
        needs_one_mark.sort_unstable();
        assert_eq!(exact(&problem, &pattern.is_hidden, attacker), needs_one_mark);
        assert_eq!(exact(&problem, &pattern.is_hidden, Attacker::Zeros), NONE);
    }
}

#[test]
fn what_is_below_a_level_that_a_line_leaves_out_still_adds_up() {
    // The district has a cell for all students, but none by program.
    let rows = [
        ("Total", [65, 12, 53]),
        ("North", [42, 0, 0]),
        ("Ash", [23, 3, 20]),
        ("Birch", [19, 9, 10]),
        ("South", [23, 0, 23]),
    ];
    let programs = ["Total", "art", "music"];
    let (mut codes, mut counts) = (Vec::new(), Vec::new());
    for (place, of) in rows {
        for (program, count) in programs.into_iter().zip(of) {
            if (place, program == "Total") != ("North", false) {
                codes.push(vec![place.to_owned(), program.to_owned()]);
                counts.push(count);
            }
        }
    }
    let table = Table { dimensions: vec!["place".into(), "program".into()], codes };
    let districts = hierarchy("place", &[("North", ""), ("South", ""), ("Ash", "North"), ("Birch", "North")]);
    let layout = Layout::new(&[table], &[districts], "Total").expect("a sound table");
    let values = values_of(layout.values(&[counts]).expect("a value for each cell"));
    let problem = Problem::new(&layout, &values, small(5), Attacker::Legend, false).expect("it adds up");
    let is_small = |codes: &Vec<String>| codes[0] == "Ash" && codes[1] != "Total";
    let is_hidden: Vec<bool> = layout.codes.iter().map(is_small).collect();
    let leaked = exact(&problem, &is_hidden, Attacker::NonNegative);
    assert_eq!(leaked.into_iter().map(|cell| layout.name(cell)).collect::<Vec<_>>(), ["Ash / art"]);
    assert_eq!(exact(&problem, &protected(&problem, 5).is_hidden, Attacker::Legend), NONE);
}

#[test]
fn linked_tables_that_disagree_are_refused() {
    let Some(folder) = shared() else { return };
    let instance = linked(&folder, "local");
    let of = |table: usize| -> Vec<i64> {
        instance.layout.cell_of[table].iter().map(|&cell| instance.values.values[cell as usize]).collect()
    };
    let (first, mut second) = (of(0), of(1));
    assert_eq!(instance.layout.values(&[first.clone(), second.clone()]), Ok(instance.values.values.clone()));
    second[0] += 1;
    let refused = instance.layout.values(&[first, second]).expect_err("they differ");
    assert_eq!(refused.to_string(), "the tables differ in the cell Total / Total / Total");
}

#[test]
fn the_order_of_rows_makes_no_difference() {
    let rows = [("a", "x", 3), ("a", "y", 20), ("a", "z", 14), ("b", "x", 2), ("b", "y", 9), ("b", "z", 31)];
    let pattern = |order: &[usize]| {
        let codes = order.iter().map(|&at| vec![rows[at].0.to_owned(), rows[at].1.to_owned()]);
        let table = Table { dimensions: vec!["place".into(), "program".into()], codes: codes.collect() };
        let layout = Layout::new(&[table], &[], "Total").expect("a sound table");
        let counts = order.iter().map(|&at| rows[at].2).collect();
        let values = values_of(layout.values(&[counts]).expect("a value for each cell"));
        let problem = Problem::new(&layout, &values, small(5), Attacker::Legend, true).expect("it adds up");
        (layout.codes.clone(), problem.protect(5))
    };
    let first = pattern(&[0, 1, 2, 3, 4, 5]);
    assert!(first.1.is_hidden.iter().filter(|hidden| **hidden).count() > 2);
    assert_eq!(pattern(&[5, 3, 1, 0, 2, 4]), first);
    assert_eq!(pattern(&[2, 4, 0, 5, 1, 3]), first);
}

#[test]
fn a_cell_that_comes_twice_is_named_by_table_and_row() {
    let table = |codes: &[&str]| Table {
        dimensions: vec!["place".into()],
        codes: codes.iter().map(|code| vec![(*code).to_owned()]).collect(),
    };
    let refused = Layout::new(&[table(&["a", "Total"]), table(&["a", "b", "a"])], &[], "Total");
    assert_eq!(refused.map(|_| ()), Err(Error::DuplicateCell { table: 1, row: 2 }));
}

#[test]
fn sums_may_come_in_any_form() {
    let codes = || ["total", "a", "b", "c"].map(str::to_owned).to_vec();
    let pattern = |relation: &[(u32, i32)]| {
        let layout = Layout::from_relations(codes(), vec![relation.to_vec()]);
        let values = values_of(layout.values(&[vec![30, 2, 12, 16]]).expect("a value for each cell"));
        Problem::new(&layout, &values, small(5), Attacker::Legend, true).expect("it adds up").protect(5)
    };
    let first = pattern(&[(0, 1), (1, -1), (2, -1), (3, -1)]);
    assert_eq!(pattern(&[(3, 1), (1, 1), (0, -1), (2, 1)]), first, "the sum on the other side");
    assert_eq!(pattern(&[(1, -1), (0, 2), (2, -1), (3, -1), (0, -1)]), first, "in two terms");
}

#[test]
fn insiders_need_contributors() {
    let layout = Layout::from_relations(vec!["a".into()], vec![]);
    let values = Values { contributors: Vec::new(), ..values_of(vec![3]) };
    let refused = Problem::new(&layout, &values, small(5), Attacker::Legend, true).map(|_| ());
    assert_eq!(refused, Err(Error::NoContributors));
}

#[test]
fn a_flagged_zero_can_be_more() {
    let codes = ["Total", "a", "b", "c"].map(|code| vec![code.to_owned()]).to_vec();
    let table = Table { dimensions: vec!["place".into()], codes };
    let layout = Layout::new(&[table], &[], "Total").expect("a sound table");
    let values = values_of(layout.values(&[vec![40, 0, 22, 18]]).expect("a value for each cell"));
    let is_flagged = layout.codes.iter().map(|codes| codes[0] == "a").collect();
    let values = Values { is_flagged, ..values };
    let problem = Problem::new(&layout, &values, small(5), Attacker::Legend, false).expect("it adds up");
    let findings = struck(&problem, &protected(&problem, 5).is_hidden, Attacker::Legend);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].low == 0.0 && findings[0].high >= 1.0, "{:?}", findings[0]);
}
