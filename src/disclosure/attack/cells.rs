//! Feasibility intervals over the published cells, by linear programming.
//!
//! Here the intruder has one unknown for each group that can be asked for, and knows what adds up to what. He does
//! not know how those who are in several groups at once are spread over groups that cross more dimensions.

use super::view::{Group, View};
use super::{Quantity, Target};
use crate::outcomes::Values;
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome, Variable};
use std::collections::BTreeMap;

/// The interval of a number over some groups; see [`super::interval_in_cells`].
pub(super) fn interval(view: &View<'_>, target: &Target, insider: Option<u16>) -> Option<(f64, f64)> {
    let groups: Vec<Group> = target.cells.iter().map(|names| view.group(names)).collect::<Option<_>>()?;
    let population = |measure: usize| view.tabulation.measures[measure].population;
    let parts: Vec<(usize, f64)> = match target.quantity {
        Quantity::People(at) => vec![(at, 1.0)],
        Quantity::Between(outer, inner) => vec![(outer, 1.0), (inner, -1.0)],
        Quantity::Outcome(measure) => vec![(view.block(measure), 1.0)],
        Quantity::Within(outer, inner) => vec![(view.block(outer), 1.0), (view.block(inner), -1.0)],
        Quantity::Complement(measure) => vec![(population(measure), 1.0), (view.block(measure), -1.0)],
        Quantity::Sum(_) => return None,
    };
    let is_asked = |block: usize| groups.iter().all(|group| view.is_asked(block, group));
    let is_own = insider.is_some_and(|insider| view.is_alone(insider, parts[0].0, &groups));
    if is_own || !parts.iter().all(|&(block, _)| is_asked(block)) {
        return None;
    }
    let solve = |direction| Cells::new(view, direction, &parts, &groups, insider).solve();
    Some((solve(OptimizationDirection::Minimize)?, solve(OptimizationDirection::Maximize)?))
}

struct Cells {
    problem: Problem,
    /// The unknown of each group, for each block of people or outcomes.
    variables: BTreeMap<(usize, Group), Variable>,
}

impl Cells {
    fn new(
        view: &View<'_>,
        direction: OptimizationDirection,
        parts: &[(usize, f64)],
        target: &[Group],
        insider: Option<u16>,
    ) -> Self {
        let mut cells = Self { problem: Problem::new(direction), variables: BTreeMap::new() };
        let tabulation = view.tabulation;
        let is_share = |&measure: &usize| matches!(tabulation.atoms.values[measure], Values::Share(_));
        let shares: Vec<usize> = (0..tabulation.measures.len()).filter(is_share).collect();
        let blocks =
            (0..tabulation.populations.len()).chain(shares.iter().map(|&measure| view.block(measure)));
        for block in blocks {
            let times = parts.iter().find(|part| part.0 == block).map_or(0.0, |part| part.1);
            for group in view.groups.keys() {
                let key = (block, group.clone());
                let range = match view.total(block, group) {
                    value if view.shown.contains(&key) || insider.is_some_and(|at| view.holds(at, group)) => {
                        (value as f64, value as f64)
                    }
                    _ if view.empty.contains(&key) => (0.0, 0.0),
                    _ if view.coded.contains_key(&key) => {
                        let (low, high) = view.coded[&key];
                        (low as f64, high as f64)
                    }
                    _ if view.hidden.contains(&key) => (1.0, f64::INFINITY),
                    _ => (0.0, f64::INFINITY),
                };
                let weight = if target.contains(group) { times } else { 0.0 };
                cells.variables.insert(key, cells.problem.add_var(weight, range));
            }
            cells.add_sums(view, block);
        }
        for at in 0..tabulation.populations.len() {
            tabulation.holders(at).into_iter().for_each(|around| cells.add_bound(view, at, around));
        }
        shares
            .iter()
            .for_each(|&at| cells.add_bound(view, view.block(at), tabulation.measures[at].population));
        for at in 0..tabulation.measures.len() {
            view.implied(at).for_each(|of| cells.add_bound(view, view.block(at), view.block(of)));
        }
        cells
    }

    /// A group is the sum of those one category down in a dimension.
    fn add_sums(&mut self, view: &View<'_>, block: usize) {
        let mut sums: BTreeMap<(usize, Group), Vec<(Variable, f64)>> = BTreeMap::new();
        for group in view.groups.keys() {
            for at in 0..group.len() {
                if let Some(parent) = view.parent(group, at) {
                    let part = (self.variables[&(block, group.clone())], -1.0);
                    sums.entry((at, parent)).or_default().push(part);
                }
            }
        }
        for ((_, parent), mut parts) in sums {
            if let Some(&whole) = self.variables.get(&(block, parent)) {
                parts.push((whole, 1.0));
                self.problem.add_constraint(&parts, ComparisonOp::Eq, 0.0);
            }
        }
    }

    fn add_bound(&mut self, view: &View<'_>, inner: usize, outer: usize) {
        for group in view.groups.keys() {
            let of = |block: usize| self.variables[&(block, group.clone())];
            let row = [(of(outer), 1.0), (of(inner), -1.0)];
            self.problem.add_constraint(row, ComparisonOp::Ge, 0.0);
        }
    }

    fn solve(&self) -> Option<f64> {
        match self.problem.solve().ok()? {
            SolveOutcome::Solution(solution) => Some(solution.objective()),
            SolveOutcome::Interrupted(_) => None,
        }
    }
}
