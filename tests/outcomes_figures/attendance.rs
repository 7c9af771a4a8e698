//! Days: exact tenths, short stays, moves within a year, daily events, suspensions.

use crate::city::{City, Figure, at, code, date, days, figure, product, spell};
use throughline::outcomes::Unit::StudentYear;
use throughline::outcomes::{Error, check_together};
use throughline::records::{Action, AttendanceEvent, AttendanceStatus, Discipline, Fact};

const ATTENDANCE: &str = r#"
    [[indicators]]
    name = "chronic"
    use = "chronic_absence"
    [[indicators]]
    name = "regular"
    use = "regular_attendance"
    [[indicators]]
    name = "rate"
    use = "attendance_rate"
    [[indicators]]
    name = "mean"
    use = "mean_days_absent"
    [[indicators]]
    name = "enrolled"
    use = "enrollment"
"#;

/// Counts for one person with each (enrolled, absent), in hundredths of days.
fn check(each: &[(u32, u32)], chronic: Figure, rate: Figure, mean: Figure) {
    let mut city = City::new();
    for (person, (enrolled, absent)) in (1..).zip(each) {
        city.say(person, "east", days("a", "2023-09-01", "2024-06-15", *enrolled, *absent));
    }
    let counts = city.count(ATTENDANCE, StudentYear, 2024);
    assert_eq!(figure(&counts, "chronic_absence", &[]), chronic);
    assert_eq!(figure(&counts, "attendance_rate", &[]), rate);
    assert_eq!(figure(&counts, "mean_days_absent", &[]), mean);
    assert_eq!(figure(&counts, "enrollment", &[]), Figure::Count(each.len() as u32));
}

#[test]
fn exactly_a_tenth_is_chronic() {
    check(
        &[(18_000, 1_800), (18_000, 1_799), (17_999, 1_800), (17_991, 1_799), (1_000, 100)],
        Figure::Share(3, 5),
        Figure::Ratio(72_990 - 7_298, 72_990, 5),
        Figure::Mean(7_298, 5),
    );
}

#[test]
fn exactly_nine_tenths_are_regular_and_chronic() {
    let mut city = City::new();
    for (person, absent) in [(1, 1_799), (2, 1_800), (3, 1_801)] {
        city.say(person, "east", days("a", "2023-09-01", "2024-06-15", 18_000, absent));
    }
    let counts = city.count(ATTENDANCE, StudentYear, 2024);
    assert_eq!(figure(&counts, "regular_attendance", &[]), Figure::Share(2, 3));
    assert_eq!(figure(&counts, "chronic_absence", &[]), Figure::Share(2, 3));
    // Two and two of three: one of them is both, so no product that comes now asks for the two.
    let twice = Err(Error::SamePeople("chronic".into(), "regular".into()));
    assert_eq!(check_together(&product(ATTENDANCE), &[]), twice);
    // Nor where others that were loaded before ask for both: it could ask for smaller groups, or for other years.
    assert_eq!(check_together(&product(ATTENDANCE), &[product(ATTENDANCE)]), twice);
}

#[test]
fn fewer_than_ten_days_enrolled_are_too_few_to_be_chronic() {
    check(
        &[(999, 999), (1_000, 0)],
        Figure::Share(0, 1),
        Figure::Ratio(1_000, 1_999, 2),
        Figure::Mean(999, 2),
    );
}

#[test]
fn days_that_cannot_be_are_left_out() {
    let mut city = City::new();
    let Fact::AttendanceSummary(mut wrong) = days("a", "2023-09-01", "2024-06-15", 100, 0) else {
        unreachable!("days are a summary")
    };
    wrong.days_absent_hundredths = 101;
    city.say(1, "east", Fact::AttendanceSummary(wrong));
    city.say(2, "east", days("a", "2023-09-01", "2024-06-15", 0, 0));
    city.say(3, "east", days("a", "2023-09-01", "2024-06-15", 100, 100));
    let counts = city.count(ATTENDANCE, StudentYear, 2024);
    assert_eq!(figure(&counts, "mean_days_absent", &[]), Figure::Mean(100, 1));
    assert_eq!(figure(&counts, "enrollment", &[]), Figure::Count(3));
}

#[test]
fn days_of_all_schools_are_summed_at_the_home_school() {
    let mut city = City::new();
    // 60 days at the east with 2 absences, then 120 at the west with 16: 18 of 180, at the west.
    city.say(1, "east", days("a", "2023-09-01", "2023-12-01", 6_000, 200)).say(
        1,
        "west",
        days("b", "2023-12-04", "2024-06-15", 12_000, 1_600),
    );
    // As long at both: the later entry counts.
    city.say(2, "west", days("a", "2023-09-01", "2024-01-19", 9_000, 900)).say(
        2,
        "east",
        days("b", "2024-01-22", "2024-06-15", 9_000, 0),
    );
    // Summaries for one school only: then calendar days of spells decide (76 against 195).
    city.say(3, "east", days("a", "2023-09-01", "2023-11-15", 5_000, 0)).say(
        3,
        "west",
        Fact::Enrollment(spell("a", 2024, "2023-11-16", "2024-05-28", "04")),
    );
    let counts = city.count(ATTENDANCE, StudentYear, 2024);
    let chronic = |place| figure(&counts, "chronic_absence", &[("geography", place)]);
    assert_eq!(chronic("west:b"), Figure::Share(1, 1));
    assert_eq!(chronic("east:b"), Figure::Share(0, 1));
    assert_eq!(chronic("west:a"), Figure::Share(0, 1));
    assert_eq!(chronic("east:a"), Figure::Share(0, 0));
    assert_eq!(chronic("west"), Figure::Share(1, 2));
    assert_eq!(chronic("all"), Figure::Share(1, 3));
}

fn event(school: &str, on: &str, status: AttendanceStatus) -> Fact {
    Fact::AttendanceEvent(AttendanceEvent {
        school: code(school),
        date: date(on),
        status,
        absent_hundredths: None,
    })
}

#[test]
fn daily_events_count_where_a_source_writes_one_for_every_day() {
    use AttendanceStatus::{Excused, Present, Suspended};
    let mut city = City::new();
    for day in 10..28 {
        let status = if day == 13 { Suspended } else { Present };
        city.say(1, "east", event("a", &format!("2023-10-{day}"), status));
        // Somebody else at the same source was away all the time.
        city.say(2, "east", event("a", &format!("2023-10-{day}"), Excused));
        // The west writes absences down and nothing else: how long was this child enrolled?
        city.say(3, "west", event("a", &format!("2023-10-{day}"), Excused));
    }
    let counts = city.count(ATTENDANCE, StudentYear, 2024);
    assert_eq!(figure(&counts, "mean_days_absent", &[]), Figure::Mean(100 + 1_800, 2));
    assert_eq!(figure(&counts, "chronic_absence", &[]), Figure::Share(1, 2));
    assert_eq!(figure(&counts, "enrollment", &[("geography", "west:a")]), Figure::Count(1));
}

#[test]
fn suspensions_count_students_once() {
    let mut city = City::new();
    let action = |action, on| {
        Fact::Discipline(Discipline {
            school: None,
            date: date(on),
            action,
            days_hundredths: None,
            behavior: None,
        })
    };
    city.say(1, "east", at("a", 2024, "05"))
        .say(1, "east", action(Action::OutOfSchoolSuspension, "2023-10-01"))
        .say(1, "east", action(Action::OutOfSchoolSuspension, "2024-06-30"));
    city.say(2, "east", at("a", 2024, "05")).say(2, "east", action(Action::InSchoolSuspension, "2023-10-01"));
    // In July the next school year has begun.
    city.say(3, "east", at("a", 2024, "05")).say(
        3,
        "east",
        action(Action::OutOfSchoolSuspension, "2024-07-01"),
    );
    let product = "[[indicators]]\nname = \"oss\"\nuse = \"suspension_rate\"";
    let rate = |period| figure(&city.count(product, StudentYear, period), "suspension_rate", &[]);
    assert_eq!(rate(2024), Figure::Share(1, 3));
    assert_eq!(rate(2025), Figure::Share(1, 1));
    let product = "[[indicators]]\nname = \"actions\"\nuse = \"disciplinary_actions\"";
    let actions = |period| figure(&city.count(product, StudentYear, period), "disciplinary_actions", &[]);
    assert_eq!(actions(2024), Figure::Mean(3, 3), "each action counts, of either kind");
    assert_eq!(actions(2025), Figure::Mean(1, 1));
}
