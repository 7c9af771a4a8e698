//! One spelling for what people write in many ways. Half of the accuracy of linkage is here.
//!
//! Every text in clear lives in a [`Plain`] and is wiped when dropped. Values that only stand for
//! "unknown" become absent: an absent value is no evidence, an equal placeholder would be.

mod address;
mod name;

pub(super) use address::Address;
pub(super) use name::{Given, Surname, suffix};

use crate::records::BirthDate;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

/// The version of these rules and of `nicknames.csv`, written into every encoding. Any change to
/// them that changes an encoding raises it.
pub const NORMALIZER_VERSION: u8 = 2;

/// A clear text that is wiped when dropped.
pub(super) type Plain = Zeroizing<String>;

/// Lower-case letters without marks: `É` is `e`, `ß` is `ss`, `Ł` is `l`. What is not a letter is
/// left as it is, and scripts without case too.
fn fold(text: &str) -> Plain {
    if text.is_ascii() {
        return Plain::new(text.to_ascii_lowercase());
    }
    // A letter of four bytes folds into at most a few; room enough that no copy is left behind.
    let mut folded = Plain::new(String::with_capacity(text.len() * 4 + 16));
    for letter in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            'ħ' => folded.push('h'),
            // Lower-casing `İ` leaves a mark.
            mark if is_combining_mark(mark) => {}
            letter => folded.push(letter),
        }
    }
    folded
}

/// A text of no content: what people and systems write when they do not know.
fn is_placeholder(folded: &str) -> bool {
    const UNKNOWN: [&str; 24] = [
        "unknown",
        "unk",
        "unkn",
        "n/a",
        "n.a.",
        "#n/a",
        "none",
        "null",
        "nil",
        "nan",
        "not provided",
        "not available",
        "not applicable",
        "missing",
        "refused",
        "declined",
        "tbd",
        "test",
        "no name",
        "noname",
        "nfn",
        "nln",
        "fnu",
        "lnu",
    ];
    let text = folded.trim();
    let mut letters = text.chars().filter(|c| c.is_alphanumeric());
    let first = letters.next();
    let repeated = text.chars().count() > 2 && letters.all(|letter| Some(letter) == first);
    first.is_none() || repeated || UNKNOWN.contains(&text)
}

/// Whether a birth date can be one: systems write the first day of 1900 and the like for "unknown".
pub(super) fn is_plausible(date: &BirthDate) -> bool {
    let (year, month, day) = date.parts();
    year > 1900 && year < 2200 && !(year == 1901 && month == 1 && day == 1)
}

/// The first five digits of a ZIP code; four digits lost a leading zero in a spreadsheet.
pub(super) fn zip(text: &str) -> Option<Plain> {
    let first = text.split('-').next().unwrap_or_default();
    let mut digits = Plain::new(String::with_capacity(text.len() + 1));
    digits.extend(first.chars().filter(char::is_ascii_digit));
    if digits.len() == 4 {
        digits.insert(0, '0');
    }
    let known = digits.len() >= 5 && !["00000", "99999"].contains(&&digits[..5]);
    known.then(|| {
        digits.truncate(5);
        digits
    })
}

/// A city, letters and digits only.
pub(super) fn city(text: &str) -> Option<Plain> {
    let folded = fold(text);
    if is_placeholder(&folded) {
        return None;
    }
    let mut kept = Plain::new(String::with_capacity(folded.len()));
    kept.extend(folded.chars().filter(|c| c.is_alphanumeric()));
    Some(kept)
}

/// Letters and digits without leading zeros.
pub(super) fn shared_id(text: &str) -> Option<Plain> {
    let folded = fold(text);
    if is_placeholder(&folded) {
        return None;
    }
    let mut kept = Plain::new(String::with_capacity(folded.len()));
    kept.extend(folded.chars().filter(|c| c.is_alphanumeric()).skip_while(|c| *c == '0'));
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_folded() {
        for (text, expected) in [
            ("O'Brien-Núñez", "o'brien-nunez"),
            ("ŁUKASZ Straße", "lukasz strasse"),
            ("José", "jose"),
            ("Jose\u{301}", "jose"),
            ("İPEK", "ipek"),
            ("Ｋｅｎ", "ken"),
            ("", ""),
        ] {
            assert_eq!(*fold(text), expected);
        }
    }

    #[test]
    fn zips_have_five_digits() {
        for (text, expected) in [
            ("30210-1234", Some("30210")),
            ("302101234", Some("30210")),
            (" 2139 ", Some("02139")),
            ("00000", None),
            ("302", None),
            ("", None),
        ] {
            assert_eq!(zip(text).as_deref().map(String::as_str), expected, "{text}");
        }
    }

    #[test]
    fn placeholders_are_no_values() {
        for text in ["unknown", " n/a ", "xxx", "---", "", "fnu", "000000000"] {
            assert!(is_placeholder(text), "{text}");
        }
        assert!(!is_placeholder("na") && !is_placeholder("al") && !is_placeholder("oo"));
        assert!(shared_id("000-000").is_none());
        assert_eq!(shared_id("00-12A4").as_deref().map(String::as_str), Some("12a4"));
        let date = |year, month, day| {
            crate::calendar::Date::new(year, month, day).map(BirthDate::from).filter(is_plausible)
        };
        assert!(date(1900, 1, 1).is_none() && date(1901, 1, 1).is_none() && date(2012, 2, 29).is_some());
    }
}
