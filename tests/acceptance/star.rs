//! Tennessee's STAR experiment: 11,598 real children, kindergarten to grade 3, against figures computed
//! elsewhere and the table that Stock and Watson print.

use crate::expected::{Figure, Tally, figures};
use crate::harness::shared;
use crate::published::{Place, Published};
use crate::star_files::{Geography, export};
use std::path::Path;

const PRODUCTS: [(&str, &str); 4] =
    [("scores", SCORES), ("gain", GAIN), ("entrants", ENTRANTS), ("meals", MEALS)];
/// No school is told apart from its district.
const HEAD: &str = "geography = \"district\"\n";

/// Scores of children who have both, as the expected figures count them. Meals are a program of each
/// year here: what a roster says of a child holds on until it says something else, and the expected
/// figures take each year alone.
const SCORES: &str = r#"
product = "scores"
title = "STAR: scores"
depth = 1
population = "known(score_thousandths('STAR', 'TOTAL'))"
years = { from = 1986, to = 1989 }
indicators = [
    { name = "read", use = "mean_scale_score", test = "STAR", subject = "READ" },
    { name = "math", use = "mean_scale_score", test = "STAR", subject = "MATH" },
    { name = "total", use = "mean_scale_score", test = "STAR", subject = "TOTAL" },
]
dimensions = [
    { id = "arm", source = "program_group", programs = ["small", "regular", "aide"] },
    { id = "sex", source = "sex" },
    { id = "race", source = "program_group", programs = [
        "afam", "amindian", "asian", "cauc", "hispanic", "other",
    ] },
    { id = "meals", source = "program_group", programs = ["meals-free", "meals-paid"] },
]
"#;

/// Gains of children by what they were in kindergarten.
const GAIN: &str = r#"
product = "gain"
title = "STAR: reading from kindergarten to grade 3"
depth = 1
years = { from = 1989, to = 1989 }
indicators = [{ name = "gain", use = "score_gain", test = "STAR", subject = "READ", years = 3 }]
dimensions = [
    { id = "arm3", source = "program_group", programs = ["small", "regular", "aide"], years_before = 3 },
    { id = "sex", source = "sex" },
    { id = "race", source = "program_group", programs = [
        "afam", "amindian", "asian", "cauc", "hispanic", "other",
    ] },
    { id = "lunch3", source = "lunch", years_before = 3 },
]
"#;

/// Who entered when, all of them.
const ENTRANTS: &str = r#"
product = "entrants"
title = "STAR: who came when"
depth = 3
years = { from = 1986, to = 1989 }
indicators = [{ name = "children", use = "enrollment" }]
dimensions = [
    { id = "arm", source = "program_group", programs = ["small", "regular", "aide"] },
    { id = "entry", source = "entry" },
    { id = "pooled_race", source = "race7", groups = [
        { id = "white_asian", label = "White or Asian", members = ["white", "asian"] },
        { id = "others", label = "All others", members = [
            "black", "hispanic", "american_indian", "pacific_islander", "two_or_more", "unknown",
        ] },
    ] },
]
"#;

/// Who entered when, of those whose meals are known.
const MEALS: &str = r#"
product = "meals"
title = "STAR: meals of those who came"
depth = 3
population = "lunch = 'free' or lunch = 'paid'"
years = { from = 1986, to = 1989 }
indicators = [{ name = "children", use = "enrollment" }]
dimensions = [
    { id = "arm", source = "program_group", programs = ["small", "regular", "aide"] },
    { id = "entry", source = "entry" },
    { id = "lunch", source = "lunch" },
]
"#;

/// Each product from a service of its own, the state as one district.
#[test]
fn star_comes_out_of_the_service() {
    let Some(shared) = shared() else { return };
    let mut tally = Tally::default();
    for (product, document) in PRODUCTS {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tests: &[_] = match product {
            "scores" => &["READ", "MATH", "TOTAL"],
            "gain" => &["READ"],
            _ => &[],
        };
        export(&shared, folder.path(), Geography::State, tests);
        let sources: &[(&str, &Path)] = &[("tennessee", folder.path())];
        let mut star = Star(Published::new("star_aer", sources, &[&format!("{HEAD}{document}")]));
        assert_eq!(star.0.report["persons"], 11_598);
        figures(&shared, "star_aer")
            .iter()
            .filter(|figure| product_of(figure) == product)
            .for_each(|figure| star.compare(figure, &mut tally));
    }
    tally.finish("star_aer", 242);
    // A single small group would be what is left of its total, so a second group goes with it; which one
    // depends on the service's key. No arm is small.
    assert!(tally.reproduced > 180, "{tally:?}");
    let arms = ["stark", "star1", "star2", "star3"].map(|arm| format!(" {arm} "));
    let lost: Vec<_> =
        tally.protecting.iter().filter(|place| arms.iter().any(|arm| place.contains(arm))).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

/// All products by district from one service: more has to be hidden, and what is shown is still right.
/// Whether what is hidden stays hidden is for the tests of disclosure control.
#[test]
fn star_published_together_is_right_where_it_is_shown() {
    let Some(shared) = shared() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    export(&shared, folder.path(), Geography::System, &["READ", "MATH", "TOTAL"]);
    let documents = PRODUCTS.map(|(_, document)| format!("{HEAD}{document}"));
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let mut star = Star(Published::new("star_aer, by district", &[("tennessee", folder.path())], &documents));
    assert_eq!(star.0.report["student_years"], 6_325 + 6_829 + 6_840 + 6_802);
    let mut tally = Tally::default();
    figures(&shared, "star_aer").iter().for_each(|figure| star.compare(figure, &mut tally));
    tally.finish("star_aer, published together by district", 242);
    // What must be hidden by district costs figures of the whole state too; which, depends on the key.
    assert!(tally.reproduced > tally.total() / 2, "{tally:?}");
    let by_arm = |place: &&String| {
        [" all all", " stark ", " star1 ", " star2 ", " star3 "].iter().any(|part| place.contains(part))
    };
    let lost: Vec<_> = tally.protecting.iter().filter(by_arm).collect();
    assert!(!lost.iter().any(|place| place.starts_with("mean_scale_score")), "{lost:?}");
}

/// The product that has a figure.
fn product_of(figure: &Figure) -> &'static str {
    match figure.indicator.as_str() {
        "gain_read_K_to_3" => "gain",
        "entry_cohort_free_lunch_share" => "meals",
        "entry_cohort_white_asian_share" => "entrants",
        _ => "scores",
    }
}

/// The children as published.
struct Star(Published);

impl Star {
    fn compare(&mut self, figure: &Figure, tally: &mut Tally) {
        match (figure.indicator.as_str(), product_of(figure)) {
            ("SW_table13.1_difference:read+math", _) => self.stock_and_watson(figure, tally),
            (_, "meals") => self.entry_share(figure, ("meals", "lunch", "free"), tally),
            (_, "entrants") => {
                self.entry_share(figure, ("entrants", "pooled_race", "white_asian"), tally);
            }
            ("gain_read_K_to_3", _) => {
                let at = category(figure, ["arm3", "lunch3"], "unknown");
                self.0.compare(figure, &Place::new(("gain", "gain"), 1989, at.as_slice()), tally);
            }
            (indicator, _) => {
                let subject = indicator.strip_prefix("mean_scale_score:").expect("a mean score");
                let indicator = match &subject[..4] {
                    "read" => "read",
                    "math" => "math",
                    _ => "total",
                };
                let at = category(figure, ["arm", "meals"], "none").map(|at| match at {
                    ("meals", "free") => ("meals", "meals-free"),
                    ("meals", "paid") => ("meals", "meals-paid"),
                    other => other,
                });
                let place = Place::new(("scores", indicator), year(&figure.period), at.as_slice());
                self.0.compare(figure, &place, tally);
            }
        }
    }

    /// A difference of two published means, and its robust (HC1) standard error out of the published
    /// deviations, which are those of a population.
    fn stock_and_watson(&mut self, figure: &Figure, tally: &mut Tally) {
        let year = year(&figure.period);
        let mut arm = |arm: &str| {
            let cell = self.0.cell(&Place::new(("scores", "total"), year, &[("arm", arm)]));
            let n = cell.denominator.expect("arms are large") as f64;
            (n, cell.value.expect("shown"), cell.deviation.expect("shown"))
        };
        let (small, regular, aide) = (arm("small"), arm("regular"), arm("aide"));
        let n = small.0 + regular.0 + aide.0;
        assert_eq!(n, figure.denominator as f64, "{figure:?}");
        let variance = |(arm_n, _, deviation): (f64, f64, f64)| deviation.powi(2) / arm_n * n / (n - 3.0);
        let (value, variance) = match figure.level.as_str() {
            "intercept(regular)" => (regular.1, variance(regular)),
            "small - regular" => (small.1 - regular.1, variance(small) + variance(regular)),
            "regular+aide - regular" => (aide.1 - regular.1, variance(aide) + variance(regular)),
            other => panic!("what is {other}?"),
        };
        assert!((value - figure.value).abs() <= 0.005 + 1e-9, "{figure:?}: {value}");
        let printed: f64 = figure.note.trim_start_matches("robust SE ").parse().expect("a standard error");
        let error = variance.sqrt();
        assert!((error - printed).abs() <= 0.005 + 1e-9, "{figure:?}: standard error {error}");
        tally.reproduced += 1;
    }

    /// A share of those who were new in a year, out of two counts.
    fn entry_share(
        &mut self,
        figure: &Figure,
        (product, dimension, category): (&'static str, &'static str, &'static str),
        tally: &mut Tally,
    ) {
        let year = year(figure.period.trim_start_matches("entry "));
        let arm = figure.level.replace("regular+aide", "aide");
        let place = |at: &[_]| {
            Place::new((product, "children"), year, &[&[("arm", &*arm), ("entry", "new")], at].concat())
        };
        self.0.compare_shares(figure, [&place(&[(dimension, category)]), &place(&[])], tally);
    }
}

fn year(period: &str) -> u32 {
    match period {
        "grade K" => 1986,
        "grade 1" => 1987,
        "grade 2" => 1988,
        "grade 3" => 1989,
        other => panic!("what is {other}?"),
    }
}

/// The dimension and category of a figure, with the names of the dimensions of arms and of lunch, and
/// the category of those whose lunch is not known.
fn category(
    figure: &Figure,
    [arm, lunch]: [&'static str; 2],
    no_lunch: &'static str,
) -> Option<(&'static str, &'static str)> {
    Some(match (figure.group.as_str(), figure.level.as_str()) {
        ("all", _) => return None,
        ("stark" | "star1" | "star2" | "star3", "small") => (arm, "small"),
        ("stark" | "star1" | "star2" | "star3", "regular") => (arm, "regular"),
        ("stark" | "star1" | "star2" | "star3", "regular+aide") => (arm, "aide"),
        ("gender", "female") => ("sex", "F"),
        ("gender", "male") => ("sex", "M"),
        ("gender", "nan") => ("sex", "unknown"),
        ("ethnicity", "afam") => ("race", "afam"),
        ("ethnicity", "amindian") => ("race", "amindian"),
        ("ethnicity", "asian") => ("race", "asian"),
        ("ethnicity", "cauc") => ("race", "cauc"),
        ("ethnicity", "hispanic") => ("race", "hispanic"),
        ("ethnicity", "other") => ("race", "other"),
        ("ethnicity", "nan") => ("race", "none"),
        ("lunchk" | "lunch1" | "lunch2" | "lunch3", "free") => (lunch, "free"),
        ("lunchk" | "lunch1" | "lunch2" | "lunch3", "non-free") => (lunch, "paid"),
        ("lunchk" | "lunch1" | "lunch2" | "lunch3", "nan") => (lunch, no_lunch),
        other => panic!("what is {other:?}?"),
    })
}
