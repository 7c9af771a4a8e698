//! The category of each row on an axis.

use super::{Axis, Source};
use crate::outcomes::Unit;
use crate::outcomes::column::{Column, Look};
use crate::outcomes::evaluate::{NO, Room, Rows, Truth, YES};
use crate::outcomes::geography::Level;
use crate::outcomes::schema::ZONE;
use crate::outcomes::vector::vectorized;
use crate::records::Code;
use std::ops::Range;

/// What rows are classified by, with its columns looked up.
pub(in crate::outcomes) struct Classes<'e> {
    years_before: u16,
    by: By<'e>,
}

enum By<'e> {
    /// The code that a column holds; `none` where it is missing.
    Column {
        column: Option<&'e Column>,
        none: u16,
    },
    Status {
        took_part: Option<&'e Column>,
        eligible: Option<&'e Column>,
    },
    Dosage {
        hundredths: Option<&'e Column>,
        from: Vec<i64>,
    },
    DaysPerWeek {
        days: Option<&'e Column>,
        span: Option<&'e Column>,
        from: Vec<i64>,
    },
    FirstMonth {
        month: Option<&'e Column>,
        none: u16,
    },
    /// Several, and none, stand behind the programs.
    ProgramGroup(Vec<Option<&'e Column>>),
    Rule(Truth<'e>),
}

impl<'e> Classes<'e> {
    /// By the home school or its district, as the edition counts them.
    pub(in crate::outcomes) fn places(level: Level, rows: &Rows<'e>) -> Self {
        let column = rows.edition.places(rows.unit, level);
        Self { years_before: 0, by: By::Column { column, none: 0 } }
    }

    /// By an axis.
    pub(in crate::outcomes) fn of(axis: &Axis, rows: &mut Rows<'e>) -> Self {
        rows.look_up(axis.years_before);
        let unit = if axis.years_before == 0 { rows.unit } else { Unit::StudentYear };
        let source = &axis.source;
        let is_zone = *source == Source::Column(ZONE.into());
        let last = || source.categories(None).len() as u16 - 1;
        let service = |rows: &Rows<'e>, name, program: &Code| rows.of_program(unit, name, program.as_str());
        let by = match source {
            // Editions of earlier formats have fewer columns.
            Source::Column(name) => By::Column {
                column: rows.edition.frame(unit).columns.get(name),
                none: if is_zone { 0 } else { last() },
            },
            Source::ProgramStatus(program) => By::Status {
                took_part: service(rows, "participant", program),
                eligible: service(rows, "eligible", program),
            },
            Source::Dosage { program, bands } => By::Dosage {
                hundredths: service(rows, "dosage_hundredths", program),
                from: bands.iter().map(|from| i64::from(*from) * 100).collect(),
            },
            Source::DaysPerWeek { program, bands } => By::DaysPerWeek {
                days: service(rows, "service_days", program),
                span: service(rows, "service_span_days", program),
                from: bands.iter().copied().map(i64::from).collect(),
            },
            Source::FirstMonth(program) => {
                By::FirstMonth { month: service(rows, "first_service_month", program), none: last() }
            }
            Source::ProgramGroup(programs) => {
                By::ProgramGroup(programs.iter().map(|of| service(rows, "participant", of)).collect())
            }
            // A rule looks back by itself.
            Source::Rule(rule) => By::Rule(rows.truth(rule)),
        };
        Self { years_before: axis.years_before, by }
    }

    /// The columns that are read of the rows themselves.
    pub(in crate::outcomes) fn columns<'c>(&'c self, all: &mut Vec<&'c Column>) {
        if self.years_before > 0 {
            return;
        }
        match &self.by {
            By::Column { column, .. } => all.extend(column),
            By::Status { took_part, eligible } => all.extend([took_part, eligible].into_iter().flatten()),
            By::Dosage { hundredths, .. } => all.extend(hundredths),
            By::DaysPerWeek { days, span, .. } => all.extend([days, span].into_iter().flatten()),
            By::FirstMonth { month, .. } => all.extend(month),
            By::ProgramGroup(programs) => all.extend(programs.iter().flatten()),
            By::Rule(rule) => rule.columns(all),
        }
    }

    /// The code of the category of each row of a chunk.
    pub(in crate::outcomes) fn codes(
        &self,
        rows: &Rows<'_>,
        chunk: Range<usize>,
        out: &mut [u16],
        room: &mut Room,
    ) {
        let look = rows.looks(self.years_before, chunk.clone());
        match &self.by {
            // An edition with a category that it does not have, or that 16 bits do not hold, is refused when it is read.
            By::Column { column, none } => read(*column, &look, out, *none, |code| code as u16),
            By::Status { took_part, eligible } => {
                const OTHER: u16 = 2;
                read(*took_part, &look, out, OTHER, |yes| if yes == 1 { 0 } else { OTHER });
                let mut others = room.codes();
                read(
                    *eligible,
                    &look,
                    &mut others[..out.len()],
                    OTHER,
                    |yes| if yes == 1 { 1 } else { OTHER },
                );
                let pairs = out.iter_mut().zip(&others);
                vectorized(move || pairs.for_each(|(code, other)| *code = (*code).min(*other)));
                room.give_codes(others);
            }
            By::Dosage { hundredths, from } => {
                let band = |amount: i64| from.partition_point(|from| *from <= amount) as u16;
                // Who has no amount is below all bands. Of a program nobody took part in, everybody has none.
                let nothing = if hundredths.is_none() { band(0) } else { 0 };
                read(*hundredths, &look, out, nothing, band);
            }
            By::DaysPerWeek { days, span, from } => {
                let mut numbers = [room.numbers(), room.numbers()];
                for (numbers, column) in numbers.iter_mut().zip([days, span]) {
                    read(*column, &look, &mut numbers[..out.len()], 0, |number| number);
                }
                let [days, spans] = &numbers;
                for (code, (days, span)) in out.iter_mut().zip(days.iter().zip(spans)) {
                    // `from` days a week over the span: days * 7 >= from * span.
                    let band = || from.partition_point(|from| from * span <= days * 7) as u16;
                    *code = if *days > 0 { 1 + band() } else { 0 };
                }
                numbers.into_iter().for_each(|numbers| room.give_numbers(numbers));
            }
            By::FirstMonth { month, none } => {
                let code = |month: i64| if (1..=12).contains(&month) { month as u16 - 1 } else { *none };
                read(*month, &look, out, *none, code);
            }
            By::ProgramGroup(programs) => {
                let (several, none) = (programs.len() as u16, programs.len() as u16 + 1);
                out.fill(none);
                let mut took_part = room.codes();
                for (at, column) in (0..).zip(programs) {
                    read(*column, &look, &mut took_part[..out.len()], 0, |yes| u16::from(yes == 1));
                    for (code, _) in out.iter_mut().zip(&took_part).filter(|(_, took_part)| **took_part == 1)
                    {
                        *code = if *code == none { at } else { several };
                    }
                }
                room.give_codes(took_part);
            }
            By::Rule(rule) => {
                let mut truths = room.truths();
                rows.truths(rule, chunk, &mut truths[..out.len()], room);
                for (code, truth) in out.iter_mut().zip(&truths) {
                    *code = match *truth {
                        YES => 0,
                        NO => 1,
                        _ => 2,
                    };
                }
                room.give_truths(truths);
            }
        }
    }
}

/// What a column says of each row; `missing` where it says nothing, or is not there.
fn read<T: Copy>(column: Option<&Column>, look: &Look<'_>, out: &mut [T], missing: T, of: impl Fn(i64) -> T) {
    match column {
        Some(column) => column.read(look, out, missing, of),
        None => out.fill(missing),
    }
}
