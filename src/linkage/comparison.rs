//! Comparing two encodings: one level for each field.

use crate::identity::{Encoding, Filter, Slot, contained, dice};

/// The comparison level of each field, in this order: given name, surname, birth date, place (address
/// and ZIP together), middle name, sex, suffix, shared id. 0 means missing on a side.
///
/// What a level means is told by [`LevelPattern::explain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct LevelPattern(pub [u8; 8]);

/// The fields, in the order of a pattern.
pub(super) const FIELDS: [&str; 8] =
    ["first_name", "last_name", "birth_date", "place", "middle_name", "sex", "suffix", "shared_id"];

/// The names of each field's levels, by number.
pub(super) const LEVELS: [&[&str]; 8] = [
    &[
        "missing",
        "exact",
        "same word",
        "close",
        "nickname",
        "middle name",
        "same sound",
        "similar",
        "initial",
        "same initial",
        "different",
        "exchanged",
    ],
    &["missing", "exact", "close", "shared part", "same sound", "similar", "different", "exchanged"],
    &["missing", "exact", "day and month exchanged", "one digit", "two parts", "same year", "different"],
    &[
        "missing",
        "same address",
        "same address, other ZIP",
        "same building",
        "similar address",
        "similar address, same ZIP",
        "same ZIP",
        "similar ZIP",
        "different",
    ],
    &["missing", "exact", "initial", "same initial", "different"],
    &["missing", "same", "different"],
    &["missing", "same", "different"],
    &["missing", "same", "different"],
];

impl LevelPattern {
    /// Field and level in words, in order, for whoever reviews a link.
    #[must_use]
    pub fn explain(&self) -> [(&'static str, &'static str); 8] {
        std::array::from_fn(|field| {
            let levels = LEVELS[field];
            (FIELDS[field], levels.get(usize::from(self.0[field])).copied().unwrap_or(levels[0]))
        })
    }
}

/// The pattern of two encodings; the same whichever stands first.
pub(super) fn compare(a: &Encoding, b: &Encoding) -> LevelPattern {
    let exchanged = names_exchanged(a, b);
    LevelPattern([
        if exchanged { 11 } else { first_name(a, b) },
        if exchanged { 7 } else { last_name(a, b) },
        birth_date(a, b),
        place(a, b),
        middle_name(a, b),
        plain(a, b, Slot::Sex),
        plain(a, b, Slot::Suffix),
        plain(a, b, Slot::SharedId),
    ])
}

/// Whether both have the value, and the same.
fn same(a: &Encoding, b: &Encoding, slot: Slot) -> bool {
    across(a, slot, b, slot)
}

fn across(a: &Encoding, slot_a: Slot, b: &Encoding, slot_b: Slot) -> bool {
    a.token(slot_a).is_some_and(|token| b.token(slot_b) == Some(token))
}

fn both(a: &Encoding, b: &Encoding, slot: Slot) -> bool {
    a.token(slot).is_some() && b.token(slot).is_some()
}

fn plain(a: &Encoding, b: &Encoding, slot: Slot) -> u8 {
    match (a.token(slot), b.token(slot)) {
        (Some(a), Some(b)) if a == b => 1,
        (Some(_), Some(_)) => 2,
        _ => 0,
    }
}

fn similarity(a: &Encoding, b: &Encoding, filter: Filter) -> f32 {
    dice(&a.filter(filter), &b.filter(filter))
}

/// Given name and surname (or a part of it) in each other's place: both exactly, or one exactly and
/// the other nearly.
fn names_exchanged(a: &Encoding, b: &Encoding) -> bool {
    if same(a, b, Slot::First) || same(a, b, Slot::Last) {
        return false;
    }
    const PARTS: [Slot; 3] = [Slot::Last, Slot::LastPart1, Slot::LastPart2];
    let found = |a: &Encoding, b: &Encoding| PARTS.iter().any(|part| across(a, Slot::First, b, *part));
    let near = |a: &Encoding, b: &Encoding| {
        let known = a.token(Slot::First).is_some() && b.token(Slot::Last).is_some();
        known && dice(&a.filter(Filter::First), &b.filter(Filter::Last)) >= SIMILAR
    };
    match (found(a, b), found(b, a)) {
        (true, true) => true,
        (true, false) => near(b, a),
        (false, true) => near(a, b),
        (false, false) => false,
    }
}

/// Dice similarities of 256-bit filters above which names are close, and similar. Two unrelated names
/// of common length have about 0.3 to 0.5.
const CLOSE: f32 = 0.8;
const SIMILAR: f32 = 0.68;

fn first_name(a: &Encoding, b: &Encoding) -> u8 {
    if !both(a, b, Slot::FirstInitial) {
        return 0;
    }
    if !both(a, b, Slot::First) {
        return if same(a, b, Slot::FirstInitial) { 8 } else { 10 };
    }
    let words = [Slot::FirstWord, Slot::SecondWord];
    if same(a, b, Slot::First) {
        return 1;
    }
    if same(a, b, Slot::FirstWord) {
        return 2;
    }
    let similarity = similarity(a, b, Filter::First);
    if similarity >= CLOSE {
        return 3;
    }
    const ROOTS: [Slot; 4] = [Slot::Root1, Slot::Root2, Slot::Root3, Slot::Root4];
    let middle_first = |a: &Encoding, b: &Encoding| {
        across(a, Slot::Middle, b, Slot::First) || words.iter().any(|word| across(a, *word, b, Slot::First))
    };
    if ROOTS.iter().any(|one| ROOTS.iter().any(|other| across(a, *one, b, *other))) {
        4
    } else if middle_first(a, b) || middle_first(b, a) || same(a, b, Slot::SecondWord) {
        5
    } else if same(a, b, Slot::FirstSound) {
        6
    } else if similarity >= SIMILAR {
        7
    } else if same(a, b, Slot::FirstInitial) {
        9
    } else {
        10
    }
}

fn last_name(a: &Encoding, b: &Encoding) -> u8 {
    if !both(a, b, Slot::Last) {
        return 0;
    }
    if same(a, b, Slot::Last) {
        return 1;
    }
    let similarity = similarity(a, b, Filter::Last);
    if similarity >= CLOSE {
        return 2;
    }
    const PARTS: [Slot; 3] = [Slot::Last, Slot::LastPart1, Slot::LastPart2];
    let shared = PARTS.iter().any(|one| PARTS.iter().any(|other| across(a, *one, b, *other)));
    let within = contained(&a.filter(Filter::Last), &b.filter(Filter::Last)) >= 0.88;
    // A middle name may be the surname the other record leaves out.
    let in_middle = across(a, Slot::Middle, b, Slot::Last) || across(a, Slot::Last, b, Slot::Middle);
    if shared || within || in_middle {
        3
    } else if same(a, b, Slot::LastSound) {
        4
    } else if similarity >= SIMILAR {
        5
    } else {
        6
    }
}

fn birth_date(a: &Encoding, b: &Encoding) -> u8 {
    if !both(a, b, Slot::Birth) {
        return 0;
    }
    if same(a, b, Slot::Birth) {
        1
    } else if across(a, Slot::Birth, b, Slot::BirthSwapped) {
        2
    } else if similarity(a, b, Filter::Birth) >= 0.885 {
        3
    } else if [Slot::BirthMonthDay, Slot::BirthYearMonth, Slot::BirthYearDay]
        .iter()
        .any(|part| same(a, b, *part))
    {
        4
    } else if same(a, b, Slot::BirthYear) {
        5
    } else {
        6
    }
}

fn place(a: &Encoding, b: &Encoding) -> u8 {
    let zip = match plain(a, b, Slot::Zip) {
        2 if similarity(a, b, Filter::Zip) >= 0.8 => 3,
        zip => zip,
    };
    let address = both(a, b, Slot::Address);
    if address && same(a, b, Slot::Address) {
        return if zip == 2 { 2 } else { 1 };
    }
    if address && same(a, b, Slot::Building) {
        return 3;
    }
    if address && similarity(a, b, Filter::Address) >= 0.8 {
        return if zip == 1 { 5 } else { 4 };
    }
    match (address, zip) {
        (_, 1) => 6,
        (_, 3) => 7,
        (false, 0) => 0,
        _ => 8,
    }
}

fn middle_name(a: &Encoding, b: &Encoding) -> u8 {
    if !both(a, b, Slot::MiddleInitial) {
        0
    } else if same(a, b, Slot::Middle) {
        1
    } else if !same(a, b, Slot::MiddleInitial) {
        4
    } else if both(a, b, Slot::Middle) {
        3
    } else {
        2
    }
}
