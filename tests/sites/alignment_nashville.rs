//! Alignment Nashville: a district sends attendance, courses and diplomas, two after-school agencies who came on which day.
//! The partner asks for take-up, and for what became of children by how many days a week they came.

mod children;

use self::children::{AGENCIES, Child, N_OLD, N_YOUNG, push};
use crate::harness::Service;
use crate::support::{Groups, Measure, figure, near, report, row};

const PRODUCTS: [&str; 4] = [
    r#"
product = "seventh"
version = 1
title = "Grade 7"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
population = "grade = 7"
years = { from = 2024, to = 2024 }
indicators = [
    { name = "take_up", use = "take_up", program = "NAZA" },
    { name = "three_days", use = "days_per_week", program = "NAZA", days = 3 },
]
dimensions = [{ id = "poverty", source = "econ" }]
"#,
    r#"
product = "bands"
version = 1
title = "Grade 7 by days a week"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
population = "grade = 7"
years = { from = 2024, to = 2024 }
indicators = [{ name = "change", use = "attendance_change" }]
dimensions = [
    { id = "days", source = "days_per_week", program = "NAZA", bands = [1, 3] },
    { id = "status", source = "program_status", program = "NAZA" },
]
"#,
    r#"
product = "class"
version = 1
title = "The class of 2024 by what it did after school in grade 8"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
years = { from = 2024, to = 2024 }
indicators = [{ name = "graduation", use = "graduation_4y" }]
dimensions = [{ id = "days", source = "days_per_week", program = "NAZA", bands = [1, 3], years_before = 4 }]
"#,
    r#"
product = "ninth"
version = 1
title = "Grade 9 by what it did after school in grade 8"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
years = { from = 2021, to = 2021 }
indicators = [{ name = "on_track", use = "on_track_9", credits_hundredths = 600 }]
dimensions = [{ id = "days", source = "days_per_week", program = "NAZA", bands = [1, 3], years_before = 1 }]
"#,
];

const REPORT: &str = r#"
report = "after-school"
title = "After school"
product = "bands"

[[figures]]
form = "participants"
title = "Attendance of those who came"
indicator = "change"
by = "status"
"#;

/// Take-up, and who came three days a week or more.
fn take_up(service: &Service, young: &[Child]) {
    let (mut taken, mut often) = (Groups::default(), Groups::default());
    for child in young {
        if child.is_eligible {
            taken.add(2024, &[child.poverty()], f64::from(!child.days.is_empty()));
        }
        if !child.days.is_empty() {
            often.add(2024, &[child.poverty()], f64::from(child.band() == "3+"));
        }
    }
    for (indicator, groups) in [("take_up", taken), ("three_days", often)] {
        let checked = groups.check(&service.ask("seventh", indicator, &["poverty"], &[]), Measure::Share);
        assert!(checked.hidden.is_empty() && checked.shown.len() == 3, "{indicator}: {checked:?}");
    }
}

/// The change of attendance by days a week.
fn attendance(service: &Service, young: &[Child]) {
    let (mut by_days, mut by_status) = (Groups::default(), Groups::default());
    for child in young {
        by_days.add(2024, &[child.band()], child.change());
        let status = match (child.days.is_empty(), child.is_eligible) {
            (false, _) => "participant",
            (true, true) => "eligible_nonparticipant",
            (true, false) => "other",
        };
        by_status.add(2024, &[status], child.change());
    }
    let checked = by_days.check(&service.ask("bands", "change", &["days"], &[]), Measure::Mean);
    // Never, less than one day a week, one or two, three or more.
    for band in ["never", "none", "1-2", "3+"] {
        assert!(checked.is_shown(2024, &[band]), "{band}: {checked:?}");
    }
    let of = |band: &str| by_days.of(2024, &[band]).value();
    assert!(of("3+") > of("1-2") && of("1-2") > of("never"), "coming was made to help");
    let made = figure(&report(service, REPORT), "Attendance of those who came");
    let gap = row(&made, "gap", 2024, "Participant");
    let [came, others] =
        ["participant", "eligible_nonparticipant"].map(|status| by_status.of(2024, &[status]));
    near(gap["value"].as_f64().expect("both are large"), came.value() - others.value(), &gap);
    let of = |at: usize| gap["counts"][at]["denominator"].as_u64();
    assert_eq!((of(0), of(1)), (Some(came.people), Some(others.people)), "{gap}");
}

/// What became of the older ones, by what they did in grade 8.
fn later(service: &Service, old: &[Child]) {
    let (mut graduated, mut on_track) = (Groups::default(), Groups::default());
    for child in old {
        graduated.add(2024, &[child.band()], f64::from(child.graduated));
        on_track.add(2021, &[child.band()], f64::from(child.credits >= 6));
    }
    let checked = graduated.check(&service.ask("class", "graduation", &["days"], &[]), Measure::Share);
    assert!(checked.is_shown(2024, &["all"]) && checked.is_small(2024, &["none"]), "{checked:?}");
    assert!(checked.shown.len() >= 2, "{checked:?}");
    let checked = on_track.check(&service.ask("ninth", "on_track", &["days"], &[]), Measure::Share);
    assert!(checked.is_shown(2021, &["all"]) && checked.is_small(2021, &["none"]), "{checked:?}");
    assert!(checked.shown.len() >= 2, "{checked:?}");
}

#[test]
fn nashville_counts_days_a_week_after_school() {
    let service = Service::start(&["metro-schools", AGENCIES[0], AGENCIES[1]]);
    let children: Vec<Child> = (0..N_YOUNG + N_OLD).map(Child::new).collect();
    PRODUCTS.iter().for_each(|product| service.load("product", product));
    push(&service, &children);
    let edition = service.publish();
    assert_eq!(edition["persons"], N_YOUNG + N_OLD, "{edition}");
    let (young, old): (Vec<Child>, Vec<Child>) = children.into_iter().partition(|child| child.is_young);
    take_up(&service, &young);
    attendance(&service, &young);
    later(&service, &old);
}
