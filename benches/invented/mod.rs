//! Invented student-years, made of the same few thousand persons over and over.

use std::ops::RangeInclusive;
use throughline::calendar::{Date, SchoolYear};
use throughline::outcomes::{Edition, EditionBuilder, SourceId, SourcedFact};
use throughline::records::{
    Assessment, AttendanceSummary, Code, Demographics, EnglishLearner, Enrollment, Fact, Grade, Label, OrgId,
    Participation, Races, School, Sector, Sex,
};

const N_PATTERNS: u64 = 9_973;

fn code(text: &str) -> Code {
    Code::new(text).expect("a code")
}

/// The facts of some persons; every person of a bench has those of one of them.
pub(crate) fn people(n_schools: u64, years: RangeInclusive<u16>) -> Vec<Vec<Fact>> {
    (0..N_PATTERNS).map(|number| facts(number, n_schools, years.clone())).collect()
}

fn facts(number: u64, n_schools: u64, years: RangeInclusive<u16>) -> Vec<Fact> {
    let draw = |salt: u64, n: u64| (number * 2_654_435_761 + salt * 40_503) % 1_000_003 % n;
    let school = code(&format!("s{}", draw(1, n_schools)));
    let mut races = Races::default();
    races.add(Races::NAMES[draw(2, 6) as usize]);
    let mut facts = vec![Fact::Person(Demographics {
        sex: Some(Sex::ALL[draw(3, 2) as usize]),
        races,
        hispanic: Some(draw(4, 5) == 0),
        economically_disadvantaged: Some(draw(5, 2) == 0),
        disability_idea: Some(draw(7, 7) == 0),
        english_learner: Some(EnglishLearner::ALL[draw(6, 4) as usize]),
        ..Demographics::default()
    })];
    for (at, ending) in (0..).zip(years) {
        let school_year = SchoolYear::new(u32::from(ending)).expect("a year");
        let day =
            |month, day| Date::new(i32::from(ending) - i32::from(month > 7), month, day).expect("a date");
        let (from, to, salt) = (day(9, 1), day(6, 15), at);
        // One in ten comes late or leaves early, and some of those were there for a few days.
        let enrolled =
            if draw(50 + salt, 10) > 0 { 18_000 } else { 500 + draw(60 + salt, 1_750) as u32 * 10 };
        facts.push(Fact::Enrollment(Enrollment {
            school: school.clone(),
            school_year,
            entry: from,
            exit: Some(to),
            exit_type: None,
            grade: Some(Grade::ALL[7 + at as usize]),
            ninth_grade_year: None,
            repeats_grade: None,
        }));
        let absent = (draw(10 + salt, 3_000) as u32).min(enrolled);
        facts.push(Fact::AttendanceSummary(AttendanceSummary {
            school: school.clone(),
            from,
            to,
            days_enrolled_hundredths: enrolled,
            days_present_hundredths: enrolled - absent,
            days_absent_hundredths: absent,
        }));
        facts.push(Fact::Assessment(Assessment {
            test: code("STATE"),
            subject: code("ELA"),
            grade: None,
            date: day(5, 1),
            scale_score_thousandths: Some(draw(20 + salt, 400_000) as i64),
            level: Some(draw(30 + salt, 4) as u8),
            proficient: Some(draw(30 + salt, 4) > 1),
            not_tested: None,
            standard_error_thousandths: None,
        }));
        if draw(40 + salt, 4) == 0 {
            let program = code("TUTOR");
            facts.push(Fact::Participation(Participation {
                program,
                begin: from,
                end: Some(to),
                exit_reason: None,
            }));
        }
    }
    facts
}

/// So many persons, who are at so many schools.
pub(crate) fn edition(people: &[Vec<Fact>], n_persons: u64, n_schools: u64) -> Edition {
    let org = OrgId::new("district").expect("an id");
    let frozen_on = Date::new(2026, 1, 1).expect("a date");
    let mut builder = EditionBuilder::new(frozen_on, [org.clone()]).expect("a builder");
    let source: SourceId = builder.source(&org).expect("it was given");
    for at in 0..n_schools {
        let name = Label::new(&format!("School {at}")).expect("a label");
        let code = code(&format!("s{at}"));
        let sector = Sector::District;
        let school = School { code, name, district: None, district_name: None, sector, title_i: None };
        builder.add_school(source, &school);
    }
    let mut sourced = Vec::new();
    for number in 0..n_persons {
        sourced.clear();
        let facts = &people[(number % N_PATTERNS) as usize];
        sourced.extend(facts.iter().map(|fact| SourcedFact { source, fact }));
        builder.add_person(number, &sourced);
    }
    builder.finish().expect("it can be frozen")
}
