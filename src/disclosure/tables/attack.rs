//! The intruder: what the shown cells of a table say about the hidden ones, whoever hid them.
//!
//! It shares nothing with the protection but the layout: linear programs of a library, one for each bound, over
//! the parts of the table that hidden cells hold together.

use super::{Problem, Rule};
use crate::parallel::in_parallel;
use microlp::{ComparisonOp, OptimizationDirection, Problem as Program};
use std::collections::HashMap;

/// What an intruder knows besides the shown cells and their sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attacker {
    /// That values are not negative.
    NonNegative,
    /// And that zeros are shown, so that a hidden count is at least 1.
    Zeros,
    /// And which hidden cells are sensitive and which protect them.
    Legend,
}

/// What an attack finds out about a sensitive cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// The cell.
    pub cell: u32,
    /// The least value it could have.
    pub low: f64,
    /// The greatest value it could have; infinite where nothing bounds it.
    pub high: f64,
}

impl Finding {
    /// Whether the value follows exactly, as it is a whole number.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.width() < 1.0
    }

    /// How much larger the greatest whole number is than the least.
    #[must_use]
    pub fn width(&self) -> f64 {
        (self.high + SLACK).floor() - (self.low - SLACK).ceil()
    }
}

/// More than the error of a linear program, less than what matters.
const SLACK: f64 = 1e-6;

/// Bounds the sensitive cells among the hidden ones. `known` are hidden cells whose value the intruder knows.
///
/// The problem says what is sensitive; its pattern plays no part. Cells for which the library finds no bound are
/// left out: a pattern over values that do not add up.
#[must_use]
pub fn attack(problem: &Problem<'_>, is_hidden: &[bool], attacker: Attacker, known: &[u32]) -> Vec<Finding> {
    let is_open = |cell: u32| is_hidden[cell as usize] && !known.contains(&cell);
    let parts = parts(problem.layout, is_open);
    let bound = |part: &Part<'_>| {
        let sensitive = part.cells.iter().filter(|cell| problem.is_primary(**cell));
        let find = |&cell: &u32| {
            let bound = |direction| part.bound(problem, attacker, cell, direction);
            let (low, high) =
                (bound(OptimizationDirection::Minimize)?, bound(OptimizationDirection::Maximize)?);
            Some(Finding { cell, low, high })
        };
        sensitive.filter_map(find).collect::<Vec<_>>()
    };
    let mut findings: Vec<Finding> = in_parallel(&parts, bound).into_iter().flatten().collect();
    findings.sort_by_key(|finding| finding.cell);
    findings
}

/// What the intruder takes for possible in a hidden cell, as far as the cell itself tells.
fn range(problem: &Problem<'_>, attacker: Attacker, cell: u32) -> (i64, i64) {
    let (low, high) = match (problem.rule, attacker, problem.is_primary(cell)) {
        (Rule::Flagged { .. }, ..) | (_, Attacker::NonNegative, _) => (0, i64::MAX),
        (_, Attacker::Zeros, _) => (1, i64::MAX),
        // A cell flagged for another reason may have any value.
        (Rule::Small { minimum, .. }, Attacker::Legend, true)
            if problem.values.values[cell as usize] < minimum =>
        {
            (1, minimum - 1)
        }
        (Rule::Small { .. }, Attacker::Legend, true) => (1, i64::MAX),
        (Rule::Small { minimum, .. }, Attacker::Legend, false) => (minimum, i64::MAX),
    };
    // Where zeros are hidden, a hidden cell may be one.
    let low = if low == 1 && problem.hides_zeros { 0 } else { low };
    problem.values.known_range[cell as usize]
        .map_or((low, high), |(least, most)| (low.max(least), high.min(most)))
}

/// Hidden cells that sums hold together.
struct Part<'l> {
    cells: Vec<u32>,
    relations: Vec<&'l Vec<(u32, i32)>>,
}

fn parts(layout: &super::Layout, is_open: impl Fn(u32) -> bool) -> Vec<Part<'_>> {
    let mut leader: Vec<u32> = (0..layout.n_cells() as u32).collect();
    fn find(leader: &mut [u32], mut cell: u32) -> u32 {
        while leader[cell as usize] != cell {
            leader[cell as usize] = leader[leader[cell as usize] as usize];
            cell = leader[cell as usize];
        }
        cell
    }
    let open = |relation: &Vec<(u32, i32)>| relation.iter().map(|of| of.0).find(|&cell| is_open(cell));
    for relation in &layout.relations {
        let Some(first) = open(relation) else { continue };
        for &(cell, _) in relation.iter().filter(|(cell, _)| is_open(*cell)) {
            let (a, b) = (find(&mut leader, first), find(&mut leader, cell));
            leader[a.max(b) as usize] = a.min(b);
        }
    }
    let mut parts: HashMap<u32, Part<'_>> = HashMap::new();
    for cell in (0..layout.n_cells() as u32).filter(|&cell| is_open(cell)) {
        let of = find(&mut leader, cell);
        parts.entry(of).or_insert(Part { cells: vec![], relations: vec![] }).cells.push(cell);
    }
    for relation in &layout.relations {
        let of = open(relation).map(|cell| find(&mut leader, cell));
        if let Some(part) = of.and_then(|of| parts.get_mut(&of)) {
            part.relations.push(relation);
        }
    }
    let mut parts: Vec<Part<'_>> = parts.into_values().collect();
    // The largest first, so that no core waits for the last one.
    parts.sort_by_key(|part| (std::cmp::Reverse(part.cells.len()), part.cells[0]));
    parts
}

impl Part<'_> {
    fn bound(
        &self,
        problem: &Problem<'_>,
        attacker: Attacker,
        target: u32,
        direction: OptimizationDirection,
    ) -> Option<f64> {
        let mut program = Program::new(direction);
        let mut variables = HashMap::with_capacity(self.cells.len());
        for &cell in &self.cells {
            let (low, high) = range(problem, attacker, cell);
            let high = if high == i64::MAX { f64::INFINITY } else { high as f64 };
            let weight = if cell == target { 1.0 } else { 0.0 };
            variables.insert(cell, program.add_var(weight, (low as f64, high)));
        }
        for relation in &self.relations {
            // What the shown cells leave for the hidden ones. Rounded values do not add up; the intruder is
            // granted what rounding took.
            let (mut terms, mut left) = (Vec::new(), 0.0);
            for &(cell, sign) in *relation {
                if let Some(&variable) = variables.get(&cell) {
                    terms.push((variable, f64::from(sign)));
                    left += f64::from(sign) * problem.values.values[cell as usize] as f64;
                }
            }
            program.add_constraint(&terms[..], ComparisonOp::Eq, left);
        }
        match program.solve() {
            Ok(outcome) => outcome.into_solution().ok().map(|solution| solution.objective()),
            Err(microlp::Error::Unbounded) => Some(f64::INFINITY),
            Err(_) => None,
        }
    }
}
