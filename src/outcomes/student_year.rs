//! Folding: the facts of a person, turned into one row for each school year.

use super::attendance::{Attendance, Sayings};
use super::builder::SourceId;
use super::membership::{self, Memberships};
use super::reporting::Reporting;
use super::said::{Person, Said, of_year};
use super::service::{Services, services};
use super::spell::Spells;
use super::starts::Starts;
use super::year_facts::{Conduct, Mobility, Progress};
use crate::calendar::{Date, SchoolYear};
use crate::records::{Assessment, AttendanceEvent, AttendanceSummary, Code, Enrollment, Grade};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// A person in a school year.
pub(super) struct StudentYear<'f> {
    pub(super) year: u16,
    /// The home school, in the numbering of its source.
    pub(super) school: Option<(SourceId, &'f Code)>,
    pub(super) groups: Memberships,
    pub(super) zone: Option<&'f Code>,
    /// Groups about which sources disagree.
    pub(super) conflicts: Vec<&'static str>,
    /// Whether a school knows of the person: an enrollment, attendance, an assessment, a course, or discipline.
    pub(super) enrolled: bool,
    pub(super) attendance: Attendance,
    pub(super) conduct: Conduct,
    pub(super) progress: Progress,
    pub(super) mobility: Mobility,
    /// For each test and subject, the last result.
    pub(super) results: Vec<(&'f Code, &'f Code, Outcome)>,
    pub(super) services: Vec<(&'f Code, Services)>,
}

/// The last result of a test in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outcome {
    pub(super) score_thousandths: Option<i64>,
    pub(super) level: Option<u8>,
    pub(super) proficient: Option<bool>,
    /// Of the first result of the year that says it.
    pub(super) first_proficient: Option<bool>,
}

/// No score is as large as a billion points; a larger one is a slip, and might overflow a sum of squares.
const SCORE_MAX: u64 = 1_000_000_000_000;

/// The rows of a person, by year.
pub(super) fn fold<'f>(
    person: &Person<'f>,
    frozen_on: Date,
    reporting: &Reporting,
    starts: &Starts,
) -> Vec<StudentYear<'f>> {
    let spells = Spells::new(&person.statuses, frozen_on);
    person.years.iter().map(|year| fold_year(person, &spells, *year, frozen_on, reporting, starts)).collect()
}

fn fold_year<'f>(
    person: &Person<'f>,
    spells: &Spells<'f>,
    year: u16,
    frozen_on: Date,
    reporting: &Reporting,
    starts: &Starts,
) -> StudentYear<'f> {
    let enrollments = of_year(&person.enrollments, year);
    let summaries = of_year(&person.summaries, year);
    let events = of_year(&person.events, year);
    let assessments = of_year(&person.assessments, year);
    let discipline = of_year(&person.discipline, year);
    let courses = of_year(&person.courses, year);

    let school = home_school(&stays(enrollments, summaries, events, year, frozen_on));
    let grade = grade(enrollments, assessments, school);
    let repeats = enrollments.iter().filter_map(|said| said.fact.repeats_grade).max();
    let as_of = membership::as_of(&person.demographics, spells, year, (grade, repeats));
    let sayings = Sayings { enrollments, summaries, events };
    StudentYear {
        year,
        school,
        groups: as_of.groups,
        zone: as_of.zone,
        conflicts: as_of.conflicts,
        enrolled: !(enrollments.is_empty()
            && summaries.is_empty()
            && events.is_empty()
            && assessments.is_empty()
            && discipline.is_empty()
            && courses.is_empty()),
        attendance: sayings.within(&days_of(year), reporting),
        conduct: Conduct::of(discipline),
        progress: Progress::of(person, courses, year, grade),
        mobility: Mobility::of(enrollments, year, frozen_on),
        results: results(assessments),
        services: services(person, &sayings, year, reporting, starts),
    }
}

/// The days of a school year.
pub(super) fn days_of(year: u16) -> RangeInclusive<Date> {
    let year = SchoolYear::new(year.into()).expect("rows are of school years");
    year.first_day()..=year.last_day()
}

/// A person's time at one school in one year.
struct Stay<'f> {
    school: (SourceId, &'f Code),
    /// Days enrolled by the school's summaries.
    summed: Option<u32>,
    spans: Vec<(Date, Date)>,
    entry: Date,
}

/// The schools of a year: those of enrollments and summaries, and only without any, those of events.
fn stays<'f>(
    enrollments: &[Said<'f, Enrollment>],
    summaries: &[Said<'f, AttendanceSummary>],
    events: &[Said<'f, AttendanceEvent>],
    year: u16,
    frozen_on: Date,
) -> Vec<Stay<'f>> {
    let mut stays: Vec<Stay<'f>> = Vec::new();
    let mut stay_at = |school: (SourceId, &'f Code), entry: Date, span: (Date, Date), summed: Option<u32>| {
        let at = stays.iter().position(|stay| stay.school == school).unwrap_or_else(|| {
            stays.push(Stay { school, summed: None, spans: Vec::new(), entry });
            stays.len() - 1
        });
        let stay = &mut stays[at];
        stay.entry = stay.entry.max(entry);
        stay.spans.push(span);
        if let Some(days) = summed {
            stay.summed = Some(stay.summed.unwrap_or(0).saturating_add(days));
        }
    };
    let bounds = SchoolYear::new(year.into()).map(|year| (year.first_day(), year.last_day()));
    for said in enrollments {
        let fact = said.fact;
        let (first, last) = bounds.unwrap_or((fact.entry, fact.entry));
        let end = fact.exit.unwrap_or(last.min(frozen_on)).min(last);
        stay_at((said.source, &fact.school), fact.entry, (fact.entry.max(first), end), None);
    }
    for said in summaries {
        let fact = said.fact;
        let days = Some(fact.days_enrolled_hundredths);
        stay_at((said.source, &fact.school), fact.from, (fact.from, fact.to), days);
    }
    if enrollments.is_empty() && summaries.is_empty() {
        for said in events {
            let day = said.fact.date;
            stay_at((said.source, &said.fact.school), day, (day, day), None);
        }
    }
    stays
}

/// The school of most days enrolled: by summaries where all schools have them, else by the calendar days
/// of spells. Ties go to the later entry, then to the first source and code.
fn home_school<'f>(stays: &[Stay<'f>]) -> Option<(SourceId, &'f Code)> {
    if let [only] = stays {
        return Some(only.school);
    }
    let all_summed = stays.iter().all(|stay| stay.summed.is_some());
    let days = |stay: &Stay<'_>| {
        stay.summed.filter(|_| all_summed).map_or_else(|| days_covered(&stay.spans), i64::from)
    };
    let home = stays.iter().max_by_key(|stay| (days(stay), stay.entry, Reverse(stay.school)));
    home.map(|stay| stay.school)
}

/// Calendar days in any of the spans; overlaps count once, spans that end before they begin not at all.
fn days_covered(spans: &[(Date, Date)]) -> i64 {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let mut covered = 0;
    let mut until = i32::MIN;
    for (from, to) in spans {
        let from = from.days().max(until);
        let to = to.days().saturating_add(1);
        covered += i64::from(to.saturating_sub(from).max(0));
        until = until.max(to);
    }
    covered
}

/// The grade of the latest spell at the home school, else at any school, else of the latest assessment.
fn grade(
    enrollments: &[Said<'_, Enrollment>],
    assessments: &[Said<'_, Assessment>],
    home: Option<(SourceId, &Code)>,
) -> Option<Grade> {
    let enrolled = enrollments.iter().filter_map(|said| {
        let at_home = Some((said.source, &said.fact.school)) == home;
        Some((at_home, said.fact.entry, Reverse(said.source), said.fact.grade?))
    });
    let assessed =
        assessments.iter().filter_map(|said| Some((said.fact.date, Reverse(said.source), said.fact.grade?)));
    enrolled.max().map(|(.., grade)| grade).or_else(|| assessed.max().map(|(.., grade)| grade))
}

fn results<'f>(assessments: &[Said<'f, Assessment>]) -> Vec<(&'f Code, &'f Code, Outcome)> {
    type Last = (Date, Reverse<SourceId>, Outcome);
    type First = (Date, SourceId, bool);
    let mut results: BTreeMap<_, (Last, Option<First>)> = BTreeMap::new();
    for said in assessments {
        let fact = said.fact;
        let outcome = Outcome {
            score_thousandths: fact.scale_score_thousandths.filter(|s| s.unsigned_abs() <= SCORE_MAX),
            level: fact.level,
            proficient: fact.proficient,
            first_proficient: None,
        };
        if (outcome.score_thousandths, outcome.level, outcome.proficient) == (None, None, None) {
            continue;
        }
        let result = (fact.date, Reverse(said.source), outcome);
        let (last, first) = results.entry((&fact.test, &fact.subject)).or_insert((result, None));
        *last = (*last).max(result);
        if let Some(proficient) = fact.proficient {
            let result = (fact.date, said.source, proficient);
            *first = Some(first.map_or(result, |first| first.min(result)));
        }
    }
    let outcome = |(last, first): (Last, Option<First>)| Outcome {
        first_proficient: first.map(|(.., proficient)| proficient),
        ..last.2
    };
    results.into_iter().map(|((test, subject), of)| (test, subject, outcome(of))).collect()
}
