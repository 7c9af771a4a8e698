//! Protection of a tabulation: one layer after the other.
//!
//! Numbers of people come first, larger populations before those inside them; then outcomes, among people
//! whose number is held fixed. What is hidden of a population is hidden of everything counted in it, so that
//! people who change may take their outcomes along.

use super::cover::{Interval, Move};
use super::dependent::{Change, Dependent};
use super::lattice::{Lattice, Sums};
use super::layer::{Empty, Entry, Layer};
use super::primary::Rules;
use super::run::{Covered, Made};
use crate::outcomes::{Tabulation, Values};
use ring::hmac;

/// What may be seen of a lattice, and what is hidden for its own sake.
pub(super) struct Protection {
    /// Numbers of people shown, for each population and cell.
    pub(super) people: Vec<Vec<bool>>,
    /// Values shown, for each measure and cell.
    pub(super) values: Vec<Vec<bool>>,
    /// Values hidden by the rule itself, for each measure and cell.
    pub(super) primary: Vec<Vec<bool>>,
    /// The other tables that show it to be enough, layer by layer.
    pub(super) layers: Vec<Witnesses>,
}

/// Other tables for one layer.
pub(super) struct Witnesses {
    /// What the layer is.
    pub(super) of: Quantity,
    /// The moves to them.
    pub(super) moves: Vec<Made>,
    /// Targets in all.
    pub(super) n_sensitive: usize,
    /// Targets that are safe only because hidden cells have one mark.
    pub(super) n_one_mark: usize,
    /// Targets that hiding cells can not protect; with any, the whole layer is withheld.
    pub(super) n_unprotected: usize,
}

impl Protection {
    /// Whether nothing is shown of a population, not even where nobody is.
    pub(super) fn withholds(&self, population: usize) -> bool {
        let is_meant = |layer: &&Witnesses| layer.of == Quantity::People(population);
        self.layers.iter().find(is_meant).is_some_and(|layer| layer.n_unprotected > 0)
    }
}

/// What a layer counts. Numbers are positions in the tabulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    /// People of a population.
    People(usize),
    /// What a measure counts among them.
    Outcome(usize),
}

impl Quantity {
    /// The id of what it counts.
    pub(super) fn name(self, tabulation: &Tabulation) -> String {
        match self {
            Self::People(population) => tabulation.populations[population].id.clone(),
            Self::Outcome(measure) => tabulation.measures[measure].id.clone(),
        }
    }
}

/// Whether a publication shows a measure in the cell's plane.
pub(super) fn is_published(tabulation: &Tabulation, lattice: &Lattice, measure: usize, cell: u32) -> bool {
    let shows =
        |&at: &usize| tabulation.publications[at].indicators.iter().any(|&(_, other)| other == measure);
    lattice.listed(cell) && lattice.plane(cell).publications.iter().any(shows)
}

/// A tabulation on its way to protection.
pub(super) struct Protect<'l> {
    pub(super) tabulation: &'l Tabulation,
    pub(super) lattice: &'l Lattice,
    population_of: Vec<usize>,
    ancestors: Vec<Vec<usize>>,
    ties: Vec<f32>,
    /// Whether each measure is published in each cell.
    wanted: Vec<Vec<bool>>,
}

/// Protects every population and measure of a tabulation.
pub(super) fn protect(tabulation: &Tabulation, lattice: &Lattice, secret: &hmac::Key) -> Protection {
    let cells = 0..lattice.n_cells() as u32;
    let is_wanted =
        |measure| cells.clone().map(|cell| is_published(tabulation, lattice, measure, cell)).collect();
    let protect = Protect {
        tabulation,
        lattice,
        population_of: tabulation.measures.iter().map(|measure| measure.population).collect(),
        ancestors: ancestors(tabulation),
        ties: super::tie::ties(tabulation, lattice, secret),
        wanted: (0..tabulation.measures.len()).map(is_wanted).collect(),
    };
    protect.run()
}

impl Protect<'_> {
    fn run(&self) -> Protection {
        let n_measures = self.tabulation.measures.len();
        let mut layers = Vec::new();
        let mut people: Vec<Covered> = Vec::new();
        let mut people_primary = Vec::new();
        for population in 0..self.lattice.people.len() {
            let (covered, primary) = self.people(population, &people);
            people.push(covered);
            people_primary.push(primary);
        }
        let mut protection = Protection {
            people: people.iter().map(|covered| covered.shown.clone()).collect(),
            values: vec![Vec::new(); n_measures],
            primary: vec![Vec::new(); n_measures],
            layers: Vec::new(),
        };
        for group in groups(self.tabulation) {
            let (visible, own, covered) = self.outcome(&group, &people);
            for &measure in &group {
                let of_people = &people[self.population_of[measure]].shown;
                let shown = |cell: usize| visible[cell] && of_people[cell] && self.wanted[measure][cell];
                protection.values[measure] = (0..visible.len()).map(shown).collect();
                let primary_people: &Vec<bool> = &people_primary[self.population_of[measure]];
                protection.primary[measure] =
                    (0..own.len()).map(|at| own[at] || primary_people[at]).collect();
            }
            layers.extend(covered.map(|covered| witnesses(Quantity::Outcome(group[0]), covered)));
        }
        let of_people = people.into_iter().enumerate();
        protection.layers = of_people.map(|(at, covered)| witnesses(Quantity::People(at), covered)).collect();
        protection.layers.extend(layers);
        protection
    }

    fn rules(&self) -> Rules<'_> {
        Rules { lattice: self.lattice, population_of: &self.population_of, ancestors: &self.ancestors }
    }

    /// The layer of a population, and which of its cells are hidden by the rule itself.
    fn people(&self, population: usize, larger: &[Covered]) -> (Covered, Vec<bool>) {
        let (lattice, rules) = (self.lattice, self.rules());
        let counts = &lattice.people[population];
        let parent = self.tabulation.populations[population].parent;
        // Of a population that is hidden and uncertain, nobody knows how many it has beyond the smaller one.
        let is_known = |other: usize, cell: u32| !larger[other].is_uncertain[cell as usize];
        let is_unsafe = |group: &[u32]| {
            counts_any(counts, group)
                && rules.people(population, group, |other, cell| group.len() > 1 || is_known(other, cell))
        };
        let cells = 0..lattice.n_cells() as u32;
        let primary: Vec<bool> = cells.clone().map(|cell| is_unsafe(&[cell])).collect();
        let entry = |cell: u32| {
            let plane = lattice.plane(cell);
            let (k, value) = (plane.cell_min as i64, counts[cell as usize] as i64);
            let most = parent.map_or(Interval::FAR, |parent| lattice.people[parent][cell as usize] as i64);
            let is_seen = self.is_asked(population, cell);
            let least = i64::from(is_seen && !plane.hides_zeros);
            let shows = is_seen && parent.is_none_or(|parent| larger[parent].shown[cell as usize]);
            let alike = Interval::new(least.min(value), most);
            let told = match value {
                _ if !is_seen => Interval::new(0, most),
                _ if value < k => Interval::new(alike.low, most.min(k - 1)),
                _ if primary[cell as usize] => Interval::new(most.saturating_sub(k - 1).max(alike.low), most),
                _ => Interval::new(k, most),
            };
            let is_empty = value == 0 && is_seen && !plane.hides_zeros;
            let shown = match (is_empty, primary[cell as usize] || value == 0 || !shows) {
                (true, _) => Some(Interval::exactly(0)),
                (false, true) => None,
                (false, false) => Some(Interval::exactly(value)),
            };
            Entry {
                value,
                alike: if is_seen { alike } else { Interval::new(0, most) },
                told,
                shown,
                is_target: primary[cell as usize],
                is_out: is_empty,
            }
        };
        let of_atom = |&position: &u32| {
            let value = i64::from(self.tabulation.atoms.people[population][position as usize]);
            let most = parent
                .map_or(Interval::FAR, |of| i64::from(self.tabulation.atoms.people[of][position as usize]));
            (value, Interval::new(0, most))
        };
        let atoms: Vec<_> = lattice.atoms.positions.iter().map(of_atom).collect();
        let empty = if parent.is_none() { Empty::Open } else { Empty::Fixed };
        let dependents = self.dependents(population);
        let layer = Layer::new(lattice, cells.map(entry), &atoms, &self.ties, empty, dependents);
        let given = self.carried(&self.dependent(population), &self.ancestors[population], larger);
        (layer.cover(&given, is_unsafe), primary)
    }

    /// Whether a number of people is published in a cell.
    fn is_asked(&self, population: usize, cell: u32) -> bool {
        let asks =
            |measure: usize| self.population_of[measure] == population && self.wanted[measure][cell as usize];
        (0..self.population_of.len()).any(asks)
    }

    /// What is counted among the people of a population.
    fn dependents(&self, population: usize) -> Vec<Dependent> {
        let mut dependents = Vec::new();
        for (other, inner) in self.tabulation.populations.iter().enumerate() {
            if inner.parent == Some(population) {
                dependents.push(self.dependent(other));
            }
        }
        for (measure, values) in self.tabulation.atoms.values.iter().enumerate() {
            if let (Values::Share(counts), true) = (values, self.population_of[measure] == population) {
                dependents.push(Dependent::outcome(self.by_atom(counts)));
            }
        }
        dependents
    }

    /// Which cells show the outcome of measures that give each other away, which are hidden by the rule itself, and
    /// the layer where there is one.
    fn outcome(&self, group: &[usize], people: &[Covered]) -> (Vec<bool>, Vec<bool>, Option<Covered>) {
        let (lattice, rules, first) = (self.lattice, self.rules(), group[0]);
        let n_cells = lattice.n_cells();
        let counts = |measure: usize| &lattice.people[self.population_of[measure]];
        let is_unsafe = |cells: &[u32]| {
            group.iter().any(|&measure| {
                let covered = &people[self.population_of[measure]];
                let known = cells.len() > 1 || !covered.is_uncertain[cells[0] as usize];
                counts_any(counts(measure), cells) && rules.value(measure, cells, known)
            })
        };
        let own: Vec<bool> = (0..n_cells as u32).map(|cell| is_unsafe(&[cell])).collect();
        let is_shown = |cell: usize| {
            let of = |&measure: &usize| {
                people[self.population_of[measure]].shown[cell] && self.wanted[measure][cell]
            };
            !own[cell] && group.iter().any(of)
        };
        let Some((values, most)) = self.bounded(first) else {
            return ((0..n_cells).map(is_shown).collect(), own, None);
        };
        let totals = |of: &[i64]| lattice.totals(|at| of[at]);
        let (value_of, most_of) = (totals(&values), totals(&most));
        let entry = |cell: u32| {
            let plane = lattice.plane(cell);
            let k = plane.cell_min as i64;
            let (value, most) = (value_of[cell as usize], most_of[cell as usize]);
            let alike = Interval::new(0, most);
            let is_count = matches!(lattice.sums[first], Sums::Share(_));
            let is_hidden_with_people =
                group.iter().all(|&measure| !people[self.population_of[measure]].shown[cell as usize]);
            let told = match own[cell as usize] {
                _ if !is_count || is_hidden_with_people => alike,
                true if value < k && most - value < k => alike,
                true if value < k => Interval::new(0, (k - 1).min(most)),
                true if most - value < k => Interval::new((most - k + 1).max(0), most),
                false if value >= k && most - value >= k => Interval::new(k, most - k),
                _ => alike,
            };
            let shown = is_shown(cell as usize).then(|| Interval::exactly(value));
            Entry { value, alike, told, shown, is_target: own[cell as usize], is_out: false }
        };
        let bound = |&position: &u32| (values[position as usize], Interval::new(0, most[position as usize]));
        let atoms: Vec<_> = lattice.atoms.positions.iter().map(bound).collect();
        let entries = (0..n_cells as u32).map(entry);
        let layer = Layer::new(lattice, entries, &atoms, &self.ties, Empty::Fixed, Vec::new());
        let given = match &self.tabulation.atoms.values[first] {
            Values::Share(counts) => {
                let population = self.population_of[first];
                let around: Vec<usize> =
                    std::iter::once(population).chain(self.ancestors[population].iter().copied()).collect();
                let counted = Dependent::outcome(self.by_atom(counts));
                self.carried(&counted, &around, people)
            }
            _ => Vec::new(),
        };
        let covered = layer.cover(&given, is_unsafe);
        (covered.shown.clone(), own, Some(covered))
    }

    /// The moves of some populations that could take along what is counted among them. Nobody sees it: the cells they
    /// change show nothing of it, because they do not show people. `around` are the populations that hold those who
    /// are counted, nearest first.
    fn carried(&self, counted: &Dependent, around: &[usize], layers: &[Covered]) -> Vec<Made> {
        let n_cells = self.lattice.n_cells() as u32;
        let mut between: Vec<Dependent> = Vec::new();
        let mut carried = Vec::new();
        for &population in around {
            for made in &layers[population].moves {
                let change = Change { atoms: &self.lattice.atoms.known(&made.trace), cells: &made.cells };
                let each = between.iter().chain([counted]).map(|counted| counted.goes(change));
                let times = (made.backwards, made.forwards);
                let (backwards, forwards) = each.fold(times, |a, b| (a.0.min(b.0), a.1.min(b.1)));
                let (sign, backwards, forwards) =
                    if forwards > 0 { (1, backwards, forwards) } else { (-1, forwards, backwards) };
                if forwards > 0 {
                    let cells = made.cells.iter().filter(|(cell, _)| *cell < n_cells);
                    carried.push(Move {
                        cells: cells.map(|&(cell, by)| (cell, sign * by)).collect(),
                        backwards,
                        forwards,
                        trace: made.trace.iter().map(|&(key, by)| (key, sign * by)).collect(),
                        ..made.clone()
                    });
                }
            }
            between.push(self.dependent(population));
        }
        carried
    }

    /// A population as something that is counted among larger ones.
    fn dependent(&self, population: usize) -> Dependent {
        let values = self.by_atom(&self.tabulation.atoms.people[population]);
        let counts = &self.lattice.people[population];
        let is_empty = |cell: u32| {
            counts[cell as usize] == 0
                && self.is_asked(population, cell)
                && !self.lattice.plane(cell).hides_zeros
        };
        let is_empty = (0..counts.len() as u32).map(is_empty).collect();
        Dependent { values, is_empty, inner: self.dependents(population) }
    }

    fn by_atom(&self, of: &[u32]) -> Vec<i64> {
        let positions = &self.lattice.atoms.positions;
        positions.iter().map(|&position| i64::from(of[position as usize])).collect()
    }

    /// The values of a measure in the tabulation's atoms, and what bounds them; nothing for measures that are
    /// shown exactly where their number of people is: what protects the one protects the other.
    fn bounded(&self, measure: usize) -> Option<(Vec<i64>, Vec<i64>)> {
        let people = &self.tabulation.atoms.people[self.population_of[measure]];
        let whole = |values: &[u32]| values.iter().map(|&value| i64::from(value)).collect();
        match &self.tabulation.atoms.values[measure] {
            Values::Count | Values::Mean { .. } => None,
            Values::Share(counts) => Some((whole(counts), whole(people))),
            Values::Ratio { numerator, denominator } => {
                let whole = |values: &[u64]| values.iter().map(|&value| value as i64).collect();
                Some((whole(numerator), whole(denominator)))
            }
        }
    }
}

fn counts_any(counts: &[u64], group: &[u32]) -> bool {
    group.iter().any(|&cell| counts[cell as usize] > 0)
}

fn witnesses(of: Quantity, covered: Covered) -> Witnesses {
    let Covered { moves, n_sensitive, n_one_mark, n_unprotected, .. } = covered;
    Witnesses { of, moves, n_sensitive, n_one_mark, n_unprotected }
}

/// Measures that give each other away, since their outcomes are the same people, or exactly the others:
/// they are shown and hidden together. Every measure is in one group.
fn groups(tabulation: &Tabulation) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for measure in 0..tabulation.measures.len() {
        match groups.iter_mut().find(|group| is_twin(tabulation, group[0], measure)) {
            Some(group) => group.push(measure),
            None => groups.push(vec![measure]),
        }
    }
    groups
}

fn is_twin(tabulation: &Tabulation, one: usize, other: usize) -> bool {
    let (values, populations) = (&tabulation.atoms.values, &tabulation.measures);
    let (Values::Share(a), Values::Share(b)) = (&values[one], &values[other]) else { return false };
    let people = &tabulation.atoms.people[populations[one].population];
    let complement =
        || (0..a.len()).all(|atom| u64::from(a[atom]) + u64::from(b[atom]) == u64::from(people[atom]));
    a == b || (populations[one].population == populations[other].population && complement())
}

fn ancestors(tabulation: &Tabulation) -> Vec<Vec<usize>> {
    let parent = |&at: &usize| tabulation.populations[at].parent;
    let chain = |at: usize| std::iter::successors(parent(&at), parent).collect();
    (0..tabulation.populations.len()).map(chain).collect()
}
