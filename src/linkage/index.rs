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
/// The lists are chains of nodes that stand together, so that the many keys of a single record cost eight bytes.
#[derive(Debug, Default)]
pub(super) struct Index {
    heads: HashMap<u32, u32, ByToken>,
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
/// The head of a list that was given up.
const GIVEN_UP: u32 = u32::MAX - 1;

impl Index {
    pub(super) fn insert(&mut self, number: u32, record: &Features) {
        for key in all_keys(record) {
            let head = self.heads.get(&key).copied().unwrap_or(END);
            if head == GIVEN_UP {
                continue;
            }
            if self.list(head).take(CAP).count() == CAP {
                self.give_up(head);
                self.heads.insert(key, GIVEN_UP);
                continue;
            }
            let node = Node { record: number, next: head };
            let at = match self.free.pop() {
                Some(at) => {
                    self.nodes[at as usize] = node;
                    at
                }
                None => u32::try_from(self.nodes.push(node)).expect("fewer than four thousand million nodes"),
            };
            self.heads.insert(key, at);
        }
    }

    pub(super) fn remove(&mut self, number: u32, record: &Features) {
        for key in all_keys(record) {
            let Some(head) = self.heads.get(&key).copied().filter(|head| *head != GIVEN_UP) else { continue };
            let mut before = None;
            let mut at = head;
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
                None => drop(self.heads.insert(key, next)),
            }
            self.free.push(at);
        }
    }

    /// The records that share a key with a record, each once, in order.
    pub(super) fn candidates(&self, record: &Features) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::with_capacity(128);
        for key in all_keys(record) {
            if let Some(head) = self.heads.get(&key).filter(|head| **head != GIVEN_UP) {
                found.extend(self.list(*head));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn give_up(&mut self, head: u32) {
        let mut at = head;
        while at != END {
            self.free.push(at);
            at = self.nodes[at as usize].next;
        }
    }

    fn list(&self, head: u32) -> impl Iterator<Item = u32> + '_ {
        let node = |at: u32| self.nodes.get(at as usize).copied();
        std::iter::successors(node(head), move |last| node(last.next)).map(|node| node.record)
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
