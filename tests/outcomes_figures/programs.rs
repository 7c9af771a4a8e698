//! Services: take-up, status, amounts, several programs, values of earlier years, groups of categories.

use crate::city::{City, Figure, at, code, date, figure, person, product, year};
use throughline::outcomes::Unit::StudentYear;
use throughline::outcomes::{Error, check_together};
use throughline::records::{Dosage, DosageUnit, Eligibility, Fact, Participation, Sex};

fn eligible(begin: &str, end: Option<&str>) -> Fact {
    Fact::Eligibility(Eligibility { program: code("TUTOR"), begin: date(begin), end: end.map(date) })
}

fn took_part(program: &str, begin: &str, end: Option<&str>) -> Fact {
    Fact::Participation(Participation {
        program: code(program),
        begin: date(begin),
        end: end.map(date),
        exit_reason: None,
    })
}

fn dose(on: &str, amount_hundredths: u32) -> Fact {
    let (program, unit) = (code("TUTOR"), DosageUnit::Session);
    Fact::Dosage(Dosage { program, date: date(on), unit, amount_hundredths })
}

const PROGRAMS: &str = r#"
    [[indicators]]
    name = "take_up"
    use = "take_up"
    program = "TUTOR"
    [[indicators]]
    name = "enrolled"
    use = "enrollment"
    [[dimensions]]
    id = "status"
    source = "program_status"
    program = "TUTOR"
    [[dimensions]]
    id = "amount"
    source = "dosage"
    program = "TUTOR"
    bands = [1, 10, 20]
    [[dimensions]]
    id = "which"
    source = "program_group"
    programs = ["TUTOR", "CAMP"]
    [[dimensions]]
    id = "grade"
    source = "grade"
    groups = [{ id = "upper", label = "Grades 4 and 5", members = ["04", "05"] }]
    [[dimensions]]
    id = "status_before"
    source = "program_status"
    program = "TUTOR"
    years_before = 1
    [[dimensions]]
    id = "sex_before"
    source = "sex"
    years_before = 1
"#;

fn city() -> City {
    let mut city = City::new();
    for (number, grade) in [(1, "03"), (2, "04"), (3, "05"), (4, "")] {
        city.say(number, "east", at("a", 2024, grade));
    }
    // Eligible and took part, 9.99 sessions.
    city.say(1, "east", eligible("2023-09-01", Some("2024-06-15")));
    city.say(1, "agency", dose("2023-10-01", 900)).say(1, "agency", dose("2024-02-01", 99));
    city.say(1, "agency", took_part("CAMP", "2024-06-30", Some("2024-06-30")));
    // Eligible only, on one day.
    city.say(2, "east", eligible("2024-06-30", Some("2024-07-01")));
    // Took part without being eligible, 20 sessions, and for a while without an end.
    city.say(3, "agency", took_part("TUTOR", "2022-09-01", None)).say(3, "agency", dose("2024-02-01", 2_000));
    city.say(3, "east", person(|p| (p.sex, p.school_year) = (Some(Sex::Female), Some(year(2023)))));
    city.say(3, "east", person(|p| (p.sex, p.school_year) = (Some(Sex::Male), Some(year(2024)))));
    city
}

#[test]
fn take_up_is_participants_among_the_eligible() {
    let counts = city().count(PROGRAMS, StudentYear, 2024);
    assert_eq!(figure(&counts, "take_up TUTOR", &[]), Figure::Share(1, 2));
    assert_eq!(figure(&counts, "enrollment", &[]), Figure::Count(4));
    // One day of July is enough for the next school year.
    let counts = city().count(PROGRAMS, StudentYear, 2025);
    assert_eq!(figure(&counts, "take_up TUTOR", &[]), Figure::Share(0, 1));
    assert_eq!(figure(&counts, "enrollment", &[]), Figure::Count(0));
}

#[test]
fn reach_is_of_all_enrolled_and_dosage_of_all_participants() {
    let mut city = city();
    // A participant whom no school knows has an amount, and no place among the enrolled.
    city.say(5, "agency", dose("2023-10-01", 101));
    // One more has no amount.
    city.say(6, "agency", took_part("TUTOR", "2023-10-01", Some("2023-10-02")));
    let programs = r#"
        [[indicators]]
        name = "reach"
        use = "reach"
        program = "TUTOR"
        [[indicators]]
        name = "dosage"
        use = "mean_dosage"
        program = "TUTOR"
    "#;
    let counts = city.count(programs, StudentYear, 2024);
    assert_eq!(figure(&counts, "reach TUTOR", &[]), Figure::Share(2, 4));
    assert_eq!(figure(&counts, "mean_dosage TUTOR", &[]), Figure::Mean(999 + 2_000 + 101, 4));
}

#[test]
fn participants_are_known_to_schools_when_they_are_linked() {
    let mut city = city();
    // A boy whom only the agency knows, and a girl whom the school knows only a year later.
    city.say(5, "agency", dose("2023-10-01", 100));
    city.say(5, "agency", person(|p| p.sex = Some(Sex::Male)));
    city.say(6, "agency", dose("2023-10-01", 100)).say(6, "east", at("a", 2025, "03"));
    city.say(6, "agency", person(|p| p.sex = Some(Sex::Female)));
    let known = r#"
        [[indicators]]
        name = "known"
        use = "known_to_schools"
        program = "TUTOR"
        [[dimensions]]
        id = "sex"
        source = "sex"
    "#;
    let counts = city.count(known, StudentYear, 2024);
    assert_eq!(figure(&counts, "known_to_schools TUTOR", &[]), Figure::Share(2, 4));
    assert_eq!(figure(&counts, "known_to_schools TUTOR", &[("sex", "M")]), Figure::Share(1, 2));
    assert_eq!(figure(&counts, "known_to_schools TUTOR", &[("sex", "F")]), Figure::Share(0, 1));
    // The same two are in reach, out of others: what one of them hides to protect others the other would show.
    let reach = "[[indicators]]\nname = \"reach\"\nuse = \"reach\"\nprogram = \"TUTOR\"\n";
    let twice = Err(Error::SamePeople("reach".into(), "known".into()));
    assert_eq!(check_together(&product(reach), &[product(known)]), twice);
    let twice = Err(Error::SamePeople("known".into(), "reach".into()));
    assert_eq!(check_together(&product(known), &[product(reach)]), twice);
    let other = reach.replace("TUTOR", "OTHER");
    assert_eq!(check_together(&product(&other), &[product(known)]), Ok(()));
}

#[test]
fn services_classify_students() {
    let counts = city().count(PROGRAMS, StudentYear, 2024);
    let enrolled = |dimension, category| figure(&counts, "enrollment", &[(dimension, category)]);
    for (dimension, category, expected) in [
        ("status", "participant", 2),
        ("status", "eligible_nonparticipant", 1),
        ("status", "other", 1),
        ("amount", "none", 2),
        ("amount", "1-9", 1),
        ("amount", "10-19", 0),
        ("amount", "20+", 1),
        ("which", "TUTOR", 1),
        ("which", "CAMP", 0),
        ("which", "several", 1),
        ("which", "none", 2),
        ("grade", "upper", 2),
        ("grade", "04", 1),
        ("grade", "unknown", 1),
        ("status_before", "participant", 1),
        ("status_before", "other", 3),
        ("sex_before", "F", 1),
        ("sex_before", "M", 0),
        ("sex_before", "unknown", 3),
    ] {
        assert_eq!(enrolled(dimension, category), Figure::Count(expected), "{dimension} {category}");
    }
}

#[test]
fn a_span_without_an_end_makes_no_years_of_its_own() {
    let mut city = City::new();
    city.say(1, "agency", took_part("TUTOR", "2015-09-01", None)).say(1, "east", at("a", 2017, "05"));
    city.say(2, "agency", took_part("TUTOR", "2015-09-01", None));
    city.say(3, "agency", took_part("TUTOR", "2030-09-01", None));
    // 2016 and 2017 for the first, 2016 for the second, nothing yet for the third.
    assert_eq!(city.edition().n_rows(StudentYear), 3);
}
