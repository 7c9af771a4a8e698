//! An export of Ed-Fi that nobody on this project wrote, in both of its forms: what loads is counted again here
//! from the files, and the two forms say the same.

// A test that is skipped says so.
#![allow(clippy::print_stderr)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use throughline::formats::{Reading, Row, read};
use throughline::records::{Change, Demographics, Fact, Kind, Lunch, StatusKind};

/// The folder of a data set beside the checkout; without it a test passes, except where CI says that it
/// must be there.
fn data(set: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(set);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the data set {set} is not there");
    eprintln!("skipped: the data set {set} is not there");
    None
}

/// Facts by kind and key.
type Facts = BTreeMap<(Kind, String), Fact>;

fn read_all(folder: &Path) -> (Facts, Reading) {
    let mut rows: Vec<Row> = Vec::new();
    let reading = read(folder, None, &mut |row| rows.push(row)).expect("an export");
    let n = rows.len();
    let facts: Facts = rows
        .into_iter()
        .map(|row| match row.submission.change {
            Change::Upsert(fact) => ((fact.kind(), row.submission.key.expose().to_owned()), fact),
            Change::Delete(_) => panic!("nothing is withdrawn"),
        })
        .collect();
    assert_eq!(facts.len(), n, "no two records have one key");
    (facts, reading)
}

fn lines(folder: &Path, resource: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(format!("{resource}.jsonl"))).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

fn text(value: &Value, path: &str) -> String {
    match value.pointer(path) {
        Some(Value::String(text)) => text.rsplit('#').next().unwrap_or_default().to_owned(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

const STUDENT: &str = "/studentReference/studentUniqueId";
const ASSOCIATIONS: [&str; 5] = [
    "studentHomelessProgramAssociations",
    "studentLanguageInstructionProgramAssociations",
    "studentProgramAssociations",
    "studentSchoolFoodServiceProgramAssociations",
    "studentSpecialEducationProgramAssociations",
];

fn students(folder: &Path, resource: &str, is_one: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    lines(folder, resource).iter().filter(|row| is_one(row)).map(|row| text(row, STUDENT)).collect()
}

fn of_persons(facts: &Facts, is_one: impl Fn(&Demographics) -> bool) -> BTreeSet<String> {
    let person = |((_, key), fact): (&(Kind, String), &Fact)| match fact {
        Fact::Person(person) if is_one(person) => Some(key.clone()),
        _ => None,
    };
    facts.iter().filter_map(person).collect()
}

fn of_statuses(facts: &Facts, kind: StatusKind) -> BTreeSet<String> {
    let student = |((_, key), fact): (&(Kind, String), &Fact)| match fact {
        Fact::Status(status) if status.status == kind => key.split('|').next().map(str::to_owned),
        _ => None,
    };
    facts.iter().filter_map(student).collect()
}

#[test]
fn every_record_of_the_api_files_is_accounted_for() {
    let Some(folder) = data("edfi_grandbend_json") else { return };
    let (facts, reading) = read_all(&folder);
    let programs: BTreeSet<_> = lines(&folder, "programs")
        .iter()
        .map(|row| (text(row, "/programName"), text(row, "/programTypeDescriptor")))
        .collect();
    let participations: usize = ASSOCIATIONS.iter().map(|resource| lines(&folder, resource).len()).sum();
    let events = lines(&folder, "studentSchoolAttendanceEvents");
    let is_whole = |row: &&Value| {
        text(row, "/attendanceEventCategoryDescriptor") != "Partial" || row.get("eventDuration").is_some()
    };
    let whole = events.iter().filter(is_whole).count();
    let expected = BTreeMap::from([
        (Kind::Person, lines(&folder, "students").len() as u64),
        (Kind::School, lines(&folder, "schools").len() as u64),
        (Kind::Program, programs.len() as u64),
        (Kind::Participation, participations as u64),
        (Kind::AttendanceEvent, whole as u64),
        (Kind::Assessment, lines(&folder, "studentAssessments").len() as u64),
        (Kind::Discipline, lines(&folder, "disciplineActions").len() as u64),
        (
            Kind::Status,
            [ASSOCIATIONS[0], ASSOCIATIONS[4]]
                .map(|resource| lines(&folder, resource).len() as u64)
                .iter()
                .sum(),
        ),
    ]);
    assert_eq!(reading.summary.upserts, expected);
    assert_eq!((expected[&Kind::Person], expected[&Kind::AttendanceEvent]), (960, 1_916));
    // Interventions are not in the export, so the days of who took part in one are not known.
    let undated = lines(&folder, "studentInterventionAssociations").len() as u64;
    let refused =
        BTreeMap::from([("missing", (events.len() - whole) as u64), ("unknown_reference", undated)]);
    assert_eq!(reading.summary.refused, refused);
    assert_eq!(reading.queue, []);
    let skipped: u64 = reading.summary.files.iter().map(|file| file.skipped_rows).sum();
    assert_eq!(skipped, 1, "who was accepted by a college is not enrolled");

    let mut statuses = BTreeMap::new();
    for row in &events {
        *statuses.entry(text(row, "/attendanceEventCategoryDescriptor")).or_insert(0) += 1;
    }
    for (category, status) in
        [("Excused Absence", "excused"), ("Unexcused Absence", "unexcused"), ("Tardy", "tardy")]
    {
        let found = facts.values().filter(|fact| match fact {
            Fact::AttendanceEvent(event) => event.status.code() == status,
            _ => false,
        });
        assert_eq!(found.count(), statuses[category], "{category}");
    }
    for (group, expected) in [
        (of_statuses(&facts, StatusKind::Homeless), students(&folder, ASSOCIATIONS[0], |_| true)),
        (
            of_persons(&facts, |person| person.english_learner.is_some()),
            students(&folder, ASSOCIATIONS[1], |_| true),
        ),
        (
            of_statuses(&facts, StatusKind::DisabilityIdea),
            students(&folder, ASSOCIATIONS[4], |row| row.get("ideaEligibility") != Some(&Value::Bool(false))),
        ),
        (
            of_persons(&facts, |person| person.lunch == Some(Lunch::Free)),
            students(&folder, ASSOCIATIONS[3], |row| row.to_string().contains("#Free")),
        ),
    ] {
        assert!(!expected.is_empty());
        assert_eq!(group, expected);
    }
    for row in lines(&folder, "studentAssessments") {
        let key = format!("{}|{}|", text(&row, STUDENT), text(&row, "/studentAssessmentIdentifier"));
        let found =
            facts.iter().find(|((kind, known), _)| *kind == Kind::Assessment && known.starts_with(&key));
        let Some((_, Fact::Assessment(assessment))) = found else { panic!("a result is not there") };
        let scores = row["scoreResults"].as_array().map(Vec::as_slice).unwrap_or_default();
        let vertical = scores.iter().find(|score| score.to_string().contains("#Vertical score"));
        let score = vertical.map(|score| text(score, "/result").parse::<i64>().expect("a number") * 1_000);
        assert_eq!(assessment.scale_score_thousandths, score);
        let level = text(&row, "/performanceLevels/0/performanceLevelDescriptor");
        let expected = match level.as_str() {
            "Met Standard" => Some((2, true)),
            "Did Not Meet Standard" => Some((1, false)),
            _ => None,
        };
        assert_eq!(assessment.level.zip(assessment.proficient), expected);
        let is_reading = text(&row, "/assessmentReference/assessmentIdentifier").contains("Reading");
        assert_eq!(assessment.subject.as_str(), if is_reading { "READING" } else { "MATH" });
    }
    let printed = format!("{reading:?}");
    for row in lines(&folder, "students") {
        let name = text(&row, "/lastSurname");
        assert!(name.len() < 4 || !printed.contains(&name), "a name is repeated");
        assert!(!printed.contains(&text(&row, "/studentUniqueId")), "a number is repeated");
    }
}

#[test]
fn both_forms_of_an_export_say_the_same() {
    let (Some(json), Some(xml)) = (data("edfi_grandbend_json"), data("edfi_grandbend_xml")) else { return };
    let ((api, _), (bulk, reading)) = (read_all(&json), read_all(&xml));
    // The bulk files have associations that the API's have not: they are counted by their tags.
    let programs = std::fs::read_to_string(xml.join("StudentProgram.xml")).expect("the interchange");
    let n_of = |name: &str| programs.matches(&format!("<Student{name}ProgramAssociation>")).count() as u64;
    let kinds = ["", "CTE", "Homeless", "LanguageInstruction", "MigrantEducation", "NeglectedOrDelinquent"];
    let more = ["SchoolFoodService", "Section504", "SpecialEducation", "TitleIPartA"];
    let associations: u64 = kinds.into_iter().chain(more).map(n_of).sum();
    let interventions = lines(&json, "studentInterventionAssociations").len() as u64;
    assert_eq!(associations, 706);
    assert_eq!(reading.summary.upserts[&Kind::Participation], associations + interventions);
    assert_eq!(reading.summary.upserts[&Kind::Dosage], interventions);
    assert_eq!(reading.summary.refused, [("missing", 1)].into());
    let statuses = ["Homeless", "MigrantEducation", "SpecialEducation", "Section504"].map(n_of);
    assert_eq!(reading.summary.upserts[&Kind::Status], statuses.iter().sum::<u64>());
    let migrant = of_statuses(&bulk, StatusKind::Migrant).len();
    assert!(migrant > 0 && migrant as u64 <= n_of("MigrantEducation"));

    for (key, fact) in &api {
        assert!(bulk.get(key) == Some(fact), "a {:?} of the API is another one in the bulk files", key.0);
    }
    for kind in [Kind::Person, Kind::School, Kind::AttendanceEvent, Kind::Assessment, Kind::Discipline] {
        let n = |facts: &Facts| facts.keys().filter(|(known, _)| *known == kind).count();
        assert_eq!(n(&api), n(&bulk), "{kind:?}");
    }
}
