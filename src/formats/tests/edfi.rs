//! Small exports of Ed-Fi, in both forms.

mod outcomes;
mod schooling;

use super::super::{Mappings, Mistakes, read_mapped};
use super::*;
use crate::calendar::Date;
use crate::records::{
    AttendanceStatus, Demographics, Disability, DosageUnit, EnglishLearner, Enrollment, ExitType, Grade,
    Kind, Lunch, Races, Sector, Sex,
};
use std::collections::BTreeSet;

const STUDENTS: &str = r#"{"studentUniqueId":"1","firstName":"Ada","middleName":"King","lastSurname":"Lovelace","birthDate":"2010-05-06","birthSexDescriptor":"uri://ed-fi.org/SexDescriptor#Male","identificationDocuments":[{"documentTitle":"canary"}]}
{"studentUniqueId":"2","firstName":"Alan","lastSurname":"Turing","birthDate":"2011-06-07","unheardOf":[{}]}
"#;
const STUDENT: &str = r#""studentReference":{"studentUniqueId":"1","link":{"rel":"Student"}}"#;
const PROGRAM: &str = r#""programReference":{"educationOrganizationId":9,"programName":"Meals","programTypeDescriptor":"x#Meals"},"beginDate":"2024-08-20""#;

fn date(text: &str) -> Date {
    text.parse().expect("a date of the test")
}

fn line(inside: &str) -> String {
    format!("{{{STUDENT},{inside}}}\n")
}

fn persons(read: &Read) -> Vec<&Demographics> {
    let person = |fact: &&Fact| matches!(fact, Fact::Person(_));
    let facts = read.facts().into_iter().filter(person);
    facts
        .map(|fact| if let Fact::Person(person) = fact { person } else { unreachable!("filtered") })
        .collect()
}

/// What is said of groups, in the words of Data Standard 5.
const GROUPS: &str = r#""hispanicLatinoEthnicity":false,"sexDescriptor":"uri://ed-fi.org/SexDescriptor#Female","races":[{"raceDescriptor":"uri://ed-fi.org/RaceDescriptor#White"},{"raceDescriptor":"Asian"}],"limitedEnglishProficiencyDescriptor":"x#Limited Monitored 1","studentCharacteristics":[{"studentCharacteristicDescriptor":"x#Foster Care","periods":[{"beginDate":"2023-01-01"}]},{"studentCharacteristicDescriptor":"x#Pregnant"},{"studentCharacteristicDescriptor":"x#Parent in Military"}],"addresses":[{"city":"canary"}],"telephones":[{"telephoneNumber":"canary"}],"electronicMails":[{"electronicMailAddress":"canary"}]"#;

fn expected() -> Demographics {
    let mut races = Races::default();
    assert!(races.add("white") && races.add("asian"));
    Demographics {
        sex: Some(Sex::Female),
        races,
        hispanic: Some(false),
        english_learner: Some(EnglishLearner::Monitored1),
        military: Some(true),
        disability: Some(Disability::Autism),
        lunch: Some(Lunch::Free),
        ..Demographics::default()
    }
}

fn programs() -> [(&'static str, String); 4] {
    let food = r#""schoolFoodServiceProgramServices":[{"schoolFoodServiceProgramServiceDescriptor":"x#Reduced Price Breakfast"},{"schoolFoodServiceProgramServiceDescriptor":"x#Free Lunch"}]"#;
    [
        ("studentSchoolFoodServiceProgramAssociations.jsonl", line(&format!("{PROGRAM},{food}"))),
        (
            "studentSpecialEducationProgramAssociations.jsonl",
            line(&format!(
                "{PROGRAM},\"ideaEligibility\":true,\"endDate\":\"2024-12-01\",\"disabilities\":[{{\"disabilityDescriptor\":\"x#Autism Spectrum Disorders\"}}]"
            )),
        ),
        (
            "studentHomelessProgramAssociations.jsonl",
            line(&format!("{PROGRAM},\"homelessUnaccompaniedYouth\":true")),
        ),
        ("studentLanguageInstructionProgramAssociations.jsonl", line(PROGRAM)),
    ]
}

#[test]
fn several_resources_are_one_person_in_both_standards() {
    let codes = r#"{"studentIdentificationSystemDescriptor":"x#State","identificationCode":"S1"},{"studentIdentificationSystemDescriptor":"x#SSN","identificationCode":"canary"}"#;
    let five = line(&format!("{GROUPS},\"studentIdentificationCodes\":[{codes}]"));
    let six = codes.replace("},{", "}\n{").replace('{', &format!("{{{STUDENT},"));
    let together = programs();
    let with = |more: &[(&'static str, &str)]| {
        let mut files = vec![("students.jsonl", STUDENTS)];
        files.extend(together.iter().map(|(name, text)| (*name, text.as_str())));
        files.extend(more);
        Read::of(&files)
    };
    for read in [
        with(&[("StudentEducationOrganizationAssociations.jsonl", &five)]),
        with(&[("studentDemographics.jsonl", &line(GROUPS)), ("studentIdentificationCodes.jsonl", &six)]),
    ] {
        // Associations with one program from one day on are one participation, which can not end in two ways.
        assert_eq!(read.defects(), ["!1 studentReference.studentUniqueId duplicate_key"]);
        let statuses: Vec<_> = read
            .facts()
            .into_iter()
            .filter_map(|fact| match fact {
                Fact::Status(status) => Some((status.status.code(), status.begin, status.end)),
                _ => None,
            })
            .collect();
        let begin = date("2024-08-20");
        let expected_statuses = [
            ("foster", date("2023-01-01"), None),
            ("homeless", begin, None),
            ("unaccompanied", begin, None),
            ("disability_idea", begin, Some(date("2024-12-01"))),
        ];
        assert_eq!(statuses.into_iter().collect::<BTreeSet<_>>(), expected_statuses.into());
        assert_eq!(persons(&read), [&expected(), &Demographics::default()]);
        let rows = read.rows.iter().filter(|row| row.submission.change.kind() == Kind::Person);
        let row = rows.into_iter().next().expect("the first student");
        let identifiers = row.submission.identifiers.as_ref().expect("a person has them");
        assert_eq!((row.file.as_ref(), row.row), ("students.jsonl", 1));
        let names = [&identifiers.first_name, &identifiers.middle_name, &identifiers.last_name];
        assert_eq!(names.map(Clear::expose), ["Ada", "King", "Lovelace"]);
        assert_eq!(identifiers.shared_id.expose(), "S1");
        assert_eq!(identifiers.birth_date.and_then(|date| date.date()), Some(date("2010-05-06")));
    }
}

#[test]
fn a_value_without_a_translation_waits_and_stops_nothing() {
    let races = r#"{"studentReference":{"studentUniqueId":"@"},"races":[{"raceDescriptor":"x#Martian"},{"raceDescriptor":"x#White"}]}"#;
    let event = r#"{"studentReference":{"studentUniqueId":"@"},"schoolReference":{"schoolId":7},"eventDate":"2024-09-03","attendanceEventCategoryDescriptor":"x#Band Trip"}"#;
    let of = |text: &str| (1..=4).map(|n| text.replace('@', &n.to_string()) + "\n").collect::<String>();
    let student = r#"{"studentUniqueId":"@","firstName":"A","lastSurname":"B","birthDate":"2010-05-06"}"#;
    let (students, groups, mut events) = (of(student), of(races), of(event));
    events.push_str(&event.replace('@', "4").replace("Band Trip", "tardy"));
    let files = [
        ("students.jsonl", students.as_str()),
        ("studentEducationOrganizationAssociations.jsonl", &groups),
        ("studentSchoolAttendanceEvents.jsonl", &events),
    ];
    let read = Read::of(&files);
    assert_eq!(read.reading.summary.upserts, [(Kind::Person, 4), (Kind::AttendanceEvent, 1)].into());
    assert!(persons(&read).iter().all(|person| person.races.bits() == 1 << 4));
    assert_eq!(read.reading.summary.refused, [("unmapped_code", 4)].into());
    assert_eq!(read.reading.summary.warnings, [("unmapped_code", 4)].into());
    let queue: Vec<_> = read.reading.queue.iter().collect();
    let shown = |at: usize| {
        let place = &queue[at].place;
        (
            queue[at].code.as_ref().map(|code| code.expose().to_owned()),
            queue[at].rows,
            place.becomes,
            place.template,
        )
    };
    assert_eq!(shown(0), (Some("Martian".to_owned()), 4, "races", "students.csv"));
    assert_eq!(shown(1), (Some("Band Trip".to_owned()), 4, "status", "attendance_events.csv"));

    let folder = TempDir::new().expect("a temporary folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let own = "name = \"ours\"\n[descriptors.AttendanceEventCategory]\n\"band trip\" = \"present\"\n\
        [descriptors.Race]\n\"Martian\" = \"\"\n";
    let mapping = folder.path().join("ours.toml");
    fs::write(&mapping, own).expect("a mapping");
    let mappings = Mappings::with_files(&[&mapping]).expect("tables of descriptors are a mapping");
    let reading = read_mapped(folder.path(), None, &mappings, &mut |_| {}).expect("an export");
    assert_eq!((reading.summary.upserts[&Kind::AttendanceEvent], reading.defects.len()), (5, 0));
    assert!(reading.queue.is_empty());
    fs::write(&mapping, own.replace("Race", "Rase")).expect("a mapping");
    let Mistakes(mistakes) = Mappings::with_files(&[&mapping]).expect_err("there is no such descriptor");
    assert_eq!(mistakes[0].reason, "no value of a descriptor Rase is read");
}

#[test]
fn what_is_broken_is_named_and_the_rest_is_read() {
    let broken = "<InterchangeStudent><Student><StudentUniqueId>3</StudentUniqueId></Student><Student>";
    let read = Read::of(&[
        ("students.jsonl", &("oops Mary Jones\n{\"firstName\":\"Mary\"}\n".to_owned() + STUDENTS)),
        ("more.xml", broken),
        (
            "studentEducationOrganizationAssociations.jsonl",
            "{\"studentReference\":{\"studentUniqueId\":\"5\"}}\n",
        ),
        ("disciplineIncidents.jsonl", "{}\n"),
        ("notes.json", "{}"),
    ]);
    let expected = [
        "!  malformed",
        "!1  malformed",
        "!2 studentUniqueId missing",
        "!1 studentReference unknown_reference",
        "1 firstName missing",
        "1 lastSurname missing",
        "1 birthDate missing",
        "  unknown_file",
    ];
    let mut found = read.defects();
    let mut sorted = expected.map(str::to_owned);
    found.sort();
    sorted.sort();
    assert_eq!(found, sorted);
    assert_eq!(read.reading.summary.unused, ["disciplineIncidents.jsonl"]);
    assert_eq!(read.reading.summary.upserts, [(Kind::Person, 3)].into());
    let printed = format!("{:?}", read.reading);
    assert!(!printed.contains("Mary") && !printed.contains("Lovelace"));
    // A file that broke off may have had anything behind that place.
    let n_unreadable = |kind| read.reading.extents.get(kind).map(|of| of.n_unreadable);
    assert_eq!((n_unreadable(Kind::Person), n_unreadable(Kind::Course)), (Some(3), Some(1)));
}
