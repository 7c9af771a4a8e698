//! Whom figures speak of and do not count, and why.

use crate::city::{City, at, date, days, product as product_of, score, spell};
use throughline::outcomes::{Edition, LeftOut};
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

fn told(edition: &Edition, uses: &str, people_min: u64) -> Vec<(String, u16, String, u8)> {
    let mut all = Vec::new();
    for (name, years) in edition.left_out(&product_of(uses), people_min).expect("it can be counted") {
        all.extend(
            years
                .into_iter()
                .map(|(year, LeftOut { reason, percent, .. })| (name.clone(), year, reason, percent)),
        );
    }
    all
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
