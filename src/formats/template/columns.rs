//! The templates as data: file names, columns and what they mean.

use crate::records::Kind;

/// A CSV file of one kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// Name of the file.
    pub file: &'static str,
    /// The kind its rows are.
    pub kind: Kind,
    /// Columns, in the order an empty template shows them. `record_key` is the last.
    pub columns: &'static [Column],
    /// The columns a record's key is put together from, with `|` between, where `record_key` is blank.
    /// A record sent again under its key replaces what was there.
    pub key: &'static [&'static str],
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// Whether every row needs it.
    pub is_required: bool,
    /// What it means, with its words or units.
    pub meaning: &'static str,
}

impl Template {
    /// Names of the columns that every row needs.
    pub(super) fn required(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().filter(|column| column.is_required).map(|column| column.name)
    }
}

pub(super) const STUDENT_ID: &str = "student_id";
pub(super) const RECORD_KEY: &str = "record_key";
/// What stands for a student whose number is not known, beside a middle name that may be blank.
pub(super) const MATCH: [&str; 3] = ["first_name", "last_name", "birth_date"];

/// Every template, in the order in which they are read.
#[must_use]
pub fn templates() -> &'static [Template] {
    TEMPLATES
}

const fn required(name: &'static str, meaning: &'static str) -> Column {
    Column { name, is_required: true, meaning }
}

const fn optional(name: &'static str, meaning: &'static str) -> Column {
    Column { name, is_required: false, meaning }
}

const KEY: Column =
    optional(RECORD_KEY, "your own key of the record, up to 200 bytes; else it is put together");
const STUDENT: Column = required(STUDENT_ID, "the student's number in your own system");
const STUDENT_OR_MATCH: Column =
    optional(STUDENT_ID, "the student's number in your own system; blank when the match fields are filled");
const FIRST: Column = optional("first_name", "match field: given name");
const MIDDLE: Column = optional("middle_name", "match field: middle name or initial, may be blank");
const LAST: Column = optional("last_name", "match field: family name");
const BIRTH: Column = optional("birth_date", "match field: date of birth");
const SCHOOL: Column = required("school", "your code of the school");
const PROGRAM: Column = required("program", "code of the program, shared by the whole collaboration");
const BEGIN: Column = required("begin", "first day");
const END: Column = optional("end", "last day; blank while open");

const TEMPLATES: &[Template] = &[
    Template {
        file: "schools.csv",
        kind: Kind::School,
        columns: &[
            SCHOOL,
            required("name", "public name"),
            optional("district", "code of the district; blank when you are the district"),
            optional("district_name", "public name of the district"),
            required("sector", "district, charter, private or other"),
            optional("title_i", "true or false: has a Title I program"),
            KEY,
        ],
        key: &["school"],
    },
    Template {
        file: "programs.csv",
        kind: Kind::Program,
        columns: &[
            PROGRAM,
            required("name", "public name"),
            optional("type", "a code such as tutoring, after-school, scholarship"),
            optional("provider", "public name of who provides it"),
            KEY,
        ],
        key: &["program"],
    },
    Template {
        file: "students.csv",
        kind: Kind::Person,
        columns: &[
            STUDENT,
            optional(
                "school_year",
                "year the memberships hold for, by its end (2025 is 2024-25); blank: all",
            ),
            optional("first_name", "given name"),
            optional("middle_name", "middle name or initial"),
            optional("last_name", "family name"),
            optional("suffix", "Jr, III"),
            optional("birth_date", "date of birth"),
            optional("sex", "F, M or X"),
            optional("street_address", "street address without city"),
            optional("city", "city"),
            optional("zip", "ZIP code"),
            optional("shared_id", "a number several sources share, such as a state student number"),
            optional(
                "races",
                "american_indian, asian, black, middle_eastern, pacific_islander, white, two_or_more; several with ; \
                 between",
            ),
            optional("hispanic", "true or false: Hispanic or Latino of any race"),
            optional("economically_disadvantaged", "true or false"),
            optional("lunch", "free, reduced, paid or cep"),
            optional("disability_idea", "true or false: served under IDEA"),
            optional("section_504", "true or false: served under Section 504"),
            optional("english_learner", "current, monitored (monitored_1 to monitored_4), former or never"),
            optional("homeless", "true or false"),
            optional("foster", "true or false"),
            optional("migrant", "true or false"),
            optional("military", "true or false: military connected"),
            optional("zone", "code of the neighborhood; never an address"),
            optional("unaccompanied", "true or false: homeless without a parent or guardian"),
            optional("disability", "primary disability: autism, deafness, specific_learning_disability, …"),
            optional("birth_month", "YYYY-MM, only for figures about age; kept where an agreement says so"),
            KEY,
        ],
        key: &[STUDENT_ID, "school_year"],
    },
    Template {
        file: "enrollments.csv",
        kind: Kind::Enrollment,
        columns: &[
            STUDENT,
            SCHOOL,
            required("school_year", "by its end: 2025 is 2024-25"),
            required("entry", "first day"),
            optional("exit", "last day; blank while open"),
            optional(
                "exit_type",
                "completed, transferred, transferred_confirmed, emigrated, deceased, dropout, expelled, \
                 graduated, incarcerated, end_of_year, withdrawn or unknown",
            ),
            optional("grade", "CEDS code: IT PR PK TK KG 01 to 13 PS UG"),
            optional("ninth_grade_year", "school year of first entry into grade 9"),
            optional("repeats_grade", "true or false"),
            KEY,
        ],
        key: &[STUDENT_ID, "school", "school_year", "entry"],
    },
    Template {
        file: "attendance_summary.csv",
        kind: Kind::AttendanceSummary,
        columns: &[
            STUDENT,
            SCHOOL,
            required("from", "first day of the span"),
            required("to", "last day of the span, in the same school year"),
            required("days_enrolled", "school days in membership, up to 2 decimals"),
            required("days_present", "days present, up to 2 decimals"),
            required("days_absent", "days absent for any reason, up to 2 decimals"),
            KEY,
        ],
        key: &[STUDENT_ID, "school", "from"],
    },
    Template {
        file: "attendance_events.csv",
        kind: Kind::AttendanceEvent,
        columns: &[
            STUDENT,
            SCHOOL,
            required("date", "the day"),
            required("status", "present, excused, unexcused, suspended, tardy or partial"),
            optional("absent_fraction", "part of the day absent, 0 to 1, when status is partial"),
            KEY,
        ],
        key: &[STUDENT_ID, "school", "date"],
    },
    Template {
        file: "assessments.csv",
        kind: Kind::Assessment,
        columns: &[
            STUDENT,
            required("test", "code of the test"),
            required("subject", "code of the subject, such as ELA or MATH"),
            optional("grade", "CEDS grade when assessed"),
            required("date", "day of administration"),
            optional("scale_score", "scale score, up to 3 decimals"),
            optional("level", "performance level, 1 is lowest"),
            optional("proficient", "true or false"),
            optional("not_tested", "code of the reason why there is no score"),
            optional("standard_error", "of the scale score, up to 3 decimals"),
            KEY,
        ],
        key: &[STUDENT_ID, "test", "subject", "date"],
    },
    Template {
        file: "discipline.csv",
        kind: Kind::Discipline,
        columns: &[
            STUDENT,
            optional("school", "your code of the school"),
            required("date", "day of the action"),
            required("action", "in_school_suspension, out_of_school_suspension, expulsion or other"),
            optional("days", "how long, up to 2 decimals"),
            optional("behavior", "code of the behavior it answers"),
            KEY,
        ],
        key: &[STUDENT_ID, "school", "date", "action"],
    },
    Template {
        file: "diplomas.csv",
        kind: Kind::Diploma,
        columns: &[
            STUDENT,
            required("type", "regular, state_alternate, ged or other"),
            required("date", "day of the award"),
            KEY,
        ],
        key: &[STUDENT_ID, "type"],
    },
    Template {
        file: "postsecondary.csv",
        kind: Kind::Postsecondary,
        columns: &[
            STUDENT_OR_MATCH,
            FIRST,
            MIDDLE,
            LAST,
            BIRTH,
            required("institution", "code of the college"),
            required("level", "two_year, four_year or other"),
            required("begin", "first day of the term"),
            END,
            optional("status", "full_time, half_time, less_than_half_time, withdrawn or unknown"),
            optional("graduated", "true when a credential was awarded; blank is false"),
            optional("remedial", "true or false: remedial courses were taken"),
            KEY,
        ],
        key: &[STUDENT_ID, "institution", "begin"],
    },
    Template {
        file: "eligibility.csv",
        kind: Kind::Eligibility,
        columns: &[STUDENT_OR_MATCH, FIRST, MIDDLE, LAST, BIRTH, PROGRAM, BEGIN, END, KEY],
        key: &[STUDENT_ID, "program", "begin"],
    },
    Template {
        file: "services.csv",
        kind: Kind::Participation,
        columns: &[
            STUDENT_OR_MATCH,
            FIRST,
            MIDDLE,
            LAST,
            BIRTH,
            PROGRAM,
            BEGIN,
            END,
            optional("exit_reason", "a code"),
            KEY,
        ],
        key: &[STUDENT_ID, "program", "begin"],
    },
    Template {
        file: "dosage.csv",
        kind: Kind::Dosage,
        columns: &[
            STUDENT_OR_MATCH,
            FIRST,
            MIDDLE,
            LAST,
            BIRTH,
            PROGRAM,
            required("date", "the day"),
            required("unit", "session, hour, day or contact"),
            required("amount", "how much of the unit, up to 2 decimals"),
            KEY,
        ],
        key: &[STUDENT_ID, "program", "date", "unit"],
    },
    Template {
        file: "optout.csv",
        kind: Kind::OptOut,
        columns: &[
            STUDENT,
            required("from", "first day it holds"),
            optional("until", "last day it holds; blank: for good"),
            KEY,
        ],
        key: &[STUDENT_ID, "from"],
    },
    Template {
        file: "statuses.csv",
        kind: Kind::Status,
        columns: &[
            STUDENT,
            required(
                "status",
                "homeless, unaccompanied, foster, migrant, military, economically_disadvantaged, \
                 directly_certified, disability_idea, section_504, english_learner or zone",
            ),
            optional("zone", "code of the neighborhood, for status zone"),
            BEGIN,
            END,
            KEY,
        ],
        key: &[STUDENT_ID, "status", "begin"],
    },
    Template {
        file: "courses_taken.csv",
        kind: Kind::Course,
        columns: &[
            STUDENT,
            required("school_year", "by its end: 2025 is 2024-25"),
            required("course", "your code of the course"),
            optional("term", "a code, where a course has a mark each term"),
            optional("core", "true or false: English, mathematics, science or social science"),
            optional("credits_attempted", "up to 2 decimals"),
            required("credits_earned", "up to 2 decimals"),
            optional("failed", "true or false: the mark is a failing one"),
            KEY,
        ],
        key: &[STUDENT_ID, "school_year", "course", "term"],
    },
    Template {
        file: "school_days.csv",
        kind: Kind::SchoolDay,
        columns: &[
            SCHOOL,
            required("date", "the day"),
            required("instructional", "true or false: there was instruction"),
            KEY,
        ],
        key: &["school", "date"],
    },
    Template {
        file: "consents.csv",
        kind: Kind::Consent,
        columns: &[
            STUDENT,
            required("from", "first day the consent holds; it matters where an agreement has opt_in"),
            optional("until", "last day it holds; blank while it is not withdrawn"),
            KEY,
        ],
        key: &[STUDENT_ID, "from"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_one_template() {
        let kinds: BTreeSet<_> = templates().iter().map(|template| template.kind).collect();
        let files: BTreeSet<_> = templates().iter().map(|template| template.file).collect();
        assert_eq!(kinds.len(), Kind::ALL.len());
        assert_eq!((files.len(), templates().len()), (Kind::ALL.len(), Kind::ALL.len()));
    }

    #[test]
    fn keys_are_made_of_columns() {
        for Template { file, columns, key, kind } in templates() {
            let names: Vec<_> = columns.iter().map(|column| column.name).collect();
            assert!(key.iter().all(|part| names.contains(part)), "{file}");
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{file}");
            assert_eq!(names.last(), Some(&RECORD_KEY), "{file}");
            assert_eq!(names[0] == STUDENT_ID, kind.has_student(), "{file}");
        }
    }
}
