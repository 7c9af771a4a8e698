//! Comparing two records: one level for each field.

mod names;
mod place;

pub(super) use names::first;

use super::features::Features;
use crate::identity::{Filter, Slot};
use names::{agrees, names};
use place::place;

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
