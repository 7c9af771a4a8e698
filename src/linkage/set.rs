//! A whole set in the order that suits comparison, and what its pairs come to.

use super::blocking::{Blocks, Seen};
use super::cluster::{Edge, Groups, agree, strongest_first};
use super::comparison::{LevelPattern, compare, compare_unless};
use super::decided::Decided;
use super::features::Features;
use super::frequency::{Frequencies, Shares};
use super::model::Model;
use crate::parallel;

/// Records with all that is known before they are compared.
pub(super) struct Set {
    pub(super) records: Vec<Features>,
    pub(super) sources: Vec<u32>,
    pub(super) shares: Vec<Shares>,
    /// Records of each source.
    pub(super) sizes: Vec<u32>,
}

/// Pairs below this weight are forgotten, in bits.
pub(super) const KEPT_BITS: f32 = -10.0;
const CHUNK: usize = 4_096;

impl Set {
    /// Puts records beside those they are likely to be compared with, and says where each was.
    pub(super) fn new(mut records: Vec<Features>, sources: &[u32]) -> (Vec<u32>, Self) {
        let chunks: Vec<&[Features]> = records.chunks(CHUNK).collect();
        let places = parallel::map(chunks.len(), |chunk| {
            let place = |(at, record): (usize, &Features)| {
                let at = chunk * CHUNK + at;
                (record.place_in_order(sources[at]), at as u32)
            };
            chunks[chunk].iter().enumerate().map(place).collect::<Vec<([u32; 4], u32)>>()
        });
        let mut order = places.concat();
        order.sort_unstable();
        let order: Vec<u32> = order.into_iter().map(|(_, at)| at).collect();
        arrange(&mut records, &order);
        let sources: Vec<u32> = order.iter().map(|at| sources[*at as usize]).collect();
        let mut sizes = vec![0; sources.iter().max().map_or(0, |last| *last as usize + 1)];
        sources.iter().for_each(|source| sizes[*source as usize] += 1);
        let frequencies = Frequencies::of(&records);
        let chunks: Vec<&[Features]> = records.chunks(CHUNK).collect();
        let shares = parallel::map(chunks.len(), |at| {
            chunks[at].iter().map(|record| frequencies.shares(record)).collect::<Vec<Shares>>()
        });
        let shares = shares.into_iter().flatten().collect();
        (order, Self { records, sources, shares, sizes })
    }

    /// Every candidate pair worth keeping, and how many there were.
    pub(super) fn edges(&self, model: &Model, unique: &[bool], blocks: &Blocks) -> (Vec<Edge>, u64) {
        let n = self.records.len();
        let parts = parallel::map_with(
            n.div_ceil(CHUNK),
            || Seen::new(n),
            |seen, chunk| {
                let (mut edges, mut n_candidates) = (Vec::new(), 0);
                for a in chunk * CHUNK..((chunk + 1) * CHUNK).min(n) {
                    let (record, shares, source) = (&self.records[a], &self.shares[a], self.sources[a]);
                    for b in blocks.candidates(a as u32, seen) {
                        if source == self.sources[*b as usize] && unique[source as usize] {
                            continue;
                        }
                        n_candidates += 1;
                        let hopeless = |step, pattern| model.is_hopeless(step, pattern, shares, KEPT_BITS);
                        let Some(pattern) = compare_unless(record, &self.records[*b as usize], hopeless)
                        else {
                            continue;
                        };
                        let bits = model.evidence(pattern, shares).bits();
                        if bits > KEPT_BITS {
                            edges.push(Edge { a: a as u32, b: *b, bits, pattern });
                        }
                    }
                }
                (edges, n_candidates)
            },
        );
        let n_candidates = parts.iter().map(|(_, n)| n).sum();
        (parts.into_iter().flat_map(|(edges, _)| edges).collect(), n_candidates)
    }

    /// Decisions come first. Then, from the strongest to the weakest, edges bring two groups together, unless
    /// they are decided to be two people, hold a record of one source each that holds a person once, or speak
    /// against each other on average.
    pub(super) fn groups(&self, model: &Model, unique: &[bool], decided: &Decided, edges: &[Edge]) -> Groups {
        let mut groups = Groups::new(self.records.len());
        decided.join(&mut groups);
        for edge in edges.iter().take_while(|edge| edge.bits >= 0.0) {
            let (a, b) = (groups.of(edge.a), groups.of(edge.b));
            if a == b {
                continue;
            }
            let (some, others) = (groups.members(a), groups.members(b));
            if !decided.part(some, others) && self.may_join(model, unique, some, others) {
                groups.join(a, b);
            }
        }
        groups
    }

    fn may_join(&self, model: &Model, unique: &[bool], a: &[u32], b: &[u32]) -> bool {
        let source = |record: &u32| self.sources[*record as usize];
        let taken = |x: &u32| unique[source(x) as usize] && b.iter().any(|y| source(x) == source(y));
        if a.iter().any(taken) {
            return false;
        }
        let weigh = |x: &u32, y: &u32| self.weigh(model, *x, *y).0;
        agree(a.len() * b.len(), a.iter().flat_map(|x| b.iter().map(move |y| weigh(x, y))))
    }

    /// Weight and levels of a pair by itself.
    fn weigh(&self, model: &Model, a: u32, b: u32) -> (f32, LevelPattern) {
        let pattern = compare(&self.records[a as usize], &self.records[b as usize]);
        (model.evidence(pattern, &self.shares[a as usize]).bits(), pattern)
    }

    /// The pairs decided to be one person, the strongest first.
    pub(super) fn decided(&self, model: &Model, decided: &Decided) -> Vec<Edge> {
        let edge = |(a, b)| {
            let (bits, pattern) = self.weigh(model, a, b);
            Edge { a, b, bits, pattern }
        };
        let mut edges: Vec<Edge> = decided.same().map(edge).collect();
        strongest_first(&mut edges);
        edges
    }
}

/// Puts the item that stood at `order[0]` first, the one at `order[1]` second, and so on, in place:
/// there may not be room for all of them twice.
fn arrange<T: Clone>(items: &mut [T], order: &[u32]) {
    let mut done = vec![false; order.len()];
    for first in 0..order.len() {
        if done[first] {
            continue;
        }
        // Around a circle of places, each item moves to the place that was left last.
        let (mut at, moved) = (first, items[first].clone());
        loop {
            done[at] = true;
            let from = order[at] as usize;
            if from == first {
                break;
            }
            items[at] = items[from].clone();
            at = from;
        }
        items[at] = moved;
    }
}
