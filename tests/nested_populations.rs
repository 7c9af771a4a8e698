//! Populations of which one holds the other although no parent says so, and outcomes of which one implies the other among
//! different people: what is in between is protected, and seals that did not know of it stay what they are.

use std::collections::BTreeMap;
use throughline::calendar::SchoolYear;
use throughline::disclosure::attack::{self, Quantity};
use throughline::disclosure::{Cell, Past, Proof, RuleProfile, Seal};
use throughline::outcomes::{
    Atoms, Dimension, Measure, Mode, Population, Publication, Slice, Tabulation, Unit, Values,
};

/// Graduates at four schools, those of them whose six years are over, and how many of each have a share.
fn tabulation(people: [[u32; 4]; 2], with: [[u32; 4]; 2]) -> Tabulation {
    let mut geography = Dimension::new("geography", "Geography");
    for district in ["north", "south"] {
        let parent = geography.add(district, "A district", 0);
        (0..2).for_each(|school| _ = geography.add(&format!("{district} {school}"), "A school", parent));
    }
    let population = |id: &str, within| Population { id: id.into(), parent: None, within };
    Tabulation {
        mode: Mode::Suppress,
        unit: Unit::Graduate,
        period: SchoolYear::new(2018).expect("a school year"),
        dimensions: vec![geography],
        // The inner one stands first, as it does where it was not known to be one.
        populations: vec![population("after 6 years", vec![1]), population("graduates", vec![])],
        measures: vec![Measure::new("college", 1), Measure::new("credential", 0)],
        atoms: Atoms {
            nodes: vec![2, 3, 5, 6],
            people: vec![people[1].to_vec(), people[0].to_vec()],
            values: with.iter().map(|with| Values::Share(with.to_vec())).collect(),
        },
        publications: vec![Publication {
            product: "graduates".into(),
            version: 1,
            profile: "nces-10".into(),
            dimensions: vec![],
            depth: 0,
            indicators: vec![("college".into(), 0), ("credential".into(), 1)],
            withdrawn: false,
        }],
    }
}

/// The same without what is known of them.
fn unknown(tabulation: &Tabulation) -> Tabulation {
    let mut before = tabulation.clone();
    before.populations.iter_mut().for_each(|population| population.within.clear());
    before.measures.iter_mut().for_each(|measure| measure.within.clear());
    before
}

/// Seals a tabulation after others, and checks the seal's bytes and proof.
fn sealed(edition: u32, tabulation: &Tabulation, past: &[Past<'_>]) -> Seal {
    let (tabulations, profiles) = (std::slice::from_ref(tabulation), RuleProfile::all());
    let (seal, report) =
        Seal::make_after(edition, tabulations, past, &profiles, b"secret").expect("a sound tabulation");
    let bytes = seal.to_bytes();
    let seal = Seal::from_bytes(&bytes).expect("its own bytes");
    let is_inside = tabulation.populations.iter().any(|population| !population.within.is_empty());
    assert!(bytes.starts_with(b"throughline seal\x05") || !is_inside);
    let proof = Proof::from_bytes(&report.proof.to_bytes()).expect("its own bytes");
    let verified = proof.verify(&seal, tabulations, past, &profiles, b"secret").expect("it holds");
    assert_eq!((verified.n_one_mark, past.is_empty() && verified.n_linear_only > 0), (0, false));
    assert!(seal.check_known(tabulations).is_ok());
    seal
}

/// Checks what an intruder makes of a first seal.
fn check(tabulation: &Tabulation, quantity: Quantity) -> Seal {
    let seal = sealed(1, tabulation, &[]);
    assert_eq!(attack::derivable(tabulation, &seal), vec![]);
    let targets = attack::sensitive(tabulation, &seal);
    assert!(targets.iter().any(|target| target.quantity == quantity), "nothing is in between");
    for target in targets {
        let range = attack::interval_in_cells(tabulation, &seal, &target, None);
        assert!(range.is_none_or(|(low, high)| high - low > 1.0 - 1e-6), "{target:?}: {range:?}");
    }
    seal
}

/// Denominators and numerators that are shown of a share, by place.
fn shown(seal: &Seal, indicator: &str) -> [BTreeMap<String, u64>; 2] {
    let slice = Slice {
        product: "graduates".into(),
        indicator: indicator.into(),
        dimensions: vec!["geography".into()],
        filters: vec![],
        periods: vec![],
    };
    let table = seal.slice(&slice).expect("it can be asked for");
    let of = |number: fn(&Cell) -> Option<u64>| {
        let shown = table.cells().iter().filter_map(|cell| Some((cell.categories[0].clone(), number(cell)?)));
        shown.collect()
    };
    [of(|cell| cell.denominator), of(|cell| cell.numerator)]
}

/// In how many places the number in between two can be read, and is small.
fn told(inner: &BTreeMap<String, u64>, outer: &BTreeMap<String, u64>) -> usize {
    let between = inner.iter().filter_map(|(place, inner)| Some(outer.get(place)? - inner));
    between.filter(|between| (1..10).contains(between)).count()
}

fn told_of_people(seal: &Seal) -> usize {
    told(&shown(seal, "credential")[0], &shown(seal, "college")[0])
}

#[test]
fn who_is_in_one_population_and_not_in_one_found_inside_it_is_not_told() {
    // Of one graduate the six years are not over.
    let now = tabulation([[60, 70, 80, 90], [59, 40, 50, 55]], [[30, 35, 40, 45], [25, 20, 20, 25]]);
    let seal = check(&now, Quantity::Between(1, 0));
    assert_eq!(told_of_people(&seal), 0);
    assert!(!shown(&seal, "credential")[0].is_empty());
}

#[test]
fn an_edition_that_was_sealed_before_it_was_found_verifies_as_it_did() {
    let now = tabulation([[60, 70, 80, 90], [59, 40, 50, 55]], [[30, 35, 40, 45], [25, 20, 20, 25]]);
    let before = unknown(&now);
    let (profiles, tabulations) = (RuleProfile::all(), std::slice::from_ref(&now));
    let (seal, report) =
        Seal::make(1, std::slice::from_ref(&before), &profiles, b"secret").expect("a sound tabulation");
    assert_eq!(told_of_people(&seal), 1);
    assert!(report.proof.verify(&seal, tabulations, &[], &profiles, b"secret").is_ok());
    assert!(seal.check_known(tabulations).is_err());
    // Nothing has changed, and yet the next edition is protected anew.
    let next = sealed(2, &now, &[Past { seal: &seal, tabulations }]);
    assert_eq!((next.sealed_in().collect::<Vec<_>>(), told_of_people(&next)), (vec![2], 0));
}

#[test]
fn of_populations_that_hold_one_and_not_each_other_each_is_guarded() {
    // Those with a diploma of some kind, and all at the high schools.
    let mut now = tabulation([[60, 70, 80, 90], [58, 40, 50, 55]], [[30, 35, 40, 45], [25, 20, 20, 25]]);
    now.populations[1].within = vec![2];
    now.populations[0] = Population { parent: None, within: vec![1, 3], ..now.populations[0].clone() };
    now.populations.push(Population { id: "all".into(), parent: None, within: vec![] });
    now.populations.push(Population { id: "some".into(), parent: None, within: vec![2] });
    now.atoms.people.extend([vec![200; 4], vec![90, 43, 80, 90]]);
    for (at, population) in [(2, 2), (3, 3)] {
        now.measures.push(Measure::new(&format!("share {at}"), population));
        now.atoms.values.push(Values::Share(vec![30, 20, 35, 40]));
        now.publications[0].indicators.push((format!("share {at}"), at));
    }
    let seal = check(&now, Quantity::Between(3, 0));
    let [inner, one, other] =
        ["credential", "college", "share 3"].map(|share| shown(&seal, share)[0].clone());
    assert_eq!((told(&inner, &one), told(&inner, &other)), (0, 0));
}

#[test]
fn an_outcome_that_implies_one_of_other_people_does_not_tell_how_many_are_in_between() {
    // Of the cohort, who graduated in four years has in five.
    let mut now = tabulation([[100, 110, 120, 130], [80, 85, 90, 95]], [[60, 50, 55, 45], [61, 70, 75, 65]]);
    now.measures[0].within = vec![1];
    let seal = check(&now, Quantity::Within(1, 0));
    assert_eq!(told(&shown(&seal, "college")[1], &shown(&seal, "credential")[1]), 0);
    // And the other way round: the inner one is of fewer people.
    let mut now = tabulation([[100, 110, 120, 130], [80, 85, 90, 95]], [[61, 70, 75, 65], [60, 50, 55, 45]]);
    now.measures[1].within = vec![0];
    let seal = check(&now, Quantity::Within(0, 1));
    assert_eq!(told(&shown(&seal, "credential")[1], &shown(&seal, "college")[1]), 0);
    // Before the fifth year is over nobody is in its cohort, and nothing follows.
    let mut early = tabulation([[100, 110, 120, 130], [0; 4]], [[60, 50, 55, 45], [0; 4]]);
    early.measures[0].within = vec![1];
    assert_eq!(shown(&sealed(1, &early, &[]), "college")[1].len(), 7);
}
