//! `throughline link` as people use it: files in, persons out, figures against a truth.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A district's roster and an agency's list, invented. Mia and Max are twins; Leo's surname changed.
const DISTRICT: &str = "\
record_id,source,year,local_id,first_name,middle_name,last_name,suffix,dob,gender,street_address,zip
D1,district,2023,11,Ana,Luz,Garcia Lopez,,2011-05-06,F,12 Oak Street Apt 4,30210
D2,district,2023,12,Robert,,Zielinski,,2009-02-03,M,7 Elm Rd,30211
D3,district,2023,13,Mia,,Novak,,2012-08-30,F,90 Pine Ave,30212
D4,district,2023,14,Max,,Novak,,2012-08-30,M,90 Pine Ave,30212
D5,district,2023,15,Leo,James,Okafor,,2010-11-12,M,5 Ash Ct,30213
";

const AGENCY: &str = "\
id,given,family,born,sex,number,street,postal
A1,ANA,GARCIA,05/06/2011,female,12,Oak St # 4,30210
A2,Bob,Zielinski,2009-02-03,M,7,Elm Road,30211
A3,Mia,Novack,2012-08-30,F,90,Pine Avenue,30212
A4,Leo,Santos,2010-11-12,M,5,Ash Court,30213
A5,Priya,Haddad,2008-01-02,F,77,Birch Ln,30299
";

const COLUMNS: &str = "\
record_id = \"id\"
first_name = \"given\"
last_name = \"family\"
dob = \"born\"
gender = \"sex\"
street_address = [\"number\", \"street\"]
zip = \"postal\"
";

const TRUTH: &str = "\
record_id,person_id,twin
D1,ana,0
D2,robert,0
D3,mia,1
D4,max,1
D5,leo,0
A1,ana,0
A2,robert,0
A3,mia,1
A4,leo,0
A5,priya,0
";

struct Desk(TempDir);

impl Desk {
    fn new(files: &[(&str, &str)]) -> Self {
        let desk = Self(tempfile::tempdir().expect("a temporary folder"));
        files
            .iter()
            .for_each(|(name, text)| std::fs::write(desk.path(name), text).expect("a file is written"));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn link(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        command.arg("link").args(arguments).current_dir(self.0.path()).output().expect("it starts")
    }

    fn report(&self, arguments: &[&str]) -> Value {
        let ended = self.link(&[arguments, &["--json"]].concat());
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        serde_json::from_slice(&ended.stdout).expect("it prints JSON")
    }

    /// The record ids of each person in a file of `--out`.
    fn persons(&self, name: &str) -> BTreeMap<String, Vec<String>> {
        let mut persons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut reader = csv::Reader::from_path(self.path(name)).expect("it was written");
        for row in reader.records() {
            let row = row.expect("a row");
            persons.entry(row[1].to_owned()).or_default().push(row[0].to_owned());
        }
        persons
    }
}

/// The agency's list with the district's headings.
fn agency() -> String {
    let mut text = "record_id,first_name,last_name,dob,gender,street_address,zip\n".to_owned();
    for line in AGENCY.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let address = [cells[5], cells[6]].join(" ");
        text += &([&cells[..5], &[&address, cells[7]]].concat().join(",") + "\n");
    }
    text
}

#[test]
fn two_files_are_linked_and_measured() {
    let desk = Desk::new(&[("district.csv", DISTRICT), ("agency.csv", &agency()), ("truth.csv", TRUTH)]);
    let files = ["--records", "district.csv", "agency.csv", "--truth", "truth.csv"];
    let report = desk.report(&[&files[..], &["--out", "persons.csv", "--report", "report.json"]].concat());
    for figure in ["precision", "recall", "f1"] {
        assert_eq!(report["pairwise"][figure], 1.0, "{report}");
        assert_eq!(report["cluster"][figure], 1.0);
    }
    assert_eq!((&report["records"], &report["persons"]), (&10.into(), &6.into()));
    let pairs = ["found", "true", "right"].map(|figure| report["pairwise"][figure].as_u64());
    assert_eq!(pairs, [Some(4); 3]);
    assert!(report["seconds"]["total"].as_f64() > Some(0.0) && report["records_per_s"].as_f64() > Some(0.0));
    assert!(report.get("peak_mb").is_some());
    let twins = &report["groups"]["twin"]["1"];
    assert_eq!((&twins["records"], twins["recall"].as_f64()), (&3.into(), Some(1.0)));
    let written = std::fs::read_to_string(desk.path("report.json")).expect("a report");
    assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON")["pairwise"], report["pairwise"]);
    let together: Vec<Vec<String>> =
        desk.persons("persons.csv").into_values().filter(|ids| ids.len() > 1).collect();
    assert_eq!(together, [["D1", "A1"], ["D2", "A2"], ["D3", "A3"], ["D5", "A4"]]);
}

#[test]
fn the_order_of_rows_and_files_does_not_matter() {
    let reversed = |text: &str| {
        let mut lines: Vec<&str> = text.lines().collect();
        lines[1..].reverse();
        lines.join("\n") + "\n"
    };
    let agency = agency();
    let desk = Desk::new(&[
        ("district.csv", DISTRICT),
        ("agency.csv", &agency),
        ("backwards.csv", &reversed(DISTRICT)),
        ("agency_backwards.csv", &reversed(&agency)),
    ]);
    desk.report(&["--records", "district.csv", "agency.csv", "--out", "one.csv"]);
    desk.report(&["--records", "backwards.csv", "agency_backwards.csv", "--out", "other.csv"]);
    let sorted = |name: &str| {
        let text = std::fs::read_to_string(desk.path(name)).expect("it was written");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted("one.csv"), sorted("other.csv"));
}

#[test]
fn columns_go_by_other_names() {
    let desk = Desk::new(&[("agency.csv", AGENCY), ("columns.toml", COLUMNS)]);
    let report = desk.report(&["--records", "agency.csv", "--columns", "columns.toml"]);
    assert_eq!((&report["records"], &report["persons"]), (&5.into(), &5.into()));
    assert!(report.get("pairwise").is_none());
}

#[test]
fn people_see_the_weights_and_no_names() {
    let desk = Desk::new(&[("district.csv", DISTRICT), ("agency.csv", &agency()), ("truth.csv", TRUTH)]);
    let ended = desk.link(&["--records", "district.csv", "agency.csv", "--truth", "truth.csv"]);
    let said = String::from_utf8(ended.stdout).expect("text");
    assert!(said.contains("10 records are 6 persons") && said.contains("birth_date"), "{said}");
    assert!(said.contains("day and month exchanged") && said.contains("whole persons"));
    assert!(!said.contains("Zielinski") && ended.stderr.is_empty());
}

#[test]
fn what_is_wrong_is_said_without_a_value() {
    let bad = "record_id,person_id\nD1,ana\n";
    let desk = Desk::new(&[
        ("district.csv", DISTRICT),
        ("no_id.csv", "first_name\nZielinski\n"),
        ("truth.csv", bad),
        ("columns.toml", "nickname = \"nick\"\n"),
        ("other.toml", "zip = \"postal\"\n"),
    ]);
    let check = |arguments: &[&str], expected: &str| {
        let ended = desk.link(arguments);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2));
        assert!(said.contains(expected) && !said.contains("Zielinski"), "{said}");
    };
    check(&["--records", "no_id.csv"], "has no column record_id");
    check(&["--records", "nowhere.csv"], "nowhere.csv");
    check(&["--records", "district.csv", "--truth", "truth.csv"], "has no person in the truth");
    check(&["--records", "district.csv", "--columns", "columns.toml"], "there is no column nickname");
    check(&["--records", "district.csv", "--columns", "other.toml"], "has no column postal");
}
