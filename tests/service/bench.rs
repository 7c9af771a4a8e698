//! `throughline bench`: figures of every size, and nothing left behind.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Runs it in a folder, with temporary files in another one.
fn bench(folder: &Path, temporary: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    command.current_dir(folder).env("TMPDIR", temporary).env_remove("RUST_LOG").stdin(Stdio::null());
    command.arg("bench").args(arguments).output().expect("the program runs")
}

fn is_empty(folder: &Path) -> bool {
    folder.read_dir().expect("a folder").next().is_none()
}

#[test]
fn each_size_is_measured_and_nothing_is_left_behind() {
    let (folder, temporary) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    // So few that hardly anybody is at a school with others: sealing what is small takes the longest.
    let small = ["--students", "60", "--times", "2,1", "--seconds", "1", "--json", "--plot", "x.svg"];
    let done = bench(folder.path(), temporary.path(), &small);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(is_empty(temporary.path()), "its folders are gone");

    let json: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let sizes = json["sizes"].as_array().expect("a list");
    let of = |name: &str| -> Vec<f64> {
        let figure = |size: &serde_json::Value| size[name].as_f64().unwrap_or_else(|| panic!("{name}"));
        sizes.iter().map(figure).collect()
    };
    assert_eq!(of("students"), [60.0, 120.0], "the smallest first");
    // 600 schools, and of each student who it is and three records of each of five years.
    assert_eq!(of("intake_records"), [1_560.0, 2_520.0]);
    assert_eq!(of("late_records"), [1.0, 2.0]);
    assert_eq!(of("cells"), [642.0, 642.0]);
    for name in [
        "intake_s",
        "intake_per_s",
        "publish_s",
        "publish_freeze_s",
        "publish_seal_s",
        "publish_again_s",
        "publish_again_seal_s",
        "answer_p50_ms",
        "answer_p99_ms",
        "answers_per_s",
        "start_s",
        "first_answer_ms",
        "database_mb",
    ] {
        assert!(of(name).into_iter().all(|figure| figure > 0.0), "{name}: {json}");
    }
    if cfg!(target_os = "linux") {
        for name in ["intake_mb", "publish_mb", "publish_again_mb"] {
            assert!(of(name).into_iter().all(|figure| figure > 0.0), "{name}: {json}");
        }
    }
    let svg = std::fs::read_to_string(folder.path().join("x.svg")).expect("it is drawn");
    assert!(svg.starts_with("<svg ") && svg.contains("from 60 to 120 students"), "{svg}");
}

#[test]
fn what_can_not_be_measured_is_refused_at_once() {
    let (folder, temporary) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    std::fs::create_dir(folder.path().join("mine")).expect("made");
    std::fs::write(folder.path().join("mine/thesis.txt"), "").expect("written");
    for (arguments, why) in [
        (["--times", "0"], "0 is not in 1..=1000"),
        (["--times", "1,,3"], "cannot parse integer from empty string"),
        (["--students", "0"], "0 is not in 1..=10000000"),
        (["--dir", "mine"], "mine is not empty"),
        (["--plot", "nowhere/x.svg"], "nowhere is no folder"),
    ] {
        let done = bench(folder.path(), temporary.path(), &arguments);
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
    let alone = bench(folder.path(), temporary.path(), &["--times", "3", "--plot", "x.svg"]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&alone.stderr).contains("growth is drawn of two sizes or more"));
    assert!(is_empty(temporary.path()));
}
