//! Evaluating rules, column by column.

mod lane;
mod rule;
mod run;
#[cfg(test)]
mod tests;

use super::column::{Column, Look, MISSING};
use super::edition::Edition;
use super::expression::{Argument, Expression, Operator};
use super::schema::{self, Shape, ZONE, column_name};
use super::{Unit, growth};
use rule::Stored;
pub(super) use rule::{NO, Number, Truth, YES};
pub(super) use run::Room;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The rows of a frame in one period, with the same persons' earlier rows.
pub(super) struct Rows<'e> {
    pub(super) edition: &'e Edition,
    pub(super) unit: Unit,
    pub(super) period: u16,
    rows: Range<u32>,
    /// Rows of student-years so many school years before, for each row.
    earlier: BTreeMap<u16, Vec<u32>>,
    /// Growth percentiles by test and subject, and by how many school years before.
    growth: BTreeMap<(Vec<String>, u16), Arc<Column>>,
}

/// Rows evaluated at once: few enough for their values to stay in the nearest cache.
pub(super) const CHUNK: usize = 2048;

impl<'e> Rows<'e> {
    /// The rows of a period.
    pub(super) fn new(edition: &'e Edition, unit: Unit, period: u16) -> Self {
        let rows = edition.frame(unit).rows_of(period);
        Self { edition, unit, period, rows, earlier: BTreeMap::new(), growth: BTreeMap::new() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A chunk of the rows, or for `years` other than 0 of the same persons' student-years so much earlier, which have been
    /// looked up.
    pub(super) fn looks(&self, years: u16, chunk: Range<usize>) -> Look<'_> {
        if years > 0 {
            return Look::Found(&self.earlier[&years][chunk]);
        }
        let from = self.rows.start as usize;
        Look::Range(from + chunk.start..from + chunk.end)
    }

    /// Fetches a chunk of some columns into the nearest cache.
    pub(super) fn touch(&self, columns: &[&Column], chunk: Range<usize>) {
        let from = self.rows.start as usize;
        columns.iter().for_each(|column| column.touch(from + chunk.start..from + chunk.end));
    }

    /// Looks the same persons' student-years so many school years before up; nothing is to be looked up for 0.
    pub(super) fn look_up(&mut self, years: u16) {
        if years > 0 {
            let look = || self.edition.years_before(self.unit, self.rows.clone(), self.period, years);
            self.earlier.entry(years).or_insert_with(look);
        }
    }

    /// For every row, whether a bound and checked rule holds.
    pub(super) fn holds(&mut self, rule: &Expression) -> Vec<bool> {
        let truth = self.truth(rule);
        let (mut all, mut truths, mut room) =
            (Vec::with_capacity(self.len()), vec![NO; CHUNK], Room::default());
        for from in (0..self.len()).step_by(CHUNK) {
            let chunk = from..self.len().min(from + CHUNK);
            let truths = &mut truths[..chunk.len()];
            self.truths(&truth, chunk, truths, &mut room);
            all.extend(truths.iter().map(|truth| *truth == YES));
        }
        all
    }

    /// What a bound and checked rule states.
    pub(super) fn truth(&mut self, rule: &Expression) -> Truth<'e> {
        self.compile_truth(rule, self.unit, 0)
    }

    /// The number that a bound and checked rule computes.
    pub(super) fn number(&mut self, rule: &Expression) -> Number<'e> {
        self.compile_number(rule, self.unit, 0)
    }

    /// The column of a program; nothing where nobody took part in it.
    pub(super) fn of_program(&self, unit: Unit, name: &str, program: &str) -> Option<&'e Column> {
        self.edition.frame(unit).columns.get(&column_name(name, &[program]))
    }

    fn compile_truth(&mut self, rule: &Expression, unit: Unit, years: u16) -> Truth<'e> {
        let mut truth = |inner: &Expression| Box::new(self.compile_truth(inner, unit, years));
        match rule {
            Expression::Is { column, category } => self.is(unit, column, category),
            Expression::Known(inner) => Truth::known(self.compile_number(inner, unit, years)),
            Expression::Before { years, of } => {
                let years = self.years_of(years);
                Truth::Before(years, Box::new(self.compile_truth(of, Unit::StudentYear, years)))
            }
            Expression::Not(inner) => Truth::Not(truth(inner)),
            Expression::Binary(Operator::And, left, right) => Truth::And(truth(left), truth(right)),
            Expression::Binary(Operator::Or, left, right) => Truth::Or(truth(left), truth(right)),
            Expression::Binary(Operator::Add | Operator::Subtract | Operator::Multiply, ..)
            | Expression::Integer(_)
            | Expression::Column { .. }
            | Expression::Negate(_) => Truth::non_zero(self.compile_number(rule, unit, years)),
            Expression::Binary(operator, left, right) => {
                let left = self.compile_number(left, unit, years);
                Truth::compare(*operator, left, self.compile_number(right, unit, years))
            }
        }
    }

    /// Looks the columns up; `years` says how many school years before.
    fn compile_number(&mut self, rule: &Expression, unit: Unit, years: u16) -> Number<'e> {
        let mut number = |inner: &Expression| Box::new(self.compile_number(inner, unit, years));
        match rule {
            Expression::Integer(value) => Number::Constant(*value),
            Expression::Column { name, arguments } => self.column(unit, years, name, arguments),
            Expression::Before { years, of } => {
                let years = self.years_of(years);
                Number::Before(years, Box::new(self.compile_number(of, Unit::StudentYear, years)))
            }
            Expression::Negate(inner) => match *number(inner) {
                Number::Constant(value) => Number::Constant(value.checked_neg().unwrap_or(MISSING)),
                number => Number::Negate(Box::new(number)),
            },
            Expression::Binary(
                operator @ (Operator::Add | Operator::Subtract | Operator::Multiply),
                left,
                right,
            ) => Number::arithmetic(*operator, *number(left), *number(right)),
            _ => Number::OfTruth(Box::new(self.compile_truth(rule, unit, years))),
        }
    }

    /// How many school years back a rule looks, once they are looked up.
    fn years_of(&mut self, years: &Expression) -> u16 {
        let years = match years {
            Expression::Integer(years) => u16::try_from(*years).unwrap_or(u16::MAX),
            _ => u16::MAX,
        };
        self.look_up(years);
        years
    }

    /// A test, a program or a zone the edition does not know has no column: no result, and no service.
    fn column(&mut self, unit: Unit, years: u16, name: &str, arguments: &[Argument]) -> Number<'e> {
        let columns = &self.edition.frame(unit).columns;
        if name == "grade" {
            return Number::Grade(&columns["grade"]);
        }
        let code = |argument| match argument {
            &(Argument::Code(ref text) | Argument::Parameter(ref text)) => text.as_str(),
        };
        let codes: Vec<&str> = arguments.iter().map(code).collect();
        if let (schema::GROWTH, [test, subject]) = (name, &codes[..]) {
            return Number::Column(Stored::Made(self.growth(test, subject, years)));
        }
        match (columns.get(&column_name(name, &codes)), schema::number(unit, name)) {
            (Some(column), _) => Number::Column(Stored::Edition(column)),
            (None, Some(Shape::PerProgram)) => Number::Constant(0),
            (None, _) => Number::Constant(MISSING),
        }
    }

    /// That a column of categories has that one.
    fn is(&self, unit: Unit, column: &str, category: &str) -> Truth<'e> {
        let code = category_code(self.edition, column, category);
        match (self.edition.frame(unit).columns.get(column), code) {
            (Some(column), Some(code)) => Truth::compare(
                Operator::Equal,
                Number::Column(Stored::Edition(column)),
                Number::Constant(code),
            ),
            // Editions of earlier formats have fewer columns: nothing is known of them.
            (None, Some(_)) => Truth::Constant(if category == schema::UNKNOWN { YES } else { NO }),
            (_, None) => Truth::Constant(NO),
        }
    }

    /// The growth percentiles of the rows' school year, or of one so many years before.
    fn growth(&mut self, test: &str, subject: &str, years: u16) -> Arc<Column> {
        let (edition, year) = (self.edition, self.period.saturating_sub(years));
        let tell = || Arc::new(growth::percentiles(edition, test, subject, year));
        self.growth.entry((vec![test.into(), subject.into()], years)).or_insert_with(tell).clone()
    }
}

fn category_code(edition: &Edition, column: &str, category: &str) -> Option<i64> {
    let at = if column == ZONE {
        let zones = &edition.metadata.zones;
        if category == schema::UNKNOWN {
            Some(0)
        } else {
            zones.iter().position(|zone| zone.as_str() == category).map(|at| at + 1)
        }
    } else {
        schema::group(column)?.categories.iter().position(|c| c.0 == category)
    };
    at.and_then(|at| i64::try_from(at).ok())
}
