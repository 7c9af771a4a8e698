//! The files: our own templates, and OneRoster 1.1's where they stand in the specification's order.

use super::sheet::Template;

const DATES: &[&str] = &["2023-02-30", "13/45/2022", "", "2O22-10-01"];
const COUNTS: &[&str] = &["-1", "n/a", "1,5"];

const STUDENT: &[&str] = &[
    "student_id",
    "school_year",
    "first_name",
    "middle_name",
    "last_name",
    "suffix",
    "birth_date",
    "sex",
    "street_address",
    "zip",
    "shared_id",
    "races",
    "hispanic",
    "economically_disadvantaged",
    "lunch",
    "disability_idea",
    "section_504",
    "english_learner",
    "homeless",
    "foster",
    "migrant",
    "military",
    "zone",
];
const BIRTHS: (&str, &[&str]) = ("birth_date", &["2013-02-30", "13/45/2012"]);

pub(super) static STUDENTS: Template = Template {
    name: "students.csv",
    header: STUDENT,
    defects: &[BIRTHS, ("lunch", &["Not Eligibile"]), ("races", &["Caucasian"])],
};

/// An agency's: it knows who a child is, and none of the groups a district knows.
pub(super) static ROSTER: Template = Template { name: "students.csv", header: STUDENT, defects: &[BIRTHS] };

pub(super) static SCHOOLS: Template = Template {
    name: "schools.csv",
    header: &["school", "name", "district", "district_name", "sector"],
    defects: &[],
};

pub(super) static ENROLLMENTS: Template = Template {
    name: "enrollments.csv",
    header: &[
        "student_id",
        "school",
        "school_year",
        "entry",
        "exit",
        "exit_type",
        "grade",
        "ninth_grade_year",
    ],
    defects: &[("entry", DATES), ("exit_type", &["moved away", "W17"]), ("grade", &["3rd", "K-5"])],
};

pub(super) static ATTENDANCE_SUMMARY: Template = Template {
    name: "attendance_summary.csv",
    header: &["student_id", "school", "from", "to", "days_enrolled", "days_present", "days_absent"],
    defects: &[("from", DATES), ("days_absent", COUNTS)],
};

pub(super) static ASSESSMENTS: Template = Template {
    name: "assessments.csv",
    header: &[
        "student_id",
        "test",
        "subject",
        "grade",
        "date",
        "scale_score",
        "level",
        "proficient",
        "not_tested",
    ],
    defects: &[("date", DATES), ("grade", &["3rd", "14"]), ("level", &["Proficient"])],
};

pub(super) static DISCIPLINE: Template = Template {
    name: "discipline.csv",
    header: &["student_id", "school", "date", "action", "days"],
    defects: &[("date", DATES), ("action", &["OSS", "suspended"])],
};

pub(super) static DIPLOMAS: Template = Template {
    name: "diplomas.csv",
    header: &["student_id", "type", "date"],
    defects: &[("type", &["honors"]), ("date", DATES)],
};

pub(super) static ELIGIBILITY: Template = Template {
    name: "eligibility.csv",
    header: &["student_id", "program", "begin", "end"],
    defects: &[("begin", DATES)],
};

pub(super) static OPTOUT: Template =
    Template { name: "optout.csv", header: &["student_id", "from", "until"], defects: &[] };

pub(super) static PROGRAMS: Template =
    Template { name: "programs.csv", header: &["program", "name", "type"], defects: &[] };

pub(super) static SERVICES: Template = Template {
    name: "services.csv",
    header: &["student_id", "program", "begin", "end", "exit_reason"],
    defects: &[("begin", DATES), ("exit_reason", &["left, no reason given"])],
};

pub(super) static DOSAGE: Template = Template {
    name: "dosage.csv",
    header: &["student_id", "program", "date", "unit", "amount"],
    defects: &[("date", DATES), ("unit", &["sessions", "min"]), ("amount", COUNTS)],
};

pub(super) static POSTSECONDARY: Template = Template {
    name: "postsecondary.csv",
    header: &["student_id", "institution", "level", "begin", "end", "status", "graduated"],
    defects: &[("begin", DATES), ("level", &["4-year"])],
};

pub(super) static PERSONS: Template =
    Template { name: "persons.csv", header: &["source", "student_id", "person"], defects: &[] };

pub(super) static DEFECTS: Template =
    Template { name: "defects.csv", header: &["file", "row", "column"], defects: &[] };

pub(super) static MANIFEST: Template =
    Template { name: "manifest.csv", header: &["propertyName", "value"], defects: &[] };

pub(super) static ORGS: Template = Template {
    name: "orgs.csv",
    header: &["sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"],
    defects: &[],
};

pub(super) static SESSIONS: Template = Template {
    name: "academicSessions.csv",
    header: &[
        "sourcedId",
        "status",
        "dateLastModified",
        "title",
        "type",
        "startDate",
        "endDate",
        "parentSourcedId",
        "schoolYear",
    ],
    defects: &[],
};

pub(super) static COURSES: Template = Template {
    name: "courses.csv",
    header: &[
        "sourcedId",
        "status",
        "dateLastModified",
        "schoolYearSourcedId",
        "title",
        "courseCode",
        "grades",
        "orgSourcedId",
        "subjects",
        "subjectCodes",
    ],
    defects: &[],
};

pub(super) static CLASSES: Template = Template {
    name: "classes.csv",
    header: &[
        "sourcedId",
        "status",
        "dateLastModified",
        "title",
        "grades",
        "courseSourcedId",
        "classCode",
        "classType",
        "location",
        "schoolSourcedId",
        "termSourcedIds",
        "subjects",
        "subjectCodes",
        "periods",
    ],
    defects: &[],
};

pub(super) static USERS: Template = Template {
    name: "users.csv",
    header: &[
        "sourcedId",
        "status",
        "dateLastModified",
        "enabledUser",
        "orgSourcedIds",
        "role",
        "username",
        "userIds",
        "givenName",
        "familyName",
        "middleName",
        "identifier",
        "email",
        "sms",
        "phone",
        "agentSourcedIds",
        "grades",
        "password",
    ],
    defects: &[],
};

pub(super) static DEMOGRAPHICS: Template = Template {
    name: "demographics.csv",
    header: &[
        "sourcedId",
        "status",
        "dateLastModified",
        "birthDate",
        "sex",
        "americanIndianOrAlaskaNative",
        "asian",
        "blackOrAfricanAmerican",
        "nativeHawaiianOrOtherPacificIslander",
        "white",
        "demographicRaceTwoOrMoreRaces",
        "hispanicOrLatinoEthnicity",
        "countryOfBirthCode",
        "stateOfBirthAbbreviation",
        "cityOfBirth",
        "publicSchoolResidenceStatus",
    ],
    defects: &[("birthDate", &["2013-02-30", "13/45/2012"]), ("sex", &["boy"])],
};

pub(super) static CLASS_ENROLLMENTS: Template = Template {
    name: "enrollments.csv",
    header: &[
        "sourcedId",
        "status",
        "dateLastModified",
        "classSourcedId",
        "schoolSourcedId",
        "userSourcedId",
        "role",
        "primary",
        "beginDate",
        "endDate",
    ],
    defects: &[("beginDate", DATES)],
};
