//! Rules as data: small expressions over an edition's columns.
//!
//! ```text
//! grade >= 3 and grade <= 8 and known(score_thousandths('STATE', 'ELA'))
//! ```
//!
//! Values are integers; a comparison is 1 or 0, and any other number than 0 is true. A missing value
//! makes whatever it enters missing, except that `false and x` is false and `true or x` is true, as in
//! SQL. `known(x)` is never missing. `before(n, x)` is `x` of the same person `n` school years before. A
//! column of categories can be compared with one of them, in quotes: `sector = 'charter'`.

mod parse;

use super::Unit;
use super::schema::{self, Shape};
use crate::records::Code;
use std::collections::BTreeMap;
use std::fmt;

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Integer(i64),
    /// A column of numbers, or the name of a parameter that is a number.
    Column {
        name: String,
        arguments: Vec<Argument>,
    },
    /// Whether a column of categories holds that one.
    Is {
        column: String,
        category: String,
    },
    Known(Box<Expression>),
    Before {
        years: Box<Expression>,
        of: Box<Expression>,
    },
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
}

/// What names a column beside its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Argument {
    Parameter(String),
    Code(String),
}

/// What joins two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
}

/// What a parameter of an indicator is set to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Setting {
    Code(Code),
    Integer(u16),
}

/// The settings of an indicator's parameters, by name.
pub(super) type Settings = BTreeMap<String, Setting>;

/// Why a text is no rule: lowercase words that quote nothing of it.
pub(super) type Reason = &'static str;

impl Expression {
    /// Reads an expression.
    pub(super) fn parse(text: &str) -> Result<Self, Reason> {
        parse::parse(text)
    }

    /// Puts the settings in the place of the parameters.
    pub(super) fn bind(&self, settings: &Settings) -> Self {
        let bind = |inner: &Self| Box::new(inner.bind(settings));
        match self {
            Self::Integer(_) | Self::Is { .. } => self.clone(),
            Self::Column { name, .. } if matches!(settings.get(name), Some(Setting::Integer(_))) => {
                match settings[name] {
                    Setting::Integer(n) => Self::Integer(n.into()),
                    Setting::Code(_) => self.clone(),
                }
            }
            Self::Column { name, arguments } => {
                let bound = arguments.iter().map(|argument| match argument {
                    Argument::Parameter(name) => match settings.get(name) {
                        Some(Setting::Code(code)) => Argument::Code(code.as_str().into()),
                        _ => argument.clone(),
                    },
                    Argument::Code(_) => argument.clone(),
                });
                Self::Column { name: name.clone(), arguments: bound.collect() }
            }
            Self::Known(inner) => Self::Known(bind(inner)),
            Self::Before { years, of } => Self::Before { years: bind(years), of: bind(of) },
            Self::Not(inner) => Self::Not(bind(inner)),
            Self::Negate(inner) => Self::Negate(bind(inner)),
            Self::Binary(operator, left, right) => Self::Binary(*operator, bind(left), bind(right)),
        }
    }

    /// Checks a bound expression against the columns of a frame.
    pub(super) fn check(&self, unit: Unit) -> Result<(), Reason> {
        match self {
            Self::Integer(_) => Ok(()),
            Self::Column { name, arguments } => {
                let shape = schema::number(unit, name).ok_or_else(|| {
                    if schema::has_group(unit, name) {
                        "a column of categories is compared with one of them, in quotes"
                    } else {
                        "names a column that is not there"
                    }
                })?;
                let codes = arguments.iter().all(|a| matches!(a, Argument::Code(_)));
                let fits = codes && arguments.len() == shape.arity();
                fits.then_some(()).ok_or(match shape {
                    Shape::Plain => "gives arguments to a column that takes none",
                    Shape::PerTest => "names a test column without ('TEST', 'SUBJECT')",
                    Shape::PerProgram => "names a program column without ('PROGRAM')",
                })
            }
            Self::Is { column, category } => {
                if !schema::has_group(unit, column) {
                    return Err("names a column of categories that is not there");
                }
                let known =
                    schema::group(column).is_none_or(|g| g.categories.iter().any(|c| c.0 == category));
                known.then_some(()).ok_or("names a category that is not there")
            }
            Self::Before { years, of } => {
                if !matches!(**years, Self::Integer(1..=20)) {
                    return Err("looks back by other than 1 to 20 years");
                }
                if of.looks_back() {
                    return Err("looks back within looking back");
                }
                of.check(Unit::StudentYear)
            }
            Self::Known(inner) | Self::Not(inner) | Self::Negate(inner) => inner.check(unit),
            Self::Binary(_, left, right) => left.check(unit).and_then(|()| right.check(unit)),
        }
    }

    fn looks_back(&self) -> bool {
        match self {
            Self::Integer(_) | Self::Column { .. } | Self::Is { .. } => false,
            Self::Before { .. } => true,
            Self::Known(inner) | Self::Not(inner) | Self::Negate(inner) => inner.looks_back(),
            Self::Binary(_, left, right) => left.looks_back() || right.looks_back(),
        }
    }

    /// This and that.
    pub(super) fn and(self, other: Self) -> Self {
        Self::Binary(Operator::And, Box::new(self), Box::new(other))
    }
}

impl Operator {
    const fn sign(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
        }
    }

    /// Binds how tightly: the higher, the tighter.
    const fn level(self) -> u8 {
        match self {
            Self::Or => 0,
            Self::And => 1,
            Self::Add | Self::Subtract => 4,
            Self::Multiply => 5,
            _ => 3,
        }
    }
}

impl fmt::Display for Expression {
    /// One spelling for equal expressions, which reads back as the same expression. It can be longer than a rule may be, and
    /// nested deeper: it is compared, and not read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(n) => write!(f, "{n}"),
            Self::Column { name, arguments } if arguments.is_empty() => f.write_str(name),
            Self::Column { name, arguments } => {
                let arguments: Vec<_> = arguments
                    .iter()
                    .map(|argument| match argument {
                        Argument::Parameter(name) => name.clone(),
                        Argument::Code(code) => format!("'{code}'"),
                    })
                    .collect();
                write!(f, "{name}({})", arguments.join(", "))
            }
            Self::Is { column, category } => write!(f, "{column} = '{category}'"),
            Self::Known(inner) => write!(f, "known({inner})"),
            Self::Before { years, of } => write!(f, "before({years}, {of})"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Negate(inner) => write!(f, "-({inner})"),
            Self::Binary(operator, left, right) => {
                let side = |inner: &Self, least: u8| match inner {
                    Self::Binary(inside, ..) if inside.level() < least => format!("({inner})"),
                    Self::Not(_) | Self::Is { .. } if operator.level() > 2 => format!("({inner})"),
                    _ => inner.to_string(),
                };
                // A comparison compares sums; elsewhere equal operators stand from left to right.
                let left_least = operator.level() + u8::from(operator.level() == 3);
                let (left, right) = (side(left, left_least), side(right, operator.level() + 1));
                write!(f, "{left} {} {right}", operator.sign())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rules_have_one_spelling_that_reads_back() {
        for (text, spelling) in [
            ("grade>=3 and grade<=8", "grade >= 3 and grade <= 8"),
            ("((grade >= 3) and (grade <= 8))", "grade >= 3 and grade <= 8"),
            ("a - (b - c) * 2 = 1", "a - (b - c) * 2 = 1"),
            ("a - b - c", "a - b - c"),
            ("not a = 1 and b or c", "not (a = 1) and b or c"),
            ("not (a or b) and c", "not (a or b) and c"),
            ("(a or b) and c", "(a or b) and c"),
            ("sector != 'charter'", "not (sector = 'charter')"),
            ("'charter' = sector", "sector = 'charter'"),
            ("before(years, grade)+1", "before(years, grade) + 1"),
            ("score(test,'ELA') > -5", "score(test, 'ELA') > -5"),
            ("(a < b) = (c < d)", "(a < b) = (c < d)"),
            ("-(a + 2) * 3", "-(a + 2) * 3"),
        ] {
            let read = Expression::parse(text).expect(text);
            assert_eq!(read.to_string(), spelling);
            assert_eq!(Expression::parse(spelling), Ok(read));
        }
    }

    #[test]
    fn rules_that_do_not_fit_a_frame_are_refused() {
        let check = |text: &str, unit| Expression::parse(text).and_then(|rule| rule.check(unit));
        assert_eq!(check("proficient('STATE', 'ELA') = 1 and sector = 'charter'", Unit::StudentYear), Ok(()));
        for (text, unit) in [
            ("days_absent_hundredths > 1", Unit::Cohort),
            ("graduated_4y", Unit::StudentYear),
            ("proficient('STATE')", Unit::StudentYear),
            ("participant", Unit::StudentYear),
            ("grade('01')", Unit::StudentYear),
            ("sector > 1", Unit::StudentYear),
            ("sector = 'chartre'", Unit::StudentYear),
            ("secter = 'charter'", Unit::StudentYear),
            ("entry = 'new'", Unit::Graduate),
            ("before(0, grade)", Unit::StudentYear),
            ("before(1, before(1, grade))", Unit::StudentYear),
            ("before(grade, grade)", Unit::StudentYear),
        ] {
            assert!(check(text, unit).is_err(), "{text}");
        }
    }
}
