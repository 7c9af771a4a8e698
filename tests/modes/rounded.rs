//! Rounded figures: multiples that add up, and stay where nothing has changed.

use crate::city::{Draw, SECRET, asked, counted, sealed, students, truth};
use std::collections::BTreeMap;
use throughline::disclosure::{Error, Mark, Past, RuleProfile, Seal};
use throughline::outcomes::{Budget, Measure, Mode, Population, Tabulation, Values};

const ALL: [&str; 3] = ["geography", "race", "sex"];

#[test]
fn every_figure_is_a_multiple_near_the_true_one_and_all_add_up() {
    let students = students(3_000, 1);
    let counted = counted(&students, Mode::Round, "nces-10");
    let (seal, report) = sealed(1, &counted, &[]);
    assert_eq!(report.product("p").map(|of| of.n_primary), Some(0), "nothing is hidden");
    let table = asked(&seal, "outcome", &ALL);
    assert_eq!(table.rounded_to(), 10);
    let shown: BTreeMap<&[String], (u64, u64)> = (table.cells().iter())
        .map(|cell| (&cell.categories[..], (cell.denominator.expect("shown"), cell.numerator.unwrap_or(0))))
        .collect();
    for (n, y) in shown.values() {
        assert!(n % 10 == 0 && y % 10 == 0 && y <= n);
    }
    // What a category is made of adds up, in every dimension.
    for (categories, whole) in &shown {
        for (place, id) in ALL.iter().enumerate() {
            let dimension = counted.dimensions.iter().find(|of| of.id == *id).expect("known");
            let node = dimension.position(&categories[place]).expect("known");
            let is_child = |at: &usize| *at > 0 && dimension.nodes[*at].parent == node;
            let parts: Vec<(u64, u64)> = (0..dimension.nodes.len())
                .filter(is_child)
                .map(|at| {
                    let mut part = categories.to_vec();
                    part[place] = dimension.nodes[at].id.clone();
                    shown[&part[..]]
                })
                .collect();
            let sum = parts.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
            assert!(parts.is_empty() || sum == *whole, "{categories:?}");
        }
    }
    let off = |at: usize| {
        let (n, y, _) = truth(&students, &counted, &table)[at];
        let cell = &table.cells()[at];
        let of = shown[&cell.categories[..]];
        (of.0.abs_diff(n), of.1.abs_diff(y))
    };
    let worst =
        (0..table.cells().len()).map(off).fold((0, 0), |worst, of| (worst.0.max(of.0), worst.1.max(of.1)));
    // 120 groups, each up to 9 away, could add up to a thousand.
    assert!(worst.0 <= 40 && worst.1 <= 40, "{worst:?}");
}

#[test]
fn a_group_rounded_to_nobody_looks_like_one_that_nobody_is_in() {
    let few: Vec<_> = students(300, 2).into_iter().filter(|student| student.0[1] < 5).collect();
    let (seal, _) = sealed(1, &counted(&few, Mode::Round, "nces-10"), &[]);
    let table = asked(&seal, "outcome", &["race", "sex"]);
    let none: Vec<_> = table.cells().iter().filter(|cell| cell.denominator == Some(0)).collect();
    assert!(none.iter().any(|cell| cell.categories[0] == "race4"), "nobody is there");
    for cell in none {
        assert_eq!((cell.mark(), cell.numerator, cell.value), (Mark::Hidden, None, None));
    }
    let counts = asked(&seal, "n", &["race"]);
    assert!(counts.cells().iter().all(|cell| cell.mark() == Mark::Shown), "a count of nobody is a count");
}

#[test]
fn figures_stay_where_nothing_has_changed_and_show_no_small_change() {
    let mut students = students(3_000, 3);
    let before = counted(&students, Mode::Round, "nces-10");
    let (first, _) = sealed(1, &before, &[]);
    let mut draw = Draw(5);
    for _ in 0..60 {
        let at = draw.below(students.len() as u64) as usize;
        students.swap_remove(at);
    }
    let now = counted(&students, Mode::Round, "nces-10");
    let past = [(first, before)];
    let (second, _) = sealed(2, &now, &past);
    let finest = ["geography", "race", "sex"];
    let (then, now_shown) = (asked(&past[0].0, "n", &finest), asked(&second, "n", &finest));
    let changed =
        then.cells().iter().zip(now_shown.cells()).filter(|(then, now)| then.denominator != now.denominator);
    let mut n_changed = 0;
    for (then, now) in changed {
        let by = then.denominator.unwrap().abs_diff(now.denominator.unwrap());
        assert!(by >= 10, "no change of fewer than the minimum");
        n_changed += 1;
    }
    assert!(n_changed > 0 && n_changed < then.cells().len() / 2, "{n_changed} of {}", then.cells().len());
    // Once more without a change: the second stands.
    let past: Vec<(Seal, Tabulation)> = past.into_iter().chain([(second, now.clone())]).collect();
    let (third, report) = sealed(3, &now, &past);
    assert!(third.sealed_in().all(|edition| edition == 2) && !report.periods[0].waits);
    assert_eq!(asked(&third, "n", &finest).cells(), now_shown.cells());
    // Fewer than the minimum have changed: they wait.
    students.truncate(students.len() - 9);
    let (fourth, report) = sealed(3, &counted(&students, Mode::Round, "nces-10"), &past);
    assert!(fourth.sealed_in().all(|edition| edition == 2) && report.periods[0].waits);
}

#[test]
fn a_year_is_rounded_in_one_form_alone() {
    let students = students(500, 4);
    let before = counted(&students, Mode::Round, "nces-10");
    let (first, _) = sealed(1, &before, &[]);
    let refused = |other: &Tabulation| {
        let past = [Past { seal: &first, tabulations: std::slice::from_ref(other) }];
        Seal::make_after(2, std::slice::from_ref(other), &past, &RuleProfile::all(), SECRET).map(|_| ())
    };
    let mut stricter = counted(&students, Mode::Round, "min-20");
    stricter.publications[0].version = 2;
    let otherwise = Err(Error::RoundedOtherwise { product: "p".into() });
    assert_eq!(refused(&stricter), otherwise);
    let mut longer = before.clone();
    longer.publications[0].version = 2;
    assert_eq!(refused(&longer), Ok(()), "another version in the same form");
    // New people beside the old ones, who keep their rounding.
    let mut more = before.clone();
    more.publications[0].version = 2;
    more.populations.push(Population { id: "tested".into(), parent: Some(0), within: vec![] });
    more.atoms.people.push(before.atoms.people[0].clone());
    more.measures.push(Measure::new("tested", 1));
    more.atoms.values.push(Values::Count);
    more.publications[0].indicators.push(("tested".into(), 2));
    let past = [Past { seal: &first, tabulations: std::slice::from_ref(&more) }];
    let made = Seal::make_after(2, std::slice::from_ref(&more), &past, &RuleProfile::all(), SECRET);
    let (second, _) = made.expect("the same form");
    assert_eq!(asked(&second, "n", &ALL).cells(), asked(&first, "n", &ALL).cells());
    let suited = counted(&students, Mode::Dp(Budget { epsilon_milli: 1, editions: 1 }), "nces-10");
    let unsuited = Tabulation { mode: Mode::Round, ..suited };
    let made = Seal::make(1, &[unsuited], &RuleProfile::all(), SECRET).map(|_| ());
    assert_eq!(made, Err(Error::Unsuited { product: "p".into() }), "a mean can not be rounded");
}

#[test]
fn a_rule_that_rounds_does_not_round_what_the_mode_has_rounded() {
    let students = students(2_000, 7);
    let (seal, _) = sealed(1, &counted(&students, Mode::Round, "opensafely"), &[]);
    let table = asked(&seal, "outcome", &["race"]);
    let mut numbers = table.cells().iter().map(|cell| cell.denominator.expect("shown"));
    let whole = numbers.next().expect("a row");
    assert_eq!(
        (table.rounded_to(), whole),
        (8, numbers.sum()),
        "rounded to fives again they would not add up"
    );
}

#[test]
fn a_rule_that_codes_rates_is_for_exact_figures() {
    for mode in [Mode::Round, Mode::Dp(Budget { epsilon_milli: 1_000, editions: 1 })] {
        let coded = counted(&students(500, 8), mode, "utah");
        let made = Seal::make(1, &[coded], &RuleProfile::all(), SECRET).map(|_| ());
        assert_eq!(made, Err(Error::Unsuited { product: "p".into() }));
    }
}

#[test]
fn a_rule_that_pools_has_nothing_to_pool() {
    for mode in [Mode::Round, Mode::Dp(Budget { epsilon_milli: 8_000, editions: 1 })] {
        let (seal, _) = sealed(1, &counted(&students(500, 9), mode, "california-pooled"), &[]);
        assert_eq!(asked(&seal, "outcome", &["race"]).cells().len(), 6, "all, and the five categories");
    }
}

#[test]
fn the_order_of_arrival_makes_no_difference_and_a_changed_seal_is_found() {
    let students = students(2_000, 6);
    let counted = counted(&students, Mode::Round, "nces-10");
    let mut shuffled = counted.clone();
    let n = counted.dimensions.len();
    shuffled.atoms.nodes = counted.atoms.nodes.chunks(n).rev().flatten().copied().collect();
    shuffled.atoms.people.iter_mut().for_each(|of| of.reverse());
    for values in &mut shuffled.atoms.values {
        if let Values::Share(of) = values {
            of.reverse();
        }
    }
    let (seal, report) = sealed(1, &counted, &[]);
    assert_eq!(sealed(1, &shuffled, &[]).0.to_bytes(), seal.to_bytes());
    // Of other numbers it is no rounding.
    let mut other = counted.clone();
    other.atoms.people[0][0] += 20;
    assert!(report.proof.verify(&seal, &[other], &[], &RuleProfile::all(), SECRET).is_err());
}
