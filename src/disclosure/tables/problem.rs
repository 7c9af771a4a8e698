//! A table to protect: its cells on a board, and the pattern that protects them.

use super::{Attacker, Error, Layout};
use crate::disclosure::Zeros;
use crate::disclosure::cover::{
    Board, Cell, Changed, Cover, Interval, Look, Move, Need, Relations, Room, Sight, Space, Spread, Target,
};
use std::collections::BTreeMap;

/// What is known of each cell of a layout.
#[derive(Debug, Clone, Default)]
pub struct Values {
    /// Its value, in whole units.
    pub values: Vec<i64>,
    /// How many contribute to it; for counts, the values themselves.
    pub contributors: Vec<i64>,
    /// Whether it is sensitive for a reason of its own.
    pub is_flagged: Vec<bool>,
    /// The range that everybody knows it to be in, where that is not just "not negative".
    pub known_range: Vec<Option<(i64, i64)>>,
}

/// What makes a cell sensitive, and what protects it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Counts: fewer than a minimum.
    Small {
        /// The smallest count that is not sensitive.
        minimum: i64,
        /// Whether counts of zero are shown.
        zeros: Zeros,
        /// How much larger the largest value a sensitive cell could have must be than the smallest.
        width: i64,
    },
    /// Magnitudes: flagged cells, which must be uncertain by a share of their value up and down.
    Flagged {
        /// That share, in percent.
        percent: f64,
    },
}

/// A table to protect.
pub struct Problem<'l> {
    pub(super) layout: &'l Layout,
    pub(super) values: &'l Values,
    pub(super) rule: Rule,
    /// Against whom.
    against: Attacker,
    /// The least that everybody expects of a value.
    least: i64,
    relations: Relations,
    holders: Vec<Option<u32>>,
    /// Whether a hidden count may be zero.
    pub(super) hides_zeros: bool,
}

/// Which cells are hidden, and the proof that it is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Whether each cell is hidden.
    pub is_hidden: Vec<bool>,
    /// Other tables that look the same.
    pub witnesses: Vec<Witness>,
    /// Sensitive cells whose value would follow if hidden cells said why they are hidden, whatever is hidden.
    pub needs_one_mark: Vec<u32>,
    /// Sensitive cells that nothing protects.
    pub unprotected: Vec<u32>,
    /// The smallest width over sensitive cells that witnesses prove.
    pub width_min: Option<i64>,
}

/// A change of cells that gives another table which looks the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Witness {
    /// Changed cells, with their change.
    pub changes: Vec<(u32, i64)>,
    /// How often it can be made, from the least (negative: the other way) to the most.
    pub times: (i64, i64),
    /// Whether the tables differ for those who know why each cell is hidden.
    pub needs_one_mark: bool,
}

/// How often a small table is done, at most.
const SEEDS_MAX: u32 = 24;

/// Seeds are farther apart than the attempts that one seed makes.
const SEED_STEP: u32 = 64;

/// A table that takes more searches is not done again.
const SEARCHES: u64 = 12_000;

impl<'l> Problem<'l> {
    /// The problem of protecting the cells of a layout by a rule against an intruder, and with `insiders` also
    /// against somebody who is alone in a cell, and so knows it.
    ///
    /// # Errors
    ///
    /// [`Error::NotAdditive`] for counts; magnitudes may be off by rounding. [`Error::NoContributors`] with insiders.
    pub fn new(
        layout: &'l Layout,
        values: &'l Values,
        rule: Rule,
        against: Attacker,
        insiders: bool,
    ) -> Result<Self, Error> {
        let relations = layout.sums();
        if matches!(rule, Rule::Small { .. }) {
            let total = |relation: &[(u32, i32)]| -> i64 {
                relation.iter().map(|&(cell, sign)| i64::from(sign) * values.values[cell as usize]).sum()
            };
            if let Some(wrong) = layout.relations.iter().find(|relation| total(relation) != 0) {
                return Err(Error::NotAdditive { cell: layout.name(wrong[0].0) });
            }
        }
        let least = if values.values.iter().any(|&value| value < 0) { -Interval::FAR } else { 0 };
        // Zeros are hidden, or one is flagged for another reason.
        let is_flagged_zero = |(&value, &is_flagged): (&i64, &bool)| value == 0 && is_flagged;
        let hides_zeros = matches!(rule, Rule::Small { zeros: Zeros::Hidden, .. })
            || values.values.iter().zip(&values.is_flagged).any(is_flagged_zero);
        let mut problem =
            Self { layout, values, rule, against, least, relations, holders: Vec::new(), hides_zeros };
        if insiders && values.contributors.len() != layout.n_cells() {
            return Err(Error::NoContributors);
        }
        if insiders {
            problem.holders = (0..layout.n_cells() as u32).map(|cell| problem.alone_in(cell)).collect();
        }
        Ok(problem)
    }

    /// Number of cells.
    #[must_use]
    pub fn n_cells(&self) -> usize {
        self.layout.n_cells()
    }

    /// Whether a cell is sensitive for its own sake.
    #[must_use]
    pub fn is_primary(&self, cell: u32) -> bool {
        let (value, is_flagged) = (self.values.values[cell as usize], self.values.is_flagged[cell as usize]);
        is_flagged
            || match self.rule {
                Rule::Small { minimum, zeros, .. } => {
                    let least = if zeros == Zeros::Shown { 1 } else { 0 };
                    (least..minimum).contains(&value)
                }
                Rule::Flagged { .. } => false,
            }
    }

    /// For everybody who is alone in a cell, the cells that say no more than that.
    #[must_use]
    pub fn insiders(&self) -> Vec<Vec<u32>> {
        let mut own: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (cell, holder) in (0..).zip(&self.holders) {
            if let Some(holder) = holder {
                own.entry(*holder).or_default().push(cell);
            }
        }
        own.into_values().collect()
    }

    /// The sensitive cells, with how uncertain each must be.
    pub(super) fn targets(&self) -> impl Iterator<Item = Target> + '_ {
        (0..self.n_cells() as u32).filter(|&cell| self.is_primary(cell)).map(|cell| {
            let need = match self.rule {
                Rule::Small { width, .. } => Need::Width(width),
                Rule::Flagged { percent } => {
                    let share = (self.values.values[cell as usize] as f64 * percent / 100.0).ceil() as i64;
                    // A value of zero must be uncertain, too.
                    Need::Reach(share, share.max(1))
                }
            };
            Target { terms: vec![(cell, 1)], need, sight: Sight::Legend, owner: self.holder(cell) }
        })
    }

    /// What is known of a cell, hidden or shown.
    pub(super) fn cell(&self, cell: u32) -> Cell {
        let value = self.values.values[cell as usize];
        let known = self.values.known_range[cell as usize];
        let (alike, told) = match self.rule {
            Rule::Small { minimum, .. } => {
                let is_known = !self.hides_zeros && self.against != Attacker::NonNegative;
                let least = if is_known { 1 } else { 0 };
                let told = match self.is_primary(cell) {
                    _ if self.against != Attacker::Legend => Interval::from(least),
                    // A cell flagged for another reason may have any value.
                    true if value >= minimum => Interval::from(least),
                    true => Interval::new(least, minimum - 1),
                    false => Interval::from(minimum),
                };
                (Interval::from(least), told)
            }
            Rule::Flagged { .. } => (Interval::from(self.least), Interval::from(self.least)),
        };
        let range = known
            .map_or(Interval::new(-Interval::FAR, Interval::FAR), |(low, high)| Interval::new(low, high));
        // What nobody could mistake for anything else is not worth hiding: a known zero.
        let is_fixed = value == 0 && !self.is_primary(cell);
        // The fewest cells, and of as few those that say least to most people: the smaller ones, and no margins.
        let class = value.unsigned_abs().checked_ilog2().map_or(0.0, |bits| bits as f32 / 64.0);
        let n_margins = self.layout.n_margins(cell) as f32;
        Cell {
            value,
            alike: alike.intersection(range),
            told: told.intersection(range),
            shown: Interval::exactly(value),
            weight: if is_fixed { f32::INFINITY } else { 1.0 + 0.01 * class + 0.002 * n_margins },
            // The smaller class of sizes goes first; within it, any but always the same.
            tie: 0.9 * class + 0.1 * (cell.wrapping_mul(2_654_435_769) >> 8) as f32 / (1 << 24) as f32,
        }
    }

    /// Hides cells until every sensitive one is uncertain enough: for those who know the rule and why each cell
    /// is hidden, wherever that is possible at all, and else for those who see one mark. `rounds` is how often
    /// it is gone over to show more; a small table is done several times in different orders.
    #[must_use]
    pub fn protect(&self, rounds: usize) -> Pattern {
        let mut best: Option<(f64, Pattern)> = None;
        let (mut seed, mut n_searches) = (0, 0);
        while seed == 0 || (seed < SEEDS_MAX && n_searches < SEARCHES) {
            let (cost, pattern, n) = self.protect_once(rounds, seed);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, pattern));
            }
            n_searches += n + 1;
            seed += 1;
        }
        best.expect("there was a first time").1
    }

    /// A pattern with its cost, and how much work it was.
    fn protect_once(&self, rounds: usize, seed: u32) -> (f64, Pattern, u64) {
        let cells = (0..self.n_cells() as u32).map(|cell| self.cell(cell)).collect();
        let board = Board::new(cells, |cell| self.is_primary(cell));
        let mut cover = Cover::new(self, &board).seeded(seed * SEED_STEP);
        let targets = cover.add(self.targets());
        let mut order: Vec<u32> = targets.clone().collect();
        let far = |target: u32| match cover.reached(target).0.need {
            Need::Width(_) => 0,
            Need::Reach(down, up) => down.max(up),
        };
        // What has to move far first: on the way, others move far enough.
        let mixed = |target: u32| (target ^ seed).wrapping_mul(2_654_435_769).rotate_left(seed);
        order.sort_by_key(|&target| (std::cmp::Reverse(far(target)), mixed(target)));
        let needs_one_mark = cover.run(order);
        let unprotected = cover.run_for_one_mark(&needs_one_mark);
        cover.improve(rounds);
        let cell_of = |target: &u32| cover.reached(*target).0.terms[0].0;
        let is_protected = |target: &&u32| !unprotected.contains(target);
        let widths = targets.map(|target| cover.reached(target)).map(|(_, down, up)| down + up);
        let witness = |made: &Move| Witness {
            changes: made.cells.iter().map(|changed| (changed.cell, changed.by)).collect(),
            times: (-made.backwards, made.forwards),
            needs_one_mark: made.sight == Sight::OneMark,
        };
        let pattern = Pattern {
            is_hidden: (0..self.n_cells() as u32).map(|cell| board.is_hidden(cell)).collect(),
            witnesses: cover.moves().map(witness).collect(),
            needs_one_mark: needs_one_mark.iter().filter(is_protected).map(cell_of).collect(),
            unprotected: unprotected.iter().map(cell_of).collect(),
            width_min: widths.min(),
        };
        (cover.cost(), pattern, cover.n_searches())
    }

    /// The one who is alone in a cell, as the number of the smallest cell that holds the same person.
    fn alone_in(&self, cell: u32) -> Option<u32> {
        let is_alone = |cell: u32| self.values.contributors[cell as usize] == 1;
        let part =
            |relation: &[(u32, i32)]| relation[1..].iter().map(|part| part.0).find(|&part| is_alone(part));
        let below = |&cell: &u32| {
            let sums = self.relations.relations_of(cell).iter().map(|of| self.relations.relation(of.0));
            sums.filter(|relation| relation[0] == (cell, 1)).find_map(part)
        };
        is_alone(cell).then(|| std::iter::successors(Some(cell), below).last()).flatten()
    }
}

impl Space for Problem<'_> {
    type Place = ();
    type Sums = Relations;

    fn places(&self, _target: &Target) -> impl Iterator<Item = ()> {
        std::iter::once(())
    }

    fn n_stages(&self, _place: &()) -> usize {
        1
    }

    fn sums<'p>(&'p self, _place: &'p (), _stage: usize) -> &'p Relations {
        &self.relations
    }

    fn joined(&self, _place: &(), _stage: usize, _target: &Target) -> Option<()> {
        None
    }

    fn concerns(&self, _place: &(), _stage: usize, _changes: &[(u32, i64)]) -> bool {
        false
    }

    fn terms(&self, _place: &(), target: &Target) -> Vec<(u32, f64)> {
        target.terms.iter().map(|&(cell, times)| (cell, times as f64)).collect()
    }

    fn room(&self, _place: &(), _stage: usize, look: Look<'_>, cell: u32) -> Room {
        match self.holder(cell) {
            Some(holder) if look.without.contains(&holder) => Room::default(),
            _ => look.board.room(cell, look.sight),
        }
    }

    fn spread(&self, _place: &(), changes: &[(u32, i64)], sight: Sight) -> Spread {
        let cells = changes.iter().map(|&(cell, by)| Changed { cell, by, sight });
        Spread { cells: cells.collect(), backwards: i64::MAX, forwards: i64::MAX }
    }

    fn holder(&self, cell: u32) -> Option<u32> {
        self.holders.get(cell as usize).copied().flatten()
    }
}
