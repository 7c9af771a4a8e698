//! Graduation cohorts and graduates: one row of each at most for a person.

use super::said::Person;
use crate::calendar::Date;
use crate::records::{Diploma, DiplomaType, Enrollment, ExitType, Grade};

/// A member of a four-year cohort.
pub(super) struct CohortMember {
    /// School year the cohort should graduate in.
    pub(super) period: u16,
    pub(super) graduated: bool,
}

/// A person with a regular diploma.
pub(super) struct Graduate {
    /// School year of the diploma.
    pub(super) period: u16,
    /// Whether a college spell began within 16 months; nothing while they are not over.
    pub(super) college_16m: Option<bool>,
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
    let on_time = |diploma: &&Diploma| {
        let kinds = [DiplomaType::Regular, DiplomaType::StateAlternate];
        kinds.contains(&diploma.diploma_type) && diploma.date <= last_day
    };
    let graduated = person.diplomas.iter().any(on_time);
    (graduated || !removed(spells(), last_day)).then_some(CohortMember { period, graduated })
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
    Some(Graduate { period, college_16m })
}
