//! Spells at schools, days of absence, and disciplinary actions.

use super::super::value;
use super::codes::{bare, slug};
use super::context::{Row, Word};
use super::draft::Draft;
use super::memberships::school_year;
use crate::calendar::{Date, SchoolYear};
use crate::records::{Clear, Kind};

/// Years of the longest spell that does not say its school year, from pre-kindergarten to age 21.
const YEARS_MAX: u16 = 20;

/// `studentSchoolAssociations`
pub(super) fn enrollment(row: &mut Row<'_, '_, '_>) {
    const EXIT_TYPE: &str = "exitWithdrawTypeDescriptor";
    let node = row.node;
    let becomes = ("enrollments.csv", "exit_type");
    let exit_type = row.translate("ExitWithdrawType", EXIT_TYPE, node.text(EXIT_TYPE), becomes);
    if exit_type == Word::Is("leave_out".to_owned()) {
        row.is_left_out = true;
        return;
    }
    if exit_type == Word::Unmapped {
        row.warn(EXIT_TYPE, "unmapped_code", super::draft::unmapped("exit_type"));
    }
    let years = years(row);
    for (at, year) in years.iter().enumerate() {
        let (is_first, is_last) = (at == 0, at + 1 == years.len());
        let mut draft = Draft::of_student("enrollments.csv", row);
        set_school(row, &mut draft, "schoolReference.schoolId");
        draft.set("school_year", "schoolYearTypeReference", &year.ending().to_string());
        if is_first {
            draft.take(row, "entry", "entryDate");
            let grade = ("GradeLevel", "entryGradeLevelDescriptor");
            draft.translate(row, "grade", grade, node.text("entryGradeLevelDescriptor"));
            draft.take(row, "repeats_grade", "repeatGradeIndicator");
        } else {
            draft.set("entry", "entryDate", &year.first_day().to_string());
        }
        if is_last {
            draft.take(row, "exit", "exitWithdrawDate");
            if let Word::Is(word) = &exit_type {
                draft.set("exit_type", EXIT_TYPE, word);
            }
        } else {
            draft.set("exit", "exitWithdrawDate", &year.last_day().to_string());
        }
        if let Some(ninth) = ninth_grade_year(row, *year) {
            draft.set("ninth_grade_year", "cohortYears", &ninth);
        }
        draft.send(row);
    }
}

/// The school year that a spell says, or those from its first day to its last; of an open one to the year
/// that is assumed.
fn years(row: &mut Row<'_, '_, '_>) -> Vec<SchoolYear> {
    let node = row.node;
    let said = school_year(node);
    let date = |property| value::date(node.text(property)).map(Date::school_year);
    if !said.is_empty() {
        let year = value::school_year(said);
        if year.is_none() {
            let reason = "is not a school year (the year it ends in, or 2024-25)";
            row.refuse("schoolYearTypeReference", "not_a_date", reason);
        }
        return year.into_iter().collect();
    }
    let Some(first) = date("entryDate") else {
        row.refuse("entryDate", "missing", "is no date, and no school year is said");
        return Vec::new();
    };
    let is_open = node.text("exitWithdrawDate").is_empty();
    let last = if is_open { row.context.year } else { date("exitWithdrawDate") };
    if is_open && last.is_none() {
        let reason = "is blank, no school year is said, and none to assume is given; the spell is sent for that of its \
                      first day alone";
        row.warn("exitWithdrawDate", "assumed", reason);
    }
    if last.is_none() && !row.student().is_empty() {
        // Its later years are not known, and so they are not missing when other spells make the files about them.
        row.out.extents.refused(Kind::Enrollment, None, Some(Clear::from(row.student())));
    }
    let last = last.unwrap_or(first).max(first);
    let n_years = last.ending() - first.ending() + 1;
    if n_years > YEARS_MAX {
        let reason = format!("is more than {YEARS_MAX} years before the spell ends");
        row.refuse("entryDate", "out_of_range", reason);
        return Vec::new();
    }
    (0..n_years).map(|n| first.plus(n)).collect()
}

/// The year of the student's first entry into grade 9, where it can be of a spell in `year`.
fn ninth_grade_year(row: &Row<'_, '_, '_>, year: SchoolYear) -> Option<String> {
    let text = row.context.people.ninth_grade_year(row.student())?;
    let ninth = value::school_year(text)?;
    (ninth <= year && year <= ninth.plus(10)).then(|| ninth.ending().to_string())
}

/// `calendarDates`: a day on which any of the events is instruction is a school day
pub(super) fn calendar_date(row: &mut Row<'_, '_, '_>) {
    const EVENT: &str = "calendarEvents.calendarEventDescriptor";
    let mut draft = Draft::new("school_days.csv");
    set_school(row, &mut draft, "calendarReference.schoolId");
    draft.take(row, "date", "date");
    let mut words = Vec::new();
    for event in row.node.each("calendarEvents") {
        let value = event.value("calendarEventDescriptor");
        match row.translate("CalendarEvent", EVENT, value, ("school_days.csv", "instructional")) {
            Word::Is(word) => words.push(word),
            Word::Blank { .. } => {}
            Word::Unmapped => row.warn(EVENT, "unmapped_code", super::draft::unmapped("instructional")),
        }
    }
    words.sort();
    // Of `false` and `true` the last. A day of which nothing is known is none.
    match words.last() {
        Some(word) => draft.set("instructional", EVENT, word),
        None => draft.is_left_out = true,
    }
    draft.send(row);
}

/// `studentSchoolAttendanceEvents`
pub(super) fn attendance(row: &mut Row<'_, '_, '_>) {
    const CATEGORY: &str = "attendanceEventCategoryDescriptor";
    let category = row.node.text(CATEGORY);
    let mut draft = Draft::of_student("attendance_events.csv", row);
    set_school(row, &mut draft, "schoolReference.schoolId");
    draft.take(row, "date", "eventDate");
    draft.translate(row, "status", ("AttendanceEventCategory", CATEGORY), category);
    // In days: an absence of less than one is of a part of the day.
    let duration = row.node.text("eventDuration");
    let is_part = value::fixed(duration, 2).is_some_and(|part| (1..100).contains(&part));
    match draft.text("status") {
        "excused" | "unexcused" if is_part => {
            draft.set("status", CATEGORY, "partial");
            draft.set("absent_fraction", "eventDuration", duration);
        }
        "partial" => draft.set("absent_fraction", "eventDuration", duration),
        _ => {}
    }
    // A day may have several events, of several categories.
    let (school, date) = (row.node.text("schoolReference.schoolId"), row.node.text("eventDate"));
    draft.key(row.student(), &[school, date, &slug(bare(category))]);
    draft.send(row);
}

/// `disciplineActions`: one record for each of the disciplines of an action
pub(super) fn discipline(row: &mut Row<'_, '_, '_>) {
    const DISCIPLINE: &str = "disciplines.disciplineDescriptor";
    let node = row.node;
    if node.each("disciplines").next().is_none() {
        row.refuse("disciplines", "missing", "is blank");
    }
    let length = match node.text("actualDisciplineActionLength") {
        "" => "disciplineActionLength",
        _ => "actualDisciplineActionLength",
    };
    // The API lists references to what a student did, and the schema only refers.
    let behavior = match node.text("studentDisciplineIncidentBehaviorAssociations.behaviorDescriptor") {
        "" => node.text("studentDisciplineIncidentBehaviorAssociationReference.behaviorDescriptor"),
        behavior => behavior,
    };
    for discipline in node.each("disciplines") {
        let value = discipline.value("disciplineDescriptor");
        let mut draft = Draft::of_student("discipline.csv", row);
        set_school(row, &mut draft, "responsibilitySchoolReference.schoolId");
        draft.take(row, "date", "disciplineDate");
        draft.translate(row, "action", ("Discipline", DISCIPLINE), value);
        draft.take(row, "days", length);
        draft.set("behavior", "studentDisciplineIncidentBehaviorAssociations", &slug(bare(behavior)));
        let (id, date) = (node.text("disciplineActionIdentifier"), node.text("disciplineDate"));
        draft.key(row.student(), &[id, date, &slug(bare(value))]);
        draft.send(row);
    }
}

fn set_school(row: &mut Row<'_, '_, '_>, draft: &mut Draft, property: &'static str) {
    draft.take(row, "school", property);
    let is_known = row.context.organizations.may_have_school(draft.text("school"));
    let is_blank = draft.text("school").is_empty();
    row.check_reference(property, is_known || is_blank, "schools");
}
