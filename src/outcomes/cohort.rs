//! Graduation cohorts and graduates: one row of each at most for a person.

use super::said::Person;
use crate::calendar::Date;
use crate::records::{Code, CollegeLevel, Diploma, DiplomaType, Enrollment, ExitType, Grade, Postsecondary};

/// Who entered a four-year cohort.
pub(super) struct CohortMember {
    /// School year the cohort should graduate in.
    pub(super) period: u16,
    /// Nothing for whom it took out: no member any more.
    pub(super) graduated_4y: Option<bool>,
    /// Whether with one more year; nothing while that is not over, or for whom it took out.
    pub(super) graduated_5y: Option<bool>,
}

/// A person with a regular diploma.
pub(super) struct Graduate {
    /// School year of the diploma.
    pub(super) period: u16,
    /// Whether a college spell began within 16 months; nothing while they are not over.
    pub(super) college_16m: Option<bool>,
    pub(super) college: College,
}

/// What became of a graduate at college. Each is nothing while its time is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct College {
    /// Enrolled anywhere in the first fall after the diploma: on any day from 15 August to 31 October.
    pub(super) first_fall: Option<bool>,
    /// Enrolled anywhere in the fall after that.
    pub(super) second_fall: Option<bool>,
    /// Enrolled then at a college of the first fall.
    pub(super) second_fall_same: Option<bool>,
    /// A credential within six years of the diploma.
    pub(super) credential_6y: Option<bool>,
    /// A credential within one and a half times the usual time of the first college: six years after beginning at a
    /// four-year one, three at others; nothing for who never began.
    pub(super) credential_150: Option<bool>,
    /// Whether remedial courses were taken, where any spell says it.
    pub(super) remedial: Option<bool>,
}

/// The cohort of a person, if any.
///
/// The period is the year of first entry into grade 9, plus 3. Who left for another school with proof,
/// for another country, or died by the cohort's last day, 31 August, and came back to no school, is no
/// member; a graduate is. A cohort whose last day was not over at the freeze has no members yet.
///
/// Source: 34 CFR 200.34, the adjusted cohort graduation rate.
pub(super) fn cohort(person: &Person<'_>, frozen_on: Date) -> Option<CohortMember> {
    let spells = || person.enrollments.iter().map(|said| said.fact);
    let stated = spells().filter_map(|spell| spell.ninth_grade_year).min();
    let observed = spells().filter(|spell| spell.grade == Some(Grade::G09)).map(|spell| spell.school_year);
    let period = stated.or_else(|| observed.min())?.plus(3).ending();
    let last_day = Date::new(period.into(), 8, 31)?;
    if last_day > frozen_on {
        return None;
    }
    let by = |day: Date| {
        let kinds = [DiplomaType::Regular, DiplomaType::StateAlternate];
        let on_time = |diploma: &&Diploma| kinds.contains(&diploma.diploma_type) && diploma.date <= day;
        let graduated = person.diplomas.iter().any(on_time);
        (day <= frozen_on && (graduated || !removed(spells(), day))).then_some(graduated)
    };
    let graduated_5y = Date::new(i32::from(period) + 1, 8, 31).and_then(by);
    let graduated_4y = by(last_day);
    // Who was taken out by the fourth year is not in the cohort that the fifth is about.
    let graduated_5y = graduated_4y.and(graduated_5y);
    Some(CohortMember { period, graduated_4y, graduated_5y })
}

/// Whether the last spell that ended by the cohort's last day ended in a way that takes a person out.
/// A spell without an exit ends with its school year.
fn removed<'f>(spells: impl Iterator<Item = &'f Enrollment> + Clone, last_day: Date) -> bool {
    let takes_out = |exit: ExitType| {
        matches!(exit, ExitType::TransferredConfirmed | ExitType::Emigrated | ExitType::Deceased)
    };
    let left = spells.clone().filter(|spell| spell.exit_type.is_some_and(takes_out));
    let Some(left) = left.filter_map(|spell| spell.exit).filter(|exit| *exit <= last_day).max() else {
        return false;
    };
    !spells
        .filter(|spell| spell.entry <= last_day)
        .any(|spell| spell.exit.unwrap_or(spell.school_year.last_day()) > left)
}

/// The graduate a person is, if any, by the first regular diploma.
pub(super) fn graduate(person: &Person<'_>, frozen_on: Date) -> Option<Graduate> {
    let regular = person.diplomas.iter().filter(|d| d.diploma_type == DiplomaType::Regular);
    let date = regular.map(|diploma| diploma.date).min().filter(|date| *date <= frozen_on)?;
    // The month counts, and the 16th is the last: the same day of it, or its last day.
    let until = date.plus_months(16);
    let begun = person.colleges.iter().any(|spell| (date..=until).contains(&spell.begin));
    let college_16m = (until <= frozen_on).then_some(begun);
    let (year, month, _) = date.parts();
    let period = u16::try_from(if month >= 9 { year + 1 } else { year }).ok()?;
    Some(Graduate { period, college_16m, college: college(&person.colleges, date, frozen_on) })
}

fn college(spells: &[&Postsecondary], diploma: Date, frozen_on: Date) -> College {
    let (year, month, _) = diploma.parts();
    let first_fall = if month >= 9 { year + 1 } else { year };
    let fall = |year: i32| Some((Date::new(year, 8, 15)?, Date::new(year, 10, 31)?));
    // A spell without an end is one term long: what the next term is, its own record says.
    let end = |spell: &Postsecondary| spell.end.unwrap_or_else(|| spell.begin.plus_months(5));
    let enrolled_in = |year: i32, at: &dyn Fn(&Postsecondary) -> bool| {
        let (from, to) = fall(year)?;
        let there = |spell: &&&Postsecondary| spell.begin <= to && end(spell) >= from && at(spell);
        (to <= frozen_on).then(|| spells.iter().any(|spell| there(&spell)))
    };
    let in_first = |college: &Code| {
        let at_it = |spell: &Postsecondary| spell.institution == *college;
        enrolled_in(first_fall, &at_it) == Some(true)
    };
    let credential_by = |day: Date| {
        let awarded = |spell: &&&Postsecondary| spell.graduated && end(spell) >= diploma && end(spell) <= day;
        (day <= frozen_on).then(|| spells.iter().any(|spell| awarded(&spell)))
    };
    let began = spells.iter().filter(|spell| spell.begin >= diploma).min_by_key(|spell| spell.begin);
    let usual = |spell: &&&Postsecondary| match spell.level {
        CollegeLevel::FourYear => spell.begin.plus_months(72),
        CollegeLevel::TwoYear | CollegeLevel::Other => spell.begin.plus_months(36),
    };
    College {
        first_fall: enrolled_in(first_fall, &|_| true),
        second_fall: enrolled_in(first_fall + 1, &|_| true),
        second_fall_same: enrolled_in(first_fall + 1, &|spell| in_first(&spell.institution)),
        credential_6y: credential_by(diploma.plus_months(72)),
        credential_150: began.and_then(|spell| credential_by(usual(&spell))),
        remedial: spells.iter().filter_map(|spell| spell.remedial).max(),
    }
}
