//! Numbers for names.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Numbers for things, in the order they come up; [`Interner::sorted`] forgets that order.
pub(super) struct Interner<T> {
    numbers: HashMap<T, u32>,
    /// What was numbered last: of a person, one row after the other is at the same school.
    last: Option<(T, u32)>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), last: None }
    }
}

impl<T: Clone + Ord + Hash> Interner<T> {
    /// The number of a thing, which is only made where it is not the one that `is_it` says was numbered last.
    pub(super) fn number(&mut self, is_it: impl FnOnce(&T) -> bool, thing: impl FnOnce() -> T) -> u32 {
        if let Some((last, number)) = &self.last
            && is_it(last)
        {
            return *number;
        }
        let (thing, next) = (thing(), self.numbers.len() as u32);
        let number = match self.numbers.get(&thing) {
            Some(number) => *number,
            None => *self.numbers.entry(thing.clone()).or_insert(next),
        };
        self.last = Some((thing, number));
        number
    }

    /// The things in order, and for each number given out its place in that order.
    pub(super) fn sorted(self) -> (Vec<T>, Vec<u32>) {
        let sorted: BTreeMap<T, u32> = self.numbers.into_iter().collect();
        let mut places = vec![0; sorted.len()];
        for (place, number) in (0..).zip(sorted.values()) {
            places[*number as usize] = place;
        }
        (sorted.into_keys().collect(), places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_has_one_number_and_a_place() {
        let mut interner = Interner::default();
        let mut number = |thing: &str| interner.number(|known| known == thing, || thing.to_owned());
        assert_eq!(["c", "c", "a", "c", "b", "a"].map(&mut number), [0, 0, 1, 0, 2, 1]);
        assert_eq!(interner.sorted(), (["a", "b", "c"].map(str::to_owned).to_vec(), vec![2, 0, 1]));
    }
}
