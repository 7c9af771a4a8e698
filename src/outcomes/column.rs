//! Columns: integers in the narrowest width that holds them all.

use super::vector::vectorized;
use std::fmt;
use std::hint::black_box;
use std::ops::{Range, RangeInclusive};

/// Runs one body for whatever width a column has, and another where it says the same of every row.
macro_rules! for_width {
    ($column:expr, $values:ident => $body:expr, ($value:pat, $n:pat) => $same:expr) => {
        match $column {
            Column::Same($value, $n) => $same,
            Column::U8($values) => $body,
            Column::U16($values) => $body,
            Column::U32($values) => $body,
            Column::I32($values) => $body,
            Column::I64($values) => $body,
        }
    };
}

mod packing;
mod width;

pub(super) use width::Width;

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
    /// The same value for so many rows, one at least: nobody was eligible, or there is one district. It takes no room and is
    /// not read.
    Same(i64, usize),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    I64(Vec<i64>),
}

impl Column {
    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        for_width!(self, values => values.len(), (_, n) => *n)
    }

    /// The value of a row, or [`MISSING`].
    pub(super) fn at(&self, row: usize) -> i64 {
        for_width!(self, values => values[row].wide(), (value, n) => {
            assert!(row < *n, "there is such a row");
            *value
        })
    }

    /// The values of some rows; where the row is `u32::MAX` there is none.
    pub(super) fn gather(&self, rows: &[u32]) -> Vec<i64> {
        fn of(rows: &[u32], value: impl Fn(usize) -> Option<i64>) -> Vec<i64> {
            rows.iter().map(|row| value(*row as usize).unwrap_or(MISSING)).collect()
        }
        for_width!(
            self,
            values => of(rows, |row| values.get(row).map(|value| value.wide())),
            (value, n) => of(rows, |row| (row < *n).then_some(*value))
        )
    }

    /// Makes something of each value that is looked at, in the column's own width: `of` tells it from a value, and has
    /// `missing` where there is none.
    pub(super) fn read<T: Copy>(&self, look: &Look<'_>, out: &mut [T], missing: T, of: impl Fn(i64) -> T) {
        for_width!(
            self,
            values => each(values, look, out, move |value| {
                if value.is_missing() { missing } else { of(value.wide()) }
            }),
            (value, n) => same(*n, look, out, if *value == MISSING { missing } else { of(*value) }, missing)
        );
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
        for_width!(
            self,
            values => match narrowed(range) {
                // Compared in the width that is stored, so that many values fit a vector.
                Some((from, to)) => each(values, look, out, move |value| {
                    let is_within = mask((from <= value) & (value <= to));
                    chosen(mask(value.is_missing()), missing, chosen(is_within, yes, no))
                }),
                None => each(values, look, out, move |value| chosen(mask(value.is_missing()), missing, no)),
            },
            (value, n) => {
                let says = if range.contains(value) { yes } else { no };
                same(*n, look, out, if *value == MISSING { missing } else { says }, missing);
            }
        );
    }

    /// The values that are looked at, where they stand one after the other in 16 bits.
    pub(super) fn as_u16(&self, look: &Look<'_>) -> Option<&[u16]> {
        match (self, look) {
            (Self::U16(values), Look::Range(rows)) => Some(&values[rows.clone()]),
            _ => None,
        }
    }

    /// Bytes that a value takes.
    pub(super) fn width(&self) -> usize {
        for_width!(self, values => size_of_val(&values[..]) / values.len().max(1), (_, _) => 0)
    }

    /// Reads one value of each cache line of some rows. Nothing is computed between, so the machine fetches many lines at
    /// once; a loop that computes waits for each.
    pub(super) fn touch(&self, rows: Range<usize>) {
        const LINE: usize = 64;
        fn of<W: Width>(values: &[W]) {
            let lines = values.iter().step_by(LINE / size_of::<W>());
            black_box(lines.fold(0_i64, |sum, value| sum.wrapping_add(value.wide())));
        }
        for_width!(self, values => of(&values[rows]), (_, _) => ());
    }

    /// Between what its values lie, as far as their width says it.
    pub(super) fn bounds(&self) -> (i64, i64) {
        fn of<W: Width>(_: &[W]) -> (i64, i64) {
            (W::LEAST, W::MOST)
        }
        for_width!(self, values => of(values), (value, _) => if *value == MISSING { (0, 0) } else { (*value, *value) })
    }

    /// All values, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        (0..self.len()).map(|row| self.at(row))
    }

    /// One byte that names the width, then the values, little-endian; those that are all the same, too.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        fn of<W: Width>(values: &[W]) -> Vec<u8> {
            let mut bytes = Vec::with_capacity(1 + size_of_val(values));
            bytes.push(W::NUMBER);
            values.iter().for_each(|value| value.push_to(&mut bytes));
            bytes
        }
        for_width!(self, values => of(values), (value, n) => Self::repeated(*value, *n).to_bytes())
    }

    /// Reads what [`Column::to_bytes`] wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (width, bytes) = bytes.split_first()?;
        let column = match width {
            0 => Self::U8(bytes.to_vec()),
            1 => Self::U16(chunks(bytes)?.map(u16::from_le_bytes).collect()),
            2 => Self::U32(chunks(bytes)?.map(u32::from_le_bytes).collect()),
            3 => Self::I32(chunks(bytes)?.map(i32::from_le_bytes).collect()),
            4 => Self::I64(chunks(bytes)?.map(i64::from_le_bytes).collect()),
            _ => return None,
        };
        Some(column.or_same())
    }
}

impl fmt::Debug for Column {
    /// Only how long it is: the values are about people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({} rows)", self.len())
    }
}

/// Makes something of each value that is looked at.
#[inline(always)]
fn each<W: Width, T>(values: &[W], look: &Look<'_>, out: &mut [T], of: impl Fn(W) -> T) {
    match look {
        Look::Range(rows) => {
            let values = &values[rows.clone()];
            vectorized(move || out.iter_mut().zip(values).for_each(|(out, value)| *out = of(*value)));
        }
        Look::Found(rows) => {
            for (out, row) in out.iter_mut().zip(*rows) {
                *out = of(values.get(*row as usize).copied().unwrap_or(W::MISSING));
            }
        }
    }
}

/// The same of each row that is looked at, where a column has so many; `missing` where there is no such row.
fn same<T: Copy>(n: usize, look: &Look<'_>, out: &mut [T], of: T, missing: T) {
    match look {
        Look::Range(_) => vectorized(move || out.fill(of)),
        Look::Found(rows) => {
            let is_there = |row: &u32| (*row as usize) < n;
            out.iter_mut().zip(*rows).for_each(|(out, row)| *out = if is_there(row) { of } else { missing });
        }
    }
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
