//! Counting rows by their groups, in one pass over the columns.

use super::crossing::Crossing;
use super::group::{self, Groups};
use super::plan::{Plan, PlannedMeasure};
use crate::outcomes::column::MISSING;
use crate::outcomes::evaluate::{CHUNK, NO, Number, Room, Rows, Truth};
use crate::outcomes::vector::vectorized;
use crate::outcomes::{Error, MeasureKind, Values};
use crate::parallel;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a plan asks for, with its columns looked up.
pub(super) struct Asked<'e> {
    pub(super) populations: Vec<Truth<'e>>,
    /// For each measure, its population and how it is computed.
    measures: Vec<(usize, Value<'e>)>,
}

enum Value<'e> {
    Count,
    Share(Truth<'e>),
    Mean { of: Number<'e>, bounds: (i64, i64), floor: Option<i64> },
    Ratio([Number<'e>; 2]),
}

impl<'e> Asked<'e> {
    pub(super) fn new(plan: &Plan, rows: &mut Rows<'e>) -> Self {
        let populations = plan.populations.iter().map(|population| rows.truth(&population.rule)).collect();
        let mut value = |measure: &PlannedMeasure| match measure.kind {
            MeasureKind::Count => Value::Count,
            MeasureKind::Share => Value::Share(rows.truth(&measure.value)),
            MeasureKind::Mean => Value::Mean {
                of: rows.number(&measure.value),
                bounds: measure.bounds.unwrap_or((i64::MIN, i64::MAX)),
                floor: measure.concentration.map(|concentration| concentration.floor),
            },
            MeasureKind::Ratio => Value::Ratio([&measure.value, &measure.over].map(|rule| rows.number(rule))),
        };
        let measures = plan.measures.iter().map(|measure| (measure.population, value(measure))).collect();
        Self { populations, measures }
    }

    /// How many numbers of people are counted: those of populations, and those of shares.
    fn n_flags(&self) -> usize {
        let shares = self.measures.iter().filter(|(_, value)| matches!(value, Value::Share(_)));
        self.populations.len() + shares.count()
    }
}

/// What is counted of each group.
pub(super) struct Tally {
    /// People of the populations and then of the shares, two in one number: the first in its lower half.
    pairs: Vec<Vec<u64>>,
    n_populations: usize,
    measures: Vec<Sums>,
    /// Of each measure, whether somebody has no value that it can sum. It would make a mean of people who are not all
    /// counted.
    is_undefined: Vec<bool>,
}

/// Sums of a measure.
enum Sums {
    Count,
    /// Where it stands among the numbers of people.
    Share(usize),
    Mean {
        sum: Vec<i128>,
        sum_of_squares: Vec<i128>,
        largest: Vec<[i64; 2]>,
    },
    Ratio([Vec<u64>; 2]),
}

/// Counts some rows by their groups.
pub(super) fn tally(asked: &Asked<'_>, crossing: &Crossing<'_>, groups: &Groups, rows: &Rows<'_>) -> Tally {
    let n_blocks = group::n_blocks(rows);
    let next = AtomicUsize::new(0);
    // Each thread has sums of its own, and takes what is left.
    let parts = parallel::map(parallel::n_threads().min(n_blocks).max(1), |_| {
        let mut pass = Pass::new(asked, crossing, groups, rows);
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= n_blocks {
                return pass.tally;
            }
            pass.count(group::block(rows, at));
        }
    });
    parts.into_iter().reduce(Tally::plus).expect("one thread at least")
}

/// A pass over some rows, and its buffers.
struct Pass<'p> {
    asked: &'p Asked<'p>,
    crossing: &'p Crossing<'p>,
    groups: &'p Groups,
    rows: &'p Rows<'p>,
    tally: Tally,
    room: Room,
    slots: Vec<u32>,
    /// For each number of people that is counted, whether each row of the chunk is one.
    flags: Vec<Vec<u8>>,
}

impl<'p> Pass<'p> {
    fn new(asked: &'p Asked<'p>, crossing: &'p Crossing<'p>, groups: &'p Groups, rows: &'p Rows<'p>) -> Self {
        let tally = Tally::new(asked, groups.len());
        let flags = vec![vec![NO; CHUNK]; asked.n_flags().next_multiple_of(2)];
        Self { asked, crossing, groups, rows, tally, room: Room::default(), slots: vec![0; CHUNK], flags }
    }

    fn count(&mut self, block: Range<usize>) {
        for from in block.clone().step_by(CHUNK) {
            let chunk = from..block.end.min(from + CHUNK);
            let n = chunk.len();
            self.flag(&chunk);
            let slots = match self.groups {
                Groups::All(_) => {
                    self.crossing.slots(self.rows, chunk.clone(), &mut self.slots[..n], &mut self.room);
                    &self.slots[..n]
                }
                Groups::Occurring { of_rows, .. } => {
                    let within = from % group::BLOCK;
                    &of_rows[from / group::BLOCK][within..within + n]
                }
            };
            for (pair, flags) in self.tally.pairs.iter_mut().zip(self.flags.chunks(2)) {
                let [first, second] = flags else { unreachable!("their number is even") };
                add_pair(pair, slots, first, second);
            }
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
            let n_undefined = vectorized(move || {
                flags.fold(0, |undefined, (truth, member)| {
                    let is_undefined = *truth & member;
                    *truth = *truth >> 1 & member;
                    undefined | is_undefined
                })
            });
            self.tally.is_undefined[at] |= n_undefined > 0;
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

/// The two largest of three values.
fn with([first, second]: [i64; 2], value: i64) -> [i64; 2] {
    [value.max(first), value.min(first).max(second)]
}

impl Tally {
    fn new(asked: &Asked<'_>, n: usize) -> Self {
        let mut shares = asked.populations.len()..;
        let sums = asked.measures.iter().map(|(_, value)| match value {
            Value::Count => Sums::Count,
            Value::Share(_) => Sums::Share(shares.next().expect("it has no end")),
            Value::Mean { floor, .. } => Sums::Mean {
                sum: vec![0; n],
                sum_of_squares: vec![0; n],
                largest: vec![[0; 2]; floor.map_or(0, |_| n)],
            },
            Value::Ratio(_) => Sums::Ratio([vec![0; n], vec![0; n]]),
        });
        Self {
            measures: sums.collect(),
            pairs: vec![vec![0; n]; asked.n_flags().div_ceil(2)],
            n_populations: asked.populations.len(),
            is_undefined: vec![false; asked.measures.len()],
        }
    }

    /// The sums over two parts of the rows.
    fn plus(mut self, other: Self) -> Self {
        fn add<T: Copy + std::ops::AddAssign>(sums: &mut [T], others: &[T]) {
            sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += *other);
        }
        self.pairs.iter_mut().zip(&other.pairs).for_each(|(sums, others)| add(sums, others));
        let undefined = self.is_undefined.iter_mut().zip(other.is_undefined);
        undefined.for_each(|(own, others)| *own |= others);
        let measures = self.measures.iter_mut().zip(other.measures).zip(&mut self.is_undefined);
        for ((own, others), is_undefined) in measures {
            match (own, others) {
                (
                    Sums::Mean { sum, sum_of_squares, largest },
                    Sums::Mean { sum: of_sum, sum_of_squares: of_squares, largest: of_largest },
                ) => {
                    add(sum, &of_sum);
                    add(sum_of_squares, &of_squares);
                    for (own, [first, second]) in largest.iter_mut().zip(of_largest) {
                        *own = with(with(*own, first), second);
                    }
                }
                (Sums::Ratio(own), Sums::Ratio(others)) => {
                    for (sum, other) in own.iter_mut().flatten().zip(others.into_iter().flatten()) {
                        let both = sum.checked_add(other);
                        *is_undefined |= both.is_none();
                        *sum = both.unwrap_or(0);
                    }
                }
                _ => {}
            }
        }
        self
    }

    /// The groups that somebody of a population is in.
    pub(super) fn occupied(&self) -> Vec<usize> {
        let people = |at: usize| (0..self.n_populations).map(move |of| self.people(of, at));
        let n = self.pairs.first().map_or(0, Vec::len);
        (0..n).filter(|at| people(*at).any(|people| people > 0)).collect()
    }

    /// The people of a population, in some groups.
    pub(super) fn of_population(&self, population: usize, groups: &[usize]) -> Vec<u32> {
        groups.iter().map(|at| self.people(population, *at)).collect()
    }

    /// How many people of one number there are in a group.
    fn people(&self, number: usize, at: usize) -> u32 {
        (self.pairs[number / 2][at] >> (number % 2 * 32)) as u32
    }

    /// The values of a measure, in some groups.
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] where somebody has no value, and for sums that do not fit.
    pub(super) fn values(
        &self,
        at: usize,
        measure: &PlannedMeasure,
        groups: &[usize],
    ) -> Result<Values, Error> {
        fn of<T: Copy>(sums: &[T], groups: &[usize]) -> Vec<T> {
            groups.iter().map(|at| sums[*at]).collect()
        }
        let undefined = || Error::Undefined(measure.id.clone());
        if self.is_undefined[at] {
            return Err(undefined());
        }
        Ok(match &self.measures[at] {
            Sums::Count => Values::Count,
            Sums::Share(number) => Values::Share(self.of_population(*number, groups)),
            Sums::Mean { sum, sum_of_squares, largest } => Values::Mean {
                sum: of(sum, groups)
                    .into_iter()
                    .map(i64::try_from)
                    .collect::<Result<_, _>>()
                    .map_err(|_| undefined())?,
                sum_of_squares: of(sum_of_squares, groups),
                largest: if largest.is_empty() { Vec::new() } else { of(largest, groups) },
            },
            Sums::Ratio([numerator, denominator]) => {
                Values::Ratio { numerator: of(numerator, groups), denominator: of(denominator, groups) }
            }
        })
    }
}
