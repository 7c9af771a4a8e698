//! Blocking keys: combinations of values that two records of one person are likely to share and
//! others are not.
//!
//! Each kind stands for one sort of error in the rest of the record. Broad kinds (a birth date alone)
//! serve small sets and fall away in large ones, where too many records share a key.

use super::features::Features;
use crate::identity::Slot;
use crate::identity::Slot::{
    Address, AddressKey, Birth, BirthMonthDay, BirthSwapped, BirthYear, BirthYearDay, BirthYearMonth,
    Building, City, First, FirstInitial, FirstLetters, FirstSound, FirstStart, FirstWord, HouseNumber, Last,
    LastInitial, LastLetters, LastPart1, LastPart1Sound, LastPart2, LastPart2Sound, LastSound, LastStart,
    MiddleInitial, MiddleSound, Root1, Root2, SecondWord, SharedId, Street, Zip,
};

/// Kinds of keys.
pub(super) const N_KINDS: usize = 51;
/// The kinds that find nearly every person among a million: of 1.36 million linked pairs there, they
/// leave 200 unfound that all kinds together find.
pub(super) const NARROW: [usize; 23] =
    [0, 2, 4, 5, 9, 11, 15, 18, 20, 21, 26, 27, 28, 32, 33, 34, 35, 36, 37, 38, 41, 45, 46];

/// Calls `found` with every key of one kind that a record has.
pub(super) fn keys(kind: usize, record: &Features, mut found: impl FnMut(u32)) {
    let token = |slot: Slot| record.token(slot);
    let mut key = |parts: [u32; 3]| {
        if let Some(key) = mixed(kind as u32, parts) {
            found(key);
        }
    };
    let one = |slot: Slot| [token(slot), SOLO, SOLO];
    let two = |a: Slot, b: Slot| [token(a), token(b), SOLO];
    let three = |a: Slot, b: Slot, c: Slot| [token(a), token(b), token(c)];
    // Of two values in either order: absent when one is.
    let either = |a: Slot, b: Slot| {
        let (a, b) = (token(a), token(b));
        if a == 0 || b == 0 { (0, 0) } else { (a.min(b), a.max(b)) }
    };
    match kind {
        // Names and their sounds are one domain, so that exchanged names meet too.
        0 => [FirstSound, MiddleSound, LastPart1Sound, LastPart2Sound, LastSound]
            .into_iter()
            .for_each(|sound| key(two(sound, Birth))),
        1 => key(two(FirstInitial, Birth)),
        2 => key(two(Zip, Birth)),
        3 => key(two(AddressKey, Birth)),
        4 => {
            let date = match (token(Birth), token(BirthSwapped)) {
                (date, 0) => date,
                (date, swapped) => date.min(swapped),
            };
            key([token(FirstSound), date, SOLO]);
            key([token(LastPart1Sound), date, SOLO]);
        }
        5..=8 => {
            let (a, b) = either(First, Last);
            key([a, b, [SOLO, token(Zip), token(BirthYear), token(BirthMonthDay)][kind - 5]]);
        }
        9 => {
            key(three(FirstWord, LastPart1, BirthYear));
            key(three(FirstWord, LastPart2, BirthYear));
        }
        10 => {
            key(three(Root1, Last, BirthYear));
            key(three(Root2, Last, BirthYear));
        }
        11..=14 => {
            let (a, b) = either(FirstSound, LastPart1Sound);
            let third = [Zip, BirthYear, BirthMonthDay, City][kind - 11];
            key([a, b, token(third)]);
        }
        15 => key(three(FirstStart, LastStart, Zip)),
        16 => key(two(FirstWord, AddressKey)),
        17 => key(two(AddressKey, BirthYear)),
        18 => key(one(SharedId)),
        19 => key(one(Birth)),
        20 => key(one(Address)),
        21 => key(two(Last, BirthYearMonth)),
        22 => key(two(FirstWord, BirthYearMonth)),
        23 => key(three(LastInitial, FirstInitial, BirthYearMonth)),
        24 => key(two(FirstWord, BirthYearDay)),
        25 => key(two(Last, BirthYearDay)),
        26 => key(two(LastSound, BirthMonthDay)),
        27 => key(two(FirstWord, BirthMonthDay)),
        28 => key(three(FirstStart, LastStart, BirthYear)),
        29 => key(two(Last, AddressKey)),
        30 => key(three(Street, FirstStart, LastInitial)),
        31 => key(three(Street, HouseNumber, FirstInitial)),
        32 => key(two(Last, Zip)),
        33 => key(two(FirstSound, Street)),
        34 => {
            key(two(SecondWord, Birth));
            key(two(Building, BirthMonthDay));
        }
        35 => key(two(LastStart, Street)),
        36 => key(two(FirstSound, LastPart1Sound)),
        37 => key(two(FirstWord, LastStart)),
        38 => key(three(FirstSound, MiddleInitial, LastSound)),
        39 => key(three(FirstWord, MiddleInitial, LastInitial)),
        40 => {
            key(three(Root1, Last, MiddleInitial));
            key(three(Root2, Last, MiddleInitial));
        }
        41 => key(two(FirstWord, Zip)),
        42 => key(two(FirstWord, City)),
        43 => key(two(Last, City)),
        44 => key(three(HouseNumber, Zip, LastInitial)),
        45 => key(two(FirstLetters, LastLetters)),
        46 => {
            key(two(HouseNumber, City));
            key(two(HouseNumber, Zip));
        }
        47 => key(two(Zip, City)),
        48 => {
            key(two(Street, Zip));
            key(two(Street, City));
        }
        49 => {
            key(two(BirthYearMonth, Zip));
            key(two(BirthMonthDay, Zip));
        }
        50 => key(two(BirthYear, Street)),
        _ => {}
    }
}

/// In the place of a part that a kind does not have.
const SOLO: u32 = 1;

fn mixed(kind: u32, parts: [u32; 3]) -> Option<u32> {
    if parts.contains(&0) {
        return None;
    }
    let mut state = u64::from(kind) + 1;
    for part in parts {
        state = (state ^ u64::from(part)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        state ^= state >> 29;
    }
    Some((state.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32)
}
