//! References: what each group of a figure is compared to.

use super::arm::{Arm, Missing};
use super::catalog::{ALL, UNKNOWN};
use super::grid::Grid;
use super::over_time::Levels;
use super::report::Reference;
use super::words::year;

/// How the reference begins that is all others.
pub(super) const OTHERS: &str = "All but ";

/// A group's levels, and its reference's.
pub(super) struct Pair {
    pub(super) label: String,
    pub(super) against: String,
    pub(super) focal: Levels,
    pub(super) reference: Levels,
    /// The reference's levels as they are told: also where the two are not compared.
    pub(super) told: Levels,
}

/// The groups asked for, each with its reference; without any, all of the dimension but the reference.
pub(super) fn pairs(grid: &Grid<'_>, focal: &[String], reference: &Reference) -> Vec<Pair> {
    let beside = beside(grid, focal);
    let chosen = choose(grid, &beside, reference);
    let focal: Vec<&String> = match focal {
        [] => beside.iter().filter(|id| chosen.as_ref().is_none_or(|(other, _)| other != *id)).collect(),
        asked => asked.iter().collect(),
    };
    let pair = |category: &String| {
        let label = grid.label(category);
        let levels: Levels = grid.years.iter().map(|year| (*year, grid.arm(*year, &[category]))).collect();
        let against = match (reference, &chosen) {
            (Reference::Others, _) => format!("{OTHERS}{label}"),
            (_, Some((_, label))) => label.clone(),
            (_, None) => "No reference".into(),
        };
        let other = |(year, arm): &(u32, Result<Arm, Missing>)| match (reference, &chosen) {
            (Reference::Others, _) => {
                let (all, arm) = (grid.arm(*year, &[ALL])?, arm.as_ref().map_err(Clone::clone)?);
                all.without(arm, grid.table.cell_min())
            }
            (_, Some((id, _))) => grid.arm(*year, &[id]),
            (_, None) => Err(Missing::Because("no group that could be the reference is shown")),
        };
        let told: Levels = levels.iter().map(|level| (level.0, other(level))).collect();
        let apart = match &chosen {
            Some((id, _)) => grid.apart(std::slice::from_ref(category), std::slice::from_ref(id)),
            None => Ok(()),
        };
        let compared = told.iter().map(|(year, arm)| (*year, apart.clone().and_then(|()| arm.clone())));
        Pair { label, against, reference: compared.collect(), focal: levels, told }
    };
    focal.into_iter().map(pair).collect()
}

/// The categories that stand beside the groups: under the same parent, without the one of people not known.
fn beside(grid: &Grid<'_>, focal: &[String]) -> Vec<String> {
    let first = focal.first().zip(grid.named(0)).and_then(|(first, dimension)| dimension.category(first));
    let parent = first.map_or(ALL, |known| known.parent.as_str());
    let parts = grid.parts(0, None, parent).into_iter();
    parts.filter(|id| *id != UNKNOWN).map(str::to_owned).collect()
}

/// The reference and its label, by what is shown in the last year: the same one in all years. Nothing for all others.
fn choose(grid: &Grid<'_>, beside: &[String], reference: &Reference) -> Option<(String, String)> {
    let last = grid.last_year()?;
    let shown = beside.iter().filter_map(|id| Some((id, grid.arm(last, &[id]).ok()?)));
    let by = |of: fn(&Arm) -> f64, word: &str| {
        let largest =
            shown.clone().filter(|(_, arm)| arm.is_large()).fold(None, |best, (id, arm)| match best {
                Some((_, top)) if of(&arm) <= top => best,
                _ => Some((id, of(&arm))),
            });
        largest.map(|(id, _)| (id.clone(), format!("{} ({word} shown in {})", grid.label(id), year(last))))
    };
    match reference {
        Reference::Others => None,
        Reference::Category(id) => Some((id.clone(), grid.label(id))),
        Reference::Largest => by(|arm| arm.counts.people.unwrap_or(0) as f64, "the largest"),
        Reference::Highest => by(|arm| arm.value, "the highest"),
        Reference::Lowest => by(|arm| -arm.value, "the lowest"),
    }
}
