//! Counting rows by their groups, in one pass over the columns.

use super::asked::{Asked, Value};
use super::crossing::{Crossing, Numbering};
use super::fetch::Fetch;
use super::few::Few;
use super::group::{self, Groups};
use super::tally::{Sums, Tally, with};
use crate::outcomes::column::MISSING;
use crate::outcomes::evaluate::{CHUNK, NO, Number, Room, Rows};
use crate::outcomes::vector::vectorized;
use crate::parallel;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts some rows by their groups.
pub(super) fn count(asked: &Asked<'_>, crossing: &Crossing<'_>, groups: &Groups, rows: &Rows<'_>) -> Tally {
    let n_blocks = group::n_blocks(rows);
    let next = AtomicUsize::new(0);
    // Each thread has sums of its own, and takes what is left.
    let parts = parallel::map(parallel::n_threads().min(n_blocks).max(1), |_| {
        let mut pass = Pass::new(asked, crossing, groups, rows);
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= n_blocks {
                return pass.end();
            }
            pass.count(group::block(rows, at));
        }
    });
    let counted = parts.into_iter().reduce(Tally::plus).expect("one thread at least");
    match groups {
        Groups::All(_) => {
            let ranked = Tally::new(asked, crossing.n_slots(Numbering::Ranks) as usize);
            ranked.plus_at(&crossing.ranked(), counted)
        }
        Groups::Occurring { .. } => counted,
    }
}

/// A pass over some rows, and its buffers.
struct Pass<'p> {
    asked: &'p Asked<'p>,
    crossing: &'p Crossing<'p>,
    groups: &'p Groups,
    rows: &'p Rows<'p>,
    fetch: Fetch<'p>,
    /// Whether anything else is counted than people.
    has_sums: bool,
    tally: Tally,
    room: Room,
    slots: Vec<u32>,
    /// Where there are few groups: the slots in fewer bits, and the counts of each pair of numbers of people.
    few_slots: Vec<u16>,
    few: Vec<Few>,
    /// For each number of people that is counted, whether each row of the chunk is one.
    flags: Vec<Vec<u8>>,
}

impl<'p> Pass<'p> {
    fn new(asked: &'p Asked<'p>, crossing: &'p Crossing<'p>, groups: &'p Groups, rows: &'p Rows<'p>) -> Self {
        let tally = Tally::new(asked, groups.len());
        let flags = vec![vec![NO; CHUNK]; asked.n_flags().next_multiple_of(2)];
        let few = match groups {
            Groups::All(n) => tally.pairs.iter().map(|_| Few::new(*n)).collect(),
            Groups::Occurring { .. } => Vec::new(),
        };
        let mut columns = asked.columns();
        if matches!(groups, Groups::All(_)) {
            columns.extend(crossing.columns());
        }
        let is_sum = |value: &Value<'_>| !matches!(value, Value::Count | Value::Share(_));
        Self {
            asked,
            crossing,
            groups,
            rows,
            fetch: Fetch::new(columns),
            has_sums: asked.measures.iter().any(|(_, value)| is_sum(value)),
            tally,
            room: Room::default(),
            slots: vec![0; CHUNK],
            few_slots: vec![0; CHUNK],
            few,
            flags,
        }
    }

    /// What was counted.
    fn end(mut self) -> Tally {
        self.few.iter().zip(&mut self.tally.pairs).for_each(|(few, pair)| few.add_to(pair));
        self.tally
    }

    fn count(&mut self, block: Range<usize>) {
        for from in block.clone().step_by(CHUNK) {
            let chunk = from..block.end.min(from + CHUNK);
            let n = chunk.len();
            self.fetch.before(from, &block, self.rows);
            self.flag(&chunk);
            let pairs = self.flags.as_chunks::<2>().0;
            let slots = match self.groups {
                Groups::All(_) => {
                    let few_slots = &mut self.few_slots[..n];
                    self.crossing.slots(
                        Numbering::Codes,
                        self.rows,
                        chunk.clone(),
                        few_slots,
                        &mut self.room,
                    );
                    for (few, [first, second]) in self.few.iter_mut().zip(pairs) {
                        few.add(few_slots, first, second);
                    }
                    if self.has_sums {
                        self.slots.iter_mut().zip(few_slots).for_each(|(slot, few)| *slot = (*few).into());
                    }
                    &self.slots[..n]
                }
                Groups::Occurring { of_rows, .. } => {
                    let within = from % group::BLOCK;
                    let slots = &of_rows[from / group::BLOCK][within..within + n];
                    for (pair, [first, second]) in self.tally.pairs.iter_mut().zip(pairs) {
                        add_pair(pair, slots, first, second);
                    }
                    slots
                }
            };
            let measures = self.asked.measures.iter().zip(&mut self.tally.measures);
            for (((population, value), sums), is_undefined) in measures.zip(&mut self.tally.is_undefined) {
                let mut members = Members { slots, of: &self.flags[*population], is_undefined };
                members.add(value, sums, self.rows, &chunk, &mut self.room);
            }
        }
    }

    /// Says of each row of a chunk in which populations it is, and with which outcomes.
    fn flag(&mut self, chunk: &Range<usize>) {
        let n = chunk.len();
        for (population, flags) in self.asked.populations.iter().zip(&mut self.flags) {
            self.rows.truths(population, chunk.clone(), &mut flags[..n], &mut self.room);
            vectorized(move || flags[..n].iter_mut().for_each(|truth| *truth >>= 1));
        }
        let (populations, shares) = self.flags.split_at_mut(self.asked.populations.len());
        let mut shares = shares.iter_mut();
        for (at, (population, value)) in self.asked.measures.iter().enumerate() {
            let Value::Share(truth) = value else { continue };
            let flags = shares.next().expect("there is one for each share");
            self.rows.truths(truth, chunk.clone(), &mut flags[..n], &mut self.room);
            let flags = flags[..n].iter_mut().zip(&populations[*population]);
            let undefined = vectorized(move || {
                flags.fold(0, |undefined, (truth, member)| {
                    let is_undefined = *truth & member;
                    *truth = *truth >> 1 & member;
                    undefined | is_undefined
                })
            });
            self.tally.is_undefined[at] |= undefined > 0;
        }
    }
}

/// Counts two numbers of people at once: half as many sums are read and written.
fn add_pair(pair: &mut [u64], slots: &[u32], first: &[u8], second: &[u8]) {
    for ((slot, first), second) in slots.iter().zip(first).zip(second) {
        // Rows that are not counted have no group.
        if let Some(sum) = pair.get_mut(*slot as usize) {
            *sum += u64::from(*first) | u64::from(*second) << 32;
        }
    }
}

/// The members of a population in a chunk, with the group each is in.
struct Members<'m> {
    slots: &'m [u32],
    of: &'m [u8],
    is_undefined: &'m mut bool,
}

impl Members<'_> {
    fn add(
        &mut self,
        value: &Value<'_>,
        sums: &mut Sums,
        rows: &Rows<'_>,
        chunk: &Range<usize>,
        room: &mut Room,
    ) {
        match (value, sums) {
            (Value::Mean { of, bounds, floor }, Sums::Mean { sum, sum_of_squares, largest }) => {
                self.each(of, rows, chunk, room, |group, value| {
                    let value = value.clamp(bounds.0, bounds.1);
                    sum[group] += i128::from(value);
                    sum_of_squares[group] += i128::from(value).pow(2);
                    if let Some(floor) = floor {
                        largest[group] = with(largest[group], value.saturating_sub(*floor));
                    }
                    Some(())
                });
            }
            (Value::Ratio(numbers), Sums::Ratio(sums)) => {
                for (number, sum) in numbers.iter().zip(sums) {
                    self.each(number, rows, chunk, room, |group, value| {
                        sum[group] = sum[group].checked_add(u64::try_from(value).ok()?)?;
                        Some(())
                    });
                }
            }
            _ => {}
        }
    }

    /// Hands the group and the value of each member to `add`.
    fn each(
        &mut self,
        number: &Number<'_>,
        rows: &Rows<'_>,
        chunk: &Range<usize>,
        room: &mut Room,
        mut add: impl FnMut(usize, i64) -> Option<()>,
    ) {
        let mut values = room.numbers();
        rows.numbers(number, chunk.clone(), &mut values[..chunk.len()], room);
        for ((slot, _), value) in self.slots.iter().zip(self.of).zip(&values).filter(|((_, of), _)| **of == 1)
        {
            let value = (*value != MISSING).then_some(*value);
            *self.is_undefined |= value.and_then(|value| add(*slot as usize, value)).is_none();
        }
        room.give_numbers(values);
    }
}
