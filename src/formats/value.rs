//! Cells to values: dates, numbers and codes as spreadsheets and exports write them.

use crate::calendar::{Date, SchoolYear};
use crate::records::Grade;
use std::ops::RangeInclusive;

/// The days that a spell in a school year may be in: July to June, and the July after, in which some
/// schools end. August is not among them: it is where a year begins that is named a year too early.
pub(super) fn days_of(year: SchoolYear) -> RangeInclusive<i32> {
    const JULY: i32 = 31;
    year.first_day().days()..=year.last_day().days() + JULY
}

/// `YYYY-MM-DD`, or `M/D/YYYY` as a spreadsheet writes it; a time of day behind either is left out.
pub(super) fn date(text: &str) -> Option<Date> {
    let (day, time) = match text.find(['T', ' ']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let in_a_time = |c: char| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | ' ' | ':' | '.' | '+' | '-');
    let time = time.trim_end_matches(" AM").trim_end_matches(" PM");
    if !time.chars().all(in_a_time) || (!time.is_empty() && !time.contains(':')) {
        return None;
    }
    if let Ok(date) = day.parse() {
        return Some(date);
    }
    let mut parts = day.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let part = |text| u8::try_from(digits(text)?).ok();
    Date::new(i32::try_from(digits(year)?).ok()?, part(month)?, part(day)?)
}

/// `true`, `1`, `yes`, `y` and their opposites, in any letter case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match () {
        () if is(["true", "1", "yes", "y", "t"]) => Some(true),
        () if is(["false", "0", "no", "n", "f"]) => Some(false),
        () => None,
    }
}

/// A decimal number in units of `10^-decimals`; digits beyond must be zeros.
pub(super) fn fixed(text: &str, decimals: usize) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !fits(whole) || !fits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let (kept, beyond) = fraction.split_at(decimals.min(fraction.len()));
    if beyond.bytes().any(|b| b != b'0') {
        return None;
    }
    let kept = kept.bytes().chain(std::iter::repeat_n(b'0', decimals - kept.len()));
    let value = whole
        .bytes()
        .chain(kept)
        .try_fold(0_i64, |value, digit| value.checked_mul(10)?.checked_add(i64::from(digit - b'0')))?;
    Some(if negative { -value } else { value })
}

/// `2025`, `2024-25` or `2024-2025`: the school year ending in 2025.
pub(super) fn school_year(text: &str) -> Option<SchoolYear> {
    let Some((begin, end)) = text.split_once(['-', '/']) else {
        return (text.len() == 4).then(|| SchoolYear::new(digits(text)?))?;
    };
    let (begin, end) = ((begin.len() == 4).then(|| digits(begin))??, (end, digits(end)?));
    let next = begin + 1;
    let follows = match end.0.len() {
        2 => next % 100 == end.1,
        4 => next == end.1,
        _ => false,
    };
    follows.then(|| SchoolYear::new(next))?
}

/// A CEDS grade; `K` is kindergarten, and a grade may have lost its leading zero in a spreadsheet.
pub(super) fn grade(text: &str) -> Option<Grade> {
    let upper = text.to_ascii_uppercase();
    match upper.as_str() {
        "K" => Some(Grade::Kindergarten),
        one if one.len() == 1 => Grade::from_code(&format!("0{one}")),
        code => Grade::from_code(code),
    }
}

/// A word of a vocabulary as codes are written: `Out-of-school suspension` is `out_of_school_suspension`.
pub(super) fn word(text: &str) -> String {
    text.to_ascii_lowercase().replace([' ', '-'], "_")
}

fn digits(text: &str) -> Option<u32> {
    let fits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.bytes().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_exports_and_spreadsheets_write_them() {
        for text in [
            "2024-09-03",
            "2024-09-03T18:25:43.511Z",
            "2024-09-03 00:00:00",
            "9/3/2024",
            "09/03/2024 0:00",
            "9/3/2024 12:00 AM",
        ] {
            assert_eq!(date(text).map(|d| d.to_string()).as_deref(), Some("2024-09-03"), "{text}");
        }
        for text in [
            "",
            "9/3/24",
            "13/1/2024",
            "2/30/2024",
            "2024-09-03 noon",
            "2024-09-03T",
            "1/2/3/2024",
            "//",
            "9/259/2024",
            "20240903",
            "2024-09-03 Jones 1:2",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_keep_their_decimals() {
        let cases = [("12", 1200), ("12.5", 1250), ("0.25", 25), (".5", 50), ("5.", 500), ("-3.10", -310)];
        for (text, expected) in cases {
            assert_eq!(fixed(text, 2), Some(expected), "{text}");
        }
        assert_eq!(fixed("1.5000", 3), Some(1500));
        for text in ["", ".", "-", "1.234", "1e3", "1,000", "99999999999999999999", "+1", "--1", "½"] {
            assert_eq!(fixed(text, 2), None, "{text}");
        }
    }

    #[test]
    fn school_years_are_named_by_their_end() {
        for text in ["2025", "2024-25", "2024-2025", "2024/25"] {
            assert_eq!(school_year(text).map(SchoolYear::ending), Some(2025), "{text}");
        }
        assert_eq!(school_year("1999-00").map(SchoolYear::ending), Some(2000));
        for text in ["", "25", "2024-26", "2024-2024", "24-25", "20245", "2024-", "-25"] {
            assert_eq!(school_year(text), None, "{text}");
        }
    }

    #[test]
    fn grades_survive_a_spreadsheet() {
        let cases = [("9", Some(Grade::G09)), ("09", Some(Grade::G09)), ("kg", Some(Grade::Kindergarten))];
        for (text, expected) in cases.into_iter().chain([("K", Some(Grade::Kindergarten)), ("0", None)]) {
            assert_eq!(grade(text), expected, "{text}");
        }
        assert_eq!((grade("ps1"), grade("")), (None, None));
    }

    #[test]
    fn booleans_in_any_case() {
        assert_eq!(["TRUE", "Yes", "1"].map(boolean), [Some(true); 3]);
        assert_eq!(["false", "NO", "0"].map(boolean), [Some(false); 3]);
        assert_eq!(["", "maybe", "2"].map(boolean), [None; 3]);
    }
}
