//! Say Yes Buffalo: a district and a charter school send their graduates, the scholarship's agency its recipients, and a
//! clearinghouse names and colleges alone. The partner asks who went to college, who stayed, and who took the scholarship.

mod seniors;

use self::seniors::{MONTHS, N_SENIORS, SOURCES, Senior, push};
use crate::harness::Service;
use crate::support::{Checked, Group, Groups, Measure, figure, near, report, row};

const PRODUCTS: [&str; 5] = [
    r#"
product = "graduates"
version = 1
title = "Graduates"
profile = "nces-10"
mode = "suppress"
depth = 2
geography = "district"
years = { from = 2022, to = 2023 }
indicators = [{ name = "college", use = "college_16m" }]
dimensions = [
    { id = "race", source = "race7", groups = [
        { id = "others", label = "Asian or Native", members = ["asian", "american_indian"] },
    ] },
    { id = "poverty", source = "econ" },
]
"#,
    r#"
product = "scholars"
version = 1
title = "Graduates with and without the scholarship"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
years = { from = 2022, to = 2023 }
indicators = [{ name = "persistence", use = "persistence_y2" }, { name = "college", use = "college_16m" }]
dimensions = [
    { id = "poverty", source = "econ" },
    { id = "scholarship", source = "program_status", program = "SAYYES" },
]
"#,
    r#"
product = "takeup"
version = 1
title = "Seniors whom the scholarship is for"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
population = "eligible('SAYYES') = 1"
years = { from = 2022, to = 2023 }
indicators = [{ name = "take_up", use = "take_up", program = "SAYYES" }]
dimensions = [{ id = "poverty", source = "econ" }]
"#,
    r#"
product = "months"
version = 1
title = "Seniors whom the scholarship is for, by when they took it"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
population = "eligible('SAYYES') = 1"
years = { from = 2022, to = 2023 }
indicators = [{ name = "students", use = "enrollment" }]
dimensions = [{ id = "month", source = "first_month", program = "SAYYES" }]
"#,
    r#"
product = "dashboard"
version = 1
title = "Seniors"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
years = { from = 2022, to = 2023 }
indicators = [
    { name = "students", use = "enrollment" },
    { name = "attendance", use = "attendance_rate" },
    { name = "suspended", use = "suspension_rate" },
]
dimensions = [
    { id = "sector", source = "sector" },
    { id = "lunch", source = "lunch" },
    { id = "language", source = "english_learner" },
]
"#,
];

const REPORT: &str = r#"
report = "promise"
title = "The promise"
product = "scholars"

[[figures]]
form = "participants"
title = "Staying in college"
indicator = "persistence"
by = "scholarship"
year = 2023
"#;

/// What the scholarship's agency and its partner have agreed on: colleges by scholarship, and nothing of race.
const AGREEMENT: &str = r#"
agreement = "scholarship-only"
version = 1
title = "Scholarship and college"
basis = "studies"
purposes = ["evaluation"]
begins = "2020-01-01"
expires = "2099-06-30"
destruction = "2099-12-31"
profile = "nces-10"
cell_min = 10

[parties]
sources = ["buffalo-schools", "elmwood-charter", "say-yes", "clearinghouse"]
partners = ["city-partnership"]

[permits]
products = ["scholars"]
indicators = ["persistence"]
dimensions = ["scholarship"]
years = { from = 2022, to = 2023 }
"#;

/// College by race and poverty, and persistence by scholarship.
fn college(service: &Service, seniors: &[Senior]) -> Groups {
    let (mut enrolled, mut stayed) = (Groups::default(), Groups::default());
    for senior in seniors.iter().filter(|senior| senior.graduated) {
        let at = [senior.race, senior.poverty()];
        let value = f64::from(senior.enrolled_16m());
        enrolled.add(senior.class, &at, value);
        if ["asian", "american_indian"].contains(&senior.race) {
            enrolled.add_to(senior.class, &["others", senior.poverty()], value);
            enrolled.add_to(senior.class, &["others", "all"], value);
        }
        if senior.in_fall(senior.class) {
            stayed.add(senior.class, &[senior.scholarship()], f64::from(senior.in_fall(senior.class + 1)));
        }
    }
    let checked =
        enrolled.check(&service.ask("graduates", "college", &["race", "poverty"], &[]), Measure::Share);
    for year in [2022, 2023] {
        assert!(
            checked.is_shown(year, &["all", "all"]) && checked.is_shown(year, &["all", "yes"]),
            "{checked:?}"
        );
        assert!(checked.is_small(year, &["american_indian", "all"]), "{checked:?}");
    }
    // Which of the others go with the small groups depends on the key of the service.
    assert!(checked.shown.len() >= 10, "{checked:?}");
    let checked =
        stayed.check(&service.ask("scholars", "persistence", &["scholarship"], &[]), Measure::Share);
    assert_eq!(checked.shown.len(), 8, "{checked:?}");
    stayed
}

/// When it was taken up, out of all whom it is for.
fn take_up(service: &Service, seniors: &[Senior]) {
    let (mut taken, mut by_month) = (Groups::default(), Groups::default());
    for senior in seniors.iter().filter(|senior| senior.is_eligible) {
        taken.add(senior.class, &[senior.poverty()], f64::from(senior.month.is_some()));
        by_month.add(senior.class, &[senior.month.map_or("never", |month| MONTHS[month].0)], 1.0);
    }
    taken.check(&service.ask("takeup", "take_up", &["poverty"], &[]), Measure::Share);
    let checked = by_month.check(&service.ask("months", "students", &["month"], &[]), Measure::Count);
    for year in [2022, 2023] {
        assert!(checked.is_small(year, &["jun"]), "{checked:?}");
        // One small month would be what is left of all, so another one is hidden with it.
        let hidden = checked.hidden.iter().filter(|(of, _)| *of == year).count();
        assert!((2..=3).contains(&hidden), "{checked:?}");
    }
}

fn dashboard(service: &Service, seniors: &[Senior]) {
    let (mut sectors, mut attendance, mut suspended) =
        (Groups::default(), Groups::default(), Groups::default());
    for senior in seniors {
        let sector = if senior.is_charter { "charter" } else { "district" };
        sectors.add(senior.class, &[sector], 1.0);
        attendance.add_over(senior.class, &[sector], f64::from(180 - senior.days_absent), 180.0);
        let language = if senior.is_learner { "current" } else { "never" };
        suspended.add(senior.class, &[language], f64::from(senior.is_suspended));
    }
    let all = |checked: Checked| assert!(checked.hidden.is_empty(), "{checked:?}");
    all(sectors.check(&service.ask("dashboard", "students", &["sector"], &[]), Measure::Count));
    all(attendance.check(&service.ask("dashboard", "attendance", &["sector"], &[]), Measure::Ratio));
    suspended.check(&service.ask("dashboard", "suspended", &["language"], &[]), Measure::Share);
    // The community's dashboard finds the same figures by itself, and says that it does not find all of them.
    let pack = service.run(&["report", "--pack", "say-yes-buffalo", "--purpose", "evaluation", "--json"]);
    assert_eq!(pack.code, 1, "{}", pack.stderr);
    let pack = pack.json();
    for (group, sector) in [("District", "district"), ("Charter", "charter")] {
        let level = row(&figure(&pack, "Enrollment in public and charter schools"), "level", 2023, group);
        assert_eq!(level["counts"][0]["denominator"], sectors.of(2023, &[sector]).people, "{level}");
    }
    let level = row(&figure(&pack, "College persistence to the second year"), "level", 2022, "All");
    let stayed =
        seniors.iter().filter(|senior| senior.graduated && senior.class == 2022 && senior.in_fall(2022));
    let (stayed, n) =
        stayed.fold((0, 0), |(with, n), senior| (with + u64::from(senior.in_fall(2023)), n + 1));
    assert_eq!(
        (&level["counts"][0]["numerator"], &level["counts"][0]["denominator"]),
        (&stayed.into(), &n.into())
    );
}

/// Users of the scholarship against those who could have had it.
fn comparison(service: &Service, stayed: &Groups) {
    let made = figure(&report(service, REPORT), "Staying in college");
    let [users, others]: [Group; 2] =
        ["participant", "eligible_nonparticipant"].map(|category| stayed.of(2023, &[category]));
    let gap = row(&made, "gap", 2023, "Participant");
    near(gap["value"].as_f64().expect("both are large"), users.percent() - others.percent(), &gap);
    assert_eq!(gap["counts"][0]["denominator"], users.people, "{gap}");
    assert_eq!(gap["counts"][1]["denominator"], others.people, "{gap}");
}

/// An agreement of less is kept to.
fn narrower(service: &Service) {
    service.load("agreement", AGREEMENT);
    let ask = |indicator: &str, by: &str| {
        let under = ["--agreement", "scholarship-only", "--purpose", "evaluation", "--json"];
        service.run(&[&["query", "scholars", indicator, "--by", by][..], &under].concat())
    };
    let allowed = ask("persistence", "scholarship").done().json();
    assert_eq!(allowed["cells"].as_array().map(Vec::len), Some(8), "{allowed}");
    for (indicator, by) in [("persistence", "poverty"), ("college", "scholarship")] {
        let refused = ask(indicator, by);
        assert_ne!(refused.code, 0, "{}", refused.stdout);
        assert!(refused.stdout.is_empty() && !refused.stderr.is_empty(), "{}", refused.stdout);
    }
}

#[test]
fn buffalo_follows_its_scholarship_into_college() {
    let service = Service::start(&SOURCES);
    let seniors: Vec<Senior> = (0..N_SENIORS).map(Senior::new).collect();
    PRODUCTS.iter().for_each(|product| service.load("product", product));
    push(&service, &seniors);
    let edition = service.publish();
    // Recipients and students of the clearinghouse are all found in the schools.
    assert_eq!(edition["persons"], N_SENIORS, "{edition}");
    let stayed = college(&service, &seniors);
    take_up(&service, &seniors);
    dashboard(&service, &seniors);
    comparison(&service, &stayed);
    narrower(&service);
}
