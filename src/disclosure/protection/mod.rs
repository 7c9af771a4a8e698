//! Protection of a tabulation, family by family.
//!
//! Numbers of people and outcomes that have to fit each other are protected together: for each number that may not be
//! known, another table of all of them is found that fits everything shown, and cells are hidden until there is one.
//! Sums that are bounded by other sums follow, each on its own.

mod family;
mod kinds;
mod layer;
mod linear;
mod lines;
mod region;
mod replay;
mod rules;
mod run;
mod space;
mod tally;
mod tie;
mod verify;

use super::lattice::Lattice;
use super::parallel::in_parallel;
use super::proof::{FamilyProof, Witness};
use crate::outcomes::{Tabulation, Values};
use family::{Counts, Family};
use layer::Layer;
pub(super) use linear::DOWNWARDS_MAX;
use replay::Public;
use ring::hmac;
#[cfg(test)]
pub(super) use rules::{is_small, is_telling};
use run::Covered;
use tally::Tally;
#[cfg(test)]
pub(super) use verify::first_family;
pub(super) use verify::{Shown, verify};

/// What may be seen of a lattice, and what is hidden for its own sake.
pub(super) struct Protection {
    /// Numbers of people shown, for each population and cell.
    pub(super) people: Vec<Vec<bool>>,
    /// Values shown, for each measure and cell.
    pub(super) values: Vec<Vec<bool>>,
    /// Numbers of people hidden by the rule itself, for each population and cell.
    people_primary: Vec<Vec<bool>>,
    /// Values hidden by the rule itself, for each measure and cell.
    pub(super) primary: Vec<Vec<bool>>,
    /// For each family, how many numbers must stay uncertain, and what shows that they do.
    pub(super) layers: Vec<(usize, FamilyProof)>,
}

/// Whether a publication shows a measure in the cell's plane.
pub(super) fn is_published(tabulation: &Tabulation, lattice: &Lattice, measure: usize, cell: u32) -> bool {
    let shows =
        |&at: &usize| tabulation.publications[at].indicators.iter().any(|&(_, other)| other == measure);
    lattice.listed(cell) && lattice.plane(cell).publications.iter().any(shows)
}

/// What is published, were nothing hidden: for each measure, its cells.
struct Asked {
    population_of: Vec<usize>,
    wanted: Vec<Vec<bool>>,
}

impl Asked {
    fn new(tabulation: &Tabulation, lattice: &Lattice) -> Self {
        let cells = 0..lattice.n_cells() as u32;
        let wanted =
            |measure| cells.clone().map(|cell| is_published(tabulation, lattice, measure, cell)).collect();
        Self {
            population_of: tabulation.measures.iter().map(|measure| measure.population).collect(),
            wanted: (0..tabulation.measures.len()).map(wanted).collect(),
        }
    }

    /// The cells where a measure is published.
    fn values(&self, measure: usize) -> Vec<bool> {
        self.wanted[measure].clone()
    }

    /// The cells where a number of people is published, with whatever measure.
    fn people(&self, population: usize) -> Vec<bool> {
        let n_cells = self.wanted.first().map_or(0, Vec::len);
        let of_population = |&measure: &usize| self.population_of[measure] == population;
        let mut asked = vec![false; n_cells];
        for measure in (0..self.wanted.len()).filter(of_population) {
            asked.iter_mut().zip(&self.wanted[measure]).for_each(|(asked, wanted)| *asked |= wanted);
        }
        asked
    }
}

/// Protects every population and measure of a tabulation.
pub(super) fn protect(
    tabulation: &Tabulation,
    lattice: &Lattice,
    secret: &hmac::Key,
    downwards_max: usize,
) -> Protection {
    let asked = Asked::new(tabulation, lattice);
    let ties = tie::ties(tabulation, lattice, secret);
    let families = family::families(tabulation, lattice, &asked);
    let cover_family = |family: &Family, is_shown: &dyn Fn(u32) -> bool| {
        let linear = |may_show: &dyn Fn(usize, u32) -> bool| {
            linear::shown(lattice, family, &ties, downwards_max, |table, cell| {
                may_show(table, cell) && is_shown(cell)
            })
        };
        let layer = Layer::new(lattice, family, &ties, &linear(&|_, _| true), is_shown);
        // What the tables need hidden may make needless what the linear rule had hidden before. In a large lattice it
        // is not worth the time.
        layer.cover(|layer| {
            let may_show = |table, cell| !layer.is_needed(table, cell);
            (lattice.n_cells() <= DOWNWARDS_MAX).then(|| linear(&may_show))
        })
    };
    let covered = in_parallel(&families, |family| cover_family(family, &|_| true));
    let n_cells = lattice.n_cells();
    let nothing = |n: usize| vec![vec![false; n_cells]; n];
    let (n_populations, n_measures) = (tabulation.populations.len(), tabulation.measures.len());
    let mut protection = Protection {
        people: nothing(n_populations),
        people_primary: nothing(n_populations),
        values: nothing(n_measures),
        primary: nothing(n_measures),
        layers: Vec::new(),
    };
    for (family, covered) in families.iter().zip(&covered) {
        protection.add(lattice, family, covered);
    }
    let ratios = family::ratios(tabulation, lattice, &asked);
    let of_ratios = in_parallel(&ratios, |family| {
        let people = &protection.people[asked.population_of[family.tables[0].members[0]]];
        cover_family(family, &|cell| people[cell as usize])
    });
    for (family, covered) in ratios.iter().zip(&of_ratios) {
        protection.add(lattice, family, covered);
    }
    for (measure, &population) in asked.population_of.iter().enumerate() {
        let of_people = &protection.people[population];
        if matches!(tabulation.atoms.values[measure], Values::Count | Values::Mean { .. }) {
            // What protects the number of people protects what is shown exactly where it is.
            protection.values[measure].clone_from(of_people);
        }
        let visible = of_people.iter().zip(&asked.wanted[measure]).map(|(people, wanted)| *people && *wanted);
        protection.values[measure].iter_mut().zip(visible).for_each(|(shown, visible)| *shown &= visible);
        let of_people = &protection.people_primary[population];
        protection.primary[measure].iter_mut().zip(of_people).for_each(|(own, people)| *own |= people);
    }
    let covered = families.into_iter().chain(ratios).zip(covered.into_iter().chain(of_ratios));
    let layers: Vec<(Family, Vec<Witness>)> =
        covered.map(|(family, covered)| (family, covered.witnesses)).collect();
    protection.layers = in_parallel(&layers, |(family, witnesses)| {
        let public = Public::new(lattice, family, &protection.people, &protection.values);
        let mut tally = Tally::new(&public);
        tally.count(witnesses);
        (tally.n_numbers(), tally.into_proof(family.ids(tabulation), witnesses.clone()))
    });
    protection
}

impl Protection {
    /// Writes down what is shown of a family.
    fn add(&mut self, lattice: &Lattice, family: &Family, covered: &Covered) {
        for (at, table) in family.tables.iter().enumerate() {
            let is_primary = |cell: u32| family.is_primary(at, cell, lattice.plane(cell));
            let primary: Vec<bool> = (0..lattice.n_cells() as u32).map(is_primary).collect();
            for &member in &table.members {
                if table.counts == Counts::People {
                    self.people[member].clone_from(&covered.shown[at]);
                    self.people_primary[member].clone_from(&primary);
                } else {
                    self.values[member].clone_from(&covered.shown[at]);
                    self.primary[member].clone_from(&primary);
                }
            }
        }
    }
}
