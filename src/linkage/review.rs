//! A linkage as a steward looks at it: how it came out, and what is doubtful.

use super::comparison::LevelPattern;
use super::model::Model;
use super::weights::{Bin, Expected};
use super::{Linker, Subject, SubjectPair};

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
    /// The undecided pairs whose weights are smallest either way, the smallest first, below [`DOUBTFUL_BITS`].
    pub doubtful: Vec<Doubtful>,
}

/// A pair that could well be one person, and could well not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Doubtful {
    /// The two.
    pub pair: SubjectPair,
    /// The weight, other candidates of both taken into account, in bits.
    pub weight_bits: f32,
    /// The levels.
    pub pattern: LevelPattern,
    /// Whether they are linked, by this pair or others.
    pub is_linked: bool,
}

impl Linker {
    /// Links everything anew, as [`Linker::relink`] does, changes nothing, and says how it came out, with so many
    /// doubtful pairs at most.
    #[must_use]
    pub fn review(&self, n_doubtful: usize) -> Review {
        let (subjects, linked) = self.relinked();
        let n_persons = linked.persons.iter().max().map_or(0, |last| *last as usize + 1);
        let mut sizes = vec![0_u32; n_persons];
        linked.persons.iter().for_each(|person| sizes[*person as usize] += 1);
        // A source holds a person once: whoever has another subject has it in another source.
        let is_linked = |(subject, person): (&Subject, &u32)| (*subject, sizes[*person as usize] > 1);
        let is_doubtful = |pair: &&super::Pair| pair.weight_bits.abs() < DOUBTFUL_BITS;
        let mut nearest: Vec<_> = linked.pairs.iter().filter(is_doubtful).collect();
        let nearness = |pair: &&super::Pair| (pair.weight_bits.abs().to_bits(), pair.a, pair.b);
        if nearest.len() > n_doubtful {
            nearest.select_nth_unstable_by_key(n_doubtful, nearness);
            nearest.truncate(n_doubtful);
        }
        nearest.sort_unstable_by_key(nearness);
        let doubtful = nearest.into_iter().map(|pair| Doubtful {
            pair: SubjectPair::new(subjects[pair.a as usize], subjects[pair.b as usize]),
            weight_bits: pair.weight_bits,
            pattern: pair.pattern,
            is_linked: linked.is_linked(pair),
        });
        Review {
            n_persons: n_persons as u64,
            n_held: self.n_held() as u64,
            linked: subjects.iter().zip(&linked.persons).map(is_linked).collect(),
            expected: linked.expected(),
            histogram: linked.histogram(),
            doubtful: doubtful.collect(),
            model: linked.model,
        }
    }
}
