//! Which records of a whole set are worth comparing.

use super::features::Features;
use super::keys::{N_KINDS, keys};
use super::parallel::in_parallel;

/// Blocks of records that share a key, and for each record the blocks it is in.
pub(super) struct Blocks {
    /// The members of all blocks, one block after the other, each in ascending order.
    members: Vec<u32>,
    /// Where each block begins, and the end.
    starts: Vec<u32>,
    /// The blocks of all records, one record after the other.
    blocks: Vec<u32>,
    /// Where each record's blocks begin, and the end.
    of: Vec<u32>,
}

/// A key that more records share tells little and is left out; they meet through their other keys.
pub(super) const BLOCK_MAX: usize = 150;
/// Pairs for each record, counted once for each key they share, that may be looked at. Where there
/// would be more the largest blocks are left out.
const PAIRS_PER_RECORD: usize = 60;
/// Kinds of keys made in one walk over the records.
const AT_ONCE: usize = 4;

impl Blocks {
    pub(super) fn new(records: &[Features]) -> Self {
        let groups: Vec<Vec<Kind>> = in_parallel(N_KINDS.div_ceil(AT_ONCE), |group| {
            let kinds = group * AT_ONCE..((group + 1) * AT_ONCE).min(N_KINDS);
            let mut pairs: Vec<Vec<u64>> = kinds.clone().map(|_| Vec::with_capacity(records.len())).collect();
            for (at, record) in (0_u64..).zip(records) {
                for (kind, pairs) in kinds.clone().zip(&mut pairs) {
                    keys(kind, record, |key| pairs.push(u64::from(key) << 32 | at));
                }
            }
            pairs.into_iter().map(Kind::new).collect()
        });
        let kinds: Vec<Kind> = groups.into_iter().flatten().collect();
        let largest = largest(&kinds, PAIRS_PER_RECORD * records.len());
        let n_members = kinds.iter().map(|kind| kind.kept(largest).map(<[u32]>::len).sum::<usize>()).sum();
        let mut blocks = Self {
            members: Vec::with_capacity(n_members),
            starts: vec![0],
            blocks: vec![0; n_members],
            of: vec![0; records.len() + 1],
        };
        for kind in kinds {
            for members in kind.kept(largest) {
                members.iter().for_each(|record| blocks.of[*record as usize + 1] += 1);
                blocks.members.extend_from_slice(members);
                blocks.starts.push(blocks.members.len() as u32);
            }
        }
        for record in 0..records.len() {
            blocks.of[record + 1] += blocks.of[record];
        }
        let mut next = blocks.of.clone();
        for (block, bounds) in (0_u32..).zip(blocks.starts.windows(2)) {
            for record in &blocks.members[bounds[0] as usize..bounds[1] as usize] {
                let at = &mut next[*record as usize];
                blocks.blocks[*at as usize] = block;
                *at += 1;
            }
        }
        blocks
    }

    /// The records above `record` that share a block with it, each once, in no order that matters.
    pub(super) fn candidates<'a>(&self, record: u32, seen: &'a mut Seen) -> &'a [u32] {
        seen.found.clear();
        let (from, to) = (self.of[record as usize] as usize, self.of[record as usize + 1] as usize);
        for block in &self.blocks[from..to] {
            let (from, to) =
                (self.starts[*block as usize] as usize, self.starts[*block as usize + 1] as usize);
            for member in self.members[from..to].iter().rev().take_while(|member| **member > record) {
                let mark = &mut seen.by[*member as usize];
                if *mark != record {
                    *mark = record;
                    seen.found.push(*member);
                }
            }
        }
        &seen.found
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
    /// From keys with the records that have them.
    fn new(mut pairs: Vec<u64>) -> Self {
        let mut made = Self { members: Vec::new(), sizes: Vec::new() };
        sort_by_key(&mut pairs);
        for block in pairs.chunk_by_mut(|a, b| *a >> 32 == *b >> 32) {
            if (2..=2 * BLOCK_MAX).contains(&block.len()) {
                let before = made.members.len();
                // A record may have a key twice.
                made.members.extend(block.iter().map(|pair| *pair as u32));
                dedup_from(&mut made.members, before);
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
fn largest(kinds: &[Kind], n_pairs_max: usize) -> usize {
    let mut n_pairs = vec![0; BLOCK_MAX + 1];
    for size in kinds.iter().flat_map(|kind| &kind.sizes) {
        n_pairs[*size as usize] += *size as usize * (*size as usize - 1) / 2;
    }
    let mut sum = 0;
    let beyond = n_pairs.iter().position(|pairs| {
        sum += pairs;
        sum > n_pairs_max
    });
    beyond.map_or(BLOCK_MAX, |size| (size - 1).max(10))
}

fn dedup_from(members: &mut Vec<u32>, from: usize) {
    let mut kept = from;
    for at in from..members.len() {
        if at == from || members[at] != members[at - 1] {
            members[kept] = members[at];
            kept += 1;
        }
    }
    members.truncate(kept);
}

/// Sorts by the upper half, keeping the order of the lower: a radix sort in three rounds of 11 bits.
fn sort_by_key(pairs: &mut Vec<u64>) {
    let mut other = vec![0; pairs.len()];
    for shift in [32, 43, 54] {
        let digit = |pair: u64| (pair >> shift) as usize & 0x7ff;
        let mut places = [0_u32; 1 << 11];
        pairs.iter().for_each(|pair| places[digit(*pair)] += 1);
        let mut sum = 0;
        for place in &mut places {
            (*place, sum) = (sum, sum + *place);
        }
        for pair in pairs.iter() {
            let place = &mut places[digit(*pair)];
            other[*place as usize] = *pair;
            *place += 1;
        }
        std::mem::swap(pairs, &mut other);
    }
}
