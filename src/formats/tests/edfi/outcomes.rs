//! Ed-Fi: services as they were assigned, results, diplomas, college, and the bulk form of it all.

use super::*;

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
