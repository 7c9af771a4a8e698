//! Levels over the years: steps from one year to the next, and what they amount to.

use super::arm::{Arm, Missing};
use super::grid::Grid;
use super::interval::difference;
use super::report::Direction;
use super::row::{Quantity, Row, Scale};
use super::words::{amount, no_verdict, on_change, verdict, year};

/// Whether a series goes where it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Improving,
    Flat,
    Reversing,
}

impl State {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Improving => "improving",
            Self::Flat => "flat",
            Self::Reversing => "reversing",
        }
    }
}

/// Where a series stands in its last year.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trend {
    /// By the last step alone.
    pub(super) state: Result<State, Missing>,
    /// Steps in a row, up to the last year, that were better by more than the tolerance.
    pub(super) years_improving: u32,
    /// Such steps in a row that came before a last step that was worse.
    pub(super) years_before_reversal: u32,
}

impl Trend {
    /// In a word or two.
    pub(super) fn status(&self) -> &'static str {
        self.state.as_ref().map_or_else(Missing::status, |state| state.name())
    }
}

/// A group's level in a year.
pub(super) type Level = (u32, Result<Arm, Missing>);

/// A group's levels, by year.
pub(super) type Levels = Vec<Level>;

/// The level of a year.
pub(super) fn at(levels: &Levels, year: u32) -> Result<Arm, Missing> {
    let level = levels.iter().find(|(when, _)| *when == year);
    level.map_or(Err(Missing::Absent), |(_, arm)| arm.clone())
}

/// The step from one year to the next, positive where it is better, in the unit of levels.
fn step(grid: &Grid<'_>, levels: &Levels, index: usize, direction: Direction) -> Result<f64, Missing> {
    let ((from, before), (to, now)) = (&levels[index - 1], &levels[index]);
    if let Some(broken) = grid.break_between(*from, *to) {
        return Err(Missing::Break(broken));
    }
    if *to != from + 1 {
        return Err(Missing::Absent);
    }
    let (before, now) = (before.as_ref().map_err(Clone::clone)?, now.as_ref().map_err(Clone::clone)?);
    Ok(direction.gain(before.telling()?.value, now.telling()?.value))
}

/// Differences within rounding of floating-point numbers are none.
pub(super) const EPSILON: f64 = 1e-9;

pub(super) fn trend(grid: &Grid<'_>, levels: &Levels, direction: Direction, tolerance: f64) -> Trend {
    let last = levels.len().saturating_sub(1);
    let better = |at: usize| step(grid, levels, at, direction).is_ok_and(|gain| gain > tolerance + EPSILON);
    let in_a_row = |end: usize| (1..=end).rev().take_while(|at| better(*at)).count() as u32;
    let state = match last {
        0 => Err(Missing::Absent),
        // Whether more students are better depends on what they are counted for.
        _ if grid.levels() == Scale::Students => {
            Err(Missing::Because("it is a number of students, not a level"))
        }
        _ => step(grid, levels, last, direction),
    };
    let state = state.map(|gain| match gain {
        gain if gain > tolerance + EPSILON => State::Improving,
        gain if gain < -tolerance - EPSILON => State::Reversing,
        _ => State::Flat,
    });
    let is_reversal = state == Ok(State::Reversing);
    Trend {
        years_improving: in_a_row(last),
        years_before_reversal: if is_reversal { in_a_row(last - 1) } else { 0 },
        state,
    }
}

/// Whether no step of a window was worse by more than the tolerance, and the whole was better; `declared` is the level of
/// the year before the window, where the table does not have it.
pub(super) fn is_sustained(
    grid: &Grid<'_>,
    levels: &Levels,
    declared: Option<f64>,
    direction: Direction,
    tolerance: f64,
) -> Result<bool, Missing> {
    let first = declared.zip(levels.first()).map(|(value, (_, now))| {
        Ok(direction.gain(value, now.as_ref().map_err(Clone::clone)?.telling()?.value))
    });
    let steps = (1..levels.len()).map(|at| step(grid, levels, at, direction));
    let steps = first.into_iter().chain(steps).collect::<Result<Vec<_>, _>>()?;
    if steps.is_empty() {
        return Err(Missing::Absent);
    }
    Ok(steps.iter().all(|gain| *gain >= -tolerance - EPSILON) && steps.iter().sum::<f64>() > EPSILON)
}

/// The change of a group from one year to another.
pub(super) fn change(
    grid: &Grid<'_>,
    group: &str,
    (from, before): (u32, &Result<Arm, Missing>),
    (to, now): (u32, &Result<Arm, Missing>),
) -> Row {
    let row = Row::new(to, group, Quantity::Change, grid.differences()).since(from);
    let both = || {
        if let Some(broken) = grid.break_between(from, to) {
            return Err(Missing::Break(broken));
        }
        Ok((before.as_ref().map_err(Clone::clone)?, now.as_ref().map_err(Clone::clone)?))
    };
    match both() {
        Err(missing) => Row { value: Err(missing), ..row },
        Ok((before, now)) => {
            let interval = now.limits().zip(before.limits()).map(|(now, before)| difference(now, before).1);
            let row = row.says(verdict(&[before, now], interval));
            let counts = vec![now.counts, before.counts];
            Row { value: Ok(now.value - before.value), interval, counts, ..row }
        }
    }
}

/// The last step of a series in words, with an alert where it goes back; nothing where there is no step.
pub(super) fn in_words(grid: &Grid<'_>, group: &str, levels: &Levels, trend: &Trend) -> Option<String> {
    let (to, now) = levels.last()?;
    let (from, before) = levels.get(levels.len().checked_sub(2)?)?;
    let row = change(grid, group, (*from, before), (*to, now));
    let text = match (&trend.state, &row.value) {
        (_, Ok(by)) if row.scale == Scale::Students => {
            let how = match *by {
                by if by > 0.0 => format!("{} more", amount(by, row.scale)),
                by if by < 0.0 => format!("{} fewer", amount(by, row.scale)),
                _ => "neither more nor fewer students".into(),
            };
            format!("{group}: {how} in {} than in {}.", year(*to), year(*from))
        }
        (Err(missing), _) | (_, Err(missing)) => {
            let why = match missing.status() {
                "no verdict" => no_verdict(missing),
                _ => missing.reason(),
            };
            format!("{group}: {} to {}: {why}.", year(*from), year(*to))
        }
        (Ok(State::Improving), Ok(by)) => {
            let n = trend.years_improving;
            let times = if n == 1 { "one year so far".into() } else { format!("{n} years in a row") };
            format!(
                "{group}: improving by {} in {}, {times}; {}.",
                amount(*by, row.scale),
                year(*to),
                on_change("the change", &row.says)
            )
        }
        (Ok(State::Flat), Ok(by)) => {
            let from = year(*from);
            match *by {
                by if by > EPSILON => {
                    format!("{group}: flat in {}, {} above {from}.", year(*to), amount(by, row.scale))
                }
                by if by < -EPSILON => {
                    format!("{group}: flat in {}, {} below {from}.", year(*to), amount(by, row.scale))
                }
                _ => format!("{group}: flat in {}, as in {from}.", year(*to)),
            }
        }
        (Ok(State::Reversing), Ok(by)) => {
            let after = match trend.years_before_reversal {
                0 => String::new(),
                1 => ", after one year of improvement".into(),
                n => format!(", after {n} years of improvement"),
            };
            format!(
                "Reversal. {group}: worse by {} in {}{after}; {}.",
                amount(*by, row.scale),
                year(*to),
                on_change("the change", &row.says)
            )
        }
    };
    Some(text)
}
