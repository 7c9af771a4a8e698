//! The columns an edition has: their names, their categories, and the frames they stand in.

use super::Unit;

/// A category: its id and its name in words.
pub(super) type Category = (&'static str, &'static str);

/// A column of categories. Its values are positions in `categories`.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) categories: &'static [Category],
}

/// The id of the category of people of whom it is not known.
pub(super) const UNKNOWN: &str = "unknown";
const NOT_KNOWN: Category = (UNKNOWN, "Not known");
const YES_NO: &[Category] = &[("yes", "Yes"), ("no", "No"), NOT_KNOWN];

/// Groups taken from what sources say of a person, in the order in which folded rows hold them.
/// The last category of each is "not known".
pub(super) const GROUPS: [Group; 17] = [
    Group { name: "grade", label: "Grade", categories: GRADES },
    Group {
        name: "sex",
        label: "Sex",
        categories: &[("F", "Female"), ("M", "Male"), ("X", "Neither of the two"), NOT_KNOWN],
    },
    Group { name: "race7", label: "Race and ethnicity", categories: RACES },
    Group { name: "econ", label: "Economically disadvantaged", categories: YES_NO },
    Group {
        name: "lunch",
        label: "School meals",
        categories: &[
            ("free", "Free"),
            ("reduced", "Reduced price"),
            ("paid", "Full price"),
            ("cep", "Free for the whole school"),
            NOT_KNOWN,
        ],
    },
    Group { name: "disability", label: "Served under IDEA", categories: YES_NO },
    Group { name: "section_504", label: "Served under Section 504", categories: YES_NO },
    Group {
        name: "english_learner",
        label: "English learner",
        categories: &[
            ("current", "Current"),
            ("monitored", "Monitored"),
            ("former", "Former"),
            ("never", "Never"),
            NOT_KNOWN,
        ],
    },
    Group { name: "homeless", label: "Experiencing homelessness", categories: YES_NO },
    Group { name: "foster", label: "In foster care", categories: YES_NO },
    Group { name: "migrant", label: "Migrant", categories: YES_NO },
    Group { name: "military", label: "Military connected", categories: YES_NO },
    Group { name: "race2024", label: "Race and ethnicity", categories: RACES_2024 },
    Group {
        name: "english_learner_years",
        label: "English learner, by monitored year",
        categories: &[
            ("current", "Current"),
            ("monitored_1", "First year after exit"),
            ("monitored_2", "Second year after exit"),
            ("monitored_3", "Third year after exit"),
            ("monitored_4", "Fourth year after exit"),
            ("monitored", "Monitored, year not known"),
            ("former", "Former"),
            ("never", "Never"),
            NOT_KNOWN,
        ],
    },
    Group { name: "unaccompanied", label: "Homeless and unaccompanied", categories: YES_NO },
    Group { name: "disability_category", label: "Primary disability", categories: DISABILITIES },
    Group { name: "repeats_grade", label: "Repeats the grade", categories: YES_NO },
];

/// Groups that editions of format 1 do not have: there, nothing of them is known.
pub(super) const SINCE_FORMAT_2: &[&str] = &[
    "race2024",
    "english_learner_years",
    "unaccompanied",
    "disability_category",
    "repeats_grade",
    TITLE_I.name,
];

/// Whether the home school has a Title I program.
pub(super) const TITLE_I: Group = Group { name: "title_i", label: "Title I school", categories: YES_NO };

/// Who runs the home school.
pub(super) const SECTOR: Group = Group {
    name: "sector",
    label: "Sector",
    categories: &[
        ("district", "District"),
        ("charter", "Charter"),
        ("private", "Private"),
        ("other", "Other"),
        NOT_KNOWN,
    ],
};

/// Whether it is the person's first student-year of all the edition knows.
pub(super) const ENTRY: Group = Group {
    name: "entry",
    label: "New or continuing",
    categories: &[("new", "New"), ("continuing", "Continuing")],
};

/// The column of zones: 0 is "not known", then the edition's zones in order.
pub(super) const ZONE: &str = "zone";

/// The categories of race and ethnicity: Hispanic of any race, else one race, else two or more (the
/// seven of federal reporting), and not known.
const RACES: &[Category] = &[
    ("hispanic", "Hispanic or Latino of any race"),
    ("american_indian", "American Indian or Alaska Native"),
    ("asian", "Asian"),
    ("black", "Black or African American"),
    ("pacific_islander", "Native Hawaiian or Other Pacific Islander"),
    ("white", "White"),
    ("two_or_more", "Two or more races"),
    NOT_KNOWN,
];

/// The categories of 2024: Hispanic and Middle Eastern stand beside the others, and who has two or more of them all is one
/// category. Source: Statistical Policy Directive 15, revised 2024.
const RACES_2024: &[Category] = &[
    ("american_indian", "American Indian or Alaska Native"),
    ("asian", "Asian"),
    ("black", "Black or African American"),
    ("hispanic", "Hispanic or Latino"),
    ("middle_eastern", "Middle Eastern or North African"),
    ("pacific_islander", "Native Hawaiian or Pacific Islander"),
    ("white", "White"),
    ("two_or_more", "Multiracial or multiethnic"),
    NOT_KNOWN,
];

const DISABILITIES: &[Category] = &[
    ("autism", "Autism"),
    ("deaf_blindness", "Deaf-blindness"),
    ("deafness", "Deafness"),
    ("developmental_delay", "Developmental delay"),
    ("emotional_disturbance", "Emotional disturbance"),
    ("hearing_impairment", "Hearing impairment"),
    ("intellectual_disability", "Intellectual disability"),
    ("multiple_disabilities", "Multiple disabilities"),
    ("orthopedic_impairment", "Orthopedic impairment"),
    ("other_health_impairment", "Other health impairment"),
    ("specific_learning_disability", "Specific learning disability"),
    ("speech_language_impairment", "Speech or language impairment"),
    ("traumatic_brain_injury", "Traumatic brain injury"),
    ("visual_impairment", "Visual impairment"),
    NOT_KNOWN,
];

const GRADES: &[Category] = &[
    ("IT", "Infant or toddler"),
    ("PR", "Preschool"),
    ("PK", "Prekindergarten"),
    ("TK", "Transitional kindergarten"),
    ("KG", "Kindergarten"),
    ("01", "Grade 1"),
    ("02", "Grade 2"),
    ("03", "Grade 3"),
    ("04", "Grade 4"),
    ("05", "Grade 5"),
    ("06", "Grade 6"),
    ("07", "Grade 7"),
    ("08", "Grade 8"),
    ("09", "Grade 9"),
    ("10", "Grade 10"),
    ("11", "Grade 11"),
    ("12", "Grade 12"),
    ("13", "Grade 13"),
    ("PS", "Postsecondary"),
    ("UG", "Ungraded"),
    NOT_KNOWN,
];

/// The column of categories with that name, zones aside.
pub(super) fn group(name: &str) -> Option<&'static Group> {
    GROUPS.iter().chain([&SECTOR, &TITLE_I, &ENTRY]).find(|group| group.name == name)
}

/// Whether a frame has that column of categories.
pub(super) fn has_group(unit: Unit, name: &str) -> bool {
    (group(name).is_some() || name == ZONE) && (name != ENTRY.name || unit == Unit::StudentYear)
}

/// What a column of numbers stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One column.
    Plain,
    /// One column for each test and subject.
    PerTest,
    /// One column for each program.
    PerProgram,
}

impl Shape {
    /// How many arguments name one column.
    pub(super) const fn arity(self) -> usize {
        match self {
            Self::Plain => 0,
            Self::PerProgram => 1,
            Self::PerTest => 2,
        }
    }
}

const STUDENT_YEAR: &[Unit] = &[Unit::StudentYear];
const EVERY: &[Unit] = &[Unit::StudentYear, Unit::Cohort, Unit::Graduate];

/// The columns of numbers: name, shape, and frames. Flags are 0 and 1.
///
/// In the frames of cohorts and graduates the program columns say whether ever (in a cohort: up to the
/// year it should graduate in) and how much in all.
const NUMBERS: &[(&str, Shape, &[Unit])] = &[
    ("enrolled", Shape::Plain, STUDENT_YEAR),
    ("days_enrolled_hundredths", Shape::Plain, STUDENT_YEAR),
    ("days_present_hundredths", Shape::Plain, STUDENT_YEAR),
    ("days_absent_hundredths", Shape::Plain, STUDENT_YEAR),
    ("out_of_school_suspensions", Shape::Plain, STUDENT_YEAR),
    ("discipline_actions", Shape::Plain, STUDENT_YEAR),
    ("in_school_suspensions", Shape::Plain, STUDENT_YEAR),
    ("expulsions", Shape::Plain, STUDENT_YEAR),
    ("days_lost_hundredths", Shape::Plain, STUDENT_YEAR),
    // Present out of enrolled, in hundredths of a percent.
    ("attendance_rate", Shape::Plain, STUDENT_YEAR),
    ("credits_earned_hundredths", Shape::Plain, STUDENT_YEAR),
    ("core_courses_failed", Shape::Plain, STUDENT_YEAR),
    ("first_time_ninth", Shape::Plain, STUDENT_YEAR),
    // Completed months on 1 September of the school year.
    ("age_months", Shape::Plain, STUDENT_YEAR),
    ("moves_after_start", Shape::Plain, STUDENT_YEAR),
    ("enrolled_at_start", Shape::Plain, STUDENT_YEAR),
    ("score_thousandths", Shape::PerTest, STUDENT_YEAR),
    ("level", Shape::PerTest, STUDENT_YEAR),
    ("proficient", Shape::PerTest, STUDENT_YEAR),
    ("first_proficient", Shape::PerTest, STUDENT_YEAR),
    // Not stored: computed when a rule asks for it.
    (GROWTH, Shape::PerTest, STUDENT_YEAR),
    ("eligible", Shape::PerProgram, EVERY),
    ("participant", Shape::PerProgram, EVERY),
    ("dosage_hundredths", Shape::PerProgram, EVERY),
    // Days with an amount of service, and calendar days from the first day of the service in the year to its last,
    // a week at least.
    ("service_days", Shape::PerProgram, STUDENT_YEAR),
    ("service_span_days", Shape::PerProgram, STUDENT_YEAR),
    // 1 for July, 12 for June.
    ("first_service_month", Shape::PerProgram, STUDENT_YEAR),
    // As `attendance_rate`, before the first day of the service in the year and from it on; with 20 days in both.
    ("attendance_rate_before", Shape::PerProgram, STUDENT_YEAR),
    ("attendance_rate_after", Shape::PerProgram, STUDENT_YEAR),
    ("graduated_4y", Shape::Plain, &[Unit::Cohort]),
    ("graduated_5y", Shape::Plain, &[Unit::Cohort]),
    ("college_16m", Shape::Plain, &[Unit::Graduate]),
    ("first_fall", Shape::Plain, &[Unit::Graduate]),
    ("second_fall", Shape::Plain, &[Unit::Graduate]),
    ("second_fall_same_college", Shape::Plain, &[Unit::Graduate]),
    ("credential_6y", Shape::Plain, &[Unit::Graduate]),
    ("credential_150", Shape::Plain, &[Unit::Graduate]),
    ("remedial", Shape::Plain, &[Unit::Graduate]),
];

/// The column of growth percentiles.
pub(super) const GROWTH: &str = "growth_percentile";

/// The shape of a frame's column of numbers. `grade` counts as one: there it is the grade's number.
pub(super) fn number(unit: Unit, name: &str) -> Option<Shape> {
    if name == "grade" {
        return Some(Shape::Plain);
    }
    NUMBERS.iter().find(|(n, _, units)| *n == name && units.contains(&unit)).map(|(_, shape, _)| *shape)
}

/// The stored name of a column: codes hold no spaces, so a space keeps them apart.
pub(super) fn column_name(name: &str, arguments: &[&str]) -> String {
    std::iter::once(name).chain(arguments.iter().copied()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{Disability, EnglishLearner, Grade, Lunch, Races, Sector, Sex};
    use std::collections::BTreeSet;

    /// Codes are written as positions, so the lists must stand in the order of the dictionary.
    #[test]
    fn categories_stand_in_the_order_of_the_dictionary() {
        let ids = |name: &str| -> Vec<&str> {
            let group = group(name).expect(name);
            group.categories[..group.categories.len() - 1].iter().map(|c| c.0).collect()
        };
        assert_eq!(ids("grade"), Grade::ALL.iter().map(|g| g.code()).collect::<Vec<_>>());
        assert_eq!(ids("sex"), Sex::ALL.iter().map(|g| g.code()).collect::<Vec<_>>());
        assert_eq!(ids("lunch"), Lunch::ALL.iter().map(|g| g.code()).collect::<Vec<_>>());
        let statuses = EnglishLearner::ALL.iter().map(|g| g.code());
        assert_eq!(ids("english_learner"), statuses.take(4).collect::<Vec<_>>());
        assert_eq!(ids("disability_category"), Disability::ALL.iter().map(|g| g.code()).collect::<Vec<_>>());
        assert_eq!(ids("sector"), Sector::ALL.iter().map(|g| g.code()).collect::<Vec<_>>());
        assert_eq!(ids("race7")[1..], Races::NAMES[..6]);
        let mut names = ids("race2024");
        names.retain(|name| *name != "hispanic");
        assert_eq!(BTreeSet::from_iter(names), BTreeSet::from(Races::NAMES));
    }
}
