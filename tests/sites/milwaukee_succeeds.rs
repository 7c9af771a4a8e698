//! Milwaukee Succeeds: public, charter and voucher schools send reading results of five years, over a change of the state's
//! test, and tutoring agencies their sessions. The partner asks who reads in grade 3, whether tutoring reached those whom it
//! is for, and how far they came beside the others.

mod children;

use self::children::{Child, N_CHILDREN, SECTORS, push};
use crate::harness::Service;
use crate::support::{Groups, Measure, figure, near, report, row};

const PRODUCTS: [&str; 4] = [
    r#"
product = "reading"
version = 1
title = "Reading in grade 3"
profile = "nces-10"
mode = "suppress"
depth = 3
geography = "district"
population = "grade = 3"
years = { from = 2021, to = 2025 }
indicators = [{ name = "reading", use = "grade3_reading", test = "STATE", subject = "ELA" }]
dimensions = [
    { id = "sector", source = "sector" },
    { id = "race", source = "race7", groups = [
        { id = "white_asian", label = "White or Asian", members = ["white", "asian"] },
    ] },
    { id = "lunch", source = "lunch" },
]
"#,
    r#"
product = "forward"
version = 1
title = "The newest test and the city's reach"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
population = "grade = 3"
years = { from = 2023, to = 2025 }
indicators = [
    { name = "forward", use = "grade3_reading", test = "WI_FORWARD", subject = "ELA" },
    { name = "reach", use = "reach", program = "TUTOR" },
]
dimensions = [{ id = "sector", source = "sector" }]
"#,
    r#"
product = "takeup"
version = 1
title = "Children whom tutoring is for, and those who came"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
population = "grade = 3 and eligible('TUTOR') = 1"
years = { from = 2023, to = 2025 }
indicators = [{ name = "take_up", use = "take_up", program = "TUTOR" }]
dimensions = [{ id = "race", source = "race7", groups = [
    { id = "white_asian", label = "White or Asian", members = ["white", "asian"] },
] }]
"#,
    r#"
product = "tutoring"
version = 1
title = "Children whom tutoring is for, by how much they had"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
population = "grade = 3 and eligible('TUTOR') = 1"
years = { from = 2023, to = 2025 }
indicators = [{ name = "gain", use = "score_gain", test = "PALS", subject = "READING" }]
dimensions = [
    { id = "status", source = "program_status", program = "TUTOR" },
    { id = "sessions", source = "dosage", program = "TUTOR", bands = [1, 10, 20] },
]
"#,
];

const REPORT: &str = r#"
report = "milestones"
title = "Milestones"
breaks = [{ indicator = "reading", year = 2023, why = "Badger gave way to Forward, and the cut scores with it" }]

[[figures]]
form = "series"
title = "Reading in grade 3"
product = "reading"
indicator = "reading"

[[figures]]
form = "series"
title = "Reading up to the change"
product = "reading"
indicator = "reading"
years = [2021, 2022, 2023]

[[figures]]
form = "participants"
title = "Gain of the tutored"
product = "tutoring"
indicator = "gain"
by = "status"
year = 2025
"#;

/// Grade 3 by sector, race and meals, and the same children in the state's own file.
fn reading(service: &Service, children: &[Child]) -> Groups {
    let (mut groups, mut forward, mut reach) = (Groups::default(), Groups::default(), Groups::default());
    for child in children {
        let sector = SECTORS[child.sector].1;
        if child.year >= 2023 {
            reach.add(child.year, &[sector], f64::from(child.sessions > 0));
        }
        let Some(reads) = child.reads else { continue };
        groups.add(child.year, &[sector, child.race, child.lunch], f64::from(reads));
        if child.is_white_or_asian() {
            for (sector, lunch) in
                [(sector, child.lunch), (sector, "all"), ("all", child.lunch), ("all", "all")]
            {
                groups.add_to(child.year, &[sector, "white_asian", lunch], f64::from(reads));
            }
        }
        if child.year == 2025 {
            forward.add(2025, &[sector], f64::from(reads));
        }
    }
    let answer = service.ask("reading", "reading", &["sector", "race", "lunch"], &[]);
    let checked = groups.check(&answer, Measure::Share);
    for year in 2021..=2025 {
        assert!(checked.is_shown(year, &["all", "all", "all"]), "{year}: {checked:?}");
        assert!(checked.is_shown(year, &["district", "all", "all"]), "{year}: {checked:?}");
        assert!(checked.is_shown(year, &["all", "black", "all"]), "{year}: {checked:?}");
        assert!(checked.is_small(year, &["all", "asian", "all"]), "{year}: {checked:?}");
    }
    let checked = forward.check(&service.ask("forward", "forward", &["sector"], &[]), Measure::Share);
    assert!(checked.hidden.is_empty() && checked.shown.len() == 4, "{checked:?}");
    let checked = reach.check(&service.ask("forward", "reach", &["sector"], &[]), Measure::Share);
    assert!((2023..=2025).all(|year| checked.is_shown(year, &["all"])), "{checked:?}");
    groups
}

fn tutoring(service: &Service, children: &[Child]) -> Groups {
    let (mut taken, mut by_status, mut by_sessions) =
        (Groups::default(), Groups::default(), Groups::default());
    for child in children.iter().filter(|child| child.is_eligible) {
        taken.add(child.year, &[child.race], f64::from(child.sessions > 0));
        by_status.add(child.year, &[child.status()], child.gain());
        if child.is_white_or_asian() {
            taken.add_to(child.year, &["white_asian"], f64::from(child.sessions > 0));
        }
        by_sessions.add(child.year, &[&child.band()], child.gain());
    }
    let checked = taken.check(&service.ask("takeup", "take_up", &["race"], &[]), Measure::Share);
    // The few Asian children are in one year or another, and never told.
    let at: Vec<_> = (2023..=2025).filter(|year| taken.of(*year, &["asian"]).people > 0).collect();
    assert!(!at.is_empty() && at.iter().all(|year| checked.is_small(*year, &["asian"])), "{checked:?}");
    assert!((2023..=2025).all(|year| checked.is_shown(year, &["all"])), "{checked:?}");
    let checked = by_status.check(&service.ask("tutoring", "gain", &["status"], &[]), Measure::Mean);
    for year in 2023..=2025 {
        for status in ["participant", "eligible_nonparticipant"] {
            assert!(checked.is_shown(year, &[status]), "{year}: {checked:?}");
        }
    }
    let checked = by_sessions.check(&service.ask("tutoring", "gain", &["sessions"], &[]), Measure::Mean);
    for band in ["none", "1-9", "10-19", "20+"] {
        assert!(checked.is_shown(2025, &[band]), "{band}: {checked:?}");
    }
    by_status
}

/// The series stops at the change of test, and starts anew.
fn told(service: &Service, reading: &Groups, gains: &Groups) {
    let report = report(service, REPORT);
    let all = |year: u32| reading.of(year, &["all", "all", "all"]).percent();
    let series = figure(&report, "Reading in grade 3");
    for year in 2021..=2025 {
        let level = row(&series, "level", year, "All");
        near(level["value"].as_f64().expect("all are shown"), all(year), &level);
    }
    let changes = series["rows"].as_array().expect("rows").iter().filter(|row| row["quantity"] == "change");
    let changes: Vec<_> = changes.map(|row| (row["since"].as_u64(), row["value"].as_f64())).collect();
    assert_eq!(changes.len(), 2, "{changes:?}");
    for (since, value) in changes {
        let since = since.expect("a change is since a year") as u32;
        assert!(since >= 2023, "nothing is compared across the change of test");
        near(value.expect("both years are shown"), all(2025) - all(since), &since);
    }
    let change = row(&figure(&report, "Reading up to the change"), "change", 2023, "All");
    assert_eq!(
        (&change["value"], &change["since"], &change["flag"]),
        (&().into(), &2022.into(), &"break".into())
    );
    let gain = figure(&report, "Gain of the tutored");
    let [tutored, others] =
        ["participant", "eligible_nonparticipant"].map(|status| gains.of(2025, &[status]));
    let gap = row(&gain, "gap", 2025, "Participant");
    near(gap["value"].as_f64().expect("both are large"), tutored.value() - others.value(), &gap);
    assert!(tutored.value() > others.value() + 2.0, "tutoring was made to help");
    let of = |at: usize| gap["counts"][at]["denominator"].as_u64();
    assert_eq!((of(0), of(1)), (Some(tutored.people), Some(others.people)), "{gap}");
}

#[test]
fn milwaukee_compares_readers_with_and_without_tutors() {
    let mut sources = SECTORS.map(|(source, _)| source).to_vec();
    sources.push("reading-tutors");
    let service = Service::start(&sources);
    let children: Vec<Child> = (0..N_CHILDREN).map(Child::new).collect();
    PRODUCTS.iter().for_each(|product| service.load("product", product));
    push(&service, &children);
    let edition = service.publish();
    assert_eq!(edition["persons"], N_CHILDREN, "{edition}");
    let groups = reading(&service, &children);
    let gains = tutoring(&service, &children);
    told(&service, &groups, &gains);
}
