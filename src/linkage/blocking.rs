//! Which records of a whole set are worth comparing.

use super::features::Features;
use super::keys::{N_KINDS, NARROW, keys};
use super::parallel::Threads;

/// Blocks of records that share a key, and for each record the blocks it is in.
pub(super) struct Blocks {
    /// The members of all blocks, one block after the other, each in ascending order; the last of a
    /// block bears the mark [`LAST`].
    members: Vec<u32>,
    /// For each record where in `members` those after it stand in each of its blocks, by ranges of
    /// records.
    lists: Vec<Lists>,
    /// Records in a range.
    range: usize,
}

/// One list for each record of a range.
struct Lists {
    /// The items of all lists, one list after the other.
    items: Vec<u32>,
    /// Where each list begins, and the end.
    starts: Vec<u32>,
}

/// A key that more records share tells little and is left out; they meet through their other keys.
pub(super) const BLOCK_MAX: usize = 150;
/// Pairs for each record and kind of key that may be looked at; a pair is counted once for each key it
/// shares. Where there would be more the largest blocks are left out.
const PAIRS_PER_KIND: f64 = 1.2;
/// Above so many records the narrow kinds of keys alone find nearly everyone.
const MANY: usize = 200_000;
/// Kinds of keys made in one walk over the records.
const AT_ONCE: usize = 3;
/// Marks the last member of a block.
const LAST: u32 = 1 << 31;

impl Blocks {
    pub(super) fn new(records: &[Features], threads: Threads) -> Self {
        let kinds: Vec<usize> =
            if records.len() > MANY { NARROW.to_vec() } else { (0..N_KINDS).collect() };
        let n_kinds = kinds.len();
        let walks: Vec<&[usize]> = kinds.chunks(AT_ONCE).collect();
        let kinds = threads.map(walks.len(), |at| {
            let mut pairs: Vec<Vec<u64>> =
                walks[at].iter().map(|_| Vec::with_capacity(records.len())).collect();
            for (number, record) in (0_u64..).zip(records) {
                for (kind, pairs) in walks[at].iter().zip(&mut pairs) {
                    keys(*kind, record, |key| pairs.push(u64::from(key) << 32 | number));
                }
            }
            pairs.into_iter().map(Kind::new).collect::<Vec<Kind>>()
        });
        let kinds: Vec<Kind> = kinds.into_iter().flatten().collect();
        let largest = largest(&kinds, PAIRS_PER_KIND * (n_kinds * records.len()) as f64);
        let n_members = kinds.iter().map(|kind| kind.kept(largest).map(<[u32]>::len).sum::<usize>()).sum();
        assert!(records.len().max(n_members) < LAST as usize, "fewer than two thousand million members");
        let mut members = Vec::with_capacity(n_members);
        for kind in kinds {
            for block in kind.kept(largest) {
                members.extend_from_slice(block);
                *members.last_mut().expect("a block has members") |= LAST;
            }
        }
        let range = records.len().div_ceil(threads.count()).max(1);
        let lists = threads.map(records.len().div_ceil(range), |at| {
            Lists::new(&members, at * range, range.min(records.len() - at * range))
        });
        Self { members, lists, range }
    }

    /// The records above `record` that share a block with it, each once, in no order that matters.
    pub(super) fn candidates<'a>(&self, record: u32, seen: &'a mut Seen) -> &'a [u32] {
        seen.found.clear();
        let lists = &self.lists[record as usize / self.range];
        for from in lists.of(record as usize % self.range) {
            for member in &self.members[*from as usize..] {
                let mark = &mut seen.by[(member & !LAST) as usize];
                if *mark != record {
                    *mark = record;
                    seen.found.push(member & !LAST);
                }
                if member & LAST != 0 {
                    break;
                }
            }
        }
        &seen.found
    }
}

impl Lists {
    /// For `n` records from `first` on, the places behind them in blocks that have more members.
    fn new(members: &[u32], first: usize, n: usize) -> Self {
        // The last of a block, above all records, has no list.
        let here = |member: &u32| Some((*member as usize).wrapping_sub(first)).filter(|at| *at < n);
        let mut starts = vec![0; n + 1];
        members.iter().filter_map(here).for_each(|at| starts[at] += 1);
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut items = vec![0; sum as usize];
        // From behind: each list's end moves to its beginning while it is filled.
        for (at, member) in members.iter().enumerate().rev() {
            if let Some(of) = here(member) {
                starts[of] -= 1;
                items[starts[of] as usize] = at as u32 + 1;
            }
        }
        Self { items, starts }
    }

    fn of(&self, at: usize) -> &[u32] {
        &self.items[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// Room for finding candidates, one for each thread.
pub(super) struct Seen {
    by: Vec<u32>,
    found: Vec<u32>,
}

impl Seen {
    pub(super) fn new(n_records: usize) -> Self {
        Self { by: vec![u32::MAX; n_records], found: Vec::with_capacity(256) }
    }
}

/// The blocks of one kind of key.
struct Kind {
    members: Vec<u32>,
    sizes: Vec<u32>,
}

impl Kind {
    /// From keys (upper half) with the records that have them (lower half), in the records' order.
    fn new(mut pairs: Vec<u64>) -> Self {
        let mut made = Self { members: Vec::new(), sizes: Vec::new() };
        sort(&mut pairs);
        for block in pairs.chunk_by(|a, b| *a >> 32 == *b >> 32) {
            if (2..=2 * BLOCK_MAX).contains(&block.len()) {
                let before = made.members.len();
                // A record may have a key twice.
                for pair in block {
                    if made.members[before..].last() != Some(&(*pair as u32)) {
                        made.members.push(*pair as u32);
                    }
                }
                let size = made.members.len() - before;
                if (2..=BLOCK_MAX).contains(&size) {
                    made.sizes.push(size as u32);
                } else {
                    made.members.truncate(before);
                }
            }
        }
        made
    }

    fn kept(&self, largest: usize) -> impl Iterator<Item = &[u32]> {
        let mut from = 0;
        let blocks = self.sizes.iter().map(move |size| {
            from += *size as usize;
            &self.members[from - *size as usize..from]
        });
        blocks.filter(move |block| block.len() <= largest)
    }
}

/// The largest size of a block for which all blocks up to it have no more than so many pairs.
fn largest(kinds: &[Kind], n_pairs_max: f64) -> usize {
    let mut n_pairs = vec![0; BLOCK_MAX + 1];
    for size in kinds.iter().flat_map(|kind| &kind.sizes) {
        n_pairs[*size as usize] += *size as usize * (*size as usize - 1) / 2;
    }
    let mut sum = 0;
    let beyond = n_pairs.iter().position(|pairs| {
        sum += pairs;
        sum as f64 > n_pairs_max
    });
    beyond.map_or(BLOCK_MAX, |size| (size - 1).max(10))
}

/// Sorts numbers whose upper halves are random: by their upper 22 bits in two rounds of a radix sort,
/// and what has these in common, few numbers or equal halves in order, by comparison.
fn sort(numbers: &mut Vec<u64>) {
    let mut other = vec![0; numbers.len()];
    for shift in [42, 53] {
        let digit = |number: u64| (number >> shift) as usize & 0x7ff;
        let mut places = [0_u32; 1 << 11];
        numbers.iter().for_each(|number| places[digit(*number)] += 1);
        let mut sum = 0;
        for place in &mut places {
            (*place, sum) = (sum, sum + *place);
        }
        for number in numbers.iter() {
            let place = &mut places[digit(*number)];
            other[*place as usize] = *number;
            *place += 1;
        }
        std::mem::swap(numbers, &mut other);
    }
    for alike in numbers.chunk_by_mut(|a, b| *a >> 42 == *b >> 42) {
        if !alike.is_sorted() {
            alike.sort_unstable();
        }
    }
}
