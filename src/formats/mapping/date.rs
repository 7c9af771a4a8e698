//! Dates in the forms that exports have, rewritten to `YYYY-MM-DD`.
//!
//! Only the form is read here. Whether there is such a day is for the template to say.

/// A form of dates, such as `MMDDYYYY`, `D.M.YY` or `MMM D, YYYY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DateForm {
    text: String,
    parts: Vec<Part>,
    /// What to take where the form has none.
    month: Option<u8>,
    day: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    /// Two digits: 69 to 99 are of 19.., as POSIX has it.
    ShortYear,
    Month,
    /// Jan or January.
    MonthName,
    Day,
    Other(char),
}

impl DateForm {
    /// A form; `month` and `day` are for those that lack them.
    ///
    /// The error is what is wrong with it.
    pub(super) fn new(text: &str, month: Option<u8>, day: Option<u8>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        const RUNS: [(&str, Part); 7] = [
            ("YYYY", Part::Year),
            ("YY", Part::ShortYear),
            ("MMM", Part::MonthName),
            ("MM", Part::Month),
            ("M", Part::Month),
            ("DD", Part::Day),
            ("D", Part::Day),
        ];
        while let Some(first) = rest.chars().next() {
            let run = RUNS.iter().find(|(run, _)| rest.starts_with(run));
            let (length, part) = match run {
                Some((run, part)) => (run.len(), *part),
                None if first.is_alphanumeric() => {
                    return Err(format!("{text} is not made of YYYY, YY, MMM, MM, M, DD, D and signs"));
                }
                None => (first.len_utf8(), Part::Other(first)),
            };
            parts.push(part);
            rest = &rest[length..];
        }
        let count = |wanted: &[Part]| parts.iter().filter(|part| wanted.contains(part)).count();
        let years = count(&[Part::Year, Part::ShortYear]);
        let (months, days) = (count(&[Part::Month, Part::MonthName]), count(&[Part::Day]));
        let is_given = |n: usize, given: Option<u8>| n + usize::from(given.is_some()) == 1;
        match () {
            () if years != 1 => Err(format!("{text} needs one year (YYYY or YY)")),
            () if !is_given(months, month) => {
                Err(format!("{text} needs one month: MM, MMM or month = 1 to 12"))
            }
            () if !is_given(days, day) => Err(format!("{text} needs one day: DD or day = 1 to 31")),
            () => Ok(Self { text: text.to_owned(), parts, month, day }),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// `YYYY-MM-DD` of a text in this form. A form of digits alone may have lost a leading zero.
    pub(super) fn rewrite(&self, text: &str) -> Option<String> {
        self.parse(text).or_else(|| {
            let is_digits = !self.parts.iter().any(|part| matches!(part, Part::Other(_) | Part::MonthName));
            let begins_short = matches!(self.parts.first(), Some(Part::Month | Part::Day));
            if is_digits && begins_short { self.parse(&format!("0{text}")) } else { None }
        })
    }

    fn parse(&self, text: &str) -> Option<String> {
        let (mut year, mut month, mut day) = (None, self.month.map(u32::from), self.day.map(u32::from));
        let mut rest = text;
        for (at, part) in self.parts.iter().enumerate() {
            let is_digit_next = matches!(
                self.parts.get(at + 1),
                Some(Part::Year | Part::ShortYear | Part::Month | Part::Day)
            );
            let shortest = if is_digit_next { 2 } else { 1 };
            match part {
                Part::Year => year = Some(take_number(&mut rest, 4, 4)?),
                Part::ShortYear => {
                    let short = take_number(&mut rest, 2, 2)?;
                    year = Some(short + if short >= 69 { 1900 } else { 2000 });
                }
                Part::Month => month = Some(take_number(&mut rest, shortest, 2)?),
                Part::Day => day = Some(take_number(&mut rest, shortest, 2)?),
                Part::MonthName => month = Some(take_month(&mut rest)?),
                Part::Other(sign) => rest = rest.strip_prefix(*sign)?,
            }
        }
        rest.is_empty().then_some(())?;
        Some(format!("{:04}-{:02}-{:02}", year?, month?, day?))
    }
}

fn take_number(rest: &mut &str, shortest: usize, longest: usize) -> Option<u32> {
    let length = rest.bytes().take(longest).take_while(u8::is_ascii_digit).count();
    let (digits, after) = rest.split_at_checked(length).filter(|_| length >= shortest)?;
    *rest = after;
    digits.parse().ok()
}

fn take_month(rest: &mut &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, after) = rest.split_at(length);
    let name = name.to_ascii_lowercase();
    let at =
        MONTHS.iter().position(|month| *month == name || (name.len() == 3 && month.starts_with(&name)))?;
    *rest = after;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str, text: &str, expected: Option<&str>) {
        let form = DateForm::new(form, None, None).expect("a form");
        assert_eq!(form.rewrite(text).as_deref(), expected, "{} {text}", form.as_str());
    }

    #[test]
    fn forms_that_exports_have() {
        check("MMDDYYYY", "03182025", Some("2025-03-18"));
        check("MMDDYYYY", "3182025", Some("2025-03-18"));
        check("MMDDYYYY", "182025", None);
        check("YYYYMMDD", "20250318", Some("2025-03-18"));
        check("D.M.YYYY", "8.3.2025", Some("2025-03-08"));
        check("DD.MM.YY", "08.03.25", Some("2025-03-08"));
        check("M/D/YY", "3/8/69", Some("1969-03-08"));
        check("MMM D, YYYY", "Mar 8, 2025", Some("2025-03-08"));
        check("D MMM YYYY", "8 march 2025", Some("2025-03-08"));
        // There is no such day: that is for the template to say.
        check("MMDDYYYY", "02302025", Some("2025-02-30"));
        for text in ["", "2025-03-18", "03/18/2025", "031820256", "O3182025", "é"] {
            check("MMDDYYYY", text, None);
        }
        check("D MMM YYYY", "8 ma 2025", None);
    }

    #[test]
    fn what_a_form_lacks_is_given() {
        let form = DateForm::new("MMYYYY", None, Some(1)).expect("a form");
        assert_eq!(form.rewrite("092024").as_deref(), Some("2024-09-01"));
        assert_eq!(form.rewrite("92024").as_deref(), Some("2024-09-01"));
        let form = DateForm::new("YYYY", Some(4), Some(1)).expect("a form");
        assert_eq!(form.rewrite("2025").as_deref(), Some("2025-04-01"));
        for (text, month, day) in [
            ("MMYYYY", None, None),
            ("DDMM", None, None),
            ("MMDDYYYY", None, Some(1)),
            ("dd.mm.yyyy", None, None),
        ] {
            assert!(DateForm::new(text, month, day).is_err(), "{text}");
        }
    }
}
