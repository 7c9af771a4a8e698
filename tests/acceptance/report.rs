//! Reports of a practice city: what is printed of real answers, as a table, for machines and as a page.

use crate::harness::{Service, say};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Scores that more and fewer than half of the students reach.
const LOW: f64 = 420.0;
const HIGH: f64 = 480.0;

const CITY: &str = r#"
product = "city"
version = 1
title = "Students of the city"
profile = "nces-10"
mode = "suppress"
depth = 1
geography = "district"
years = { from = 2024, to = 2025 }
indicators = [
    { name = "chronic_absence", use = "chronic_absence" },
    { name = "reading", use = "proficiency", test = "STATE", subject = "ELA" },
    { name = "low", use = "score_at_least", test = "STATE", subject = "ELA", points = LOW },
    { name = "high", use = "score_at_least", test = "STATE", subject = "ELA", points = HIGH },
]
dimensions = [{ id = "money", source = "econ" }, { id = "level", source = "grade" }, { id = "race", source = "race7" }]
"#;

const REPORT: &str = r#"
report = "city"
title = "The city <today>"
product = "city"

[[figures]]
form = "disparity"
title = "Reading by income"
indicator = "reading"
by = "money"
focal = "yes"

[[figures]]
form = "target"
title = "Absence"
indicator = "chronic_absence"
direction = "down"
baseline = { year = 2024 }
interim = [{ year = 2025, value = 99.0 }]
final = { year = 2030, value = 1.0 }

[[figures]]
form = "disparity"
title = "Absence by race"
indicator = "chronic_absence"
by = "race"

[[figures]]
form = "districts"
title = "Districts"
indicator = "chronic_absence"

[[figures]]
form = "median"
title = "Median score"
indicator = "high"
with = ["low"]
by = "money"

[[figures]]
form = "series"
title = "Not to be had"
indicator = "graduation"
"#;

const SOURCES: [&str; 2] = ["northfield", "eastbrook"];

/// A city of two districts, published, with a report and a file of aggregates in it.
fn published() -> (Service, tempfile::TempDir) {
    let service = Service::start(&SOURCES);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let city = folder.path().join("city");
    let path = city.display().to_string();
    service.run(&["practice", "--students", "1500", "--seed", "7", "--from", "2024", "--out", &path]).done();
    for source in SOURCES {
        for path in [format!("sources/{source}"), format!("sources/{source}/oneroster")] {
            let pushed = service.push(&city.join(path), source);
            assert!((0..=1).contains(&pushed.code), "{}", pushed.stderr);
        }
    }
    let document = CITY.replace("LOW", &LOW.to_string()).replace("HIGH", &HIGH.to_string());
    service.load("product", &document);
    service.publish();
    std::fs::write(folder.path().join("report.toml"), REPORT).expect("a report");
    let aggregates = "id,year,population,numerator,denominator,value,source,as_of\n\
                      employment,2024,City,450,600,,Survey,2024-09-01\n\
                      employment,2024,Zone,4,9,,Survey,2024-09-01\n";
    std::fs::write(folder.path().join("aggregates.csv"), aggregates).expect("a file");
    (service, folder)
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

fn rows(report: &Value, title: &str) -> Vec<Value> {
    let entries = report["figures"].as_array().expect("figures");
    let entry = entries.iter().find(|entry| entry["title"] == title).expect("the figure");
    entry["figure"]["rows"].as_array().cloned().unwrap_or_default()
}

/// The numbers of every row stand in the answers of the service, and follow from them.
fn follow_from_the_answers(service: &Service, report: &Value) {
    let cells = service.ask("city", "reading", &["money"], &[]);
    let of = |year: u64, category: &str| {
        let cell = cells.iter().find(|cell| u64::from(cell.period) == year && cell.categories == [category]);
        let cell = cell.filter(|cell| cell.is_shown()).expect("a large group");
        (cell.numerator.expect("a share"), cell.denominator.expect("a share"))
    };
    let gaps: Vec<_> = rows(report, "Reading by income");
    let gaps: Vec<_> = gaps.iter().filter(|row| row["quantity"] == "gap").collect();
    assert_eq!(gaps.len(), 2);
    for gap in gaps {
        let year = gap["year"].as_u64().expect("a year");
        let ((all_with, all), (with, n)) = (of(year, "all"), of(year, "yes"));
        let (rest_with, rest) = (all_with - with, all - n);
        let expected = (with as f64 / n as f64 - rest_with as f64 / rest as f64) * 100.0;
        assert!((gap["value"].as_f64().expect("a value") - expected).abs() < 1e-9, "{gap}");
        assert_eq!(gap["counts"][1]["numerator"], rest_with);
        assert_eq!(gap["counts"][1]["denominator"], rest);
    }
    // A median lies where a line between the two shares reaches one half.
    let (low, high) =
        (service.ask("city", "low", &["money"], &[]), service.ask("city", "high", &["money"], &[]));
    let share = |cells: &[crate::harness::Cell]| {
        let cell =
            cells.iter().find(|cell| cell.period == 2025 && cell.categories == ["all"]).expect("a cell");
        cell.numerator.expect("a share") as f64 / cell.denominator.expect("a share") as f64
    };
    let (low, high) = (share(&low), share(&high));
    let expected = LOW + (low - 0.5) / (low - high) * (HIGH - LOW);
    let medians = rows(report, "Median score");
    let all = medians.iter().find(|row| row["year"] == 2025 && row["group"] == "All").expect("everybody");
    assert!((all["value"].as_f64().expect("a value") - expected).abs() < 1e-6, "{all}");
    // Nothing stands beside a hidden group.
    let cells = service.ask("city", "chronic_absence", &["race"], &[]);
    let hidden: BTreeSet<(u64, String)> = cells
        .iter()
        .filter(|cell| cell.mark == "hidden")
        .map(|cell| (cell.period.into(), cell.categories[0].clone()))
        .collect();
    assert!(!hidden.is_empty(), "the city has small groups");
    let by_race = rows(report, "Absence by race");
    let missing = by_race.iter().filter(|row| row["quantity"] == "gap" && row["value"].is_null());
    say(&format!("reports: of {} cells by race, {} are hidden", cells.len(), hidden.len()));
    for row in missing {
        assert_eq!((&row["interval"], &row["counts"]), (&Value::Null, &Value::Array(Vec::new())), "{row}");
        assert!(["hidden", "few", "empty"].contains(&row["flag"].as_str().expect("a flag")), "{row}");
    }
    let gaps = by_race.iter().filter(|row| row["quantity"] == "gap" && row["flag"] == "hidden").count();
    let hidden_parts = hidden.iter().filter(|(_, id)| id != "all" && id != "unknown").count();
    assert!(gaps >= hidden_parts, "{gaps} gaps for {hidden_parts} hidden groups");
}

#[test]
fn reports_follow_from_protected_answers_and_can_be_repeated() {
    let (service, folder) = published();
    let folder = folder.path();
    let [report, page, again, kept] =
        ["report.toml", "page.html", "again.html", "answers.bin"].map(|name| path(folder, name));
    let asked = ["--purpose", "evaluation", "--json"];
    let first = service.run(&[&["report", &report, "--html", &page, "--keep", &kept][..], &asked].concat());
    // One figure is of an indicator that the product does not have: the rest is there.
    assert_eq!(first.code, 1, "{}", first.stderr);
    let json = first.json();
    follow_from_the_answers(&service, &json);
    let entries = json["figures"].as_array().expect("figures");
    assert!(entries[5]["not_answered"].as_str().is_some_and(|why| !why.is_empty()), "{}", entries[5]);
    let findings = entries[1]["figure"]["findings"].as_array().expect("findings");
    let incremental = findings.iter().find(|found| found["test"] == "incremental").expect("the test");
    assert_eq!(incremental["status"], "met", "{incremental}");
    let sources = json["sources"].as_array().expect("sources").iter();
    let sources: Vec<_> = sources.map(|source| source["organization"].as_str().expect("a name")).collect();
    assert_eq!(sources, ["eastbrook", "northfield"]);
    for entry in &entries[..5] {
        let figure = &entry["figure"];
        assert_eq!(
            (&figure["edition"], &figure["agreement"], &figure["rule"]),
            (&Value::from(1), &Value::from("acceptance@1"), &Value::from("nces-10@1"))
        );
        assert!(!figure["definition"]["caveat"].as_str().expect("a caveat").is_empty());
        assert!(figure["cells"].as_u64().is_some_and(|cells| cells > 0), "{figure}");
    }

    // Kept answers make the same page, and nobody is asked.
    let repeated = service.run(&["report", &report, "--from", &kept, "--html", &again, "--json"]);
    assert_eq!(repeated.json(), json_without_reason(json, &repeated.json()));
    let html = std::fs::read_to_string(&page).expect("a page");
    let html_again = std::fs::read_to_string(&again).expect("a page");
    let kept_part = |html: &str| html.split("Not to be had").next().map(str::to_owned);
    assert_eq!(kept_part(&html), kept_part(&html_again));
    assert!(html.contains("The city &lt;today&gt;") && html.contains("<svg") && html.contains("<caption>"));
    assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("href="));

    // A file that was changed is not used.
    let mut bytes = std::fs::read(&kept).expect("answers");
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&kept, bytes).expect("answers");
    assert_eq!(service.run(&["report", &report, "--from", &kept]).code, 2);

    a_pack(&service, folder);
}

/// The only thing that differs: why a figure that was refused is not there.
fn json_without_reason(mut first: Value, repeated: &Value) -> Value {
    first["figures"][5]["not_answered"] = repeated["figures"][5]["not_answered"].clone();
    first
}

fn a_pack(service: &Service, folder: &Path) {
    let aggregates = path(folder, "aggregates.csv");
    let pack = ["report", "--pack", "strivetogether", "--aggregates", &aggregates, "--purpose", "evaluation"];
    let printed = service.run(&pack);
    assert_eq!(printed.code, 1, "{}", printed.stderr);
    assert!(printed.stderr.contains("row 3, denominator"), "{}", printed.stderr);
    assert!(printed.stdout.contains("no product offers it (graduation_4y)"), "{}", printed.stdout);
    assert!(
        printed.stdout.contains("450 of 600") && !printed.stdout.contains("4 of 9"),
        "{}",
        printed.stdout
    );
    let json = service.run(&[&pack[..], &["--json"]].concat()).json();
    let reading = rows(&json, "Early grade reading");
    assert!(!reading.is_empty(), "the product's dimension of grades is found by what it classifies by");
    let csv = service.run(&[&pack[..], &["--csv"]].concat()).stdout;
    let mut lines = csv::Reader::from_reader(csv.as_bytes());
    let columns = lines.headers().expect("a header").len();
    assert!(lines.records().all(|line| line.expect("a line").len() == columns));
    assert!(csv.contains("as_supplied"));
    assert_eq!(csv.matches("note:source").count(), SOURCES.len(), "{csv}");
    exit_codes(service, folder);
}

/// What scripts go by: 0 where every figure is there, 1 where some are not, 2 where none is.
fn exit_codes(service: &Service, folder: &Path) {
    let code = |document: &str, purpose: &str| {
        let file = path(folder, "coded.toml");
        std::fs::write(&file, document).expect("a report");
        let page = path(folder, "coded.html");
        let ended = service.run(&["report", &file, "--purpose", purpose, "--html", &page]);
        (ended.code, std::fs::remove_file(&page).is_ok(), ended.stdout.is_empty())
    };
    let series = |indicator: &str| {
        format!("[[figures]]\nform = \"series\"\ntitle = \"F\"\nindicator = \"{indicator}\"\n")
    };
    let head = "report = \"r\"\ntitle = \"R\"\nproduct = \"city\"\n";
    let (there, absent) = (series("reading"), series("graduation"));
    assert_eq!(code(&format!("{head}{there}"), "evaluation"), (0, true, false));
    assert_eq!(code(&format!("{head}{there}{absent}"), "evaluation"), (1, true, false));
    assert_eq!(code(&format!("{head}{absent}"), "evaluation"), (2, false, true));
    assert_eq!(code(&format!("{head}{there}"), "marketing"), (2, false, true));
}
