//! Taking a full relink over, with as few new names for persons as can be.

use super::{Link, Linker, PersonId};
use std::collections::{BTreeMap, BTreeSet};

impl Linker {
    /// Decides everything anew as [`Linker::relink`] does, and goes on from there. Returns the links of
    /// the subjects whose person is another one now, ordered by subject.
    ///
    /// A person that was split keeps its number where most of its subjects are, persons that were merged
    /// keep the number most of their subjects had, and the older number where that is even. Who is new
    /// gets a number above every number seen. So the numbers of whoever did not change stay.
    ///
    /// Where nobody came, went or was decided about since, nothing is looked at: two million subjects took 6 s, and most
    /// of what arrives between two editions is about children who are known.
    pub fn settle(&mut self) -> Vec<Link> {
        if self.is_settled {
            return Vec::new();
        }
        let changed = self.settle_anew();
        self.is_settled = true;
        changed
    }

    /// The same, whether or not anything has changed.
    pub(super) fn settle_anew(&mut self) -> Vec<Link> {
        let relinked = self.relink();
        let before: Vec<PersonId> = relinked.iter().filter_map(|link| self.person(&link.subject)).collect();
        let numbers = self.numbers(&relinked, &before);
        let named = relinked.into_iter().map(|link| Link { person: numbers[&link.person], ..link });
        let changed: Vec<Link> =
            named.zip(before).filter(|(link, before)| link.person != *before).map(|(link, _)| link).collect();
        changed.iter().for_each(|link| self.move_to(link));
        changed
    }

    /// The number of each relinked person, given the person of each of these subjects before.
    fn numbers(&self, relinked: &[Link], before: &[PersonId]) -> BTreeMap<PersonId, PersonId> {
        let mut shared: BTreeMap<(PersonId, PersonId), usize> = BTreeMap::new();
        for (link, before) in relinked.iter().zip(before) {
            *shared.entry((link.person, *before)).or_default() += 1;
        }
        let mut claims: Vec<_> =
            shared.into_iter().map(|((new, old), n)| (usize::MAX - n, old, new)).collect();
        claims.sort_unstable();
        let (mut numbers, mut taken) = (BTreeMap::new(), BTreeSet::new());
        for (_, old, new) in claims {
            if !numbers.contains_key(&new) && taken.insert(old) {
                numbers.insert(new, old);
            }
        }
        let mut last = self.last_person();
        for link in relinked {
            numbers.entry(link.person).or_insert_with(|| {
                last += 1;
                PersonId(last)
            });
        }
        numbers
    }
}
