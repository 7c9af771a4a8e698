//! Protection of a tabulation, family by family.
//!
//! Numbers of people and outcomes that have to fit each other are protected together: for each number that may not be
//! known, another table of all of them is found that fits everything shown, and cells are hidden until there is one.
//! Sums that are bounded by other sums follow, each on its own.

mod codings;
mod concentrated;
mod family;
mod history;
mod kinds;
mod layer;
mod linear;
mod lines;
mod nested;
mod region;
mod replay;
mod rules;
mod run;
mod space;
mod tally;
mod tie;
mod verify;

use super::lattice::{Lattice, Plane};
use super::proof::{FamilyProof, Witness};
use crate::outcomes::{Tabulation, Values};
use crate::parallel::in_parallel;
pub(super) use codings::Coded;
use codings::Coding;
use family::{Counts, Family, Shares};
pub(super) use history::History;
use layer::Layer;
pub(super) use linear::DOWNWARDS_MAX;
use replay::Public;
use ring::hmac;
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
    /// Values shown exactly, for each measure and cell.
    pub(super) values: Vec<Vec<bool>>,
    /// Values shown as codes.
    pub(super) coded: Vec<Coded>,
    /// Numbers of people hidden by the rule itself, for each population and cell.
    pub(super) people_primary: Vec<Vec<bool>>,
    /// Values hidden by the rule itself, for each measure and cell.
    pub(super) primary: Vec<Vec<bool>>,
    /// The families, with other tables that were found for each.
    found: Vec<(Family, Vec<Witness>)>,
}

/// Whether a publication shows a measure in the cell's plane.
pub(super) fn is_published(tabulation: &Tabulation, lattice: &Lattice, measure: usize, cell: u32) -> bool {
    let shows = |&at: &usize| {
        let publication = &tabulation.publications[at];
        !publication.withdrawn && publication.indicators.iter().any(|&(_, other)| other == measure)
    };
    lattice.listed(cell) && lattice.plane(cell).publications.iter().any(shows)
}

/// Whether a publication shows a measure as codes: a share, where its profile codes rates.
fn is_coded(tabulation: &Tabulation, lattice: &Lattice, publication: usize, measure: usize) -> bool {
    lattice.profiles[publication].codes_rates()
        && matches!(tabulation.atoms.values[measure], Values::Share(_))
}

/// What is published, were nothing hidden.
struct Asked {
    population_of: Vec<usize>,
    /// For each measure, the cells where it is published exactly.
    wanted: Vec<Vec<bool>>,
    /// For each measure, as what else it is published.
    codings: Vec<Vec<Coding>>,
}

impl Asked {
    fn new(tabulation: &Tabulation, lattice: &Lattice) -> Self {
        let wanted = |measure: usize| {
            let shows = |&at: &usize| {
                let publication = &tabulation.publications[at];
                !publication.withdrawn
                    && publication.indicators.iter().any(|&(_, other)| other == measure)
                    && !is_coded(tabulation, lattice, at, measure)
            };
            let of_plane = |plane: &Plane| plane.publications.iter().any(shows);
            let planes: Vec<bool> = lattice.planes.iter().map(of_plane).collect();
            let is_wanted =
                |cell: u32| planes[lattice.plane_of[cell as usize] as usize] && lattice.listed(cell);
            (0..lattice.n_cells() as u32).map(is_wanted).collect()
        };
        let measures = 0..tabulation.measures.len();
        Self {
            population_of: tabulation.measures.iter().map(|measure| measure.population).collect(),
            wanted: measures.clone().map(wanted).collect(),
            codings: measures.map(|measure| codings::codings(tabulation, lattice, measure)).collect(),
        }
    }

    /// The cells where a measure is published exactly.
    fn values(&self, measure: usize) -> Vec<bool> {
        self.wanted[measure].clone()
    }

    /// As what else a measure is published.
    fn codings(&self, measure: usize) -> Vec<Coding> {
        self.codings[measure].clone()
    }

    /// The cells where a number of people is published, with whatever measure. Where codes are, it counts as published
    /// even if its profile does not print it: many know it from elsewhere.
    fn people(&self, population: usize, lattice: &Lattice) -> Vec<bool> {
        let of_population = |&measure: &usize| self.population_of[measure] == population;
        let mut asked = vec![false; lattice.n_cells()];
        for measure in (0..self.wanted.len()).filter(of_population) {
            asked.iter_mut().zip(&self.wanted[measure]).for_each(|(asked, wanted)| *asked |= wanted);
            for coding in &self.codings[measure] {
                for (cell, asked) in (0..).zip(&mut asked) {
                    *asked |= coding.planes[lattice.plane_of[cell as usize] as usize] && lattice.listed(cell);
                }
            }
        }
        asked
    }
}

/// Protects every population and measure of a tabulation, together with what earlier editions have shown of it.
pub(super) fn protect(
    tabulation: &Tabulation,
    lattice: &Lattice,
    history: &History,
    secret: &hmac::Key,
    downwards_max: usize,
) -> Protection {
    let asked = Asked::new(tabulation, lattice);
    let ties = tie::ties(tabulation, lattice, secret);
    let families = family::families(tabulation, lattice, &asked, history, Shares::OuterFirst);
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
    let mut protection = Protection::nothing(tabulation, lattice);
    for (family, covered) in families.iter().zip(&covered) {
        protection.add(lattice, family, covered);
    }
    let ratios = family::ratios(tabulation, lattice, &asked, history);
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
    }
    protection.finish(&asked);
    let covered = families.into_iter().chain(ratios).zip(covered.into_iter().chain(of_ratios));
    protection.found = covered.map(|(family, covered)| (family, covered.witnesses)).collect();
    protection
}

/// What of the witnesses that were found is to be kept of each family, with how many of its numbers must stay uncertain,
/// when this is shown.
pub(super) fn prove(
    tabulation: &Tabulation,
    lattice: &Lattice,
    shown: &Shown,
    protection: &Protection,
) -> Vec<(usize, FamilyProof)> {
    in_parallel(&protection.found, |(family, witnesses)| {
        let public = Public::new(lattice, family, shown);
        let mut tally = Tally::new(&public);
        tally.count(witnesses);
        (tally.n_numbers(), tally.into_proof(family.ids(tabulation), witnesses.clone()))
    })
}

/// A lattice as the last of some earlier editions showed it.
pub(super) fn kept(tabulation: &Tabulation, lattice: &Lattice, history: &History) -> Protection {
    let asked = Asked::new(tabulation, lattice);
    let mut protection = Protection::nothing(tabulation, lattice);
    // What is hidden for its own sake was so without any history.
    let none = History::default();
    let of_shares = family::families(tabulation, lattice, &asked, &none, Shares::OuterFirst);
    for family in of_shares.iter().chain(&family::ratios(tabulation, lattice, &asked, &none)) {
        protection.add_primary(lattice, family);
    }
    protection.coded = history.shown_codes();
    for (population, shown) in protection.people.iter_mut().enumerate() {
        shown.clone_from(&history.shown_people(population));
    }
    for (measure, shown) in protection.values.iter_mut().enumerate() {
        let of_people = &protection.people[asked.population_of[measure]];
        let of_value = history.shown_values(measure);
        let visible = of_people.iter().zip(&of_value).zip(&asked.wanted[measure]);
        *shown = visible.map(|((people, value), wanted)| *people && *value && *wanted).collect();
    }
    protection.finish(&asked);
    protection
}

impl Protection {
    fn nothing(tabulation: &Tabulation, lattice: &Lattice) -> Self {
        let nothing = |n: usize| vec![vec![false; lattice.n_cells()]; n];
        let (n_populations, n_measures) = (tabulation.populations.len(), tabulation.measures.len());
        Self {
            people: nothing(n_populations),
            people_primary: nothing(n_populations),
            values: nothing(n_measures),
            primary: nothing(n_measures),
            coded: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Writes down what is shown of a family.
    fn add(&mut self, lattice: &Lattice, family: &Family, covered: &Covered) {
        for (at, (table, shown)) in family.tables.iter().zip(&covered.shown).enumerate() {
            let of_table = if table.counts == Counts::People { &mut self.people } else { &mut self.values };
            // Where the number is hidden for its own sake, what is shown is a code.
            let is_exact =
                |cell: u32| table.codings.is_empty() || family.is_exact(at, cell, lattice.plane(cell));
            let exact: Vec<bool> = (0..).zip(shown).map(|(cell, shown)| *shown && is_exact(cell)).collect();
            table.members.iter().for_each(|&member| of_table[member].clone_from(&exact));
            let people = table.parent.filter(|_| !table.codings.is_empty());
            self.coded.extend(people.into_iter().flat_map(|people| {
                let both =
                    |cell: u32| covered.coded[at][cell as usize] && covered.shown[people][cell as usize];
                family.coded(at, lattice, both)
            }));
        }
        self.add_primary(lattice, family);
    }

    /// Writes down what is hidden of a family for its own sake.
    fn add_primary(&mut self, lattice: &Lattice, family: &Family) {
        for (at, table) in family.tables.iter().enumerate() {
            let is_primary = |cell: u32| family.is_primary(at, cell, lattice.plane(cell));
            let primary: Vec<bool> = (0..lattice.n_cells() as u32).map(is_primary).collect();
            let of_table = match table.counts {
                Counts::People => &mut self.people_primary,
                Counts::Outcomes | Counts::Sums => &mut self.primary,
            };
            table.members.iter().for_each(|&member| of_table[member].clone_from(&primary));
        }
    }

    /// Values are hidden for the sake of their people, too.
    fn finish(&mut self, asked: &Asked) {
        for (primary, &population) in self.primary.iter_mut().zip(&asked.population_of) {
            primary.iter_mut().zip(&self.people_primary[population]).for_each(|(own, people)| *own |= people);
        }
    }
}
