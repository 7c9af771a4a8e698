//! Comparing two records: one level for each field.

use super::features::Features;
use crate::identity::{Filter, Slot};

/// The comparison level of each field, in this order: given name, surname, birth date, place (address
/// and area together), middle name, sex, suffix, shared id. 0 means missing on a side.
///
/// What a level means is told by [`LevelPattern::explain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct LevelPattern(pub [u8; 8]);

/// The fields, in the order of a pattern.
pub(super) const FIELDS: [&str; 8] =
    ["first_name", "last_name", "birth_date", "place", "middle_name", "sex", "suffix", "shared_id"];

/// Levels of a field at most.
pub(super) const N_LEVELS: usize = 32;

/// Given name.
pub(super) mod first {
    pub(in super::super) const EXACT: u8 = 1;
    pub(in super::super) const SAME_WORD: u8 = 2;
    pub(in super::super) const CLOSE: u8 = 3;
    pub(in super::super) const NICKNAME: u8 = 4;
    pub(in super::super) const MIDDLE: u8 = 5;
    pub(in super::super) const SOUND: u8 = 6;
    pub(in super::super) const SIMILAR: u8 = 7;
    pub(in super::super) const SAME_INITIAL: u8 = 8;
    pub(in super::super) const DIFFERENT: u8 = 9;
    pub(in super::super) const EXCHANGED: u8 = 10;
    pub(in super::super) const INITIAL: u8 = 11;
    pub(in super::super) const OTHER_INITIAL: u8 = 12;
    pub(in super::super) const HALF: u8 = 13;
    pub(in super::super) const MIDDLE_INITIAL: u8 = 14;
    pub(in super::super) const PART: u8 = 15;
    pub(in super::super) const FAR: u8 = 16;
}

/// The pattern of two records; the same whichever stands first.
pub(super) fn compare(a: &Features, b: &Features) -> LevelPattern {
    let birth = birth_date(a, b);
    let (first, last) = names(a, b);
    rest(a, b, birth, first, last, place(a, b))
}

/// The pattern, unless `hopeless` of what is known so far: birth date, then names, then place. Levels
/// not known yet are 0.
pub(super) fn compare_unless(
    a: &Features,
    b: &Features,
    hopeless: impl Fn(usize, LevelPattern) -> bool,
) -> Option<LevelPattern> {
    let birth = birth_date(a, b);
    let (first, last) = names(a, b);
    if hopeless(0, LevelPattern([first, last, birth, 0, 0, 0, 0, 0])) {
        return None;
    }
    let place = place(a, b);
    if hopeless(1, LevelPattern([first, last, birth, place, 0, 0, 0, 0])) {
        return None;
    }
    Some(rest(a, b, birth, first, last, place))
}

fn rest(a: &Features, b: &Features, birth: u8, first: u8, last: u8, place: u8) -> LevelPattern {
    // What was used to explain another field is not used again.
    let used = matches!(first, first::MIDDLE | first::EXCHANGED | first::HALF | first::MIDDLE_INITIAL);
    let middle = if used || last == 7 { 0 } else { middle_name(a, b) };
    LevelPattern([
        first,
        last,
        birth,
        place,
        middle,
        sex(a, b, first),
        plain(a, b, Slot::Suffix),
        plain(a, b, Slot::SharedId),
    ])
}

/// Given name and surname.
fn names(a: &Features, b: &Features) -> (u8, u8) {
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

fn both(a: &Features, b: &Features, slot: Slot) -> bool {
    a.has(slot) && b.has(slot)
}

fn plain(a: &Features, b: &Features, slot: Slot) -> u8 {
    match (a.token(slot), b.token(slot)) {
        (0, _) | (_, 0) => 0,
        (a, b) if a == b => 1,
        _ => 2,
    }
}

fn similarity(a: &Features, b: &Features, filter: Filter) -> f32 {
    a.dice(filter, b, filter)
}

/// Whether given names are of one sex and one name, as written.
const fn agrees(first: u8) -> bool {
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

fn birth_date(a: &Features, b: &Features) -> u8 {
    if !both(a, b, Slot::Birth) {
        return 0;
    }
    if a.same(b, Slot::Birth) {
        return 1;
    }
    if a.meets(Slot::Birth, b, Slot::BirthSwapped) || b.meets(Slot::Birth, a, Slot::BirthSwapped) {
        return 2;
    }
    let similarity = similarity(a, b, Filter::Birth);
    if similarity >= 0.885 {
        3
    } else if [Slot::BirthMonthDay, Slot::BirthYearMonth, Slot::BirthYearDay]
        .iter()
        .any(|part| a.same(b, *part))
    {
        4
    } else if similarity >= 0.78 {
        5
    } else if a.same(b, Slot::BirthYear) {
        6
    } else {
        7
    }
}

/// Address level times four and area level.
fn place(a: &Features, b: &Features) -> u8 {
    address(a, b) * 4 + area(a, b)
}

fn address(a: &Features, b: &Features) -> u8 {
    if !both(a, b, Slot::Address) {
        return 0;
    }
    if a.same(b, Slot::Address) {
        return 1;
    }
    if a.same(b, Slot::Building) {
        return 2;
    }
    let (similarity, contained) = a.closeness(b, Filter::Address);
    if similarity >= 0.85 {
        3
    } else if similarity >= 0.72 || contained >= 0.88 {
        4
    } else if a.same(b, Slot::Street) || a.same(b, Slot::HouseNumber) {
        5
    } else {
        6
    }
}

fn area(a: &Features, b: &Features) -> u8 {
    let (zip, city) = (plain(a, b, Slot::Zip), plain(a, b, Slot::City));
    let near = |filter, level| level == 2 && similarity(a, b, filter) >= 0.8;
    match (zip, city) {
        (0, 0) => 0,
        (1, 0 | 1) | (0, 1) => 1,
        (1, _) | (_, 1) => 2,
        _ if near(Filter::Zip, zip) || near(Filter::City, city) => 2,
        _ => 3,
    }
}

fn middle_name(a: &Features, b: &Features) -> u8 {
    if !both(a, b, Slot::MiddleInitial) {
        0
    } else if !both(a, b, Slot::Middle) {
        if a.same(b, Slot::MiddleInitial) { 5 } else { 6 }
    } else if a.same(b, Slot::Middle) {
        1
    } else if similarity(a, b, Filter::Middle) >= 0.75 {
        2
    } else if a.same(b, Slot::MiddleInitial) {
        3
    } else {
        4
    }
}

/// A name tells the sex: it is weighed apart where the given names agree.
fn sex(a: &Features, b: &Features, first: u8) -> u8 {
    match plain(a, b, Slot::Sex) {
        0 => 0,
        level if agrees(first) => level + 2,
        level => level,
    }
}
