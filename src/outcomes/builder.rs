//! Building an edition: schools, programs and persons in, in any order, and frozen columns out.

use super::attendance::Attendance;
use super::cohort::{self, CohortMember, Graduate};
use super::interner::Interner;
use super::membership::{self, Memberships};
use super::reporting::Reporting;
use super::said::Person;
use super::service::{Totals, Windows};
use super::starts::{FirstDays, Starts};
use super::student_year::{self, Outcome};
use super::year_facts::{Conduct, Mobility, Progress};
use super::{Edition, Error, freeze};
use crate::calendar::Date;
use crate::chunked::Chunked;
use crate::records::{AttendanceStatus, Code, Fact, Label, OrgId, Program, School, SchoolDay};
use std::collections::{BTreeMap, BTreeSet};

/// A source as a builder knows it. Sources are ordered by their ids, and of two that disagree the first
/// one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub(super) u16);

/// A fact about a person, with the source that sent it.
#[derive(Clone, Copy)]
pub struct SourcedFact<'f> {
    /// Who says it, from [`EditionBuilder::source`].
    pub source: SourceId,
    /// What is said.
    pub fact: &'f Fact,
}

/// Collects what an [`Edition`] freezes. The order in which schools, programs and persons are added
/// leaves no trace in it; days of calendars come before the persons.
pub struct EditionBuilder {
    pub(super) frozen_on: Date,
    pub(super) sources: Vec<OrgId>,
    pub(super) schools: BTreeMap<(SourceId, Code), School>,
    pub(super) programs: BTreeMap<Code, Label>,
    pub(super) numbers: Vec<u64>,
    pub(super) rows: Chunked<Row>,
    pub(super) results: Chunked<(u32, u32, Outcome)>,
    pub(super) services: Vec<(u32, u32, Totals)>,
    /// Attendance before and after a service began, by row and program.
    pub(super) windows: Vec<(u32, u32, Windows)>,
    pub(super) cohort: Vec<LaterRow<CohortMember>>,
    pub(super) graduates: Vec<LaterRow<Graduate>>,
    pub(super) reporting: Reporting,
    first_days: FirstDays,
    starts: Starts,
    pub(super) conflicts: BTreeMap<String, u64>,
    /// A day of a calendar came after a person.
    pub(super) is_late: bool,
    pub(super) school_names: Interner<(SourceId, Code)>,
    pub(super) zones: Interner<Code>,
    pub(super) tests: Interner<(Code, Code)>,
    pub(super) program_names: Interner<Code>,
    pub(super) n_opted_out: u64,
}

/// A student-year before it is packed. Numbers of schools and zones are those of the interners;
/// `u32::MAX` is none.
pub(super) struct Row {
    pub(super) person: u32,
    pub(super) year: u16,
    pub(super) first: bool,
    pub(super) enrolled: bool,
    pub(super) school: u32,
    pub(super) zone: u32,
    pub(super) groups: Memberships,
    pub(super) attendance: Attendance,
    /// Of most student-years there is nothing of these.
    more: Option<Box<(Conduct, Progress)>>,
    pub(super) mobility: Mobility,
}

impl Row {
    pub(super) fn conduct(&self) -> Conduct {
        self.more.as_ref().map(|more| more.0).unwrap_or_default()
    }

    pub(super) fn progress(&self) -> Progress {
        self.more.as_ref().map(|more| more.1).unwrap_or_default()
    }
}

/// A row of a later frame: its groups are those of the student-year at `home` (`u32::MAX`: none).
pub(super) struct LaterRow<T> {
    pub(super) person: u32,
    pub(super) period: u16,
    pub(super) home: u32,
    pub(super) outcome: T,
}

impl EditionBuilder {
    /// Begins an edition of what these sources said up to a day.
    ///
    /// # Errors
    ///
    /// [`Error::ReservedSource`], and [`Error::TooMany`] beyond 65,535 sources.
    pub fn new(frozen_on: Date, sources: impl IntoIterator<Item = OrgId>) -> Result<Self, Error> {
        let sources: BTreeSet<OrgId> = sources.into_iter().collect();
        if sources.iter().any(|id| ["all", super::schema::UNKNOWN].contains(&id.as_str())) {
            return Err(Error::ReservedSource);
        }
        if sources.len() > usize::from(u16::MAX) {
            return Err(Error::TooMany("sources"));
        }
        Ok(Self {
            frozen_on,
            sources: sources.into_iter().collect(),
            schools: BTreeMap::new(),
            programs: BTreeMap::new(),
            numbers: Vec::new(),
            rows: Chunked::default(),
            results: Chunked::default(),
            services: Vec::new(),
            windows: Vec::new(),
            cohort: Vec::new(),
            graduates: Vec::new(),
            reporting: Reporting::default(),
            first_days: FirstDays::default(),
            starts: Starts::default(),
            conflicts: BTreeMap::new(),
            is_late: false,
            school_names: Interner::default(),
            zones: Interner::default(),
            tests: Interner::default(),
            program_names: Interner::default(),
            n_opted_out: 0,
        })
    }

    /// The source with that id, when it is one of this edition's.
    #[must_use]
    pub fn source(&self, id: &OrgId) -> Option<SourceId> {
        let at = self.sources.binary_search(id).ok()?;
        u16::try_from(at).ok().map(SourceId)
    }

    /// Adds a school. Of two descriptions of one school the lesser counts, by name first.
    pub fn add_school(&mut self, source: SourceId, school: &School) {
        fn order(s: &School) -> (&Label, &Option<Code>, &Option<Label>, u8) {
            (&s.name, &s.district, &s.district_name, s.sector as u8)
        }
        let key = (source, school.code.clone());
        let known = self.schools.entry(key).or_insert_with(|| school.clone());
        if order(school) < order(known) {
            *known = school.clone();
        }
    }

    /// Adds a program. Of two names of one program the lesser counts.
    pub fn add_program(&mut self, program: &Program) {
        let name = self.programs.entry(program.code.clone()).or_insert_with(|| program.name.clone());
        if program.name < *name {
            *name = program.name.clone();
        }
    }

    /// Adds a day of a school's calendar; before any person. Of two statements about a day, that of no instruction counts.
    pub fn add_school_day(&mut self, source: SourceId, day: &SchoolDay) {
        self.is_late |= !self.numbers.is_empty();
        self.reporting.add_day(source, &day.school, day.date, day.instructional);
    }

    /// Takes a person's part in programs, before any person is added: what the attendance of others who were eligible is
    /// compared around. Nothing is known of that day where no participant was noted.
    pub fn note_services(&mut self, facts: &[SourcedFact<'_>]) {
        self.is_late |= !self.numbers.is_empty();
        let is_service = |of: &SourcedFact<'_>| matches!(of.fact, Fact::Participation(_) | Fact::Dosage(_));
        if facts.iter().any(is_service)
            && let Some(person) = Person::new(facts, self.frozen_on)
        {
            self.first_days.note(&person);
        }
    }

    /// Adds a person: a number of the caller's, each used once, whose order the rows keep, and all facts
    /// of all sources. A person with an opt-out in force at the freeze is only counted.
    pub fn add_person(&mut self, number: u64, facts: &[SourcedFact<'_>]) {
        let Some(person) = Person::new(facts, self.frozen_on) else {
            self.n_opted_out += 1;
            return;
        };
        for &SourcedFact { source, fact } in facts {
            if let Fact::AttendanceEvent(event) = fact {
                let of_year = (source, event.date.school_year().ending());
                let (present, others) = self.reporting.n_events.entry(of_year).or_default();
                *(if event.status == AttendanceStatus::Present { present } else { others }) += 1;
                let last = self.reporting.last_event.entry(of_year).or_insert(event.date);
                *last = (*last).max(event.date);
            }
        }
        if self.numbers.is_empty() {
            self.starts = std::mem::take(&mut self.first_days).medians();
        }
        // More persons or rows than fit are refused by `finish`.
        let index = self.numbers.len() as u32;
        self.numbers.push(number);
        let first = self.rows.len();
        for year in student_year::fold(&person, self.frozen_on, &self.reporting, &self.starts) {
            self.add_row(index, first, year);
        }
        if let Some(outcome) = cohort::cohort(&person, self.frozen_on) {
            let (period, home) = (outcome.period, self.home(first, outcome.period));
            self.cohort.push(LaterRow { person: index, period, home, outcome });
        }
        if let Some(outcome) = cohort::graduate(&person, self.frozen_on) {
            let (period, home) = (outcome.period, self.home(first, outcome.period));
            self.graduates.push(LaterRow { person: index, period, home, outcome });
        }
    }

    /// Freezes what was added.
    ///
    /// # Errors
    ///
    /// [`Error::DuplicatePerson`], [`Error::Late`], and [`Error::TooMany`] schools, zones, persons or rows for an edition.
    pub fn finish(self) -> Result<Edition, Error> {
        freeze::freeze(self)
    }

    fn add_row(&mut self, person: u32, first: usize, year: student_year::StudentYear<'_>) {
        let row = self.rows.len() as u32;
        let school = year.school.map(|(source, code)| {
            self.school_names.number(|known| known.0 == source && known.1 == *code, || (source, code.clone()))
        });
        let zone = year.zone.map(|zone| self.zones.number(|known| known == zone, || zone.clone()));
        let more = (year.conduct, year.progress);
        self.rows.push(Row {
            person,
            year: year.year,
            first: row as usize == first,
            enrolled: year.enrolled,
            school: school.unwrap_or(u32::MAX),
            zone: zone.unwrap_or(u32::MAX),
            groups: year.groups,
            attendance: year.attendance,
            more: (more != Default::default()).then(|| Box::new(more)),
            mobility: year.mobility,
        });
        for group in year.conflicts {
            *self.conflicts.entry(group.to_owned()).or_default() += 1;
        }
        for (test, subject, outcome) in year.results {
            let is_it = |known: &(Code, Code)| known.0 == *test && known.1 == *subject;
            let test = self.tests.number(is_it, || (test.clone(), subject.clone()));
            self.results.push((row, test, outcome));
        }
        for (program, services) in year.services {
            let program = self.program_names.number(|known| known == program, || program.clone());
            self.services.push((row, program, services.totals));
            self.windows.extend(services.windows.map(|windows| (row, program, windows)));
        }
    }

    /// The row a later frame takes its groups from: the last one up to the period in which a school knew
    /// the person, else the last one up to it, else none. `first` is the person's first row.
    fn home(&self, first: usize, period: u16) -> u32 {
        let own = (first..self.rows.len()).map(|at| (at, &self.rows[at]));
        let upto = own.filter(|(_, row)| row.year <= period);
        let last = upto.max_by_key(|(_, row)| (row.enrolled, row.year));
        last.map_or(u32::MAX, |(at, _)| at as u32)
    }
}

/// Memberships of someone without a student-year.
pub(super) fn no_memberships() -> Memberships {
    membership::unknown()
}
