//! Primary suppression: what a group may not show because of who is in it.
//!
//! The same rules judge a cell and a group made of several cells, such as the hidden cells of a line.

use super::super::lattice::Plane;
use super::family::{Counts, Family};
use super::nested::Terms;

/// A number that follows from a family's tables, and may not be known where it is small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sensitive {
    /// Tables with their coefficients, the innermost first.
    pub(super) tables: Terms,
    pub(super) rule: Rule,
}

/// When a number is unsafe to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// When it is small.
    Small,
    /// When it is small, or none at all among few people, who are counted in this table.
    Telling(usize),
    /// When it says with certainty what holds for each of few people.
    Certain,
}

/// The rule for numbers of people: fewer than the minimum, but somebody.
pub(in crate::disclosure) fn is_small(count: i64, cell_min: u64) -> bool {
    (1..cell_min as i64).contains(&count)
}

/// Whether `count` of `people` have something is unsafe to show: they are few, or nobody has it.
pub(in crate::disclosure) fn is_telling(count: i64, people: i64, cell_min: u64, certainty_min: u64) -> bool {
    is_small(count, cell_min) || (count == 0 && (1..certainty_min as i64).contains(&people))
}

/// Whether a ratio of sums over `people` says with certainty what holds for each of them.
pub(super) fn is_certain(numerator: i64, denominator: i64, people: i64, certainty_min: u64) -> bool {
    (1..certainty_min as i64).contains(&people) && (numerator == 0 || numerator == denominator)
}

impl Family {
    /// Lists what is sensitive: numbers of people, of those in a population and not in one inside it, of those with an
    /// outcome and of those without, of those with an outcome and without another that it holds.
    pub(super) fn find_sensitive(&mut self) {
        let mut sensitive = Vec::new();
        for (at, table) in self.tables.iter().enumerate() {
            let alone = |rule| Sensitive { tables: vec![(at, 1)], rule };
            let without = |of, rule| Sensitive { tables: vec![(at, -1), (of, 1)], rule };
            match (table.counts, table.parent) {
                (Counts::Sums, _) => sensitive.push(alone(Rule::Certain)),
                (Counts::Outcomes, Some(people)) => {
                    sensitive.push(alone(Rule::Telling(people)));
                    sensitive.push(without(people, Rule::Telling(people)));
                    let whole = table.part.as_ref().map(|part| part.of);
                    sensitive.extend(whole.map(|of| without(of, Rule::Small)));
                }
                _ => {
                    sensitive.push(alone(Rule::Small));
                    sensitive.extend(self.around(at).map(|of| without(of, Rule::Small)));
                }
            }
        }
        let between = |tables: &Terms| Sensitive { tables: tables.clone(), rule: Rule::Small };
        sensitive.extend(self.nested.iter().map(between));
        self.sensitive = sensitive;
    }

    /// The sum of a table over some cells.
    pub(super) fn total(&self, table: usize, cells: &[u32]) -> i64 {
        cells.iter().map(|&cell| self.tables[table].totals[cell as usize]).sum()
    }

    /// Whether a table may not be shown over some cells of a plane, for its own sake or for that of a number that follows
    /// from it and others, of which `is_known` tells.
    pub(super) fn is_telling(
        &self,
        table: usize,
        cells: &[u32],
        plane: &Plane,
        is_known: impl Fn(usize) -> bool,
    ) -> bool {
        let of_table = self.sensitive.iter().filter(|number| number.tables[0].0 == table);
        of_table
            .filter(|number| number.tables[1..].iter().all(|&(other, _)| is_known(other)))
            .any(|number| self.is_unsafe(number, cells, plane))
    }

    /// Whether a table may not be shown over some cells of a plane because of a number that it is in with a later table, when
    /// `is_told` says that the number follows from this table and what is known of the others.
    pub(super) fn is_told_with(
        &self,
        table: usize,
        cells: &[u32],
        plane: &Plane,
        is_told: impl Fn(&Terms) -> bool,
    ) -> bool {
        let with_table = |number: &&Sensitive| number.tables[1..].iter().any(|&(other, _)| other == table);
        let mut with_table = self.sensitive.iter().filter(with_table);
        with_table.any(|number| is_told(&number.tables) && self.is_unsafe(number, cells, plane))
    }

    /// Whether a table is hidden in a cell by the rule itself, whatever else is shown there: it is small, or one of an
    /// outcome and its complement is.
    pub(super) fn is_primary(&self, table: usize, cell: u32, plane: &Plane) -> bool {
        let of = &self.tables[table];
        self.is_telling(table, &[cell], plane, |other| {
            of.counts == Counts::Outcomes && of.parent == Some(other)
        })
    }

    /// Whether a number over some cells of a plane is unsafe to show, for its own sake or for what it tells with earlier
    /// editions.
    pub(super) fn is_unsafe(&self, number: &Sensitive, cells: &[u32], plane: &Plane) -> bool {
        let parts = number.tables.iter().map(|&(table, times)| times * self.total(table, cells));
        let value = parts.sum();
        let by_itself = match (number.rule, &self.bounds) {
            (Rule::Small, _) => {
                let is_alone = number.tables.len() == 1;
                let concentrated = self.tables[number.tables[0].0].concentrated.iter();
                is_small(value, plane.cell_min)
                    || is_alone && concentrated.clone().any(|of| of.is_close(cells))
            }
            (Rule::Telling(people), _) => {
                is_telling(value, self.total(people, cells), plane.cell_min, plane.certainty_min)
            }
            (Rule::Certain, Some(bounds)) => {
                let total = |of: &[i64]| cells.iter().map(|&cell| of[cell as usize]).sum();
                is_certain(value, total(&bounds.totals), total(&bounds.people), plane.certainty_min)
            }
            (Rule::Certain, None) => false,
        };
        by_itself || self.is_small_change(number, cells, plane)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_needs_enough_people_with_and_without_the_outcome() {
        let check = |count, people, expected| {
            let is_unsafe = is_telling(count, people, 10, 300) || is_telling(people - count, people, 10, 300);
            assert_eq!(is_unsafe, expected, "{count} of {people}");
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
    }

    #[test]
    fn certainty_takes_a_large_group() {
        assert!(is_certain(0, 180, 299, 300) && is_certain(180, 180, 299, 300));
        assert!(
            !is_certain(180, 180, 300, 300) && !is_certain(179, 180, 20, 300) && !is_certain(0, 0, 0, 300)
        );
    }
}
