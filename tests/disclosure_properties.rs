//! Random tabulations, sealed, and then attacked with everything the seal shows.

#[path = "disclosure_properties/proofs.rs"]
mod proofs;

use proptest::prelude::*;
use std::collections::BTreeSet;
use throughline::calendar::SchoolYear;
use throughline::disclosure::{Cell, Mark, ProtectedTable, RateLabels, RuleProfile, Seal, Zeros, attack};
use throughline::outcomes::{
    Atoms, Dimension, Measure, Population, Publication, Slice, Tabulation, Unit, Values,
};

/// Numbers that a case is built from; zeros when they run out, so that a shorter list is a simpler case.
struct Draw(std::vec::IntoIter<u32>);

impl Draw {
    fn up_to(&mut self, max: u32) -> u32 {
        self.0.next().unwrap_or(0) % (max + 1)
    }
}

#[derive(Debug, Clone)]
struct Case {
    tabulation: Tabulation,
    profiles: Vec<RuleProfile>,
    /// Both orders of protection are refereed.
    downwards_max: usize,
}

fn profile(id: &str, cell_min: u32, certainty_min: u32) -> RuleProfile {
    RuleProfile {
        id: id.into(),
        version: 1,
        cell_min: cell_min.into(),
        certainty_min: certainty_min.into(),
        zeros: Zeros::Shown,
        width: 1,
        insiders: 1,
        source: "a test".into(),
        rates: Vec::new(),
        rate_labels: RateLabels::Signs,
        counts_shown: true,
        round_to: 0,
        pool: None,
    }
}

fn build(numbers: Vec<u32>) -> Case {
    let mut draw = Draw(numbers.into_iter());
    let mut dimensions = vec![geography(&mut draw)];
    for at in 0..=draw.up_to(2) {
        dimensions.push(dimension(&mut draw, &format!("d{at}")));
    }
    let populations = populations(&mut draw);
    let last = populations.len() - 1;
    let kinds = [("share", 0), ("inner share", last), ("mean", 0), ("ratio", last), ("count", last)];
    let measures: Vec<Measure> = (kinds.iter())
        .map(|&(id, population)| Measure {
            id: id.into(),
            population,
            scale: if id == "mean" { 10 } else { 1 },
        })
        .collect();
    let (k, certainty) = (3 + draw.up_to(9), 12 + draw.up_to(60));
    let profiles = vec![profile("a", k, certainty), profile("b", 3 + draw.up_to(9), 12 + draw.up_to(60))];
    let publications = publications(&mut draw, dimensions.len(), measures.len());
    let atoms = atoms(&mut draw, &dimensions, &populations);
    let (unit, period) = (Unit::StudentYear, SchoolYear::new(2025).expect("a school year"));
    Case {
        tabulation: Tabulation { unit, period, dimensions, populations, measures, atoms, publications },
        profiles,
        downwards_max: if draw.up_to(1) == 0 { usize::MAX } else { 0 },
    }
}

fn geography(draw: &mut Draw) -> Dimension {
    let mut geography = Dimension::new("geography", "Geography");
    for district in 0..=draw.up_to(1) {
        let parent = geography.add(&format!("district {district}"), "District", 0);
        for school in 0..=draw.up_to(2) {
            geography.add(&format!("school {district}.{school}"), "School", parent);
        }
    }
    geography
}

fn dimension(draw: &mut Draw, id: &str) -> Dimension {
    let mut dimension = Dimension::new(id, "A dimension");
    for category in 0..=1 + draw.up_to(2) {
        let parent = dimension.add(&format!("{category}"), "A category", 0);
        if draw.up_to(5) == 5 {
            dimension.add(&format!("{category}a"), "A part", parent);
            dimension.add(&format!("{category}b"), "A part", parent);
        }
    }
    dimension
}

fn populations(draw: &mut Draw) -> Vec<Population> {
    let population = |id: &str, parent| Population { id: id.into(), parent };
    let nested = [
        vec![population("all", None)],
        vec![population("all", None), population("some", Some(0))],
        vec![population("all", None), population("some", Some(0)), population("few", Some(1))],
        vec![population("all", None), population("others", None)],
    ];
    nested[draw.up_to(3) as usize].clone()
}

fn publications(draw: &mut Draw, n_dimensions: usize, n_measures: usize) -> Vec<Publication> {
    let mut publications = Vec::new();
    for at in 0..=draw.up_to(1) {
        let left_out = 1 + draw.up_to(3) as usize;
        let measures = draw.up_to(31) | 1;
        publications.push(Publication {
            product: format!("p{at}"),
            version: 1,
            profile: if draw.up_to(1) == 0 { "a".into() } else { "b".into() },
            dimensions: (1..n_dimensions).filter(|&d| n_dimensions == 2 || d != left_out).collect(),
            depth: draw.up_to(3) as usize,
            indicators: (0..n_measures)
                .filter(|m| measures >> m & 1 == 1)
                .map(|m| (format!("i{m}"), m))
                .collect(),
        });
    }
    publications
}

/// Twenty atoms or so, most of them small, some known no closer than an inner category.
fn atoms(draw: &mut Draw, dimensions: &[Dimension], populations: &[Population]) -> Atoms {
    let mut rows = BTreeSet::new();
    for _ in 0..6 + draw.up_to(18) {
        let node = |dimension: &Dimension, draw: &mut Draw| {
            let leaves: Vec<u16> = (0..dimension.nodes.len() as u16)
                .filter(|&at| !dimension.nodes.iter().skip(1).any(|node| node.parent == at))
                .collect();
            let closer = draw.up_to(11) != 11;
            let count = if closer { leaves.len() } else { dimension.nodes.len() };
            let at = draw.up_to(count as u32 - 1) as usize;
            if closer { leaves[at] } else { at as u16 }
        };
        rows.insert(dimensions.iter().map(|dimension| node(dimension, draw)).collect::<Vec<u16>>());
    }
    let mut atoms = Atoms { people: vec![Vec::new(); populations.len()], ..Atoms::default() };
    let (mut share, mut inner, mut upper, mut lower) = (vec![], vec![], vec![], vec![]);
    let (mut sum, mut squares) = (vec![], vec![]);
    for row in rows {
        atoms.nodes.extend(row);
        for (at, population) in populations.iter().enumerate() {
            let largest = [3, 9, 30][draw.up_to(2) as usize];
            let most =
                population.parent.map_or(largest, |parent| *atoms.people[parent].last().expect("a row"));
            let all_or_some =
                if population.parent.is_some() && draw.up_to(2) == 0 { most } else { draw.up_to(most) };
            atoms.people[at].push(all_or_some);
        }
        let (n, last) =
            (atoms.people[0].last().copied(), atoms.people.last().and_then(|p| p.last().copied()));
        let (n, last) = (n.expect("a row"), last.expect("a row"));
        let outcome = |n: u32, draw: &mut Draw| match draw.up_to(3) {
            0 => 0,
            1 => n,
            _ => draw.up_to(n),
        };
        share.push(outcome(n, draw));
        inner.push(outcome(last, draw));
        lower.push(u64::from(last) * 180);
        upper.push(u64::from(outcome(last * 180, draw)));
        let score = i64::from(draw.up_to(500)) - 100;
        sum.push(score * i64::from(n));
        squares.push(i128::from(score * score) * i128::from(n));
    }
    atoms.values = vec![
        Values::Share(share),
        Values::Share(inner),
        Values::Mean { sum, sum_of_squares: squares },
        Values::Ratio { numerator: upper, denominator: lower },
        Values::Count,
    ];
    atoms
}

fn case() -> impl Strategy<Value = Case> {
    prop::collection::vec(any::<u32>(), 0..500).prop_map(build)
}

fn seal(case: &Case) -> Seal {
    let tabulations = std::slice::from_ref(&case.tabulation);
    Seal::make_within(7, tabulations, &case.profiles, b"secret", case.downwards_max)
        .expect("a sound tabulation")
        .0
}

/// Every slice by geography and some dimensions, of every indicator of every product.
fn tables(case: &Case, seal: &Seal) -> Vec<(usize, usize, ProtectedTable)> {
    let mut tables = Vec::new();
    for (number, publication) in case.tabulation.publications.iter().enumerate() {
        for (name, measure) in &publication.indicators {
            let id = |at: usize| case.tabulation.dimensions[at].id.clone();
            for bits in 0u32..1 << publication.dimensions.len() {
                let crossed = publication.dimensions.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
                let crossed: Vec<usize> = crossed.map(|(_, &dimension)| dimension).collect();
                let slice = Slice {
                    product: publication.product.clone(),
                    indicator: name.clone(),
                    dimensions: std::iter::once(0).chain(crossed.iter().copied()).map(id).collect(),
                    filters: vec![],
                    periods: vec![],
                };
                let table = seal.slice(&slice);
                assert_eq!(table.is_ok(), crossed.len() <= publication.depth);
                tables.extend(table.ok().map(|table| (number, *measure, table)));
            }
        }
    }
    tables
}

/// True people, outcome sums and lower sums of a cell.
fn truth(case: &Case, measure: usize, table: &ProtectedTable, cell: &Cell) -> (u64, i128, i128) {
    let tabulation = &case.tabulation;
    let n_dimensions = tabulation.dimensions.len();
    let mut asked = vec![0; n_dimensions];
    for (id, category) in table.dimensions().iter().zip(&cell.categories) {
        let at = tabulation.dimensions.iter().position(|d| d.id == *id).expect("a dimension");
        asked[at] = tabulation.dimensions[at].position(category).expect("a category");
    }
    let (mut people, mut value, mut lower) = (0, 0, 0);
    for (at, row) in tabulation.atoms.nodes.chunks(n_dimensions).enumerate() {
        let inside = (0..n_dimensions)
            .all(|d| tabulation.dimensions[d].ancestors(row[d]).any(|node| node == asked[d]));
        if inside {
            people += u64::from(tabulation.atoms.people[tabulation.measures[measure].population][at]);
            match &tabulation.atoms.values[measure] {
                Values::Count => {}
                Values::Share(counts) => value += i128::from(counts[at]),
                Values::Mean { sum, .. } => value += i128::from(sum[at]),
                Values::Ratio { numerator, denominator } => {
                    value += i128::from(numerator[at]);
                    lower += i128::from(denominator[at]);
                }
            }
        }
    }
    (people, value, lower)
}

fn check_cell(case: &Case, publication: usize, measure: usize, table: &ProtectedTable, cell: &Cell) {
    let id = &case.tabulation.publications[publication].profile;
    let profile = case.profiles.iter().find(|profile| profile.id == *id).expect("a profile");
    let (k, certain) = (profile.cell_min, profile.certainty_min);
    let (n, value, lower) = truth(case, measure, table, cell);
    assert_eq!(cell.mark() == Mark::Empty, n == 0, "exactly the empty cells are empty");
    if let Some(shown) = cell.denominator {
        assert_eq!(shown, n);
        assert!(n >= k, "a small group is shown");
    }
    if matches!(cell.mark(), Mark::Hidden | Mark::Empty) {
        assert_eq!((cell.numerator, cell.value, cell.deviation), (None, None, None));
        return;
    }
    assert_eq!(cell.denominator, Some(n));
    match &case.tabulation.atoms.values[measure] {
        Values::Count => assert_eq!(cell.value, None),
        Values::Share(_) => {
            let y = u64::try_from(value).expect("a count");
            assert_eq!(cell.numerator, Some(y));
            assert_eq!(cell.value, Some(y as f64 / n as f64));
            assert_eq!(cell.mark() == Mark::Zero, y == 0);
            assert!(y == 0 || y >= k, "a small outcome is shown");
            assert!(y == n || n - y >= k, "a small complement is shown");
            assert!((y != 0 && y != n) || n >= certain, "certainty in a small group is shown");
        }
        Values::Mean { .. } => {
            let mean = value as f64 / n as f64 / 10.0;
            assert!((cell.value.expect("a mean") - mean).abs() < 1e-9);
            assert!(cell.deviation.expect("a deviation") >= 0.0);
        }
        Values::Ratio { .. } => {
            assert!((cell.value.expect("a ratio") - value as f64 / lower as f64).abs() < 1e-12);
            assert!((value != 0 && value != lower) || n >= certain, "certainty in a small group is shown");
        }
    }
}

fn permuted(tabulation: &Tabulation, shift: usize) -> Tabulation {
    let n_dimensions = tabulation.dimensions.len();
    let n = tabulation.atoms.nodes.len() / n_dimensions;
    let order: Vec<usize> = (0..n).map(|at| (at + shift) % n).rev().collect();
    fn pick<T: Copy>(order: &[usize], from: &[T]) -> Vec<T> {
        order.iter().map(|&at| from[at]).collect()
    }
    let values = |values: &Values| match values {
        Values::Count => Values::Count,
        Values::Share(counts) => Values::Share(pick(&order, counts)),
        Values::Mean { sum, sum_of_squares } => {
            Values::Mean { sum: pick(&order, sum), sum_of_squares: pick(&order, sum_of_squares) }
        }
        Values::Ratio { numerator, denominator } => {
            Values::Ratio { numerator: pick(&order, numerator), denominator: pick(&order, denominator) }
        }
    };
    let row = |&at: &usize| tabulation.atoms.nodes[at * n_dimensions..][..n_dimensions].to_vec();
    let atoms = Atoms {
        nodes: order.iter().flat_map(row).collect(),
        people: tabulation.atoms.people.iter().map(|people| pick(&order, people)).collect(),
        values: tabulation.atoms.values.iter().map(values).collect(),
    };
    Tabulation { atoms, ..tabulation.clone() }
}

/// Cases that once failed are kept beside this file and tried first.
fn config() -> ProptestConfig {
    let kept = proptest::test_runner::FileFailurePersistence::Direct(
        "tests/disclosure_properties.proptest-regressions",
    );
    ProptestConfig { cases: 256, failure_persistence: Some(Box::new(kept)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn shown_cells_are_true_and_keep_to_the_rule(case in case()) {
        let seal = seal(&case);
        for (publication, measure, table) in tables(&case, &seal) {
            for cell in table.cells() {
                check_cell(&case, publication, measure, &table, cell);
            }
        }
    }

    #[test]
    fn nothing_hidden_follows_from_what_is_shown(case in case()) {
        let seal = seal(&case);
        prop_assert_eq!(attack::derivable(&case.tabulation, &seal), vec![]);
    }

    #[test]
    fn a_seal_is_the_same_however_its_input_is_ordered(case in case(), shift in 0usize..20) {
        let mut next = case.tabulation.clone();
        next.period = next.period.plus(1);
        let shuffled = [permuted(&next, shift), permuted(&case.tabulation, shift)];
        let (one, _) = Seal::make(7, &[case.tabulation, next], &case.profiles, b"secret").expect("sound");
        let (other, _) = Seal::make(7, &shuffled, &case.profiles, b"secret").expect("sound");
        prop_assert!(one.to_bytes() == other.to_bytes());
        let read = Seal::from_bytes(&one.to_bytes()).expect("its own bytes");
        prop_assert_eq!(read.digest(), one.digest());
        prop_assert!(read.to_bytes() == one.to_bytes());
    }
}

proptest! {
    // The intruder's linear programs take their time.
    #![proptest_config(ProptestConfig { cases: 48, ..config() })]

    #[test]
    fn hidden_numbers_could_be_others_for_districts_too(case in case(), first in 0usize..7) {
        let tabulations = std::slice::from_ref(&case.tabulation);
        let (seal, report) =
            Seal::make_within(7, tabulations, &case.profiles, b"secret", case.downwards_max).expect("sound");
        let n_open: u64 = report.layers.iter().map(|layer| layer.n_linear_only).sum();
        if n_open == 0 {
            let targets = attack::sensitive(&case.tabulation, &seal);
            for target in targets.iter().skip(first).step_by(7).take(4) {
                for insider in [None, Some("district 0"), Some("district 1")] {
                    let interval = attack::interval_in_cells(&case.tabulation, &seal, target, insider);
                    if let Some((low, high)) = interval {
                        let is_open = high - low > 1.0 - 1e-6;
                        prop_assert!(is_open, "{:?} is between {} and {} for {:?}", target, low, high, insider);
                    }
                }
            }
        }
    }
}
