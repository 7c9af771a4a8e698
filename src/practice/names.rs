//! Names and streets to draw from: small public tables (`names/ORIGIN.txt`).

use super::draw::Draw;
use super::family::Race;

/// A given name.
pub(super) struct First {
    pub(super) name: &'static str,
    /// What else its bearers are called.
    pub(super) nicknames: Vec<&'static str>,
}

/// The tables, with running sums of the weights of each group to draw by.
pub(super) struct Names {
    girls: Table<First>,
    boys: Table<First>,
    last: Table<&'static str>,
    streets: Vec<&'static str>,
}

struct Table<T> {
    items: Vec<T>,
    /// For each of the six groups of the tables, the sum of the weights up to each item.
    sums: [Vec<u32>; GROUPS],
}

const GROUPS: usize = 6;

impl Names {
    pub(super) fn load() -> Self {
        let first = include_str!("names/first.csv");
        let streets: Vec<_> = include_str!("names/streets.csv").lines().skip(1).collect();
        let sex = |sex: &str| {
            let rows = rows(first).filter(|row| row[1] == sex);
            Table::new(rows.map(|row| {
                let nicknames = row[8].split('|').filter(|name| !name.is_empty()).collect();
                (First { name: row[0], nicknames }, weights(&row[2..8]))
            }))
        };
        let last = rows(include_str!("names/last.csv")).map(|row| (row[0], weights(&row[1..7])));
        Self { girls: sex("F"), boys: sex("M"), last: Table::new(last), streets }
    }

    pub(super) fn first(&self, draw: &mut Draw, girl: bool, race: Race) -> &First {
        if girl { &self.girls } else { &self.boys }.pick(draw, race)
    }

    pub(super) fn last(&self, draw: &mut Draw, race: Race) -> &'static str {
        self.last.pick(draw, race)
    }

    pub(super) fn streets(&self) -> &[&'static str] {
        &self.streets
    }
}

impl<T> Table<T> {
    fn new(rows: impl Iterator<Item = (T, [u32; GROUPS])>) -> Self {
        let mut table = Self { items: Vec::new(), sums: Default::default() };
        for (item, weights) in rows {
            for (sums, weight) in table.sums.iter_mut().zip(weights) {
                sums.push(sums.last().copied().unwrap_or(0) + weight);
            }
            table.items.push(item);
        }
        table
    }

    fn pick(&self, draw: &mut Draw, race: Race) -> &T {
        let sums = &self.sums[group(race)];
        let total = sums.last().copied().unwrap_or(0);
        let at = draw.below(total as usize) as u32;
        &self.items[sums.partition_point(|sum| *sum <= at)]
    }
}

/// The column of the tables a group draws from; the tables know no Pacific Islanders of their own.
fn group(race: Race) -> usize {
    match race {
        Race::White | Race::Unknown => 0,
        Race::Hispanic => 1,
        Race::Black => 2,
        Race::Asian | Race::PacificIslander => 3,
        Race::AmericanIndian => 4,
        Race::TwoOrMore => 5,
    }
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().skip(1).map(|line| line.split(',').collect())
}

fn weights(cells: &[&str]) -> [u32; GROUPS] {
    std::array::from_fn(|at| cells[at].parse().expect("the embedded tables hold whole numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_and_rare_names_both_occur() {
        let (names, mut draw) = (Names::load(), Draw::new(3));
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..5_000 {
            *seen.entry(names.last(&mut draw, Race::White)).or_insert(0_u32) += 1;
        }
        assert!(seen["Smith"] > 50, "{}", seen["Smith"]);
        assert!(seen.values().filter(|n| **n == 1).count() > 100);
    }
}
