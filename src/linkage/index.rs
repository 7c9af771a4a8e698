//! From blocking keys to the records that have them.

use crate::identity::Encoding;
use std::collections::HashMap;

/// Posting lists of blocking keys. A list holds at most [`CAP`] records: a key that more share tells
/// little, and a record beyond the cap is found through its other keys.
///
/// The lists are chains through one array, so that the many keys of a single record cost eight bytes.
#[derive(Debug, Default)]
pub(super) struct Index {
    heads: HashMap<u32, u32>,
    nodes: Vec<Node>,
    free: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    record: u32,
    /// The next node of the list, or [`END`].
    next: u32,
}

const CAP: usize = 100;
const END: u32 = u32::MAX;

impl Index {
    pub(super) fn insert(&mut self, record: u32, encoding: &Encoding) {
        for key in encoding.blocking_keys() {
            let key = folded(key);
            let head = self.heads.get(&key).copied().unwrap_or(END);
            if self.list(head).take(CAP).count() == CAP {
                continue;
            }
            let node = Node { record, next: head };
            let at = match self.free.pop() {
                Some(at) => {
                    self.nodes[at as usize] = node;
                    at
                }
                None => {
                    self.nodes.push(node);
                    u32::try_from(self.nodes.len() - 1).expect("fewer than four thousand million nodes")
                }
            };
            self.heads.insert(key, at);
        }
    }

    pub(super) fn remove(&mut self, record: u32, encoding: &Encoding) {
        for key in encoding.blocking_keys() {
            let key = folded(key);
            let Some(head) = self.heads.get(&key).copied() else { continue };
            let mut before = None;
            let mut at = head;
            while at != END && self.nodes[at as usize].record != record {
                (before, at) = (Some(at), self.nodes[at as usize].next);
            }
            if at == END {
                continue;
            }
            let next = self.nodes[at as usize].next;
            match before {
                Some(before) => self.nodes[before as usize].next = next,
                None if next == END => drop(self.heads.remove(&key)),
                None => drop(self.heads.insert(key, next)),
            }
            self.free.push(at);
        }
    }

    /// The records that share a key with an encoding, each once, in order.
    pub(super) fn candidates(&self, encoding: &Encoding) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::with_capacity(128);
        for key in encoding.blocking_keys() {
            if let Some(head) = self.heads.get(&folded(key)) {
                found.extend(self.list(*head));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn list(&self, head: u32) -> impl Iterator<Item = u32> + '_ {
        let node = |at: u32| self.nodes.get(at as usize).copied();
        std::iter::successors(node(head), move |last| node(last.next)).map(|node| node.record)
    }
}

/// Keys that fall together by chance only add a candidate, which comparison turns down.
const fn folded(key: u64) -> u32 {
    (key ^ key >> 32) as u32
}
