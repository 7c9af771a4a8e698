//! Ed-Fi: spells, days, actions, calendars and courses.

use super::*;

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
fn no_year_of_a_spell_is_lost_without_a_word() {
    let spell =
        |entry: &str| line(&format!("\"schoolReference\":{{\"schoolId\":7}},\"entryDate\":\"{entry}\""));
    let folder = TempDir::new().expect("a temporary folder");
    for (name, text) in [
        ("students.jsonl", STUDENTS.to_owned()),
        ("studentSchoolAssociations.jsonl", spell("2022-08-20") + &spell("1925-08-20")),
    ] {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let read = Read::at(folder.path(), SchoolYear::new(2025));
    assert_eq!(read.defects(), ["!2 entryDate out_of_range"]);
    assert_eq!(read.reading.summary.upserts[&Kind::Enrollment], 3);
    // Without a school year to assume, nobody knows how long an open spell goes on.
    let read = Read::at(folder.path(), None);
    assert_eq!(read.defects(), ["1 exitWithdrawDate assumed", "2 exitWithdrawDate assumed"]);
}

#[test]
fn years_of_a_spell_that_nobody_knows_the_end_of_are_not_missing() {
    let spell = |student: &str, inside: &str| {
        let line = line(&format!("\"schoolReference\":{{\"schoolId\":7}},{inside}"));
        line.replace("\"studentUniqueId\":\"1\"", &format!("\"studentUniqueId\":\"{student}\""))
    };
    let known = spell("2", r#""entryDate":"2023-08-20","exitWithdrawDate":"2025-06-01""#);
    let refused_students = |of_first: &str, year: Option<SchoolYear>| {
        let folder = TempDir::new().expect("a temporary folder");
        let spells = spell("1", of_first) + &known;
        for (name, text) in [("students.jsonl", STUDENTS), ("studentSchoolAssociations.jsonl", &spells)] {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let read = Read::at(folder.path(), year);
        let of = read.reading.extents.get(Kind::Enrollment).expect("a file of that kind");
        assert_eq!(of.n_unreadable, 0, "other students' spells are as whole as ever");
        of.refused_students.iter().map(|id| id.expose().to_owned()).collect::<Vec<_>>()
    };
    // The first student was in school from 2024 on: nobody says until when, or by a word that is no day.
    let open = r#""entryDate":"2023-08-20""#;
    assert_eq!(refused_students(open, None), ["1"]);
    assert_eq!(refused_students(&format!("{open},\"exitWithdrawDate\":\"someday\""), None), ["1"]);
    assert_eq!(refused_students(&format!("{open},\"exitWithdrawDate\":\"2024-06-01\""), None), [""; 0]);
    assert_eq!(refused_students(open, SchoolYear::new(2025)), [""; 0]);
}

#[test]
fn numbers_at_the_end_of_their_range_are_refused() {
    const LARGEST: &str = "9223372036854775.807";
    let record = r#""studentAcademicRecordReference":{"studentUniqueId":"1","schoolYear":2024}"#;
    let course = r#""courseReference":{"courseCode":"ALG 1"},"courseAttemptResultDescriptor":"x#Pass""#;
    let dose = r#""eventDate":"2024-10-01","attendanceEventCategoryDescriptor":"x#Present""#;
    let read = Read::of(&[
        ("students.jsonl", STUDENTS),
        ("courseTranscripts.jsonl", &format!("{{{record},{course},\"earnedCredits\":\"{LARGEST}\"}}\n")),
        (
            "studentProgramAttendanceEvents.jsonl",
            &line(&format!("{PROGRAM},{dose},\"programAttendanceDuration\":\"92233720368547758.07\"")),
        ),
    ]);
    assert_eq!(
        read.defects(),
        ["!1 earnedCredits out_of_range", "!1 programAttendanceDuration out_of_range"]
    );
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
