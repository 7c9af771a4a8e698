//! The program on these files: `check`, its queue, and mappings of a district's own.

use super::exports;
use std::fs;
use std::process::Command;
use tempfile::TempDir;

fn throughline(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_throughline")).args(arguments).output().expect("the program");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn the_program_checks_the_folder() {
    let Some(folder) = exports() else { return };
    let folder = folder.to_str().expect("a plain name");
    let (code, printed, _) = throughline(&["check", folder, "--json"]);
    let result = json(&printed);
    assert_eq!(code, Some(1));
    assert_eq!(result["records"], serde_json::json!({"assessment": 370}));
    assert_eq!(result["refused"], serde_json::json!({"wrong_columns": 1}));
    assert_eq!(result["queue"], serde_json::json!([]));
    let files = result["files"].as_array().expect("a list");
    let counts: Vec<_> = files
        .iter()
        .map(|file| {
            format!("{} {} {} {}", file["mapping"], file["rows"], file["records"], file["refused_rows"])
        })
        .collect();
    let expected = [
        "\"act\" 5 25 0",
        "\"gold\" 5 28 0",
        "\"i-ready-reading\" 5 5 0",
        "\"i-ready-math\" 5 5 0",
        "\"kra\" 10 50 0",
        "\"map-growth\" 7 6 1",
        "\"pals-prek\" 30 240 0",
        "\"wisconsin-forward\" 5 11 0",
    ];
    assert_eq!(counts, expected);
    let (code, printed, _) = throughline(&["check", folder]);
    assert_eq!(code, Some(1));
    assert!(printed.contains("wisconsin-forward"), "{printed}");
}

#[test]
fn the_program_lists_and_prints_its_mappings() {
    let (code, printed, _) = throughline(&["check", "--mappings"]);
    assert_eq!(code, Some(0));
    assert!(
        printed.contains("MAP_Growth*.csv") && printed.contains("assessments.csv (5 records a row at most)")
    );
    let (code, printed, _) = throughline(&["check", "--print-mapping", "act"]);
    assert_eq!(code, Some(0));
    assert!(printed.starts_with("name = \"act\""), "{printed}");
}

/// A statewide KRA file in which three children were not assessed, with a mapping of a district's own.
#[test]
fn a_code_waits_in_the_queue_until_it_is_translated() {
    let Some(folder) = exports() else { return };
    let text = fs::read_to_string(folder.join("KRA__KRA_sample_file_deidentified.csv")).expect("a file");
    let place = TempDir::new().expect("a temporary folder");
    let path = |name: &str| place.path().join(name).to_str().expect("a plain name").to_owned();
    let absent = text.replacen("Approaching Readiness,Complete", ",Moved Away", 3);
    fs::write(path("KRA_absent.csv"), absent).expect("a file");
    let (code, printed, _) =
        throughline(&["check", &path("KRA_absent.csv"), "--json", "--queue", &path("queue.csv")]);
    let result = json(&printed);
    assert_eq!(code, Some(1));
    assert_eq!(result["refused"], serde_json::json!({"unmapped_code": 3}));
    assert_eq!(result["records"], serde_json::json!({"assessment": 35}));
    let expected = serde_json::json!([{
        "file": "KRA_absent.csv", "mapping": "kra", "column": "Status", "code": "Moved Away", "codes": 1,
        "rows": 3, "template": "assessments.csv", "becomes": "not_tested",
    }]);
    assert_eq!(result["queue"], expected);
    let defects = printed.split("\"queue\"").next().expect("what stands before");
    assert!(!defects.contains("Moved Away"), "the code is in the queue alone");
    let queue = fs::read_to_string(path("queue.csv")).expect("the queue");
    assert!(
        queue.contains("kra,KRA_absent.csv,Status,Moved Away,1,3,assessments.csv,not_tested,\n"),
        "{queue}"
    );

    let (_, mapping, _) = throughline(&["check", "--print-mapping", "kra"]);
    let own = mapping.replace("codes = {}", "codes = { \"Moved Away\" = \"MOVED\" }");
    fs::write(path("kra.toml"), own).expect("a file");
    let (code, printed, _) =
        throughline(&["check", &path("KRA_absent.csv"), "--json", "--mapping", &path("kra.toml")]);
    let result = json(&printed);
    assert_eq!((code, &result["records"]), (Some(0), &serde_json::json!({"assessment": 38})));

    let (code, shown, _) = throughline(&["check", &path("KRA_absent.csv")]);
    assert_eq!(code, Some(1));
    assert!(shown.contains("Without a translation") && shown.contains("Moved Away"), "{shown}");
}

#[test]
fn a_mapping_with_mistakes_says_all_of_them() {
    let place = TempDir::new().expect("a temporary folder");
    let path = |name: &str| place.path().join(name).to_str().expect("a plain name").to_owned();
    fs::write(path("sheet.csv"), "Pupil,Day\n1,2024-09-03\n").expect("a file");
    let mapping = "name = 'sheet'\nfiles = ['sheet.csv']\ntemplate = 'attendance_events.csv'\n[columns]\n\
                   student_id = 'Pupil'\ndate = 'Day'\nstate = 'State'\n";
    fs::write(path("sheet.toml"), mapping).expect("a file");
    let arguments = ["check", &path("sheet.csv"), "--mapping", &path("sheet.toml")];
    let (code, printed, said) = throughline(&arguments);
    assert_eq!((code, printed.as_str()), (Some(2), ""));
    for text in [
        "throughline: 3 mistakes in mappings, so nothing was read",
        "sheet.toml, line 7: state is not a column of attendance_events.csv",
        "sheet.toml: record 1 (attendance_events.csv) does not say where school comes from",
        "sheet.toml: record 1 (attendance_events.csv) does not say where status comes from",
    ] {
        assert!(said.contains(text), "{text}\n{said}");
    }
    let mapping = mapping.replace("state = 'State'", "status = 'State'\nschool = { constant = 'S1' }");
    fs::write(path("sheet.toml"), mapping).expect("a file");
    let (code, _, said) = throughline(&arguments);
    assert_eq!(code, Some(2));
    assert!(said.contains("sheet.toml, line 7: sheet.csv has no column State"), "{said}");
}

#[test]
fn a_list_of_problems_is_written_over_no_file_and_says_when_it_is_not_all() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain name").to_owned();
    fs::create_dir(path("files")).expect("a folder");
    let rows: String = (0..100_002).map(|n| format!("{n},perhaps\n")).collect();
    fs::write(path("files/students.csv"), format!("student_id,homeless\n{rows}")).expect("a file");
    for (from, errors) in [("files", "files/students.csv"), ("files/students.csv", "files/students.csv")] {
        for flag in ["--errors", "--queue"] {
            let (code, _, said) = throughline(&["check", &path(from), flag, &path(errors)]);
            assert_eq!(code, Some(2), "{said}");
        }
        assert!(
            fs::read_to_string(path("files/students.csv")).expect("it is there").starts_with("student_id")
        );
    }
    let to = path("refused");
    let (code, _, said) =
        throughline(&["check", &path("files"), "--errors", &path("errors.csv"), "--refused-rows", &to]);
    assert_eq!(code, Some(1));
    assert!(said.contains("only the first 100,000 of 100,002 problems are listed"), "{said}");
    assert!(said.contains("100,000 refused rows are in"), "{said}");
}
