//! The narrowest width that holds the values of a column.

use super::{Column, MISSING, Width};

impl Column {
    /// Packs values, [`MISSING`] among them, into the narrowest width.
    pub(in crate::outcomes) fn pack(values: &[i64]) -> Self {
        if let Some(value) = same(values) {
            return Self::Same(value, values.len());
        }
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
        let mut filled = parts.iter().filter(|part| part.len() > 0);
        if let Some(Self::Same(value, _)) = filled.next()
            && filled.all(|part| matches!(part, Self::Same(other, _) if other == value))
        {
            return Self::Same(*value, parts.iter().map(Self::len).sum());
        }
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

    /// Other values in the place of a column's, which number them; those without are missing.
    pub(in crate::outcomes) fn renumbered(&self, values: &[u16]) -> Self {
        fn of<W: Width, T: Width>(numbers: &[W], values: &[T]) -> Vec<T> {
            numbers.iter().map(|number| value(number.wide(), values).unwrap_or(T::MISSING)).collect()
        }
        fn value<T: Width>(number: i64, values: &[T]) -> Option<T> {
            values.get(usize::try_from(number).ok()?).copied()
        }
        let narrow = |value: &u16| u8::try_from(*value).ok().filter(|value| !value.is_missing());
        let narrow: Option<Vec<u8>> = values.iter().map(narrow).collect();
        let column = for_width!(
            self,
            numbers => match narrow {
                Some(values) => Self::U8(of(numbers, &values)),
                None => Self::U16(of(numbers, values)),
            },
            (number, n) => Self::Same(value(*number, values).map_or(MISSING, |value| value.wide()), *n)
        );
        column.or_same()
    }

    /// The least and the greatest value that is not missing, and 0.
    fn ends(&self) -> (i64, i64) {
        fn of<W: Width>(values: &[W]) -> (i64, i64) {
            let known = values.iter().filter(|value| !value.is_missing());
            known.fold((0, 0), |(least, most), value| (value.wide().min(least), value.wide().max(most)))
        }
        for_width!(self, values => of(values), (value, _) => ends_of(*value))
    }

    /// The same where values are not all the same, and what stands for them where they are.
    pub(super) fn or_same(self) -> Self {
        let value =
            for_width!(&self, values => same(values).map(|value| value.wide()), (value, _) => Some(*value));
        match value {
            Some(value) => Self::Same(value, self.len()),
            None => self,
        }
    }

    /// A value so many times, each for itself.
    pub(super) fn repeated(value: i64, n: usize) -> Self {
        fn of<T: Width>(value: i64, n: usize) -> Vec<T> {
            vec![T::try_from(value).unwrap_or(T::MISSING); n]
        }
        match Packing::of(ends_of(value)) {
            Packing::U8 => Self::U8(of(value, n)),
            Packing::U16 => Self::U16(of(value, n)),
            Packing::U32 => Self::U32(of(value, n)),
            Packing::I32 => Self::I32(of(value, n)),
            Packing::I64 => Self::I64(of(value, n)),
        }
    }
}

/// The least and the greatest of a value and 0.
fn ends_of(value: i64) -> (i64, i64) {
    if value == MISSING { (0, 0) } else { (value.min(0), value.max(0)) }
}

/// What all of some values are.
fn same<T: Copy + PartialEq>(values: &[T]) -> Option<T> {
    let first = values.first()?;
    values.iter().all(|value| value == first).then_some(*first)
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
        }, (value, n) => {
            all.extend(std::iter::repeat_n(T::try_from(*value).unwrap_or(T::MISSING), *n));
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
    fn values_that_are_all_the_same_take_no_room_but_are_stored_one_by_one() {
        for (value, width) in [(0, 1), (MISSING, 1), (255, 2), (-1, 4), (i64::MAX, 8)] {
            check(&[value; 3], width);
            let column = Column::pack(&[value; 3]);
            assert!(column == Column::Same(value, 3) && column.width() == 0);
            assert_eq!(column.gather(&[2, 3, u32::MAX]), [value, MISSING, MISSING]);
        }
    }

    #[test]
    fn a_number_stands_for_another() {
        let numbers = Column::pack(&[1, 0, 2, MISSING, 1]);
        for (values, expected) in [
            ([7, 9, 254], Column::U8(vec![9, 7, 254, 255, 9])),
            ([7, 9, 255], Column::U16(vec![9, 7, 255, u16::MAX, 9])),
        ] {
            assert!(numbers.renumbered(&values) == expected);
            assert!(Column::pack(&[2, 2]).renumbered(&values) == Column::Same(values[2].into(), 2));
        }
        assert!(numbers.renumbered(&[]) == Column::Same(MISSING, 5));
        assert_eq!(numbers.renumbered(&[7]).gather(&[0, 1]), [MISSING, 7]);
    }

    #[test]
    fn columns_that_are_joined_are_as_if_packed_at_once() {
        let parts: [&[i64]; 10] = [
            &[5, 5],
            &[5],
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
