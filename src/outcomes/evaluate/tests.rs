//! Rules over invented columns, beside one that takes row by row.

use super::*;
use crate::outcomes::edition::Frame;
use crate::outcomes::testing::edition;
use crate::records::Grade;
use proptest::prelude::*;

const YEARS: [i64; 2] = [2024, 2025];

/// The columns of as many persons in two school years; of some there is only the later one.
type Numbers = BTreeMap<&'static str, Vec<i64>>;

/// A column of each width, with values at its ends, and columns that say the same of every row.
const COLUMNS: [(&str, &[i64]); 9] = [
    ("u8", &[0, 1, 2, 254, MISSING]),
    ("u16", &[0, 1, 300, 65_534, MISSING]),
    ("u32", &[0, 2, 70_000, 4_294_967_294, MISSING]),
    ("i32", &[0, -1, 2_147_483_647, -2_147_483_647, MISSING]),
    ("i64", &[0, 1, -4_294_967_296, i64::MAX, MISSING]),
    ("days", &[0, 3, 30_000, 65_534, MISSING]),
    ("same", &[2]),
    ("none", &[MISSING]),
    ("sector", &[0, 1, 4]),
];

fn numbers() -> impl Strategy<Value = Numbers> {
    let columns = (1..40_usize).prop_flat_map(|n| {
        let column = |(name, values): (&'static str, &'static [i64])| {
            prop::collection::vec(prop::sample::select(values), n).prop_map(move |values| (name, values))
        };
        let grades = prop::collection::vec(0..Grade::ALL.len() as i64, n).prop_map(|all| ("grade", all));
        let all = COLUMNS.iter().copied().map(|of| column(of).boxed()).chain([grades.boxed()]);
        all.collect::<Vec<_>>()
    });
    columns.prop_map(Numbers::from_iter)
}

/// The rows: every third person has none in the earlier year.
fn rows(n: usize) -> Vec<(i64, i64)> {
    let all = YEARS.iter().flat_map(|year| (0..n as i64).map(move |person| (*year, person)));
    let is_there = |(year, person): &(i64, i64)| *year == YEARS[1] || person % 3 > 0;
    let mut rows: Vec<_> = all.filter(is_there).collect();
    // Each column has one value for each row.
    rows.truncate(n);
    rows
}

fn leaf() -> impl Strategy<Value = Expression> {
    let constants = prop::sample::select(&[0, 1, 2, 10, 254, 255, 65_535, 4_294_967_295, i64::MAX][..]);
    let names = prop::sample::select(
        &["u8", "u16", "u32", "i32", "i64", "days", "same", "none", "grade", "absent"][..],
    );
    let column = |name: &str| Expression::Column { name: name.into(), arguments: Vec::new() };
    prop_oneof![
        constants.prop_map(Expression::Integer),
        names.prop_map(column),
        prop::sample::select(&["district", "charter", "unknown"][..])
            .prop_map(|category| Expression::Is { column: "sector".into(), category: category.into() }),
    ]
}

fn joined(leaf: impl Strategy<Value = Expression> + 'static) -> impl Strategy<Value = Expression> {
    use Operator::{
        Add, And, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Multiply, NotEqual, Or, Subtract,
    };
    let operators =
        [Or, And, Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, Add, Subtract, Multiply];
    leaf.prop_recursive(4, 16, 2, move |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(Expression::Known),
            boxed.clone().prop_map(Expression::Not),
            boxed.clone().prop_map(Expression::Negate),
            (prop::sample::select(operators.to_vec()), boxed.clone(), boxed)
                .prop_map(|(operator, left, right)| Expression::Binary(operator, left, right)),
        ]
    })
}

fn rule() -> impl Strategy<Value = Expression> {
    let before = joined(leaf())
        .prop_map(|of| Expression::Before { years: Box::new(Expression::Integer(1)), of: Box::new(of) });
    joined(prop_oneof![3 => leaf().boxed(), 1 => before.boxed()])
}

/// What the documentation of rules says, for one row.
struct Plain<'n> {
    numbers: &'n Numbers,
    rows: &'n [(i64, i64)],
}

impl Plain<'_> {
    fn value(&self, rule: &Expression, row: Option<usize>) -> Option<i64> {
        let column = |name: &str| {
            let value = self.numbers.get(name)?[row?];
            (value != MISSING).then_some(value)
        };
        match rule {
            Expression::Integer(value) => Some(*value),
            Expression::Column { name, .. } if name == "grade" => {
                Grade::ALL[column(name)? as usize].number().map(i64::from)
            }
            Expression::Column { name, .. } => column(name),
            Expression::Is { column: name, category } => {
                let code = ["district", "charter", "private", "other", "unknown"];
                Some((code[column(name)? as usize] == category).into())
            }
            Expression::Known(inner) => Some(self.value(inner, row).is_some().into()),
            Expression::Before { of, .. } => {
                let before = row.and_then(|row| {
                    let (year, person) = self.rows[row];
                    self.rows.iter().position(|other| *other == (year - 1, person))
                });
                self.value(of, before)
            }
            Expression::Not(inner) => Some((self.value(inner, row)? == 0).into()),
            Expression::Negate(inner) => self.value(inner, row)?.checked_neg(),
            Expression::Binary(operator, left, right) => {
                join(*operator, self.value(left, row), self.value(right, row))
            }
        }
        // No rule can tell the least number from a missing one.
        .filter(|value| *value != MISSING)
    }
}

fn join(operator: Operator, left: Option<i64>, right: Option<i64>) -> Option<i64> {
    match operator {
        Operator::And if left == Some(0) || right == Some(0) => return Some(0),
        Operator::Or if left.is_some_and(|l| l != 0) || right.is_some_and(|r| r != 0) => return Some(1),
        _ => {}
    }
    let (left, right) = (left?, right?);
    match operator {
        Operator::And => Some(1),
        Operator::Or => Some(0),
        Operator::Equal => Some((left == right).into()),
        Operator::NotEqual => Some((left != right).into()),
        Operator::Less => Some((left < right).into()),
        Operator::LessOrEqual => Some((left <= right).into()),
        Operator::Greater => Some((left > right).into()),
        Operator::GreaterOrEqual => Some((left >= right).into()),
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rules_are_what_they_are_row_by_row(numbers in numbers(), rule in rule()) {
        let places = rows(numbers["u8"].len());
        let mut columns: BTreeMap<String, Column> =
            numbers.iter().map(|(name, values)| ((*name).into(), Column::pack(values))).collect();
        let of = |part: fn(&(i64, i64)) -> i64| Column::pack(&places.iter().map(part).collect::<Vec<_>>());
        columns.insert("year".into(), of(|row| row.0));
        columns.insert("person".into(), of(|row| row.1));
        let edition = edition(Frame::new(columns).expect("a frame"), &[]);
        let plain = Plain { numbers: &numbers, rows: &places };
        for year in YEARS {
            let mut rows = Rows::new(&edition, Unit::StudentYear, year as u16);
            let of_year = places.iter().enumerate().filter(|(_, row)| row.0 == year).map(|(at, _)| at);
            let expected: Vec<Option<i64>> = of_year.map(|at| plain.value(&rule, Some(at))).collect();
            prop_assert_eq!(rows.len(), expected.len());
            let (mut truths, mut values, mut room) = (vec![9; rows.len()], vec![9; rows.len()], Room::default());
            let (truth, number) = (rows.truth(&rule), rows.number(&rule));
            rows.truths(&truth, 0..rows.len(), &mut truths, &mut room);
            rows.numbers(&number, 0..rows.len(), &mut values, &mut room);
            let is_so = |value: &Option<i64>| value.map_or(rule::UNKNOWN, |value| if value == 0 { NO } else { YES });
            prop_assert_eq!(&truths, &expected.iter().map(is_so).collect::<Vec<_>>());
            prop_assert_eq!(values, expected.iter().map(|value| value.unwrap_or(MISSING)).collect::<Vec<_>>());
            let holds: Vec<bool> = truths.iter().map(|truth| *truth == YES).collect();
            prop_assert_eq!(rows.holds(&rule), holds);
        }
    }
}

#[test]
fn grades_are_numbers() {
    let number = |grade: Grade| run::grade_number(grade as i64);
    assert_eq!(number(Grade::Kindergarten), 0);
    assert_eq!(number(Grade::G08), 8);
    assert_eq!(number(Grade::Prekindergarten), -2);
    assert_eq!(number(Grade::Ungraded), MISSING);
    assert_eq!(run::grade_number(MISSING), MISSING);
}
