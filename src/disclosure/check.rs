//! What a tabulation must be before it is protected.

use super::Error;
use crate::outcomes::{Dimension, Publication, Tabulation, Values};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Refuses tabulations that contradict themselves or each other.
pub(super) fn check(tabulations: &[&Tabulation]) -> Result<(), Error> {
    let mut products: BTreeMap<&str, &Publication> = BTreeMap::new();
    let mut indicators = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for tabulation in tabulations {
        if !seen.insert(tabulation.key()) {
            return Err(Error::DuplicateTabulation);
        }
        check_shape(tabulation).map_err(Error::Malformed)?;
        for publication in tabulation.publications.iter().filter(|publication| !publication.withdrawn) {
            let differs = || Error::ProductDiffers { product: publication.product.clone() };
            let first = products.entry(&publication.product).or_insert(publication);
            if (first.version, &first.profile) != (publication.version, &publication.profile) {
                return Err(differs());
            }
            for (name, _) in &publication.indicators {
                if !indicators.insert((&publication.product, name, tabulation.period)) {
                    return Err(differs());
                }
            }
        }
    }
    Ok(())
}

fn check_shape(tabulation: &Tabulation) -> Result<(), &'static str> {
    check_dimensions(&tabulation.dimensions)?;
    check_publications(tabulation.dimensions.len(), tabulation.measures.len(), &tabulation.publications)?;
    let populations = &tabulation.populations;
    require(
        populations
            .iter()
            .enumerate()
            .all(|(at, population)| population.parent.is_none_or(|parent| parent < at)),
        "a population stands before its parent",
    )?;
    require(
        tabulation.measures.iter().all(|m| m.population < populations.len() && m.scale > 0),
        "a measure has no population or no scale",
    )?;
    check_atoms(tabulation)?;
    check_nested(tabulation)
}

/// Populations that are in others, and shares that imply others: of the same people or of those inside or around them, and
/// never of more of them.
pub(super) fn check_nested(tabulation: &Tabulation) -> Result<(), &'static str> {
    let Tabulation { populations, measures, atoms, .. } = tabulation;
    for (at, population) in populations.iter().enumerate() {
        let is_sound = |&holder: &usize| {
            let is_less = |around: &Vec<u32>| atoms.people[at].iter().zip(around).all(|(a, b)| a <= b);
            atoms.people.get(holder).is_some_and(is_less)
        };
        require(population.within.iter().all(is_sound), "a population is larger than the one around it")?;
    }
    for at in 0..populations.len() {
        require(!tabulation.holders(at).contains(&at), "a population is inside itself")?;
    }
    let is_inside = |inner: usize, outer: usize| inner == outer || tabulation.holders(inner).contains(&outer);
    for (measure, values) in measures.iter().zip(&atoms.values) {
        let is_sound = |&outer: &usize| match (values, atoms.values.get(outer)) {
            (Values::Share(inner), Some(Values::Share(around))) => {
                let (own, other) = (measure.population, measures[outer].population);
                (is_inside(own, other) || is_inside(other, own))
                    && (!tabulation.is_counted(outer)
                        || inner.iter().zip(around).all(|(inner, outer)| inner <= outer))
            }
            _ => false,
        };
        require(measure.within.iter().all(is_sound), "a share counts people that one around it does not")?;
    }
    Ok(())
}

/// Dimensions with a root `all`, parents before children and distinct ids.
pub(super) fn check_dimensions(dimensions: &[Dimension]) -> Result<(), &'static str> {
    require(!dimensions.is_empty(), "there is no geography")?;
    let ids: HashSet<&str> = dimensions.iter().map(|dimension| dimension.id.as_str()).collect();
    require(ids.len() == dimensions.len(), "two dimensions have the same id")?;
    for dimension in dimensions {
        let nodes = &dimension.nodes;
        require(nodes.first().is_some_and(|root| root.id == Dimension::ALL), "a dimension has no root")?;
        require(nodes.len() <= usize::from(u16::MAX), "a dimension has too many categories")?;
        let in_order = (1..nodes.len()).all(|at| usize::from(nodes[at].parent) < at);
        require(in_order && nodes[0].parent == 0, "a category stands before its parent")?;
        let ids: HashSet<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
        require(ids.len() == nodes.len(), "two categories have the same id")?;
    }
    Ok(())
}

/// Publications of dimensions and measures that exist.
pub(super) fn check_publications(
    n_dimensions: usize,
    n_measures: usize,
    publications: &[Publication],
) -> Result<(), &'static str> {
    for publication in publications {
        let distinct: BTreeSet<usize> = publication.dimensions.iter().copied().collect();
        require(distinct.len() == publication.dimensions.len(), "a publication names a dimension twice")?;
        require(
            distinct.iter().all(|&at| (1..n_dimensions).contains(&at)),
            "a publication has no such dimension",
        )?;
        let measures = publication.indicators.iter().all(|&(_, measure)| measure < n_measures);
        require(measures, "a publication has no such measure")?;
    }
    Ok(())
}

fn check_atoms(tabulation: &Tabulation) -> Result<(), &'static str> {
    let (atoms, n_dimensions) = (&tabulation.atoms, tabulation.dimensions.len());
    let n_atoms = atoms.nodes.len() / n_dimensions;
    let lengths = atoms.nodes.len() == n_atoms * n_dimensions
        && atoms.people.len() == tabulation.populations.len()
        && atoms.values.len() == tabulation.measures.len()
        && atoms.people.iter().all(|people| people.len() == n_atoms);
    require(lengths, "columns of the atoms differ in length")?;
    let rows = || atoms.nodes.chunks(n_dimensions);
    let known =
        |row: &[u16]| row.iter().zip(&tabulation.dimensions).all(|(&at, d)| usize::from(at) < d.nodes.len());
    require(rows().all(known), "an atom is in no category")?;
    require(rows().collect::<HashSet<_>>().len() == n_atoms, "two atoms are in the same categories")?;
    for (people, population) in atoms.people.iter().zip(&tabulation.populations) {
        let within =
            |parent: usize| people.iter().zip(&atoms.people[parent]).all(|(inner, outer)| inner <= outer);
        require(population.parent.is_none_or(within), "a population is larger than the one around it")?;
    }
    for (values, measure) in atoms.values.iter().zip(&tabulation.measures) {
        let people = &atoms.people[measure.population];
        let sound = match values {
            Values::Count => true,
            Values::Share(counts) => {
                counts.len() == n_atoms && counts.iter().zip(people).all(|(y, n)| y <= n)
            }
            Values::Mean { sum, sum_of_squares, largest } => {
                let are_known = largest.len() == n_atoms || measure.concentration.is_none();
                sum.len() == n_atoms && sum_of_squares.len() == n_atoms && are_known
            }
            Values::Ratio { numerator, denominator } => {
                let sound = numerator.iter().zip(denominator).all(|(upper, lower)| upper <= lower);
                sound && numerator.len() == n_atoms && denominator.len() == n_atoms
            }
        };
        require(sound, "a measure has wrong lengths, or more outcomes than people")?;
    }
    Ok(())
}

pub(super) fn require(holds: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(otherwise) }
}
