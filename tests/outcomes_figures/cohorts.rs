//! Four-year cohorts, diplomas and college.

use crate::city::{City, Figure, at, code, date, figure, person, spell, year};
use throughline::outcomes::Unit::{Cohort, Graduate};
use throughline::records::{CollegeLevel, Diploma, DiplomaType, ExitType, Fact, Postsecondary, Sex};

const RATES: &str = r#"
    [[indicators]]
    name = "graduated"
    use = "graduation_4y"
    [[indicators]]
    name = "college"
    use = "college_16m"
    [[dimensions]]
    id = "sex"
    source = "sex"
"#;

fn diploma(diploma_type: DiplomaType, on: &str) -> Fact {
    Fact::Diploma(Diploma { diploma_type, date: date(on) })
}

fn college(begin: &str) -> Fact {
    Fact::Postsecondary(Postsecondary {
        institution: code("000001"),
        level: CollegeLevel::FourYear,
        begin: date(begin),
        end: None,
        status: None,
        graduated: false,
        remedial: None,
    })
}

fn left(school: &str, ending: u32, exit: &str, exit_type: ExitType) -> Fact {
    let entry = format!("{}-09-01", ending - 1);
    let mut spell = spell(school, ending, &entry, exit, "10");
    spell.exit_type = Some(exit_type);
    Fact::Enrollment(spell)
}

/// Freshmen of 2020-21: the cohort of 2024.
fn freshman(also: Vec<Fact>) -> Figure {
    let mut city = City::new();
    city.say(1, "east", at("a", 2021, "09"));
    also.into_iter().for_each(|fact| {
        city.say(1, "east", fact);
    });
    // Somebody else, so that there is a tabulation in any case.
    city.say(2, "west", at("a", 2021, "09"));
    figure(&city.count(RATES, Cohort, 2024), "graduation_4y", &[])
}

#[test]
fn only_proven_exits_leave_a_cohort() {
    use DiplomaType::{Ged, Regular, StateAlternate};
    use ExitType::{Deceased, Dropout, Emigrated, Transferred, TransferredConfirmed};
    let (graduate, member, gone) = (Figure::Share(1, 2), Figure::Share(0, 2), Figure::Share(0, 1));
    assert_eq!(freshman(vec![]), member);
    assert_eq!(freshman(vec![diploma(Regular, "2024-06-10")]), graduate);
    assert_eq!(freshman(vec![diploma(StateAlternate, "2024-08-31")]), graduate);
    assert_eq!(freshman(vec![diploma(Regular, "2024-09-01")]), member);
    assert_eq!(freshman(vec![diploma(Ged, "2023-06-10")]), member);
    assert_eq!(freshman(vec![left("a", 2022, "2022-02-01", Dropout)]), member);
    assert_eq!(freshman(vec![left("a", 2022, "2022-02-01", Transferred)]), member);
    assert_eq!(freshman(vec![left("a", 2022, "2022-02-01", TransferredConfirmed)]), gone);
    assert_eq!(freshman(vec![left("a", 2022, "2022-02-01", Emigrated)]), gone);
    assert_eq!(freshman(vec![left("a", 2024, "2024-08-31", Deceased)]), gone);
    assert_eq!(freshman(vec![left("a", 2025, "2024-09-05", Deceased)]), member);
    // Came back, or was at another school all the while.
    let away = || left("a", 2022, "2022-02-01", TransferredConfirmed);
    assert_eq!(freshman(vec![away(), at("b", 2023, "11")]), member);
    assert_eq!(freshman(vec![away(), at("b", 2022, "10")]), member);
    assert_eq!(freshman(vec![away(), diploma(Regular, "2024-06-10")]), graduate);
}

#[test]
fn a_stated_ninth_grade_year_comes_first() {
    let mut city = City::new();
    let mut repeated = spell("b", 2022, "2021-09-01", "2022-06-15", "09");
    repeated.ninth_grade_year = Some(year(2021));
    city.say(1, "east", Fact::Enrollment(repeated));
    city.say(1, "east", person(|p| p.sex = Some(Sex::Female)));
    city.say(1, "west", at("b", 2024, "12")).say(1, "west", at("a", 2025, "12"));
    let counts = city.count(RATES, Cohort, 2024);
    assert_eq!(figure(&counts, "graduation_4y", &[("sex", "F")]), Figure::Share(0, 1));
    // At home where the last year of the four was, not where the fifth is.
    assert_eq!(figure(&counts, "graduation_4y", &[("geography", "west:b")]), Figure::Share(0, 1));
}

#[test]
fn a_cohort_counts_once_its_last_summer_is_over() {
    let mut city = City::new();
    city.say(1, "east", at("a", 2021, "09")).say(2, "east", at("a", 2022, "09"));
    city.frozen_on = date("2025-08-30");
    assert_eq!(city.edition().n_rows(Cohort), 1);
    city.frozen_on = date("2025-08-31");
    assert_eq!(city.edition().n_rows(Cohort), 2);
}

/// The share that went to college of one graduate, and the year of the diploma.
fn check(diploma_on: &str, begin: &str, period: u32, expected: Figure) {
    let mut city = City::new();
    city.say(1, "east", diploma(DiplomaType::Regular, diploma_on));
    city.say(1, "agency", college(begin));
    let counts = city.count(RATES, Graduate, period);
    assert_eq!(figure(&counts, "college_16m", &[]), expected, "{diploma_on} {begin}");
}

#[test]
fn the_sixteenth_month_is_the_last() {
    let (went, did_not) = (Figure::Share(1, 1), Figure::Share(0, 1));
    check("2022-06-05", "2023-10-05", 2022, went);
    check("2022-06-05", "2023-10-06", 2022, did_not);
    check("2022-06-05", "2022-06-05", 2022, went);
    check("2022-06-05", "2022-06-04", 2022, did_not);
    // 16 months after 31 October is the last day of February, a leap day in 2024.
    check("2022-10-31", "2024-02-29", 2023, went);
    check("2022-10-31", "2024-03-01", 2023, did_not);
    check("2021-10-31", "2023-02-28", 2022, went);
    // Summer belongs to the year before, September to the next.
    check("2022-08-31", "2022-09-01", 2022, went);
    check("2022-09-01", "2022-09-01", 2023, went);
}

#[test]
fn graduates_whose_months_are_not_over_wait() {
    let mut city = City::new();
    city.say(1, "east", diploma(DiplomaType::Regular, "2025-06-10")).say(1, "east", college("2025-08-20"));
    city.say(2, "east", diploma(DiplomaType::Regular, "2025-06-11")).say(2, "east", college("2025-08-20"));
    city.say(3, "east", diploma(DiplomaType::Ged, "2025-06-10"));
    // A second diploma changes nothing: the first one counts.
    city.say(1, "west", diploma(DiplomaType::Regular, "2026-06-10"));
    city.frozen_on = date("2026-10-10");
    assert_eq!(city.edition().n_rows(Graduate), 2);
    let counts = city.count(RATES, Graduate, 2025);
    assert_eq!(figure(&counts, "college_16m", &[]), Figure::Share(1, 1));
    assert_eq!(figure(&counts, "college_16m", &[("geography", "unknown")]), Figure::Share(1, 1));
}

#[test]
fn a_fifth_year_adds_who_needs_it_and_takes_out_who_leaves() {
    let five = |also: Vec<Fact>| {
        let mut city = City::new();
        city.frozen_on = date("2025-11-23");
        city.say(1, "east", at("a", 2021, "09")).say(2, "west", at("a", 2021, "09"));
        also.into_iter().for_each(|fact| {
            city.say(1, "east", fact);
        });
        let rates = RATES.replace("graduation_4y", "graduation_5y");
        figure(&city.count(&rates, Cohort, 2024), "graduation_5y", &[])
    };
    let leave = |exit: &str| {
        let mut spell = spell("a", 2025, "2024-09-01", exit, "12");
        spell.exit_type = Some(ExitType::TransferredConfirmed);
        Fact::Enrollment(spell)
    };
    assert_eq!(five(vec![]), Figure::Share(0, 2));
    assert_eq!(five(vec![diploma(DiplomaType::Regular, "2025-08-31")]), Figure::Share(1, 2));
    assert_eq!(five(vec![diploma(DiplomaType::Regular, "2025-09-01")]), Figure::Share(0, 2));
    assert_eq!(five(vec![leave("2025-02-01")]), Figure::Share(0, 1));
}

#[test]
fn who_graduates_in_four_years_has_in_five() {
    let mut city = City::new();
    city.say(1, "east", at("a", 2021, "09")).say(2, "west", at("a", 2021, "09"));
    city.say(1, "east", diploma(DiplomaType::Regular, "2024-06-10"));
    let rates = format!("{RATES}\n[[indicators]]\nname = \"five\"\nuse = \"graduation_5y\"\n");
    for (frozen_on, five) in [("2024-11-23", Figure::Share(0, 0)), ("2025-11-23", Figure::Share(1, 2))] {
        city.frozen_on = date(frozen_on);
        let counts = city.count(&rates, Cohort, 2024);
        let measure = |id: &str| counts.measures.iter().position(|measure| measure.id == id).expect(id);
        let (inner, outer) = (measure("graduation_4y"), measure("graduation_5y"));
        assert_eq!(counts.measures[inner].within, [outer]);
        assert_eq!(figure(&counts, "graduation_4y", &[]), Figure::Share(1, 2));
        assert_eq!(figure(&counts, "graduation_5y", &[]), five);
    }
}

/// Diplomas of June 2018; what colleges say of four graduates, in (college, level, begin, end, graduated).
#[test]
fn persistence_retention_and_completion_follow_the_falls() {
    use CollegeLevel::{FourYear, TwoYear};
    let mut city = City::new();
    city.frozen_on = date("2024-11-23");
    let mut say = |number: u64, spells: &[(&str, CollegeLevel, &str, &str, bool)]| {
        city.say(number, "east", diploma(DiplomaType::Regular, "2018-06-10"));
        for (college, level, begin, end, graduated) in spells {
            let (institution, level, graduated) = (code(college), *level, *graduated);
            let (begin, end) = (date(begin), Some(date(end)));
            let remedial = Some(number == 2);
            let spell = Postsecondary { institution, level, begin, end, status: None, graduated, remedial };
            city.say(number, "agency", Fact::Postsecondary(spell));
        }
    };
    // Stays at the university, and has a degree after four years.
    say(
        1,
        &[
            ("u", FourYear, "2018-08-20", "2019-05-20", false),
            ("u", FourYear, "2019-08-20", "2022-05-20", true),
        ],
    );
    // Moves from the two-year college to the university, and has a certificate after three and a half years.
    say(
        2,
        &[
            ("c", TwoYear, "2018-08-20", "2019-05-20", false),
            ("u", FourYear, "2019-09-20", "2022-02-01", true),
        ],
    );
    // Leaves after the first spring.
    say(3, &[("c", TwoYear, "2018-10-31", "2019-05-20", false)]);
    // Begins in the second fall.
    say(4, &[("c", TwoYear, "2019-08-20", "2019-12-20", false)]);
    say(5, &[]);
    let mut text = String::new();
    for id in [
        "persistence_y2",
        "retention_y2",
        "completion_6y",
        "completion_150",
        "completion_without_remediation",
        "college_16m",
    ] {
        text += &format!("[[indicators]]\nname = \"{id}\"\nuse = \"{id}\"\n");
    }
    let counts = city.count(&text, Graduate, 2018);
    let rate = |id: &str| figure(&counts, id, &[]);
    assert_eq!(rate("persistence_y2"), Figure::Share(2, 3));
    assert_eq!(rate("retention_y2"), Figure::Share(1, 3));
    assert_eq!(rate("completion_6y"), Figure::Share(2, 5));
    // Six years from the university's first day are over; the two-year college's three were over before the certificate.
    assert_eq!(rate("completion_150"), Figure::Share(1, 4));
    assert_eq!(rate("completion_without_remediation"), Figure::Share(1, 5));
    // Whose six years are over, or who has begun long ago, is among those whose 16 months are; of a diploma of July the second
    // fall is over before they are.
    let holders = |id: &str| {
        let at = counts.populations.iter().position(|population| population.id == id).expect(id);
        let holders = counts.holders(at).into_iter();
        holders.map(|at| counts.populations[at].id.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(holders("graduates_6y"), ["graduates"]);
    assert_eq!(holders("first_enrollees"), ["graduates"]);
    assert_eq!(holders("first_fall_enrollees"), [""; 0]);
    // Seals from before hold them in this order.
    let ids: Vec<&str> = counts.populations.iter().map(|population| population.id.as_str()).collect();
    assert_eq!(ids, ["first_enrollees", "first_fall_enrollees", "graduates", "graduates_6y"]);
}
