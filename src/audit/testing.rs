//! What the tests of this module share: a log in memory, keys, and RFC 6962 spelled as in its text.

use super::{Cosigner, Frontier, Hash, Node, Nodes, SignerKey, leaf_hash};
use std::collections::BTreeMap;

/// A log in memory.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) frontier: Frontier,
    pub(crate) leaves: Vec<Hash>,
    pub(crate) nodes: BTreeMap<(u8, u64), Hash>,
}

/// A node that was never stored.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no node {0} at level {1}")]
pub(crate) struct Missing(u64, u8);

impl Memory {
    pub(crate) fn of_size(size: u64) -> Self {
        let mut memory = Self::default();
        (0..size).for_each(|n| memory.append(&n.to_be_bytes()));
        memory
    }

    pub(crate) fn append(&mut self, entry: &[u8]) {
        self.leaves.push(leaf_hash(entry));
        for Node { level, index, hash } in self.frontier.append(leaf_hash(entry)) {
            assert_eq!(self.nodes.insert((level, index), hash), None);
        }
    }
}

impl Nodes for Memory {
    type Error = Missing;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Missing> {
        self.nodes.get(&(level, index)).copied().ok_or(Missing(index, level))
    }
}

/// A PKCS#8 document (RFC 8410) of an Ed25519 seed.
pub(crate) fn pkcs8(seed: [u8; 32]) -> Vec<u8> {
    let header = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    [&header[..], &seed].concat()
}

/// The log's key of the tests.
pub(crate) fn log_key() -> SignerKey {
    SignerKey::from_pkcs8("log.example/access", &pkcs8([7; 32])).expect("a valid key")
}

/// A witness's key of the tests.
pub(crate) fn cosigner(n: u8) -> Cosigner {
    Cosigner::from_pkcs8(&format!("witness.example/{n}"), &pkcs8([n; 32])).expect("a valid key")
}

/// RFC 6962 section 2.1, word for word and slow.
pub(crate) mod naive {
    use super::super::{Hash, node_hash};

    pub(crate) fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of(b""),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node_hash(&root(left), &root(right))
            }
        }
    }

    pub(crate) fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        let (mut path, sibling) =
            if m < k { (path(m, left), root(right)) } else { (path(m - k, right), root(left)) };
        path.push(sibling);
        path
    }

    pub(crate) fn consistency(m: usize, leaves: &[Hash]) -> Vec<Hash> {
        subproof(m, leaves, true)
    }

    fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if m == leaves.len() {
            return if whole { Vec::new() } else { vec![root(leaves)] };
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        let (mut proof, sibling) = if m <= k {
            (subproof(m, left, whole), root(right))
        } else {
            (subproof(m - k, right, false), root(left))
        };
        proof.push(sibling);
        proof
    }

    fn split(n: usize) -> usize {
        let mut k = 1;
        while k * 2 < n {
            k *= 2;
        }
        k
    }
}
