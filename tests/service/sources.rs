//! A district at its own machine: what would a push make, what stops it, what is to be corrected, and what waits.

use crate::city::City;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

/// What a command ended with.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) errors: String,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.errors))
    }
}

impl City {
    fn file_is(&self, name: &str, header: &str, rows: impl IntoIterator<Item = String>) {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let lines = std::iter::once(header.to_owned()).chain(rows);
        std::fs::write(path, lines.map(|line| line + "\n").collect::<String>()).expect("written");
    }

    /// The files of a district with these students, of whom some have a word that no vocabulary has.
    pub(crate) fn files(
        &self,
        students: impl Iterator<Item = usize> + Clone,
        is_bad: impl Fn(usize) -> bool,
    ) {
        let header = "student_id,first_name,last_name,birth_date,school_year,lunch";
        let row = |n: usize| {
            let lunch = if is_bad(n) { "Not Eligibile" } else { "paid" };
            format!("{n},Aurelio{n},Quillfeather,2012-03-{:02},2025,{lunch}", 1 + n % 28)
        };
        self.file_is("files/students.csv", header, students.clone().map(row));
        let header = "student_id,school,school_year,entry,grade";
        // One has a date that can not be read, so that its key can not be, either.
        let row = |n: usize| {
            let entry = if is_bad(n) && n == 20 { "someday" } else { "2024-09-03" };
            format!("{n},N1,2025,{entry},05")
        };
        self.file_is("files/enrollments.csv", header, students.map(row));
        self.file_is("files/schools.csv", "school,name,sector", ["N1,North,district".to_owned()]);
    }

    pub(crate) fn as_source(&self, words: &[&str]) -> Said {
        self.as_source_at(self.address(), words)
    }

    /// As [`City::as_source`], of a source that reaches the service at another address.
    pub(crate) fn as_source_at(&self, address: &str, words: &[&str]) -> Said {
        self.run_at(address, "northfield.contributor", words)
    }

    /// Runs a verb as somebody.
    pub(crate) fn run_as(&self, identity: &str, words: &[&str]) -> Said {
        self.run_at(self.address(), identity, words)
    }

    fn run_at(&self, address: &str, identity: &str, words: &[&str]) -> Said {
        let mut program = self.program();
        program.args(words).args(["--as", identity, "--server"]);
        program.arg(address.replace("127.0.0.1", "localhost"));
        program.env("THROUGHLINE_AGREEMENT", "city-outcomes");
        let done = program.output().expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Said { code: done.status.code(), out: text(done.stdout), errors: text(done.stderr) }
    }
}

#[tokio::test]
async fn whole_files_end_what_they_no_longer_have_and_a_misspelt_word_ends_nobody() {
    let city = City::open().await;
    city.files(0..200, |_| false);
    assert_eq!(city.as_source(&["push", "files", "--whole"]).code, Some(0));
    let held = city.state();

    // Of 200 students, 4 have left and 15 have a misspelt word, which is no reason to end them.
    city.files(4..200, |n| (10..25).contains(&n));
    let asked = city.as_source(&["check", "files", "--against-service", "--whole", "--json"]);
    assert_eq!(asked.code, Some(1), "{}", asked.errors);
    let service = &asked.json()["service"];
    let of = |kind: &str| {
        ["new", "unchanged", "refused", "held", "absent"].map(|name| service["kinds"][kind][name].as_u64())
    };
    assert_eq!(of("person"), [Some(0), Some(181), Some(0), Some(200), Some(4)]);
    assert_eq!(of("enrollment"), [Some(0), Some(195), Some(0), Some(200), Some(4)]);
    assert_eq!(
        (&service["would_stop"], &service["not_whole"]),
        (&serde_json::json!([]), &serde_json::json!({}))
    );
    assert_eq!(city.state(), held, "nothing is stored of a dry run");

    let without = city.as_source(&["push", "files", "--json"]);
    assert_eq!(without.json()["ended"], Value::Null);
    assert_eq!(city.state(), held, "without the flag nothing is ended");
    // The same files again, now as whole ones: what is in is not sent again.
    let pushed = city.as_source(&["push", "files", "--whole", "--json"]);
    assert_eq!(pushed.code, Some(1), "{}", pushed.errors);
    let result = pushed.json();
    assert_eq!((&result["records"], &result["resumed"]), (&0.into(), &377.into()));
    assert_eq!(result["ended"], serde_json::json!({ "person": 4, "school": 0, "enrollment": 4 }));
    let again = city.as_source(&["push", "files", "--whole", "--json"]);
    assert_eq!(again.json()["ended"], Value::Null, "once");
}

#[tokio::test]
async fn a_manifest_that_is_corrected_ends_what_it_says_now() {
    let city = City::open().await;
    let push = |n_students: usize, users: &str| {
        let file = |name: &str, header: &str, rows: Vec<String>| {
            city.file_is(&format!("files/{name}.csv"), header, rows)
        };
        let modes = ["orgs", "academicSessions", "enrollments"].map(|name| format!("file.{name},bulk"));
        let says =
            ["oneroster.version,1.1".to_owned(), format!("file.users,{users}")].into_iter().chain(modes);
        file("manifest", "propertyName,value", says.collect());
        file("orgs", "sourcedId,name,type", vec!["N1,North,school".to_owned()]);
        let header = "sourcedId,title,type,startDate,endDate,schoolYear";
        file("academicSessions", header, vec!["Y25,2025,schoolYear,2024-08-26,2025-06-12,2025".to_owned()]);
        file("classes", "sourcedId,schoolSourcedId,termSourcedIds", vec!["C,N1,Y25".to_owned()]);
        let header = "sourcedId,role,givenName,familyName";
        let user = |n| format!("S{n},student,Aurelio,Quillfeather");
        file("users", header, (0..n_students).map(user).collect());
        let header = "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role,beginDate";
        let spell = |n| format!("E{n},C,N1,S{n},student,2024-09-03");
        file("enrollments", header, (0..n_students).map(spell).collect());
        let pushed = city.as_source(&["push", "files", "--whole", "--json"]);
        assert!(!pushed.out.is_empty(), "{}", pushed.errors);
        pushed.json()["ended"].clone()
    };
    assert_eq!(push(3, "bulk")["person"], 0);
    let ended = push(2, "delta");
    assert_eq!((&ended["person"], &ended["enrollment"]), (&Value::Null, &1.into()), "{ended}");
    // The records are the same, and in.
    assert_eq!(push(2, "bulk")["person"], 1);
}

#[tokio::test]
async fn a_row_that_was_wrong_and_is_gone_is_ended() {
    let city = City::open().await;
    let header = "student_id,school,school_year,entry,grade";
    let push = |rows: std::ops::Range<usize>, grade_of_last: &str| {
        let last = rows.end - 1;
        let row =
            |n: usize| format!("{n},N1,2025,2024-09-03,{}", if n == last { grade_of_last } else { "05" });
        city.file_is("files/enrollments.csv", header, rows.map(row));
        city.as_source(&["push", "files", "--whole", "--json"]).json()["ended"]["enrollment"].clone()
    };
    assert_eq!(push(0..40, "05"), 0);
    assert_eq!(push(0..40, "fifth"), 0, "it is wrong and not absent");
    assert_eq!(push(0..39, "05"), 1, "the records that are sent are those of before, and now it is absent");
}

#[tokio::test]
async fn a_file_that_is_not_read_is_not_passed_over() {
    let city = City::open().await;
    let push = |n_rows: usize| {
        city.files(0..40, |_| false);
        city.file_is(
            "files/attendance_summary.csv",
            "student_id,school",
            (0..n_rows).map(|n| format!("{n},N1")),
        );
        city.as_source(&["push", "files", "--json"])
    };
    let pushed = push(30);
    assert_eq!(pushed.code, Some(2), "it is too much, as if each row were wrong");
    assert!(pushed.errors.contains("attendance_summary.csv: 30 of 30 rows refused"), "{}", pushed.errors);
    let pushed = push(3);
    assert_eq!((pushed.code, &pushed.json()["rows_not_sent"]), (Some(1), &3.into()));
    assert_eq!(push(0).code, Some(1), "also where it has no row");
}

#[tokio::test]
async fn a_push_stops_before_anything_is_stored() {
    let city = City::open().await;
    city.files(0..200, |_| false);
    assert_eq!(city.as_source(&["push", "files", "--whole"]).code, Some(0));
    let held = city.state();

    // Half of the students are missing, as of a file that was cut off.
    city.files((0..100).chain(200..210), |_| false);
    let stopped = city.as_source(&["push", "files", "--whole"]);
    assert_eq!(stopped.code, Some(2));
    assert!(
        stopped.errors.contains("enrollment: 100 of 200 records would be ended (50.0 %)"),
        "{}",
        stopped.errors
    );
    assert!(stopped.errors.contains("--allow-ended 50"), "{}", stopped.errors);
    assert_eq!(city.state(), held);
    let asked = city.as_source(&["check", "files", "--against-service", "--whole"]);
    assert!(asked.out.contains("a push would stop: the files lack more than 5 %"), "{}", asked.out);
    assert!(asked.out.contains("Would be ended"), "{}", asked.out);

    // A fifth has a misspelt word.
    city.files(0..200, |n| n < 40);
    let stopped = city.as_source(&["push", "files"]);
    assert_eq!(stopped.code, Some(2));
    assert!(stopped.errors.contains("students.csv: 40 of 200 rows refused (20.0 %)"), "{}", stopped.errors);
    assert!(!stopped.errors.contains("Eligibile") && !stopped.out.contains("Eligibile"), "never the value");
    assert_eq!(city.state(), held);
    assert_eq!(city.as_source(&["push", "files", "--allow-refused", "20"]).code, Some(1));

    // What the agreement does not permit would be refused by the service, which says so when it is asked.
    let diploma = |n: usize| format!("{n},regular,2025-06-20");
    city.file_is("files/diplomas.csv", "student_id,type,date", (0..30).map(diploma));
    let n_batches = || city.rows("SELECT count(*) FROM batch", |row| row.get::<_, i64>(0))[0];
    city.files(0..200, |_| false);
    let before = n_batches();
    let stopped = city.as_source(&["push", "files"]);
    assert_eq!(stopped.code, Some(2));
    assert!(
        stopped
            .errors
            .contains("diplomas.csv: 30 of 30 rows refused (100.0 %), by the service: the agreement"),
        "{}",
        stopped.errors
    );
    assert_eq!((n_batches(), city.state()), (before, held));

    // With leave, half of them go.
    std::fs::remove_file(city.folder().join("files/diplomas.csv")).expect("it is there");
    city.files((0..100).chain(200..210), |_| false);
    let pushed = city.as_source(&["push", "files", "--whole", "--allow-ended", "50", "--json"]);
    assert_eq!(pushed.json()["ended"]["enrollment"], 100, "{}", pushed.errors);
}

#[tokio::test]
async fn refused_rows_are_written_for_the_source_and_pushed_alone() {
    let city = City::open().await;
    city.files(0..200, |n| n % 20 == 7);
    let pushed = city.as_source(&["push", "files", "--errors", "errors.csv", "--refused-rows", "refused"]);
    assert_eq!(pushed.code, Some(1), "{}", pushed.errors);
    let errors = std::fs::read_to_string(city.folder().join("errors.csv")).expect("it was asked for");
    assert!(errors.contains("students.csv,9,lunch,outside_vocabulary,"), "{errors}");
    assert!(!errors.contains("Aurelio") && !errors.contains("Eligibile"), "{errors}");
    let path = city.folder().join("refused/students.csv");
    let text = std::fs::read_to_string(&path).expect("it was asked for");
    assert_eq!(
        (text.lines().count(), text.lines().filter(|line| line.contains("Not Eligibile")).count()),
        (11, 10)
    );
    assert_eq!(path.metadata().expect("it is there").permissions().mode() & 0o777, 0o600);
    let same = city.as_source(&["check", "files", "--refused-rows", "files"]);
    assert_eq!(same.code, Some(2), "the files themselves are not written over");

    std::fs::write(&path, text.replace("Not Eligibile", "paid")).expect("corrected");
    let alone = city.as_source(&["push", "refused", "--json"]);
    assert_eq!((alone.code, &alone.json()["outcomes"]["new"]), (Some(0), &10.into()), "{}", alone.errors);
}

#[tokio::test]
async fn what_comes_before_its_roster_waits_and_then_counts() {
    let city = City::open().await;
    let header = "student_id,school,from,to,days_enrolled,days_present,days_absent";
    let row = |n: usize| format!("{n},N1,2024-09-03,2025-06-20,180,150,30");
    city.file_is("early/attendance_summary.csv", header, (0..40).map(row));
    assert!(city.as_source(&["status"]).out.contains("nothing was received yet"));
    assert_eq!(city.as_source(&["push", "early"]).code, Some(0));
    let waiting = |said: Said| {
        let kinds = said.json()["kinds"].as_array().cloned().unwrap_or_default();
        let of = |of: &Value| (of["records"].as_u64(), of["waiting"].as_u64());
        kinds.iter().find(|of| of["kind"] == "attendance_summary").map(of)
    };
    assert_eq!(waiting(city.as_source(&["status", "--json"])), Some((Some(40), Some(40))));
    let told = city.as_source(&["status"]);
    assert!(
        told.out.contains("40 records are of students whom no roster of yours has brought"),
        "{}",
        told.out
    );

    // The roster of all but ten comes.
    city.files(0..30, |_| false);
    assert_eq!(city.as_source(&["push", "files"]).code, Some(0));
    assert_eq!(waiting(city.as_source(&["status", "--json"])), Some((Some(40), Some(10))));
    let edition = city.steward().await.publish().await.expect("an edition");
    assert_eq!((edition.persons, edition.waiting), (30, 10));
    // And then the rest: what waited was not sent again.
    city.files(0..40, |_| false);
    assert_eq!(city.as_source(&["push", "files"]).code, Some(0));
    assert_eq!(waiting(city.as_source(&["status", "--json"])), Some((Some(40), Some(0))));
    let edition = city.steward().await.publish().await.expect("an edition");
    assert_eq!((edition.persons, edition.waiting), (40, 0));
    let shown = city.query("city", &["--json"]);
    let answer: Value = serde_json::from_str(&shown).expect("JSON");
    let cells = answer["cells"].as_array().expect("cells");
    let all =
        cells.iter().find(|cell| cell["period"] == 2025 && cell["categories"] == serde_json::json!(["all"]));
    assert_eq!(all.map(|cell| &cell["denominator"]), Some(&40.into()), "{answer}");
}
