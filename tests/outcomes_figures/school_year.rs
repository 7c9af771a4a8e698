//! Courses, moves, age, conduct, readiness, and services by day, as figures.

use crate::city::{City, Figure, at, code, date, days, figure, person, product, spell, year};
use throughline::outcomes::Unit::StudentYear;
use throughline::outcomes::{Error, check_together};
use throughline::records::{
    Action, Assessment, AttendanceEvent, AttendanceStatus, Course, Discipline, Dosage, DosageUnit,
    Eligibility, EnglishLearner, ExitType, Fact, SchoolDay, Status, StatusKind,
};

fn one(text: &str, city: &City) -> Figure {
    let product = format!("[[indicators]]\nname = \"x\"\nuse = {text}\n");
    let counts = city.count(&product, StudentYear, 2024);
    let id = counts.measures[0].id.clone();
    figure(&counts, &id, &[])
}

/// A result with a level and nothing else.
fn result(test: &str, subject: &str, on: &str, level: u8) -> Assessment {
    Assessment {
        test: code(test),
        subject: code(subject),
        grade: None,
        date: date(on),
        scale_score_thousandths: None,
        level: Some(level),
        proficient: None,
        not_tested: None,
        standard_error_thousandths: None,
    }
}

fn course(name: &str, term: &str, earned_hundredths: u32, failed: Option<bool>) -> Fact {
    Fact::Course(Course {
        school_year: year(2024),
        code: code(name),
        term: (!term.is_empty()).then(|| code(term)),
        core: Some(name != "BAND"),
        attempted_hundredths: Some(100),
        earned_hundredths,
        failed,
    })
}

#[test]
fn first_time_ninth_graders_are_on_track_by_credits_and_marks() {
    let mut city = City::new();
    // 1: six credits, one failing mark. 2: six credits, two of them. 3: five credits. 4: repeats. 5: no course.
    for (number, credits, failed) in [(1, 500, 1), (2, 500, 2), (3, 400, 0), (4, 600, 0)] {
        city.say(number, "east", at("a", 2024, "09"));
        city.say(number, "east", course("BAND", "", 100, Some(true)));
        for (at, mark) in (0..3).zip([true, true, false]) {
            let (term, earned) = (format!("T{at}"), if at == 0 { credits } else { 0 });
            city.say(number, "east", course("ENG9", &term, earned, Some(mark && at < failed)));
        }
    }
    city.say(4, "east", at("a", 2023, "09"));
    city.say(5, "east", at("a", 2024, "09"));
    let core = one("\"on_track_9_core\"\ncredits_hundredths = 600", &city);
    assert_eq!(one("\"on_track_9\"\ncredits_hundredths = 600", &city), Figure::Share(2, 3));
    assert_eq!(one("\"on_track_9\"\ncredits_hundredths = 500", &city), Figure::Share(3, 3));
    assert_eq!(core, Figure::Share(1, 3));
}

#[test]
fn entries_and_exits_after_the_first_of_october_are_moves() {
    let mut city = City::new();
    let mut say = |number, entry: &str, exit: &str, exit_type: Option<ExitType>| {
        let mut spell = spell("a", 2024, entry, exit, "05");
        spell.exit_type = exit_type;
        city.say(number, "east", Fact::Enrollment(spell));
    };
    say(1, "2023-09-01", "2024-06-14", None); // there all year
    say(2, "2023-09-01", "2024-02-01", Some(ExitType::Transferred)); // left
    say(3, "2023-10-02", "2024-06-14", Some(ExitType::EndOfYear)); // came
    say(4, "2023-10-01", "2023-12-01", None); // left
    say(4, "2024-03-01", "", None); // and came back
    say(5, "2023-09-01", "2023-09-30", None); // left before the start
    assert_eq!(one("\"mobility\"", &city), Figure::Ratio(4, 3, 5));
}

#[test]
fn age_for_grade_is_counted_on_the_first_of_september() {
    let mut city = City::new();
    // Grade 6 is usually 11 years on 1 September 2023: 12 years and 6 months is overage by one and a half.
    for (number, born) in [(1, Some("2011-02")), (2, Some("2011-03")), (3, Some("2012-01")), (4, None)] {
        city.say(number, "east", at("a", 2024, "06"));
        let born = born.map(|text: &str| text.parse().expect("a month"));
        city.say(number, "east", person(|p| p.birth_month = born));
    }
    assert_eq!(one("\"overage_for_grade\"", &city), Figure::Share(1, 3));
    assert_eq!(one("\"overage_for_grade\"\nmonths = 17", &city), Figure::Share(2, 3));
}

#[test]
fn conduct_is_counted_by_kind_and_by_days() {
    let mut city = City::new();
    let mut say = |number, action, days: u32| {
        let on = date(&format!("2024-02-{:02}", 1 + days));
        let days_hundredths = Some(days * 100);
        let fact = Discipline { school: None, date: on, action, days_hundredths, behavior: None };
        city.say(number, "east", Fact::Discipline(fact));
    };
    say(1, Action::InSchoolSuspension, 2);
    say(2, Action::OutOfSchoolSuspension, 3);
    say(2, Action::Expulsion, 10);
    say(3, Action::Other, 1);
    assert_eq!(one("\"discipline_rate\"", &city), Figure::Share(2, 3));
    assert_eq!(one("\"suspension_rate\"", &city), Figure::Share(1, 3));
    assert_eq!(one("\"days_lost\"", &city), Figure::Mean(1_300, 3));
}

#[test]
fn readiness_is_of_the_first_result_and_proficiency_of_the_last() {
    let mut city = City::new();
    for (number, grade) in [(1, "KG"), (2, "KG"), (3, "01")] {
        city.say(number, "east", at("a", 2024, grade));
    }
    let mut say = |number, on: &str, level, proficient| {
        let result = Assessment { proficient, ..result("KRA", "OVERALL", on, level) };
        city.say(number, "east", Fact::Assessment(result));
    };
    say(1, "2023-09-10", 1, Some(false));
    say(1, "2024-05-10", 3, Some(true));
    say(2, "2023-09-01", 2, None); // says nothing of readiness
    say(2, "2023-09-10", 3, Some(true));
    say(3, "2023-09-10", 3, Some(true)); // no kindergartner
    let of = |indicator: &str| one(&format!("\"{indicator}\"\ntest = \"KRA\"\nsubject = \"OVERALL\""), &city);
    assert_eq!(of("kindergarten_readiness"), Figure::Share(1, 2));
    assert_eq!(of("proficiency"), Figure::Share(3, 3));
    assert_eq!(of("tested"), Figure::Share(3, 3));
    assert_eq!(of("grade3_reading"), Figure::Share(0, 0));
}

#[test]
fn mathematics_of_eighth_graders_leaves_other_grades_out() {
    let mut city = City::new();
    for (number, grade, proficient) in
        [(1, "08", Some(true)), (2, "08", Some(false)), (3, "07", Some(true)), (4, "08", None)]
    {
        city.say(number, "east", at("a", 2024, grade));
        let mut result = result("STATE", "MATH", "2024-05-01", 2);
        result.proficient = proficient;
        city.say(number, "east", Fact::Assessment(result));
    }
    let of = |indicator: &str| one(&format!("\"{indicator}\"\ntest = \"STATE\"\nsubject = \"MATH\""), &city);
    assert_eq!(of("grade8_math"), Figure::Share(1, 2));
    assert_eq!(of("proficiency_3_8"), Figure::Share(2, 3));
    assert_eq!(of("grade3_reading"), Figure::Share(0, 0));
}

/// Learners with levels in two years: one rises, one stays, one falls and is proficient, one has left the status, one has
/// no level the year before.
#[test]
fn english_learners_progress_when_their_level_rises() {
    let mut city = City::new();
    let levels =
        [(1, Some(2), 3, None), (2, Some(3), 3, None), (3, Some(5), 4, Some(true)), (4, Some(1), 2, None)];
    for (number, before, now, proficient) in levels.into_iter().chain([(5, None, 4, None)]) {
        city.say(number, "east", at("a", 2024, "05"));
        let status = if number == 4 { EnglishLearner::Former } else { EnglishLearner::Current };
        city.say(number, "east", person(|p| p.english_learner = Some(status)));
        if let Some(before) = before {
            city.say(number, "east", Fact::Assessment(result("ACCESS", "ENG", "2023-02-01", before)));
        }
        let mut result = result("ACCESS", "ENG", "2024-02-01", now);
        result.proficient = proficient;
        city.say(number, "east", Fact::Assessment(result));
    }
    let rate = one("\"english_learner_progress\"\ntest = \"ACCESS\"\nsubject = \"ENG\"", &city);
    assert_eq!(rate, Figure::Share(2, 3));
}

/// A day in two overlapping spells counts once, and the least absence that was said of it.
#[test]
fn overlapping_spells_beside_a_calendar_count_a_day_once() {
    let mut city = City::new();
    for (school, n) in ["a", "b"].into_iter().flat_map(|school| (0..10).map(move |n| (school, n))) {
        let day = throughline::calendar::Date::from_days(date("2024-01-01").days() + n).expect("a day");
        let (school, date, instructional) = (code(school), day, n != 6);
        city.school_days.push(("east", SchoolDay { school, date, instructional }));
    }
    city.say(1, "east", Fact::Enrollment(spell("a", 2024, "2024-01-01", "2024-01-06", "05")));
    city.say(1, "east", Fact::Enrollment(spell("b", 2024, "2024-01-04", "2024-01-10", "05")));
    for (school, on, status) in [
        ("a", "2024-01-05", AttendanceStatus::Unexcused),
        ("b", "2024-01-05", AttendanceStatus::Tardy),
        ("a", "2024-01-02", AttendanceStatus::Excused),
        ("b", "2024-01-07", AttendanceStatus::Excused),
        ("b", "2024-01-09", AttendanceStatus::Excused),
    ] {
        let event = AttendanceEvent { school: code(school), date: date(on), status, absent_hundredths: None };
        city.say(1, "east", Fact::AttendanceEvent(event));
    }
    // The 7th is no day of instruction, and the 10th is after the last event.
    assert_eq!(one("\"attendance_rate\"", &city), Figure::Ratio(600, 800, 1));
}

/// Two weeks of service: 1 on three days a week, 2 on one, 3 on one day alone, 4 on none.
#[test]
fn days_of_service_a_week_make_bands() {
    let mut city = City::new();
    let mut dose = |number, day: u8, amount_hundredths| {
        let date = date(&format!("2024-01-{day:02}"));
        let (program, unit) = (code("CLUB"), DosageUnit::Hour);
        city.say(number, "agency", Fact::Dosage(Dosage { program, date, unit, amount_hundredths }));
    };
    for day in [8, 10, 12, 15, 17, 21] {
        dose(1, day, 150);
    }
    dose(2, 8, 100);
    dose(2, 21, 100);
    dose(3, 8, 100);
    dose(3, 8, 100);
    dose(4, 8, 0);
    let share = |days| one(&format!("\"days_per_week\"\nprogram = \"CLUB\"\ndays = {days}"), &city);
    assert_eq!((share(3), share(1)), (Figure::Share(1, 3), Figure::Share(3, 3)));
    let product = r#"
        [[indicators]]
        name = "n"
        use = "reach"
        program = "CLUB"
        [[indicators]]
        name = "amount"
        use = "mean_dosage"
        program = "CLUB"
        [[dimensions]]
        id = "days"
        source = "days_per_week"
        program = "CLUB"
        bands = [1, 3]
        [[dimensions]]
        id = "month"
        source = "first_month"
        program = "CLUB"
        [[dimensions]]
        id = "much"
        source = "rule"
        rule = "dosage_hundredths('CLUB') >= 200"
    "#;
    (1..=4).for_each(|number| {
        city.say(number, "east", at("a", 2024, "05"));
    });
    let counts = city.count(product, StudentYear, 2024);
    let reach = |at: &[(&str, &str)]| figure(&counts, "reach CLUB", at);
    assert_eq!(reach(&[("days", "3+")]), Figure::Share(1, 1));
    assert_eq!(reach(&[("days", "1-2")]), Figure::Share(2, 2));
    assert_eq!(reach(&[("days", "none")]), Figure::Share(0, 0));
    assert_eq!(reach(&[("days", "never")]), Figure::Share(0, 1));
    assert_eq!(reach(&[("month", "jan")]), Figure::Share(3, 3));
    assert_eq!(reach(&[("month", "never")]), Figure::Share(0, 1));
    assert_eq!(reach(&[("much", "yes")]), Figure::Share(3, 3));
    assert_eq!(reach(&[("much", "no")]), Figure::Share(0, 1));
}

/// Attendance by a calendar, before and after a service began, and against the year before.
#[test]
fn attendance_is_compared_over_the_start_of_a_service() {
    let mut city = City::new();
    for n in 0..60 {
        let day = throughline::calendar::Date::from_days(date("2024-01-01").days() + n).expect("a day");
        let instructional = n % 7 < 5;
        let (school, date) = (code("a"), day);
        city.school_days.push(("east", SchoolDay { school, date, instructional }));
    }
    let absent = |on: &str| {
        let (school, date, status) = (code("a"), date(on), AttendanceStatus::Unexcused);
        Fact::AttendanceEvent(AttendanceEvent { school, date, status, absent_hundredths: None })
    };
    for number in 1..=3 {
        city.say(number, "east", Fact::Enrollment(spell("a", 2024, "2024-01-01", "", "05")));
        city.say(number, "east", days("a", "2022-09-01", "2023-06-15", 10_000, 1_000));
    }
    // 20 days before Monday 29 January, 22 from it on. One absent four times before and once after.
    let dose = |on: &str| {
        let (program, date, unit) = (code("CLUB"), date(on), DosageUnit::Session);
        Fact::Dosage(Dosage { program, date, unit, amount_hundredths: 100 })
    };
    city.say(1, "agency", dose("2024-01-29")).say(1, "agency", dose("2024-02-26"));
    for on in ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-02-29"] {
        city.say(1, "east", absent(on));
    }
    // The last event of the source ends what the calendar tells: 44 days to 29 February.
    let improved = one("\"attendance_improvement\"\nprogram = \"CLUB\"", &city);
    // 80.00 % before; 23 of 24 days after.
    assert_eq!(improved, Figure::Mean(9_583 - 8_000, 1));
    assert_eq!(one("\"mean_days_absent\"", &city), Figure::Mean(500, 3));
    assert_eq!(one("\"attendance_rate\"", &city), Figure::Ratio(3 * 4_400 - 500, 3 * 4_400, 3));
    // 90 % the year before; 39 of 44 days, and all of them twice.
    assert_eq!(one("\"attendance_change\"", &city), Figure::Mean(8_864 - 9_000 + 2 * 1_000, 3));
    // The second was eligible and did not take part: its attendance is compared around the day by which half had begun. The
    // third was neither, and nine who took part go to no school.
    (4..=7).for_each(|number| {
        city.say(number, "agency", dose("2024-01-08"));
    });
    (8..12).for_each(|number| {
        city.say(number, "agency", dose("2024-02-20"));
    });
    let eligible =
        Eligibility { program: code("CLUB"), begin: date("2024-01-01"), end: Some(date("2024-06-15")) };
    city.say(2, "agency", Fact::Eligibility(eligible));
    city.say(2, "east", absent("2024-01-02"));
    let around = "\"attendance_around_start\"\nprogram = \"CLUB\"\n[[dimensions]]\nid = \"part\"\n\
                  source = \"program_status\"\nprogram = \"CLUB\"";
    let around = format!("[[indicators]]\nname = \"around\"\nuse = {around}\n");
    let of_nine = city.count(&around, StudentYear, 2024);
    let of_eligible =
        figure(&of_nine, "attendance_around_start CLUB", &[("part", "eligible_nonparticipant")]);
    assert_eq!(of_eligible, Figure::Mean(0, 0), "the day would tell of one of nine participants");
    city.say(12, "agency", dose("2024-02-20"));
    let counts = city.count(&around, StudentYear, 2024);
    let of = |part: &str| figure(&counts, "attendance_around_start CLUB", &[("part", part)]);
    assert_eq!(of("participant"), Figure::Mean(9_583 - 8_000, 1));
    assert_eq!(
        of("eligible_nonparticipant"),
        Figure::Mean(10_000 - 9_500, 1),
        "19 of 20 days before, and all after"
    );
    assert_eq!(of("other"), Figure::Mean(0, 0));
    let improved = one("\"attendance_improvement\"\nprogram = \"CLUB\"", &city);
    assert_eq!(improved, Figure::Mean(9_583 - 8_000, 1), "of participants alone");
    // Both count participants, each protected on its own.
    let improvement =
        "[[indicators]]\nname = \"since\"\nuse = \"attendance_improvement\"\nprogram = \"CLUB\"\n";
    let twice = Err(Error::SamePeople("since".into(), "around".into()));
    assert_eq!(check_together(&product(improvement), &[product(&around)]), twice);
    assert_eq!(check_together(&product(&format!("{improvement}{around}")), &[]), twice);
    let other = improvement.replace("CLUB", "OTHER");
    assert_eq!(check_together(&product(&other), &[product(&around)]), Ok(()));
    // What was published before the library knew is counted on, or nothing could be published any more.
    let both = format!("{improvement}{around}");
    let counts = city.count(&both, StudentYear, 2024);
    assert_eq!(figure(&counts, "attendance_improvement CLUB", &[]), Figure::Mean(9_583 - 8_000, 1));
}

#[test]
fn a_dated_status_is_a_group_of_every_year_it_touches() {
    let mut city = City::new();
    for number in 1..=2 {
        city.say(number, "east", at("a", 2024, "05"));
        city.say(number, "east", person(|p| p.homeless = Some(false)));
    }
    let (status, zone) = (StatusKind::Homeless, None);
    let (begin, end) = (date("2024-06-01"), Some(date("2024-08-01")));
    city.say(1, "agency", Fact::Status(Status { status, zone, begin, end }));
    let text = "[[indicators]]\nname = \"n\"\nuse = \"enrollment\"\n\
                [[dimensions]]\nid = \"home\"\nsource = \"homeless\"\n";
    let counts = city.count(text, StudentYear, 2024);
    assert_eq!(figure(&counts, "enrollment", &[("home", "yes")]), Figure::Count(1));
    assert_eq!(figure(&counts, "enrollment", &[("home", "no")]), Figure::Count(1));
}
