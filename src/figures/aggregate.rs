//! Figures that somebody else has counted: surveys and registers, read from a CSV file and printed apart.

use super::wilson;
use crate::calendar::{Date, SchoolYear};
use std::io::Read;

/// A figure as it was supplied.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Id of the pack's line.
    pub id: String,
    /// School year.
    pub year: u32,
    /// Whom it is about, in words.
    pub population: String,
    /// People with the outcome.
    pub numerator: Option<u64>,
    /// People, or those who were asked.
    pub denominator: Option<u64>,
    /// Percent.
    pub value: f64,
    /// Who has counted it.
    pub source: String,
    /// The day it was taken from there.
    pub as_of: Date,
}

impl Aggregate {
    /// Interval of 95 % of the percent, where its numbers are there.
    #[must_use]
    pub fn interval(&self) -> Option<super::Interval> {
        wilson(self.numerator?, self.denominator?).map(|ends| ends.times(100.0))
    }
}

/// A row that is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, {column}: {reason}")]
pub struct AggregateError {
    /// The row of the file; the header is row 1.
    pub row: u64,
    /// The column.
    pub column: &'static str,
    /// What is wrong with it; never the value.
    pub reason: String,
}

/// The columns, in any order.
const COLUMNS: [&str; 8] =
    ["id", "year", "population", "numerator", "denominator", "value", "source", "as_of"];

/// Fewer people than this are not printed: neither all, nor those with the outcome, nor those without; but none is.
const PEOPLE_MIN: u64 = 10;
/// A percent may be rounded to one place.
const ROUNDING: f64 = 0.0501;
const TEXT_MAX: usize = 200;

/// Reads a file of aggregates: those that can be used, and why others cannot.
///
/// `is_line` says which ids there are. A row needs a value, or a numerator and a denominator; where both are there they must
/// agree.
///
/// # Errors
///
/// What keeps the file from being read at all.
pub fn read_aggregates(
    file: impl Read,
    is_line: impl Fn(&str) -> bool,
) -> Result<(Vec<Aggregate>, Vec<AggregateError>), csv::Error> {
    let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(file);
    let header: Vec<String> =
        rows.headers()?.iter().map(|name| name.trim_start_matches('\u{feff}').to_lowercase()).collect();
    let at = COLUMNS.map(|column| header.iter().position(|name| name == column));
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    if let Some(missing) = at.iter().position(Option::is_none) {
        wrong.push(AggregateError {
            row: 1,
            column: COLUMNS[missing],
            reason: "the column is missing".into(),
        });
        return Ok((read, wrong));
    }
    let mut lines = Vec::new();
    for (row, record) in (2..).zip(rows.records()) {
        let record = record?;
        let row = record.position().map_or(row, csv::Position::line);
        let cells = at.map(|at| at.and_then(|at| record.get(at)).unwrap_or_default());
        let found = aggregate(cells, &is_line).map_err(|(column, reason)| (column, reason.to_owned()));
        match found
            .and_then(|aggregate| beside(&aggregate, lines.iter().copied().zip(&read)).map(|()| aggregate))
        {
            Ok(aggregate) => {
                read.push(aggregate);
                lines.push(row);
            }
            Err((column, reason)) => wrong.push(AggregateError { row, column, reason }),
        }
    }
    Ok((read, wrong))
}

/// Whether a row can stand beside those before it, of the same line and year.
///
/// Populations are words, so that of two rows either may be part of the other: those of one that the other lacks are told by
/// the difference. So are those of a row that several others together lack. Outcomes are not looked at: groups that
/// share nobody differ in them by a few as a rule.
fn beside<'a>(
    new: &Aggregate,
    before: impl Iterator<Item = (u64, &'a Aggregate)>,
) -> Result<(), (&'static str, String)> {
    let same: Vec<_> = before.filter(|(_, old)| old.id == new.id && old.year == new.year).collect();
    let is_few = |a: u64, b: u64| (1..PEOPLE_MIN).contains(&a.abs_diff(b));
    for (row, old) in &same {
        if old.population == new.population {
            return Err(("population", format!("has a figure of that year in row {row}")));
        }
        if new.denominator.zip(old.denominator).is_some_and(|(a, b)| is_few(a, b)) {
            return Err(("denominator", format!("differs from that of row {row} by fewer than 10 people")));
        }
    }
    let people: Vec<u64> =
        same.iter().filter_map(|(_, old)| old.denominator).chain(new.denominator).collect();
    if let (Some(largest), [_, _, _, ..], Some(_)) = (people.iter().max(), &people[..], new.denominator)
        && is_few(*largest, people.iter().sum::<u64>() - largest)
    {
        return Err((
            "denominator",
            "leaves fewer than 10 people of the largest row to the others together".into(),
        ));
    }
    Ok(())
}

type Wrong = (&'static str, &'static str);

fn aggregate(cells: [&str; 8], is_line: impl Fn(&str) -> bool) -> Result<Aggregate, Wrong> {
    let [id, year, population, numerator, denominator, value, source, as_of] = cells;
    if !is_line(id) {
        return Err(("id", "is no line of the pack that takes supplied figures"));
    }
    let year = year.parse().ok().and_then(SchoolYear::new).ok_or(("year", "is not a school year (2025)"))?;
    for (column, text) in [("population", population), ("source", source)] {
        if text.is_empty() || text.len() > TEXT_MAX || text.chars().any(char::is_control) {
            return Err((column, "is not a text of 1 to 200 bytes"));
        }
    }
    let whole = |column, text: &str| match text {
        "" => Ok(None),
        text => text.parse::<u64>().map(Some).map_err(|_| (column, "is not a whole number")),
    };
    let (numerator, denominator) = (whole("numerator", numerator)?, whole("denominator", denominator)?);
    if denominator.is_some_and(|people| people < PEOPLE_MIN) {
        return Err(("denominator", "is below 10: so few people are not printed"));
    }
    let few = |number: u64| (1..PEOPLE_MIN).contains(&number);
    let counted = match (numerator, denominator) {
        (Some(with), Some(people)) if with > people => {
            return Err(("numerator", "is larger than the denominator"));
        }
        (Some(with), Some(_)) if few(with) => {
            return Err(("numerator", "is below 10: so few people are not printed"));
        }
        (Some(with), Some(people)) if few(people - with) => {
            return Err((
                "numerator",
                "leaves fewer than 10 people without the outcome: they are not printed",
            ));
        }
        (Some(with), Some(people)) => Some(with as f64 / people as f64 * 100.0),
        (Some(_), None) => return Err(("denominator", "is missing beside a numerator")),
        (None, _) => None,
    };
    let stated = match value {
        "" => None,
        text => {
            let value = text.trim_end_matches('%').trim().parse::<f64>().ok();
            let value = value.filter(|value| (0.0..=100.0).contains(value));
            Some(value.ok_or(("value", "is not a percent from 0 to 100"))?)
        }
    };
    let value = match (counted, stated) {
        (Some(counted), Some(stated)) if (counted - stated).abs() > ROUNDING => {
            return Err(("value", "does not agree with numerator and denominator"));
        }
        (Some(counted), _) => counted,
        (None, Some(stated)) => stated,
        (None, None) => return Err(("value", "is missing")),
    };
    // A percent of so many people tells how many have it.
    let with = denominator.map(|people| (people, (value / 100.0 * people as f64).round() as u64));
    if with.is_some_and(|(people, with)| few(with) || few(people.saturating_sub(with))) {
        return Err((
            "value",
            "is of fewer than 10 people, with the outcome or without: they are not printed",
        ));
    }
    let as_of = as_of.parse().map_err(|_| ("as_of", "is not a calendar date (YYYY-MM-DD)"))?;
    let (id, population, source) = (id.to_owned(), population.to_owned(), source.to_owned());
    Ok(Aggregate { id, year: year.ending().into(), population, numerator, denominator, value, source, as_of })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "id,year,population,numerator,denominator,value,source,as_of\n";

    fn read(row: &str) -> (Vec<Aggregate>, Vec<AggregateError>) {
        read_aggregates(format!("{HEADER}{row}\n").as_bytes(), |id| id == "employment").expect("CSV")
    }

    #[test]
    fn good_rows_are_read() {
        let (read, wrong) = read("employment,2024,City,450,600,75.0,Survey,2024-09-01");
        assert_eq!((read[0].value, wrong.len()), (75.0, 0));
    }

    #[test]
    fn bad_rows_are_refused_and_named() {
        for (row, column) in [
            ("other,2024,City,450,600,75,Survey,2024-09-01", "id"),
            ("employment,24,City,450,600,75,Survey,2024-09-01", "year"),
            ("employment,2024,,450,600,75,Survey,2024-09-01", "population"),
            ("employment,2024,City,5,9,,Survey,2024-09-01", "denominator"),
            ("employment,2024,City,5,,50,Survey,2024-09-01", "denominator"),
            ("employment,2024,City,700,600,,Survey,2024-09-01", "numerator"),
            ("employment,2024,City,450,600,76,Survey,2024-09-01", "value"),
            ("employment,2024,City,,,,Survey,2024-09-01", "value"),
            ("employment,2024,City,,,120,Survey,2024-09-01", "value"),
            ("employment,2024,City,450,600,75,Survey,1/9/2024", "as_of"),
        ] {
            let (read, wrong) = read(row);
            assert_eq!((read.len(), wrong[0].row, wrong[0].column), (0, 2, column), "{row}");
        }
    }

    #[test]
    fn few_people_are_not_told_by_a_complement() {
        for (row, column) in [
            ("employment,2024,City,9,600,,Survey,2024-09-01", "numerator"),
            ("employment,2024,City,591,600,,Survey,2024-09-01", "numerator"),
            ("employment,2024,City,,600,1.5,Survey,2024-09-01", "value"),
            ("employment,2024,City,,12,75,Survey,2024-09-01", "value"),
        ] {
            let (read, wrong) = read(row);
            assert_eq!((read.len(), wrong[0].row, wrong[0].column), (0, 2, column), "{row}");
        }
        for row in ["0,600", "600,600", "590,600", "10,600"] {
            assert_eq!(read(&format!("employment,2024,City,{row},,Survey,2024-09-01")).0.len(), 1, "{row}");
        }
    }

    #[test]
    fn few_people_are_not_told_by_a_difference() {
        let rows = |rows: &[(u32, &str, u64)]| {
            let row = |(year, population, people): &(u32, &str, u64)| {
                format!("employment,{year},{population},,{people},50,Survey,2024-09-01\n")
            };
            let (read, wrong) = read(&rows.iter().map(row).collect::<String>());
            (read.len(), wrong.into_iter().map(|wrong| (wrong.row, wrong.reason)).collect::<Vec<_>>())
        };
        let (n, wrong) =
            rows(&[(2024, "City", 600), (2024, "City without the zone", 591), (2023, "City", 595)]);
        assert_eq!(n, 2, "another year is of other people");
        assert_eq!(wrong, [(3, "differs from that of row 2 by fewer than 10 people".to_owned())]);
        assert_eq!(rows(&[(2024, "City", 600), (2024, "North", 300), (2024, "South", 295)]).1[0].0, 4);
        assert_eq!(rows(&[(2024, "City", 600), (2024, "North", 350), (2024, "South", 250)]).0, 3);
        assert_eq!(rows(&[(2024, "City", 600), (2024, "City", 600)]).1[0].0, 3, "twice is once too often");
    }

    #[test]
    fn a_file_without_a_column_says_which() {
        let (_, wrong) = read_aggregates("id,year\n".as_bytes(), |_| true).expect("CSV");
        assert_eq!((wrong[0].row, wrong[0].column), (1, "population"));
    }
}
