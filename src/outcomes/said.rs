//! A person's facts, sorted out by kind, with the school years they fall in.

use super::builder::{SourceId, SourcedFact};
use crate::calendar::{Date, SchoolYear};
use crate::records::{
    Assessment, AttendanceEvent, AttendanceSummary, Code, Course, Demographics, Diploma, Discipline,
    Enrollment, Fact, Postsecondary, Status,
};
use std::collections::BTreeSet;

/// What a source said, and for which school year (the year it ends in; 0 for no year in particular).
pub(super) struct Said<'f, T> {
    pub(super) year: u16,
    pub(super) source: SourceId,
    pub(super) fact: &'f T,
}

/// Whether a service was open to the person, used, and how much: in a span or on a day.
pub(super) struct Service<'f> {
    pub(super) program: &'f Code,
    pub(super) years: (u16, u16),
    /// First and last day; an open span ends with the freeze.
    pub(super) days: (Date, Date),
    pub(super) kind: ServiceKind,
}

/// What a service record says.
pub(super) enum ServiceKind {
    Eligible,
    Participated,
    /// Hundredths of the program's unit.
    Dosage(u32),
}

/// All facts of one person.
#[derive(Default)]
pub(super) struct Person<'f> {
    pub(super) demographics: Vec<Said<'f, Demographics>>,
    pub(super) enrollments: Vec<Said<'f, Enrollment>>,
    pub(super) summaries: Vec<Said<'f, AttendanceSummary>>,
    pub(super) events: Vec<Said<'f, AttendanceEvent>>,
    pub(super) assessments: Vec<Said<'f, Assessment>>,
    pub(super) discipline: Vec<Said<'f, Discipline>>,
    pub(super) diplomas: Vec<&'f Diploma>,
    pub(super) colleges: Vec<&'f Postsecondary>,
    pub(super) services: Vec<Service<'f>>,
    pub(super) courses: Vec<Said<'f, Course>>,
    pub(super) statuses: Vec<(SourceId, &'f Status)>,
    /// The school years of which anything but demographics and statuses is said.
    pub(super) years: BTreeSet<u16>,
}

impl<'f> Person<'f> {
    /// Sorts a person's facts out; nothing when the person has opted out.
    ///
    /// A span of eligibility or participation without an end goes on, but makes no rows of its own
    /// after the last year of which something dated is known: nobody stays eligible for ever because a
    /// source never closed a span. No span passes the day of the freeze.
    pub(super) fn new(facts: &[SourcedFact<'f>], frozen_on: Date) -> Option<Self> {
        let mut person = Self::default();
        let mut open = Vec::new();
        for &SourcedFact { source, fact } in facts {
            match fact {
                Fact::OptOut(fact) if fact.lasts(frozen_on) => return None,
                Fact::OptOut(_)
                | Fact::Consent(_)
                | Fact::School(_)
                | Fact::Program(_)
                | Fact::SchoolDay(_) => {}
                Fact::Person(fact) => {
                    let year = fact.school_year.map_or(0, SchoolYear::ending);
                    person.demographics.push(Said { year, source, fact });
                }
                Fact::Enrollment(fact) => {
                    person.enrollments.push(Said { year: fact.school_year.ending(), source, fact });
                }
                Fact::AttendanceSummary(fact) => {
                    person.summaries.push(Said { year: year(fact.from), source, fact });
                }
                Fact::AttendanceEvent(fact) => {
                    person.events.push(Said { year: year(fact.date), source, fact });
                }
                Fact::Assessment(fact) => {
                    person.assessments.push(Said { year: year(fact.date), source, fact });
                }
                Fact::Discipline(fact) => {
                    person.discipline.push(Said { year: year(fact.date), source, fact });
                }
                Fact::Course(fact) => {
                    person.courses.push(Said { year: fact.school_year.ending(), source, fact });
                }
                Fact::Status(fact) => person.statuses.push((source, fact)),
                Fact::Diploma(fact) => person.diplomas.push(fact),
                Fact::Postsecondary(fact) => person.colleges.push(fact),
                Fact::Eligibility(f) => {
                    open.push((&f.program, f.begin, f.end, ServiceKind::Eligible));
                }
                Fact::Participation(f) => {
                    open.push((&f.program, f.begin, f.end, ServiceKind::Participated));
                }
                Fact::Dosage(f) => {
                    let kind = ServiceKind::Dosage(f.amount_hundredths);
                    open.push((&f.program, f.date, Some(f.date), kind));
                }
            }
        }
        person.sort();
        person.collect_years();
        person.add_services(open, frozen_on);
        Some(person)
    }

    /// Sorts by year, so that [`of_year`] can search.
    fn sort(&mut self) {
        self.enrollments.sort_unstable_by_key(|said| said.year);
        self.summaries.sort_unstable_by_key(|said| said.year);
        self.events.sort_unstable_by_key(|said| said.year);
        self.assessments.sort_unstable_by_key(|said| said.year);
        self.discipline.sort_unstable_by_key(|said| said.year);
        self.courses.sort_unstable_by_key(|said| said.year);
    }

    fn collect_years(&mut self) {
        self.years.extend(self.enrollments.iter().map(|said| said.year));
        self.years.extend(self.summaries.iter().map(|said| said.year));
        self.years.extend(self.events.iter().map(|said| said.year));
        self.years.extend(self.assessments.iter().map(|said| said.year));
        self.years.extend(self.discipline.iter().map(|said| said.year));
        self.years.extend(self.courses.iter().map(|said| said.year));
    }

    fn add_services(&mut self, spans: Vec<(&'f Code, Date, Option<Date>, ServiceKind)>, frozen_on: Date) {
        let mut last = self.years.last().copied().unwrap_or(0);
        for (_, begin, end, _) in &spans {
            if *begin <= frozen_on {
                last = last.max(year(end.unwrap_or(*begin).min(frozen_on)));
            }
        }
        for (program, begin, end, kind) in spans {
            if begin > frozen_on || end.is_some_and(|end| end < begin) {
                continue;
            }
            let first = year(begin);
            let years = (first, end.map_or(last, |end| year(end.min(frozen_on))).max(first));
            self.years.extend(years.0..=years.1);
            let days = (begin, end.unwrap_or(frozen_on).min(frozen_on));
            self.services.push(Service { program, years, days, kind });
        }
    }
}

/// What is said of a year, from a list sorted by year.
pub(super) fn of_year<'l, 'f, T>(list: &'l [Said<'f, T>], year: u16) -> &'l [Said<'f, T>] {
    let from = list.partition_point(|said| said.year < year);
    let to = from + list[from..].partition_point(|said| said.year == year);
    &list[from..to]
}

fn year(date: Date) -> u16 {
    date.school_year().ending()
}
