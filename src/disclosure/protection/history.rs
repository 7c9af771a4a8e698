//! What earlier editions have shown of a lattice's cells, and what has changed since.

use super::super::lattice::{Lattice, Plane, Sums};
use super::super::past::{Earlier, Joined, sums_differ};
use super::super::seal::{SealedCodes, SealedLattice, Seen};
use super::family::{Counts, Family};
use super::rules::{Rule, Sensitive, is_small, is_telling};
use crate::outcomes::{Atoms, Node, Publication, Tabulation, Values};
use std::collections::HashMap;

/// What an earlier edition showed of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Saw {
    /// Nobody could ask for it.
    Nothing,
    /// Nobody could ask for it, but it may follow from the others: a rest.
    Follows,
    Hidden,
    Shown,
}

/// A table in an earlier edition, cell by cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) saw: Vec<Saw>,
    /// In each atom of the lattice.
    pub(super) values: Vec<i64>,
    /// By how many people it has grown since; for sums, how many groups of people have other ones, at least.
    pub(super) change: Vec<i64>,
    /// For numbers of people, the atoms where somebody has other scores or days now.
    pub(super) differs: Vec<bool>,
    /// How many such atoms are in each cell.
    touched: Vec<i64>,
    /// What it showed of a number as codes.
    code: Vec<Saw>,
}

/// Earlier editions, the oldest first.
#[derive(Default)]
pub(in crate::disclosure) struct History {
    editions: Vec<EditionBefore>,
}

struct EditionBefore {
    /// By population.
    people: Vec<Before>,
    /// By measure; nothing changes in those that are no shares or ratios beyond their people.
    values: Vec<Before>,
}

impl History {
    pub(in crate::disclosure) fn new(joined: &Joined<'_>, lattice: &Lattice) -> Self {
        let of = |(earlier, atoms): &(Earlier<'_>, Atoms)| edition(&joined.now, lattice, earlier, atoms);
        Self { editions: joined.before.iter().map(of).collect() }
    }

    /// A population in each earlier edition.
    pub(super) fn people(&self, population: usize) -> Vec<Before> {
        self.editions.iter().map(|edition| edition.people[population].clone()).collect()
    }

    /// Whether the last edition showed the people of a population, for each cell.
    pub(super) fn shown_people(&self, population: usize) -> Vec<bool> {
        self.editions.last().map_or_else(Vec::new, |last| last.people[population].is_shown())
    }

    /// Whether the last edition showed the values of a measure, for each cell.
    pub(super) fn shown_values(&self, measure: usize) -> Vec<bool> {
        self.editions.last().map_or_else(Vec::new, |last| last.values[measure].is_shown())
    }

    /// Whether the last edition showed the values of a measure as codes, for each cell.
    pub(super) fn shown_codes(&self, measure: usize) -> Vec<bool> {
        let is_shown =
            |last: &EditionBefore| last.values[measure].code.iter().map(|&saw| saw == Saw::Shown).collect();
        self.editions.last().map_or_else(Vec::new, is_shown)
    }

    /// A measure in each earlier edition.
    pub(super) fn values(&self, measure: usize) -> Vec<Before> {
        self.editions.iter().map(|edition| edition.values[measure].clone()).collect()
    }
}

impl Before {
    fn is_shown(&self) -> Vec<bool> {
        self.saw.iter().map(|&saw| saw == Saw::Shown).collect()
    }

    fn is_same(&self, cell: u32) -> bool {
        self.change[cell as usize] == 0 && self.n_touched(&[cell]) == 0
    }

    fn n_touched(&self, cells: &[u32]) -> i64 {
        cells.iter().map(|&cell| self.touched.get(cell as usize).copied().unwrap_or(0)).sum()
    }
}

impl Before {
    /// Takes in what was seen of a number that is always the same.
    pub(super) fn merge(&mut self, other: &Self) {
        self.saw.iter_mut().zip(&other.saw).for_each(|(saw, &other)| *saw = other.max(*saw));
        self.code.iter_mut().zip(&other.code).for_each(|(saw, &other)| *saw = other.max(*saw));
        self.differs.iter_mut().zip(&other.differs).for_each(|(any, other)| *any |= other);
        self.touched.iter_mut().zip(&other.touched).for_each(|(most, &touched)| *most = touched.max(*most));
    }

    /// Whether changes are those of two parts that make up the whole.
    pub(super) fn adds_up(&self, other: &Self, whole: &Self) -> bool {
        let mut each = self.change.iter().zip(&other.change).zip(&whole.change);
        each.all(|((one, other), whole)| one + other == *whole)
    }
}

/// Whether what is known of a number is known already, because an earlier edition showed the same.
pub(super) fn is_out(before: &[Before], cell: u32) -> bool {
    before.iter().any(|before| before.saw[cell as usize] == Saw::Shown && before.is_same(cell))
}

impl Family {
    /// Whether a table's number in a cell is known already.
    pub(super) fn is_out(&self, table: usize, cell: u32) -> bool {
        is_out(&self.tables[table].before, cell)
    }

    /// Whether a table stays hidden in a cell because it was before, and has not changed by enough people since.
    pub(super) fn is_held(&self, table: usize, cell: u32, plane: &Plane) -> bool {
        let is_held = |before: &Before| {
            before.saw[cell as usize] == Saw::Hidden
                && before.change[cell as usize].unsigned_abs() < plane.cell_min
        };
        self.tables[table].before.iter().any(is_held) && !self.is_out(table, cell)
    }

    /// Whether the codes of a table stay hidden in a cell: they were hidden in an earlier edition and nothing has
    /// changed since, or something has and by so few people that a new code next to the old one could tell about them.
    /// What nobody can learn any more from a code is not held: one that was printed for the same numbers.
    pub(super) fn is_code_held(&self, table: usize, cell: u32, plane: &Plane) -> bool {
        let of = &self.tables[table];
        let Some(people) = of.parent else { return false };
        let changes = |edition: usize| {
            let change = |table: usize| self.tables[table].before[edition].change[cell as usize];
            [change(table), change(people), change(people) - change(table)]
        };
        let saw = |edition: usize| of.before[edition].code[cell as usize];
        let is_same = |edition: usize| changes(edition) == [0; 3];
        let is_out = |edition: usize| saw(edition) == Saw::Shown && is_same(edition);
        let is_held = |edition: usize| {
            let is_few = changes(edition).iter().any(|change| is_small(change.abs(), plane.cell_min));
            saw(edition) != Saw::Nothing && (is_few || is_same(edition))
        };
        let editions = 0..of.before.len();
        editions.clone().any(is_held) && !editions.into_iter().any(is_out)
    }

    /// Whom or what a table could count in an earlier edition, in each atom.
    pub(super) fn among_before(&self, table: usize, edition: usize) -> &[i64] {
        let of = &self.tables[table];
        match (of.counts, of.parent, &self.bounds) {
            (Counts::Outcomes, Some(people), _) => &self.tables[people].before[edition].values,
            (_, _, Some(bounds)) => &bounds.values,
            _ => &of.before[edition].values,
        }
    }

    /// Whether a table was not to be shown in a cell in an earlier edition, for its own sake or for that of a number that
    /// followed from it.
    pub(super) fn was_telling(&self, table: usize, cell: u32, plane: &Plane, edition: usize) -> bool {
        let was = |table: usize| {
            let of = &self.tables[table];
            of.totals[cell as usize] - of.before[edition].change[cell as usize]
        };
        self.sensitive.iter().filter(|number| number.tables[0].0 == table).any(|number| {
            let value = number.tables.iter().map(|&(table, times)| times * was(table)).sum();
            match number.rule {
                Rule::Small => is_small(value, plane.cell_min),
                Rule::Telling(people) => is_telling(value, was(people), plane.cell_min, plane.certainty_min),
                // What protects the number of people protects the sums.
                Rule::Certain => false,
            }
        })
    }

    /// Whether a number over some cells would tell how few people have changed since it was known before.
    pub(super) fn is_small_change(&self, number: &Sensitive, cells: &[u32], plane: &Plane) -> bool {
        let first = &self.tables[number.tables[0].0];
        // What protects the number of people protects the sums.
        if first.counts == Counts::Sums {
            return false;
        }
        let n_editions = first.before.len();
        let before = |table: usize, edition: usize| &self.tables[table].before[edition];
        let is_known = |edition: usize| match *cells {
            [cell] => number.tables.iter().all(|&(table, _)| {
                let before = before(table, edition);
                match before.saw[cell as usize] {
                    Saw::Shown => true,
                    Saw::Nothing | Saw::Hidden => false,
                    // It did not, where it was small.
                    Saw::Follows => {
                        let was = self.tables[table].totals[cell as usize] - before.change[cell as usize];
                        !is_small(was, plane.cell_min)
                    }
                }
            }),
            // What a line lacks.
            _ => true,
        };
        let is_out = || match *cells {
            [cell] => (0..n_editions).any(|edition| {
                let is_same = |&(table, _): &(usize, i64)| {
                    before(table, edition).saw[cell as usize] == Saw::Shown
                        && before(table, edition).is_same(cell)
                };
                number.tables.iter().all(is_same)
            }),
            _ => false,
        };
        let is_few = |edition: usize| {
            let change: i64 = (number.tables.iter())
                .map(|&(table, times)| {
                    let of_cell = |&cell: &u32| before(table, edition).change[cell as usize];
                    times * cells.iter().map(of_cell).sum::<i64>()
                })
                .sum();
            // Whoever has other scores is not seen in the number of people.
            let touched = if number.tables.len() == 1 { first.before[edition].n_touched(cells) } else { 0 };
            is_small(change.abs(), plane.cell_min) || (change == 0 && is_small(touched, plane.cell_min))
        };
        (0..n_editions).any(|edition| is_known(edition) && is_few(edition)) && !is_out()
    }
}

fn edition(now: &Tabulation, lattice: &Lattice, earlier: &Earlier<'_>, atoms: &Atoms) -> EditionBefore {
    let listed = |cell| if lattice.listed(cell) { Saw::Nothing } else { Saw::Follows };
    let saw: Vec<Saw> = (0..lattice.n_cells() as u32).map(listed).collect();
    let positions = || lattice.atoms.positions.iter().map(|&position| position as usize);
    let before = |values, change| Before {
        saw: saw.clone(),
        values,
        change,
        differs: Vec::new(),
        touched: Vec::new(),
        code: vec![Saw::Nothing; lattice.n_cells()],
    };
    let by_atom = |of: &[u32]| positions().map(|at| i64::from(of[at])).collect::<Vec<_>>();
    let of_people = now.atoms.people.iter().zip(&atoms.people);
    let mut then = EditionBefore {
        people: of_people.map(|(now, then)| before(by_atom(then), growth(lattice, now, then))).collect(),
        values: Vec::new(),
    };
    for (measure, (of_now, of_then)) in now.atoms.values.iter().zip(&atoms.values).enumerate() {
        let differ = sums_differ(of_now, of_then);
        let touched = match differ.is_empty() {
            true => vec![0; lattice.n_cells()],
            false => lattice.totals(|at| i64::from(differ[at])),
        };
        let people = &mut then.people[now.measures[measure].population];
        people.differs.resize(lattice.atoms.positions.len(), false);
        if !differ.is_empty() {
            people.differs.iter_mut().zip(positions()).for_each(|(any, at)| *any |= differ[at]);
        }
        let people = &then.people[now.measures[measure].population].change;
        let moved =
            || touched.iter().zip(people).map(|(&touched, people)| touched.max(people.abs())).collect();
        then.values.push(match (of_now, of_then) {
            (Values::Share(now), Values::Share(then)) => before(by_atom(then), growth(lattice, now, then)),
            (Values::Ratio { .. }, Values::Ratio { numerator, .. }) => {
                before(positions().map(|at| numerator[at] as i64).collect(), moved())
            }
            _ => before(Vec::new(), moved()),
        });
    }
    for people in &mut then.people {
        people.touched = lattice.atom_totals(|atom| i64::from(people.differs.get(atom) == Some(&true)));
    }
    for (number, publication) in now.publications.iter().enumerate() {
        let is_same = |other: &&Publication| {
            (&other.product, other.version) == (&publication.product, publication.version)
        };
        if let Some(old) = earlier.sealed.publications.iter().find(is_same) {
            let places = Places::new(now, publication, earlier.sealed, old);
            for cell in 0..lattice.n_cells() as u32 {
                if lattice.listed(cell) && lattice.plane(cell).publications.contains(&number) {
                    for (&(_, measure), &(_, of_old)) in publication.indicators.iter().zip(&old.indicators) {
                        let position = places.find(lattice.nodes(cell));
                        let codes = earlier.sealed.codes(old, of_old);
                        let old = Old { sealed: earlier.sealed, measure: of_old, codes, position };
                        then.see(now, lattice, (measure, cell), old);
                    }
                }
            }
        }
    }
    then
}

/// A measure in an earlier seal.
struct Old<'a> {
    sealed: &'a SealedLattice,
    measure: usize,
    /// Where it was shown as codes.
    codes: Option<&'a SealedCodes>,
    /// Of the cell, if it is there.
    position: Option<usize>,
}

impl EditionBefore {
    /// Takes in what was seen of a measure in a cell.
    fn see(&mut self, now: &Tabulation, lattice: &Lattice, (measure, cell): (usize, u32), old: Old<'_>) {
        let Old { sealed, measure: old, codes, position } = old;
        let population = now.measures[measure].population;
        let code = codes.zip(position).map(|(codes, at)| codes.cell(at));
        if let Some(seen) = code {
            let saw = if matches!(seen, Seen::Shown(_)) { Saw::Shown } else { Saw::Hidden };
            let known = &mut self.values[measure].code[cell as usize];
            *known = saw.max(*known);
        }
        let nobody = if lattice.plane(cell).hides_zeros { Seen::Hidden } else { Seen::Empty };
        let people = position.map_or(nobody, |at| sealed.people[sealed.population_of[old]][at]);
        let (people, was) = match people {
            // What is said to be empty is known to be none.
            Seen::Empty => (Saw::Shown, Some(0)),
            Seen::Shown(was) => (Saw::Shown, Some(was)),
            // How many people are behind a code is known to many, whether it is printed or not.
            Seen::Hidden if matches!(code, Some(Seen::Shown(_))) => (Saw::Shown, None),
            Seen::Hidden => (Saw::Hidden, None),
        };
        self.people[population].see(
            cell,
            people,
            was.map(|was| lattice.people[population][cell as usize] as i64 - was as i64),
        );
        let (value, change) = match (position.map(|at| sealed.values[old].seen(at)), &lattice.sums[measure]) {
            _ if people == Saw::Hidden => (Saw::Hidden, None),
            (None, _) => (Saw::Shown, None),
            (Some(Seen::Shown(Some(was))), Sums::Share(now)) => {
                (Saw::Shown, Some(now[cell as usize] as i64 - was as i64))
            }
            (Some(Seen::Shown(_)), _) => (Saw::Shown, None),
            (Some(_), _) => (if was == Some(0) { Saw::Shown } else { Saw::Hidden }, None),
        };
        self.values[measure].see(cell, value, change);
    }
}

impl Before {
    /// Takes in what was seen of a cell, and how far what was shown is from what it is now.
    fn see(&mut self, cell: u32, saw: Saw, change: Option<i64>) {
        let cell = cell as usize;
        self.saw[cell] = self.saw[cell].max(saw);
        // The places that a category holds may have changed since: what was shown counts.
        self.change[cell] = change.unwrap_or(self.change[cell]);
    }
}

/// By how much a number has grown, for each cell.
fn growth(lattice: &Lattice, now: &[u32], then: &[u32]) -> Vec<i64> {
    lattice.totals(|at| i64::from(now[at]) - i64::from(then[at]))
}

/// Where an earlier seal has the cells of a publication. Its dimensions stand in the same order in every edition, and their
/// categories are known by their ids.
struct Places<'a> {
    sealed: &'a SealedLattice,
    /// For each dimension its position now, and what each of its categories adds to a cell's key.
    parts: Vec<(usize, Vec<Option<u128>>)>,
}

impl<'a> Places<'a> {
    fn new(
        now: &Tabulation,
        publication: &Publication,
        sealed: &'a SealedLattice,
        old: &Publication,
    ) -> Self {
        let strides = sealed.strides();
        let with_geography = |dimensions: &[usize]| [&[0], dimensions].concat();
        let pairs = with_geography(&publication.dimensions).into_iter().zip(with_geography(&old.dimensions));
        let part = |(own, old): (usize, usize)| {
            let known: HashMap<&str, u128> =
                (0..).zip(&sealed.dimensions[old].nodes).map(|(at, node)| (node.id.as_str(), at)).collect();
            let place = |node: &Node| known.get(node.id.as_str()).map(|at| at * strides[old]);
            (own, now.dimensions[own].nodes.iter().map(place).collect())
        };
        Self { sealed, parts: pairs.map(part).collect() }
    }

    fn find(&self, nodes: &[u16]) -> Option<usize> {
        let mut key = 0;
        for (own, places) in &self.parts {
            key += places[usize::from(nodes[*own])]?;
        }
        self.sealed.find(key)
    }
}
