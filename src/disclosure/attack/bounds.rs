//! Feasibility intervals by linear programming.

use super::view::View;
use super::{Quantity, Target};
use crate::outcomes::Values;
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome};

/// The interval of a target; see [`super::interval`].
pub(super) fn interval(view: &View<'_>, target: &Target) -> Option<(f64, f64)> {
    if matches!(target.quantity, Quantity::Sum(_)) {
        return None;
    }
    let terms = view.terms(target)?;
    let bound = |direction| solve(view, &terms, direction);
    Some((bound(OptimizationDirection::Minimize)?, bound(OptimizationDirection::Maximize)?))
}

fn solve(view: &View<'_>, target: &[(usize, i64)], direction: OptimizationDirection) -> Option<f64> {
    let mut problem = Problem::new(direction);
    let (tabulation, n_atoms) = (view.tabulation, view.n_atoms());
    let n_variables = n_atoms * (tabulation.populations.len() + tabulation.measures.len());
    let mut objective = vec![0.0; n_variables];
    for &(variable, coefficient) in target {
        objective[variable] += coefficient as f64;
    }
    let variables: Vec<_> =
        objective.iter().map(|&weight| problem.add_var(weight, (0.0, f64::INFINITY))).collect();
    let counted = |measure: usize| matches!(tabulation.atoms.values[measure], Values::Share(_));
    let n_blocks = tabulation.populations.len();
    for equation in &view.equations {
        // Sums of scores are in a unit of their own and bound nothing here.
        let of_people = |&(variable, _): &(usize, i64)| variable / n_atoms < n_blocks;
        let of_outcomes = |&(variable, _): &(usize, i64)| counted(variable / n_atoms - n_blocks);
        if let Some(value) = equation.value
            && equation.terms.iter().all(|term| of_people(term) || of_outcomes(term))
        {
            let row: Vec<_> = equation.terms.iter().map(|&(at, c)| (variables[at], c as f64)).collect();
            problem.add_constraint(&row, ComparisonOp::Eq, value);
        }
    }
    for (population, group) in &view.hidden {
        let cell = Target { quantity: Quantity::People(*population), cells: vec![view.name(group)] };
        let row: Vec<_> = view.terms(&cell)?.iter().map(|&(at, c)| (variables[at], c as f64)).collect();
        problem.add_constraint(&row, ComparisonOp::Ge, 1.0);
    }
    for ((block, group), &(low, high)) in &view.coded {
        let measure = block - n_blocks;
        let cell = Target { quantity: Quantity::Outcome(measure), cells: vec![view.name(group)] };
        let row: Vec<_> = view.terms(&cell)?.iter().map(|&(at, c)| (variables[at], c as f64)).collect();
        problem.add_constraint(&row, ComparisonOp::Ge, low as f64);
        problem.add_constraint(&row, ComparisonOp::Le, high as f64);
    }
    let mut within = |inner: usize, outer: usize| {
        for at in 0..n_atoms {
            let row = [(variables[outer * n_atoms + at], 1.0), (variables[inner * n_atoms + at], -1.0)];
            problem.add_constraint(row, ComparisonOp::Ge, 0.0);
        }
    };
    for population in 0..tabulation.populations.len() {
        tabulation.holders(population).into_iter().for_each(|larger| within(population, larger));
    }
    for (measure, of) in tabulation.measures.iter().enumerate().filter(|&(measure, _)| counted(measure)) {
        within(view.block(measure), of.population);
        view.implied(measure).for_each(|outer| within(view.block(measure), view.block(outer)));
    }
    match problem.solve().ok()? {
        SolveOutcome::Solution(solution) => Some(solution.objective()),
        SolveOutcome::Interrupted(_) => None,
    }
}
