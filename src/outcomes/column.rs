//! Columns: integers in the narrowest width that holds them all.

use super::vector::vectorized;
use std::fmt;
use std::hint::black_box;
use std::ops::{Range, RangeInclusive};

/// Runs one body for whatever width a column has.
macro_rules! for_width {
    ($column:expr, $values:ident => $body:expr) => {
        match $column {
            Column::U8($values) => $body,
            Column::U16($values) => $body,
            Column::U32($values) => $body,
            Column::I32($values) => $body,
            Column::I64($values) => $body,
        }
    };
}

mod packing;

/// What a reader sees where a column has no value.
pub(super) const MISSING: i64 = i64::MIN;

/// Which rows of a frame are read.
#[derive(Clone)]
pub(super) enum Look<'r> {
    /// Some that stand one after the other.
    Range(Range<usize>),
    /// Each by its position; `u32::MAX` where there is none.
    Found(&'r [u32]),
}

/// A column of integers. Missing is the largest value of an unsigned width and the smallest of a signed
/// one; packing takes the next width when a value would meet it.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Column {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    I64(Vec<i64>),
}

impl Column {
    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        for_width!(self, values => values.len())
    }

    /// The value of a row, or [`MISSING`].
    pub(super) fn at(&self, row: usize) -> i64 {
        for_width!(self, values => values[row].wide())
    }

    /// The values of some rows; where the row is `u32::MAX` there is none.
    pub(super) fn gather(&self, rows: &[u32]) -> Vec<i64> {
        for_width!(self, values => rows
            .iter()
            .map(|row| values.get(*row as usize).map_or(MISSING, |value| value.wide()))
            .collect())
    }

    /// Makes something of each value that is looked at, in the column's own width: `of` tells it from a value, and has
    /// `missing` where there is none.
    pub(super) fn read<T: Copy>(&self, look: &Look<'_>, out: &mut [T], missing: T, of: impl Fn(i64) -> T) {
        for_width!(self, values => each(values, look, out, move |value| {
            if value.is_missing() { missing } else { of(value.wide()) }
        }));
    }

    /// Whether each value that is looked at lies in a range: the first of three where it does not, the second where it is
    /// missing, the third where it does.
    pub(super) fn within(
        &self,
        look: &Look<'_>,
        range: &RangeInclusive<i64>,
        [no, missing, yes]: [u8; 3],
        out: &mut [u8],
    ) {
        for_width!(self, values => match narrowed(range) {
            // Compared in the width that is stored, so that many values fit a vector.
            Some((from, to)) => each(values, look, out, move |value| {
                let is_within = mask((from <= value) & (value <= to));
                chosen(mask(value.is_missing()), missing, chosen(is_within, yes, no))
            }),
            None => each(values, look, out, move |value| chosen(mask(value.is_missing()), missing, no)),
        });
    }

    /// The least and the greatest value that its width can hold.
    pub(super) fn bounds(&self) -> (i64, i64) {
        fn of<W: Width>(_: &[W]) -> (i64, i64) {
            (W::LEAST, W::MOST)
        }
        for_width!(self, values => of(values))
    }

    /// All values, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        (0..self.len()).map(|row| self.at(row))
    }

    /// One byte that names the width, then the values, little-endian.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let width = match self {
            Self::U8(_) => 0,
            Self::U16(_) => 1,
            Self::U32(_) => 2,
            Self::I32(_) => 3,
            Self::I64(_) => 4,
        };
        let mut bytes = Vec::with_capacity(1 + for_width!(self, values => size_of_val(&values[..])));
        bytes.push(width);
        for_width!(self, values => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())));
        bytes
    }

    /// Reads what [`Column::to_bytes`] wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (width, bytes) = bytes.split_first()?;
        Some(match width {
            0 => Self::U8(bytes.to_vec()),
            1 => Self::U16(chunks(bytes)?.map(u16::from_le_bytes).collect()),
            2 => Self::U32(chunks(bytes)?.map(u32::from_le_bytes).collect()),
            3 => Self::I32(chunks(bytes)?.map(i32::from_le_bytes).collect()),
            4 => Self::I64(chunks(bytes)?.map(i64::from_le_bytes).collect()),
            _ => return None,
        })
    }
}

impl fmt::Debug for Column {
    /// Only how long it is: the values are about people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({} rows)", self.len())
    }
}

/// An integer width with a value kept for missing.
trait Width: Copy + Ord + TryFrom<i64> {
    const MISSING: Self;
    const LEAST: i64;
    const MOST: i64;
    fn wide(self) -> i64;
    #[inline(always)]
    fn is_missing(self) -> bool {
        self == Self::MISSING
    }
}

macro_rules! width {
    ($($width:ty, $missing:expr;)+) => {
        $(impl Width for $width {
            const MISSING: Self = $missing;
            const LEAST: i64 = <$width>::MIN as i64;
            const MOST: i64 = <$width>::MAX as i64;
            #[inline(always)]
            fn wide(self) -> i64 {
                if self == Self::MISSING { MISSING } else { i64::from(self) }
            }
        })+
    };
}

width! { u8, u8::MAX; u16, u16::MAX; u32, u32::MAX; i32, i32::MIN; i64, i64::MIN; }

/// Makes something of each value that is looked at.
#[inline(always)]
fn each<W: Width, T>(values: &[W], look: &Look<'_>, out: &mut [T], of: impl Fn(W) -> T) {
    match look {
        Look::Range(rows) => {
            let values = &values[rows.clone()];
            touch(values);
            vectorized(move || out.iter_mut().zip(values).for_each(|(out, value)| *out = of(*value)));
        }
        Look::Found(rows) => {
            for (out, row) in out.iter_mut().zip(*rows) {
                *out = of(values.get(*row as usize).copied().unwrap_or(W::MISSING));
            }
        }
    }
}

/// Reads one value of each cache line. Nothing is computed between, so the machine fetches many lines at once; a loop that
/// computes waits for each.
#[inline(always)]
fn touch<W: Width>(values: &[W]) {
    const LINE: usize = 64;
    let lines = values.iter().step_by(LINE / size_of::<W>());
    black_box(lines.fold(0_i64, |sum, value| sum.wrapping_add(value.wide())));
}

/// All bits where it is so.
#[inline(always)]
fn mask(is_so: bool) -> u8 {
    0_u8.wrapping_sub(u8::from(is_so))
}

/// One of two by a mask. Chosen with `if`, each is fetched from memory anew, for each row.
#[inline(always)]
fn chosen(mask: u8, yes: u8, no: u8) -> u8 {
    no ^ (mask & (yes ^ no))
}

/// The part of a range that a width can hold; nothing where there is none.
fn narrowed<W: Width>(range: &RangeInclusive<i64>) -> Option<(W, W)> {
    let (from, to) = (W::LEAST.max(*range.start()), W::MOST.min(*range.end()));
    let (from_narrow, to_narrow) = (W::try_from(from).ok()?, W::try_from(to).ok()?);
    (from <= to).then_some((from_narrow, to_narrow))
}

fn chunks<const N: usize>(bytes: &[u8]) -> Option<impl Iterator<Item = [u8; N]> + '_> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    rest.is_empty().then(|| chunks.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_there_are_missing() {
        assert_eq!(Column::pack(&[7, 8]).gather(&[1, u32::MAX, 0]), [8, MISSING, 7]);
    }

    #[test]
    fn damaged_bytes_are_no_column() {
        for bytes in [&[][..], &[9], &[1, 0], &[4, 0, 0, 0]] {
            assert_eq!(Column::from_bytes(bytes), None);
        }
    }

    #[test]
    fn a_column_prints_no_values() {
        assert_eq!(format!("{:?}", Column::pack(&[4_242])), "Column(1 rows)");
    }
}
