//! All dimensions crossed: each combination of their categories has a number, and each row the number of its own.

use crate::outcomes::axis::{Axis, Classes};
use crate::outcomes::column::Column;
use crate::outcomes::evaluate::{Room, Rows};
use crate::outcomes::geography::{self, Level};
use crate::outcomes::vector::vectorized;
use crate::outcomes::{Dimension, Error};
use std::ops::Range;

/// Dimensions crossed. Combinations are numbered in mixed radix, the first dimension highest, so that their numbers are
/// ordered as they are.
pub(super) struct Crossing<'e> {
    pub(super) dimensions: Vec<Dimension>,
    axes: Vec<Crossed<'e>>,
}

/// A dimension that is crossed.
struct Crossed<'e> {
    classes: Classes<'e>,
    /// The rank of each code's category among [`Self::nodes`], and whether that is the code itself.
    ranks: Vec<u16>,
    is_in_order: bool,
    /// The categories that rows can be in, ascending.
    nodes: Vec<u16>,
}

/// By what combinations are numbered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// By categories, in their order.
    Ranks,
    /// By the codes that columns hold, where these are not many more than the categories: nothing has to be looked up for a
    /// row.
    Codes,
}

/// An integer that numbers of combinations are held in.
pub(super) trait Key: Copy + Ord + Default + Send {
    /// The number with one more category behind.
    fn push(self, width: u32, rank: u16) -> Self;
    /// The number, wide.
    fn wide(self) -> u128;
}

macro_rules! key {
    ($($width:ty)+) => {
        $(impl Key for $width {
            #[inline(always)]
            fn push(self, width: u32, rank: u16) -> Self {
                self.wrapping_mul(width as Self).wrapping_add(rank.into())
            }
            fn wide(self) -> u128 {
                self.into()
            }
        })+
    };
}

key! { u16 u32 u64 u128 }

impl<'e> Crossing<'e> {
    /// Crosses the geography and some axes.
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`] schools; [`Error::TooFine`] where there are more combinations than 128 bits number.
    pub(super) fn new(level: Level, axes: &[Axis], rows: &mut Rows<'e>) -> Result<Self, Error> {
        let (geography, nodes) = geography::geography(rows.edition, level)?;
        let mut crossing = Self {
            dimensions: vec![geography],
            axes: vec![Crossed::new(Classes::places(level, rows), &nodes)],
        };
        for axis in axes {
            let (dimension, nodes) = axis.dimension(rows.edition);
            crossing.dimensions.push(dimension);
            crossing.axes.push(Crossed::new(Classes::of(axis, rows), &nodes));
        }
        let mut widths = crossing.axes.iter().map(|axis| axis.nodes.len() as u128);
        let n = widths.try_fold(1, |n: u128, width| n.checked_mul(width));
        n.is_some().then_some(crossing).ok_or(Error::TooFine)
    }

    /// How many combinations there are; there can be more by code than 128 bits number.
    pub(super) fn n_slots(&self, by: Numbering) -> u128 {
        self.axes.iter().fold(1, |n: u128, axis| n.saturating_mul(axis.width(by).into()))
    }

    /// The number of each row of a chunk. They are right where [`Self::n_slots`] fits the integer.
    pub(super) fn slots<K: Key>(
        &self,
        by: Numbering,
        rows: &Rows<'_>,
        chunk: Range<usize>,
        out: &mut [K],
        room: &mut Room,
    ) {
        out.fill(K::default());
        let mut codes = room.codes();
        // Where there is one category it makes no difference.
        for axis in self.axes.iter().filter(|axis| axis.nodes.len() > 1) {
            let width = axis.width(by);
            axis.classes.codes(rows, chunk.clone(), &mut codes[..out.len()], room);
            let pairs = out.iter_mut().zip(&codes);
            if axis.is_by_code(by) {
                vectorized(move || pairs.for_each(|(slot, code)| *slot = slot.push(width, *code)));
            } else {
                let ranks = &axis.ranks;
                pairs.for_each(|(slot, code)| *slot = slot.push(width, ranks[usize::from(*code)]));
            }
        }
        room.give_codes(codes);
    }

    /// The columns that are read of the rows themselves.
    pub(super) fn columns(&self) -> Vec<&Column> {
        let mut columns = Vec::new();
        let axes = self.axes.iter().filter(|axis| axis.nodes.len() > 1);
        axes.for_each(|axis| axis.classes.columns(&mut columns));
        columns
    }

    /// The number by rank of each number by code.
    pub(super) fn ranked(&self) -> Vec<u32> {
        let mut ranked = vec![0];
        for axis in &self.axes {
            let (by_rank, ranks) = (axis.width(Numbering::Ranks), 0..axis.nodes.len() as u16);
            let ranks = if axis.is_by_code(Numbering::Codes) { axis.ranks.clone() } else { ranks.collect() };
            let push = |slot: u32| ranks.iter().map(move |rank| slot.push(by_rank, *rank));
            ranked = ranked.into_iter().flat_map(push).collect();
        }
        ranked
    }

    /// The categories of the combination with that number, behind those of others.
    pub(super) fn push_nodes(&self, slot: u128, all: &mut Vec<u16>) {
        let from = all.len();
        // Most numbers are small, and large ones are divided slowly.
        let (mut slot, mut small) = (slot, u32::try_from(slot).ok());
        for axis in self.axes.iter().rev() {
            let width = axis.width(Numbering::Ranks);
            let rank = match &mut small {
                Some(small) => {
                    let rank = *small % width;
                    *small /= width;
                    rank
                }
                None => {
                    let rank = slot % u128::from(width);
                    slot /= u128::from(width);
                    rank as u32
                }
            };
            all.push(axis.nodes[rank as usize]);
        }
        all[from..].reverse();
    }
}

impl<'e> Crossed<'e> {
    /// A dimension with the category of each code. A category can be that of several codes.
    fn new(classes: Classes<'e>, of_codes: &[u16]) -> Self {
        let mut nodes = of_codes.to_vec();
        nodes.sort_unstable();
        nodes.dedup();
        let rank = |node: &u16| nodes.partition_point(|other| other < node) as u16;
        Self { classes, ranks: of_codes.iter().map(rank).collect(), is_in_order: nodes == of_codes, nodes }
    }

    /// Whether rows are numbered by their codes as they are.
    fn is_by_code(&self, by: Numbering) -> bool {
        let (n_codes, n) = (self.ranks.len(), self.nodes.len());
        // Of one category it makes no difference.
        n > 1 && (self.is_in_order || by == Numbering::Codes && n_codes <= 2 * n)
    }

    /// How many numbers there are for it.
    fn width(&self, by: Numbering) -> u32 {
        (if self.is_by_code(by) { self.ranks.len() } else { self.nodes.len() }) as u32
    }
}
