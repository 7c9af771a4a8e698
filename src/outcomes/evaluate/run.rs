//! Evaluating a rule over a chunk of rows, column by column.

use super::lane::Lane;
use super::rule::{NO, Number, Truth, UNKNOWN, YES};
use super::{CHUNK, Rows};
use crate::outcomes::column::{Look, MISSING, Width};
use crate::outcomes::expression::Operator;
use crate::outcomes::vector::vectorized;
use crate::records::Grade;
use std::ops::Range;

/// Buffers of a chunk's length that one thread uses again and again.
#[derive(Default)]
pub(in crate::outcomes) struct Room {
    truths: Vec<Vec<u8>>,
    codes: Vec<Vec<u16>>,
    pub(super) narrow: Vec<Vec<i32>>,
    pub(super) wide: Vec<Vec<i64>>,
}

impl Room {
    /// A buffer for what is said of each row.
    pub(in crate::outcomes) fn truths(&mut self) -> Vec<u8> {
        taken(&mut self.truths, NO)
    }

    /// A buffer for the code of each row.
    pub(in crate::outcomes) fn codes(&mut self) -> Vec<u16> {
        taken(&mut self.codes, 0)
    }

    /// A buffer for the number of each row.
    pub(in crate::outcomes) fn numbers(&mut self) -> Vec<i64> {
        taken(&mut self.wide, 0)
    }

    /// Takes a buffer of truths back.
    pub(in crate::outcomes) fn give_truths(&mut self, buffer: Vec<u8>) {
        self.truths.push(buffer);
    }

    /// Takes a buffer of codes back.
    pub(in crate::outcomes) fn give_codes(&mut self, buffer: Vec<u16>) {
        self.codes.push(buffer);
    }

    /// Takes a buffer of numbers back.
    pub(in crate::outcomes) fn give_numbers(&mut self, buffer: Vec<i64>) {
        self.wide.push(buffer);
    }
}

/// A buffer that nobody uses.
fn taken<T: Copy>(unused: &mut Vec<Vec<T>>, zero: T) -> Vec<T> {
    unused.pop().unwrap_or_else(|| vec![zero; CHUNK])
}

/// Some rows of a chunk, themselves or the same persons' earlier ones.
struct Chunk<'r> {
    rows: &'r Rows<'r>,
    chunk: Range<usize>,
    look: Look<'r>,
}

impl Rows<'_> {
    /// What a statement says of each row of a chunk, of [`CHUNK`] at most: [`NO`], [`UNKNOWN`] or [`YES`].
    pub(in crate::outcomes) fn truths(
        &self,
        truth: &Truth<'_>,
        chunk: Range<usize>,
        out: &mut [u8],
        room: &mut Room,
    ) {
        let look = self.looks(0, chunk.clone());
        Chunk { rows: self, chunk, look }.truths(truth, out, room);
    }

    /// A number of each row of a chunk, or [`MISSING`].
    pub(in crate::outcomes) fn numbers(
        &self,
        number: &Number<'_>,
        chunk: Range<usize>,
        out: &mut [i64],
        room: &mut Room,
    ) {
        let look = self.looks(0, chunk.clone());
        Chunk { rows: self, chunk, look }.numbers(number, out, room);
    }
}

impl Chunk<'_> {
    fn before(&self, years: u16) -> Chunk<'_> {
        let look = self.rows.looks(years, self.chunk.clone());
        Chunk { rows: self.rows, chunk: self.chunk.clone(), look }
    }

    fn truths(&self, truth: &Truth<'_>, out: &mut [u8], room: &mut Room) {
        match truth {
            Truth::Constant(truth) => out.fill(*truth),
            Truth::Within(column, range, says) => column.within(&self.look, range, *says, out),
            Truth::Compare(operator, left, right) if left.is_narrow() && right.is_narrow() => {
                match (self.as_multiples(left), self.as_multiples(right)) {
                    (Some(lefts), Some(rights)) => compare(*operator, out.iter_mut().zip(lefts.zip(rights))),
                    _ => self.compare::<i32>(*operator, (left, right), out, room),
                }
            }
            Truth::Compare(operator, left, right) => {
                self.compare::<i64>(*operator, (left, right), out, room);
            }
            Truth::NonZero(number) => {
                self.of_numbers(number, out, room, |value| 2 * u8::from(value != 0), UNKNOWN);
            }
            Truth::Known(number) => self.of_numbers(number, out, room, |_| YES, NO),
            Truth::Decided(inner) => {
                self.truths(inner, out, room);
                out.iter_mut().for_each(|truth| *truth = 2 * u8::from(*truth != UNKNOWN));
            }
            Truth::Not(inner) => {
                self.truths(inner, out, room);
                vectorized(move || out.iter_mut().for_each(|truth| *truth = YES - *truth));
            }
            Truth::And(left, right) => self.both(left, right, out, room, u8::min),
            Truth::Or(left, right) => self.both(left, right, out, room, u8::max),
            Truth::Before(years, inner) => self.before(*years).truths(inner, out, room),
        }
    }

    fn both(
        &self,
        left: &Truth<'_>,
        right: &Truth<'_>,
        out: &mut [u8],
        room: &mut Room,
        join: impl Fn(u8, u8) -> u8,
    ) {
        let mut others = room.truths();
        self.truths(left, out, room);
        self.truths(right, &mut others[..out.len()], room);
        let pairs = out.iter_mut().zip(&others);
        vectorized(move || pairs.for_each(|(truth, other)| *truth = join(*truth, *other)));
        room.truths.push(others);
    }

    fn of_numbers(
        &self,
        number: &Number<'_>,
        out: &mut [u8],
        room: &mut Room,
        of: impl Fn(i64) -> u8,
        missing: u8,
    ) {
        let mut numbers = room.numbers();
        self.numbers(number, &mut numbers[..out.len()], room);
        let each = out.iter_mut().zip(&numbers);
        each.for_each(|(truth, number)| *truth = if *number == MISSING { missing } else { of(*number) });
        room.wide.push(numbers);
    }

    /// So many times the values of a column in 16 bits. Days are such: two of them are compared in one loop and not in three.
    fn as_multiples<'n>(&self, number: &'n Number<'_>) -> Option<impl Iterator<Item = i32> + 'n> {
        let (column, times) = match number {
            Number::Column(column) => (column, 1),
            Number::Times(column, times) => (column, *times),
            _ => return None,
        };
        let (values, times) = (column.as_u16(&self.look)?, i32::of(times));
        Some(values.iter().map(move |value| {
            let multiple = i32::from(*value).multiply(times);
            if value.is_missing() { Lane::MISSING } else { multiple }
        }))
    }

    fn compare<L: Lane>(
        &self,
        operator: Operator,
        (left, right): (&Number<'_>, &Number<'_>),
        out: &mut [u8],
        room: &mut Room,
    ) {
        let mut lefts = taken(L::buffers(room), L::MISSING);
        let mut rights = taken(L::buffers(room), L::MISSING);
        self.numbers(left, &mut lefts[..out.len()], room);
        self.numbers(right, &mut rights[..out.len()], room);
        compare(operator, out.iter_mut().zip(lefts.iter().copied().zip(rights.iter().copied())));
        L::buffers(room).extend([lefts, rights]);
    }

    fn numbers<L: Lane>(&self, number: &Number<'_>, out: &mut [L], room: &mut Room) {
        match number {
            Number::Constant(value) => out.fill(L::of(*value)),
            Number::Column(column) => column.read(&self.look, out, L::MISSING, L::of),
            Number::Times(column, times) => {
                let times = L::of(*times);
                column.read(&self.look, out, L::MISSING, move |value| L::of(value).multiply(times));
            }
            Number::Grade(column) => {
                column.read(&self.look, out, L::MISSING, |code| L::of(grade_number(code)))
            }
            Number::OfTruth(truth) => {
                let mut truths = room.truths();
                self.truths(truth, &mut truths[..out.len()], room);
                for (out, truth) in out.iter_mut().zip(&truths) {
                    *out = if *truth == UNKNOWN { L::MISSING } else { L::of((*truth / YES).into()) };
                }
                room.truths.push(truths);
            }
            Number::Negate(inner) => {
                self.numbers(inner, out, room);
                let each = out.iter_mut().filter(|value| !value.is_missing());
                each.for_each(|value| *value = value.negate());
            }
            Number::Before(years, inner) => self.before(*years).numbers(inner, out, room),
            Number::Arithmetic(operator, left, right) => {
                let mut others = taken(L::buffers(room), L::MISSING);
                self.numbers(left, out, room);
                self.numbers(right, &mut others[..out.len()], room);
                let pairs = out.iter_mut().zip(&others);
                match operator {
                    Operator::Add => vectorized(move || pairs.for_each(strict(L::add))),
                    Operator::Subtract => vectorized(move || pairs.for_each(strict(L::subtract))),
                    _ => vectorized(move || pairs.for_each(strict(L::multiply))),
                }
                L::buffers(room).push(others);
            }
        }
    }
}

/// What is made of two numbers is missing where one of them is.
#[inline(always)]
fn strict<L: Lane>(of: impl Fn(L, L) -> L) -> impl Fn((&mut L, &L)) {
    move |(left, right)| {
        let made = of(*left, *right);
        *left = if left.is_missing() | right.is_missing() { L::MISSING } else { made };
    }
}

/// What comparing numbers says.
#[inline(always)]
fn compare<'o, L: Lane>(operator: Operator, pairs: impl Iterator<Item = (&'o mut u8, (L, L))>) {
    match operator {
        Operator::Equal => vectorized(move || pairs.for_each(compared(|l, r| l == r))),
        Operator::NotEqual => vectorized(move || pairs.for_each(compared(|l, r| l != r))),
        Operator::Less => vectorized(move || pairs.for_each(compared(|l, r| l < r))),
        Operator::LessOrEqual => vectorized(move || pairs.for_each(compared(|l, r| l <= r))),
        Operator::Greater => vectorized(move || pairs.for_each(compared(|l, r| l > r))),
        _ => vectorized(move || pairs.for_each(compared(|l, r| l >= r))),
    }
}

#[inline(always)]
fn compared<L: Lane>(of: impl Fn(L, L) -> bool) -> impl Fn((&mut u8, (L, L))) {
    move |(out, (left, right))| {
        let truth = 2 * u8::from(of(left, right));
        *out = if left.is_missing() | right.is_missing() { UNKNOWN } else { truth };
    }
}

pub(super) fn grade_number(code: i64) -> i64 {
    let grade = usize::try_from(code).ok().and_then(|code| Grade::ALL.get(code));
    grade.and_then(|grade| grade.number()).map_or(MISSING, i64::from)
}
