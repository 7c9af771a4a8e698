use super::*;
use crate::outcomes::{Budget, Problem};

/// A document that uses every key.
const WHOLE: &str = r#"
product = "reading"
version = 2
title = "Reading in grades 3 to 8"
profile = "ferpa-10"
mode = "suppress"
depth = 2
geography = "district"
population = "grade >= 3 and grade <= 8"

[years]
from = 2022
to = 2025

[[indicators]]
name = "reading"
use = "proficiency"
test = "STATE"
subject = "ELA"

[[indicators]]
name = "gain"
use = "score_gain"
test = "STATE"
subject = "ELA"
years = 2

[[dimensions]]
id = "race"
source = "race7"
years_before = 1

[[dimensions]]
id = "tutoring"
label = "Sessions of tutoring"
source = "dosage"
program = "TUTOR"
bands = [1, 10, 20]

[[dimensions]]
id = "status"
source = "program_status"
program = "TUTOR"

[[dimensions]]
id = "which"
source = "program_group"
programs = ["TUTOR", "CAMP"]

[[dimensions]]
id = "grade"
source = "grade"
groups = [{ id = "elementary", label = "Grades 3 to 5", members = ["03", "04", "05"] }]
"#;

fn problems(text: &str) -> Vec<(String, String)> {
    match Product::parse(text) {
        Err(Error::Product(problems)) => {
            problems.into_iter().map(|Problem { path, reason }| (path, reason)).collect()
        }
        other => panic!("no problems found: {other:?}"),
    }
}

#[test]
fn a_whole_document_is_read() {
    let product = Product::parse(WHOLE).expect("it is valid");
    assert_eq!((product.id(), product.version(), product.depth()), ("reading", 2, 2));
    assert_eq!(product.years(), (SchoolYear::new(2022).unwrap(), SchoolYear::new(2025).unwrap()));
    let names: Vec<_> = product.indicators().map(|(name, of)| (name, of.id.as_str())).collect();
    assert_eq!(names, [("reading", "proficiency"), ("gain", "score_gain")]);
    let ids: Vec<_> = product.dimension_ids().collect();
    assert_eq!(ids, ["geography", "race", "tutoring", "status", "which", "grade"]);
    let bands: Vec<_> = product.axes[1].source.categories(None).into_iter().map(|c| c.0).collect();
    assert_eq!(bands, ["none", "1-9", "10-19", "20+"]);
}

#[test]
fn every_problem_is_listed_with_its_place_and_without_its_text() {
    let text = WHOLE
        .replace("version = 2", "version = 0")
        .replace("mode = \"suppress\"", "mode = \"canary\"\ncanary_key = 1")
        .replace("to = 2025", "to = 2021")
        .replace("grade <= 8", "canary <= 8")
        .replace("use = \"score_gain\"", "use = \"canary\"")
        .replace("source = \"race7\"", "source = \"canary\"")
        .replace("bands = [1, 10, 20]", "bands = [1, 1]")
        .replace("\"CAMP\"", "\"TUTOR\"")
        .replace("\"05\"", "\"canary\"");
    let found = problems(&text);
    let paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "version",
            "mode",
            "years.to",
            "indicators[1].use",
            "population",
            "dimensions[0].source",
            "dimensions[1].bands",
            "dimensions[3].programs",
            "dimensions[4].groups[0].members",
            "canary_key",
        ]
    );
    assert!(found.iter().all(|(_, reason)| !reason.contains("canary")));
}

#[test]
fn an_empty_document_says_all_it_lacks() {
    let paths: Vec<_> = problems("").into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["product", "version", "title", "profile", "mode", "years", "indicators"]);
    assert_eq!(problems("id = \n"), [("line 1".into(), "is not TOML".into())]);
}

#[test]
fn names_and_categories_are_unique() {
    let twice = WHOLE.replace("name = \"gain\"", "name = \"reading\"");
    assert_eq!(problems(&twice)[0].0, "indicators[1].name");
    let twice = WHOLE.replace("id = \"status\"", "id = \"race\"");
    assert_eq!(problems(&twice)[0].0, "dimensions[2].id");
    let twice = WHOLE.replace("id = \"elementary\"", "id = \"03\"");
    assert_eq!(problems(&twice)[0].0, "dimensions[4].groups[0].id");
    let twice = WHOLE.replace("\"05\"]", "\"04\"]");
    assert_eq!(problems(&twice)[0].0, "dimensions[4].groups[0].members");
}

#[test]
fn a_mode_knows_what_it_needs() {
    let counted = |mode: &str| {
        WHOLE
            .replace("mode = \"suppress\"", mode)
            .replace("use = \"score_gain\"", "use = \"proficiency\"")
            .replace("years = 2", "")
    };
    let mode = |mode: &str| Product::parse(&counted(mode)).map(|product| product.mode());
    assert_eq!(mode("mode = \"round\""), Ok(Mode::Round));
    let budget = |epsilon_milli, editions| Ok(Mode::Dp(Budget { epsilon_milli, editions }));
    assert_eq!(mode("mode = \"dp\"\ndp = { epsilon = 2.5, editions = 4 }"), budget(2_500, 4));
    assert_eq!(mode("mode = \"dp\"\ndp = { epsilon = 1 }"), budget(1_000, 1));
    let paths = |text: &str| problems(text).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(paths(&counted("mode = \"dp\"")), ["dp"]);
    for wrong in ["epsilon = 0", "epsilon = 51", "epsilon = \"all\"", "epsilon = 1, delta = 1"] {
        let found = paths(&counted(&format!("mode = \"dp\"\ndp = {{ {wrong} }}")));
        assert!(found.len() == 1 && found[0].starts_with("dp."), "{wrong}: {found:?}");
    }
    assert_eq!(paths(&counted("mode = \"round\"\ndp = { epsilon = 1 }")), ["dp"], "nobody asks for a budget");
    // Means are not rounded, and have noise only between bounds.
    assert_eq!(paths(&WHOLE.replace("\"suppress\"", "\"round\"")), ["indicators[1].use"]);
    let noisy = WHOLE.replace("mode = \"suppress\"", "mode = \"dp\"\ndp = { epsilon = 1 }");
    assert_eq!(paths(&noisy), ["indicators[1].use"]);
    let bounded = |bounds: &str| noisy.replace("years = 2\n", &format!("years = 2\nbounds = {bounds}\n"));
    let product = Product::parse(&bounded("[-100, 100]")).expect("it is valid");
    assert_eq!(product.indicators[1].bounds, Some((-100_000, 100_000)));
    assert_eq!(paths(&bounded("[100, 100]")), ["indicators[1].bounds", "indicators[1].use"]);
    let percent =
        |bounds: &str| WHOLE.replace("years = 2\n", &format!("years = 2\nprotect_percent = 10\n{bounds}"));
    assert_eq!(paths(&percent("")), ["indicators[1].protect_percent"], "of a gain nobody knows the smallest");
    assert!(Product::parse(&percent("bounds = [-100, 100]\n")).is_ok());
    let shares = WHOLE.replacen("subject = \"ELA\"\n", "subject = \"ELA\"\nbounds = [0, 1]\n", 1);
    assert_eq!(paths(&shares), ["indicators[0].bounds"], "a share has none");
}

#[test]
fn smaller_versions_have_less_to_ask_for() {
    let product = Product::parse(&WHOLE.replace("geography = \"district\"", "")).expect("it is valid");
    let changes = product.changes();
    let said: Vec<_> = changes.iter().map(ToString::to_string).collect();
    let expected = [
        "depth = 1",
        "geography = \"district\"",
        "without race",
        "without tutoring",
        "without status",
        "without which",
        "without grade",
    ];
    assert_eq!(said, expected);
    // A document with the changed line says the same.
    let shallow = Product::parse(&WHOLE.replace("depth = 2", "depth = 1")).expect("it is valid");
    let districts = Product::parse(WHOLE).expect("it is valid");
    let other = Product { id: "other".into(), ..product.clone() };
    let of = |change: &Change| Product::smaller(&[other.clone(), product.clone()], "reading", change);
    assert_eq!(of(&Change::Districts)[1], districts.drafted());
    assert_eq!(of(&Change::Districts)[0].level, Level::District, "they stay together");
    let products = Product::smaller(&of(&Change::Depth(1)), "reading", &Change::Districts);
    assert_eq!(products[1], shallow.drafted());
    let without = of(&Change::Without("race".into()));
    assert_eq!((without[0].axes.len(), without[1].axes.len()), (5, 4));
    assert_eq!(without[0], other, "it is another product's dimension");
}

#[test]
fn what_is_smallest_has_no_smaller_version() {
    let text = WHOLE.replace("depth = 2", "depth = 0");
    assert_eq!(Product::parse(&text).expect("it is valid").changes(), []);
    let text = WHOLE.replace("depth = 2", "depth = 5");
    let changes = Product::parse(&text).expect("it is valid").changes();
    assert_eq!(changes[..2], [Change::Depth(4), Change::Depth(3)]);
}
