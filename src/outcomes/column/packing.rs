//! The narrowest width that holds the values of a column.

use super::{Column, MISSING, Width};

impl Column {
    /// Packs values, [`MISSING`] among them, into the narrowest width.
    pub(in crate::outcomes) fn pack(values: &[i64]) -> Self {
        let known = values.iter().copied().filter(|value| *value != MISSING);
        let ends = known.fold((0, 0), |(least, most), value| (value.min(least), value.max(most)));
        match Packing::of(ends) {
            Packing::U8 => Self::U8(narrow(values)),
            Packing::U16 => Self::U16(narrow(values)),
            Packing::U32 => Self::U32(narrow(values)),
            Packing::I32 => Self::I32(narrow(values)),
            Packing::I64 => Self::I64(values.to_vec()),
        }
    }

    /// Columns one behind the other, as if their values had been packed at once.
    pub(in crate::outcomes) fn join(parts: &[Self]) -> Self {
        let ends = parts.iter().map(Self::ends);
        let ends = ends.fold((0, 0), |(least, most), ends| (ends.0.min(least), ends.1.max(most)));
        match Packing::of(ends) {
            Packing::U8 => Self::U8(joined(parts)),
            Packing::U16 => Self::U16(joined(parts)),
            Packing::U32 => Self::U32(joined(parts)),
            Packing::I32 => Self::I32(joined(parts)),
            Packing::I64 => Self::I64(joined(parts)),
        }
    }

    /// The least and the greatest value that is not missing, and 0.
    fn ends(&self) -> (i64, i64) {
        fn of<W: Width>(values: &[W]) -> (i64, i64) {
            let known = values.iter().filter(|value| !value.is_missing());
            known.fold((0, 0), |(least, most), value| (value.wide().min(least), value.wide().max(most)))
        }
        for_width!(self, values => of(values))
    }
}

/// The width that values are packed into.
enum Packing {
    U8,
    U16,
    U32,
    I32,
    I64,
}

impl Packing {
    /// The narrowest that holds 0 and all between two ends, and spares the value for missing.
    fn of((least, most): (i64, i64)) -> Self {
        let holds = |none: i64| least >= 0 && most < none;
        if holds(u8::MISSING.into()) {
            Self::U8
        } else if holds(u16::MISSING.into()) {
            Self::U16
        } else if holds(u32::MISSING.into()) {
            Self::U32
        } else if least > i32::MISSING.into() && most <= i32::MAX.into() {
            Self::I32
        } else {
            Self::I64
        }
    }
}

fn narrow<T: Width>(values: &[i64]) -> Vec<T> {
    values.iter().map(|value| T::try_from(*value).unwrap_or(T::MISSING)).collect()
}

/// The values of columns that a width holds, one behind the other.
fn joined<T: Width>(parts: &[Column]) -> Vec<T> {
    let mut all = Vec::with_capacity(parts.iter().map(Column::len).sum());
    for part in parts {
        for_width!(part, values => {
            all.extend(values.iter().map(|value| T::try_from(value.wide()).unwrap_or(T::MISSING)));
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs, checks the bytes a value takes, and reads everything back.
    fn check(values: &[i64], width: usize) {
        let column = Column::pack(values);
        assert_eq!(column.iter().collect::<Vec<_>>(), values);
        let bytes = column.to_bytes();
        assert_eq!(bytes.len(), 1 + width * values.len());
        assert_eq!(Column::from_bytes(&bytes), Some(column));
    }

    #[test]
    fn the_narrowest_width_that_spares_the_missing_value_is_taken() {
        check(&[0, 254, MISSING], 1);
        check(&[0, 255, MISSING], 2);
        check(&[65_534], 2);
        check(&[65_535], 4);
        check(&[i64::from(u32::MAX) - 1], 4);
        check(&[i64::from(u32::MAX)], 8);
        check(&[-1, MISSING, 5], 4);
        check(&[i64::from(i32::MIN) + 1], 4);
        check(&[i64::from(i32::MIN)], 8);
        check(&[], 1);
    }

    #[test]
    fn columns_that_are_joined_are_as_if_packed_at_once() {
        let parts: [&[i64]; 8] = [
            &[0, 254],
            &[MISSING],
            &[],
            &[65_534, MISSING],
            &[-1, 7],
            &[i64::from(u32::MAX) - 1],
            &[i64::from(i32::MAX), 3],
            &[i64::MAX, i64::MIN + 1],
        ];
        for chosen in 0..1_u32 << parts.len() {
            let parts: Vec<&[i64]> =
                (0..parts.len()).filter(|at| chosen >> at & 1 == 1).map(|at| parts[at]).collect();
            let packed: Vec<Column> = parts.iter().map(|part| Column::pack(part)).collect();
            assert!(Column::join(&packed) == Column::pack(&parts.concat()));
        }
    }
}
