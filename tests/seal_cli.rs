//! `throughline seal` as people use it: files in, files out, and a plain word when something is wrong.

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// Students by school and program, invented. Schools are in districts, and every margin is there.
const TABLE: &str = "\
place,program,students
Total,Total,424
Total,art,119
Total,music,131
Total,sports,174
North,Total,211
North,art,58
North,music,67
North,sports,86
Ash,Total,102
Ash,art,31
Ash,music,4
Ash,sports,67
Birch,Total,109
Birch,art,27
Birch,music,63
Birch,sports,19
South,Total,213
South,art,61
South,music,64
South,sports,88
Cedar,Total,97
Cedar,art,3
Cedar,music,41
Cedar,sports,53
Dogwood,Total,116
Dogwood,art,58
Dogwood,music,23
Dogwood,sports,35
";

const DISTRICTS: &str = "dimension,code,parent
place,North,
place,South,
place,Ash,North
place,Birch,North
place,Cedar,South
place,Dogwood,South
";

/// What a run left behind.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.stderr);
        serde_json::from_str(&self.stdout).expect("it prints JSON")
    }

    /// Checks that it stopped and said why, in one line.
    fn refused(&self, why: &str) {
        assert_eq!(self.code, 2, "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stderr.trim_end(), format!("throughline: {why}"));
        assert_eq!(self.stdout, "");
    }
}

/// A folder with the table and its hierarchy.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder"));
        folder.write("table.csv", TABLE);
        folder.write("districts.csv", DISTRICTS);
        folder
    }

    /// A folder where the table is protected already.
    fn sealed() -> Self {
        let folder = Self::new();
        let ended =
            folder.seal(&["--out", "safe.csv", "--report", "report.json", "--witnesses", "proof.json"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The file as JSON.
    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).expect("JSON")
    }

    /// Replaces the only place where a file says `from`.
    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {name}");
        self.write(name, &text.replace(from, to));
    }

    /// Runs `seal` on the table of counts.
    fn run(&self, verb: &[&str], options: &[&str]) -> Ended {
        let counts = ["--count", "students", "--hierarchy", "districts.csv", "--minimum", "5"];
        self.run_on_any(&[verb, &["--cells", "table.csv"], &counts, options].concat())
    }

    fn run_on_any(&self, arguments: &[&str]) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_throughline"))
            .current_dir(self.0.path())
            .arg("seal")
            .args(arguments)
            .output()
            .expect("the program starts");
        Ended {
            code: output.status.code().expect("it was not killed"),
            stdout: String::from_utf8(output.stdout).expect("it prints UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("it prints UTF-8"),
        }
    }

    fn seal(&self, options: &[&str]) -> Ended {
        self.run(&[], options)
    }

    fn verify(&self) -> Ended {
        self.run(&["verify"], &["--published", "safe.csv", "--witnesses", "proof.json", "--json"])
    }
}

#[test]
fn the_report_says_what_protecting_cost() {
    let folder = Folder::sealed();
    let report = folder.json("report.json");
    assert_eq!((&report["cells"], &report["primary"]), (&28.into(), &2.into()));
    let pattern = folder.read("safe.csv");
    let n_hidden = pattern.lines().filter(|line| line.ends_with(",,hidden")).count();
    assert_eq!(report["secondary"], n_hidden - 2);
    assert_eq!(report["hidden_share_cells"], n_hidden as f64 / 28.0);
    let share = report["hidden_share_people"].as_f64().expect("a share");
    assert!(share > 0.0 && share < 1.0);
    assert!(report["min_width"].as_f64() >= Some(1.0));
    assert_eq!((&report["need_one_mark"], &report["unprotected"]), (&0.into(), &0.into()));
    let seconds = |stage: &str| report["seconds"][stage].as_f64().expect("a time");
    assert!(seconds("secondary") >= 0.0 && seconds("audit") > 0.0);
    assert!(seconds("total") >= seconds("secondary") + seconds("audit"));
}

#[test]
fn the_pattern_has_every_cell_and_no_hidden_value() {
    let folder = Folder::sealed();
    let pattern = folder.read("safe.csv");
    assert!(pattern.starts_with("place,program,students,status\n"));
    assert_eq!(pattern.lines().count(), TABLE.lines().count());
    for (row, line) in TABLE.lines().zip(pattern.lines()).skip(1) {
        let (codes, _) = row.rsplit_once(',').expect("a value");
        assert!(line == format!("{row},published") || line == format!("{codes},,hidden"), "{line}");
    }
    for small in ["Ash,music,,hidden", "Cedar,art,,hidden"] {
        assert!(pattern.contains(small));
    }
}

#[test]
fn a_run_again_gives_the_same_bytes() {
    let (one, other) = (Folder::sealed(), Folder::sealed());
    for file in ["safe.csv", "proof.json"] {
        assert_eq!(one.read(file), other.read(file), "{file}");
    }
}

#[test]
fn the_witnesses_verify() {
    let folder = Folder::sealed();
    let proof = folder.verify().json();
    let report = folder.json("report.json");
    assert_eq!(proof["sensitive"], report["primary"]);
    for key in ["min_width", "witnesses"] {
        assert_eq!(proof[key], report[key], "{key}");
    }
    assert_eq!(proof["need_one_mark"], 0);
}

#[test]
fn a_pattern_that_was_tampered_with_does_not_verify() {
    let folder = Folder::sealed();
    let pattern = folder.read("safe.csv");
    let check = |from: &str, to: &str, why: &str| {
        folder.write("safe.csv", &pattern);
        folder.replace("safe.csv", from, to);
        folder.verify().refused(why);
    };
    check("Ash,music,,hidden", "Ash,music,4,published", "Ash / music is shown, which the rule hides");
    check("Ash,music,,hidden", "Ash,music,4,hidden", "safe.csv, row 12: a hidden cell has a value");
    check("424,published", "425,published", "safe.csv, row 2: the value is not the table's");
    check("424,published", "424,seen", "safe.csv, row 2, column status: is not published or hidden");
    check("Birch,Total,109,published\n", "", "safe.csv is not a pattern of these cells");
    check("Birch,Total", "Birch,chess", "safe.csv, row 14: is another cell");
    check("status\n", "state\n", "safe.csv has no column status");
    // A cell that was hidden to protect others, shown after all.
    folder.write("safe.csv", &pattern);
    let is_secondary = |line: &&str| line.ends_with("hidden") && !line.starts_with("Ash,music");
    let line = pattern.lines().find(|line| is_secondary(line) && !line.starts_with("Cedar,art"));
    let codes = line.and_then(|line| line.strip_suffix(",,hidden")).expect("one protects others");
    let row = TABLE.lines().find(|row| row.starts_with(codes)).expect("a row");
    folder.replace("safe.csv", &format!("{codes},,hidden"), &format!("{row},published"));
    let ended = folder.verify();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.ends_with("does not hold: it has a value that does not look the same\n"));
}

#[test]
fn witnesses_that_were_tampered_with_do_not_verify() {
    let folder = Folder::sealed();
    let proof = folder.json("proof.json");
    let check = |change: &dyn Fn(&mut Value), why: &str| {
        let mut changed = proof.clone();
        change(&mut changed);
        folder.write("proof.json", &changed.to_string());
        folder.verify().refused(why);
    };
    let by_one = |proof: &mut Value| {
        let by = &mut proof["witnesses"][0]["changes"][0][1];
        *by = (by.as_i64().expect("a change") * 2).into();
    };
    folder.write("proof.json", &proof.to_string());
    assert_eq!(folder.verify().code, 0, "other white space is no tampering");
    let mut changed = proof.clone();
    by_one(&mut changed);
    folder.write("proof.json", &changed.to_string());
    let ended = folder.verify();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.starts_with("throughline: witness 0 does not hold: it"), "{}", ended.stderr);
    let none = |proof: &mut Value| proof["witnesses"] = Value::Array(Vec::new());
    check(&none, "nothing shows that Ash / music is uncertain enough");
    let of_another = |proof: &mut Value| proof["cells"] = 27.into();
    check(&of_another, "proof.json is about other cells");
    folder.write("proof.json", "{\"version\": 1");
    let ended = folder.verify();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.starts_with("throughline: proof.json: EOF"), "{}", ended.stderr);
}

#[test]
fn an_attack_finds_nothing_in_what_was_protected() {
    let folder = Folder::sealed();
    for attacker in ["nonnegative", "zeros", "legend"] {
        let options = ["--published", "safe.csv", "--attacker", attacker, "--json"];
        let found = folder.run(&["attack"], &options).json();
        assert_eq!((&found["primary"], &found["exact"]), (&2.into(), &0.into()));
        assert!(found["median_width"].as_f64() >= Some(1.0));
    }
}

#[test]
fn an_attack_finds_what_sums_give_away() {
    let folder = Folder::new();
    // Small counts alone are hidden, so each is the only one in its sums.
    let with_mark = |line: &str| match line.rsplit(',').next() {
        Some("students") => format!("{line},mark\n"),
        Some("3" | "4") => format!("{line},1\n"),
        _ => format!("{line},0\n"),
    };
    folder.write("table.csv", &TABLE.lines().map(with_mark).collect::<String>());
    let ended = folder.run(&["attack"], &["--pattern", "mark", "--json"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let found: Value = serde_json::from_str(&ended.stdout).expect("it prints JSON");
    assert_eq!((&found["primary"], &found["exact"]), (&2.into(), &2.into()));
    assert_eq!(found["median_width"], 0.0);
    let listed = folder.run(&["attack"], &["--pattern", "mark"]);
    assert!(listed.stdout.contains("Ash / music") && listed.stdout.contains("Cedar / art"));
}

#[test]
fn what_is_wrong_with_a_file_is_said_without_its_values() {
    let check = |file: &str, from: &str, to: &str, why: &str| {
        let folder = Folder::sealed();
        let outputs = ["safe.csv", "report.json", "proof.json"];
        let before = outputs.map(|file| folder.read(file));
        folder.replace(file, from, to);
        let options = ["--out", "safe.csv", "--report", "report.json", "--witnesses", "proof.json"];
        folder.seal(&options).refused(why);
        assert_eq!(outputs.map(|file| folder.read(file)), before, "nothing was overwritten");
    };
    let no_count = "table.csv, row 11, column students: is not a whole number from 0 up";
    for value in ["thirty-one", "-31", "31.5", "NaN", ""] {
        check("table.csv", "Ash,art,31", &format!("Ash,art,{value}"), no_count);
    }
    check("table.csv", "program,students", "program,pupils", "table.csv has no column students");
    check("districts.csv", "code,parent", "code,above", "districts.csv has no column parent");
    check("table.csv", "Ash,art,31", "Ash,art,32", "the cells below Ash / Total do not add up to it");
    check("districts.csv", "Cedar,South", "Cedar,North", "the cells below North / Total do not add up to it");
    check(
        "districts.csv",
        "place,North,\n",
        "place,North,Ash\n",
        "the hierarchy of place goes round in a circle",
    );
}

#[test]
fn a_file_that_is_missing_is_named() {
    let folder = Folder::new();
    std::fs::remove_file(folder.path("districts.csv")).expect("it is there");
    let ended = folder.seal(&["--out", "safe.csv"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.starts_with("throughline: districts.csv: "), "{}", ended.stderr);
    assert!(!folder.path("safe.csv").exists(), "nothing was written");
}

#[test]
fn magnitudes_keep_their_decimal_places() {
    let folder = Folder::new();
    let table = "\
branch,size,turnover,sensitive
Total,Total,900.75,0
Total,small,300.25,0
Total,large,600.50,0
food,Total,300.25,0
food,small,100.25,1
food,large,200.00,0
wood,Total,600.50,0
wood,small,200.00,0
wood,large,400.50,0
";
    folder.write("turnover.csv", table);
    let input = ["--cells", "turnover.csv", "--value", "turnover", "--primary", "sensitive"];
    let input = [&input[..], &["--protect-percent", "10", "--json"]].concat();
    let report =
        folder.run_on_any(&[&input[..], &["--out", "safe.csv", "--witnesses", "proof.json"]].concat());
    let report = report.json();
    assert_eq!((&report["primary"], &report["secondary"]), (&1.into(), &3.into()));
    // Ten percent of 100.25, up and down.
    assert!(report["min_width"].as_f64() >= Some(20.05) && report["min_width"].as_f64() <= Some(900.75));
    let published = ["--published", "safe.csv"];
    let with_proof = [&["verify"], &input[..], &published, &["--witnesses", "proof.json"]].concat();
    assert_eq!(folder.run_on_any(&with_proof).json()["min_width"], report["min_width"]);
    let found = folder.run_on_any(&[&["attack"], &input[..], &published].concat()).json();
    assert_eq!(found["exact"], 0);
    assert!(found["min_width"].as_f64() >= report["min_width"].as_f64());
    assert!(folder.read("safe.csv").contains("food,Total,300.25,published\n"));
}

#[test]
fn sums_can_be_given_one_by_one_with_what_everybody_knows() {
    let folder = Folder::new();
    // A is B and C. Everybody knows C to within 2.5.
    let cells = "cell,value,sensitive,lo_dev,up_dev\nA,30,0,30,90\nB,10,1,10,90\nC,20,0,2.5,2.5\n";
    folder.write("cells.csv", cells);
    folder.write("sums.csv", "relation,cell,coef\n0,A,1\n0,B,-1\n0,C,-1\n");
    let input = ["--cells", "cells.csv", "--relations", "sums.csv", "--value", "value"];
    let run = |percent: &str| {
        let options = ["--primary", "sensitive", "--protect-percent", percent, "--json", "--out", "safe.csv"];
        folder.run_on_any(&[&input[..], &options].concat())
    };
    let report = run("20").json();
    assert_eq!((&report["secondary"], &report["unprotected"]), (&1.into(), &0.into()));
    // Three up and down is more than C can make up for, so A is hidden instead.
    assert_eq!(run("30").json()["secondary"], 1);
    assert!(folder.read("safe.csv").contains("A,,hidden\n"));
}

#[test]
fn an_attack_on_what_can_not_be_true_says_so() {
    let folder = Folder::new();
    // Zeros are said to be shown, and one is hidden: two hidden counts of at least one can not add up to one.
    folder.write("table.csv", "place,students,mark\nTotal,10,0\na,0,1\nb,1,1\nc,9,0\n");
    let input =
        ["attack", "--cells", "table.csv", "--count", "students", "--minimum", "3", "--pattern", "mark"];
    let ended = folder.run_on_any(&[&input[..], &["--attacker", "zeros", "--json"]].concat());
    let found: Value = serde_json::from_str(&ended.stdout).expect("it prints JSON");
    assert_eq!((&found["primary"], &found["undecided"], &found["exact"]), (&1.into(), &1.into(), &0.into()));
    assert_eq!(ended.code, 1, "nothing is not a good sign");
}
