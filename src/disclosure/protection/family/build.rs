//! Builds the families of a tabulation: which numbers are one table, and which of them have to fit each other.

use super::super::Asked;
use super::super::concentrated::Concentrated;
use super::super::history::{Before, History};
use super::table::{Counts, Part, Side, Table, totals, with_known};
use super::{Bounds, Family};
use crate::disclosure::lattice::Lattice;
use crate::outcomes::{Tabulation, Values};

/// In which order outcomes of the same people have their tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::disclosure::protection) enum Shares {
    /// What holds another comes before it: who is told that nobody has the one knows of both.
    OuterFirst,
    /// As they are listed, as in proofs from before.
    AsListed,
}

/// Builds the families of people and outcomes.
pub(in crate::disclosure::protection) fn families(
    tabulation: &Tabulation,
    lattice: &Lattice,
    asked: &Asked,
    history: &History,
    shares_in: Shares,
) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    // The family and the table of each population. What holds another stands before it, whatever their positions are.
    let mut place: Vec<(usize, usize)> = vec![(0, 0); tabulation.populations.len()];
    for number in tabulation.outside_in() {
        let values = by_atom(lattice, &tabulation.atoms.people[number]);
        let around = tabulation.populations[number].around().map(|parent| place[parent]);
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
        place[number] = at;
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
    let n_around = |measure: usize| match shares_in {
        Shares::OuterFirst => tabulation.measures[measure].within.len(),
        Shares::AsListed => 0,
    };
    shares.sort_by_key(|&(measure, _)| (place[population_of(measure)].1, n_around(measure), measure));
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
pub(in crate::disclosure::protection) fn ratios(
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

/// An outcome to be added to a family.
struct Outcome {
    measure: usize,
    /// The table of those it is counted among.
    parent: usize,
    values: Vec<i64>,
    before: Vec<Before>,
}

impl Family {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::SchoolYear;
    use crate::disclosure::RuleProfile;
    use crate::outcomes::{Atoms, Dimension, Measure, Mode, Population, Publication, Unit};

    /// What each table of the outcomes of a school's students counts, when the second implies the first or not.
    fn members(shares: [[u32; 2]; 2], implies: bool) -> Vec<Vec<usize>> {
        let mut geography = Dimension::new("geography", "Geography");
        ["a", "b"].iter().for_each(|school| _ = geography.add(school, "A school", 0));
        let within = if implies { vec![0] } else { vec![] };
        let tabulation = Tabulation {
            mode: Mode::Suppress,
            unit: Unit::StudentYear,
            period: SchoolYear::new(2025).expect("a school year"),
            dimensions: vec![geography],
            populations: vec![Population { id: "all".into(), parent: None, within: vec![] }],
            measures: vec![Measure::new("outer", 0), Measure { within, ..Measure::new("inner", 0) }],
            atoms: Atoms {
                nodes: vec![1, 2],
                people: vec![vec![100; 2]],
                values: shares.iter().map(|share| Values::Share(share.to_vec())).collect(),
            },
            publications: vec![Publication {
                product: "p".into(),
                version: 1,
                profile: "nces-10".into(),
                dimensions: vec![],
                depth: 0,
                indicators: vec![("outer".into(), 0), ("inner".into(), 1)],
                withdrawn: false,
            }],
        };
        let lattice = Lattice::new(&tabulation, &RuleProfile::all(), |_| false).expect("a small table");
        let asked = Asked::new(&tabulation, &lattice);
        let families = families(&tabulation, &lattice, &asked, &History::default(), Shares::OuterFirst);
        let outcomes = families[0].tables.iter().filter(|table| table.counts == Counts::Outcomes);
        outcomes.map(|table| table.members.clone()).collect()
    }

    #[test]
    fn shares_that_are_each_others_complement_stay_two_where_one_implies_the_other() {
        let (two, one) = (vec![vec![0], vec![1]], vec![vec![0, 1]]);
        // Everybody has the outer one and nobody the inner one: what one of them loses the other does not gain.
        assert_eq!(members([[100; 2], [0; 2]], true), two);
        assert_eq!(members([[100; 2], [0; 2]], false), one);
        // With the same number the two have the same people, and so they do by chance.
        assert_eq!(members([[60, 40], [60, 40]], true), one);
        assert_eq!(members([[60, 40], [60, 39]], true), two);
    }
}
