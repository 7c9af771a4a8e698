//! Grouping rows by their categories in all dimensions at once.

use super::Error;

/// The distinct combinations of categories of the counted rows, sorted, row-major; and for each row the
/// position of its own (`u32::MAX` for rows that are not counted).
///
/// A combination is packed into one integer, the first dimension highest, so that sorting the integers
/// sorts the combinations. `categories` has one list for each dimension, and `widths` the number of
/// categories that can be in it.
pub(super) fn group(
    categories: &[Vec<u16>],
    widths: &[usize],
    counted: &[bool],
) -> Result<(Vec<u16>, Vec<u32>), Error> {
    let bits: Vec<u32> =
        widths.iter().map(|width| (width - 1).checked_ilog2().map_or(0, |b| b + 1)).collect();
    match bits.iter().sum::<u32>() {
        0..=64 => Ok(grouped::<u64>(categories, &bits, counted)),
        65..=128 => Ok(grouped::<u128>(categories, &bits, counted)),
        _ => Err(Error::TooFine),
    }
}

/// An integer that keys are packed into.
trait Key: Copy + Ord + Default {
    /// The key with one more category behind.
    fn push(self, category: u16, bits: u32) -> Self;
}

impl Key for u64 {
    fn push(self, category: u16, bits: u32) -> Self {
        self << bits | Self::from(category)
    }
}

impl Key for u128 {
    fn push(self, category: u16, bits: u32) -> Self {
        self << bits | Self::from(category)
    }
}

fn grouped<K: Key>(categories: &[Vec<u16>], bits: &[u32], counted: &[bool]) -> (Vec<u16>, Vec<u32>) {
    let mut keys = vec![K::default(); counted.len()];
    for (categories, bits) in categories.iter().zip(bits) {
        for (key, category) in keys.iter_mut().zip(categories) {
            *key = key.push(*category, *bits);
        }
    }
    let rows = (0_u32..).zip(counted).filter(|(_, counted)| **counted).map(|(row, _)| row);
    let mut sorted: Vec<(K, u32)> = rows.map(|row| (keys[row as usize], row)).collect();
    sorted.sort_unstable();
    let mut nodes = Vec::new();
    let mut atom_of_row = vec![u32::MAX; counted.len()];
    for (atom, rows) in (0..).zip(sorted.chunk_by(|a, b| a.0 == b.0)) {
        nodes.extend(categories.iter().map(|categories| categories[rows[0].1 as usize]));
        for (_, row) in rows {
            atom_of_row[*row as usize] = atom;
        }
    }
    (nodes, atom_of_row)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups five rows, one of them not counted, with unused widths that force a key size.
    fn check(unused: usize) {
        let mut categories = vec![vec![2, 0, 2, 1, 2], vec![1, 3, 0, 3, 1]];
        let mut widths = vec![3, 4];
        categories.extend(vec![vec![0; 5]; unused]);
        widths.extend(vec![65_535; unused]);
        let (nodes, atom_of_row) =
            group(&categories, &widths, &[true, true, true, false, true]).expect("it fits");
        let pairs: Vec<_> = nodes.chunks(2 + unused).map(|row| (row[0], row[1])).collect();
        assert_eq!(pairs, [(0, 3), (2, 0), (2, 1)]);
        assert_eq!(atom_of_row, [2, 0, 1, u32::MAX, 2]);
    }

    #[test]
    fn equal_rows_share_an_atom_and_atoms_are_sorted() {
        check(0);
        check(5);
    }

    #[test]
    fn more_than_a_key_holds_is_refused() {
        assert_eq!(group(&vec![vec![0]; 9], &[65_535; 9], &[true]), Err(Error::TooFine));
    }
}
