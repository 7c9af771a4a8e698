//! How fast are a million student-years folded, counted, and, once sealed, asked?

use divan::counter::ItemsCount;
use std::sync::LazyLock;
use throughline::calendar::{Date, SchoolYear};
use throughline::disclosure::{RuleProfile, Seal};
use throughline::outcomes::{Edition, EditionBuilder, Product, Slice, SourceId, SourcedFact, tabulate};
use throughline::records::{
    Assessment, AttendanceSummary, Code, Demographics, EnglishLearner, Enrollment, Fact, Grade, Label, OrgId,
    Participation, Races, School, Sector, Sex,
};

fn main() {
    divan::main();
}

const N_YEARS: u16 = 4;
const N_PERSONS: u64 = 250_000;
const N_ROWS: u64 = N_PERSONS * N_YEARS as u64;
const N_PATTERNS: u64 = 9_973;
const N_SCHOOLS: u64 = 200;

/// Folds 250,000 persons of 4 school years, each with 14 or so facts.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn fold_a_million_student_years(bencher: divan::Bencher<'_, '_>) {
    let people = people();
    bencher.counter(ItemsCount::new(N_ROWS)).bench(|| edition(&people));
}

/// Counts four indicators by five dimensions and 200 schools, in four periods together.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn tabulate_a_million_student_years(bencher: divan::Bencher<'_, '_>) {
    let product = Product::parse(PRODUCT).expect("a product");
    let edition = &*EDITION;
    bencher.counter(ItemsCount::new(N_ROWS)).bench(|| tabulate(edition, std::slice::from_ref(&product)));
}

/// Hashes the columns of the edition.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn digest_a_million_student_years(bencher: divan::Bencher<'_, '_>) {
    let edition = &*EDITION;
    bencher.counter(ItemsCount::new(N_ROWS)).bench(|| edition.digest());
}

/// Slices a seal of the edition: an indicator by school and sex in ten school years, or of one sex in two.
#[divan::bench(args = [10_150, 406])]
fn ask_a_million_student_years(bencher: divan::Bencher<'_, '_>, n_cells: usize) {
    let mut asked = Slice {
        product: "asked".into(),
        indicator: "absence".into(),
        dimensions: vec!["geography".into(), "sex".into()],
        filters: Vec::new(),
        periods: Vec::new(),
    };
    if n_cells < 1_000 {
        asked.dimensions.truncate(1);
        asked.filters.push(("sex".into(), "F".into()));
        asked.periods.extend([2023, 2024].map(|year| SchoolYear::new(year).expect("a year")));
    }
    assert_eq!(SEAL.slice(&asked).expect("it can be asked").cells().len(), n_cells);
    bencher.counter(ItemsCount::new(n_cells)).bench(|| SEAL.slice(&asked));
}

static SEAL: LazyLock<Seal> = LazyLock::new(|| {
    let product = Product::parse(ASKED).expect("a product");
    let counts = tabulate(&EDITION, std::slice::from_ref(&product)).expect("it can be counted");
    Seal::make(1, &counts, &RuleProfile::all(), b"secret").expect("it can be sealed").0
});

const ASKED: &str = r#"
product = "asked"
version = 1
title = "Absence by school and sex"
profile = "nces-10"
mode = "suppress"
depth = 1
years = { from = 2021, to = 2030 }

[[indicators]]
name = "absence"
use = "chronic_absence"

[[dimensions]]
id = "sex"
source = "sex"
"#;

static EDITION: LazyLock<Edition> = LazyLock::new(|| edition(&people()));

const PRODUCT: &str = r#"
product = "bench"
version = 1
title = "Bench"
profile = "n10"
mode = "suppress"
depth = 5
[years]
from = 2021
to = 2024
[[indicators]]
name = "chronic"
use = "chronic_absence"
[[indicators]]
name = "proficient"
use = "proficiency"
test = "STATE"
subject = "ELA"
[[indicators]]
name = "gain"
use = "score_gain"
test = "STATE"
subject = "ELA"
[[indicators]]
name = "enrolled"
use = "enrollment"
[[dimensions]]
id = "race"
source = "race7"
[[dimensions]]
id = "sex"
source = "sex"
[[dimensions]]
id = "econ"
source = "econ"
[[dimensions]]
id = "learner"
source = "english_learner"
[[dimensions]]
id = "tutoring"
source = "program_status"
program = "TUTOR"
"#;

fn code(text: &str) -> Code {
    Code::new(text).expect("a code")
}

/// The facts of some persons; every person of the bench has those of one of them.
fn people() -> Vec<Vec<Fact>> {
    (0..N_PATTERNS).map(facts).collect()
}

fn facts(number: u64) -> Vec<Fact> {
    let draw = |salt: u64, n: u64| (number * 2_654_435_761 + salt * 40_503) % 1_000_003 % n;
    let school = code(&format!("s{}", draw(1, N_SCHOOLS)));
    let mut races = Races::default();
    races.add(Races::NAMES[draw(2, 6) as usize]);
    let mut facts = vec![Fact::Person(Demographics {
        sex: Some(Sex::ALL[draw(3, 2) as usize]),
        races,
        hispanic: Some(draw(4, 5) == 0),
        economically_disadvantaged: Some(draw(5, 2) == 0),
        english_learner: Some(EnglishLearner::ALL[draw(6, 4) as usize]),
        ..Demographics::default()
    })];
    for at in 0..N_YEARS {
        let ending = 2021 + at;
        let school_year = SchoolYear::new(u32::from(ending)).expect("a year");
        let day =
            |month, day| Date::new(i32::from(ending) - i32::from(month > 7), month, day).expect("a date");
        let (from, to, salt) = (day(9, 1), day(6, 15), u64::from(at));
        facts.push(Fact::Enrollment(Enrollment {
            school: school.clone(),
            school_year,
            entry: from,
            exit: Some(to),
            exit_type: None,
            grade: Some(Grade::ALL[(7 + at) as usize]),
            ninth_grade_year: None,
            repeats_grade: None,
        }));
        let absent = draw(10 + salt, 3_000) as u32;
        facts.push(Fact::AttendanceSummary(AttendanceSummary {
            school: school.clone(),
            from,
            to,
            days_enrolled_hundredths: 18_000,
            days_present_hundredths: 18_000 - absent,
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

fn edition(people: &[Vec<Fact>]) -> Edition {
    let org = OrgId::new("district").expect("an id");
    let frozen_on = Date::new(2026, 1, 1).expect("a date");
    let mut builder = EditionBuilder::new(frozen_on, [org.clone()]).expect("a builder");
    let source: SourceId = builder.source(&org).expect("it was given");
    for at in 0..N_SCHOOLS {
        let name = Label::new(&format!("School {at}")).expect("a label");
        let code = code(&format!("s{at}"));
        let sector = Sector::District;
        let school = School { code, name, district: None, district_name: None, sector, title_i: None };
        builder.add_school(source, &school);
    }
    let mut sourced = Vec::new();
    for number in 0..N_PERSONS {
        sourced.clear();
        let facts = &people[(number % N_PATTERNS) as usize];
        sourced.extend(facts.iter().map(|fact| SourcedFact { source, fact }));
        builder.add_person(number, &sourced);
    }
    builder.finish().expect("it can be frozen")
}
