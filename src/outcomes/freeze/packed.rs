//! Rows become columns.

use crate::outcomes::column::Column;
use crate::parallel;

/// What a column has of the row at a position of the builder's.
pub(super) type Value<'v> = Box<dyn Fn(usize) -> i64 + Sync + 'v>;

/// Rows that are read for all columns before the next ones are: few enough to stay in the cache. Read column by column, the
/// rows of a state come from memory once for each.
const AT_ONCE: usize = 4_096;

/// Columns in parts of some rows.
pub(super) struct Packed(Vec<(String, Vec<Column>)>);

impl Packed {
    /// Packs what columns have of rows, in an order.
    pub(super) fn of(columns: &[(&str, Value<'_>)], order: &[u32]) -> Self {
        let blocks: Vec<&[u32]> = order.chunks(AT_ONCE).collect();
        let room = || Vec::with_capacity(AT_ONCE);
        let of_blocks = parallel::map_with(blocks.len(), room, |values: &mut Vec<i64>, block| {
            let pack = |(_, value): &(&str, Value<'_>)| {
                values.clear();
                values.extend(blocks[block].iter().map(|at| value(*at as usize)));
                Column::pack(values)
            };
            columns.iter().map(pack).collect::<Vec<Column>>()
        });
        let name = |(name, _): &(&str, Value<'_>)| ((*name).to_owned(), Vec::with_capacity(blocks.len()));
        let mut parts: Vec<(String, Vec<Column>)> = columns.iter().map(name).collect();
        for of_block in of_blocks {
            parts.iter_mut().zip(of_block).for_each(|((_, parts), part)| parts.push(part));
        }
        Self(parts)
    }

    /// The columns, whole. While they are made, all of them are there twice: rows are best let go before.
    pub(super) fn joined(mut self) -> impl Iterator<Item = (String, Column)> {
        parallel::each_mut(&mut self.0, |(_, parts)| *parts = vec![Column::join(parts)]);
        self.0.into_iter().filter_map(|(name, joined)| Some((name, joined.into_iter().next()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_what_rows_say_in_their_order() {
        for n in [0, 1, 2 * AT_ONCE + 3] {
            let order: Vec<u32> = (0..n as u32).rev().collect();
            let columns: [(&str, Value<'_>); 2] = [
                ("row", Box::new(|at| at as i64)),
                ("sign", Box::new(|at| if at % 3 == 0 { -1 } else { 1 })),
            ];
            let packed: Vec<(String, Column)> = Packed::of(&columns, &order).joined().collect();
            assert!(packed.iter().map(|(name, _)| name).eq(["row", "sign"]));
            let rows: Vec<i64> = order.iter().copied().map(i64::from).collect();
            assert!(packed[0].1 == Column::pack(&rows));
            let signs = rows.iter().map(|row| if row % 3 == 0 { -1 } else { 1 });
            assert!(packed[1].1.iter().eq(signs));
        }
    }
}
