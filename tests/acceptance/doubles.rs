//! Files that hold people several times (FEBRL, RecordLinkage): how many pairs there are, and how many of them a comparison
//! of name and birth date would find.

use crate::expected::{Figure, figures};
use crate::harness::{link, say, shared};
use std::collections::BTreeMap;
use std::path::Path;

type Row = BTreeMap<String, String>;

/// The expected figures of a file: linked by `throughline link`, and measured against who is who in truth and against who
/// would be one person if all of name and birth date had to be there and equal.
fn check(shared: &Path, dataset: &str, file: &str, exact: &[&str], person: impl Fn(&Row) -> String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(shared.join(file))
        .expect("the file is there");
    let rows: Vec<Row> = reader.deserialize().map(|row| row.expect("a row")).collect();
    let parts = |row: &Row| -> Vec<String> { exact.iter().map(|column| row[*column].clone()).collect() };
    let alike = |id: u32, row: &Row| match parts(row) {
        parts if parts.iter().any(String::is_empty) => id.to_string(),
        parts => parts.join("/"),
    };
    let record = |row: &Row| {
        let (first, last, birth) = (&row[exact[0]], &row[exact[1]], parts(row)[2..].join("-"));
        format!("{first},{last},{birth}")
    };
    let table = |name: &str, columns: &str, of: &dyn Fn(u32, &Row) -> String| {
        let lines: String = (1..).zip(&rows).map(|(id, row)| format!("{id},{}\n", of(id, row))).collect();
        std::fs::write(folder.path().join(name), format!("{columns}\n{lines}")).expect("a file is written");
    };
    table("records.csv", "record_id,first_name,last_name,dob", &|_, row| record(row));
    table("truth.csv", "record_id,person_id", &|_, row| person(row));
    table("alike.csv", "record_id,person_id", &alike);
    let measured = |truth: &str| {
        let report = link(folder.path(), &["--records", "records.csv", "--truth", truth]);
        assert_eq!(report["records"].as_u64(), Some(rows.len() as u64));
        ["true", "found", "right"].map(|what| report["pairwise"][what].as_f64().expect("a number"))
    };
    let [n_true, n_found, n_right] = measured("truth.csv");
    let [n_alike, ..] = measured("alike.csv");
    let of_set = figures(shared, dataset);
    for Figure { indicator, value, denominator, .. } in &of_set {
        assert_eq!(*denominator, rows.len() as u64, "{dataset}");
        let n_pairs = if indicator == "true matching pairs" { n_true } else { n_alike };
        assert_eq!(n_pairs, *value, "{dataset} {indicator}");
    }
    let n_figures = of_set.len();
    say(&format!(
        "{dataset}: {n_figures} expected figures; {n_figures} reproduced through the program; of {n_true} pairs, {n_alike} \
         are alike in name and birth date, and linkage by these finds {n_right} (and {} others)",
        n_found - n_right
    ));
    assert_eq!(n_figures, 2);
    assert!(n_right > n_alike, "linkage finds no more than equality does");
}

#[test]
fn pairs_within_files_come_out() {
    let Some(shared) = shared() else { return };
    let rec_id = |row: &Row| row["rec_id"].split('-').nth(1).expect("rec-NUMBER-…").to_owned();
    for set in ["dataset1", "dataset2"] {
        let exact = ["given_name", "surname", "date_of_birth"];
        check(&shared, &format!("febrl_{set}"), &format!("linkage_febrl/{set}.csv"), &exact, rec_id);
    }
    let exact = ["fname_c1", "lname_c1", "by", "bm", "bd"];
    let file = "linkage_rldata500/RLdata500.csv";
    check(&shared, "rldata500", file, &exact, |row: &Row| row["identity"].clone());
}
