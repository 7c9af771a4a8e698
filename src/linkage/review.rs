//! A linkage as a steward looks at it: how it came out, and pairs that people may have to decide about.

use super::comparison::LevelPattern;
use super::model::Model;
use super::weights::{BIN_BITS, Bin, Expected};
use super::{Linker, Subject, SubjectPair};
use std::collections::BTreeSet;

/// From so many bits on, for or against, a pair is no longer doubtful: odds of a thousand to one.
pub const DOUBTFUL_BITS: f32 = 10.0;

/// All that is known of a linkage without knowing anybody.
#[derive(Debug)]
pub struct Review {
    /// The model that was learned.
    pub model: Model,
    /// Persons.
    pub n_persons: u64,
    /// Subjects that nobody can be compared with, until they are encoded again.
    pub n_held: u64,
    /// By subject: whether its person has a subject of another source.
    pub linked: Vec<(Subject, bool)>,
    /// Precision and recall to expect.
    pub expected: Expected,
    /// Undecided pairs by weight.
    pub histogram: Vec<Bin>,
    /// The undecided pairs that were wanted, those with weights nearest to 0 first.
    pub offered: Vec<Offered>,
    /// Whether there are more of them.
    pub has_more: bool,
}

/// Which undecided pairs are wanted: of those that were weighed at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Those with weights from here on, in bits.
    pub from_bits: f32,
    /// Those with weights below this, in bits.
    pub to_bits: f32,
    /// With one source, pairs with a subject of it; with several, pairs whose subjects are both of these.
    pub sources: BTreeSet<u32>,
    /// So many are passed over.
    pub n_skipped: usize,
    /// So many at most.
    pub n_max: usize,
}

impl Wanted {
    /// The pairs where as much speaks for as against, of all sources.
    #[must_use]
    pub const fn doubtful(n_max: usize) -> Self {
        let sources = BTreeSet::new();
        Self { from_bits: -DOUBTFUL_BITS, to_bits: DOUBTFUL_BITS, sources, n_skipped: 0, n_max }
    }

    fn holds(&self, weight_bits: f32, pair: [Subject; 2]) -> bool {
        let n_of_these = pair.iter().filter(|subject| self.sources.contains(&subject.source)).count();
        (self.from_bits..self.to_bits).contains(&weight_bits) && n_of_these >= self.sources.len().min(2)
    }
}

/// A pair that people can decide about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offered {
    /// The two.
    pub pair: SubjectPair,
    /// The weight, other candidates of both taken into account, in bits; of a pair that is not doubtful no
    /// more than to [`BIN_BITS`], towards 0, because an exact one tells how frequent a name is.
    pub weight_bits: f32,
    /// The levels.
    pub pattern: LevelPattern,
    /// Whether they are linked, by this pair or others.
    pub is_linked: bool,
}

impl Linker {
    /// Links everything anew, as [`Linker::relink`] does, changes nothing, and says how it came out, with the
    /// pairs that are wanted.
    #[must_use]
    pub fn review(&self, wanted: &Wanted) -> Review {
        let (subjects, linked) = self.relinked();
        let n_persons = linked.persons.iter().max().map_or(0, |last| *last as usize + 1);
        let mut sizes = vec![0_u32; n_persons];
        linked.persons.iter().for_each(|person| sizes[*person as usize] += 1);
        // A source holds a person once: whoever has another subject has it in another source.
        let is_linked = |(subject, person): (&Subject, &u32)| (*subject, sizes[*person as usize] > 1);
        let pair = |pair: &super::Pair| [subjects[pair.a as usize], subjects[pair.b as usize]];
        let is_wanted = |of: &&super::Pair| wanted.holds(of.weight_bits, pair(of));
        let mut nearest: Vec<_> = linked.pairs.iter().filter(is_wanted).collect();
        // By what is told of weights, so that the order tells no more.
        let nearness = |pair: &&super::Pair| (told(pair.weight_bits).abs().to_bits(), pair.a, pair.b);
        let last = wanted.n_skipped.saturating_add(wanted.n_max);
        let has_more = nearest.len() > last;
        if has_more {
            nearest.select_nth_unstable_by_key(last, nearness);
            nearest.truncate(last);
        }
        nearest.sort_unstable_by_key(nearness);
        let offered = nearest.into_iter().skip(wanted.n_skipped).map(|of| Offered {
            pair: SubjectPair::new(pair(of)[0], pair(of)[1]),
            weight_bits: told(of.weight_bits),
            pattern: of.pattern,
            is_linked: linked.is_linked(of),
        });
        Review {
            n_persons: n_persons as u64,
            n_held: self.n_held() as u64,
            linked: subjects.iter().zip(&linked.persons).map(is_linked).collect(),
            expected: linked.expected(),
            histogram: linked.histogram(),
            offered: offered.collect(),
            has_more,
            model: linked.model,
        }
    }
}

/// What is told of a weight.
fn told(weight_bits: f32) -> f32 {
    let bin = BIN_BITS as f32;
    if weight_bits.abs() < DOUBTFUL_BITS { weight_bits } else { (weight_bits / bin).trunc() * bin }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Token;

    #[test]
    fn weights_that_leave_no_doubt_are_told_in_steps() {
        let weights = [0.3, -9.99, 10.0, 14.99, -10.0, -14.99, -15.0, 61.7];
        assert_eq!(weights.map(told), [0.3, -9.99, 10.0, 10.0, -10.0, -10.0, -15.0, 60.0]);
    }

    #[test]
    fn pairs_are_wanted_by_weight_and_by_source() {
        let holds = |wanted: &Wanted, weight_bits, sources: [u32; 2]| {
            let subject = |source| Subject { source, student: Token::from_bytes([0; 16]) };
            wanted.holds(weight_bits, sources.map(subject))
        };
        let mut wanted = Wanted::doubtful(1);
        assert_eq!(
            [-10.1, -10.0, 9.9, 10.0].map(|bits| holds(&wanted, bits, [1, 2])),
            [false, true, true, false]
        );
        (wanted.from_bits, wanted.to_bits) = (10.0, f32::INFINITY);
        assert_eq!([9.9, 10.0, 99.0].map(|bits| holds(&wanted, bits, [1, 2])), [false, true, true]);
        wanted.sources = [2].into();
        assert_eq!([[1, 2], [2, 3], [1, 3]].map(|of| holds(&wanted, 20.0, of)), [true, true, false]);
        wanted.sources = [1, 2].into();
        assert_eq!([[1, 2], [2, 3], [1, 3]].map(|of| holds(&wanted, 20.0, of)), [true, false, false]);
        wanted.sources = [1, 2, 3].into();
        assert_eq!([[1, 2], [1, 3], [3, 4]].map(|of| holds(&wanted, 20.0, of)), [true, true, false]);
    }
}
