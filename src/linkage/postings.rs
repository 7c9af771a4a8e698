//! Lists of numbers, each in one piece.
//!
//! As chains of nodes that stood where there was room, lists took as much memory, and whoever read one waited for the memory at
//! each of its nodes.

/// Words of a chunk: a quarter of a megabyte.
const CHUNK: usize = 1 << 16;
/// Words of the smallest place; those of others are powers of two up to [`LARGEST`].
const SMALLEST: usize = 4;
const LARGEST: usize = 128;
/// Sizes of places.
const N_SIZES: usize = (LARGEST / SMALLEST).ilog2() as usize + 1;

/// Numbers in a list at most: its first word says how many they are.
pub(super) const LONGEST: usize = LARGEST - 1;

/// Lists of two numbers or more, in no order. A list moves to another place when it becomes too long for its own, or half as
/// long.
#[derive(Debug, Default)]
pub(super) struct Postings {
    chunks: Vec<Box<[u32]>>,
    /// Places without a list, by size.
    free: [Vec<Place>; N_SIZES],
}

/// Where a list stands: in steps of the smallest place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub(super) u32);

/// What is left of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    List(Place),
    Single(u32),
}

/// Which size a list of so many numbers has.
const fn size(n_numbers: usize) -> usize {
    let words = (n_numbers + 1).next_power_of_two();
    if words <= SMALLEST { 0 } else { (words / SMALLEST).ilog2() as usize }
}

impl Postings {
    /// A list of two.
    pub(super) fn pair(&mut self, one: u32, other: u32) -> Place {
        let place = self.take(size(2));
        self.words_mut(place)[..3].copy_from_slice(&[2, one, other]);
        place
    }

    pub(super) fn get(&self, place: Place) -> &[u32] {
        let (chunk, at) = parts(place);
        let words = &self.chunks[chunk][at..];
        &words[1..=words[0] as usize]
    }

    /// Adds a number to a list that has fewer than [`LONGEST`]; where it stands now.
    pub(super) fn push(&mut self, place: Place, number: u32) -> Place {
        let before = self.get(place).len();
        let place = self.moved(place, before, before + 1);
        let words = self.words_mut(place);
        (words[0], words[before + 1]) = (before as u32 + 1, number);
        place
    }

    /// Takes a number out of a list, if it is there.
    pub(super) fn remove(&mut self, place: Place, number: u32) -> Left {
        let list = self.get(place);
        let Some(at) = list.iter().position(|other| *other == number) else { return Left::List(place) };
        let before = list.len();
        if before == 2 {
            let single = list[1 - at];
            self.free[size(2)].push(place);
            return Left::Single(single);
        }
        let words = self.words_mut(place);
        words[at + 1] = words[before];
        words[0] = before as u32 - 1;
        Left::List(self.moved(place, before, before - 1))
    }

    /// Gives up a list.
    pub(super) fn drop(&mut self, place: Place) {
        let size = size(self.get(place).len());
        self.free[size].push(place);
    }

    /// Moves a list that is to have another count of numbers, where that takes a place of another size; where it stands then.
    fn moved(&mut self, from: Place, before: usize, n_numbers: usize) -> Place {
        if size(before) == size(n_numbers) {
            return from;
        }
        let to = self.take(size(n_numbers));
        let mut copied = [0; LARGEST];
        let n_words = before.min(n_numbers) + 1;
        copied[..n_words].copy_from_slice(&self.words_mut(from)[..n_words]);
        self.words_mut(to)[..n_words].copy_from_slice(&copied[..n_words]);
        self.free[size(before)].push(from);
        to
    }

    /// A place of a size.
    fn take(&mut self, size: usize) -> Place {
        if self.free[size].is_empty() {
            let first = self.chunks.len() * (CHUNK / SMALLEST);
            self.chunks.push(vec![0; CHUNK].into());
            let places = (first..first + CHUNK / SMALLEST).step_by(1 << size).rev();
            let place = |at| Place(u32::try_from(at).expect("fewer than four thousand million places"));
            self.free[size].extend(places.map(place));
        }
        self.free[size].pop().expect("a chunk has some")
    }

    fn words_mut(&mut self, place: Place) -> &mut [u32] {
        let (chunk, at) = parts(place);
        &mut self.chunks[chunk][at..]
    }
}

const fn parts(Place(place): Place) -> (usize, usize) {
    let word = place as usize * SMALLEST;
    (word / CHUNK, word % CHUNK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn lists_have_what_was_put_into_them(steps in prop::collection::vec((0..4_usize, 0..150_u32, 0..5_u8), 0..1_500)) {
            let mut postings = Postings::default();
            let mut places = [0, 1, 2, 3].map(|_| postings.pair(1_000, 1_001));
            let mut sets: [BTreeSet<u32>; 4] = std::array::from_fn(|_| [1_000, 1_001].into());
            for (list, number, what) in steps {
                let (place, set) = (&mut places[list], &mut sets[list]);
                match what {
                    0 => {
                        let left = postings.remove(*place, number);
                        set.remove(&number);
                        match left {
                            Left::List(at) => *place = at,
                            Left::Single(single) => prop_assert!(false, "{single} alone of {set:?}"),
                        }
                    }
                    _ if set.len() < LONGEST && !set.contains(&number) => {
                        set.insert(number);
                        *place = postings.push(*place, number);
                    }
                    _ => {}
                }
                for (place, set) in places.iter().zip(&sets) {
                    prop_assert_eq!(&postings.get(*place).iter().copied().collect::<BTreeSet<_>>(), set);
                    prop_assert_eq!(postings.get(*place).len(), set.len());
                }
            }
            for place in places {
                postings.drop(place);
            }
            let n_free: usize = postings.free.iter().enumerate().map(|(size, free)| free.len() << size).sum();
            prop_assert_eq!(n_free, postings.chunks.len() * (CHUNK / SMALLEST));
        }
    }

    #[test]
    fn of_two_the_other_is_left() {
        let mut postings = Postings::default();
        let place = postings.pair(7, 9);
        assert_eq!(postings.remove(place, 8), Left::List(place));
        assert_eq!(postings.remove(place, 7), Left::Single(9));
        let again = postings.pair(1, 2);
        assert_eq!((again, postings.get(again)), (place, &[1, 2][..]));
    }
}
