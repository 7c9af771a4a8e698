//! The growing end of an RFC 6962 tree.

use super::Hash;
use super::proof::{Nodes, Unprovable, subtrees};

/// Hash of a leaf, RFC 6962 section 2.1: `SHA-256(0x00 || entry)`.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of_parts(&[&[0x00], entry])
}

/// Hash of two neighbouring subtrees, RFC 6962 section 2.1: `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [0x01; 65];
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..].copy_from_slice(right.as_bytes());
    Hash::of(&bytes)
}

/// What a checkpoint says of the tree: how many entries, and their root hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// Two heads of one log that can not both be honest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Split {
    /// The log was larger before.
    #[error("the log is smaller than it was")]
    Smaller,
    /// The same number of entries, but other entries.
    #[error("the log has another root at the same size")]
    OtherRoot,
}

impl Head {
    /// Head of the log without entries: RFC 6962's `SHA-256()`.
    #[must_use]
    pub fn empty() -> Self {
        Self { size: 0, root: Hash::of(b"") }
    }

    /// Whether a log that showed `last` before may show this head now, as far as sizes and roots tell.
    ///
    /// A larger head passes: only [`verify_consistency`](super::verify_consistency) shows that it holds
    /// the same entries. Answers of calls in flight together can overtake each other, so compare with the
    /// heads that were known when the call was made.
    ///
    /// # Errors
    ///
    /// [`Split`] when this head is smaller, or as large with another root.
    pub fn check_consistent(&self, last: &Self) -> Result<(), Split> {
        match self.size.cmp(&last.size) {
            std::cmp::Ordering::Less => Err(Split::Smaller),
            std::cmp::Ordering::Equal if self.root != last.root => Err(Split::OtherRoot),
            _ => Ok(()),
        }
    }
}

/// A complete subtree: `2^level` leaves from `index * 2^level` on. Level 0 are the leaf hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Height above the leaves.
    pub level: u8,
    /// Position among the nodes of its level, from 0.
    pub index: u64,
    /// Hash of the subtree.
    pub hash: Hash,
}

/// The right edge of the tree: enough to append and to know the root.
///
/// It holds at most 64 hashes, so a copy made before a transaction undoes what the transaction appended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    // Roots of the complete subtrees, one for each set bit of `size`, largest first.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The edge of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of the stored tree of the first `size` entries: one node is read for each set bit of `size`.
    ///
    /// # Errors
    ///
    /// [`Unprovable::Nodes`] when a node can not be read.
    pub fn load<N: Nodes>(nodes: &N, size: u64) -> Result<Self, Unprovable<N::Error>> {
        let peaks = subtrees(0, size)
            .map(|(level, index)| nodes.node(level, index).map_err(Unprovable::Nodes))
            .collect::<Result<_, _>>()?;
        Ok(Self { size, peaks })
    }

    /// Appends a leaf and returns what that completes: the leaf itself at level 0, then the interior nodes
    /// from the bottom up. All of them are what [`Nodes`] will be asked for.
    pub fn append(&mut self, leaf: Hash) -> Vec<Node> {
        let mut node = Node { level: 0, index: self.size, hash: leaf };
        let mut completed = vec![node];
        for _ in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("there is a peak for each set bit of the size");
            node = Node { level: node.level + 1, index: node.index >> 1, hash: node_hash(&left, &node.hash) };
            completed.push(node);
        }
        self.peaks.push(node.hash);
        self.size += 1;
        completed
    }

    /// Roots of the complete subtrees that make up the tree, largest first.
    pub fn peaks(&self) -> impl Iterator<Item = Node> {
        let places = subtrees(0, self.size);
        places.zip(&self.peaks).map(|((level, index), hash)| Node { level, index, hash: *hash })
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root hash, RFC 6962 section 2.1.
    #[must_use]
    pub fn root(&self) -> Hash {
        bag(&self.peaks)
    }

    /// Size and root.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { size: self.size, root: self.root() }
    }
}

/// Root of neighbouring complete subtrees that shrink from left to right.
pub(super) fn bag(peaks: &[Hash]) -> Hash {
    let Some((last, rest)) = peaks.split_last() else { return Head::empty().root };
    rest.iter().rev().fold(*last, |right, left| node_hash(left, &right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Memory, naive};

    /// The eight entries of the test data of Certificate Transparency, and the roots published with them.
    const ENTRIES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn known_roots() {
        let mut frontier = Frontier::new();
        assert_eq!(frontier.head(), Head::empty());
        assert_eq!(frontier.root().to_string(), ROOTS[0]);
        for (entry, root) in ENTRIES.iter().zip(&ROOTS[1..]) {
            frontier.append(leaf_hash(entry));
            assert_eq!(frontier.root().to_string(), *root);
        }
    }

    #[test]
    fn appending_completes_every_node_once_and_a_copy_undoes_it() {
        let mut memory = Memory::default();
        for size in 0..300_u64 {
            let before = memory.frontier.clone();
            memory.append(&size.to_be_bytes());
            assert_eq!(memory.frontier.root(), naive::root(&memory.leaves));
            assert_eq!(Frontier::load(&memory, size).expect("its nodes are stored"), before);
            let mut n_leaves = 0;
            for Node { level, index, hash } in memory.frontier.peaks() {
                assert_eq!((memory.nodes.get(&(level, index)), index << level), (Some(&hash), n_leaves));
                n_leaves += 1 << level;
            }
            assert_eq!(n_leaves, memory.frontier.size());
        }
        // 300 leaves complete 150 pairs, 75 fours, and so on.
        assert_eq!(memory.nodes.len(), 300 + 150 + 75 + 37 + 18 + 9 + 4 + 2 + 1);
    }

    #[test]
    fn a_head_must_not_go_back() {
        let old = Head { size: 3, root: Hash::of(b"old") };
        assert_eq!(old.check_consistent(&old), Ok(()));
        assert_eq!(Head { size: 4, ..old }.check_consistent(&old), Ok(()));
        assert_eq!(Head { size: 2, ..old }.check_consistent(&old), Err(Split::Smaller));
        assert_eq!(Head { root: Hash::of(b"new"), ..old }.check_consistent(&old), Err(Split::OtherRoot));
    }
}
