//! Inclusion and consistency proofs, built from stored nodes and checked without them.

use super::tree::{bag, node_hash};
use super::{Hash, Head};

/// Where the complete subtrees of the log are kept.
pub trait Nodes {
    /// Why a node can not be read.
    type Error;

    /// Hash of the complete subtree of `2^level` leaves from `index * 2^level` on; level 0 are the leaf
    /// hashes. Only nodes that [`Frontier::append`](super::Frontier::append) returned are asked for.
    ///
    /// # Errors
    ///
    /// When the node is missing or can not be read.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// Why a proof can not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unprovable<E> {
    /// There is no such proof: an index past the end, or an old size larger than the new one.
    #[error("the tree has no such proof")]
    OutOfRange,
    /// The store failed.
    #[error("a node of the tree can not be read")]
    Nodes(#[source] E),
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// An index past the end, an old size of 0 or larger than the new one: no proof could lead there.
    #[error("the index or size is out of range")]
    OutOfRange,
    /// The proof has more or fewer hashes than the sizes ask for.
    #[error("the proof has the wrong length")]
    Length,
    /// The proof leads to another root: of the old tree, for a consistency proof.
    #[error("the proof leads to another root")]
    Root,
}

/// Proof that the leaf at `index` is in the tree of the first `size` leaves, from the leaf to the root
/// (RFC 6962 section 2.1.1). Reads at most `2 * log2(size)` nodes.
///
/// # Errors
///
/// [`Unprovable`] when `index` is not below `size`, or a node can not be read.
pub fn inclusion_proof<N: Nodes>(
    nodes: &N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, Unprovable<N::Error>> {
    if index >= size {
        return Err(Unprovable::OutOfRange);
    }
    let (mut start, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(range_root(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_root(nodes, start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Proof that the tree of the first `old` leaves is a prefix of the tree of the first `new` ones
/// (RFC 6962 section 2.1.2). Empty when `old` is equal to `new`, and when it is 0: there is nothing to prove.
///
/// # Errors
///
/// [`Unprovable`] when `old` is larger than `new`, or a node can not be read.
pub fn consistency_proof<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>, Unprovable<N::Error>> {
    if old > new {
        return Err(Unprovable::OutOfRange);
    }
    let mut proof = Vec::new();
    if old == 0 {
        return Ok(proof);
    }
    let (mut start, mut end) = (0, new);
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range_root(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_root(nodes, start, middle)?);
            start = middle;
        }
    }
    // The verifier knows the old root; it needs the last subtree only when that is not the whole old tree.
    if start != 0 {
        proof.push(range_root(nodes, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Root hash of the tree of the first `size` leaves.
///
/// # Errors
///
/// [`Unprovable::Nodes`] when a node can not be read.
pub fn root_at<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, Unprovable<N::Error>> {
    range_root(nodes, 0, size)
}

/// Checks that `proof` leads from a leaf hash at `index` to the root of `head`
/// (RFC 9162 section 2.1.3.2, for RFC 6962's tree).
///
/// # Errors
///
/// [`NotProven`], with the first thing that is wrong.
pub fn verify_inclusion(leaf: &Hash, index: u64, head: &Head, proof: &[Hash]) -> Result<(), NotProven> {
    if index >= head.size {
        return Err(NotProven::OutOfRange);
    }
    // Position of the hash we hold, and of the last node, on the level we have climbed to.
    let (mut at, mut last) = (index, head.size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(NotProven::Length);
        }
        hash = if at % 2 == 1 || at == last { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
        (at, last) = parent(at, last);
    }
    match last {
        0 if hash == head.root => Ok(()),
        0 => Err(NotProven::Root),
        _ => Err(NotProven::Length),
    }
}

/// Checks that `proof` leads to both roots, so that the old tree is a prefix of the new one
/// (RFC 9162 section 2.1.4.2). Between equal heads the proof is empty.
///
/// Every tree continues the empty one, so there is nothing to prove from size 0 and it is refused here.
///
/// # Errors
///
/// [`NotProven`], with the first thing that is wrong.
pub fn verify_consistency(old: &Head, new: &Head, proof: &[Hash]) -> Result<(), NotProven> {
    if old.size == 0 || old.size > new.size {
        return Err(NotProven::OutOfRange);
    }
    if old.size == new.size {
        return match proof {
            [] if old.root == new.root => Ok(()),
            [] => Err(NotProven::Root),
            _ => Err(NotProven::Length),
        };
    }
    // The largest subtree both trees share at the old one's right edge; when it is the whole old tree the
    // proof leaves it out.
    let shared = (old.size - 1).trailing_ones();
    let (mut at, mut last) = ((old.size - 1) >> shared, (new.size - 1) >> shared);
    let (first, rest) = if old.size.is_power_of_two() {
        (&old.root, proof)
    } else {
        proof.split_first().ok_or(NotProven::Length)?
    };
    let (mut old_root, mut new_root) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(NotProven::Length);
        }
        if at % 2 == 1 || at == last {
            old_root = node_hash(sibling, &old_root);
            new_root = node_hash(sibling, &new_root);
        } else {
            new_root = node_hash(&new_root, sibling);
        }
        (at, last) = parent(at, last);
    }
    match last {
        0 if old_root == old.root && new_root == new.root => Ok(()),
        0 => Err(NotProven::Root),
        _ => Err(NotProven::Length),
    }
}

/// The complete subtrees that tile the leaves from `start` up to `end`, largest first, as level and index.
///
/// `start` must be a multiple of the largest of them, which holds for every range of RFC 6962's splits.
pub(super) fn subtrees(start: u64, end: u64) -> impl Iterator<Item = (u8, u64)> {
    let mut at = start;
    std::iter::from_fn(move || {
        let level = (end - at).checked_ilog2()?;
        let node = (level as u8, at >> level);
        at += 1 << level;
        Some(node)
    })
}

/// Positions of the joined hash and of the last node, once a sibling is joined; `last` is not 0.
fn parent(at: u64, last: u64) -> (u64, u64) {
    // The last node of an odd level has no sibling there: it was joined where it first had one.
    let climb = if at == last { at.trailing_zeros() } else { 0 };
    (at >> climb >> 1, last >> climb >> 1)
}

fn range_root<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Hash, Unprovable<N::Error>> {
    let peaks = subtrees(start, end)
        .map(|(level, index)| nodes.node(level, index).map_err(Unprovable::Nodes))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(bag(&peaks))
}

/// RFC 6962 section 2.1: the largest power of two smaller than `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::leaf_hash;
    use crate::audit::testing::{Memory, naive};
    use proptest::prelude::*;

    const SIZE_MAX: u64 = 70;

    fn flip(hash: Hash, bit: usize) -> Hash {
        let mut bytes = *hash.as_bytes();
        bytes[bit / 8 % 32] ^= 1 << (bit % 8);
        Hash::new(bytes)
    }

    #[test]
    fn every_inclusion_proof_is_the_one_of_the_rfc() {
        let memory = Memory::of_size(SIZE_MAX);
        for size in 0..=SIZE_MAX {
            let leaves = &memory.leaves[..size as usize];
            let head = Head { size, root: root_at(&memory, size).expect("nodes are stored") };
            assert_eq!(head.root, naive::root(leaves));
            assert_eq!(inclusion_proof(&memory, size, size), Err(Unprovable::OutOfRange));
            for index in 0..size {
                let proof = inclusion_proof(&memory, index, size).expect("the index is below the size");
                assert_eq!(proof, naive::path(index as usize, leaves));
                let leaf = leaves[index as usize];
                assert_eq!(verify_inclusion(&leaf, index, &head, &proof), Ok(()));
                for other in (0..=size).filter(|other| *other != index) {
                    assert!(verify_inclusion(&leaf, other, &head, &proof).is_err());
                }
                let longer = [&proof[..], &[leaf]].concat();
                assert_eq!(verify_inclusion(&leaf, index, &head, &longer), Err(NotProven::Length));
                if let [.., _] = proof[..] {
                    let shorter = &proof[..proof.len() - 1];
                    assert_eq!(verify_inclusion(&leaf, index, &head, shorter), Err(NotProven::Length));
                }
            }
        }
    }

    #[test]
    fn every_consistency_proof_is_the_one_of_the_rfc() {
        let memory = Memory::of_size(SIZE_MAX);
        let head = |size| Head { size, root: root_at(&memory, size).expect("nodes are stored") };
        for new in 0..=SIZE_MAX {
            assert_eq!(consistency_proof(&memory, new + 1, new), Err(Unprovable::OutOfRange));
            assert_eq!(consistency_proof(&memory, 0, new), Ok(Vec::new()));
            assert_eq!(verify_consistency(&Head::empty(), &head(new), &[]), Err(NotProven::OutOfRange));
            for old in 1..=new {
                let proof = consistency_proof(&memory, old, new).expect("the old size is not larger");
                assert_eq!(proof, naive::consistency(old as usize, &memory.leaves[..new as usize]));
                let check =
                    |old: u64, new: u64, proof: &[Hash]| verify_consistency(&head(old), &head(new), proof);
                assert_eq!(check(old, new, &proof), Ok(()));
                let longer = [&proof[..], &[head(old).root]].concat();
                assert_eq!(check(old, new, &longer), Err(NotProven::Length));
                if let [shorter @ .., _] = &proof[..] {
                    assert!(check(old, new, shorter).is_err());
                    assert_eq!(check(new, old, &proof), Err(NotProven::OutOfRange));
                }
            }
        }
    }

    #[test]
    fn a_proof_reads_few_nodes() {
        struct Counting(std::cell::Cell<u32>);
        impl Nodes for Counting {
            type Error = std::convert::Infallible;
            fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
                self.0.set(self.0.get() + 1);
                Ok(leaf_hash(&[&[level], &index.to_be_bytes()[..]].concat()))
            }
        }
        for size in [1_000_000_000, (1 << 40) - 1, u64::MAX] {
            for index in [0, size / 3, size - 1] {
                let nodes = Counting(Default::default());
                inclusion_proof(&nodes, index, size).expect("the index is below the size");
                consistency_proof(&nodes, index, size).expect("the old size is below the new one");
                assert!(nodes.0.get() <= 4 * 64, "{} nodes read", nodes.0.get());
            }
        }
    }

    proptest! {
        #[test]
        fn a_flipped_bit_anywhere_breaks_an_inclusion_proof(
            size in 1..=SIZE_MAX, at in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), bit in 0..256_usize,
        ) {
            let memory = Memory::of_size(size);
            let index = at.index(size as usize) as u64;
            let mut head = memory.frontier.head();
            let mut leaf = memory.leaves[index as usize];
            let mut proof = inclusion_proof(&memory, index, size).expect("the index is below the size");
            match place.index(proof.len() + 2) {
                0 => leaf = flip(leaf, bit),
                1 => head.root = flip(head.root, bit),
                n => proof[n - 2] = flip(proof[n - 2], bit),
            }
            prop_assert_eq!(verify_inclusion(&leaf, index, &head, &proof), Err(NotProven::Root));
        }

        #[test]
        fn a_flipped_bit_anywhere_breaks_a_consistency_proof(
            new in 1..=SIZE_MAX, at in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), bit in 0..256_usize,
        ) {
            let memory = Memory::of_size(new);
            let old = at.index(new as usize) as u64 + 1;
            let mut heads = [old, new].map(|size| Head { size, root: naive::root(&memory.leaves[..size as usize]) });
            let mut proof = consistency_proof(&memory, old, new).expect("the old size is not larger");
            match place.index(proof.len() + 2) {
                n @ 0..=1 => heads[n].root = flip(heads[n].root, bit),
                n => proof[n - 2] = flip(proof[n - 2], bit),
            }
            prop_assert_eq!(verify_consistency(&heads[0], &heads[1], &proof), Err(NotProven::Root));
        }
    }
}
