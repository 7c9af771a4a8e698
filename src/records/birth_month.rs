//! Month of birth: all that figures about age need.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Year and month of birth. It stays with the record, where the date of birth does not: a source sends it only on
/// purpose, in a column of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BirthMonth(u32);

/// A text is no month. It says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a month (expected YYYY-MM)")]
pub struct NotABirthMonth(());

impl BirthMonth {
    /// Completed months of age on the first day of a month, for anybody not born on a first of a month (those are a
    /// month older); negative before birth.
    #[must_use]
    pub fn months_on_first_of(self, year: u16, month: u8) -> i64 {
        i64::from(year) * 12 + i64::from(month) - 1 - i64::from(self.0) - 1
    }
}

impl FromStr for BirthMonth {
    type Err = NotABirthMonth;

    fn from_str(text: &str) -> Result<Self, NotABirthMonth> {
        let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text.split_once('-').filter(|(year, month)| digits(year, 4) && digits(month, 2));
        let (year, month) = parts.ok_or(NotABirthMonth(()))?;
        let (year, month): (u32, u32) = match (year.parse(), month.parse()) {
            (Ok(year), Ok(month)) => (year, month),
            _ => return Err(NotABirthMonth(())),
        };
        let can_be = (1900..=2999).contains(&year) && (1..=12).contains(&month);
        can_be.then(|| Self(year * 12 + month - 1)).ok_or(NotABirthMonth(()))
    }
}

impl fmt::Display for BirthMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

impl fmt::Debug for BirthMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[birth month]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_in_completed_months() {
        let born: BirthMonth = "2011-05".parse().expect("a month");
        assert_eq!(born.to_string(), "2011-05");
        // Born on 15 May 2011: 12 years and 3 months on 1 September 2023.
        assert_eq!(born.months_on_first_of(2023, 9), 12 * 12 + 3);
        assert_eq!(born.months_on_first_of(2011, 6), 0);
        assert_eq!("1999-12".parse::<BirthMonth>().expect("a month").to_string(), "1999-12");
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for text in ["", "2011", "2011-13", "2011-00", "11-05", "2011-5", "2011-05-06", "2011/05", "+011-05"]
        {
            assert!(text.parse::<BirthMonth>().is_err(), "{text}");
        }
    }
}
