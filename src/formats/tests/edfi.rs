//! Small exports of Ed-Fi, in both forms.

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
fn spells_have_exit_types_and_cohort_years() {
    let spell = |inside: &str| line(&format!("\"schoolReference\":{{\"schoolId\":7}},{inside}"));
    let cohorts = r#""cohortYears":[{"cohortYearTypeDescriptor":"x#Eighth grade","schoolYearTypeReference":{"schoolYear":2023}},{"cohortYearTypeDescriptor":"x#Ninth grade","schoolYearTypeReference":{"schoolYear":2024}}]"#;
    let spells = [
        r#""entryDate":"2024-08-20","schoolYearTypeReference":{"schoolYear":2025},"entryGradeLevelDescriptor":"x#Tenth grade","repeatGradeIndicator":true,"exitWithdrawDate":"2025-03-01","exitWithdrawTypeDescriptor":"x#Transferred""#,
        r#""entryDate":"2022-08-20","exitWithdrawDate":"2024-06-01","exitWithdrawTypeDescriptor":"x#Our own","entryGradeLevelDescriptor":"x#Eighth grade""#,
        r#""entryDate":"2024-08-21","exitWithdrawDate":"2024-08-21","exitWithdrawTypeDescriptor":"x#No show","entryGradeLevelDescriptor":"x#Tenth grade""#,
        r#""entryGradeLevelDescriptor":"x#Tenth grade""#,
        r#""entryDate":"2024-08-22","schoolYearTypeReference":{"schoolYear":2020},"entryGradeLevelDescriptor":"x#Tenth grade""#,
    ];
    let spells: String = spells.iter().map(|inside| spell(inside)).collect();
    let read = Read::of(&[
        ("students.jsonl", STUDENTS),
        (
            "schools.json",
            r#"[{"schoolId":7,"nameOfInstitution":"North","charterStatusDescriptor":"x#Open Enrollment"},{"schoolId":8,"nameOfInstitution":"South"}]"#,
        ),
        ("studentEducationOrganizationAssociations.jsonl", &line(cohorts)),
        ("studentSchoolAssociations.jsonl", &spells),
    ]);
    assert_eq!(
        read.defects(),
        [
            "2 administrativeFundingControlDescriptor assumed",
            "2 exitWithdrawTypeDescriptor unmapped_code",
            "!4 entryDate missing",
            "!5 entryDate contradiction",
        ]
    );
    let enrollments: Vec<_> = read
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::Enrollment(enrollment) => Some(enrollment.clone()),
            _ => None,
        })
        .collect();
    let year = |ending| SchoolYear::new(ending).expect("a year");
    let base = Enrollment {
        school: crate::records::Code::new("7").expect("a code"),
        school_year: year(2025),
        entry: date("2024-08-20"),
        exit: Some(date("2025-03-01")),
        exit_type: Some(ExitType::Transferred),
        grade: Some(Grade::G10),
        ninth_grade_year: Some(year(2024)),
        repeats_grade: Some(true),
    };
    let eighth = Enrollment {
        school_year: year(2023),
        entry: date("2022-08-20"),
        exit: Some(date("2023-06-30")),
        exit_type: None,
        grade: Some(Grade::G08),
        ninth_grade_year: None,
        repeats_grade: None,
        ..base.clone()
    };
    let ninth = Enrollment {
        school_year: year(2024),
        entry: date("2023-07-01"),
        exit: Some(date("2024-06-01")),
        grade: None,
        ninth_grade_year: Some(year(2024)),
        ..eighth.clone()
    };
    assert_eq!(enrollments, [base, eighth, ninth]);
    let sectors: Vec<_> = read
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::School(school) => Some(school.sector),
            _ => None,
        })
        .collect();
    assert_eq!(sectors, [Sector::Charter, Sector::District]);
    let count =
        read.reading.summary.files.iter().find(|count| count.file == "studentSchoolAssociations.jsonl");
    assert_eq!(count.map(|count| (count.rows, count.refused_rows, count.skipped_rows)), Some((5, 2, 1)));
}

#[test]
fn events_are_of_days_and_amounts() {
    let event = |inside: &str| {
        line(&format!(
            "\"schoolReference\":{{\"schoolId\":7}},\"eventDate\":\"2024-09-03\",\"attendanceEventCategoryDescriptor\":\"x#{inside}"
        ))
    };
    let dose = |inside: &str| line(&format!("{PROGRAM},\"attendanceEventCategoryDescriptor\":\"x#{inside}"));
    let attendance = [
        event("Excused Absence\",\"eventDuration\":0.5"),
        event("Unexcused Absence\",\"eventDuration\":1.0"),
        event("Partial\""),
        event("Early departure\",\"eventDuration\":0.25"),
        "{\"studentReference\":{\"studentUniqueId\":\"77\"},\"schoolReference\":{\"schoolId\":7},\"eventDate\":\"x\",\"attendanceEventCategoryDescriptor\":\"Present\"}\n".to_owned(),
    ];
    let doses = [
        dose("Present\",\"eventDate\":\"2024-09-03\",\"programAttendanceDuration\":100"),
        dose("Tardy\",\"eventDate\":\"2024-09-04\",\"eventDuration\":0.5"),
        dose("Excused Absence\",\"eventDate\":\"2024-09-05\""),
        dose("Present\""),
    ];
    let read = Read::of(&[
        ("students.jsonl", STUDENTS),
        ("studentSchoolAttendanceEvents.jsonl", &attendance.concat()),
        ("studentProgramAttendanceEvents.jsonl", &doses.concat()),
    ]);
    assert_eq!(
        read.defects(),
        [
            "!4 eventDate missing",
            "!3 eventDuration missing",
            "5 studentReference unknown_reference",
            "!5 eventDate not_a_date",
        ]
    );
    let days: Vec<_> = read
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::AttendanceEvent(event) => Some((event.status, event.absent_hundredths)),
            _ => None,
        })
        .collect();
    let expected = [
        (AttendanceStatus::Partial, Some(50)),
        (AttendanceStatus::Unexcused, None),
        (AttendanceStatus::Tardy, None),
    ];
    assert_eq!(days, expected);
    let doses: Vec<_> = read
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::Dosage(dose) => Some((dose.program.as_str(), dose.unit, dose.amount_hundredths)),
            _ => None,
        })
        .collect();
    assert_eq!(doses, [("meals", DosageUnit::Hour, 167), ("meals", DosageUnit::Day, 50)]);
}

#[test]
fn what_was_assigned_counts_where_nothing_tells_what_took_place() {
    const REFERENCE: &str = r#""interventionReference":{"educationOrganizationId":7,"interventionIdentificationCode":"Check In"}"#;
    let intervention = r#"{"educationOrganizationReference":{"educationOrganizationId":7},"interventionIdentificationCode":"Check In","beginDate":"2024-09-02"}"#;
    let assigned = line(&format!("{REFERENCE},\"dosage\":90"));
    let attended = line(&format!(
        "{REFERENCE},\"eventDate\":\"2024-10-01\",\"attendanceEventCategoryDescriptor\":\"x#Present\",\"interventionDuration\":30"
    ));
    let doses = |read: &Read| {
        let dose = |fact: &Fact| match fact {
            Fact::Dosage(dose) => Some((dose.date, dose.unit, dose.amount_hundredths)),
            _ => None,
        };
        read.facts().into_iter().filter_map(dose).collect::<Vec<_>>()
    };
    let files = [
        ("students.jsonl", STUDENTS),
        ("interventions.jsonl", intervention),
        ("studentInterventionAssociations.jsonl", &assigned),
        ("studentInterventionAttendanceEvents.jsonl", &attended),
    ];
    let read = Read::of(&files[..3]);
    assert_eq!(doses(&read), [(date("2024-09-02"), DosageUnit::Hour, 150)]);
    assert_eq!(read.reading.summary.upserts[&Kind::Participation], 1);
    let read = Read::of(&files);
    assert_eq!(doses(&read), [(date("2024-10-01"), DosageUnit::Hour, 50)]);
    let read = Read::of(&[files[0], files[2]]);
    assert_eq!(read.defects(), ["!1 interventionReference unknown_reference"]);
}

#[test]
fn results_diplomas_and_college() {
    let test = r#""studentAssessmentIdentifier":"a","assessmentReference":{"assessmentIdentifier":"Our test","namespace":"n"},"administrationDate":"2024-04-01T16:00:00Z","scoreResults":[{"assessmentReportingMethodDescriptor":"x#Percentile","result":"50"},{"assessmentReportingMethodDescriptor":"x#Lexile Measure","result":"BR40L"},{"assessmentReportingMethodDescriptor":"x#Scale score","result":"691.5"}],"performanceLevels":[{"performanceLevelDescriptor":"x#Proficient"}]"#;
    let untested = r#""studentAssessmentIdentifier":"b","assessmentReference":{"assessmentIdentifier":"Writing 4","namespace":"n"},"administrationDate":"2024-04-01","reasonNotTestedDescriptor":"x#Medical waiver""#;
    let college = |category: &str| {
        line(&format!(
            "\"eventDate\":\"2024-09-01\",\"postSecondaryInstitutionReference\":{{\"postSecondaryInstitutionId\":5}},\"postSecondaryEventCategoryDescriptor\":\"x#{category}\""
        ))
    };
    let read = Read::of(&[
        ("students.jsonl", STUDENTS),
        (
            "assessments.jsonl",
            r#"{"assessmentIdentifier":"Our test","namespace":"n","academicSubjects":[{"academicSubjectDescriptor":"x#Mathematics"}]}"#,
        ),
        ("studentAssessments.jsonl", &(line(test) + &line(untested))),
        (
            "studentAcademicRecords.jsonl",
            &line(
                r#""diplomas":[{"diplomaTypeDescriptor":"x#Regular diploma","diplomaAwardDate":"2024-06-01"}]"#,
            ),
        ),
        (
            "postSecondaryInstitutions.jsonl",
            r#"{"postSecondaryInstitutionId":5,"postSecondaryInstitutionLevelDescriptor":"x#Four or more years"}"#,
        ),
        ("postSecondaryEvents.jsonl", &["College Enrollment", "College Acceptance"].map(college).concat()),
    ]);
    let expected = ["2 assessmentReference unknown_reference", "2 assessmentReference assumed"];
    assert_eq!(read.defects(), expected);
    let facts: Vec<_> = read.facts().into_iter().map(|fact| format!("{fact:?}")).collect();
    let has = |parts: &[&str]| facts.iter().any(|fact| parts.iter().all(|part| fact.contains(part)));
    assert!(
        has(&["our-test", "MATH", "Some(691500)", "level: Some(3)", "proficient: Some(true)"]),
        "{facts:?}"
    );
    assert!(has(&["writing-4", "WRITING", "medical-waiver", "level: None"]), "{facts:?}");
    assert!(
        has(&["Diploma", "Regular"]) && has(&["Postsecondary", "FourYear", "graduated: false"]),
        "{facts:?}"
    );
    assert_eq!(read.reading.summary.upserts[&Kind::Postsecondary], 1);
}

#[test]
fn courses_and_days_of_schools() {
    let record = r#""studentAcademicRecordReference":{"studentUniqueId":"1","schoolYear":2024,"termDescriptor":"x#Fall Semester"}"#;
    let course =
        |inside: &str| format!("{{{record},\"courseReference\":{{\"courseCode\":\"ALG 1\"}},{inside}}}\n");
    let day = |date: &str, events: &str| {
        format!(
            "{{\"calendarReference\":{{\"calendarCode\":\"c\",\"schoolId\":7,\"schoolYear\":2024}},\"date\":\"{date}\",\"calendarEvents\":[{events}]}}\n"
        )
    };
    let event = |value: &str| format!("{{\"calendarEventDescriptor\":\"x#{value}\"}}");
    let read = Read::of(&[
        ("students.jsonl", STUDENTS),
        (
            "courses.jsonl",
            r#"{"courseCode":"ALG 1","academicSubjects":[{"academicSubjectDescriptor":"x#Mathematics"}]}"#,
        ),
        (
            "courseTranscripts.jsonl",
            &(course(
                r#""attemptedCredits":0.5,"earnedCredits":0.333,"courseAttemptResultDescriptor":"x#Pass""#,
            ) + &course(r#""earnedCredits":0,"courseAttemptResultDescriptor":"x#Fail""#)
                + &course(r#""courseAttemptResultDescriptor":"x#Incomplete""#)),
        ),
        (
            "calendarDates.jsonl",
            &(day("2023-09-05", &event("Instructional day"))
                + &day("2023-09-06", &[event("Holiday"), event("Make-up day")].join(","))
                + &day("2023-09-07", &event("Holiday"))
                + &day("2023-09-08", &event("Other"))),
        ),
    ]);
    assert_eq!(read.defects(), ["!3 earnedCredits missing"]);
    let days: Vec<_> = read
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::SchoolDay(day) => Some(day.instructional),
            _ => None,
        })
        .collect();
    assert_eq!(days, [true, true, false]);
    let courses: Vec<_> = read
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::Course(c) => Some((
                c.code.as_str(),
                c.school_year.ending(),
                c.core,
                c.attempted_hundredths,
                c.earned_hundredths,
                c.failed,
            )),
            _ => None,
        })
        .collect();
    let expected = [
        ("alg-1", 2024, Some(true), Some(50), 33, Some(false)),
        ("alg-1", 2024, Some(true), None, 0, Some(true)),
    ];
    assert_eq!(courses, expected);
}

#[test]
fn a_bulk_file_says_the_same_as_the_api() {
    let json = Read::of(&[
        ("localEducationAgencies.json", r#"[{"localEducationAgencyId":9,"nameOfInstitution":"City"}]"#),
        (
            "schools.json",
            r#"[{"schoolId":7,"nameOfInstitution":"A & B","localEducationAgencyReference":{"localEducationAgencyId":9},"administrativeFundingControlDescriptor":"x#Private School"}]"#,
        ),
        (
            "students.json",
            &format!("[{}]", STUDENTS.trim().replace('\n', ",").replace(r#","unheardOf":[{}]"#, "")),
        ),
        ("studentEducationOrganizationAssociations.json", &format!("[{{{STUDENT},{GROUPS}}}]")),
        (
            "disciplineActions.json",
            &format!(
                "[{{{STUDENT},\"disciplineActionIdentifier\":\"d\",\"disciplineDate\":\"2024-10-01\",\"disciplines\":[{{\"disciplineDescriptor\":\"x#Expulsion\"}},{{\"disciplineDescriptor\":\"x#Other\"}}],\"responsibilitySchoolReference\":{{\"schoolId\":7}},\"disciplineActionLength\":2}}]"
            ),
        ),
    ]);
    let xml = r#"<?xml version="1.0" encoding="UTF-8"?><InterchangeAll xmlns="http://ed-fi.org/6.0.0">
      <School><NameOfInstitution>A &amp; B</NameOfInstitution><Address><City>canary</City></Address>
        <AdministrativeFundingControl>x#Private School</AdministrativeFundingControl><SchoolId>7</SchoolId>
        <LocalEducationAgencyReference ref="L"/></School>
      <LocalEducationAgency id="L"><NameOfInstitution>City</NameOfInstitution><LocalEducationAgencyId>9</LocalEducationAgencyId></LocalEducationAgency>
      <Student><StudentUniqueId>1</StudentUniqueId><Name><FirstName>Ada</FirstName><MiddleName>King</MiddleName><LastSurname>Lovelace</LastSurname></Name>
        <OtherName><FirstName>canary</FirstName></OtherName>
        <BirthData><BirthDate>2010-05-06</BirthDate><BirthSex>x#Male</BirthSex></BirthData></Student>
      <Student><StudentUniqueId>2</StudentUniqueId><Name><FirstName>Alan</FirstName><LastSurname>Turing</LastSurname></Name><BirthData><BirthDate>2011-06-07</BirthDate></BirthData></Student>
      <StudentEducationOrganizationAssociation><StudentReference><StudentIdentity><StudentUniqueId>1</StudentUniqueId></StudentIdentity></StudentReference>
        <Sex>x#Female</Sex><HispanicLatinoEthnicity>0</HispanicLatinoEthnicity><Race>x#White</Race><Race>x#Asian</Race>
        <StudentCharacteristic><StudentCharacteristic>x#Foster Care</StudentCharacteristic><Period><BeginDate>2023-01-01</BeginDate></Period></StudentCharacteristic>
        <StudentCharacteristic><StudentCharacteristic>x#Parent in Military</StudentCharacteristic></StudentCharacteristic>
        <LimitedEnglishProficiency>x#Limited Monitored 1</LimitedEnglishProficiency></StudentEducationOrganizationAssociation>
      <DisciplineAction><DisciplineActionIdentifier>d</DisciplineActionIdentifier><Discipline>x#Expulsion</Discipline><Discipline>x#Other</Discipline>
        <DisciplineDate>2024-10-01</DisciplineDate><DisciplineActionLength>2</DisciplineActionLength>
        <StudentReference><StudentIdentity><StudentUniqueId>1</StudentUniqueId></StudentIdentity></StudentReference>
        <ResponsibilitySchoolReference><SchoolIdentity><SchoolId>7</SchoolId></SchoolIdentity></ResponsibilitySchoolReference></DisciplineAction>
    </InterchangeAll>"#;
    let xml = Read::of(&[("everything.XML", xml), ("page.xml", "<html/>")]);
    assert_eq!((json.defects(), xml.defects()), (vec![], vec!["  unknown_file".to_owned()]));
    assert_eq!(json.facts(), xml.facts());
    let keys = |read: &Read| read.keys().into_iter().map(|(_, key)| key.to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(&json), keys(&xml));
    assert_eq!(json.facts().len(), 6);
    let school = xml.facts().into_iter().find_map(|fact| match fact {
        Fact::School(school) => Some((school.name.as_str(), school.district_name.as_ref()?.as_str())),
        _ => None,
    });
    assert_eq!(school, Some(("A & B", "City")));
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
