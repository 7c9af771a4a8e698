//! Which records of a whole set are worth comparing.

use super::features::Features;
use super::keys::{N_KINDS, NARROW, keys};
use crate::parallel;

/// Blocks of records that share a key.
pub(super) struct Blocks(Vec<Kind>);

/// The blocks of one kind of key.
struct Kind {
    /// The members of all blocks, one block after the other, each in ascending order; the last of a
    /// block bears the mark [`LAST`].
    members: Vec<u32>,
    /// For each record the place in `members` where those after it stand in its block, 0 when there are
    /// none; as many times as a record may be in several.
    followers: Vec<Vec<u32>>,
}

/// A key that more records share tells little and is left out; they meet through their other keys.
pub(super) const BLOCK_MAX: usize = 150;
/// Pairs for each record and kind of key that may be looked at; a pair is counted once for each key it
/// shares. Where there would be more the largest blocks are left out.
const PAIRS_PER_KIND: f64 = 1.2;
/// Above so many records only the narrow kinds of keys are made: at a million they find as much as all, at
/// 300,000 they miss one pair in 300.
const MANY: usize = 500_000;
/// Kinds of keys made in one walk over the records.
const AT_ONCE: usize = 3;
/// Marks the last member of a block.
const LAST: u32 = 1 << 31;

impl Blocks {
    pub(super) fn new(records: &[Features]) -> Self {
        let kinds: Vec<usize> = if records.len() > MANY { NARROW.to_vec() } else { (0..N_KINDS).collect() };
        let n_kinds = kinds.len();
        assert!(records.len() < LAST as usize, "fewer than two thousand million records");
        let walks: Vec<&[usize]> = kinds.chunks(AT_ONCE).collect();
        let found = parallel::map(walks.len(), |at| {
            let mut pairs: Vec<Vec<u64>> =
                walks[at].iter().map(|_| Vec::with_capacity(records.len())).collect();
            for (number, record) in (0_u64..).zip(records) {
                for (kind, pairs) in walks[at].iter().zip(&mut pairs) {
                    keys(*kind, record, |key| pairs.push(u64::from(key) << 32 | number));
                }
            }
            pairs.into_iter().map(Found::new).collect::<Vec<Found>>()
        });
        let found: Vec<Found> = found.into_iter().flatten().collect();
        let largest = largest(&found, PAIRS_PER_KIND * (n_kinds * records.len()) as f64);
        Self(parallel::map(n_kinds, |at| Kind::new(&found[at], largest, records.len())))
    }

    /// The records above `record` that share a block with it, each once, in no order that matters.
    pub(super) fn candidates<'a>(&self, record: u32, seen: &'a mut Seen) -> &'a [u32] {
        seen.found.clear();
        for kind in &self.0 {
            for followers in &kind.followers {
                let from = followers[record as usize];
                if from == 0 {
                    break;
                }
                for member in &kind.members[from as usize..] {
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
        }
        &seen.found
    }
}

impl Kind {
    /// The blocks of at most so many members.
    fn new(found: &Found, largest: usize, n_records: usize) -> Self {
        let mut made = Self { members: Vec::with_capacity(found.members.len()), followers: Vec::new() };
        for block in found.kept(largest) {
            let (last, others) = block.split_last().expect("a block has members");
            for member in others {
                made.members.push(*member);
                let next = made.members.len() as u32;
                let free = made.followers.iter_mut().find(|followers| followers[*member as usize] == 0);
                match free {
                    Some(followers) => followers[*member as usize] = next,
                    None => {
                        made.followers.push(vec![0; n_records]);
                        made.followers.last_mut().expect("one was pushed")[*member as usize] = next;
                    }
                }
            }
            made.members.push(last | LAST);
        }
        made
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

/// All blocks of one kind of key that are not too large by themselves.
struct Found {
    members: Vec<u32>,
    sizes: Vec<u32>,
}

impl Found {
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
fn largest(found: &[Found], n_pairs_max: f64) -> usize {
    let mut n_pairs = vec![0; BLOCK_MAX + 1];
    for size in found.iter().flat_map(|found| &found.sizes) {
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
