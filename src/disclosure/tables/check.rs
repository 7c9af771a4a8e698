//! Checking a pattern by its witnesses, without a solver.

use super::{Error, Problem, Witness};
use crate::disclosure::cover::{Need, Space, Sums};
use std::collections::HashMap;

/// What witnesses prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Sensitive cells.
    pub n_sensitive: usize,
    /// Of these, the ones that witnesses only cover against intruders who do not know why a cell is hidden.
    pub n_one_mark: usize,
    /// The smallest width of a sensitive cell that is proven.
    pub width_min: Option<i64>,
}

/// What witnesses say about one sensitive cell.
#[derive(Default)]
struct Seen {
    down: i64,
    up: i64,
    holders_in_all: Option<Vec<u32>>,
}

impl Problem<'_> {
    /// Checks that every cell the rule hides is hidden, that each witness is a table that looks the same, and that
    /// witnesses show each sensitive cell to be as uncertain as it must be.
    ///
    /// # Errors
    ///
    /// [`Error::Shown`], [`Error::NoWitness`], [`Error::Uncovered`].
    pub fn check(&self, is_hidden: &[bool], witnesses: &[Witness]) -> Result<Proof, Error> {
        if let Some(cell) =
            (0..self.n_cells() as u32).find(|&at| self.is_primary(at) && !is_hidden[at as usize])
        {
            return Err(Error::Shown { cell: self.layout.name(cell) });
        }
        for (number, witness) in witnesses.iter().enumerate() {
            let wrong = |reason| Error::NoWitness { number, reason };
            self.check_witness(is_hidden, witness).map_err(wrong)?;
        }
        let with_legend = self.seen(witnesses.iter().filter(|witness| !witness.needs_one_mark));
        let with_one_mark = self.seen(witnesses.iter());
        let mut proof = Proof { n_sensitive: 0, n_one_mark: 0, width_min: None };
        for target in self.targets() {
            let cell = target.terms[0].0;
            let is_enough = |seen: &HashMap<u32, Seen>| {
                let Seen { down, up, holders_in_all } = seen.get(&cell)?;
                let far = match target.need {
                    Need::Width(width) => down + up >= width,
                    Need::Reach(least, most) => *down >= least && *up >= most,
                };
                let alone =
                    holders_in_all.as_ref().is_none_or(|of| of.iter().all(|of| Some(*of) == target.owner));
                (far && alone).then_some(down + up)
            };
            proof.n_sensitive += 1;
            let width = match (is_enough(&with_legend), is_enough(&with_one_mark), target.need) {
                (Some(_), width, _) => width,
                (None, Some(width), _) => {
                    proof.n_one_mark += 1;
                    Some(width)
                }
                (None, None, _) => return Err(Error::Uncovered { cell: self.layout.name(cell) }),
            };
            proof.width_min = [proof.width_min, width].into_iter().flatten().min();
        }
        Ok(proof)
    }

    fn check_witness(&self, is_hidden: &[bool], witness: &Witness) -> Result<(), &'static str> {
        let (least, most) = witness.times;
        let mut cells: Vec<u32> = witness.changes.iter().map(|&(cell, _)| cell).collect();
        cells.sort_unstable();
        // Two changes of one cell would each be looked at alone.
        let comes_twice = cells.windows(2).any(|pair| pair[0] == pair[1]);
        let is_outside = cells.last().is_some_and(|&cell| cell as usize >= is_hidden.len());
        if least > 0 || most < 0 || comes_twice || is_outside {
            return Err("it is malformed");
        }
        let mut sums: HashMap<u32, i128> = HashMap::new();
        for &(number, by) in &witness.changes {
            let cell = self.cell(number);
            let could_be = match (is_hidden[number as usize], witness.needs_one_mark) {
                (false, _) => cell.shown,
                (true, true) => cell.alike,
                (true, false) => cell.told,
            };
            for times in [least, most] {
                let value = by.checked_mul(times).and_then(|by| cell.value.checked_add(by));
                if !value.is_some_and(|value| could_be.contains(value)) {
                    return Err("it has a value that does not look the same");
                }
            }
            self.sums(&(), 0)
                .column(number, |row, sign| *sums.entry(row).or_default() += i128::from(by) * sign as i128);
        }
        if sums.values().any(|sum| *sum != 0) { Err("its sums differ") } else { Ok(()) }
    }

    fn seen<'w>(&self, witnesses: impl Iterator<Item = &'w Witness>) -> HashMap<u32, Seen> {
        let mut seen: HashMap<u32, Seen> = HashMap::new();
        for witness in witnesses {
            let holders: Vec<u32> =
                witness.changes.iter().filter_map(|&(cell, _)| self.holder(cell)).collect();
            for &(cell, by) in witness.changes.iter().filter(|(cell, by)| *by != 0 && self.is_primary(*cell))
            {
                let ends = [by * witness.times.0, by * witness.times.1];
                let of = seen.entry(cell).or_default();
                (of.down, of.up) = (of.down.max(-ends[0].min(ends[1])), of.up.max(ends[0].max(ends[1])));
                match &mut of.holders_in_all {
                    None => of.holders_in_all = Some(holders.clone()),
                    Some(others) => others.retain(|other| holders.contains(other)),
                }
            }
        }
        seen
    }
}
