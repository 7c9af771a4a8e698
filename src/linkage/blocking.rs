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
pub(super) const BLOCK_MAX: usize = 100;

impl Blocks {
    pub(super) fn new(records: &[Features]) -> Self {
        let kinds = in_parallel(N_KINDS, |kind| sorted(kind, records));
        let mut blocks = Self { members: Vec::new(), starts: vec![0], blocks: Vec::new(), of: Vec::new() };
        let mut counts = vec![0_u32; records.len() + 1];
        for (members, sizes) in kinds {
            members.iter().for_each(|record| counts[*record as usize] += 1);
            blocks.members.extend(members);
            for size in sizes {
                let last = blocks.starts[blocks.starts.len() - 1];
                blocks.starts.push(last + size);
            }
        }
        let mut sum = 0;
        for count in &mut counts {
            (*count, sum) = (sum, sum + *count);
        }
        blocks.of = counts.clone();
        blocks.blocks = vec![0; blocks.members.len()];
        for (block, bounds) in (0_u32..).zip(blocks.starts.windows(2)) {
            for record in &blocks.members[bounds[0] as usize..bounds[1] as usize] {
                let at = &mut counts[*record as usize];
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
            let (from, to) = (self.starts[*block as usize] as usize, self.starts[*block as usize + 1] as usize);
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

/// The members of all blocks of one kind, and their sizes.
fn sorted(kind: usize, records: &[Features]) -> (Vec<u32>, Vec<u32>) {
    let mut pairs: Vec<u64> = Vec::with_capacity(records.len());
    for (at, record) in (0_u64..).zip(records) {
        keys(kind, record, |key| pairs.push(u64::from(key) << 32 | at));
    }
    pairs.sort_unstable();
    pairs.dedup();
    let (mut members, mut sizes) = (Vec::new(), Vec::new());
    for block in pairs.chunk_by(|a, b| a >> 32 == b >> 32) {
        if (2..=BLOCK_MAX).contains(&block.len()) {
            members.extend(block.iter().map(|pair| *pair as u32));
            sizes.push(block.len() as u32);
        }
    }
    (members, sizes)
}
