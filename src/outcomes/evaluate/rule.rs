//! Rules with their columns looked up: what is true of a row, and numbers.

use crate::outcomes::column::{Column, MISSING};
use crate::outcomes::expression::Operator;
use crate::records::Grade;
use std::ops::{Deref, RangeInclusive};
use std::sync::Arc;

/// What is known of a statement, in the order in which `and` is the lesser and `or` the greater of two (S. Kleene,
/// "Introduction to Metamathematics", 1952, section 64).
pub(in crate::outcomes) const NO: u8 = 0;
/// Neither is known.
pub(in crate::outcomes) const UNKNOWN: u8 = 1;
/// It is so.
pub(in crate::outcomes) const YES: u8 = 2;

/// A statement about a row.
pub(in crate::outcomes) enum Truth<'e> {
    Constant(u8),
    /// Whether a column's value lies in a range: what to say where it does not, where it is missing, and where it does.
    Within(Stored<'e>, RangeInclusive<i64>, [u8; 3]),
    Compare(Operator, Number<'e>, Number<'e>),
    /// Whether a number is other than 0.
    NonZero(Number<'e>),
    /// Whether there is a number.
    Known(Number<'e>),
    /// Whether another one is known.
    Decided(Box<Truth<'e>>),
    Not(Box<Truth<'e>>),
    And(Box<Truth<'e>>, Box<Truth<'e>>),
    Or(Box<Truth<'e>>, Box<Truth<'e>>),
    /// Of the same person so many school years before.
    Before(u16, Box<Truth<'e>>),
}

/// A number of a row, or none.
pub(in crate::outcomes) enum Number<'e> {
    Constant(i64),
    Column(Stored<'e>),
    /// So many times what a column holds.
    Times(Stored<'e>, i64),
    Grade(&'e Column),
    /// 1 for yes, 0 for no.
    OfTruth(Box<Truth<'e>>),
    Negate(Box<Number<'e>>),
    Arithmetic(Operator, Box<Number<'e>>, Box<Number<'e>>),
    /// Of the same person so many school years before.
    Before(u16, Box<Number<'e>>),
}

/// A column of an edition, or one that was made for a rule.
pub(in crate::outcomes) enum Stored<'e> {
    Edition(&'e Column),
    Made(Arc<Column>),
}

impl Deref for Stored<'_> {
    type Target = Column;

    fn deref(&self) -> &Column {
        match self {
            Self::Edition(column) => column,
            Self::Made(column) => column,
        }
    }
}

/// What a number says where it is a statement.
pub(super) const fn truth_of(value: i64) -> u8 {
    match value {
        MISSING => UNKNOWN,
        0 => NO,
        _ => YES,
    }
}

impl<'e> Truth<'e> {
    /// That a number is other than 0.
    pub(super) fn non_zero(number: Number<'e>) -> Self {
        match number {
            Number::Constant(value) => Self::Constant(truth_of(value)),
            Number::Column(column) => Self::Within(column, 0..=0, [YES, UNKNOWN, NO]),
            Number::OfTruth(truth) => *truth,
            number => Self::NonZero(number),
        }
    }

    /// That there is a number.
    pub(super) fn known(number: Number<'e>) -> Self {
        match number {
            Number::Constant(value) => Self::Constant(if value == MISSING { NO } else { YES }),
            Number::Column(column) => Self::Within(column, i64::MIN..=i64::MAX, [NO, NO, YES]),
            Number::OfTruth(truth) => Self::Decided(truth),
            number => Self::Known(number),
        }
    }

    /// The columns that it reads of the row itself.
    pub(in crate::outcomes) fn columns<'t>(&'t self, all: &mut Vec<&'t Column>) {
        match self {
            Self::Constant(_) | Self::Before(..) => {}
            Self::Within(column, ..) => all.push(column),
            Self::Compare(_, left, right) => [left, right].into_iter().for_each(|number| number.columns(all)),
            Self::NonZero(number) | Self::Known(number) => number.columns(all),
            Self::Decided(inner) | Self::Not(inner) => inner.columns(all),
            Self::And(left, right) | Self::Or(left, right) => {
                [left, right].into_iter().for_each(|truth| truth.columns(all));
            }
        }
    }

    /// A comparison of two numbers.
    pub(super) fn compare(operator: Operator, left: Number<'e>, right: Number<'e>) -> Self {
        match (left, right) {
            (Number::Constant(MISSING), _) | (_, Number::Constant(MISSING)) => Self::Constant(UNKNOWN),
            (Number::Column(column), Number::Constant(with)) => Self::against(column, operator, with),
            (Number::Constant(with), Number::Column(column)) => Self::against(column, turned(operator), with),
            (left, right) => Self::Compare(operator, left, right),
        }
    }

    /// A comparison of a column with a constant: whether its value lies in a range.
    fn against(column: Stored<'e>, operator: Operator, with: i64) -> Self {
        #[expect(clippy::reversed_empty_ranges, reason = "nothing is more than the most")]
        let none = 1..=0;
        let says = if operator == Operator::NotEqual { [YES, UNKNOWN, NO] } else { [NO, UNKNOWN, YES] };
        let range = match operator {
            Operator::Less => with.checked_sub(1).map_or(none, |below| i64::MIN..=below),
            Operator::LessOrEqual => i64::MIN..=with,
            Operator::Greater => with.checked_add(1).map_or(none, |above| above..=i64::MAX),
            Operator::GreaterOrEqual => with..=i64::MAX,
            _ => with..=with,
        };
        Self::Within(column, range, says)
    }
}

/// The comparison with its sides changed.
const fn turned(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        same => same,
    }
}

impl<'e> Number<'e> {
    /// Two numbers added, subtracted or multiplied.
    pub(super) fn arithmetic(operator: Operator, left: Self, right: Self) -> Self {
        match (operator, left, right) {
            // Rules compare with multiples of what a column holds: one loop and not three.
            (Operator::Multiply, Self::Column(column), Self::Constant(times))
            | (Operator::Multiply, Self::Constant(times), Self::Column(column))
                if times != MISSING =>
            {
                Self::Times(column, times)
            }
            (operator, left, right) => Self::Arithmetic(operator, Box::new(left), Box::new(right)),
        }
    }

    /// The columns that it reads of the row itself.
    pub(in crate::outcomes) fn columns<'t>(&'t self, all: &mut Vec<&'t Column>) {
        match self {
            Self::Constant(_) | Self::Before(..) => {}
            Self::Column(column) | Self::Times(column, _) => all.push(column),
            Self::Grade(column) => all.push(column),
            Self::OfTruth(truth) => truth.columns(all),
            Self::Negate(inner) => inner.columns(all),
            Self::Arithmetic(_, left, right) => {
                [left, right].into_iter().for_each(|number| number.columns(all))
            }
        }
    }

    /// Whether it and all that it is made of fit 32 bits, and leave the least for what is missing, whatever the columns hold.
    pub(super) fn is_narrow(&self) -> bool {
        self.narrow_bounds().is_some()
    }

    /// The least and the greatest it can be; nothing where something on the way does not fit.
    fn narrow_bounds(&self) -> Option<(i64, i64)> {
        let (least, most) = match self {
            Self::Constant(MISSING) => (0, 0),
            Self::Constant(value) => (*value, *value),
            Self::Column(column) => column.bounds(),
            Self::Times(column, times) => multiplied(column.bounds(), (*times, *times))?,
            Self::Grade(_) => {
                let numbers = || Grade::ALL.iter().filter_map(|grade| grade.number());
                (numbers().min()?.into(), numbers().max()?.into())
            }
            Self::OfTruth(_) => (0, 1),
            Self::Negate(inner) => {
                let (least, most) = inner.narrow_bounds()?;
                (-most, -least)
            }
            Self::Before(_, inner) => inner.narrow_bounds()?,
            Self::Arithmetic(operator, left, right) => {
                let (left, right) = (left.narrow_bounds()?, right.narrow_bounds()?);
                match operator {
                    Operator::Add => (left.0 + right.0, left.1 + right.1),
                    Operator::Subtract => (left.0 - right.1, left.1 - right.0),
                    _ => multiplied(left, right)?,
                }
            }
        };
        // Of two that fit, sums fit 64 bits.
        let narrow = i64::from(-i32::MAX)..=i64::from(i32::MAX);
        (narrow.contains(&least) && narrow.contains(&most)).then_some((least, most))
    }
}

/// The bounds of products; nothing where these do not fit 64 bits.
fn multiplied(left: (i64, i64), right: (i64, i64)) -> Option<(i64, i64)> {
    let mut bounds: Option<(i64, i64)> = None;
    for (one, other) in [(left.0, right.0), (left.0, right.1), (left.1, right.0), (left.1, right.1)] {
        let end = one.checked_mul(other)?;
        bounds = Some(bounds.map_or((end, end), |(least, most)| (least.min(end), most.max(end))));
    }
    bounds
}
