//! Civil dates, school years and moments: small values with no time zone and no clock.
//!
//! The clock itself is read in one place, [`Timestamp::now`], and only by the edge; everything else
//! is handed the moment it needs.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A civil date, stored as days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

/// A text is not a date that exists. It says nothing of the text, which may be a birth date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a calendar date (expected YYYY-MM-DD)")]
pub struct NotADate(());

impl Date {
    /// The date of a year, a month (1 to 12) and a day, or nothing when there is no such date.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        if !(1..=9999).contains(&year) {
            return None;
        }
        let month = time::Month::try_from(month).ok()?;
        let date = time::Date::from_calendar_date(year, month, day).ok()?;
        Some(Self(date.to_julian_day() - UNIX_EPOCH_JULIAN_DAY))
    }

    /// The date that many days after 1970-01-01, from the year 1 to 9999.
    #[must_use]
    pub fn from_days(days: i32) -> Option<Self> {
        let date = time::Date::from_julian_day(days.checked_add(UNIX_EPOCH_JULIAN_DAY)?).ok()?;
        (1..=9999).contains(&date.year()).then_some(Self(days))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// Year, month (1 to 12) and day.
    #[must_use]
    pub fn parts(self) -> (i32, u8, u8) {
        let date = time::Date::from_julian_day(self.0 + UNIX_EPOCH_JULIAN_DAY)
            .expect("a Date is only made from a date that exists");
        let (year, month, day) = date.to_calendar_date();
        (year, month.into(), day)
    }

    /// The same day of the month, `months` later, or the month's last day where it is shorter.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        let (year, month, day) = self.parts();
        let zero_based = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
        let year = i32::try_from(zero_based / 12).unwrap_or(9999).min(9999);
        let month = u8::try_from(zero_based % 12).expect("a remainder of 12 fits") + 1;
        (1..=day).rev().find_map(|day| Self::new(year, month, day)).expect("every month has a first day")
    }

    /// The school year a date falls in: from 1 July on it is the next one.
    #[must_use]
    pub fn school_year(self) -> SchoolYear {
        let (year, month, _) = self.parts();
        SchoolYear((if month >= 7 { year + 1 } else { year }).clamp(1900, 2999) as u16)
    }
}

const UNIX_EPOCH_JULIAN_DAY: i32 = 2_440_588;

impl FromStr for Date {
    type Err = NotADate;

    /// Reads `YYYY-MM-DD` and nothing else.
    fn from_str(text: &str) -> Result<Self, NotADate> {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| -> Option<i32> {
            let part = bytes.get(range)?;
            part.iter()
                .all(u8::is_ascii_digit)
                .then(|| part.iter().fold(0, |n, b| n * 10 + i32::from(b - b'0')))
        };
        let parse = || {
            (bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-').then_some(())?;
            Self::new(digits(0..4)?, digits(5..7)? as u8, digits(8..10)? as u8)
        };
        parse().ok_or(NotADate(()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A school year, named by the year it ends in: 2025 is 2024-25.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolYear(u16);

impl SchoolYear {
    /// The school year ending in `year`, from 1900 to 2999.
    #[must_use]
    pub fn new(year: u32) -> Option<Self> {
        (1900..=2999).contains(&year).then_some(Self(year as u16))
    }

    /// The year it ends in.
    #[must_use]
    pub const fn ending(self) -> u16 {
        self.0
    }

    /// The school year `years` later.
    #[must_use]
    pub const fn plus(self, years: u16) -> Self {
        Self(self.0 + years)
    }

    /// Its first day, 1 July.
    #[must_use]
    pub fn first_day(self) -> Date {
        Date::new(i32::from(self.0) - 1, 7, 1).expect("1 July exists in every year")
    }

    /// Its last day, 30 June.
    #[must_use]
    pub fn last_day(self) -> Date {
        Date::new(i32::from(self.0), 6, 30).expect("30 June exists in every year")
    }
}

impl fmt::Display for SchoolYear {
    /// `2024-25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.0 - 1, self.0 % 100)
    }
}

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Reads the clock. Only the edge (`server`, `cli`) calls it, and a destruction within its transactions: what was begun
    /// before it is a question of the moment at which nobody else writes.
    #[must_use]
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// The moment that many milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The date in UTC.
    #[must_use]
    pub fn date(self) -> Date {
        let days = self.0.div_euclid(86_400_000).clamp(-719_162, 2_932_896);
        Date::from_days(days as i32).expect("clamped to the years 1 to 9999")
    }

    /// The start of a date in UTC.
    #[must_use]
    pub fn start_of(date: Date) -> Self {
        Self(i64::from(date.days()) * 86_400_000)
    }

    /// Reads the RFC 3339 forms this type prints, and a bare date as its start in UTC.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(date) = text.parse::<Date>() {
            return Some(Self::start_of(date));
        }
        let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
        let date: Date = date.parse().ok()?;
        let (clock, millis) = clock.split_once('.').unwrap_or((clock, "0"));
        // The standard library reads signs, too.
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let two = |part: &str| (part.len() == 2 && is_digits(part)).then(|| part.parse::<i64>().ok())?;
        let mut parts = clock.split(':').map(two);
        let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
        let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
        let valid = valid && !millis.is_empty() && is_digits(millis);
        let millis: i64 = format!("{millis:0<3}").get(..3)?.parse().ok()?;
        (valid && parts.next().is_none())
            .then(|| Self(Self::start_of(date).0 + ((hour * 60 + minute) * 60 + second) * 1000 + millis))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds: `2026-11-23T08:15:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.rem_euclid(86_400_000);
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z", self.date())
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.days().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = i32::deserialize(deserializer)?;
        Self::from_days(days).ok_or_else(|| serde::de::Error::custom("a day outside the calendar"))
    }
}

impl Serialize for SchoolYear {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ending().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SchoolYear {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let year = u16::deserialize(deserializer)?;
        Self::new(year.into()).ok_or_else(|| serde::de::Error::custom("a school year outside 1900 to 2999"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect(text)
    }

    #[test]
    fn dates_are_read_strictly() {
        assert_eq!(date("2024-02-29").to_string(), "2024-02-29");
        for wrong in ["2023-02-29", "2024-2-9", "24-02-09", "2024-13-01", "2024-00-10", "2024-01-01T00", ""] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
        assert_eq!(date("1970-01-01").days(), 0);
        assert_eq!(Date::from_days(date("1999-12-31").days() + 1), Some(date("2000-01-01")));
    }

    #[test]
    fn a_school_year_begins_in_july() {
        assert_eq!(date("2024-07-01").school_year().ending(), 2025);
        assert_eq!(date("2025-06-30").school_year().ending(), 2025);
        assert_eq!(date("2025-06-30").school_year().to_string(), "2024-25");
        assert_eq!(SchoolYear::new(2000).map(|y| y.to_string()), Some("1999-00".into()));
    }

    #[test]
    fn months_stop_at_the_end_of_a_month() {
        assert_eq!(date("2024-10-31").plus_months(16), date("2026-02-28"));
        assert_eq!(date("2024-06-05").plus_months(16), date("2025-10-05"));
    }

    #[test]
    fn moments_are_printed_and_read_back() {
        let moment = Timestamp::from_millis(1_795_421_700_123);
        assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
        assert_eq!(Timestamp::parse("2026-11-23"), Some(Timestamp::start_of(date("2026-11-23"))));
        let in_tenths = Timestamp::parse("2026-11-23T10:20:30.4Z").expect("a moment").to_string();
        assert_eq!(in_tenths, "2026-11-23T10:20:30.400Z");
        for wrong in [
            "T25:00:00Z",
            "T+1:00:00Z",
            "T1:00:00Z",
            "T001:00:00Z",
            "T10:20:30.-12Z",
            "T10:20:30.+12Z",
            "T10:20:30.Z",
            "T10:20:30.123xZ",
            "T10:20:30.1é3Z",
            "T10:20Z",
            "T10:20:30:40Z",
            "T10:20:30",
        ] {
            assert_eq!(Timestamp::parse(&format!("2026-11-23{wrong}")), None, "{wrong}");
        }
        assert_eq!(Timestamp::from_millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }
}
