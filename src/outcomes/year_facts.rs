//! What a school year says of a student besides attendance and tests: conduct, progress, and moves.

use super::said::{Person, Said};
use crate::calendar::Date;
use crate::records::{Action, Course, Discipline, Enrollment, ExitType, Grade};

/// Disciplinary actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Conduct {
    pub(super) out_of_school: u16,
    pub(super) in_school: u16,
    pub(super) expulsions: u16,
    pub(super) actions: u16,
    /// Hundredths of days out of school, by suspension or expulsion, as far as sources say how long.
    pub(super) days_lost: u32,
}

impl Conduct {
    pub(super) fn of(discipline: &[Said<'_, Discipline>]) -> Self {
        let mut conduct = Self::default();
        for said in discipline {
            let counter = match said.fact.action {
                Action::OutOfSchoolSuspension => Some(&mut conduct.out_of_school),
                Action::InSchoolSuspension => Some(&mut conduct.in_school),
                Action::Expulsion => Some(&mut conduct.expulsions),
                Action::Other => None,
            };
            if let Some(counter) = counter {
                *counter = counter.saturating_add(1);
            }
            conduct.actions = conduct.actions.saturating_add(1);
            if matches!(said.fact.action, Action::OutOfSchoolSuspension | Action::Expulsion) {
                conduct.days_lost = conduct.days_lost.saturating_add(said.fact.days_hundredths.unwrap_or(0));
            }
        }
        conduct
    }
}

/// Courses and age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// Hundredths of credits, where any course is known.
    pub(super) credits_earned: Option<u32>,
    /// Marks of core courses that are failing ones, where any core course says whether it is.
    pub(super) core_failed: Option<u16>,
    /// Whether it is the first school year in grade 9.
    pub(super) first_ninth: bool,
    /// Completed months on 1 September of the school year.
    pub(super) age_months: Option<i32>,
}

impl Progress {
    pub(super) fn of(
        person: &Person<'_>,
        courses: &[Said<'_, Course>],
        year: u16,
        grade: Option<Grade>,
    ) -> Self {
        let earned = courses.iter().map(|said| said.fact.earned_hundredths);
        let marks =
            courses.iter().filter(|said| said.fact.core == Some(true)).filter_map(|said| said.fact.failed);
        let (n_marks, n_failed) = marks.fold((0_u16, 0_u16), |(n, failed), mark| {
            (n.saturating_add(1), failed.saturating_add(mark.into()))
        });
        let stated = person.enrollments.iter().filter_map(|said| said.fact.ninth_grade_year).min();
        let observed = person.enrollments.iter().filter(|said| said.fact.grade == Some(Grade::G09));
        let first = stated.map(|year| year.ending()).or_else(|| observed.map(|said| said.year).min());
        let repeats =
            person.enrollments.iter().any(|said| said.year == year && said.fact.repeats_grade == Some(true));
        let born = person.demographics.iter().filter_map(|said| said.fact.birth_month).min();
        Self {
            credits_earned: (!courses.is_empty()).then(|| earned.fold(0, u32::saturating_add)),
            core_failed: (n_marks > 0).then_some(n_failed),
            first_ninth: grade == Some(Grade::G09) && first == Some(year) && !repeats,
            age_months: born.and_then(|born| i32::try_from(born.months_on_first_of(year - 1, 9)).ok()),
        }
    }
}

/// Entries and exits after the school year's start, which is 1 October.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mobility {
    pub(super) moves: u16,
    pub(super) enrolled_at_start: bool,
}

impl Mobility {
    pub(super) fn of(enrollments: &[Said<'_, Enrollment>], year: u16, frozen_on: Date) -> Self {
        let Some(start) = Date::new(i32::from(year) - 1, 10, 1) else { return Self::default() };
        let late = Date::new(i32::from(year), 5, 15);
        // The end of a grade or of the year is no move.
        let ends = [ExitType::Completed, ExitType::EndOfYear, ExitType::Graduated];
        let mut mobility = Self::default();
        for spell in enrollments.iter().map(|said| said.fact) {
            let exit = spell.exit.filter(|exit| *exit <= frozen_on);
            let moved_out = exit.is_some_and(|exit| exit > start)
                && !spell.exit_type.is_some_and(|exit| ends.contains(&exit));
            // Where no reason is given, leaving in the last weeks of a year is its end.
            let at_the_end =
                spell.exit_type.is_none() && exit.zip(late).is_some_and(|(exit, late)| exit >= late);
            let n = u16::from(spell.entry > start && spell.entry <= frozen_on)
                + u16::from(moved_out && !at_the_end);
            mobility.moves = mobility.moves.saturating_add(n);
            mobility.enrolled_at_start |= spell.entry <= start && spell.exit.is_none_or(|exit| exit >= start);
        }
        mobility
    }
}
