//! Counting the rows of few groups.

use crate::outcomes::evaluate::CHUNK;
use crate::outcomes::vector::vectorized;

/// So few groups are counted this way: those with what is said of a row have numbers of 16 bits.
pub(super) const FEW: usize = 1 << 14;

/// So few that rows which follow each other are often of the same group.
const VERY_FEW: usize = 1 << 10;

/// So few that two rows at once are counted by one number of 16 bits.
const LEAST: usize = 1 << 6;

/// Rows by their group and by what two flags say of them: to add one to a single number takes half of the instructions of
/// adding to a sum for each flag.
pub(super) struct Few {
    keys: Vec<u16>,
    lists: Lists,
}

/// The counts, by key.
enum Lists {
    /// By the keys of two rows, the first so many bits above the second: half as many numbers are added to. The last of an
    /// odd number of rows is counted alone.
    Pairs {
        bits: u32,
        list: Box<[u32; 1 << 16]>,
        alone: Box<[u32; 4 * LEAST]>,
    },
    /// In turn: to add to a number that was just written waits for that. Together they fit the nearest cache.
    Four([Box<[u32; 4 * VERY_FEW]>; 4]),
    One(Box<[u32; 4 * FEW]>),
}

impl Few {
    /// Nothing is counted yet, of so many groups.
    pub(super) fn new(n_groups: usize) -> Self {
        let lists = match n_groups {
            n if n <= LEAST => {
                // As few as there are: what is added to lies close together.
                let bits = (4 * n_groups).next_power_of_two().ilog2();
                Lists::Pairs { bits, list: zeros(), alone: zeros() }
            }
            n if n <= VERY_FEW => Lists::Four([(); 4].map(|()| zeros())),
            _ => Lists::One(zeros()),
        };
        Self { keys: vec![0; CHUNK], lists }
    }

    /// Counts the rows of a chunk.
    pub(super) fn add(&mut self, slots: &[u16], first: &[u8], second: &[u8]) {
        let keys = &mut self.keys[..slots.len()];
        let rows = keys.iter_mut().zip(slots).zip(first.iter().zip(second));
        vectorized(move || {
            rows.for_each(|((key, slot), (first, second))| {
                *key = slot << 2 | u16::from(second << 1 | first);
            });
        });
        let keys = &mut self.keys[..slots.len()];
        match &mut self.lists {
            Lists::Pairs { bits, list, alone } => {
                let (one, other) = keys.split_at_mut(slots.len() / 2);
                let (pairs, bits) = (one.iter_mut().zip(&*other), *bits);
                vectorized(move || pairs.for_each(|(one, other)| *one = *one << bits | other));
                one.iter().for_each(|pair| list[usize::from(*pair)] += 1);
                other.iter().skip(one.len()).for_each(|key| alone[usize::from(*key)] += 1);
            }
            Lists::Four([one, two, three, four]) => {
                // No key is as large: the remainder spares the check of it.
                let at = |key: u16| usize::from(key) % (4 * VERY_FEW);
                let (quads, rest) = keys.as_chunks::<4>();
                for quad in quads {
                    one[at(quad[0])] += 1;
                    two[at(quad[1])] += 1;
                    three[at(quad[2])] += 1;
                    four[at(quad[3])] += 1;
                }
                rest.iter().for_each(|key| one[at(*key)] += 1);
            }
            Lists::One(list) => keys.iter().for_each(|key| list[usize::from(*key)] += 1),
        }
    }

    /// Adds what was counted to the sums of groups: the first flag in the lower half.
    pub(super) fn add_to(&self, sums: &mut [u64]) {
        let mut add = |list: &[u32]| {
            for (sum, flags) in sums.iter_mut().zip(list.as_chunks::<4>().0) {
                let [_, first, second, both] = flags.map(u64::from);
                *sum += first + both + ((second + both) << 32);
            }
        };
        match &self.lists {
            Lists::Pairs { bits, list, alone } => {
                let n = 1 << bits;
                let (mut of_keys, list) = (alone.to_vec(), &list[..n * n]);
                for (key, of_others) in list.chunks(n).enumerate() {
                    of_keys[key] += of_others.iter().sum::<u32>();
                    of_keys.iter_mut().zip(of_others).for_each(|(sum, n)| *sum += n);
                }
                add(&of_keys);
            }
            Lists::Four(lists) => lists.iter().for_each(|list| add(&list[..])),
            Lists::One(list) => add(&list[..]),
        }
    }
}

fn zeros<const N: usize>() -> Box<[u32; N]> {
    vec![0; N].into_boxed_slice().try_into().expect("so many zeros")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_is_counted_in_the_group_of_its_row() {
        let n = CHUNK - 5;
        let flag = |of: usize| (0..n).map(|at| u8::from(at % of == 0)).collect::<Vec<_>>();
        let (first, second) = (flag(2), flag(3));
        for n_groups in [1, 3, LEAST, LEAST + 1, VERY_FEW, VERY_FEW + 1, FEW] {
            let slots: Vec<u16> = (0..n).map(|at| (at * at % n_groups) as u16).collect();
            let (mut few, mut sums) = (Few::new(n_groups), vec![1; n_groups]);
            few.add(&slots, &first, &second);
            few.add(&slots[..7], &first, &second);
            few.add_to(&mut sums);
            let mut expected = vec![1; n_groups];
            for at in (0..n).chain(0..7) {
                expected[usize::from(slots[at])] += u64::from(first[at]) + (u64::from(second[at]) << 32);
            }
            assert_eq!(sums, expected);
        }
    }
}
