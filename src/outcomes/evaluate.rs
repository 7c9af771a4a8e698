//! Evaluating rules, column by column.

use super::column::{Column, MISSING};
use super::edition::Edition;
use super::expression::{Argument, Expression, Operator};
use super::schema::{self, Shape, ZONE, column_name};
use super::{Error, Unit, growth};
use crate::records::Grade;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The rows of a frame in one period, with the same persons' earlier rows.
pub(super) struct Rows<'e> {
    pub(super) edition: &'e Edition,
    pub(super) unit: Unit,
    pub(super) period: u16,
    rows: Vec<u32>,
    earlier: BTreeMap<u16, Vec<u32>>,
    /// Growth percentiles by test and subject, and by how many school years before.
    growth: BTreeMap<(Vec<String>, u16), Arc<Column>>,
}

/// Rows evaluated at once: few enough for their values to stay in the cache.
const CHUNK: usize = 4096;

impl<'e> Rows<'e> {
    /// The rows of a period.
    pub(super) fn new(edition: &'e Edition, unit: Unit, period: u16) -> Self {
        let rows = edition.frame(unit).rows_of(period).collect();
        Self { edition, unit, period, rows, earlier: BTreeMap::new(), growth: BTreeMap::new() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows themselves, or for `years` other than 0 the same persons' student-years so much earlier.
    pub(super) fn look(&mut self, years: u16) -> &[u32] {
        if years == 0 {
            return &self.rows;
        }
        let range: Range<u32> = self.edition.frame(self.unit).rows_of(self.period);
        let look = || self.edition.years_before(self.unit, range, self.period, years);
        self.earlier.entry(years).or_insert_with(look)
    }

    /// Evaluates a bound and checked rule for every row, and hands each value, [`MISSING`] or not, to
    /// `each` with the row's position.
    pub(super) fn each(
        &mut self,
        rule: &Expression,
        mut each: impl FnMut(usize, i64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let step = self.compile(rule, self.unit, 0);
        for from in (0..self.rows.len()).step_by(CHUNK) {
            let chunk = from..self.rows.len().min(from + CHUNK);
            let values = self.evaluate(&step, &self.rows, chunk);
            for (at, value) in (from..).zip(values) {
                each(at, value)?;
            }
        }
        Ok(())
    }

    /// For every row: 0 where a bound and checked rule holds, 1 where it does not, 2 where that is not known.
    pub(super) fn codes_of(&mut self, rule: &Expression) -> Vec<u16> {
        let step = self.compile(rule, self.unit, 0);
        let code = |value: i64| match value {
            MISSING => 2,
            0 => 1,
            _ => 0,
        };
        let mut codes = Vec::with_capacity(self.rows.len());
        for from in (0..self.rows.len()).step_by(CHUNK) {
            let chunk = from..self.rows.len().min(from + CHUNK);
            codes.extend(self.evaluate(&step, &self.rows, chunk).into_iter().map(code));
        }
        codes
    }

    /// Looks the columns up; `years` says how many school years before. A test, a program or a zone the edition does not know has no column: no
    /// result, and no service.
    fn compile(&mut self, rule: &Expression, unit: Unit, years: u16) -> Step<'e> {
        let edition = self.edition;
        let columns = &edition.frame(unit).columns;
        let compile = |rows: &mut Self, inner: &Expression| Box::new(rows.compile(inner, unit, years));
        match rule {
            Expression::Integer(n) => Step::Constant(*n),
            Expression::Column { name, .. } if name == "grade" => Step::Grade(&columns["grade"]),
            Expression::Column { name, arguments } => {
                let codes: Vec<&str> = arguments
                    .iter()
                    .map(|argument| match argument {
                        Argument::Code(text) | Argument::Parameter(text) => text.as_str(),
                    })
                    .collect();
                if let (schema::GROWTH, [test, subject]) = (name.as_str(), &codes[..]) {
                    return Step::Growth(self.growth(test, subject, years));
                }
                match (columns.get(&column_name(name, &codes)), schema::number(unit, name)) {
                    (Some(column), _) => Step::Column(column),
                    (None, Some(Shape::PerProgram)) => Step::Constant(0),
                    (None, _) => Step::Constant(MISSING),
                }
            }
            Expression::Is { column, category } => {
                match (columns.get(column), category_code(edition, column, category)) {
                    (Some(column), Some(code)) => Step::Is(column, code),
                    // Editions of earlier formats have fewer columns: nothing is known of them.
                    (None, Some(_)) => Step::Constant(i64::from(category == schema::UNKNOWN)),
                    (_, None) => Step::Constant(0),
                }
            }
            Expression::Known(inner) => Step::Known(compile(self, inner)),
            Expression::Before { years, of } => {
                let years = match **years {
                    Expression::Integer(n) => u16::try_from(n).unwrap_or(u16::MAX),
                    _ => u16::MAX,
                };
                self.look(years);
                Step::Before(years, Box::new(self.compile(of, Unit::StudentYear, years)))
            }
            Expression::Not(inner) => Step::Not(compile(self, inner)),
            Expression::Negate(inner) => Step::Negate(compile(self, inner)),
            Expression::Binary(operator, left, right) => {
                Step::Binary(*operator, compile(self, left), compile(self, right))
            }
        }
    }

    /// The growth percentiles of the rows' school year, or of one so many years before.
    fn growth(&mut self, test: &str, subject: &str, years: u16) -> Arc<Column> {
        let (edition, year) = (self.edition, self.period.saturating_sub(years));
        let tell = || Arc::new(growth::percentiles(edition, test, subject, year));
        self.growth.entry((vec![test.into(), subject.into()], years)).or_insert_with(tell).clone()
    }

    /// The values of a chunk of `look`, which is either the rows or their earlier rows.
    fn evaluate(&self, step: &Step<'_>, look: &[u32], chunk: Range<usize>) -> Vec<i64> {
        let each = |inner: &Step<'_>, of: &dyn Fn(i64) -> i64| {
            let mut values = self.evaluate(inner, look, chunk.clone());
            values.iter_mut().for_each(|value| *value = of(*value));
            values
        };
        let unless_missing = |value: i64, of: i64| if value == MISSING { MISSING } else { of };
        match step {
            Step::Constant(n) => vec![*n; chunk.len()],
            Step::Column(column) => column.gather(&look[chunk]),
            Step::Growth(column) => column.gather(&look[chunk]),
            Step::Grade(column) => {
                let mut values = column.gather(&look[chunk]);
                values.iter_mut().for_each(|value| *value = grade_number(*value));
                values
            }
            Step::Is(column, code) => {
                let mut values = column.gather(&look[chunk]);
                values.iter_mut().for_each(|value| *value = unless_missing(*value, i64::from(value == code)));
                values
            }
            Step::Known(inner) => each(inner, &|value| i64::from(value != MISSING)),
            Step::Not(inner) => each(inner, &|value| unless_missing(value, i64::from(value == 0))),
            Step::Negate(inner) => each(inner, &|value| value.checked_neg().unwrap_or(MISSING)),
            Step::Before(years, inner) => self.evaluate(inner, &self.earlier[years], chunk),
            Step::Binary(operator, left, right) => {
                let mut values = self.evaluate(left, look, chunk.clone());
                let right = self.evaluate(right, look, chunk);
                apply(*operator, &mut values, &right);
                values
            }
        }
    }
}

/// An expression with its columns looked up.
enum Step<'e> {
    Constant(i64),
    Column(&'e Column),
    Growth(Arc<Column>),
    Grade(&'e Column),
    Is(&'e Column, i64),
    Known(Box<Step<'e>>),
    Before(u16, Box<Step<'e>>),
    Not(Box<Step<'e>>),
    Negate(Box<Step<'e>>),
    Binary(Operator, Box<Step<'e>>, Box<Step<'e>>),
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

fn grade_number(code: i64) -> i64 {
    let grade = usize::try_from(code).ok().and_then(|code| Grade::ALL.get(code));
    grade.and_then(|grade| grade.number()).map_or(MISSING, i64::from)
}

/// `left[i] = left[i] op right[i]`. Sums that overflow are missing.
fn apply(operator: Operator, left: &mut [i64], right: &[i64]) {
    let pairs = left.iter_mut().zip(right);
    let strict = |of: fn(i64, i64) -> i64| {
        move |(l, r): (&mut i64, &i64)| *l = if *l == MISSING || *r == MISSING { MISSING } else { of(*l, *r) }
    };
    match operator {
        Operator::Or => pairs.for_each(|(l, r)| *l = or(*l, *r)),
        Operator::And => pairs.for_each(|(l, r)| *l = and(*l, *r)),
        Operator::Equal => pairs.for_each(strict(|l, r| i64::from(l == r))),
        Operator::NotEqual => pairs.for_each(strict(|l, r| i64::from(l != r))),
        Operator::Less => pairs.for_each(strict(|l, r| i64::from(l < r))),
        Operator::LessOrEqual => pairs.for_each(strict(|l, r| i64::from(l <= r))),
        Operator::Greater => pairs.for_each(strict(|l, r| i64::from(l > r))),
        Operator::GreaterOrEqual => pairs.for_each(strict(|l, r| i64::from(l >= r))),
        Operator::Add => pairs.for_each(strict(|l, r| l.checked_add(r).unwrap_or(MISSING))),
        Operator::Subtract => pairs.for_each(strict(|l, r| l.checked_sub(r).unwrap_or(MISSING))),
        Operator::Multiply => pairs.for_each(strict(|l, r| l.checked_mul(r).unwrap_or(MISSING))),
    }
}

fn and(l: i64, r: i64) -> i64 {
    match (l, r) {
        (0, _) | (_, 0) => 0,
        (MISSING, _) | (_, MISSING) => MISSING,
        _ => 1,
    }
}

fn or(l: i64, r: i64) -> i64 {
    match (l, r) {
        (MISSING, MISSING | 0) | (0, MISSING) => MISSING,
        (0, 0) => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_enter_like_in_sql() {
        let check = |operator, left: i64, right: i64, expected: i64| {
            let mut values = [left];
            apply(operator, &mut values, &[right]);
            assert_eq!(values, [expected], "{operator:?}");
        };
        check(Operator::And, MISSING, 0, 0);
        check(Operator::And, 0, MISSING, 0);
        check(Operator::And, MISSING, 1, MISSING);
        check(Operator::And, 7, 2, 1);
        check(Operator::Or, MISSING, 2, 1);
        check(Operator::Or, 1, MISSING, 1);
        check(Operator::Or, MISSING, 0, MISSING);
        check(Operator::Or, MISSING, MISSING, MISSING);
        check(Operator::Equal, MISSING, MISSING, MISSING);
        check(Operator::Multiply, i64::MAX, 2, MISSING);
        check(Operator::Subtract, 5, 7, -2);
    }

    #[test]
    fn grades_are_numbers() {
        let code = |grade: Grade| grade as i64;
        assert_eq!(grade_number(code(Grade::Kindergarten)), 0);
        assert_eq!(grade_number(code(Grade::G08)), 8);
        assert_eq!(grade_number(code(Grade::Prekindergarten)), -2);
        assert_eq!(grade_number(code(Grade::Ungraded)), MISSING);
        assert_eq!(grade_number(MISSING), MISSING);
    }
}
