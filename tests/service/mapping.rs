//! A sheet that no standard describes, pushed through a mapping: what has no translation waits at the source.

use crate::city::City;

/// A child a line; the last four have a word for the sex that the mapping does not know.
fn sheet() -> String {
    let rows = (0..12).map(|n| {
        let sex = match n {
            8..=10 => "boy",
            11 => "Zoraida",
            _ => "m",
        };
        format!("{n},Aurelio{n},Quillfeather,{sex}\n")
    });
    std::iter::once("Pupil,Given,Family,Gender\n".to_owned()).chain(rows).collect()
}

fn mapping(codes: &str) -> String {
    format!(
        "name = \"pupils\"\nfiles = [\"pupils*.csv\"]\ntemplate = \"students.csv\"\n\n[columns]\n\
         student_id = \"Pupil\"\nfirst_name = \"Given\"\nlast_name = \"Family\"\n\
         sex = {{ column = \"Gender\", codes = {{ {codes} }} }}\n"
    )
}

#[tokio::test]
async fn what_a_mapping_can_not_translate_waits_and_the_rest_goes_in() {
    let city = City::open().await;
    let write = |name: &str, text: &str| std::fs::write(city.folder().join(name), text).expect("written");
    let push = || {
        let mut push = city.program();
        push.args(["push", "pupils.csv", "--mapping", "pupils.toml", "--queue", "queue.csv", "--json"]);
        push.args(["--agreement", "city-outcomes", "--as", "northfield.contributor", "--server"]);
        push.arg(city.address().replace("127.0.0.1", "localhost"));
        let done = push.output().expect("the program runs");
        let said = String::from_utf8(done.stdout).expect("UTF-8");
        (done.status.code(), said, String::from_utf8_lossy(&done.stderr).into_owned())
    };
    write("pupils.csv", &sheet());
    write("pupils.toml", &mapping(r#""m" = "M""#));
    let (code, said, errors) = push();
    assert_eq!(code, Some(1), "{errors}");
    let result: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((&result["outcomes"]["new"], &result["rows_not_sent"]), (&8.into(), &4.into()));
    let queue = result["queue"].as_array().expect("a list");
    let waits: Vec<_> = queue.iter().map(|of| (of["code"].as_str(), of["rows"].as_u64())).collect();
    assert_eq!(waits, [(Some("boy"), Some(3)), (None, Some(1))]);
    let written = std::fs::read_to_string(city.folder().join("queue.csv")).expect("it was asked for");
    assert!(written.contains(",boy,1,3,students.csv,sex,"), "{written}");
    // What only one child has may be a name, so that it is nowhere; and no code is at the service.
    let log = std::fs::read_to_string(city.folder().join("stderr.log")).expect("the service writes it");
    for text in [&said, &errors, &written, &log] {
        assert!(!text.contains("Zoraida"), "{text}");
    }
    assert!(!log.contains("boy"), "{log}");
    assert_eq!(city.steward().await.n_records().await, 8);

    // What says how files are read is never written over, whatever it is called.
    for flag in ["--queue", "--errors"] {
        let mut check = city.program();
        let done = check.args(["check", "pupils.csv", "--translations", "queue.csv", flag, "./queue.csv"]);
        let done = done.output().expect("the program runs");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(2) && said.contains("would write over"), "{said}");
        let kept = std::fs::read_to_string(city.folder().join("queue.csv")).expect("it is there");
        assert_eq!(kept, written);
    }

    write("pupils.toml", &mapping(r#""m" = "M", "boy" = "M", "Zoraida" = """#));
    let (code, said, errors) = push();
    assert_eq!(code, Some(0), "{errors}");
    let result: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((&result["outcomes"]["new"], &result["outcomes"]["unchanged"]), (&4.into(), &8.into()));
    assert_eq!(result["queue"], serde_json::json!([]));
    assert_eq!(city.steward().await.n_records().await, 12);
}
