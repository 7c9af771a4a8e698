//! From blocking keys to the records that have them, one record at a time.

use super::features::Features;
use super::hashing::ByToken;
use super::keys::{NARROW, keys};
use crate::chunked::Chunked;
use std::collections::HashMap;

/// Posting lists of blocking keys. A key that more than [`CAP`] records have tells little: its list is
/// given up for good, and they are found through their other keys. So it does not matter who came
/// first.
///
/// Lists are chains of nodes that stand together. Most keys are those of a single record, which stands in place of a list.
#[derive(Debug, Default)]
pub(super) struct Index {
    heads: HashMap<u32, Head, ByToken>,
    nodes: Chunked<Node>,
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

/// What a key leads to, in 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head(u32);

impl Head {
    const GIVEN_UP: Self = Self(u32::MAX);
    /// The rest is the number of a record.
    const SINGLE: u32 = 1 << 31;

    /// A single record. There is no memory for so many that their numbers had more bits.
    fn single(record: u32) -> Self {
        assert!(record < Self::SINGLE - 1, "fewer than two thousand million records");
        Self(Self::SINGLE | record)
    }

    /// A list that begins with a node.
    fn node(at: usize) -> Self {
        let at = u32::try_from(at).ok().filter(|at| *at < Self::SINGLE);
        Self(at.expect("fewer than two thousand million nodes"))
    }

    /// The single record, or the first node.
    fn parts(self) -> (Option<u32>, u32) {
        if self.0 >= Self::SINGLE { (Some(self.0 - Self::SINGLE), END) } else { (None, self.0) }
    }
}

impl Index {
    pub(super) fn insert(&mut self, number: u32, record: &Features) {
        for key in all_keys(record) {
            let head = match self.heads.get(&key).copied() {
                None => Head::single(number),
                Some(Head::GIVEN_UP) => continue,
                Some(head) if self.list(head).take(CAP).count() == CAP => {
                    self.give_up(head);
                    Head::GIVEN_UP
                }
                Some(head) => {
                    let next = match head.parts() {
                        (Some(single), end) => self.add(Node { record: single, next: end }).0,
                        (None, first) => first,
                    };
                    self.add(Node { record: number, next })
                }
            };
            self.heads.insert(key, head);
        }
    }

    fn add(&mut self, node: Node) -> Head {
        match self.free.pop() {
            Some(at) => {
                self.nodes[at as usize] = node;
                Head(at)
            }
            None => Head::node(self.nodes.push(node)),
        }
    }

    pub(super) fn remove(&mut self, number: u32, record: &Features) {
        for key in all_keys(record) {
            let head = self.heads.get(&key).copied().filter(|head| *head != Head::GIVEN_UP);
            let Some((single, first)) = head.map(Head::parts) else { continue };
            if single == Some(number) {
                self.heads.remove(&key);
                continue;
            }
            let (mut before, mut at) = (None, first);
            while at != END && self.nodes[at as usize].record != number {
                (before, at) = (Some(at), self.nodes[at as usize].next);
            }
            if at == END {
                continue;
            }
            let next = self.nodes[at as usize].next;
            match before {
                Some(before) => self.nodes[before as usize].next = next,
                None if next == END => drop(self.heads.remove(&key)),
                None => drop(self.heads.insert(key, Head(next))),
            }
            self.free.push(at);
        }
    }

    /// The records that share a key with a record, each once, in order.
    pub(super) fn candidates(&self, record: &Features) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::with_capacity(128);
        for key in all_keys(record) {
            if let Some(head) = self.heads.get(&key).filter(|head| **head != Head::GIVEN_UP) {
                found.extend(self.list(*head));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn give_up(&mut self, head: Head) {
        let (_, mut at) = head.parts();
        while at != END {
            self.free.push(at);
            at = self.nodes[at as usize].next;
        }
    }

    fn list(&self, head: Head) -> impl Iterator<Item = u32> + '_ {
        let (single, first) = head.parts();
        let node = |at: u32| self.nodes.get(at as usize).copied();
        let nodes = std::iter::successors(node(first), move |last| node(last.next));
        single.into_iter().chain(nodes.map(|node| node.record))
    }
}

/// Each once: a record has some keys twice.
fn all_keys(record: &Features) -> Vec<u32> {
    let mut found = Vec::with_capacity(40);
    NARROW.iter().for_each(|kind| keys(*kind, record, |key| found.push(key)));
    found.sort_unstable();
    found.dedup();
    found
}
