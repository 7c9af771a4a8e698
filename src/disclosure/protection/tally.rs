//! The tally: every number that must stay uncertain, and how far witnesses show that it is.

use super::super::proof::{FamilyProof, Number, Witness};
use super::replay::Public;
use super::rules::Sensitive;

/// The numbers of a family, and what witnesses say of each.
pub(super) struct Tally<'a> {
    public: &'a Public<'a>,
    numbers: Vec<Number>,
    /// For each cell the numbers that it is part of, one list after the other.
    numbers_of: Vec<u32>,
    starts: Vec<u32>,
    /// For each number, what those can not tell apart who know why cells are hidden, and what those can not who see one
    /// mark.
    legend: Vec<Reach>,
    one_mark: Vec<Reach>,
}

/// How far a number could fall and rise.
#[derive(Debug, Clone, Default)]
struct Reach {
    down: i128,
    up: i128,
    /// Parts of the geography whose records every witness so far changes; nothing before the first.
    in_all: Option<Vec<u16>>,
}

/// Where the records of a group come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Nowhere,
    /// One part of the geography.
    One(u16),
    Several,
}

impl Reach {
    fn add(&mut self, ends: [i128; 2], holders: &[u16]) {
        self.down = self.down.max(-ends[0].min(ends[1]));
        self.up = self.up.max(ends[0].max(ends[1]));
        match &mut self.in_all {
            None => self.in_all = Some(holders.to_vec()),
            Some(others) => others.retain(|other| holders.binary_search(other).is_ok()),
        }
    }

    /// Whether it is wide enough, and for each part of the geography some witness leaves its records alone; but for the
    /// one that knows the number anyway.
    fn is_enough(&self, width: u64, owner: Option<u16>) -> bool {
        let alone = self.in_all.as_ref().is_some_and(|parts| parts.iter().all(|part| Some(*part) == owner));
        alone && self.down + self.up >= i128::from(width)
    }
}

impl<'a> Tally<'a> {
    /// Lists the numbers; nothing is said of them yet.
    pub(super) fn new(public: &'a Public<'a>) -> Self {
        let numbers = numbers(public);
        let n_cells = public.lattice.n_cells();
        let mut starts = vec![0_u32; n_cells + 1];
        numbers.iter().flat_map(|number| &number.cells).for_each(|&cell| starts[cell as usize + 1] += 1);
        (0..n_cells).for_each(|cell| starts[cell + 1] += starts[cell]);
        let mut next = starts.clone();
        let mut numbers_of = vec![0; starts[n_cells] as usize];
        for (at, number) in (0..).zip(&numbers) {
            for &cell in &number.cells {
                numbers_of[next[cell as usize] as usize] = at;
                next[cell as usize] += 1;
            }
        }
        let nothing = vec![Reach::default(); numbers.len()];
        Self { public, numbers, numbers_of, starts, legend: nothing.clone(), one_mark: nothing }
    }

    /// Counts in what some witnesses say of the numbers.
    pub(super) fn count(&mut self, witnesses: &[Witness]) {
        let mut by = vec![0; self.numbers.len()];
        witnesses.iter().for_each(|witness| self.count_one(witness, &mut by));
    }

    /// How many numbers there are.
    pub(super) fn n_numbers(&self) -> usize {
        self.numbers.len()
    }

    /// A number whose terms are all known, so that it is known too.
    pub(super) fn given_away(&self) -> Option<&Number> {
        self.numbers.iter().find(|number| {
            let terms = &self.public.family.sensitive[usize::from(number.of)].tables;
            let is_known =
                |table: usize| number.cells.iter().all(|&cell| self.public.known[table][cell as usize]);
            terms.iter().all(|&(table, _)| is_known(table))
        })
    }

    /// What the witnesses leave: numbers they cover against one mark only, and numbers they do not cover.
    pub(super) fn left(&self) -> (Vec<Number>, Vec<Number>) {
        let (lattice, origins) = (self.public.lattice, origins(self.public));
        let (mut one_mark, mut linear_only) = (Vec::new(), Vec::new());
        for (at, number) in self.numbers.iter().enumerate() {
            let plane = lattice.plane(number.cells[0]);
            let from =
                number.cells.iter().map(|&cell| origins[cell as usize]).fold(Origin::Nowhere, Origin::and);
            let owner = match from {
                Origin::One(part) if plane.has_insiders => Some(part),
                _ => None,
            };
            if !self.one_mark[at].is_enough(plane.width, owner) {
                linear_only.push(number.clone());
            } else if !self.legend[at].is_enough(plane.width, owner) {
                one_mark.push(number.clone());
            }
        }
        (one_mark, linear_only)
    }

    /// What is to be kept of a family whose witnesses these are.
    pub(super) fn into_proof(self, of: Vec<String>, witnesses: Vec<Witness>) -> FamilyProof {
        let (one_mark, linear_only) = self.left();
        FamilyProof { of, witnesses, one_mark, linear_only }
    }

    /// Counts a witness in. `by` is zero for each number, before and after.
    fn count_one(&mut self, witness: &Witness, by: &mut [i128]) {
        let Public { lattice, family, .. } = self.public;
        let mut touched: Vec<u32> = Vec::new();
        for change in &witness.changes {
            let times = |number: &Sensitive| -> i64 {
                let is_changed =
                    |table: usize| change.tables.iter().any(|&other| usize::from(other) == table);
                number.tables.iter().filter(|term| is_changed(term.0)).map(|term| term.1).sum()
            };
            let times: Vec<i64> = family.sensitive.iter().map(times).collect();
            for &(cell, amount) in &change.cells {
                let list = self.starts[cell as usize] as usize..self.starts[cell as usize + 1] as usize;
                for &number in &self.numbers_of[list] {
                    let times = times[usize::from(self.numbers[number as usize].of)];
                    if times != 0 {
                        by[number as usize] += i128::from(times) * i128::from(amount);
                        touched.push(number);
                    }
                }
            }
        }
        let mut holders: Vec<u16> = (witness.changes.iter().flat_map(|change| &change.cells))
            .filter(|(cell, _)| lattice.plane(*cell).has_insiders)
            .filter_map(|&(cell, _)| lattice.contributor(lattice.geography(cell)))
            .collect();
        holders.sort_unstable();
        holders.dedup();
        touched.sort_unstable();
        touched.dedup();
        for number in touched {
            let net = std::mem::take(&mut by[number as usize]);
            if net == 0 {
                continue;
            }
            let ends = [-i128::from(witness.backwards) * net, i128::from(witness.forwards) * net];
            self.one_mark[number as usize].add(ends, &holders);
            if !witness.needs_one_mark {
                self.legend[number as usize].add(ends, &holders);
            }
        }
    }
}

/// Every number that the rules call sensitive: in each cell, and over the hidden cells of each line together, whose sum
/// follows when that of all of them is shown. A cell that is known to have nobody in it is none: it has no mask, even where
/// its emptiness tells of what earlier editions have shown.
fn numbers(public: &Public<'_>) -> Vec<Number> {
    let Public { lattice, family, known, .. } = public;
    let mut numbers = Vec::new();
    for (of, sensitive) in (0_u16..).zip(&family.sensitive) {
        let is_sensitive = |cells: &[u32]| {
            let plane = lattice.plane_of[cells[0] as usize] as usize;
            sensitive.tables.iter().all(|&(table, _)| family.tables[table].planes[plane])
                && family.is_unsafe(sensitive, cells, &lattice.planes[plane])
        };
        let is_known_empty = |&cell: &u32| {
            let of_table =
                |table: usize| known[table][cell as usize] && family.among(table).1[cell as usize] == 0;
            sensitive.tables.iter().all(|&(table, _)| of_table(table))
        };
        let cells = 0..lattice.n_cells() as u32;
        let alone = cells.filter(|cell| is_sensitive(&[*cell]) && !is_known_empty(cell));
        numbers.extend(alone.map(|cell| Number { of, cells: vec![cell] }));
        let is_hidden = |cell: u32| sensitive.tables.iter().any(|&(table, _)| !known[table][cell as usize]);
        let mut lines = lattice.lines(is_hidden);
        lines.retain(|line| line.len() > 1 && is_sensitive(line));
        numbers.extend(lines.into_iter().map(|cells| Number { of, cells }));
    }
    numbers
}

impl Origin {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nowhere, one) | (one, Self::Nowhere) => one,
            (one, other) if one == other => one,
            _ => Self::Several,
        }
    }
}

/// For each cell, where the records come from that its family could count.
fn origins(public: &Public<'_>) -> Vec<Origin> {
    let Public { lattice, family, .. } = public;
    let (among, _) = family.among(0);
    let mut origins = vec![Origin::Nowhere; lattice.n_cells()];
    for (atom, _) in (0..).zip(among).filter(|(_, value)| **value != 0) {
        let part = lattice.contributor(lattice.atoms.leaves(atom)[0]);
        let origin = part.map_or(Origin::Several, Origin::One);
        for &cell in lattice.atoms.cells(atom) {
            origins[cell as usize] = origins[cell as usize].and(origin);
        }
    }
    origins
}
