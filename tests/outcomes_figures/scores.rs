//! Tests: the last result, nested populations, gains over years.

use crate::city::{City, Figure, at, figure, product as product_of, score};
use throughline::outcomes::Unit::StudentYear;
use throughline::outcomes::{Error, Product, Values, check_together, tabulate};
use throughline::records::Fact;

const SCORES: &str = r#"
    [[indicators]]
    name = "proficient"
    use = "proficiency"
    test = "STATE"
    subject = "ELA"
    [[indicators]]
    name = "score"
    use = "mean_scale_score"
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
"#;

#[test]
fn the_last_result_of_the_year_counts() {
    let mut city = City::new();
    city.say(1, "east", score("2024-05-01", 500, true)).say(1, "east", score("2024-04-30", 300, false));
    // A day without a result is no result.
    let Fact::Assessment(mut absent) = score("2024-05-20", 0, false) else { unreachable!("it is one") };
    (absent.scale_score_thousandths, absent.proficient) = (None, None);
    city.say(1, "east", Fact::Assessment(absent));
    // Two sources, one day: the first source counts.
    city.say(2, "west", score("2024-05-01", 200, true)).say(2, "east", score("2024-05-01", 400, false));
    city.say(3, "east", at("a", 2024, "03"));
    let counts = city.count(SCORES, StudentYear, 2024);
    assert_eq!(figure(&counts, "proficiency STATE ELA", &[]), Figure::Share(1, 2));
    assert_eq!(figure(&counts, "mean_scale_score STATE ELA", &[]), Figure::Mean(900_000, 2));
    assert_eq!(figure(&counts, "enrollment", &[]), Figure::Count(3));
}

/// Of the last scores of the year; who has none is not counted.
#[test]
fn a_score_of_so_many_points_is_reached_exactly() {
    let mut city = City::new();
    for (number, points) in [(1, 499), (2, 500), (3, 501)] {
        city.say(number, "east", at("a", 2024, "03")).say(number, "east", score("2024-05-01", points, false));
    }
    city.say(1, "east", score("2024-04-01", 900, true)).say(4, "east", at("a", 2024, "03"));
    let reached = "[[indicators]]\nname = \"s\"\nuse = \"score_at_least\"\ntest = \"STATE\"\nsubject = \"ELA\"\npoints = 500\n";
    let counts = city.count(reached, StudentYear, 2024);
    assert_eq!(figure(&counts, "score_at_least STATE ELA 500", &[]), Figure::Share(2, 3));
}

/// Over all products; another group of students is another matter.
#[test]
fn a_share_says_which_others_count_everybody_it_counts() {
    let mut city = City::new();
    for (number, points) in [(1, 399), (2, 455), (3, 501)] {
        city.say(number, "east", at("a", 2024, "03")).say(number, "east", score("2024-05-01", points, false));
    }
    let reached = |name: &str, points: u32| {
        format!(
            "[[indicators]]\nname = \"{name}\"\nuse = \"score_at_least\"\ntest = \"STATE\"\nsubject = \"ELA\"\npoints = {points}\n"
        )
    };
    let others = format!("product = \"others\"\npopulation = \"grade = 4\"\n{}", reached("s", 350));
    let low = format!("product = \"low\"\n{}", reached("s", 400));
    let high = reached("s", 500) + &reached("t", 450);
    let suspended = "[[indicators]]\nname = \"d\"\nuse = \"discipline_rate\"\n[[indicators]]\nname = \"u\"\nuse = \"suspension_rate\"\n";
    let counts = city.count_all(&[&(high + suspended), &others, &low], StudentYear, 2024);
    let within = |id: &str| -> Vec<&str> {
        let measure = counts.measures.iter().find(|measure| measure.id == id).expect(id);
        let mut within: Vec<&str> =
            measure.within.iter().map(|&at| counts.measures[at].id.as_str()).collect();
        within.sort_unstable();
        within
    };
    assert_eq!(
        within("score_at_least STATE ELA 500"),
        ["score_at_least STATE ELA 400", "score_at_least STATE ELA 450"]
    );
    assert_eq!(within("score_at_least STATE ELA 450"), ["score_at_least STATE ELA 400"]);
    assert_eq!(within("score_at_least STATE ELA 400"), [""; 0]);
    assert_eq!(within("score_at_least STATE ELA 350 [grade = 4]"), [""; 0]);
    assert_eq!((within("suspension_rate"), within("discipline_rate")), (vec!["discipline_rate"], vec![]));
}

#[test]
fn scores_beyond_their_bounds_count_as_these_and_the_largest_are_known() {
    let mut city = City::new();
    for (number, points) in [(1, 150), (2, 500), (3, 900), (4, 620)] {
        city.say(number, "east", at("a", 2024, "03")).say(number, "east", score("2024-05-01", points, true));
    }
    let bounded = r#"
    [[indicators]]
    name = "score"
    use = "mean_scale_score"
    test = "STATE"
    subject = "ELA"
    bounds = [200, 800]
    protect_percent = 10
    "#;
    let counts = city.count_all(&[SCORES, &format!("product = \"q\"\n{bounded}")], StudentYear, 2024);
    assert_eq!(
        figure(&counts, "mean_scale_score STATE ELA", &[]),
        Figure::Mean(2_170_000, 4),
        "another measure"
    );
    let id = "mean_scale_score STATE ELA 200000..800000 p10";
    assert_eq!(figure(&counts, id, &[]), Figure::Mean(2_120_000, 4));
    let at = counts.measures.iter().position(|measure| measure.id == id).expect("counted");
    let measure = &counts.measures[at];
    assert_eq!(
        (measure.bounds, measure.concentration.map(|of| (of.percent, of.floor))),
        (Some((200_000, 800_000)), Some((10, 200_000)))
    );
    let Values::Mean { sum_of_squares, largest, .. } = &counts.atoms.values[at] else { panic!("a mean") };
    assert_eq!(largest[..], [[600_000, 420_000]], "above the smallest there can be");
    assert_eq!(sum_of_squares[0], [200_000_i128, 500_000, 800_000, 620_000].map(|of| of * of).iter().sum());
}

#[test]
fn products_of_each_mode_are_counted_apart() {
    let mut city = City::new();
    city.say(1, "east", at("a", 2024, "03"));
    let enrolled = "[[indicators]]\n name = \"enrolled\"\n use = \"enrollment\"";
    let product = |id: &str, mode: &str| format!("product = {id:?}\nmode = {mode}\n{enrolled}");
    let noise = "\"dp\"\ndp = { epsilon = 1 }";
    let texts = [
        product("a", noise),
        product("b", "\"suppress\""),
        product("c", noise),
        product("d", "\"suppress\""),
    ];
    let tabulated = |texts: &[String]| {
        let products: Vec<Product> = texts.iter().map(|text| product_of(text)).collect();
        tabulate(&city.edition(), &products)
    };
    let counted = tabulated(&texts).expect("they can be counted");
    let apart: Vec<(&str, Vec<&str>)> = (counted.iter())
        .filter(|of| of.period.ending() == 2024)
        .map(|of| (of.mode.name(), of.publications.iter().map(|of| of.product.as_str()).collect()))
        .collect();
    assert_eq!(apart, [("suppress", vec!["b", "d"]), ("dp", vec!["a"]), ("dp", vec!["c"])]);
    let mixed = [product("a", "\"round\""), product("b", "\"suppress\"")].map(|text| product_of(&text));
    assert_eq!(check_together(&mixed[0], &mixed[1..]), Err(Error::MixedModes));
    let by_sex = "[[dimensions]]\n id = \"sex\"\n source = \"sex\"";
    let rounded = [product("a", "\"round\""), format!("{}\n{by_sex}", product("b", "\"round\""))];
    let rounded = rounded.map(|text| product_of(&text));
    assert_eq!(check_together(&rounded[0], &rounded[1..]), Err(Error::MixedRounding));
    assert_eq!(check_together(&rounded[0], &rounded[..1]), Ok(()));
}

#[test]
fn a_gain_needs_a_grade_a_year() {
    let mut city = City::new();
    let mut child = |number, then: &str, now: &str, gain: i64| {
        city.say(number, "east", at("a", 2023, then)).say(number, "east", score("2023-05-01", 400, true));
        city.say(number, "east", at("a", 2024, now)).say(
            number,
            "east",
            score("2024-05-01", 400 + gain, true),
        );
    };
    child(1, "03", "04", 30);
    child(2, "03", "03", 90); // repeated
    child(3, "03", "05", 70); // skipped
    child(4, "", "04", 11); // not known then
    child(5, "KG", "01", -5);
    child(6, "UG", "UG", 2); // ungraded is not known
    city.say(7, "east", at("a", 2024, "04")).say(7, "east", score("2024-05-01", 1, true));
    let counts = city.count(SCORES, StudentYear, 2024);
    assert_eq!(figure(&counts, "score_gain STATE ELA 1", &[]), Figure::Mean(38_000, 4));
    assert_eq!(figure(&counts, "mean_scale_score STATE ELA", &[]).people(), 7);
}

#[test]
fn gains_can_span_years_and_moves() {
    let mut city = City::new();
    city.say(1, "east", at("a", 2022, "03")).say(1, "east", score("2022-05-01", 400, true));
    city.say(1, "west", at("a", 2024, "05")).say(1, "west", score("2024-05-01", 460, true));
    let two = SCORES.replace("use = \"score_gain\"", "use = \"score_gain\"\n    years = 2");
    let counts = city.count(&two, StudentYear, 2024);
    assert_eq!(
        figure(&counts, "score_gain STATE ELA 2", &[("geography", "west:a")]),
        Figure::Mean(60_000, 1)
    );
    let counts = city.count(SCORES, StudentYear, 2024);
    assert_eq!(figure(&counts, "score_gain STATE ELA 1", &[]), Figure::Mean(0, 0));
}

#[test]
fn populations_nest_and_are_shared() {
    let mut city = City::new();
    city.say(1, "east", at("a", 2024, "03")).say(1, "east", score("2024-05-01", 500, true));
    city.say(2, "east", at("a", 2024, "09")).say(2, "east", score("2024-05-01", 500, false));
    city.say(3, "east", at("a", 2024, "04"));
    let filtered = format!("product = \"q\"\npopulation = \"grade >= 3 and grade<=8\"\n{SCORES}");
    let counts = city.count_all(&[SCORES, &filtered], StudentYear, 2024);
    let populations: Vec<_> = counts
        .populations
        .iter()
        .map(|p| (p.id.as_str(), p.parent.map(|at| counts.populations[at].id.as_str())))
        .collect();
    assert_eq!(
        populations,
        [
            ("enrolled", None),
            ("enrolled [grade >= 3 and grade <= 8]", Some("enrolled")),
            ("valid_result STATE ELA", Some("enrolled")),
            ("valid_score STATE ELA", Some("enrolled")),
            (
                "valid_result STATE ELA [grade >= 3 and grade <= 8]",
                Some("enrolled [grade >= 3 and grade <= 8]")
            ),
            (
                "valid_score STATE ELA [grade >= 3 and grade <= 8]",
                Some("enrolled [grade >= 3 and grade <= 8]")
            ),
            ("two_scores STATE ELA 1", Some("valid_score STATE ELA")),
            (
                "two_scores STATE ELA 1 [grade >= 3 and grade <= 8]",
                Some("valid_score STATE ELA [grade >= 3 and grade <= 8]")
            ),
        ]
    );
    for (at, population) in counts.populations.iter().enumerate() {
        if let Some(parent) = population.parent {
            assert!(parent < at);
            let pairs = counts.atoms.people[at].iter().zip(&counts.atoms.people[parent]);
            assert!(pairs.into_iter().all(|(inner, outer)| inner <= outer));
        }
    }
    assert_eq!(figure(&counts, "proficiency STATE ELA", &[]), Figure::Share(1, 2));
    let filtered = "proficiency STATE ELA [grade >= 3 and grade <= 8]";
    assert_eq!(figure(&counts, filtered, &[]), Figure::Share(1, 1));
    assert_eq!(figure(&counts, "enrollment [grade >= 3 and grade <= 8]", &[]), Figure::Count(2));
    // The same indicator in two products is one measure.
    let counts = city.count_all(&[SCORES, &format!("product = \"q\"\n{SCORES}")], StudentYear, 2024);
    assert_eq!((counts.measures.len(), counts.publications.len()), (4, 2));
}

impl Figure {
    fn people(self) -> u32 {
        match self {
            Self::Count(n) | Self::Share(_, n) | Self::Mean(_, n) | Self::Ratio(_, _, n) => n,
        }
    }
}
