//! Random tabulations and rules, built from lists of numbers.

use std::collections::BTreeSet;
use throughline::calendar::SchoolYear;
use throughline::disclosure::{Bottom, RateBand, RateLabels, RuleProfile, Top, Zeros};
use throughline::outcomes::{
    Atoms, Dimension, Measure, Mode, Population, Publication, Tabulation, Unit, Values,
};

/// Numbers that a case is built from; zeros when they run out, so that a shorter list is a simpler case.
struct Draw(std::vec::IntoIter<u32>);

impl Draw {
    fn up_to(&mut self, max: u32) -> u32 {
        self.0.next().unwrap_or(0) % (max + 1)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) tabulation: Tabulation,
    pub(crate) profiles: Vec<RuleProfile>,
    /// Both orders of protection are refereed.
    pub(crate) downwards_max: usize,
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

/// A case from some numbers.
pub(crate) fn build(numbers: Vec<u32>) -> Case {
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
            scale: if id == "mean" { 10 } else { 1 },
            ..Measure::new(id, population)
        })
        .collect();
    let (k, certainty) = (3 + draw.up_to(9), 12 + draw.up_to(60));
    let profiles = vec![profile("a", k, certainty), profile("b", 3 + draw.up_to(9), 12 + draw.up_to(60))];
    let mut publications = publications(&mut draw, dimensions.len(), measures.len());
    let atoms = atoms(&mut draw, &dimensions, &populations);
    let downwards_max = if draw.up_to(1) == 0 { usize::MAX } else { 0 };
    let profiles = code(&mut draw, profiles, &mut publications);
    let (measures, atoms) = nest(&mut draw, measures, atoms, &mut publications);
    let (unit, period) = (Unit::StudentYear, SchoolYear::new(2025).expect("a school year"));
    let tabulation = Tabulation {
        mode: Mode::Suppress,
        unit,
        period,
        dimensions,
        populations,
        measures,
        atoms,
        publications,
    };
    Case { tabulation, profiles, downwards_max }
}

/// A case from some numbers in which all shares are coded and most groups are large enough to be shown.
pub(crate) fn build_coded(numbers: Vec<u32>) -> Case {
    let mut case = build(numbers);
    for publication in &mut case.tabulation.publications {
        if !publication.profile.starts_with("coded") {
            publication.profile = format!("coded {}", publication.profile);
        }
    }
    case.profiles.iter_mut().for_each(|profile| profile.cell_min = 3);
    case
}

/// Has some publications print codes, and perhaps another one print the first in codes, too.
fn code(
    draw: &mut Draw,
    mut profiles: Vec<RuleProfile>,
    publications: &mut Vec<Publication>,
) -> Vec<RuleProfile> {
    if draw.up_to(3) == 3 {
        let coded = format!("coded {}", publications[0].profile);
        publications.push(Publication { product: "again".into(), profile: coded, ..publications[0].clone() });
    }
    for publication in publications.iter_mut().take(2) {
        if draw.up_to(2) == 2 && !publication.profile.starts_with("coded") {
            publication.profile = format!("coded {}", publication.profile);
        }
    }
    for at in 0..2 {
        let mut coded = RuleProfile { id: format!("coded {}", profiles[at].id), ..profiles[at].clone() };
        coded.rates = vec![band(draw, coded.cell_min), band(draw, coded.cell_min + 10)];
        coded.counts_shown = draw.up_to(1) == 0;
        profiles.push(coded);
    }
    profiles
}

/// Adds outcomes that imply others, now and then: of those with the share, more and more of them. Some are all of these, or
/// all others, so that they share a table.
fn nest(
    draw: &mut Draw,
    mut measures: Vec<Measure>,
    mut atoms: Atoms,
    publications: &mut [Publication],
) -> (Vec<Measure>, Atoms) {
    let mut around = vec![usize::from(draw.up_to(1) == 1)];
    let population = measures[around[0]].population;
    for _ in 0..draw.up_to(3) {
        let Values::Share(outer) = &atoms.values[around[around.len() - 1]] else {
            unreachable!("it is a share")
        };
        let is_same = draw.up_to(7) == 7;
        let few = |outer: u32, draw: &mut Draw| {
            let most = [1, 4, 30][draw.up_to(2) as usize];
            outer - draw.up_to(outer.min(most))
        };
        let inner = outer.iter().map(|&outer| if is_same { outer } else { few(outer, draw) }).collect();
        let at = measures.len();
        measures
            .push(Measure { within: around.clone(), ..Measure::new(&format!("within {at}"), population) });
        atoms.values.push(Values::Share(inner));
        around.push(at);
        for publication in publications.iter_mut().filter(|_| draw.up_to(3) > 0) {
            publication.indicators.push((format!("i{at}"), at));
        }
        if draw.up_to(5) == 5 {
            let Values::Share(inner) = &atoms.values[at] else { unreachable!("it is a share") };
            let others = atoms.people[population].iter().zip(inner).map(|(people, inner)| people - inner);
            let others = Values::Share(others.collect());
            measures.push(Measure::new(&format!("without {at}"), population));
            atoms.values.push(others);
            publications[0].indicators.push((format!("i{}", at + 1), at + 1));
        }
    }
    (measures, atoms)
}

fn band(draw: &mut Draw, people_min: u64) -> RateBand {
    let (low, high) = (u64::from(draw.up_to(30)), u64::from(draw.up_to(30)));
    let step = [20, 10, 5, 1];
    let bottom = if draw.up_to(1) == 0 { Bottom::UpTo(low) } else { Bottom::Below(low + 1) };
    let top = if draw.up_to(1) == 0 { Top::From(100 - high) } else { Top::Above(99 - high) };
    RateBand::new(people_min, bottom, top, step[draw.up_to(3) as usize]).expect("a sound band")
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
    let population = |id: &str, parent| Population { id: id.into(), parent, within: vec![] };
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
            withdrawn: false,
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
        Values::Mean { sum, sum_of_squares: squares, largest: vec![] },
        Values::Ratio { numerator: upper, denominator: lower },
        Values::Count,
    ];
    atoms
}

/// The tabulation with its atoms in another order.
pub(crate) fn permuted(tabulation: &Tabulation, shift: usize) -> Tabulation {
    let n_dimensions = tabulation.dimensions.len();
    let n = tabulation.atoms.nodes.len() / n_dimensions;
    let order: Vec<usize> = (0..n).map(|at| (at + shift) % n).rev().collect();
    fn pick<T: Copy>(order: &[usize], from: &[T]) -> Vec<T> {
        order.iter().map(|&at| from[at]).collect()
    }
    let values = |values: &Values| match values {
        Values::Count => Values::Count,
        Values::Share(counts) => Values::Share(pick(&order, counts)),
        Values::Mean { sum, sum_of_squares, .. } => {
            let sum_of_squares = pick(&order, sum_of_squares);
            Values::Mean { sum: pick(&order, sum), sum_of_squares, largest: vec![] }
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

/// The tabulation without some of its atoms, of which the bits tell.
pub(crate) fn thinned(tabulation: &Tabulation, bits: u64) -> Tabulation {
    fn kept<T: Copy>(of: &[T], keeps: impl Fn(usize) -> bool) -> Vec<T> {
        (0..of.len()).filter(|&at| keeps(at)).map(|at| of[at]).collect()
    }
    let keeps = |at: usize| bits >> (at % 64) & 1 == 1;
    let n_dimensions = tabulation.dimensions.len();
    let atoms = &tabulation.atoms;
    let values = atoms.values.iter().map(|values| match values {
        Values::Count => Values::Count,
        Values::Share(counts) => Values::Share(kept(counts, keeps)),
        Values::Mean { sum, sum_of_squares, .. } => {
            let sum_of_squares = kept(sum_of_squares, keeps);
            Values::Mean { sum: kept(sum, keeps), sum_of_squares, largest: vec![] }
        }
        Values::Ratio { numerator, denominator } => {
            Values::Ratio { numerator: kept(numerator, keeps), denominator: kept(denominator, keeps) }
        }
    });
    let atoms = Atoms {
        nodes: kept(&atoms.nodes, |at| keeps(at / n_dimensions)),
        people: atoms.people.iter().map(|people| kept(people, keeps)).collect(),
        values: values.collect(),
    };
    Tabulation { atoms, ..tabulation.clone() }
}
