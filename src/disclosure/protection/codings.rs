//! Codings: what a share is printed as where its numerator is not printed exactly.
//!
//! A code leaves a range of numerators possible, which everybody knows who knows the number of people. So the number of a
//! coded cell is never given away by adding and subtracting, but it has bounds, and another table that an intruder
//! could believe in keeps to them.
//!
//! Several codings of the same people can meet in a cell: of two profiles, or of an outcome and its complement. Their
//! ranges then have to overlap by two numerators at least, whatever the true one is. Which of them are printed depends
//! on the size of the group alone, so that an absent code says no more than that size.

use super::super::coding::Code;
use super::super::cover::{Interval, Move};
use super::super::lattice::{Lattice, Plane};
use super::super::rule::RuleProfile;
use super::family::{Family, Table};
use super::is_coded;
use super::layer::Layer;
use crate::outcomes::Tabulation;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Numerators that the codes of a cell leave possible together, at least.
const NUMERATORS_MIN: u64 = 2;

/// A share as a profile codes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Coding {
    /// Position of the measure in the tabulation.
    pub(super) measure: usize,
    pub(super) profile: RuleProfile,
    /// Whether it is the share of those that its table does not count.
    pub(super) is_complement: bool,
    /// Whether it is published in each plane: in none, where only earlier editions have it.
    pub(super) planes: Vec<bool>,
}

/// The codes printed of a measure under a profile.
#[derive(Clone)]
pub(in crate::disclosure) struct Coded {
    /// Position of the measure in the tabulation.
    pub(in crate::disclosure) measure: usize,
    /// Id of the profile.
    pub(in crate::disclosure) profile: String,
    /// For each cell of the lattice its code, where it is printed.
    pub(in crate::disclosure) codes: Vec<Option<Code>>,
}

/// The codings of a measure, by the ids of their profiles.
pub(super) fn codings(tabulation: &Tabulation, lattice: &Lattice, measure: usize) -> Vec<Coding> {
    let mut codings: BTreeMap<&str, Coding> = BTreeMap::new();
    for (number, publication) in tabulation.publications.iter().enumerate() {
        let shows = publication.indicators.iter().any(|&(_, other)| other == measure);
        if !shows || !is_coded(tabulation, lattice, number, measure) {
            continue;
        }
        let coding = codings.entry(&publication.profile).or_insert_with(|| Coding {
            measure,
            profile: lattice.profiles[number].clone(),
            is_complement: false,
            planes: vec![false; lattice.planes.len()],
        });
        for (is_published, plane) in coding.planes.iter_mut().zip(&lattice.planes) {
            *is_published |= !publication.withdrawn && plane.publications.contains(&number);
        }
    }
    codings.into_values().collect()
}

impl Coding {
    /// The smallest number of its table for each code of `n` people, ascending.
    fn starts(&self, n: u64) -> impl Iterator<Item = u64> {
        let is_complement = self.is_complement;
        let start = move |code: Code| {
            let numerators = code.numerators(n);
            if is_complement { n - numerators.end() } else { *numerators.start() }
        };
        self.profile.codes(n).into_iter().map(start)
    }

    /// The code where its table counts `value` of `n` people.
    fn code(&self, value: u64, n: u64) -> Option<Code> {
        self.profile.code(if self.is_complement { n - value } else { value }, n)
    }

    /// The numbers of its table that the code for one of them leaves possible.
    fn interval(&self, value: u64, n: u64) -> Option<Interval> {
        let numerators = self.code(value, n)?.numerators(n);
        let (low, high) = (*numerators.start(), *numerators.end());
        let (low, high) = if self.is_complement { (n - high, n - low) } else { (low, high) };
        Some(Interval::new(low as i64, high as i64))
    }
}

/// Those of some codings that are printed for a group of `n` people, the first ones first: whatever the numerator is,
/// together they leave [`NUMERATORS_MIN`] possible.
fn printed<'c>(codings: impl Iterator<Item = &'c Coding>, n: u64) -> Vec<&'c Coding> {
    let mut printed = Vec::new();
    let mut starts = BTreeSet::from([n + 1]);
    for coding in codings {
        let mut with: BTreeSet<u64> = coding.starts(n).collect();
        with.extend(&starts);
        let ends = with.iter().skip(1);
        if with.len() > 1 && with.iter().zip(ends).all(|(start, end)| end - start >= NUMERATORS_MIN) {
            starts = with;
            printed.push(coding);
        }
    }
    printed
}

impl Family {
    /// Whether the number of a table itself is shown in a cell, when the cell is, and not a code for it.
    pub(super) fn is_exact(&self, table: usize, cell: u32, plane: &Plane) -> bool {
        self.tables[table].is_asked[cell as usize]
            && !self.is_primary(table, cell, plane)
            && !self.is_held(table, cell, plane)
    }

    /// The codings that a table's cell may be read with, as long as its number of people is: those that earlier editions
    /// printed for the same numbers, and as many of the others as leave enough numerators possible together with them.
    fn codings_at(&self, table: usize, cell: u32, lattice: &Lattice) -> Vec<&Coding> {
        let Table { codings, .. } = &self.tables[table];
        if codings.is_empty() || !lattice.listed(cell) {
            return Vec::new();
        }
        let (plane, rules) = (lattice.plane_of[cell as usize] as usize, lattice.plane(cell));
        let (known, other): (Vec<&Coding>, Vec<&Coding>) =
            codings.iter().partition(|coding| self.is_code_out(table, cell, coding));
        let is_open =
            |coding: &&Coding| coding.planes[plane] && !self.is_code_held(table, cell, rules, coding);
        let (_, people) = self.among(table);
        printed(known.into_iter().chain(other.into_iter().filter(is_open)), people[cell as usize] as u64)
    }

    /// The numbers that the codes of a table's cell leave possible; nothing where there is no code for it.
    pub(super) fn coded_interval(&self, table: usize, cell: u32, lattice: &Lattice) -> Option<Interval> {
        let (_, people) = self.among(table);
        let value = self.tables[table].totals[cell as usize] as u64;
        let codings = self.codings_at(table, cell, lattice).into_iter();
        let intervals = codings.filter_map(|coding| coding.interval(value, people[cell as usize] as u64));
        intervals.reduce(Interval::intersection)
    }

    /// The numbers of a table that the codes shown of it leave possible, for each cell that has some.
    pub(super) fn shown_intervals(&self, table: usize, coded: &[Coded]) -> HashMap<u32, Interval> {
        let mut intervals: HashMap<u32, Interval> = HashMap::new();
        self.each_code(table, coded, |coding, cell, _, (value, n)| {
            if let Some(interval) = coding.interval(value, n) {
                let known = intervals.entry(cell).or_insert(interval);
                *known = known.intersection(interval);
            }
        });
        intervals
    }

    /// Whether the codes shown of a table are those of its numbers.
    pub(super) fn codes_are_true(&self, table: usize, coded: &[Coded]) -> bool {
        let mut are_true = true;
        self.each_code(table, coded, |coding, _, code, (value, n)| {
            are_true &= coding.code(value, n) == Some(code);
        });
        are_true
    }

    /// Visits every code shown of a table: its coding, its cell, the code, and the numbers it is for.
    fn each_code(
        &self,
        table: usize,
        coded: &[Coded],
        mut visit: impl FnMut(&Coding, u32, Code, (u64, u64)),
    ) {
        let Table { codings, totals, .. } = &self.tables[table];
        let (_, people) = self.among(table);
        for coding in codings {
            let is_of = |of: &&Coded| of.measure == coding.measure && of.profile == coding.profile.id;
            for of in coded.iter().filter(is_of) {
                for (cell, code) in (0..).zip(&of.codes) {
                    if let Some(code) = code {
                        let numbers = (totals[cell as usize] as u64, people[cell as usize] as u64);
                        visit(coding, cell, *code, numbers);
                    }
                }
            }
        }
    }

    /// The codes of a table where they may be printed, one list for each of its codings that is published.
    pub(super) fn coded(
        &self,
        table: usize,
        lattice: &Lattice,
        may_show: impl Fn(u32) -> bool,
    ) -> Vec<Coded> {
        let Table { codings, totals, .. } = &self.tables[table];
        let (_, people) = self.among(table);
        let column = |coding: &Coding| {
            let codes = vec![None; lattice.n_cells()];
            Coded { measure: coding.measure, profile: coding.profile.id.clone(), codes }
        };
        let live: Vec<&Coding> = codings.iter().filter(|coding| coding.planes.contains(&true)).collect();
        let mut columns: Vec<Coded> = live.iter().copied().map(column).collect();
        for cell in (0..lattice.n_cells() as u32).filter(|&cell| may_show(cell)) {
            let (at, plane) = (cell as usize, lattice.plane_of[cell as usize] as usize);
            for coding in self.codings_at(table, cell, lattice).into_iter().filter(|of| of.planes[plane]) {
                let of = live.iter().zip(&mut columns).find(|(other, _)| std::ptr::eq(**other, coding));
                let code = coding.code(totals[at] as u64, people[at] as u64);
                of.into_iter().for_each(|(_, column)| column.codes[at] = code);
            }
        }
        columns
    }

    /// Whether everybody knows the codes of a cell from earlier editions, so that none can be hidden.
    pub(super) fn is_coded_out(&self, table: usize, cell: u32) -> bool {
        self.tables[table].codings.iter().any(|coding| self.is_code_out(table, cell, coding))
    }
}

impl Layer<'_> {
    /// Which cells of each table may be printed as codes: those that are shown, and those whose number is hidden to
    /// protect others while all of the moves stay in the range of the codes.
    pub(super) fn coded<'m>(&self, moves: impl Iterator<Item = &'m Move>) -> Vec<Vec<bool>> {
        let mut reached: HashMap<u32, (i64, i64)> = HashMap::new();
        for made in moves {
            for changed in &made.cells {
                let (down, up) = made.reach(&[(changed.cell, 1)]);
                let known = reached.entry(changed.cell).or_default();
                *known = (known.0.max(down), known.1.max(up));
            }
        }
        let may_print = |table: usize, cell: u32| {
            let at = self.on_board(table, cell);
            let Some(coded) = self.family.coded_interval(table, cell, self.lattice) else { return false };
            let value = self.board.cell(at).value;
            let (down, up) = reached.get(&at).copied().unwrap_or_default();
            !self.board.is_hidden(at) || coded.contains(value - down) && coded.contains(value + up)
        };
        let cells = 0..self.lattice.n_cells() as u32;
        let of_table = |table: usize| cells.clone().map(|cell| may_print(table, cell)).collect();
        (0..self.family.tables.len()).map(of_table).collect()
    }
}
