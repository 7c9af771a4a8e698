//! Grouping rows: which combinations of categories occur, and of which each row is.

use super::asked::Asked;
use super::crossing::{Crossing, Key, Numbering};
use super::fetch::Fetch;
use super::few::FEW;
use crate::outcomes::evaluate::{CHUNK, NO, Room, Rows, YES};
use crate::parallel;
use std::ops::Range;

/// What rows are counted by.
pub(super) enum Groups {
    /// By every combination of codes that there can be, [`FEW`] at most, without a look at which occur. Once they are
    /// counted, they are numbered by rank.
    All(usize),
    /// By those that somebody is in.
    Occurring {
        /// The numbers of the combinations, ascending.
        slots: Vec<u128>,
        /// For each block of rows, the position in `slots` of each row's combination; [`NOBODY`] for those that are not
        /// counted.
        of_rows: Vec<Vec<u32>>,
    },
}

/// The group of rows that are not counted.
pub(super) const NOBODY: u32 = u32::MAX;

/// Rows that one thread takes at once: enough to be worth it, and a whole number of chunks.
pub(super) const BLOCK: usize = 32 * CHUNK;

impl Groups {
    /// Groups the rows that are in one of the populations that are asked for.
    pub(super) fn of(crossing: &Crossing<'_>, asked: &Asked<'_>, rows: &Rows<'_>) -> Self {
        let [by_code, n_slots] = [Numbering::Codes, Numbering::Ranks].map(|by| crossing.n_slots(by));
        // A table of more combinations than there are rows is mostly empty, and sorting rows is faster.
        let is_table = |n: u128| n <= 4 * rows.len() as u128 && n < NOBODY.into();
        if by_code <= FEW as u128 && is_table(by_code) {
            Self::All(by_code as usize)
        } else if is_table(n_slots) {
            numbered(crossing, asked, rows, n_slots as usize)
        } else if u64::try_from(n_slots).is_ok() {
            sorted::<u64>(crossing, asked, rows)
        } else {
            sorted::<u128>(crossing, asked, rows)
        }
    }

    /// The number of the combination that a group is.
    pub(super) fn slot(&self, at: usize) -> u128 {
        match self {
            Self::All(_) => at as u128,
            Self::Occurring { slots, .. } => slots[at],
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::All(n) => *n,
            Self::Occurring { slots, .. } => slots.len(),
        }
    }
}

/// The blocks of some rows.
pub(super) fn block(rows: &Rows<'_>, at: usize) -> Range<usize> {
    at * BLOCK..rows.len().min((at + 1) * BLOCK)
}

/// How many blocks there are.
pub(super) fn n_blocks(rows: &Rows<'_>) -> usize {
    rows.len().div_ceil(BLOCK)
}

/// The combination of each row of a block that is counted.
fn slots_of_counted<K: Key>(
    crossing: &Crossing<'_>,
    asked: &Asked<'_>,
    rows: &Rows<'_>,
    block: Range<usize>,
) -> Vec<Option<K>> {
    let mut all = Vec::with_capacity(block.len());
    let (mut slots, mut room) = (vec![K::default(); CHUNK], Room::default());
    let (mut truths, mut counted) = (vec![NO; CHUNK], vec![NO; CHUNK]);
    let mut columns = crossing.columns();
    asked.populations.iter().for_each(|population| population.columns(&mut columns));
    let mut fetch = Fetch::new(columns);
    for from in block.clone().step_by(CHUNK) {
        let chunk = from..block.end.min(from + CHUNK);
        let n = chunk.len();
        fetch.before(from, &block, rows);
        crossing.slots(Numbering::Ranks, rows, chunk.clone(), &mut slots[..n], &mut room);
        counted.fill(NO);
        for population in &asked.populations {
            rows.truths(population, chunk.clone(), &mut truths[..n], &mut room);
            counted.iter_mut().zip(&truths).for_each(|(counted, truth)| *counted = (*counted).max(*truth));
        }
        all.extend(
            slots.iter().zip(&counted).take(n).map(|(slot, counted)| (*counted == YES).then_some(*slot)),
        );
    }
    all
}

/// Numbers combinations by a table of all that there can be.
pub(super) fn numbered(
    crossing: &Crossing<'_>,
    asked: &Asked<'_>,
    rows: &Rows<'_>,
    n_slots: usize,
) -> Groups {
    let mut of_rows: Vec<Vec<u32>> = parallel::map(n_blocks(rows), |at| {
        let slots = slots_of_counted::<u32>(crossing, asked, rows, block(rows, at));
        slots.into_iter().map(|slot| slot.unwrap_or(NOBODY)).collect()
    });
    let mut numbers = vec![NOBODY; n_slots];
    for slot in of_rows.iter().flatten() {
        // Not one that is counted has none.
        if let Some(number) = numbers.get_mut(*slot as usize) {
            *number = 0;
        }
    }
    let mut slots = Vec::new();
    for (slot, number) in (0_u128..).zip(&mut numbers).filter(|(_, number)| **number == 0) {
        *number = slots.len() as u32;
        slots.push(slot);
    }
    for slot in of_rows.iter_mut().flatten() {
        *slot = numbers.get(*slot as usize).copied().unwrap_or(NOBODY);
    }
    Groups::Occurring { slots, of_rows }
}

/// Numbers combinations by sorting the rows.
pub(super) fn sorted<K: Key>(crossing: &Crossing<'_>, asked: &Asked<'_>, rows: &Rows<'_>) -> Groups {
    let blocks =
        parallel::map(n_blocks(rows), |at| slots_of_counted::<K>(crossing, asked, rows, block(rows, at)));
    let mut of_rows: Vec<Vec<u32>> = blocks.iter().map(|block| vec![NOBODY; block.len()]).collect();
    let counted = (0_u32..).zip(blocks.into_iter().flatten()).filter_map(|(row, slot)| Some((slot?, row)));
    let mut counted: Vec<(K, u32)> = counted.collect();
    counted.sort_unstable();
    let mut slots = Vec::new();
    for group in counted.chunk_by(|one, other| one.0 == other.0) {
        for (_, row) in group {
            of_rows[*row as usize / BLOCK][*row as usize % BLOCK] = slots.len() as u32;
        }
        slots.push(group[0].0.wide());
    }
    Groups::Occurring { slots, of_rows }
}
