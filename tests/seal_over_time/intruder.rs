//! Partners who keep every answer, and solve all of them together.

use std::collections::{BTreeMap, BTreeSet};
use throughline::disclosure::{Mark, ProtectedTable};
use throughline::outcomes::Tabulation;

/// What is counted: all students, the tested, the absent, the sum of scores, the severely absent.
pub(crate) const BLOCKS: usize = 5;

/// The group of a cell: one category for each dimension.
pub(crate) type Group = Vec<u16>;

/// Everything that was answered in one edition.
#[derive(Default, PartialEq)]
pub(crate) struct Answers {
    known: BTreeMap<(usize, Group), f64>,
}

impl Answers {
    /// Keeps an answer about a measure.
    pub(crate) fn keep(&mut self, tabulation: &Tabulation, measure: usize, table: &ProtectedTable) {
        for cell in table.cells() {
            let mut group = vec![0; tabulation.dimensions.len()];
            let filters = table.filters().iter().map(|filter| (&filter.dimension, &filter.category));
            for (id, category) in table.dimensions().iter().zip(&cell.categories).chain(filters) {
                let at = tabulation.dimensions.iter().position(|d| d.id == *id).expect("a dimension");
                group[at] = tabulation.dimensions[at].position(category).expect("a category");
            }
            let people = tabulation.measures[measure].population;
            if let Some(n) = cell.denominator {
                self.learn((people, group.clone()), n as f64);
                match (measure, cell.mark()) {
                    (1 | 3, Mark::Shown | Mark::Zero) => {
                        let block = if measure == 1 { 2 } else { 4 };
                        self.learn((block, group), cell.numerator.expect("a share has one") as f64);
                    }
                    (2, Mark::Shown) => self.learn((3, group), cell.value.expect("a mean") * n as f64),
                    _ => {}
                }
            } else if cell.mark() == Mark::Empty {
                self.learn((people, group), 0.0);
            }
        }
    }

    /// How many numbers are known.
    pub(crate) fn n_known(&self) -> usize {
        self.known.len()
    }

    /// Whether the number of a block in a group was answered.
    pub(crate) fn has(&self, block: usize, group: &Group) -> bool {
        self.known.contains_key(&(block, group.clone()))
    }

    /// Whether they hold all that others do.
    pub(crate) fn has_all_of(&self, others: &Self) -> bool {
        others.known.iter().all(|(what, value)| self.known.get(what) == Some(value))
    }

    fn learn(&mut self, what: (usize, Group), value: f64) {
        let known = *self.known.entry(what).or_insert(value);
        assert!((known - value).abs() < 1e-6 * value.abs().max(1.0), "two answers about one cell differ");
    }
}

/// All variables of all editions: the number of each block in each finest group.
pub(crate) struct Solver {
    pivots: BTreeMap<u32, BTreeMap<u32, u64>>,
    /// The variables of each edition, block and finest group.
    variables: BTreeMap<(usize, usize, Group), u32>,
}

const PRIME: u64 = (1 << 61) - 1;

fn times(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(PRIME)) as u64
}

fn inverse(a: u64) -> u64 {
    let (mut base, mut exponent, mut result) = (a, PRIME - 2, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        (base, exponent) = (times(base, base), exponent >> 1);
    }
    result
}

impl Solver {
    /// A solver for what was answered of some editions. `is_same` tells of a finest group whether the intruder knows that
    /// it is the same in all of them.
    pub(crate) fn new(editions: &[(&Tabulation, &Answers)], is_same: impl Fn(usize, &Group) -> bool) -> Self {
        let mut variables = BTreeMap::new();
        let n_dimensions = editions[0].0.dimensions.len();
        let atoms: BTreeSet<Group> = (editions.iter())
            .flat_map(|(tabulation, _)| tabulation.atoms.nodes.chunks(n_dimensions).map(<[u16]>::to_vec))
            .collect();
        let mut n = 0;
        for block in 0..BLOCKS {
            for atom in &atoms {
                for edition in 0..editions.len() {
                    n += u32::from(edition == 0 || !is_same(block, atom));
                    variables.insert((edition, block, atom.clone()), n);
                }
            }
        }
        let mut solver = Self { pivots: BTreeMap::new(), variables };
        for (edition, (tabulation, answers)) in editions.iter().enumerate() {
            for (block, group) in answers.known.keys() {
                let row = solver.row(tabulation, &[(edition, *block, 1)], group);
                solver.insert(row);
            }
        }
        solver
    }

    /// Whether a combination of the numbers of a group, each with its edition, block and coefficient, follows.
    pub(crate) fn follows(
        &self,
        tabulation: &Tabulation,
        terms: &[(usize, usize, i64)],
        group: &Group,
    ) -> bool {
        self.reduced(self.row(tabulation, terms, group)).is_empty()
    }

    fn row(
        &self,
        tabulation: &Tabulation,
        terms: &[(usize, usize, i64)],
        group: &Group,
    ) -> BTreeMap<u32, u64> {
        let mut row = BTreeMap::new();
        for ((edition, block, atom), &variable) in &self.variables {
            let inside = || {
                let mut each = atom.iter().zip(group).zip(&tabulation.dimensions);
                each.all(|((&node, &up), dimension)| dimension.ancestors(node).any(|at| at == up))
            };
            for term in terms.iter().filter(|term| (term.0, term.1) == (*edition, *block)) {
                if inside() {
                    let sum = row.entry(variable).or_insert(0);
                    *sum = (*sum + term.2.rem_euclid(PRIME as i64) as u64) % PRIME;
                }
            }
        }
        row.retain(|_, coefficient| *coefficient != 0);
        row
    }

    fn reduced(&self, mut row: BTreeMap<u32, u64>) -> BTreeMap<u32, u64> {
        let mut from = 0;
        while let Some((&first, &factor)) = row.range(from..).next() {
            from = first + 1;
            if let Some(pivot) = self.pivots.get(&first) {
                for (&variable, &coefficient) in pivot {
                    let sum = row.entry(variable).or_insert(0);
                    *sum = (*sum + times(PRIME - factor, coefficient)) % PRIME;
                }
                row.retain(|_, coefficient| *coefficient != 0);
            }
        }
        row
    }

    fn insert(&mut self, row: BTreeMap<u32, u64>) {
        let mut row = self.reduced(row);
        if let Some((&first, &coefficient)) = row.iter().next() {
            let by = inverse(coefficient);
            row.values_mut().for_each(|coefficient| *coefficient = times(*coefficient, by));
            self.pivots.insert(first, row);
        }
    }
}
