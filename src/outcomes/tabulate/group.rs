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
        // Faster than sorting the rows, where there are not many more combinations than rows.
        sum @ 0..=DENSE_BITS if 1 << sum <= 4 * counted.len() => Ok(dense(categories, &bits, counted)),
        0..=64 => Ok(grouped::<u64>(categories, &bits, counted)),
        65..=128 => Ok(grouped::<u128>(categories, &bits, counted)),
        _ => Err(Error::TooFine),
    }
}

/// Combinations of more bits are sorted: a table of them would not stay in any cache.
const DENSE_BITS: u32 = 24;

/// An integer that keys are packed into.
trait Key: Copy + Ord + Default {
    /// The key with one more category behind.
    fn push(self, category: u16, bits: u32) -> Self;
}

macro_rules! key {
    ($($width:ty)+) => {
        $(impl Key for $width {
            fn push(self, category: u16, bits: u32) -> Self {
                self << bits | Self::from(category)
            }
        })+
    };
}

key! { u32 u64 u128 }

fn packed<K: Key>(categories: &[Vec<u16>], bits: &[u32], n: usize) -> Vec<K> {
    let mut keys = vec![K::default(); n];
    for (categories, bits) in categories.iter().zip(bits) {
        for (key, category) in keys.iter_mut().zip(categories) {
            *key = key.push(*category, *bits);
        }
    }
    keys
}

/// Numbers combinations by a table of all that there can be.
fn dense(categories: &[Vec<u16>], bits: &[u32], counted: &[bool]) -> (Vec<u16>, Vec<u32>) {
    let mut atom_of_row = packed::<u32>(categories, bits, counted.len());
    let mut atoms = vec![u32::MAX; 1 << bits.iter().sum::<u32>()];
    for (key, _) in atom_of_row.iter().zip(counted).filter(|(_, counted)| **counted) {
        atoms[*key as usize] = 0;
    }
    let (mut nodes, mut n_atoms) = (Vec::new(), 0);
    for (key, atom) in atoms.iter_mut().enumerate().filter(|(_, atom)| **atom == 0) {
        *atom = n_atoms;
        n_atoms += 1;
        let mut rest = bits.iter().sum::<u32>();
        nodes.extend(bits.iter().map(|bits| {
            rest -= bits;
            (key >> rest & ((1 << bits) - 1)) as u16
        }));
    }
    for (row, counted) in atom_of_row.iter_mut().zip(counted) {
        *row = if *counted { atoms[*row as usize] } else { u32::MAX };
    }
    (nodes, atom_of_row)
}

fn grouped<K: Key>(categories: &[Vec<u16>], bits: &[u32], counted: &[bool]) -> (Vec<u16>, Vec<u32>) {
    let keys = packed::<K>(categories, bits, counted.len());
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
        check(1);
        check(5);
    }

    #[test]
    fn a_table_of_all_combinations_and_sorting_find_the_same() {
        let digit =
            |row: u32, salt: u32, n: u32| (row.wrapping_mul(2_654_435_761).rotate_left(salt) % n) as u16;
        let n = 5_000;
        let categories: Vec<Vec<u16>> = [(3, 7), (11, 1), (5, 40), (19, 3)]
            .map(|(salt, width)| (0..n).map(|row| digit(row, salt, width)).collect())
            .into();
        let counted: Vec<bool> = (0..n).map(|row| digit(row, 23, 5) > 0).collect();
        let bits = [3, 0, 6, 2];
        let sorted = grouped::<u64>(&categories, &bits, &counted);
        assert!(sorted.0.len() > 4 * 500, "there are many");
        assert_eq!(dense(&categories, &bits, &counted), sorted);
    }

    #[test]
    fn more_than_a_key_holds_is_refused() {
        assert_eq!(group(&vec![vec![0]; 9], &[65_535; 9], &[true]), Err(Error::TooFine));
    }
}
