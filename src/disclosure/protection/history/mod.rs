//! What earlier editions have shown of a lattice's cells, and what has changed since.

mod read;

use super::super::coding::Code;
use super::super::lattice::{Lattice, Plane};
use super::super::past::{Earlier, Joined};
use super::codings::{Coded, Coding};
use super::family::{Counts, Family};
use super::rules::{Rule, Sensitive, is_small, is_telling};
use crate::outcomes::Atoms;
use std::collections::BTreeMap;

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
    /// What it showed of a number as codes: for each measure and profile, cell by cell.
    codes: BTreeMap<(usize, String), Vec<SawCode>>,
}

/// What an earlier edition showed of a number as a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SawCode {
    /// Nobody could ask for it.
    Nothing,
    Hidden,
    Shown(Code),
}

/// Earlier editions, the oldest first.
#[derive(Default)]
pub(in crate::disclosure) struct History {
    editions: Vec<EditionBefore>,
}

struct EditionBefore {
    /// By population.
    people: Vec<Before>,
    /// By measure; means change with their people only.
    values: Vec<Before>,
}

impl History {
    pub(in crate::disclosure) fn new(joined: &Joined<'_>, lattice: &Lattice) -> Self {
        let of =
            |(earlier, atoms): &(Earlier<'_>, Atoms)| read::edition(&joined.now, lattice, earlier, atoms);
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

    /// The codes that the last edition showed.
    pub(super) fn shown_codes(&self) -> Vec<Coded> {
        let shown = |saw: &SawCode| match saw {
            SawCode::Shown(code) => Some(*code),
            SawCode::Nothing | SawCode::Hidden => None,
        };
        let codes =
            self.editions.last().into_iter().flat_map(|last| last.values.iter().flat_map(|of| &of.codes));
        let coded = codes.map(|((measure, profile), saw)| Coded {
            measure: *measure,
            profile: profile.clone(),
            codes: saw.iter().map(shown).collect(),
        });
        coded.collect()
    }

    /// A measure in each earlier edition.
    pub(super) fn values(&self, measure: usize) -> Vec<Before> {
        self.editions.iter().map(|edition| edition.values[measure].clone()).collect()
    }
}

impl Before {
    fn code(&self, coding: &Coding, cell: u32) -> SawCode {
        let key = (coding.measure, coding.profile.id.clone());
        self.codes.get(&key).map_or(SawCode::Nothing, |saw| saw[cell as usize])
    }

    fn is_shown(&self) -> Vec<bool> {
        self.saw.iter().map(|&saw| saw == Saw::Shown).collect()
    }

    fn is_same(&self, cell: u32) -> bool {
        self.change[cell as usize] == 0 && self.n_touched(&[cell]) == 0
    }

    fn n_touched(&self, cells: &[u32]) -> i64 {
        cells.iter().map(|&cell| self.touched.get(cell as usize).copied().unwrap_or(0)).sum()
    }

    /// Takes in what was seen of a number that is always the same.
    pub(super) fn merge(&mut self, other: &Self) {
        self.saw.iter_mut().zip(&other.saw).for_each(|(saw, &other)| *saw = other.max(*saw));
        self.codes.extend(other.codes.clone());
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

    /// Whether what a table has in some cells together is known already: an earlier edition showed the only one, or those of a
    /// line as they are now, or what the line lacked without them.
    pub(super) fn was_told(&self, table: usize, cells: &[u32]) -> bool {
        let was_asked = |before: &Before| {
            // A rest that has no cell of its own follows from the others, and is the same when these are.
            let is_so = |&cell: &u32| before.saw[cell as usize] != Saw::Nothing && before.is_same(cell);
            cells.iter().all(is_so)
        };
        cells.iter().all(|&cell| self.is_out(table, cell))
            || (cells.len() > 1 && self.tables[table].before.iter().any(was_asked))
    }

    /// Whether a table stays hidden in a cell because it was before, and has not changed by enough people since.
    pub(super) fn is_held(&self, table: usize, cell: u32, plane: &Plane) -> bool {
        let is_held = |before: &Before| {
            before.saw[cell as usize] == Saw::Hidden
                && before.change[cell as usize].unsigned_abs() < plane.cell_min
        };
        // Where groups of nobody are marked, this one is.
        let (_, people) = self.among(table);
        let is_marked = people[cell as usize] == 0 && !plane.hides_zeros;
        !is_marked && self.tables[table].before.iter().any(is_held) && !self.is_out(table, cell)
    }

    /// By how many people an outcome, those it is counted among and those without it have changed in a cell since an
    /// earlier edition.
    fn code_changes(&self, table: usize, cell: u32, edition: usize) -> [i64; 3] {
        let change = |table: usize| self.tables[table].before[edition].change[cell as usize];
        let people = self.tables[table].parent.map_or(0, change);
        [change(table), people, people - change(table)]
    }

    /// Whether a code is known already, because an earlier edition printed it for the same numbers.
    pub(super) fn is_code_out(&self, table: usize, cell: u32, coding: &Coding) -> bool {
        let of = &self.tables[table];
        let is_out = |(edition, before): (usize, &Before)| {
            matches!(before.code(coding, cell), SawCode::Shown(_))
                && self.code_changes(table, cell, edition) == [0; 3]
        };
        of.before.iter().enumerate().any(is_out)
    }

    /// Whether a code stays hidden in a cell: it was in an earlier edition, and nothing has changed since; or something
    /// has, and by so few people that the code next to any older one could tell about them.
    pub(super) fn is_code_held(&self, table: usize, cell: u32, plane: &Plane, coding: &Coding) -> bool {
        let of = &self.tables[table];
        let is_held = |(edition, before): (usize, &Before)| {
            let changes = self.code_changes(table, cell, edition);
            let is_few = changes.iter().any(|change| is_small(change.abs(), plane.cell_min));
            let was_asked = before.codes.values().any(|saw| saw[cell as usize] != SawCode::Nothing);
            let was_hidden = before.code(coding, cell) == SawCode::Hidden;
            (was_asked && is_few) || (was_hidden && changes == [0; 3])
        };
        of.before.iter().enumerate().any(is_held) && !self.is_code_out(table, cell, coding)
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
