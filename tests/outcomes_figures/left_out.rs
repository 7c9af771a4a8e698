//! Whom figures speak of and do not count, and why.

use crate::city::{City, at, date, days, product as product_of, score, spell};
use std::collections::BTreeMap;
use throughline::outcomes::{Edition, LeftOut, tabulate};
use throughline::records::{Diploma, DiplomaType, ExitType, Fact};

const USES: &str = r#"
    [[indicators]]
    name = "absence"
    use = "chronic_absence"
    [[indicators]]
    name = "reading"
    use = "grade3_reading"
    test = "STATE"
    subject = "ELA"
    [[indicators]]
    name = "graduated"
    use = "graduation_4y"
    [[indicators]]
    name = "enrolled"
    use = "enrollment"
"#;

/// 200 third-graders of 2024: the first 160 have ten days or more, then 25 have nine, then 15 none; 120 have a result. Besides,
/// 100 fourth-graders with ten days.
fn edition() -> Edition {
    let mut city = City::new();
    for n in 0..300 {
        let student = city.say(n, "east", at("a", 2024, if n < 200 { "03" } else { "04" }));
        match n {
            0..160 | 200.. => student.say(n, "east", days("a", "2023-09-01", "2023-09-30", 1000, 0)),
            160..185 => student.say(n, "east", days("a", "2023-09-01", "2023-09-30", 900, 0)),
            _ => student,
        };
        if n < 120 {
            city.say(n, "east", score("2024-05-01", 500, n % 2 == 0));
        }
    }
    city.edition()
}

/// How many people each indicator counts in each school year.
fn counted(edition: &Edition, uses: &str) -> BTreeMap<(String, u16), u64> {
    let mut all = BTreeMap::new();
    for tabulation in tabulate(edition, &[product_of(uses)]).expect("it can be counted") {
        for (name, measure) in &tabulation.publications[0].indicators {
            let people = &tabulation.atoms.people[tabulation.measures[*measure].population];
            let n = people.iter().map(|n| u64::from(*n)).sum();
            all.insert((name.clone(), tabulation.period.ending()), n);
        }
    }
    all
}

/// What is told where the seal shows everything but these indicators.
fn told_without(
    hidden: &[&str],
    edition: &Edition,
    uses: &str,
    people_min: u64,
) -> Vec<(String, u16, String, u8)> {
    let counted = counted(edition, uses);
    let shown = |name: &str, year: u16| {
        counted.get(&(name.to_owned(), year)).copied().filter(|_| !hidden.contains(&name))
    };
    let mut all = Vec::new();
    let left_out = edition.left_out(&product_of(uses), people_min, shown);
    for (name, years) in left_out {
        all.extend(years.into_iter().map(|(year, LeftOut { reason, percent, below, .. })| {
            assert_eq!(below, Some(percent + 5), "{name}: no more is left out of another of its people");
            (name.clone(), year, reason, percent)
        }));
    }
    all
}

fn told(edition: &Edition, uses: &str, people_min: u64) -> Vec<(String, u16, String, u8)> {
    told_without(&[], edition, uses, people_min)
}

#[test]
fn who_is_not_counted_is_told_with_the_reasons() {
    let row = |name: &str, reason: &str, percent| (name.to_owned(), 2024, reason.to_owned(), percent);
    // 15 and 25 of 300 are 13.3 %; 80 of the 200 third-graders are 40 %.
    let expected = [
        row(
            "absence",
            "the days enrolled or absent are not known, or enrolled for fewer than 10 school days",
            10,
        ),
        row(
            "reading",
            "the last result of the year does not say whether it is proficient, or there is none",
            40,
        ),
    ];
    assert_eq!(told(&edition(), USES, 10), expected);
    // 5 % of 200 are ten people, and not eleven; of 300, fifteen.
    assert_eq!(told(&edition(), USES, 11), expected[..1]);
    assert_eq!(told(&edition(), USES, 16), []);
}

#[test]
fn a_product_speaks_of_whom_it_is_about() {
    let fourth = format!("population = \"grade = 4\"\n{USES}");
    let of =
        |name: &str| told(&edition(), &fourth, 5).into_iter().filter(|row| row.0 == name).collect::<Vec<_>>();
    let percents: Vec<u8> = of("absence").into_iter().map(|row| row.3).collect();
    assert_eq!(percents, [0], "all of the hundred have their days");
    assert_eq!(of("reading"), [], "none of them is a third-grader");
    let left_out = edition().left_out(&product_of(&fourth), 5, |name, _| (name == "absence").then_some(100));
    assert_eq!(
        left_out["absence"][&2024].of,
        "students enrolled in the school year that the product is about"
    );
}

/// Of 200 students 189 have days, and 180 of these ten of them: 189 are shown, and nine are hidden. A step of all 20 would say
/// that there are nine and not eight.
#[test]
fn what_the_seal_hides_is_not_told_of() {
    let mut city = City::new();
    for n in 0..200 {
        let student = city.say(n, "east", at("a", 2024, "03"));
        if n < 189 {
            let enrolled = if n < 180 { 1000 } else { 900 };
            student.say(n, "east", days("a", "2023-09-01", "2023-09-30", enrolled, 0));
        }
    }
    let uses = "[[indicators]]\nname = \"rate\"\nuse = \"attendance_rate\"\n\
                [[indicators]]\nname = \"absence\"\nuse = \"chronic_absence\"\n\
                [[indicators]]\nname = \"enrolled\"\nuse = \"enrollment\"\n";
    let percents = |hidden: &[&str]| {
        let told = told_without(hidden, &city.edition(), uses, 10).into_iter();
        told.map(|(name, _, _, percent)| (name, percent)).collect::<Vec<_>>()
    };
    assert_eq!(percents(&["absence"]), [("rate".to_owned(), 5)]);
    assert_eq!(percents(&["absence", "rate"]), []);
}

/// Everybody is in grade 3 but five students: where attendance is told of, results of third-graders would narrow it.
#[test]
fn of_people_who_are_nearly_the_same_only_one_step_is_told() {
    let mut city = City::new();
    for n in 0..300 {
        let grade = if n < 295 { "03" } else { "04" };
        let student = city.say(n, "east", at("a", 2024, grade));
        let student = student.say(n, "east", days("a", "2023-09-01", "2023-09-30", 1000, 0));
        if n < 290 {
            student.say(n, "east", score("2024-05-01", 500, n % 2 == 0));
        }
    }
    let uses = USES.replace("[[indicators]]\n    name = \"enrolled\"\n    use = \"enrollment\"\n", "");
    let names = |uses: &str| told(&city.edition(), uses, 10).into_iter().map(|row| row.0).collect::<Vec<_>>();
    assert_eq!(names(&uses), ["absence"]);
    let (_, reading) = uses.split_once("chronic_absence\"\n").expect("both");
    assert_eq!(names(reading), ["reading"]);
}

#[test]
fn nothing_is_told_of_figures_with_noise() {
    let noisy = "mode = \"dp\"\ndp = { epsilon = 4, editions = 1 }\n[[indicators]]\nname = \"absence\"\nuse = \"chronic_absence\"\n";
    assert_eq!(told(&edition(), noisy, 10), []);
}

#[test]
fn who_left_a_cohort_with_proof_is_left_out_of_it() {
    let mut city = City::new();
    for n in 0..200 {
        city.say(n, "east", at("a", 2021, "09"));
        if n < 30 {
            let mut away = spell("a", 2022, "2021-09-01", "2022-02-01", "10");
            away.exit_type = Some(ExitType::TransferredConfirmed);
            city.say(n, "east", Fact::Enrollment(away));
        } else if n < 100 {
            let diploma_type = DiplomaType::Regular;
            city.say(n, "east", Fact::Diploma(Diploma { diploma_type, date: date("2024-06-10") }));
        }
    }
    let cohort = told(&city.edition(), USES, 10).into_iter().filter(|row| row.0 == "graduated");
    let cohort: Vec<_> = cohort.map(|(_, year, reason, percent)| (year, reason, percent)).collect();
    assert_eq!(cohort, [(2024, "left with proof, emigrated or died".to_owned(), 15)]);
}
