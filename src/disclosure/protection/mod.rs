//! Protection of a tabulation, family by family.
//!
//! Numbers of people and outcomes that have to fit each other are protected together: for each number that may not be
//! known, another table of all of them is found that fits everything shown, and cells are hidden until there is one.
//! Sums that are bounded by other sums follow, each on its own.

mod codings;
mod family;
mod kinds;
mod layer;
mod linear;
mod lines;
mod region;
mod rules;
mod run;
mod space;
mod tie;

use super::lattice::{Lattice, Plane};
use super::parallel::in_parallel;
use crate::outcomes::{Tabulation, Values};
pub(super) use codings::Coded;
use codings::Coding;
use family::{Counts, Family};
use layer::Layer;
pub(super) use linear::DOWNWARDS_MAX;
use ring::hmac;
#[cfg(test)]
pub(super) use rules::{is_small, is_telling};
use run::Covered;

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
    /// What shows it to be enough.
    pub(super) layers: Vec<Witnesses>,
}

/// Other tables for one family.
pub(super) struct Witnesses {
    /// The ids of the populations and measures it counts.
    pub(super) of: Vec<String>,
    /// How many tables there are.
    pub(super) n_witnesses: usize,
    /// Targets in all.
    pub(super) n_sensitive: usize,
    /// Targets that are safe only because hidden cells have one mark.
    pub(super) n_one_mark: usize,
    /// Targets that are known to be safe from adding and subtracting only.
    pub(super) n_linear_only: usize,
}

/// Whether a publication shows a measure in the cell's plane.
pub(super) fn is_published(tabulation: &Tabulation, lattice: &Lattice, measure: usize, cell: u32) -> bool {
    let shows =
        |&at: &usize| tabulation.publications[at].indicators.iter().any(|&(_, other)| other == measure);
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
                let indicators = &tabulation.publications[at].indicators;
                indicators.iter().any(|&(_, other)| other == measure)
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
        coded: Vec::new(),
        layers: Vec::new(),
    };
    for (family, covered) in families.iter().zip(&covered) {
        protection.add(tabulation, lattice, family, covered);
    }
    let ratios = family::ratios(tabulation, lattice, &asked);
    let covered = in_parallel(&ratios, |family| {
        let people = &protection.people[asked.population_of[family.tables[0].members[0]]];
        cover_family(family, &|cell| people[cell as usize])
    });
    for (family, covered) in ratios.iter().zip(&covered) {
        protection.add(tabulation, lattice, family, covered);
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
    protection
}

impl Protection {
    /// Writes down what is shown of a family.
    fn add(&mut self, tabulation: &Tabulation, lattice: &Lattice, family: &Family, covered: &Covered) {
        let mut of = Vec::new();
        for (at, table) in family.tables.iter().enumerate() {
            let is_primary = |cell: u32| family.is_primary(at, cell, lattice.plane(cell));
            let primary: Vec<bool> = (0..lattice.n_cells() as u32).map(is_primary).collect();
            // What is hidden by the rule itself is not shown exactly, but perhaps as a code.
            let asked = covered.shown[at].iter().zip(&table.is_asked).zip(&primary);
            let exact: Vec<bool> =
                asked.map(|((shown, asked), primary)| *shown && *asked && !primary).collect();
            let people = table.parent.filter(|_| !table.codings.is_empty());
            self.coded.extend(people.into_iter().flat_map(|people| {
                let both =
                    |cell: u32| covered.coded[at][cell as usize] && covered.shown[people][cell as usize];
                family.coded(at, lattice, both)
            }));
            for &member in &table.members {
                if table.counts == Counts::People {
                    self.people[member].clone_from(&covered.shown[at]);
                    self.people_primary[member].clone_from(&primary);
                    of.push(tabulation.populations[member].id.clone());
                } else {
                    self.values[member].clone_from(&exact);
                    self.primary[member].clone_from(&primary);
                    of.push(tabulation.measures[member].id.clone());
                }
            }
        }
        self.layers.push(Witnesses {
            of,
            n_witnesses: covered.n_witnesses,
            n_sensitive: covered.n_sensitive,
            n_one_mark: covered.n_one_mark,
            n_linear_only: covered.n_linear_only,
        });
    }
}
