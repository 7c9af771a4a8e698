//! Kinds: which tables of a family change together.
//!
//! Somebody who comes or goes is counted in a population and perhaps in smaller ones and outcomes; or only an
//! outcome comes or goes, among people who stay.

use super::family::{Family, Side};
use std::collections::HashSet;

/// For each table, whether it changes.
pub(super) type Kind = Vec<bool>;

/// Pairs of outcomes of which one implies the other at most, so that somebody can gain or lose any two at once with those in
/// between: of more, those with few in between. Every kind is looked at for every number.
const PAIRS_MAX: usize = 200;
const BETWEEN_MAX: usize = 3;

/// All kinds, and for each table those that change it, the likelier first.
pub(super) struct Kinds {
    pub(super) all: Vec<Kind>,
    of: Vec<Vec<u32>>,
}

/// What is counted among those who change: whether it changes with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    /// As most people do.
    Most,
    Stay,
    Go,
}

impl Kinds {
    /// Kinds that begin at each table or at one around it, and go down to the table: alone, and with the outcomes that it
    /// implies.
    pub(super) fn new(family: &Family) -> Self {
        let n = family.tables.len();
        let mut kinds = Self { all: Vec::new(), of: vec![Vec::new(); n] };
        const ALL: [Others; 3] = [Others::Most, Others::Stay, Others::Go];
        for table in 0..n {
            let outside: Vec<usize> = family.outside(table).collect();
            for outside in [None, Some(&outside)].into_iter().take(if outside.is_empty() { 1 } else { 2 }) {
                let mut chain = vec![false; n];
                outside.into_iter().flatten().for_each(|&outer| chain[outer] = true);
                for top in std::iter::once(table).chain(family.around(table)) {
                    chain[top] = true;
                    ALL.into_iter().for_each(|others| kinds.add(table, family.with(&chain, others)));
                }
            }
        }
        // Somebody gains or loses several outcomes at once: the inner one, the outer one and those in between.
        let pairs: HashSet<(usize, usize)> = family.pairs().collect();
        for (inner, outer) in family.pairs() {
            let is_between =
                |table: usize| pairs.contains(&(inner, table)) && pairs.contains(&(table, outer));
            let chain: Vec<bool> = (0..n).map(|at| at == inner || at == outer || is_between(at)).collect();
            // Of a long ladder, steps over many rungs are no other numbers than several short ones.
            if pairs.len() > PAIRS_MAX && (0..n).filter(|&at| is_between(at)).count() > BETWEEN_MAX {
                continue;
            }
            for others in ALL {
                let kind = family.with(&chain, others);
                (0..n).filter(|&at| chain[at]).for_each(|at| kinds.add(at, kind.clone()));
            }
        }
        kinds
    }

    fn add(&mut self, table: usize, kind: Kind) {
        let number = self.all.iter().position(|known| *known == kind).unwrap_or_else(|| {
            self.all.push(kind);
            self.all.len() - 1
        }) as u32;
        if !self.of[table].contains(&number) {
            self.of[table].push(number);
        }
    }

    /// The kinds that change one of some tables, by number.
    pub(super) fn of(&self, tables: impl Iterator<Item = usize>) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        for kind in tables.flat_map(|table| &self.of[table]) {
            if !found.contains(kind) {
                found.push(*kind);
            }
        }
        found
    }
}

impl Family {
    /// The kind that changes the chosen tables and what they are parts of, and of what is counted among them the others
    /// as told.
    fn with(&self, chosen: &[bool], others: Others) -> Kind {
        let mut kind = chosen.to_vec();
        for at in (0..kind.len()).rev() {
            if let (true, Some(part)) = (kind[at], &self.tables[at].part) {
                kind[part.of] = true;
            }
        }
        for (at, table) in self.tables.iter().enumerate() {
            let around = table.part.as_ref().map(|part| part.of).or(table.parent);
            let Some(around) = around.filter(|_| !kind[at]) else { continue };
            let sum = |table: usize| self.tables[table].values.iter().sum::<i64>();
            kind[at] = kind[around]
                && match others {
                    Others::Most => 2 * sum(at) >= sum(around),
                    Others::Stay => false,
                    Others::Go => true,
                };
        }
        kind
    }

    /// How far down and up a cell of the lattice can change when these tables do, so that nothing counted in it is less
    /// than zero or more than what it is counted among, parts are what they are parts of, and whoever has an outcome has
    /// those it implies. `nodes` are the cell's nodes.
    pub(super) fn reach(&self, kind: &[bool], cell: u32, nodes: &[u16]) -> (i64, i64) {
        let value = |table: usize| self.tables[table].totals[cell as usize];
        let (mut down, mut up) = self.reach_between(kind, cell);
        for (at, table) in self.tables.iter().enumerate() {
            if kind[at] {
                down = down.min(value(at));
            }
            match (table.parent, kind[at]) {
                (Some(parent), true) if !kind[parent] => up = up.min(value(parent) - value(at)),
                (Some(parent), false) if kind[parent] => down = down.min(value(parent) - value(at)),
                _ => {}
            }
            if let Some(part) = table.part.as_ref().filter(|part| kind[part.of]) {
                let apart = if kind[at] { Side::Outside } else { Side::Inside };
                if part.sides[usize::from(nodes[part.dimension])] == apart {
                    return (0, 0);
                }
            }
        }
        if let Some(bounds) = &self.bounds {
            up = up.min(bounds.totals[cell as usize] - value(0));
        }
        (down, up)
    }
}

#[cfg(test)]
mod tests {
    use super::super::family::{Counts, Part, Table};
    use super::*;

    /// A table over two cells: one inside the part that is looked at, one outside.
    fn table(counts: Counts, parent: Option<usize>, totals: [i64; 2]) -> Table {
        Table {
            counts,
            members: vec![0],
            opposite: Vec::new(),
            parent,
            part: None,
            values: totals.to_vec(),
            totals: totals.to_vec(),
            is_asked: vec![true; 2],
            codings: Vec::new(),
            before: Vec::new(),
            concentrated: Vec::new(),
            planes: vec![true],
        }
    }

    fn family(tables: Vec<Table>) -> Family {
        Family::of(tables, None)
    }

    #[test]
    fn people_come_and_go_with_or_without_what_is_counted_among_them() {
        let people = table(Counts::People, None, [5, 3]);
        let family = family(vec![people, table(Counts::Outcomes, Some(0), [4, 1])]);
        let kinds = Kinds::new(&family);
        assert_eq!(kinds.all, [vec![true, true], vec![true, false], vec![false, true]]);
        // The outcome alone first, then with its people.
        assert_eq!((kinds.of([1].into_iter()), kinds.of([0].into_iter())), (vec![2, 0], vec![0, 1]));
        assert_eq!(family.reach(&[true, true], 0, &[0]), (4, i64::MAX), "four with the outcome can go");
        assert_eq!(family.reach(&[true, false], 0, &[0]), (1, i64::MAX), "one without it can go");
        assert_eq!(family.reach(&[false, true], 0, &[0]), (4, 1), "one can still have it");
    }

    #[test]
    fn outcomes_that_imply_others_leave_nobody_missing_in_between() {
        let outcome = |n: i64| table(Counts::Outcomes, Some(0), [n, n]);
        let people = || table(Counts::People, None, [9, 9]);
        // 60 points or more, 50 or more, 40 or more.
        let mut ladder = family(vec![people(), outcome(3), outcome(5), outcome(8)]);
        ladder.nested = vec![vec![(2, 1), (1, -1)], vec![(3, 1), (1, -1)], vec![(3, 1), (2, -1)]];
        let kinds = Kinds::new(&ladder);
        let has = |kind: [bool; 4]| kinds.all.iter().any(|known| *known == kind);
        assert!(
            has([false, true, true, false]) && has([false, false, true, true]),
            "from one step to the next"
        );
        assert!(has([false, true, true, true]) && !has([false, true, false, true]), "with those in between");
        assert!(has([true; 4]) && has([true, false, true, true]), "and with people who come or go");
        let reach = |kind: [bool; 4]| ladder.reach(&kind, 0, &[0]);
        assert_eq!(reach([false, true, false, false]), (3, 2), "two more can have 60, and not only of nine");
        assert_eq!(reach([false, false, false, true]), (3, 1), "three have 40 and no 50");
        assert_eq!(reach([false, true, true, true]), (3, 1));
        assert_eq!(reach([true, false, false, true]), (3, i64::MAX));
        // One of two tables counts those without the outcome, and together they are no more than all.
        let mut apart = family(vec![people(), outcome(5), outcome(3)]);
        apart.nested = vec![vec![(2, -1), (1, -1), (0, 1)]];
        let reach = |kind: [bool; 3]| apart.reach(&kind, 0, &[0]);
        assert_eq!(reach([false, true, false]), (5, 1));
        assert_eq!(reach([false, true, true]), (3, 0));
        assert_eq!(reach([true, false, false]), (1, i64::MAX));
    }

    #[test]
    fn a_part_changes_with_the_whole_inside_and_not_outside() {
        let mut inner = table(Counts::People, Some(0), [5, 0]);
        inner.part = Some(Part { of: 0, dimension: 0, sides: vec![Side::Both, Side::Inside, Side::Outside] });
        let family = family(vec![table(Counts::People, None, [5, 3]), inner]);
        let kinds = Kinds::new(&family);
        assert_eq!(kinds.all, [vec![true, true], vec![true, false]], "never the part alone");
        let reach = |kind: usize, cell: u32, node: u16| family.reach(&kinds.all[kind], cell, &[node]);
        assert_eq!((reach(0, 0, 1), reach(1, 0, 1)), ((5, i64::MAX), (0, 0)));
        assert_eq!((reach(0, 1, 2), reach(1, 1, 2)), ((0, 0), (3, i64::MAX)));
        assert_eq!(reach(1, 1, 0), (3, i64::MAX), "a margin can change on either side");
    }
}
