//! Pooled groups: what the hidden groups of a line have together, for rules that print it.
//!
//! It follows from the row above them and the rows beside them, so it says nothing that the answer does not say already:
//! where it could not be known, because it would tell of few people, the seal hides one of those too.

use super::super::protection::{is_small, is_telling};
use super::super::table::{Cell, Mark};
use super::{Method, RuleProfile, SealedValues, View};

/// The rows of an answer in one period, with the position of its dimensions.
pub(super) struct Rows<'a> {
    /// Positions of the dimensions in the lattice.
    pub(super) dimensions: &'a [usize],
    /// One for every combination of categories, the last dimension fastest.
    pub(super) cells: &'a [Cell],
}

impl View<'_> {
    /// A row for each line of categories of one parent, some of them hidden, that are known together.
    ///
    /// Lines of places are not pooled: the sources pool groups of students.
    pub(super) fn pools(&self, rows: &Rows<'_>) -> Vec<Cell> {
        let values = &self.lattice.values[self.measure];
        let (Some(pool), SealedValues::Count | SealedValues::Share(_)) = (&self.profile.pool, values) else {
            return Vec::new();
        };
        if self.lattice.method != Method::Exact {
            // Where numbers are rounded nothing is hidden, and with noise they do not add up.
            return Vec::new();
        }
        let is_share = !values.is_count();
        let sizes: Vec<usize> =
            rows.dimensions.iter().map(|&at| self.lattice.dimensions[at].nodes.len()).collect();
        let mut pools = Vec::new();
        for place in (0..sizes.len()).filter(|&place| rows.dimensions[place] > 0) {
            let step: usize = sizes[place + 1..].iter().product();
            let nodes = &self.lattice.dimensions[rows.dimensions[place]].nodes;
            let is_first = |at: &usize| (at / step).is_multiple_of(sizes[place]);
            for first in (0..rows.cells.len()).filter(is_first) {
                for parent in 0..nodes.len() {
                    let children = (1..nodes.len()).filter(|&node| usize::from(nodes[node].parent) == parent);
                    let line: Vec<&Cell> = children.map(|node| &rows.cells[first + node * step]).collect();
                    let whole = &rows.cells[first + parent * step];
                    let Some((people, outcomes)) = together(whole, &line, is_share) else { continue };
                    if !self.profile.shows(people, is_share.then_some(outcomes)) {
                        continue;
                    }
                    let mut categories = whole.categories.clone();
                    categories[place] = match parent {
                        0 => pool.clone(),
                        _ => format!("{pool}: {}", nodes[parent].id),
                    };
                    let mut cell = Cell { categories, denominator: Some(people), ..whole.clone() };
                    cell.set_mark(if is_share && outcomes == 0 { Mark::Zero } else { Mark::Shown });
                    cell.numerator = is_share.then_some(outcomes);
                    cell.value = is_share.then_some(outcomes as f64 / people as f64);
                    pools.push(cell);
                }
            }
        }
        pools
    }
}

/// People and outcomes that a group has beyond the parts of it that are shown, when some are hidden.
fn together(whole: &Cell, line: &[&Cell], is_share: bool) -> Option<(u64, u64)> {
    let counts = |cell: &Cell| {
        let outcomes = if is_share { cell.numerator } else { Some(0) };
        (cell.mark() != Mark::Hidden).then_some(cell.denominator?).zip(outcomes)
    };
    let (mut people, mut outcomes) = counts(whole)?;
    let is_hidden = |cell: &&&Cell| cell.mark() == Mark::Hidden;
    line.iter().find(is_hidden)?;
    for (of_people, of_outcomes) in line.iter().filter_map(|cell| counts(cell)) {
        people = people.checked_sub(of_people)?;
        outcomes = outcomes.checked_sub(of_outcomes)?;
    }
    (outcomes <= people).then_some((people, outcomes))
}

impl RuleProfile {
    /// Whether a group with somebody in it may be shown for its own sake, with a number of outcomes.
    fn shows(&self, people: u64, outcomes: Option<u64>) -> bool {
        // Counts of people are far below 2^63.
        let (people, outcomes) = (people as i64, outcomes.map(|outcomes| outcomes as i64));
        let is_telling = |count| is_telling(count, people, self.cell_min, self.certainty_min);
        people > 0
            && !is_small(people, self.cell_min)
            && outcomes.is_none_or(|outcomes| !is_telling(outcomes) && !is_telling(people - outcomes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(people: Option<u64>, outcomes: Option<u64>) -> Cell {
        let mut cell = Cell { denominator: people, numerator: outcomes, ..Cell::default() };
        cell.set_mark(if outcomes.is_some() { Mark::Shown } else { Mark::Hidden });
        cell
    }

    #[test]
    fn what_is_hidden_is_the_whole_without_what_is_shown() {
        let (whole, shown) = (cell(Some(90), Some(40)), cell(Some(50), Some(30)));
        // The number of people of one hidden cell is shown; its outcomes are not, so it is one of the pool.
        let (hidden, half) = (cell(None, None), cell(Some(25), None));
        assert_eq!(together(&whole, &[&shown, &half, &hidden], true), Some((40, 10)));
        assert_eq!(together(&whole, &[&shown, &shown], true), None, "nothing is hidden");
        assert_eq!(together(&hidden, &[&shown, &hidden], true), None, "the whole is hidden too");
    }

    #[test]
    fn a_pool_is_judged_like_any_group() {
        let rule = RuleProfile::named("california-pooled").expect("embedded");
        let check = |people, outcomes, expected| assert_eq!(rule.shows(people, outcomes), expected);
        check(9, None, false);
        check(10, None, true);
        check(44, Some(44), false);
        check(44, Some(35), false);
        check(44, Some(34), true);
        check(0, None, false);
    }
}
