//! Targets: what must stay uncertain, and how uncertain.

use super::board::Sight;

/// A number that nobody may come to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::disclosure) struct Target {
    /// The combination of cells that it is; mostly one cell.
    pub(in crate::disclosure) terms: Vec<(u32, i64)>,
    /// How uncertain it has to be.
    pub(in crate::disclosure) need: Need,
    /// Against whom.
    pub(in crate::disclosure) sight: Sight,
    /// Who holds all of its records and so knows it anyway; see [`super::Space::holder`].
    pub(in crate::disclosure) owner: Option<u32>,
}

impl Target {
    /// Whether a move that fools a sight counts for the target.
    pub(super) fn counts(&self, sight: Sight) -> bool {
        sight == Sight::Legend || self.sight == Sight::OneMark
    }
}

/// How uncertain a number has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::disclosure) enum Need {
    /// The largest value it could have is larger by that than the smallest.
    Width(i64),
    /// It could be smaller by the first and larger by the second.
    Reach(i64, i64),
}

/// How a target is covered so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Coverage {
    /// Numbers of the moves that change it.
    pub(super) moves: Vec<u32>,
    /// How far it could fall.
    pub(super) down: i64,
    /// How far it could rise.
    pub(super) up: i64,
    /// Who holds records that each of the moves changes, the owner not among them.
    pub(super) in_all: Vec<u32>,
}

/// What a target still lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lack {
    /// A move that changes it by one of these amounts.
    Change(Vec<i64>),
    /// A move that changes it and no record of these holders.
    Without(Vec<u32>),
}

impl Coverage {
    /// What is missing, first things first.
    pub(super) fn lack(&self, need: Need) -> Option<Lack> {
        match need {
            Need::Width(width) if self.up + self.down < width => {
                let missing = width - self.up - self.down;
                let (up, down) = match self.moves.is_empty() {
                    // Most moves can be made back and forth, so a step is asked for and not the whole way.
                    true => (1, 1),
                    false => (self.up + missing, self.down + missing),
                };
                Some(Lack::Change(vec![up, -down]))
            }
            Need::Reach(_, up) if self.up < up => Some(Lack::Change(vec![up])),
            Need::Reach(down, _) if self.down < down => Some(Lack::Change(vec![-down])),
            _ if !self.in_all.is_empty() => Some(Lack::Without(self.in_all.clone())),
            _ => None,
        }
    }
}
