//! Outcomes of which one implies the other: what is in between is protected, whatever is asked for, in whichever product and
//! edition.

use std::collections::BTreeMap;
use throughline::calendar::SchoolYear;
use throughline::disclosure::attack::{self, Quantity};
use throughline::disclosure::{Cell, Past, Proof, RuleProfile, Seal};
use throughline::outcomes::{
    Atoms, Dimension, Measure, Mode, Population, Publication, Slice, Tabulation, Unit, Values,
};

/// Four schools of a hundred students each; for each share, how many have it at each school. The first is the outermost, and
/// each implies those before it.
fn tabulation(shares: &[[u32; 4]]) -> Tabulation {
    let mut geography = Dimension::new("geography", "Geography");
    for district in ["north", "south"] {
        let parent = geography.add(district, "A district", 0);
        (0..2).for_each(|school| _ = geography.add(&format!("{district} {school}"), "A school", parent));
    }
    let names: Vec<String> = (0..shares.len()).map(|at| format!("at least {}", 40 + 10 * at)).collect();
    let measure =
        |(at, name): (usize, &String)| Measure { within: (0..at).collect(), ..Measure::new(name, 0) };
    Tabulation {
        mode: Mode::Suppress,
        unit: Unit::StudentYear,
        period: SchoolYear::new(2025).expect("a school year"),
        dimensions: vec![geography],
        populations: vec![Population { id: "tested".into(), parent: None, within: vec![] }],
        measures: names.iter().enumerate().map(measure).collect(),
        atoms: Atoms {
            nodes: vec![2, 3, 5, 6],
            people: vec![vec![100; 4]],
            values: shares.iter().map(|share| Values::Share(share.to_vec())).collect(),
        },
        publications: vec![publication("scores", &(0..shares.len()).collect::<Vec<_>>())],
    }
}

fn publication(product: &str, shares: &[usize]) -> Publication {
    Publication {
        product: product.into(),
        version: 1,
        profile: "nces-10".into(),
        dimensions: vec![],
        depth: 0,
        indicators: shares.iter().map(|&at| (format!("{}", 40 + 10 * at), at)).collect(),
        withdrawn: false,
    }
}

/// Seals a tabulation after others, checks the proof and what an intruder makes of the seal, and returns it. Another table
/// covers every number, but for those that are out.
fn sealed(edition: u32, tabulation: &Tabulation, past: &[Past<'_>], n_out: u64) -> Seal {
    let (tabulations, profiles) = (std::slice::from_ref(tabulation), RuleProfile::all());
    let (seal, report) =
        Seal::make_after(edition, tabulations, past, &profiles, b"secret").expect("a sound tabulation");
    let bytes = seal.to_bytes();
    let seal = Seal::from_bytes(&bytes).expect("its own bytes");
    // A seal of which nothing implies another is what it was before that was known.
    let implies = tabulation.measures.iter().any(|measure| !measure.within.is_empty());
    assert_eq!(bytes[..17], *if implies { b"throughline seal\x05" } else { b"throughline seal\x03" });
    let proof = Proof::from_bytes(&report.proof.to_bytes()).expect("its own bytes");
    let verified = proof.verify(&seal, tabulations, past, &profiles, b"secret").expect("it holds");
    assert_eq!((verified.n_one_mark, verified.n_linear_only), (0, n_out));
    if past.is_empty() {
        assert_eq!(attack::derivable(tabulation, &seal), vec![]);
        for target in attack::sensitive(tabulation, &seal) {
            for insider in [None, Some("north"), Some("south")] {
                let range = attack::interval_in_cells(tabulation, &seal, &target, insider);
                assert!(range.is_none_or(|(low, high)| high - low > 1.0 - 1e-6), "{target:?}: {range:?}");
            }
        }
    }
    seal
}

/// What is shown of a share, by place.
fn shown(seal: &Seal, product: &str, at: usize) -> BTreeMap<String, u64> {
    let slice = Slice {
        product: product.into(),
        indicator: format!("{}", 40 + 10 * at),
        dimensions: vec!["geography".into()],
        filters: vec![],
        periods: vec![],
    };
    let table = seal.slice(&slice).expect("it can be asked for");
    let number = |cell: &Cell| Some((cell.categories[0].clone(), cell.numerator?));
    table.cells().iter().filter_map(number).collect()
}

/// In how many places the number in between two shares can be read, and is small.
fn told(inner: &BTreeMap<String, u64>, outer: &BTreeMap<String, u64>) -> usize {
    let between = inner.iter().filter_map(|(place, inner)| Some(outer.get(place)? - inner));
    between.filter(|between| (1..10).contains(between)).count()
}

#[test]
fn the_number_in_between_two_thresholds_is_not_told() {
    let tabulation = tabulation(&[[60, 50, 55, 45], [59, 30, 35, 25]]);
    let seal = sealed(1, &tabulation, &[], 0);
    let all = [0, 1].map(|at| shown(&seal, "scores", at));
    assert_eq!(told(&all[1], &all[0]), 0);
    assert_eq!(
        all.iter().map(BTreeMap::len).sum::<usize>(),
        12,
        "one school's number and another one's are hidden"
    );
    let targets = attack::sensitive(&tabulation, &seal);
    assert!(targets.iter().any(|target| target.quantity == Quantity::Within(0, 1)));
}

#[test]
fn of_several_thresholds_every_two_count() {
    // Three between 40 and 50, three between 50 and 60: with the middle one hidden, six are left between 40 and 60.
    let seal = sealed(1, &tabulation(&[[60, 50, 55, 45], [57, 35, 40, 30], [54, 20, 25, 15]]), &[], 0);
    let all = [0, 1, 2].map(|at| shown(&seal, "scores", at));
    assert_eq!((told(&all[1], &all[0]), told(&all[2], &all[1]), told(&all[2], &all[0])), (0, 0, 0));
    assert!(all.iter().map(BTreeMap::len).sum::<usize>() >= 12);
}

#[test]
fn products_guard_each_other() {
    let mut tabulation = tabulation(&[[60, 50, 55, 45], [59, 30, 35, 25]]);
    tabulation.publications = vec![publication("high", &[1]), publication("low", &[0])];
    let seal = sealed(1, &tabulation, &[], 0);
    assert_eq!(told(&shown(&seal, "high", 1), &shown(&seal, "low", 0)), 0);
}

#[test]
fn outcomes_that_are_the_others_of_others_are_guarded_too() {
    // Another outcome has exactly those without one of the two, so that one table counts both.
    for (of, other) in [(0, [40, 50, 45, 55]), (1, [41, 70, 65, 75])] {
        let mut tabulation = tabulation(&[[60, 50, 55, 45], [59, 30, 35, 25]]);
        tabulation.measures.insert(0, Measure::new("another", 0));
        for measure in &mut tabulation.measures {
            measure.within.iter_mut().for_each(|outer| *outer += 1);
        }
        tabulation.atoms.values.insert(0, Values::Share(other.to_vec()));
        tabulation.publications = vec![publication("scores", &[0, 1, 2])];
        let seal = sealed(1, &tabulation, &[], 0);
        let [another, outer, inner] = [0, 1, 2].map(|at| shown(&seal, "scores", at));
        assert_eq!(told(&inner, &outer), 0);
        let others: BTreeMap<String, u64> = another
            .into_iter()
            .map(|(place, n)| {
                let people = if place == "all" {
                    400
                } else if place.len() > 5 {
                    100
                } else {
                    200
                };
                (place, people - n)
            })
            .collect();
        assert_eq!(if of == 0 { told(&inner, &others) } else { told(&others, &outer) }, 0);
    }
}

#[test]
fn shares_that_are_each_others_complement_stay_two() {
    // Everybody has the outer one and nobody the inner one: what one of them loses the other does not gain.
    let seal = sealed(1, &tabulation(&[[100; 4], [0; 4]]), &[], 0);
    assert!(shown(&seal, "scores", 0).len() < 7);
}

#[test]
fn where_nobody_has_the_outer_one_the_inner_one_hides_nothing() {
    // Of 400 at a school none has the outer one, which is shown; so nobody has the inner one there, whatever is hidden.
    let mut none = tabulation(&[[0, 60, 55, 45], [0, 5, 35, 25]]);
    none.atoms.people = vec![vec![400; 4]];
    let seal = sealed(1, &none, &[], 0);
    let [outer, inner] = [0, 1].map(|at| shown(&seal, "scores", at));
    assert_eq!(outer.get("north 0"), Some(&0));
    assert!(!inner.contains_key("north 1") && !inner.contains_key("north"), "it is five in both");
}

#[test]
fn a_product_that_comes_later_does_not_tell_what_is_in_between() {
    let shares = [[60, 50, 55, 45], [59, 30, 35, 25]];
    // The inner one is out, and then the outer one; and the other way round.
    for (first, then, has_grown) in [(1, 0, false), (0, 1, false), (1, 0, true), (0, 1, true)] {
        let mut alone = tabulation(&[shares[first]]);
        alone.publications[0].product = "first".into();
        let before = sealed(1, &alone, &[], 0);
        let of_first = shown(&before, "first", 0);
        assert_eq!(of_first.len(), 7, "nothing has to be hidden yet");
        let mut now = tabulation(&shares);
        now.publications = vec![publication("first", &[first]), publication("then", &[then])];
        now.publications[0].indicators[0].0 = "40".into();
        let then_counted = now.clone();
        if has_grown {
            // Thirty more at another school: of those who have not changed everything is known still.
            now.atoms.people[0][1] += 30;
            now.atoms.values = vec![Values::Share(vec![60, 80, 55, 45]), Values::Share(vec![59, 60, 35, 25])];
        }
        let past = Past { seal: &before, tabulations: std::slice::from_ref(&then_counted) };
        let of_then = shown(&sealed(2, &now, &[past], 0), "then", then);
        let (inner, outer) = if first == 1 { (&of_first, &of_then) } else { (&of_then, &of_first) };
        let is_same = |place: &&String| !has_grown || !["all", "north", "north 1"].contains(&place.as_str());
        let same = inner.keys().filter(is_same).cloned().collect::<Vec<_>>();
        let inner = same.into_iter().map(|place| (place.clone(), inner[&place])).collect();
        assert_eq!(told(&inner, outer), 0, "{first} {has_grown}");
        assert!(!of_then.is_empty());
    }
}

#[test]
fn an_edition_that_was_sealed_without_the_guard_verifies_as_it_did() {
    let guarded = tabulation(&[[60, 50, 55, 45], [59, 30, 35, 25]]);
    let mut before = guarded.clone();
    before.measures.iter_mut().for_each(|measure| measure.within.clear());
    let (tabulations, profiles) = (std::slice::from_ref(&before), RuleProfile::all());
    let (seal, report) = Seal::make(1, tabulations, &profiles, b"secret").expect("a sound tabulation");
    assert_eq!(told(&shown(&seal, "scores", 1), &shown(&seal, "scores", 0)), 1);
    // The library of today knows more, and the seal says what was known then.
    let now = std::slice::from_ref(&guarded);
    assert!(seal.check_known(tabulations).is_ok() && seal.check_known(now).is_err());
    assert!(report.proof.verify(&seal, now, &[], &profiles, b"secret").is_ok());
    // Nothing has changed, and yet the next edition is protected anew.
    let next = sealed(2, &guarded, &[Past { seal: &seal, tabulations: now }], 1);
    assert_eq!(next.sealed_in().collect::<Vec<_>>(), [2]);
    assert_eq!(told(&shown(&next, "scores", 1), &shown(&next, "scores", 0)), 0);
    let past = [Past { seal: &seal, tabulations: now }, Past { seal: &next, tabulations: now }];
    let (kept, _) = Seal::make_after(3, now, &past, &profiles, b"secret").expect("a sound tabulation");
    assert_eq!(kept.sealed_in().collect::<Vec<_>>(), [2], "and stays so");
}

#[test]
fn a_seal_and_its_proof_from_before_populations_were_found_inside_others_verify() {
    // Written by the version before, which took outcomes as they are listed: the inner one comes first.
    let mut tabulation = tabulation(&[[60, 50, 55, 45], [59, 30, 35, 25]]);
    tabulation.measures.reverse();
    tabulation.measures[0].within = vec![1];
    tabulation.measures[1].within = vec![];
    tabulation.atoms.values.reverse();
    tabulation.publications = vec![publication("scores", &[0, 1])];
    let (now, profiles) = (std::slice::from_ref(&tabulation), RuleProfile::all());
    let seal = Seal::from_bytes(include_bytes!("seals/inner_first.seal")).expect("a seal");
    let proof = Proof::from_bytes(include_bytes!("seals/inner_first.proof")).expect("a proof");
    assert!(seal.check_known(now).is_ok(), "it says which of them implies the other");
    let verified = proof.verify(&seal, now, &[], &profiles, b"secret");
    assert!(verified.is_ok(), "{:?}", verified.err());
    let [inner, outer] = [0, 1].map(|at| shown(&seal, "scores", at));
    assert_eq!((inner.len(), outer.len(), told(&inner, &outer)), (7, 5, 0));
    // The next edition goes on from it.
    let next = Seal::make_after(2, now, &[Past { seal: &seal, tabulations: now }], &profiles, b"secret");
    assert_eq!(next.expect("a sound tabulation").0.sealed_in().collect::<Vec<_>>(), [1]);
}
