//! Primary suppression: what a group may not show because of who is in it.
//!
//! The same rules judge a cell and a group made of several cells, such as the hidden cells of a line.

use super::lattice::{Lattice, Sums};

/// The rule for numbers of people: fewer than the minimum, but somebody.
pub(super) fn is_small(count: u64, cell_min: u64) -> bool {
    (1..cell_min).contains(&count)
}

/// Whether an outcome that `count` of `people` have is unsafe to show.
///
/// With `complement_known`, those without it are protected as well: they follow when the number of
/// people does.
pub(super) fn is_telling(
    count: u64,
    people: u64,
    complement_known: bool,
    cell_min: u64,
    certainty_min: u64,
) -> bool {
    let none = count == 0 && people > 0 && people < certainty_min;
    let all = count == people && people > 0 && people < certainty_min;
    let rest = people - count;
    is_small(count, cell_min) || none || (complement_known && (all || is_small(rest, cell_min)))
}

/// Whether a ratio of sums over `people` says with certainty what holds for each of them.
pub(super) fn is_certain(numerator: u64, denominator: u64, people: u64, certainty_min: u64) -> bool {
    people > 0 && people < certainty_min && (numerator == 0 || numerator == denominator)
}

/// The rules on the groups of one lattice; a group is a list of disjoint cells of one plane.
pub(super) struct Rules<'a> {
    pub(super) lattice: &'a Lattice,
    /// The population of each measure.
    pub(super) population_of: &'a [usize],
    /// Populations that hold everybody in each population, nearest first.
    pub(super) ancestors: &'a [Vec<usize>],
}

impl Rules<'_> {
    /// Whether the number of people is unsafe: of the population, or of those who are in a larger
    /// population whose number `is_known` and not in this one.
    pub(super) fn people(
        &self,
        population: usize,
        group: &[u32],
        is_known: impl Fn(usize, u32) -> bool,
    ) -> bool {
        let cell_min = self.lattice.plane(group[0]).cell_min;
        let people = total(&self.lattice.people[population], group);
        let between = |&larger: &usize| {
            group.iter().all(|&cell| is_known(larger, cell))
                && is_small(total(&self.lattice.people[larger], group).saturating_sub(people), cell_min)
        };
        is_small(people, cell_min) || self.ancestors[population].iter().any(between)
    }

    /// Whether a measure's value is unsafe, apart from its number of people.
    pub(super) fn value(&self, measure: usize, group: &[u32], people_known: bool) -> bool {
        let plane = self.lattice.plane(group[0]);
        let people = total(&self.lattice.people[self.population_of[measure]], group);
        match &self.lattice.sums[measure] {
            Sums::Count | Sums::Mean(..) => false,
            Sums::Share(counts) => {
                is_telling(total(counts, group), people, people_known, plane.cell_min, plane.certainty_min)
            }
            Sums::Ratio(numerators, denominators) => {
                let (numerator, denominator) = (total(numerators, group), total(denominators, group));
                is_certain(numerator, denominator, people, plane.certainty_min)
            }
        }
    }
}

fn total(values: &[u64], group: &[u32]) -> u64 {
    group.iter().map(|&cell| values[cell as usize]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_needs_enough_people_with_and_without_the_outcome() {
        let check = |count, people, expected| {
            assert_eq!(is_telling(count, people, true, 10, 300), expected, "{count} of {people}");
        };
        check(0, 0, false);
        check(0, 12, true);
        check(12, 12, true);
        check(9, 40, true);
        check(31, 40, true);
        check(10, 40, false);
        check(30, 40, false);
        check(0, 299, true);
        check(0, 300, false);
        check(300, 300, false);
        check(299, 300, true);
        assert!(!is_telling(31, 40, false, 10, 300), "who lacks it can not be counted without the people");
    }

    #[test]
    fn certainty_takes_a_large_group() {
        assert!(is_certain(0, 180, 299, 300) && is_certain(180, 180, 299, 300));
        assert!(
            !is_certain(180, 180, 300, 300) && !is_certain(179, 180, 20, 300) && !is_certain(0, 0, 0, 300)
        );
    }
}
