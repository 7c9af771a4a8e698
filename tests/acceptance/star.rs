//! Tennessee's STAR experiment: 11,598 real children, kindergarten to grade 3, against figures computed
//! elsewhere and the table that Stock and Watson print.

use crate::expected::{CELL_MIN, Figure, Tally, figures};
use crate::harness::{Cell, Service, say, shared};
use crate::star_files::{Geography, export};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

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
    { id = "race", source = "race7" },
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
    { id = "race", source = "race7" },
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

/// A service that has pushed the children and published `products`.
fn publish(folder: &Path, n_records: u64, products: &[&str]) -> (Service, serde_json::Value) {
    let started = Instant::now();
    let service = Service::start(&["tennessee"]);
    let rest = "version = 1\nprofile = \"nces-10\"\nmode = \"suppress\"\ngeography = \"district\"\n";
    products.iter().for_each(|product| service.load("product", &format!("{rest}{product}")));
    let pushed = service.push(folder, "tennessee").done().json();
    assert_eq!((&pushed["records"], &pushed["rows_not_sent"]), (&n_records.into(), &0.into()));
    assert_eq!(pushed["outcomes"]["new"], n_records, "{pushed}");
    let report = service.publish();
    assert_eq!(report["persons"], 11_598, "{report}");
    assert_eq!(report["student_years"], 6_325 + 6_829 + 6_840 + 6_802, "{report}");
    say(&format!(
        "star: {n_records} records pushed in {:.1} s, {} products published in {:.1} s, {:.1} s in all",
        pushed["seconds"].as_f64().unwrap_or_default(),
        products.len(),
        report["seconds"].as_f64().unwrap_or_default(),
        started.elapsed().as_secs_f64()
    ));
    (service, report)
}

/// Each product from a service of its own, the state as one district.
#[test]
fn star_comes_out_of_the_service() {
    let Some(shared) = shared() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let n_records = export(&shared, folder.path(), Geography::State);
    let mut published = Published::default();
    for product in [SCORES, GAIN, ENTRANTS, MEALS] {
        let (service, report) = publish(folder.path(), n_records, &[product]);
        published.ask(&service, report["products"][0]["product"].as_str().expect("a name"));
    }
    let tally = published.compare(&shared);
    tally.print("star_aer");
    assert_eq!((tally.total(), tally.small), (242, 34));
    // A single small group would be what is left of its total, so a second group goes with it; which one
    // depends on the service's key.
    let mut hidden: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for place in &tally.protecting {
        let (table, level) = place.rsplit_once(' ').expect("a place ends in a level");
        let (figure, group) = table.rsplit_once(' ').expect("and before it in a group");
        let figure = if figure.starts_with("gain") { figure } else { figure.split_at(figure.len() - 7).1 };
        hidden.entry((figure, group)).or_default().insert(level);
    }
    let one_of = |place: (&str, &str), choices: &[&[&str]]| {
        let found: Vec<&str> = hidden[&place].iter().copied().collect();
        assert!(choices.contains(&&found[..]), "{place:?}: {found:?}");
    };
    // Two tested children whose sex is not known.
    one_of(("grade 2", "gender"), &[&["female"], &["male"]]);
    // Five Hispanic children, alone in being few.
    one_of(("grade 3", "ethnicity"), &[&["asian"], &["nan", "other"]]);
    // Nine children whose meals in kindergarten are not known.
    one_of(("gain_read_K_to_3 K-3", "lunchk"), &[&["free"], &["non-free"]]);
    assert_eq!(hidden.len(), 3, "{hidden:?}");
    let unknown_race_is_hidden = hidden[&("grade 3", "ethnicity")].contains("other");
    let counts = (tally.reproduced, tally.merged, tally.protecting.len());
    assert_eq!(counts, if unknown_race_is_hidden { (186, 12, 10) } else { (183, 18, 7) });
}

/// All products by district from one service: more has to be hidden, and what is shown is still right.
/// Whether what is hidden stays hidden is for the tests of disclosure control.
#[test]
fn star_published_together_is_right_where_it_is_shown() {
    let Some(shared) = shared() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let n_records = export(&shared, folder.path(), Geography::System);
    let (service, _) = publish(folder.path(), n_records, &[SCORES, GAIN, ENTRANTS, MEALS]);
    let mut published = Published::default();
    ["scores", "gain", "entrants", "meals"].iter().for_each(|product| published.ask(&service, product));
    let tally = published.compare(&shared);
    tally.print("star_aer, published together by district");
    assert_eq!((tally.total(), tally.small), (242, 34));
    // What must be hidden by district costs figures of the whole state too; which, depends on the key.
    assert!(tally.reproduced > tally.total() / 2, "{tally:?}");
    let by_arm = |place: &&String| {
        [" all all", " stark ", " star1 ", " star2 ", " star3 "].iter().any(|part| place.contains(part))
    };
    let lost: Vec<_> = tally.protecting.iter().filter(by_arm).collect();
    assert!(!lost.iter().any(|place| place.starts_with("mean_scale_score")), "{lost:?}");
}

/// The answers: by product, indicator and dimensions.
#[derive(Default)]
struct Published(BTreeMap<(&'static str, &'static str, &'static str), Vec<Cell>>);

impl Published {
    fn ask(&mut self, service: &Service, product: &str) {
        let (product, indicators, tables): (_, &[_], &[_]) = match product {
            "scores" => ("scores", &["read", "math", "total"], &["", "arm", "sex", "race", "meals"]),
            "gain" => ("gain", &["gain"], &["", "arm3", "sex", "race", "lunch3"]),
            "entrants" => ("entrants", &["children"], &["arm entry", "arm entry pooled_race"]),
            _ => ("meals", &["children"], &["arm entry", "arm entry lunch"]),
        };
        for &indicator in indicators {
            for &by in tables {
                let cells = service.ask(product, indicator, &by.split_whitespace().collect::<Vec<_>>(), &[]);
                self.0.insert((product, indicator, by), cells);
            }
        }
    }

    fn compare(&self, shared: &Path) -> Tally {
        let mut tally = Tally::default();
        let mut merged: BTreeMap<(String, String), Vec<Figure>> = BTreeMap::new();
        for figure in figures(shared, "star_aer") {
            match figure.indicator.as_str() {
                "SW_table13.1_difference:read+math" => self.stock_and_watson(&figure, &mut tally),
                "entry_cohort_free_lunch_share" => self.entry_share(&figure, "meals", &mut tally),
                "entry_cohort_white_asian_share" => self.entry_share(&figure, "entrants", &mut tally),
                _ if figure.group == "ethnicity" && ["other", "nan"].contains(&figure.level.as_str()) => {
                    merged.entry((figure.indicator.clone(), figure.period.clone())).or_default().push(figure);
                }
                _ => tally.compare(&figure, self.cell(&figure)),
            }
        }
        merged.values().for_each(|figures| self.merged(figures, &mut tally));
        tally
    }

    fn at(&self, place: (&'static str, &'static str, &'static str), year: u32, categories: &[&str]) -> &Cell {
        let found = self.0[&place].iter().find(|cell| cell.period == year && cell.categories == categories);
        found.unwrap_or_else(|| panic!("{place:?} {year} {categories:?} is not in the answer"))
    }

    /// The cell that stands for a score or a gain.
    fn cell(&self, figure: &Figure) -> &Cell {
        if figure.indicator == "gain_read_K_to_3" {
            let (by, category) = category(figure, ["arm3", "lunch3"], "unknown");
            let categories: Vec<_> = category.into_iter().collect();
            return self.at(("gain", "gain", by), 1989, &categories);
        }
        let subject = figure.indicator.strip_prefix("mean_scale_score:").expect("a mean score");
        let indicator = match &subject[..4] {
            "read" => "read",
            "math" => "math",
            _ => "total",
        };
        let (by, category) = category(figure, ["arm", "meals"], "none");
        let category = category.map(|category| match category {
            "free" => "meals-free",
            "paid" => "meals-paid",
            other => other,
        });
        let categories: Vec<_> = category.into_iter().collect();
        self.at(("scores", indicator, by), year(&figure.period), &categories)
    }

    /// Two groups of race that the service does not tell apart: what it publishes is both together.
    fn merged(&self, figures: &[Figure], tally: &mut Tally) {
        let n: u64 = figures.iter().map(|figure| figure.denominator).sum();
        let sum: f64 = figures.iter().map(|figure| figure.value * figure.denominator as f64).sum();
        let together = Figure { denominator: n, value: sum / n as f64, ..figures[0].clone() };
        let mut one = Tally::default();
        one.compare(&together, self.cell(&together));
        if one.reproduced == 1 {
            tally.merged += figures.len();
        } else if n < CELL_MIN {
            tally.small += figures.len();
        } else {
            tally.protecting.extend(figures.iter().map(Figure::place));
        }
    }

    /// A difference of two published means, and its robust (HC1) standard error out of the published
    /// deviations, which are those of a population.
    fn stock_and_watson(&self, figure: &Figure, tally: &mut Tally) {
        let year = year(&figure.period);
        let arm = |arm: &str| {
            let cell = self.at(("scores", "total", "arm"), year, &[arm]);
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

    /// A share of those who were new in a year, out of published counts.
    fn entry_share(&self, figure: &Figure, product: &'static str, tally: &mut Tally) {
        let year = year(figure.period.trim_start_matches("entry "));
        let arm = figure.level.replace("regular+aide", "aide");
        let (by, category) = match product {
            "meals" => ("arm entry lunch", "free"),
            _ => ("arm entry pooled_race", "white_asian"),
        };
        let with = self.at((product, "children", by), year, &[&arm, "new", category]).denominator;
        let all = self.at((product, "children", "arm entry"), year, &[&arm, "new"]).denominator;
        if let (Some(with), Some(all)) = (with, all) {
            assert_eq!((Some(with), all), (figure.numerator, figure.denominator), "{figure:?}");
            assert!((with as f64 / all as f64 - figure.value).abs() <= 1e-6, "{figure:?}");
            tally.reproduced += 1;
        } else {
            tally.protecting.push(figure.place());
        }
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
) -> (&'static str, Option<&'static str>) {
    match (figure.group.as_str(), figure.level.as_str()) {
        ("all", _) => ("", None),
        ("stark" | "star1" | "star2" | "star3", "small") => (arm, Some("small")),
        ("stark" | "star1" | "star2" | "star3", "regular") => (arm, Some("regular")),
        ("stark" | "star1" | "star2" | "star3", "regular+aide") => (arm, Some("aide")),
        ("gender", "female") => ("sex", Some("F")),
        ("gender", "male") => ("sex", Some("M")),
        ("gender", "nan") => ("sex", Some("unknown")),
        ("ethnicity", "afam") => ("race", Some("black")),
        ("ethnicity", "amindian") => ("race", Some("american_indian")),
        ("ethnicity", "asian") => ("race", Some("asian")),
        ("ethnicity", "cauc") => ("race", Some("white")),
        ("ethnicity", "hispanic") => ("race", Some("hispanic")),
        ("ethnicity", "other" | "nan") => ("race", Some("unknown")),
        ("lunchk" | "lunch1" | "lunch2" | "lunch3", "free") => (lunch, Some("free")),
        ("lunchk" | "lunch1" | "lunch2" | "lunch3", "non-free") => (lunch, Some("paid")),
        ("lunchk" | "lunch1" | "lunch2" | "lunch3", "nan") => (lunch, Some(no_lunch)),
        other => panic!("what is {other:?}?"),
    }
}
