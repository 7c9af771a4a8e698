//! A birth date as a source wrote it.

use crate::calendar::Date;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroize;

/// Year, month and day as written. They need not be a date of the calendar: a roster with day and
/// month exchanged, or with a slip of a digit, still says most of the truth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Zeroize)]
pub struct BirthDate {
    year: u16,
    month: u8,
    day: u8,
}

/// A text is not a date. It says nothing of the text, which may be a birth date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a date (expected YYYY-MM-DD, YYYYMMDD or MM/DD/YYYY)")]
pub struct NotABirthDate(());

impl BirthDate {
    /// Year, month and day.
    #[must_use]
    pub const fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// The date, when the calendar has it.
    #[must_use]
    pub fn date(self) -> Option<Date> {
        Date::new(i32::from(self.year), self.month, self.day)
    }
}

impl From<Date> for BirthDate {
    fn from(date: Date) -> Self {
        let (year, month, day) = date.parts();
        Self { year: u16::try_from(year).unwrap_or(0), month, day }
    }
}

impl FromStr for BirthDate {
    type Err = NotABirthDate;

    /// Reads `YYYY-MM-DD` (also with `/` or `.`), `YYYYMMDD` and `MM/DD/YYYY`; a time after the date is
    /// ignored.
    fn from_str(text: &str) -> Result<Self, NotABirthDate> {
        let date = text.split(['T', ' ']).next().unwrap_or_default();
        let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
        let (year, month, day) = match parts[..] {
            [year, month, day] if year.len() == 4 => (year, month, day),
            [month, day, year] if year.len() == 4 => (year, month, day),
            [digits] if digits.len() == 8 && digits.is_ascii() => (&digits[..4], &digits[4..6], &digits[6..]),
            _ => return Err(NotABirthDate(())),
        };
        let short = |part: &str| part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !short(month) || !short(day) {
            return Err(NotABirthDate(()));
        }
        let (year, month, day) = (year.parse(), month.parse(), day.parse());
        match (year, month, day) {
            (Ok(year), Ok(month), Ok(day)) => Ok(Self { year, month, day }),
            _ => Err(NotABirthDate(())),
        }
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[clear]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_kept() {
        let parts = |text: &str| text.parse::<BirthDate>().ok().map(BirthDate::parts);
        for text in ["2011-05-06", "20110506", "2011/5/6", "05/06/2011", "2011-05-06T00:00:00", "2011.05.06"]
        {
            assert_eq!(parts(text), Some((2011, 5, 6)), "{text}");
        }
        assert_eq!(parts("1981-18-01"), Some((1981, 18, 1)));
        assert!("1981-18-01".parse::<BirthDate>().is_ok_and(|date| date.date().is_none()));
        for text in ["", "2011", "2011-05", "May 6, 2011", "2011-+5-06", "20110å6"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
