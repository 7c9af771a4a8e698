//! A grid: the cells of one table by year and category, with what they are called.

use super::arm::{Arm, Missing};
use super::catalog::{ALL, Category, Dimension, Offer};
use super::figure::Loss;
use super::report::{Direction, Spec};
use super::row::Scale;
use super::words::{gone, not_counted, year};
use crate::disclosure::{Mark, ProtectedTable};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A table to look things up in; it remembers which cells were looked at.
pub(super) struct Grid<'a> {
    pub(super) table: &'a ProtectedTable,
    pub(super) offer: Option<&'a Offer>,
    pub(super) spec: &'a Spec,
    /// School years of the table, ascending.
    pub(super) years: Vec<u32>,
    cells: BTreeMap<(u32, &'a [String]), usize>,
    seen: RefCell<BTreeSet<usize>>,
}

impl<'a> Grid<'a> {
    pub(super) fn new(spec: &'a Spec, table: &'a ProtectedTable, offer: Option<&'a Offer>) -> Self {
        let years: BTreeSet<u32> = table.cells().iter().map(|cell| cell.period).collect();
        let place = |(at, cell): (usize, &'a crate::disclosure::Cell)| {
            ((cell.period, cell.categories.as_slice()), at)
        };
        let cells = table.cells().iter().enumerate().map(place).collect();
        Self { table, offer, spec, years: years.into_iter().collect(), cells, seen: RefCell::default() }
    }

    /// What the cell of these categories says, one for each dimension.
    pub(super) fn arm(&self, year: u32, categories: &[&str]) -> Result<Arm, Missing> {
        let key: Vec<String> = categories.iter().map(ToString::to_string).collect();
        let at = *self.cells.get(&(year, key.as_slice())).ok_or(Missing::Absent)?;
        self.seen.borrow_mut().insert(at);
        Arm::of(self.table, &self.table.cells()[at])
    }

    /// Several categories of the first dimension as one group.
    pub(super) fn group(&self, year: u32, categories: &[String]) -> Result<Arm, Missing> {
        let overlaps =
            |(at, one): (usize, &String)| self.overlap(std::slice::from_ref(one), &categories[at + 1..]);
        if categories.iter().enumerate().any(overlaps) {
            return Err(Missing::Because("its categories have students in common, who would count twice"));
        }
        Arm::pooled(categories.iter().map(|category| self.arm(year, &[category])))
    }

    /// Whether two groups of categories of the first dimension have students in common.
    pub(super) fn overlap(&self, one: &[String], other: &[String]) -> bool {
        let of_two = |a: &String, b: &String| match self.named(0) {
            Some(dimension) => dimension.overlap(a, b),
            None => a == b || a == ALL || b == ALL,
        };
        one.iter().any(|a| other.iter().any(|b| of_two(a, b)))
    }

    /// Why two groups of the first dimension are not compared; nothing where they can be.
    ///
    /// Intervals take the two as drawn apart, which they are not where the same students are in both.
    pub(super) fn apart(&self, one: &[String], other: &[String]) -> Result<(), Missing> {
        if one == other {
            return Err(Missing::Because("it is what it is compared to"));
        }
        if self.overlap(one, other) {
            return Err(Missing::Because("the two groups have students in common, so they are not compared"));
        }
        Ok(())
    }

    /// The categories of a dimension that the table has, in its order; in one year or in any.
    ///
    /// An older edition has other places, zones and programs than the one that names the categories, and a year others than
    /// the next.
    pub(super) fn categories(&self, dimension: usize, year: Option<u32>) -> Vec<&'a str> {
        let mut found: Vec<&str> = Vec::new();
        let cells = self.table.cells().iter().filter(|cell| year.is_none_or(|year| cell.period == year));
        for category in cells.filter_map(|cell| cell.categories.get(dimension)) {
            // What hidden groups have together, where a rule prints it, has a name with spaces in place of an id: other
            // groups each year.
            if !category.contains(' ') && !found.contains(&category.as_str()) {
                found.push(category);
            }
        }
        found
    }

    /// Those of them that stand right under one. A category without a name is taken to stand under the whole, but for a
    /// school: its district is not known.
    pub(super) fn parts(&self, dimension: usize, year: Option<u32>, parent: &str) -> Vec<&'a str> {
        let known = self.named(dimension);
        let is_part = |id: &&str| match known.and_then(|known| known.category(id)) {
            Some(category) => category.parent == parent,
            None => parent == ALL && !id.contains(':'),
        };
        let categories = self.categories(dimension, year).into_iter();
        categories.filter(|id| *id != parent && *id != ALL).filter(is_part).collect()
    }

    /// What is known of a dimension of the table.
    pub(super) fn named(&self, dimension: usize) -> Option<&'a Dimension> {
        self.offer?.dimension(self.table.dimensions().get(dimension)?)
    }

    pub(super) fn last_year(&self) -> Option<u32> {
        self.years.last().copied()
    }

    /// What a category of the first dimension is called.
    pub(super) fn label(&self, category: &str) -> String {
        self.label_in(0, category)
    }

    /// What a category of a dimension is called; with its id where another one is called the same, as schools are.
    pub(super) fn label_in(&self, dimension: usize, category: &str) -> String {
        if category == ALL && dimension < self.table.dimensions().len() {
            return "All".into();
        }
        let Some((known, found)) =
            self.named(dimension).and_then(|known| Some((known, known.category(category)?)))
        else {
            return category.to_owned();
        };
        let is_namesake = |other: &Category| other.label == found.label && other.id != found.id;
        match found.label.as_str() {
            // These say nothing without what they are about.
            label @ ("Yes" | "No" | "Not known") => format!("{}: {label}", known.label),
            label if known.categories.iter().any(is_namesake) => format!("{label} ({category})"),
            label => label.to_owned(),
        }
    }

    /// What several categories of the first dimension are called together.
    pub(super) fn labels(&self, categories: &[String]) -> String {
        categories.iter().map(|category| self.label(category)).collect::<Vec<_>>().join(" + ")
    }

    /// Which way is better: as the report says, or else that of the indicator.
    pub(super) fn direction(&self, declared: Option<Direction>) -> Direction {
        declared.unwrap_or_else(|| {
            let used = self.offer.and_then(|offer| offer.used(self.table.indicator()));
            used.map_or(Direction::Up, |used| Direction::of(&used.indicator))
        })
    }

    pub(super) fn levels(&self) -> Scale {
        Scale::of_levels(self.table.measure())
    }

    pub(super) fn differences(&self) -> Scale {
        Scale::of_differences(self.table.measure())
    }

    /// The first break after one year and up to another.
    pub(super) fn break_between(&self, from: u32, to: u32) -> Option<u32> {
        let breaks = self.spec.breaks.iter().map(|each| each.year);
        breaks.filter(|year| from < *year && *year <= to).min()
    }

    /// The first year of the table that is measured as the last one is.
    pub(super) fn comparable_since(&self) -> Option<u32> {
        let last = self.last_year()?;
        self.years.iter().copied().find(|year| self.break_between(*year, last).is_none())
    }

    pub(super) fn loss(&self) -> Loss {
        let marks = self.seen.borrow();
        let marks = marks.iter().map(|at| self.table.cells()[*at].mark()).filter(|mark| *mark != Mark::Empty);
        let (hidden, shown): (Vec<_>, Vec<_>) = marks.partition(|mark| *mark == Mark::Hidden);
        Loss { hidden: hidden.len(), cells: hidden.len() + shown.len() }
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.table.rounded_to() > 0 {
            notes
                .push(format!("Numbers of students are rounded to the nearest {}.", self.table.rounded_to()));
        }
        if self.table.people_noise() > 0.0 {
            notes.push(format!(
                "Noise was added to protect students: 19 of 20 numbers of students are within ±{:.0} of the counted one, \
                 and as many levels within what stands beside them.",
                1.96 * self.table.people_noise()
            ));
        }
        for dimension in 0..self.table.dimensions().len() {
            let known = self.named(dimension).filter(|known| !known.categories.is_empty());
            let unnamed = self.categories(dimension, None).into_iter();
            let unnamed: Vec<&str> =
                unnamed.filter(|id| known.is_some_and(|known| known.category(id).is_none())).collect();
            if !unnamed.is_empty() {
                notes.push(format!(
                    "Not in the product's newest edition, so without a name here: {}.",
                    unnamed.join(", ")
                ));
            }
        }
        let years: BTreeSet<u32> =
            self.seen.borrow().iter().map(|at| self.table.cells()[*at].period).collect();
        let left_out = self.table.left_out().iter().filter(|of| years.contains(&of.period));
        notes.extend(not_counted(&left_out.cloned().collect::<Vec<_>>()));
        for counted in self.table.counted().iter().filter(|counted| counted.edition != self.table.edition()) {
            notes.push(format!(
                "{} is as in edition {}: the records of too few students have changed since.",
                year(counted.period),
                counted.edition
            ));
        }
        let seen = self.table.counted().iter().filter(|counted| years.contains(&counted.period));
        notes.extend(gone(&seen.collect::<Vec<_>>()));
        notes
    }
}
