//! Shares printed as codes, alone and beside exact ones.

use super::*;
use crate::disclosure::{Code, SealReport};

/// Three schools of 20 students each in one district, of whom so many have the outcome, under a profile.
fn three_schools(outcomes: [u32; 3], profile: &str) -> Tabulation {
    let mut geography = Dimension::new("geography", "Geography");
    for school in ["a", "b", "c"] {
        geography.add(school, school, 0);
    }
    let publication = Publication {
        profile: profile.into(),
        dimensions: vec![],
        depth: 0,
        ..tabulation(2025).publications[0].clone()
    };
    Tabulation {
        dimensions: vec![geography],
        atoms: Atoms {
            nodes: vec![1, 2, 3],
            people: vec![vec![20; 3]],
            values: vec![Values::Share(outcomes.to_vec())],
        },
        publications: vec![publication],
        ..tabulation(2025)
    }
}

fn made(tabulation: &Tabulation) -> Seal {
    let tabulations = std::slice::from_ref(tabulation);
    Seal::make(2, tabulations, &RuleProfile::all(), b"secret").expect("sound").0
}

fn answer(seal: &Seal, product: &str, indicator: &str) -> ProtectedTable {
    let asked = Slice { product: product.into(), indicator: indicator.into(), ..asked(&["geography"], &[]) };
    seal.slice(&asked).expect("a slice")
}

fn labels(table: &ProtectedTable) -> Vec<String> {
    let label = |cell: &Cell| cell.code.as_ref().map_or("*".to_owned(), |code| code.label.clone());
    table.cells().iter().map(label).collect()
}

#[test]
fn a_share_is_printed_as_its_code() {
    let seal = made(&three_schools([4, 8, 14], "utah"));
    let seal = Seal::from_bytes(&seal.to_bytes()).expect("its own bytes");
    let table = answer(&seal, "attendance", "present");
    assert_eq!(labels(&table), ["43-45%", "11-29%", "40-49%", "70-79%"]);
    for cell in table.cells() {
        assert_eq!(
            (cell.mark(), cell.denominator, cell.numerator, cell.value),
            (Mark::Shown, None, None, None)
        );
    }
    let code = table.cells()[1].code.as_ref().expect("a code");
    assert_eq!((code.first, code.last, table.profile(), table.measure()), (11, 29, "utah@1", "share"));
    // The numbers of people are not even in the seal: no product prints them.
    assert!(seal.body.lattices[0].people[0].iter().all(|seen| *seen == Seen::Hidden));
    let edfacts = made(&three_schools([4, 8, 14], "edfacts"));
    let table = answer(&edfacts, "attendance", "present");
    assert_eq!(labels(&table), ["40-49", "LE20", "40-59", "60-79"]);
    assert!(table.cells().iter().map(|cell| cell.denominator).eq([Some(60), Some(20), Some(20), Some(20)]));
    assert!(edfacts.product("attendance").expect("sealed").hidden_share() == 0.0);
}

#[test]
fn codes_that_pin_numerators_together_are_not_all_printed() {
    let three = three_schools([2, 2, 2], "utah");
    let utah = RuleProfile::named("utah").expect("embedded");
    let possible = |y, n| utah.code(y, n).as_ref().map(|code: &Code| code.numerators(n)).expect("a code");
    // Two at most in each school and six at least in all of them: two in each.
    assert_eq!((possible(2, 20), possible(6, 60)), (0..=2, 6..=7));
    let seal = made(&three);
    let labels = labels(&answer(&seal, "attendance", "present")).join(" ");
    assert!(labels.contains('*') && labels.contains("<=10%"), "{labels}");
    for school in ["a", "b", "c"] {
        let cells = vec![vec![school.to_owned()]];
        let target = Target { quantity: Quantity::Outcome(0), cells };
        let (low, high) =
            attack::interval_in_cells(&three, &seal, &target, None).expect("it can be asked for");
        assert!(high - low > 0.99, "{school}: {low} to {high}");
    }
}

#[test]
fn a_code_is_printed_where_another_product_hides_the_number() {
    // In school a two of twenty have it, which is too small to be shown exactly.
    let mut both = three_schools([2, 10, 9], "nces-10");
    both.atoms.people[0] = vec![20, 40, 40];
    let Values::Share(outcomes) = &mut both.atoms.values[0] else { panic!("a share") };
    *outcomes = vec![2, 20, 18];
    let coded =
        Publication { product: "codes".into(), profile: "utah".into(), ..both.publications[0].clone() };
    both.publications.push(coded);
    let seal = made(&both);
    let exact: Vec<_> = answer(&seal, "attendance", "present").cells().iter().map(|c| c.numerator).collect();
    let codes = answer(&seal, "codes", "present");
    assert_eq!(exact[1], None);
    assert_eq!(labels(&codes)[1], "<=10%");
    assert!(exact.iter().flatten().count() > 0, "some number is shown exactly");
    assert!(codes.cells().iter().all(|cell| cell.numerator.is_none() && cell.denominator.is_none()));
    assert_eq!(attack::derivable(&both, &seal), vec![]);
    let target = Target { quantity: Quantity::Outcome(0), cells: vec![vec!["a".into()]] };
    let (low, high) = attack::interval_in_cells(&both, &seal, &target, None).expect("it can be asked for");
    assert!(low < 0.01 && (high - 2.0).abs() < 0.01, "{low} to {high}: the code tells no more and no less");
}

/// Halves are rounded up, so of 200 students 2 % stands for three or four, and 98 % without it for four or five.
#[test]
fn an_outcome_and_its_complement_do_not_pin_each_other() {
    for with in [4, 60] {
        let mut twins = three_schools([with, 50, 71], "utah");
        twins.atoms.people[0] = vec![200, 150, 201];
        twins.measures.push(Measure::new("absent", 0));
        twins.atoms.values.push(Values::Share(vec![200 - with, 100, 130]));
        twins.publications[0].indicators.push(("absent".into(), 1));
        let seal = made(&twins);
        let (present, absent) =
            (answer(&seal, "attendance", "present"), answer(&seal, "attendance", "absent"));
        let (present, absent) = (labels(&present), labels(&absent));
        assert_ne!(present[1], "*", "{with}");
        assert_eq!(absent[1], "*", "whatever the share of a group of 200 is");
        assert!(present[3] == "35%" && absent[3] == "65%", "{present:?} {absent:?}");
    }
}

/// The second edition, after a first one.
fn again(first: &Tabulation, second: &Tabulation) -> [(Seal, SealReport); 2] {
    let (first, second) = (std::slice::from_ref(first), std::slice::from_ref(second));
    let make = |edition, tabulations, past: &[Past<'_>]| {
        Seal::make_after(edition, tabulations, past, &RuleProfile::all(), b"secret").expect("sound")
    };
    let one = make(1, first, &[]);
    let two = make(2, second, &[Past { seal: &one.0, tabulations: first }]);
    [one, two]
}

#[test]
fn a_code_next_to_an_older_one_tells_nothing_about_few() {
    // One more has it in b, eleven fewer in c.
    let [(one, _), (two, _)] = again(&three_schools([4, 8, 14], "utah"), &three_schools([4, 9, 3], "utah"));
    let (one, two) = (answer(&one, "attendance", "present"), answer(&two, "attendance", "present"));
    assert_eq!(labels(&one), ["43-45%", "11-29%", "40-49%", "70-79%"]);
    assert_eq!(labels(&two), ["*", "11-29%", "*", "11-29%"]);
    let recalled = two.recalling(&one);
    let earlier = recalled.cells()[2].earlier.as_ref().expect("the first edition showed it");
    assert_eq!((earlier.edition, earlier.code.as_ref().map(|code| code.label.as_str())), (1, Some("40-49%")));
}

#[test]
fn codes_stay_where_nothing_has_changed() {
    for outcomes in [[4, 8, 14], [2, 2, 2]] {
        let schools = three_schools(outcomes, "utah");
        let [(one, first), (two, second)] = again(&schools, &schools);
        let (one, two) = (answer(&one, "attendance", "present"), answer(&two, "attendance", "present"));
        assert_eq!(labels(&one), labels(&two));
        assert_eq!(first.product("attendance"), second.product("attendance"), "the report is the same");
        // Another product is protected anew, and what was hidden stays so.
        let mut more = schools.clone();
        let other = Publication { product: "more".into(), ..schools.publications[0].clone() };
        more.publications.push(other);
        let [_, (three, _)] = again(&schools, &more);
        assert_eq!(labels(&answer(&three, "attendance", "present")), labels(&one));
    }
}

/// How many numerators of `n` people all these codes leave possible together.
fn n_possible(codes: &[&RateCode], n: u64) -> usize {
    let is_of = |code: &&&RateCode, y: u64| (code.first..=code.last).contains(&((200 * y + n) / (2 * n)));
    (0..=n).filter(|&y| codes.iter().all(|code| is_of(&code, y))).count()
}

/// Bar of the issue over editions: a rule that replaces another must not pin a numerator with what that one has printed.
#[test]
fn a_code_of_another_rule_and_an_older_one_pin_nothing_together() {
    let (mut n_alone, mut n_later) = (0, 0);
    for n in [33, 40, 61, 100, 120] {
        for y in 0..=n {
            let mut before = three_schools([0; 3], "utah");
            (before.atoms.people[0], before.atoms.values[0]) =
                (vec![n, 150, 201], Values::Share(vec![y, 70, 80]));
            let mut after = before.clone();
            after.publications[0].withdrawn = true;
            let next =
                Publication { version: 2, profile: "edfacts".into(), ..before.publications[0].clone() };
            after.publications.push(next);
            let [(one, _), (two, report)] = again(&before, &after);
            let alone = {
                let mut alone = after.clone();
                alone.publications.remove(0);
                made(&alone)
            };
            let codes = |seal: &Seal| answer(seal, "attendance", "present").cells()[1].code.clone();
            let (Some(old), Some(new)) = (codes(&one), codes(&alone)) else { continue };
            n_alone += usize::from(n_possible(&[&old, &new], n.into()) < 2);
            if let Some(new) = codes(&two) {
                n_later += 1;
                assert!(
                    n_possible(&[&old, &new], n.into()) > 1,
                    "{y} of {n}: {} and {}",
                    old.label,
                    new.label
                );
            }
            let linear_only: u64 = report.layers.iter().map(|layer| layer.n_linear_only).sum();
            assert_eq!(linear_only, 0, "{y} of {n}");
        }
    }
    assert!(n_alone > 0, "without its past it would");
    assert!(n_later > 0, "some are printed by the new rule");
}
