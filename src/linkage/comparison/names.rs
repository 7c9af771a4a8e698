//! Given name and surname, each in its own place or in the other's.

use super::both;
use crate::identity::{Filter, Slot};
use crate::linkage::features::Features;

/// Levels of the given name.
pub(in crate::linkage) mod first {
    pub(in crate::linkage) const EXACT: u8 = 1;
    pub(in crate::linkage) const SAME_WORD: u8 = 2;
    pub(in crate::linkage) const CLOSE: u8 = 3;
    pub(in crate::linkage) const NICKNAME: u8 = 4;
    pub(in crate::linkage) const MIDDLE: u8 = 5;
    pub(in crate::linkage) const SOUND: u8 = 6;
    pub(in crate::linkage) const SIMILAR: u8 = 7;
    pub(in crate::linkage) const SAME_INITIAL: u8 = 8;
    pub(in crate::linkage) const DIFFERENT: u8 = 9;
    pub(in crate::linkage) const EXCHANGED: u8 = 10;
    pub(in crate::linkage) const INITIAL: u8 = 11;
    pub(in crate::linkage) const OTHER_INITIAL: u8 = 12;
    pub(in crate::linkage) const HALF: u8 = 13;
    pub(in crate::linkage) const MIDDLE_INITIAL: u8 = 14;
    pub(in crate::linkage) const PART: u8 = 15;
    pub(in crate::linkage) const FAR: u8 = 16;
}

/// Given name and surname.
pub(super) fn names(a: &Features, b: &Features) -> (u8, u8) {
    let (first, last) = (first_name(a, b), last_name(a, b));
    if agrees(first) || !matches!(last, 0 | 3 | 5..) {
        return (first, last);
    }
    match names_exchanged(a, b) {
        2 => (first::EXCHANGED, 0),
        1 if !similar(first) && last >= 6 => (first::HALF, 0),
        _ => (first, last),
    }
}

/// Whether given names are of one sex and one name, as written.
pub(super) const fn agrees(first: u8) -> bool {
    matches!(
        first,
        first::EXACT | first::SAME_WORD | first::CLOSE | first::NICKNAME | first::SOUND | first::PART
    )
}

const fn similar(first: u8) -> bool {
    agrees(first) || matches!(first, first::SIMILAR | first::MIDDLE)
}

/// How many of given name and surname (or a part of it) stand in each other's place, at least nearly.
fn names_exchanged(a: &Features, b: &Features) -> u8 {
    const PARTS: [Slot; 3] = [Slot::Last, Slot::LastPart1, Slot::LastPart2];
    // Filters are looked at only where the first letters meet: most pairs are of unrelated people.
    let nearly = |a: &Features, b: &Features, least: f32| {
        a.has(Slot::First)
            && a.meets(Slot::FirstInitial, b, Slot::LastInitial)
            && a.dice(Filter::First, b, Filter::Last) >= least
    };
    let found = |a: &Features, b: &Features| {
        PARTS.iter().any(|part| a.meets(Slot::First, b, *part) || a.meets(Slot::FirstWord, b, *part))
            || nearly(a, b, CLOSE)
    };
    let near = |a: &Features, b: &Features| nearly(a, b, SIMILAR);
    match (found(a, b), found(b, a)) {
        (true, true) => 2,
        (true, false) => 1 + u8::from(near(b, a)),
        (false, true) => 1 + u8::from(near(a, b)),
        (false, false) => 0,
    }
}

/// Dice similarities of 256-bit filters above which names are close, and similar. Two unrelated names
/// of common length have about 0.3 to 0.5.
const CLOSE: f32 = 0.8;
const SIMILAR: f32 = 0.68;
const FAR: f32 = 0.57;

fn first_name(a: &Features, b: &Features) -> u8 {
    if !both(a, b, Slot::FirstInitial) {
        return 0;
    }
    if !both(a, b, Slot::First) {
        return if a.same(b, Slot::FirstInitial) { first::INITIAL } else { first::OTHER_INITIAL };
    }
    if a.same(b, Slot::First) {
        return first::EXACT;
    }
    if a.same(b, Slot::FirstWord) {
        return first::SAME_WORD;
    }
    let (similarity, contained) = a.closeness(b, Filter::First);
    if similarity >= CLOSE || a.same(b, Slot::FirstLetters) {
        return first::CLOSE;
    }
    const ROOTS: [Slot; 4] = [Slot::Root1, Slot::Root2, Slot::Root3, Slot::Root4];
    if both(a, b, Slot::Root1) && ROOTS.iter().any(|one| ROOTS.iter().any(|other| a.meets(*one, b, *other))) {
        return first::NICKNAME;
    }
    const MIDDLES: [Slot; 3] = [Slot::Middle, Slot::MiddleWord, Slot::SecondWord];
    let middle_first = |a: &Features, b: &Features| {
        MIDDLES.iter().any(|middle| a.meets(*middle, b, Slot::First) || a.meets(*middle, b, Slot::FirstWord))
    };
    if middle_first(a, b) || middle_first(b, a) || a.same(b, Slot::SecondWord) {
        first::MIDDLE
    } else if a.same(b, Slot::FirstSound) {
        first::SOUND
    } else if similarity >= SIMILAR {
        first::SIMILAR
    } else if contained >= 0.85 {
        first::PART
    } else if a.meets(Slot::MiddleInitial, b, Slot::FirstInitial)
        || b.meets(Slot::MiddleInitial, a, Slot::FirstInitial)
    {
        first::MIDDLE_INITIAL
    } else if similarity >= FAR {
        first::FAR
    } else if a.same(b, Slot::FirstInitial) {
        first::SAME_INITIAL
    } else {
        first::DIFFERENT
    }
}

fn last_name(a: &Features, b: &Features) -> u8 {
    if !both(a, b, Slot::Last) {
        return 0;
    }
    if a.same(b, Slot::Last) {
        return 1;
    }
    let (similarity, contained) = a.closeness(b, Filter::Last);
    if similarity >= CLOSE || a.same(b, Slot::LastLetters) {
        return 2;
    }
    const PARTS: [Slot; 3] = [Slot::Last, Slot::LastPart1, Slot::LastPart2];
    let shared = PARTS.iter().any(|one| PARTS.iter().any(|other| a.meets(*one, b, *other)));
    if shared || contained >= 0.88 {
        3
    } else if a.meets(Slot::Middle, b, Slot::Last) || a.meets(Slot::Last, b, Slot::Middle) {
        // A middle name may be the surname the other record leaves out.
        7
    } else if a.same(b, Slot::LastSound) || a.same(b, Slot::LastPart1Sound) {
        4
    } else if similarity >= SIMILAR {
        5
    } else if similarity >= FAR {
        8
    } else {
        6
    }
}
