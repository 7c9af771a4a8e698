//! Linking a whole set at once.

use super::blocking::{Blocks, Seen};
use super::cluster::{Edge, Groups};
use super::comparison::{LevelPattern, compare, compare_unless};
use super::exclusive::compete;
use super::features::Features;
use super::frequency::{Frequencies, Shares};
use super::model::Model;
use super::parallel::{in_parallel, in_parallel_with};
use super::sample::Sample;
use crate::identity::Encoding;

/// Records that are to be linked with each other.
///
/// The result depends on the order in which records are pushed only through the numbering of persons
/// and through ties; push them in an order of their own (by source and id) and it does not depend on
/// the order of arrival at all.
#[derive(Default)]
pub struct Roster {
    records: Vec<Features>,
    sources: Vec<u32>,
    known_once: Vec<u32>,
}

/// A step of [`Roster::link`], for whoever shows progress or takes the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Putting records into order and counting values.
    Count,
    /// Finding candidate pairs.
    Block,
    /// Learning the model.
    Learn,
    /// Comparing and weighing all candidates.
    Compare,
    /// Bringing records together.
    Cluster,
}

/// What linking came to.
#[derive(Debug)]
pub struct Linked {
    /// The person of each record, in the order they were pushed; numbered from 0 by first record.
    pub persons: Vec<u32>,
    /// For each record the strongest pair with another record of its person.
    pub reasons: Vec<Option<Reason>>,
    /// The model that was learned.
    pub model: Model,
    /// Whether each source holds a person once, by its number.
    pub unique: Vec<bool>,
    /// Every pair with a weight above -10 bits, the strongest first.
    pub pairs: Vec<Pair>,
    /// Pairs compared.
    pub n_candidates: u64,
}

/// Why a record is with its person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reason {
    /// The weight of the pair, in bits.
    pub weight_bits: f32,
    /// Its levels.
    pub pattern: LevelPattern,
}

/// Two records, by their places in the roster, and the weight of their being one person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The one.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// Binary logarithm of the odds, other candidates of both taken into account.
    pub weight_bits: f32,
    /// The levels.
    pub pattern: LevelPattern,
}

/// Pairs below this weight are forgotten.
const KEPT_BITS: f32 = -10.0;
/// A pair of groups that speak against each other more than this on average stays apart, in bits. A
/// single comparison counts for no more than [`CLEAR_BITS`] either way.
const MEAN_BITS: f32 = -5.0;
const CLEAR_BITS: f32 = 10.0;
const CHUNK: usize = 4_096;

impl Roster {
    /// An empty roster with room for so many records.
    #[must_use]
    pub fn with_capacity(n_records: usize) -> Self {
        Self {
            records: Vec::with_capacity(n_records),
            sources: Vec::with_capacity(n_records),
            known_once: vec![],
        }
    }

    /// Adds a record of a source. Sources are numbered from 0; a source is what holds a person once, or
    /// may: an agency's file of one year.
    pub fn push(&mut self, source: u32, encoding: &Encoding) {
        self.records.push(Features::new(encoding));
        self.sources.push(source);
    }

    /// Adds the records of another roster behind those of this one.
    pub fn append(&mut self, mut other: Self) {
        self.records.append(&mut other.records);
        self.sources.append(&mut other.sources);
    }

    /// Says that a source is known to hold a person once; of the others it is found out.
    pub fn holds_once(&mut self, source: u32) {
        self.known_once.push(source);
    }

    pub(super) fn push_features(&mut self, source: u32, record: Features) {
        self.records.push(record);
        self.sources.push(source);
    }

    /// Links all records; `done` is called after each phase.
    #[must_use]
    pub fn link(self, mut done: impl FnMut(Phase)) -> Linked {
        let (order, set) = self.into_set();
        done(Phase::Count);
        let blocks = Blocks::new(&set.records);
        done(Phase::Block);
        let sample = Sample::new(&set.records, &set.sources, &set.shares, &blocks);
        let (model, unique) = sample.model(&set.sizes, &set.known_once);
        drop(sample);
        done(Phase::Learn);
        let (mut edges, n_candidates) = set.edges(&model, &unique, &blocks);
        drop(blocks);
        compete(&mut edges, &set.sources, &unique);
        edges.sort_unstable_by(|x, y| y.bits.total_cmp(&x.bits).then_with(|| (x.a, x.b).cmp(&(y.a, y.b))));
        done(Phase::Compare);
        let groups = set.groups(&model, &unique, &edges);
        let linked = in_order(&order, &groups, edges, model, unique, n_candidates);
        done(Phase::Cluster);
        linked
    }

    /// Records beside those they are likely to be compared with, and where each was.
    fn into_set(self) -> (Vec<u32>, Set) {
        let mut order: Vec<([u32; 3], u32)> =
            (0..).zip(&self.records).map(|(at, record)| (record.place_in_order(), at)).collect();
        order.sort_unstable();
        let order: Vec<u32> = order.into_iter().map(|(_, at)| at).collect();
        let sources: Vec<u32> = order.iter().map(|at| self.sources[*at as usize]).collect();
        let records: Vec<Features> = order.iter().map(|at| self.records[*at as usize].clone()).collect();
        drop(self.records);
        let mut sizes = vec![0; sources.iter().max().map_or(0, |last| *last as usize + 1)];
        sources.iter().for_each(|source| sizes[*source as usize] += 1);
        let frequencies = Frequencies::of(&records);
        let chunks: Vec<&[Features]> = records.chunks(CHUNK).collect();
        let shares = in_parallel(chunks.len(), |at| {
            chunks[at].iter().map(|record| frequencies.shares(record)).collect::<Vec<Shares>>()
        });
        let shares = shares.into_iter().flatten().collect();
        (order, Set { records, sources, shares, sizes, known_once: self.known_once })
    }
}

/// Records with all that is known before they are compared.
struct Set {
    records: Vec<Features>,
    sources: Vec<u32>,
    shares: Vec<Shares>,
    /// Records of each source.
    sizes: Vec<u32>,
    known_once: Vec<u32>,
}

impl Set {
    /// Every candidate pair worth keeping, and how many there were.
    fn edges(&self, model: &Model, unique: &[bool], blocks: &Blocks) -> (Vec<Edge>, u64) {
        let n = self.records.len();
        let parts = in_parallel_with(
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

    /// From the strongest to the weakest, edges bring two groups together, unless they hold a record of
    /// one source each that holds a person once, or speak against each other on average.
    fn groups(&self, model: &Model, unique: &[bool], edges: &[Edge]) -> Groups {
        let mut groups = Groups::new(self.records.len());
        for edge in edges.iter().take_while(|edge| edge.bits >= 0.0) {
            let (a, b) = (groups.of(edge.a), groups.of(edge.b));
            if a != b && self.may_join(model, unique, groups.members(a), groups.members(b)) {
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
        // Two records alone are joined by the edge between them.
        let weigh = |x: &u32, y: &u32| {
            let pattern = compare(&self.records[*x as usize], &self.records[*y as usize]);
            model.evidence(pattern, &self.shares[*x as usize]).bits().clamp(-CLEAR_BITS, CLEAR_BITS)
        };
        let n_pairs = a.len() * b.len();
        let sum: f32 = a.iter().flat_map(|x| b.iter().map(move |y| weigh(x, y))).sum();
        n_pairs == 1 || sum / n_pairs as f32 >= MEAN_BITS
    }
}

/// Brings records back to the order they were pushed in, and numbers persons by it.
fn in_order(
    order: &[u32],
    groups: &Groups,
    edges: Vec<Edge>,
    model: Model,
    unique: Vec<bool>,
    n_candidates: u64,
) -> Linked {
    let mut group_of = vec![0; order.len()];
    order.iter().zip(0..).for_each(|(at, place)| group_of[*at as usize] = groups.of(place));
    let mut numbers = vec![None; order.len()];
    let mut next = 0;
    let number = |group: &u32| {
        *numbers[*group as usize].get_or_insert_with(|| {
            next += 1;
            next - 1
        })
    };
    let persons: Vec<u32> = group_of.iter().map(number).collect();
    let mut reasons = vec![None; order.len()];
    let pair = |edge: Edge| {
        let (a, b) = (order[edge.a as usize], order[edge.b as usize]);
        Pair { a: a.min(b), b: a.max(b), weight_bits: edge.bits, pattern: edge.pattern }
    };
    let pairs: Vec<Pair> = edges.into_iter().map(pair).collect();
    for pair in pairs.iter().filter(|pair| persons[pair.a as usize] == persons[pair.b as usize]) {
        for end in [pair.a, pair.b] {
            reasons[end as usize]
                .get_or_insert(Reason { weight_bits: pair.weight_bits, pattern: pair.pattern });
        }
    }
    Linked { persons, reasons, model, unique, pairs, n_candidates }
}
