//! Families: the numbers of a tabulation that have to fit each other.
//!
//! A population that lies in no other, the populations inside it and the outcomes counted among them are one
//! family of tables over the same lattice. Another table that an intruder could believe in changes several of them at
//! once: whoever comes or goes takes along the smaller populations and outcomes that he belongs to.

use super::super::lattice::Lattice;
use super::Asked;
use super::codings::Coding;
use super::concentrated::Concentrated;
use super::history::{Before, History, is_out};
use super::nested::Terms;
use super::rules::Sensitive;
use crate::outcomes::{Tabulation, Values};

/// Tables that have to fit each other; whatever bounds a table stands before it.
pub(super) struct Family {
    pub(super) tables: Vec<Table>,
    /// For sums that are bounded by other sums.
    pub(super) bounds: Option<Bounds>,
    /// How many have one outcome and not another that it implies: numbers that are no less than none.
    pub(super) nested: Vec<Terms>,
    /// What may not be known of it.
    pub(super) sensitive: Vec<Sensitive>,
}

/// The sums that bound others, and stay as they are.
pub(super) struct Bounds {
    /// In each atom of the lattice.
    pub(super) values: Vec<i64>,
    /// In each cell of the lattice.
    pub(super) totals: Vec<i64>,
    /// Number of people in each cell.
    pub(super) people: Vec<i64>,
}

/// What a table counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    People,
    Outcomes,
    /// The upper sums of a ratio.
    Sums,
}

/// One number for each cell of the lattice.
pub(super) struct Table {
    pub(super) counts: Counts,
    /// Populations or measures, by position, that this is the number of: several, where they are the same in every
    /// atom, or exactly the others.
    pub(super) members: Vec<usize>,
    /// Those of the members that are exactly the others.
    pub(super) opposite: Vec<usize>,
    /// The table of those it is counted among.
    pub(super) parent: Option<usize>,
    pub(super) part: Option<Part>,
    /// In each atom of the lattice.
    pub(super) values: Vec<i64>,
    /// In each cell of the lattice.
    pub(super) totals: Vec<i64>,
    /// Whether it is published exactly in each cell.
    pub(super) is_asked: Vec<bool>,
    /// As what else it is published.
    pub(super) codings: Vec<Coding>,
    /// Whether it is published in some cell of each plane, exactly or not.
    pub(super) planes: Vec<bool>,
    /// In earlier editions, the oldest first.
    pub(super) before: Vec<Before>,
    /// Sums over the same people that may be too close to one of them.
    pub(super) concentrated: Vec<Concentrated>,
}

/// Says that a table is another one, cut off by some categories of one dimension: those in grades 1 to 8. Whoever knows
/// how it is defined knows that nobody can be in the one and not in the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The other table.
    pub(super) of: usize,
    pub(super) dimension: usize,
    /// On which side each node of the dimension is.
    pub(super) sides: Vec<Side>,
}

/// Where the people of a category are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Inside,
    Outside,
    Both,
}

/// Builds the families of people and outcomes.
pub(super) fn families(
    tabulation: &Tabulation,
    lattice: &Lattice,
    asked: &Asked,
    history: &History,
) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    // The family and the table of each population.
    let mut place: Vec<(usize, usize)> = Vec::new();
    for (number, population) in tabulation.populations.iter().enumerate() {
        let values = by_atom(lattice, &tabulation.atoms.people[number]);
        let around = population.parent.map(|parent| place[parent]);
        let before = history.people(number);
        let is_asked = with_known(asked.people(number, lattice), &before);
        let family = around.map(|(family, _)| family);
        let parent = around.map(|(_, table)| table);
        let twin = match family {
            Some(family) => {
                let is_twin = |(at, table): (usize, &Table)| {
                    (Some(at) == parent || table.parent == parent) && table.is_twin(&values, &before)
                };
                (families[family].tables.iter().enumerate()).position(is_twin).map(|at| (family, at))
            }
            None => (families.iter().position(|family| family.tables[0].is_twin(&values, &before)))
                .map(|at| (at, 0)),
        };
        let at = match (twin, family) {
            (Some((family, table)), _) => {
                families[family].tables[table].merge(number, &is_asked, &before, lattice);
                (family, table)
            }
            (None, family) => {
                let family = family.unwrap_or_else(|| {
                    families.push(Family::of(Vec::new(), None));
                    families.len() - 1
                });
                let mut table = Table::new(Counts::People, number, parent, values, is_asked, lattice);
                table.before = before;
                let tables = &mut families[family].tables;
                table.part = parent.and_then(|of| part(of, &tables[of].values, &table.values, lattice));
                tables.push(table);
                (family, tables.len() - 1)
            }
        };
        place.push(at);
    }
    for (measure, of) in tabulation.measures.iter().enumerate() {
        let (family, table) = place[of.population];
        let concentrated = Concentrated::new(tabulation, lattice, measure, asked.values(measure));
        families[family].tables[table].concentrated.extend(concentrated);
    }
    let mut shares: Vec<(usize, &Vec<u32>)> = (tabulation.atoms.values.iter().enumerate())
        .filter_map(|(measure, values)| match values {
            Values::Share(counts) => Some((measure, counts)),
            _ => None,
        })
        .collect();
    let population_of = |measure: usize| tabulation.measures[measure].population;
    shares.sort_by_key(|&(measure, _)| (place[population_of(measure)].1, measure));
    for (measure, counts) in shares {
        let (family, parent) = place[population_of(measure)];
        let values = by_atom(lattice, counts);
        let outcome = Outcome { measure, parent, values, before: history.values(measure) };
        families[family].add_outcome(outcome, tabulation, asked, lattice);
    }
    for family in &mut families {
        family.find_nested(tabulation);
        family.find_sensitive();
    }
    families
}

/// The families of the upper sums of ratios, which are bounded by the lower ones.
pub(super) fn ratios(
    tabulation: &Tabulation,
    lattice: &Lattice,
    asked: &Asked,
    history: &History,
) -> Vec<Family> {
    let positions = || lattice.atoms.positions.iter().map(|&position| position as usize);
    let ratio = |(measure, values): (usize, &Values)| match values {
        Values::Ratio { numerator, denominator } => {
            let upper = positions().map(|at| numerator[at] as i64).collect();
            let lower: Vec<i64> = positions().map(|at| denominator[at] as i64).collect();
            let people = lattice.people[tabulation.measures[measure].population].iter();
            let bounds = Bounds {
                totals: totals(lattice, &lower),
                people: people.map(|&people| people as i64).collect(),
                values: lower,
            };
            let before = history.values(measure);
            let is_asked = with_known(asked.values(measure), &before);
            let mut table = Table::new(Counts::Sums, measure, None, upper, is_asked, lattice);
            table.before = before;
            let mut family = Family::of(vec![table], Some(bounds));
            family.find_sensitive();
            Some(family)
        }
        _ => None,
    };
    tabulation.atoms.values.iter().enumerate().filter_map(ratio).collect()
}

fn totals(lattice: &Lattice, values: &[i64]) -> Vec<i64> {
    let mut totals = vec![0; lattice.n_cells()];
    for (atom, value) in (0..).zip(values) {
        lattice.atoms.cells(atom).iter().for_each(|&cell| totals[cell as usize] += value);
    }
    totals
}

fn by_atom(lattice: &Lattice, of: &[u32]) -> Vec<i64> {
    lattice.atoms.positions.iter().map(|&position| i64::from(of[position as usize])).collect()
}

/// How an inner table is a part of another, if it is.
fn part(of: usize, outer: &[i64], inner: &[i64], lattice: &Lattice) -> Option<Part> {
    let is_all_or_none = outer.iter().zip(inner).all(|(&outer, &inner)| inner == 0 || inner == outer);
    if !is_all_or_none {
        return None;
    }
    let along = |dimension: usize| {
        let tree = &lattice.trees[dimension];
        let mut sides: Vec<Option<Side>> = vec![None; tree.parent.len()];
        let people = (0..).zip(outer.iter().zip(inner)).filter(|(_, (outer, _))| **outer > 0);
        for (atom, (_, &inner)) in people {
            let own = if inner > 0 { Side::Inside } else { Side::Outside };
            let leaf = lattice.atoms.leaves(atom)[dimension];
            if sides[usize::from(leaf)].is_some_and(|known| known != own) {
                return None;
            }
            for node in tree.path(leaf).chain([0]) {
                let side = &mut sides[usize::from(node)];
                *side = Some(side.map_or(own, |known| if known == own { own } else { Side::Both }));
            }
        }
        let sides = sides.into_iter().map(|side| side.unwrap_or(Side::Both)).collect();
        Some(Part { of, dimension, sides })
    };
    (0..lattice.trees.len()).find_map(along)
}

impl Table {
    fn new(
        counts: Counts,
        member: usize,
        parent: Option<usize>,
        values: Vec<i64>,
        is_asked: Vec<bool>,
        lattice: &Lattice,
    ) -> Self {
        let totals = totals(lattice, &values);
        let planes = planes(&is_asked, lattice);
        let (members, codings, before) = (vec![member], Vec::new(), Vec::new());
        let (opposite, concentrated) = (Vec::new(), Vec::new());
        Self {
            counts,
            members,
            opposite,
            parent,
            part: None,
            values,
            totals,
            is_asked,
            codings,
            planes,
            before,
            concentrated,
        }
    }

    /// Whether it has, and always had, the same numbers as another one.
    fn is_twin(&self, values: &[i64], before: &[Before]) -> bool {
        self.values == values && self.before.iter().zip(before).all(|(one, other)| one.change == other.change)
    }

    /// Counts in another population or measure with the same numbers.
    fn merge(&mut self, member: usize, is_asked: &[bool], before: &[Before], lattice: &Lattice) {
        self.members.push(member);
        self.before.iter_mut().zip(before).for_each(|(one, other)| one.merge(other));
        self.is_asked.iter_mut().zip(is_asked).for_each(|(asked, other)| *asked |= other);
        let more = planes(is_asked, lattice);
        self.planes.iter_mut().zip(more).for_each(|(shown, more)| *shown |= more);
    }

    /// Whether an outcome may not be its number, or the others' number, because it counts the others of one that implies it
    /// or that it implies: whoever loses the one can not gain the other.
    fn is_against(&self, measure: usize, is_complement: bool, tabulation: &Tabulation) -> bool {
        let within = |of: usize| &tabulation.measures[of].within;
        self.members.iter().any(|member| {
            self.opposite.contains(member) != is_complement
                && (within(*member).contains(&measure) || within(measure).contains(member))
        })
    }

    fn add_codings(&mut self, codings: Vec<Coding>) {
        for coding in &codings {
            self.planes.iter_mut().zip(&coding.planes).for_each(|(shown, more)| *shown |= more);
        }
        self.codings.extend(codings);
    }
}

/// Where a table is published, or known already from what nobody can ask for any more.
fn with_known(mut is_asked: Vec<bool>, before: &[Before]) -> Vec<bool> {
    for (cell, is_asked) in (0..).zip(&mut is_asked) {
        *is_asked |= is_out(before, cell);
    }
    is_asked
}

fn planes(is_asked: &[bool], lattice: &Lattice) -> Vec<bool> {
    let mut planes = vec![false; lattice.planes.len()];
    for (cell, &is_asked) in is_asked.iter().enumerate() {
        planes[lattice.plane_of[cell] as usize] |= is_asked;
    }
    planes
}

/// An outcome to be added to a family.
struct Outcome {
    measure: usize,
    /// The table of those it is counted among.
    parent: usize,
    values: Vec<i64>,
    before: Vec<Before>,
}

impl Family {
    /// A family of which nothing is said yet.
    pub(super) fn of(tables: Vec<Table>, bounds: Option<Bounds>) -> Self {
        Self { tables, bounds, nested: Vec::new(), sensitive: Vec::new() }
    }

    /// Adds an outcome, or its number to that of a twin: the same people, or exactly the others.
    fn add_outcome(&mut self, outcome: Outcome, tabulation: &Tabulation, asked: &Asked, lattice: &Lattice) {
        let Outcome { measure, parent, values, before } = outcome;
        let is_asked = with_known(asked.values(measure), &before);
        let mut codings = asked.codings(measure);
        let people = &self.tables[parent].values;
        let of_people = &self.tables[parent].before;
        let is_twin = |table: &Table| {
            let is_complement = || {
                let mut each = table.values.iter().zip(&values).zip(people);
                let mut before = table.before.iter().zip(&before).zip(of_people);
                each.all(|((one, other), people)| one + other == *people)
                    && before.all(|((one, other), people)| one.adds_up(other, people))
            };
            table.parent == Some(parent)
                && (table.is_twin(&values, &before) || is_complement())
                && !table.is_against(measure, table.values != values, tabulation)
        };
        let twin = self.tables.iter().position(|table| table.counts == Counts::Outcomes && is_twin(table));
        if let Some(twin) = twin {
            let twin = &mut self.tables[twin];
            let is_complement = twin.values != values;
            codings.iter_mut().for_each(|coding| coding.is_complement = is_complement);
            twin.add_codings(codings);
            twin.opposite.extend(is_complement.then_some(measure));
            return twin.merge(measure, &is_asked, &before, lattice);
        }
        let part = self.tables[parent].part.as_ref().and_then(|part| {
            let is_whole = |table: &Table| {
                let cut = table.values.iter().zip(&values).enumerate();
                let inside = |atom: usize| {
                    let leaf = lattice.atoms.leaves(atom as u32)[part.dimension];
                    part.sides[usize::from(leaf)] == Side::Inside
                };
                table.counts == Counts::Outcomes
                    && table.parent == Some(part.of)
                    && cut
                        .clone()
                        .all(|(atom, (&whole, &value))| value == if inside(atom) { whole } else { 0 })
            };
            let of = self.tables.iter().position(is_whole)?;
            Some(Part { of, ..part.clone() })
        });
        let mut table = Table::new(Counts::Outcomes, measure, Some(parent), values, is_asked, lattice);
        (table.part, table.before) = (part, before);
        table.add_codings(codings);
        self.tables.push(table);
    }

    /// Whom or what a table could count, as far as anybody knows: of people themselves, of outcomes the people, of sums
    /// their bounds; in each atom and in each cell.
    pub(super) fn among(&self, table: usize) -> (&[i64], &[i64]) {
        let of = &self.tables[table];
        match (of.counts, of.parent, &self.bounds) {
            (Counts::Outcomes, Some(people), _) => (&self.tables[people].values, &self.tables[people].totals),
            (_, _, Some(bounds)) => (&bounds.values, &bounds.totals),
            _ => (&of.values, &of.totals),
        }
    }

    /// The tables around a table, nearest first.
    pub(super) fn around(&self, table: usize) -> impl Iterator<Item = usize> + '_ {
        let parent = |&at: &usize| self.tables[at].parent;
        std::iter::successors(parent(&table), parent)
    }

    /// For each table, those that are not printed without it: outcomes without their number of people.
    pub(super) fn printed_with(&self) -> Vec<Vec<u32>> {
        let outcomes = |of: usize| {
            let is_of =
                |table: &&(usize, &Table)| table.1.parent == Some(of) && table.1.counts == Counts::Outcomes;
            let numbered: Vec<_> = self.tables.iter().enumerate().collect();
            numbered.iter().filter(is_of).map(|&(at, _)| at as u32).collect()
        };
        (0..self.tables.len()).map(outcomes).collect()
    }
}
