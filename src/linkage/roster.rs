//! Linking a whole set at once.

use super::blocking::Blocks;
use super::cluster::{Edge, Groups, strongest_first};
use super::comparison::LevelPattern;
use super::decided::Decided;
use super::exclusive::compete;
use super::features::Features;
use super::model::Model;
use super::sample::Sample;
use super::set::Set;
use crate::identity::Encoding;

/// Records that are to be linked with each other.
///
/// The places of records number persons, and decide between records of one source
/// that are alike in everything; give places in an order of their own (by source and id) and nothing
/// depends on the order of arrival. Nothing depends on the number of threads.
#[derive(Default)]
pub struct Roster {
    records: Vec<Features>,
    sources: Vec<u32>,
    places: Vec<u32>,
    known_once: Vec<u32>,
    decided: Decided,
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
    /// The person of each record, in the order of their places; numbered from 0 by first record.
    pub persons: Vec<u32>,
    /// For each record the strongest pair with another record of its person.
    pub reasons: Vec<Option<Reason>>,
    /// The model that was learned.
    pub model: Model,
    /// Whether each source holds a person once, by its number.
    pub unique: Vec<bool>,
    /// Every pair with a weight above -10 bits about which nothing is decided, the strongest first.
    pub pairs: Vec<Pair>,
    /// The pairs that are one person by decision, the strongest first, each weighed by itself.
    pub decided: Vec<Pair>,
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

impl Roster {
    /// An empty roster with room for so many records.
    #[must_use]
    pub fn with_capacity(n_records: usize) -> Self {
        Self {
            records: Vec::with_capacity(n_records),
            sources: Vec::with_capacity(n_records),
            places: Vec::with_capacity(n_records),
            ..Self::default()
        }
    }

    /// Adds a record of a source. Sources are numbered from 0; a source is what holds a person once, or
    /// may: an agency's file of one year.
    pub fn push(&mut self, source: u32, encoding: &Encoding) {
        self.push_features(source, Features::new(encoding));
    }

    /// The same for records that come in another order than they are to have. Every place from 0 on is
    /// given once, and [`Roster::push`] is not used beside it.
    pub fn push_at(&mut self, place: u32, source: u32, encoding: &Encoding) {
        self.records.push(Features::new(encoding));
        self.sources.push(source);
        self.places.push(place);
    }

    /// Adds the records of another roster, at their places.
    pub fn append(&mut self, mut other: Self) {
        self.records.append(&mut other.records);
        self.sources.append(&mut other.sources);
        self.places.append(&mut other.places);
    }

    /// Says that a source is known to hold a person once; of the others it is found out.
    pub fn holds_once(&mut self, source: u32) {
        self.known_once.push(source);
    }

    /// Says which records are one person and which are not, by their places.
    pub(super) fn decided(&mut self, decided: Decided) {
        self.decided = decided;
    }

    pub(super) fn push_features(&mut self, source: u32, record: Features) {
        self.places.push(self.records.len() as u32);
        self.records.push(record);
        self.sources.push(source);
    }

    /// Links all records; `done` is called after each phase.
    #[must_use]
    pub fn link(self, mut done: impl FnMut(Phase)) -> Linked {
        let (mut order, set) = Set::new(self.records, &self.sources);
        order.iter_mut().for_each(|at| *at = self.places[*at as usize]);
        let decided = self.decided;
        let decided = if decided.is_empty() { decided } else { decided.moved(back(&order)) };
        done(Phase::Count);
        let blocks = Blocks::new(&set.records);
        done(Phase::Block);
        let sample = Sample::new(&set.records, &set.sources, &set.shares, &blocks);
        let (model, unique) = sample.model(&set.sizes, &self.known_once);
        drop(sample);
        done(Phase::Learn);
        let (mut edges, n_candidates) = set.edges(&model, &unique, &blocks);
        drop(blocks);
        if !decided.is_empty() {
            // What is settled is no rival of what is not.
            edges.retain(|edge| !decided.settle(edge.a, edge.b, &set.sources, &unique));
        }
        compete(&mut edges, &set.sources, &unique);
        strongest_first(&mut edges);
        done(Phase::Compare);
        let groups = set.groups(&model, &unique, &decided, &edges);
        let edges = [edges, set.decided(&model, &decided)];
        let linked = in_order(&order, &groups, edges, model, unique, n_candidates);
        done(Phase::Cluster);
        linked
    }
}

/// Where the record of each place stands in an order.
fn back(order: &[u32]) -> impl Fn(u32) -> u32 {
    let mut at = vec![0; order.len()];
    order.iter().zip(0..).for_each(|(place, stands)| at[*place as usize] = stands);
    move |place| at[place as usize]
}

/// Brings records to their places, and numbers persons by these. The edges are the open ones and the decided ones.
fn in_order(
    order: &[u32],
    groups: &Groups,
    edges: [Vec<Edge>; 2],
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
    let [pairs, decided] = edges.map(|edges| edges.into_iter().map(pair).collect::<Vec<Pair>>());
    for pair in
        pairs.iter().chain(&decided).filter(|pair| persons[pair.a as usize] == persons[pair.b as usize])
    {
        for end in [pair.a, pair.b] {
            reasons[end as usize]
                .get_or_insert(Reason { weight_bits: pair.weight_bits, pattern: pair.pattern });
        }
    }
    Linked { persons, reasons, model, unique, pairs, decided, n_candidates }
}
