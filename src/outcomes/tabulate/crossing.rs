//! All dimensions crossed: each combination of their categories has a number, and each row the number of its own.

use crate::outcomes::axis::{Axis, Classes};
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
    /// The rank of each code's category among them; nothing where it is the code itself.
    ranks: Option<Vec<u16>>,
    /// The categories that rows can be in, ascending.
    nodes: Vec<u16>,
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
                self.wrapping_mul(width.into()).wrapping_add(rank.into())
            }
            fn wide(self) -> u128 {
                self.into()
            }
        })+
    };
}

key! { u32 u64 u128 }

impl<'e> Crossing<'e> {
    /// Crosses the geography and some axes.
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`] schools; [`Error::TooFine`] where there are more combinations than 128 bits number.
    pub(super) fn new(level: Level, axes: &[Axis], rows: &mut Rows<'e>) -> Result<Self, Error> {
        let (geography, nodes) = geography::geography(rows.edition, level)?;
        let mut crossing =
            Self { dimensions: vec![geography], axes: vec![Crossed::new(Classes::schools(rows), &nodes)] };
        for axis in axes {
            let (dimension, nodes) = axis.dimension(rows.edition);
            crossing.dimensions.push(dimension);
            crossing.axes.push(Crossed::new(Classes::of(axis, rows), &nodes));
        }
        let mut widths = crossing.axes.iter().map(|axis| axis.nodes.len() as u128);
        let n = widths.try_fold(1, |n: u128, width| n.checked_mul(width));
        n.is_some().then_some(crossing).ok_or(Error::TooFine)
    }

    /// How many combinations there are.
    pub(super) fn n_slots(&self) -> u128 {
        self.axes.iter().map(|axis| axis.nodes.len() as u128).product()
    }

    /// The number of each row of a chunk. They are right where [`Self::n_slots`] fits the integer.
    pub(super) fn slots<K: Key>(&self, rows: &Rows<'_>, chunk: Range<usize>, out: &mut [K], room: &mut Room) {
        out.fill(K::default());
        let mut codes = room.codes();
        for axis in &self.axes {
            let width = axis.nodes.len() as u32;
            axis.classes.codes(rows, chunk.clone(), &mut codes[..out.len()], room);
            let pairs = out.iter_mut().zip(&codes);
            match &axis.ranks {
                None => vectorized(move || pairs.for_each(|(slot, code)| *slot = slot.push(width, *code))),
                Some(ranks) => {
                    pairs.for_each(|(slot, code)| *slot = slot.push(width, ranks[usize::from(*code)]));
                }
            }
        }
        room.give_codes(codes);
    }

    /// The categories of the combination with that number, behind those of others.
    pub(super) fn push_nodes(&self, mut slot: u128, all: &mut Vec<u16>) {
        let from = all.len();
        for axis in self.axes.iter().rev() {
            let width = axis.nodes.len() as u128;
            all.push(axis.nodes[(slot % width) as usize]);
            slot /= width;
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
        let ranks = (nodes != of_codes).then(|| of_codes.iter().map(rank).collect());
        Self { classes, ranks, nodes }
    }
}
