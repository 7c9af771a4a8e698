//! Programs and interventions, who takes part in them, and how much.

use super::super::value;
use super::codes::{bare, code_of, slug};
use super::context::{Row, Word};
use super::draft::Draft;
use super::memberships::{disability, status, word};
use super::people::{say, say_second_best};
use std::collections::{HashMap, HashSet};

/// The programs of an export.
#[derive(Default)]
pub(super) struct Programs {
    /// Codes of those that are there.
    codes: HashSet<String>,
    /// First and last day of interventions, by their code.
    interventions: HashMap<String, (String, String)>,
    has_intervention_attendance: bool,
}

/// `programs`
pub(super) fn program(row: &mut Row<'_, '_, '_>) {
    let (name, kind) = (row.node.text("programName"), row.node.text("programTypeDescriptor"));
    let mut draft = Draft::new("programs.csv");
    let code = code_of(name, kind);
    draft.set("program", "programName", &code);
    draft.set("name", "programName", name);
    draft.set("type", "programTypeDescriptor", &slug(bare(kind)));
    row.context.programs.codes.insert(code);
    draft.send(row);
}

/// `interventions`
pub(super) fn intervention(row: &mut Row<'_, '_, '_>) {
    let name = row.node.text("interventionIdentificationCode");
    let mut draft = Draft::new("programs.csv");
    let code = code_of(name, "");
    draft.set("program", "interventionIdentificationCode", &code);
    draft.set("name", "interventionIdentificationCode", name);
    draft.set("type", "", "intervention");
    let days = (row.node.text("beginDate").to_owned(), row.node.text("endDate").to_owned());
    row.context.programs.interventions.insert(code, days);
    draft.send(row);
}

/// `studentProgramAssociations` and the resources that are like it, of homeless students and others
pub(super) fn association(row: &mut Row<'_, '_, '_>) {
    let mut draft = Draft::of_student("services.csv", row);
    let code = of_program(row);
    draft.set("program", "programReference", &code);
    draft.take(row, "begin", "beginDate");
    let end = if row.node.text("endDate").is_empty() { "specialEducationExitDate" } else { "endDate" };
    draft.take(row, "end", end);
    for property in ["reasonExitedDescriptor", "specialEducationExitReasonDescriptor"] {
        if draft.text("exit_reason").is_empty() {
            draft.set("exit_reason", property, &slug(bare(row.node.text(property))));
        }
    }
    draft.send(row);
    membership(row, row.node.text(end), &code);
}

/// What a program says of the students in it: statuses from the first day in it to the last, of which
/// `origin` is the program.
fn membership(row: &mut Row<'_, '_, '_>, end: &str, origin: &str) {
    let node = row.node;
    let has = |row: &mut Row<'_, '_, '_>, name| {
        status(row, name, ("beginDate", node.text("beginDate")), end, origin);
    };
    let is = |property| value::boolean(node.text(property));
    match row.at.resource {
        "studenthomelessprogramassociation" => {
            has(row, "homeless");
            if is("homelessUnaccompaniedYouth") == Some(true) {
                has(row, "unaccompanied");
            }
        }
        "studentmigranteducationprogramassociation" => has(row, "migrant"),
        "studentspecialeducationprogramassociation" => {
            disability(row);
            match is("ideaEligibility") {
                Some(false) => say(row, "disability_idea", "ideaEligibility", "false"),
                _ => has(row, "disability_idea"),
            }
        }
        "studentsection504programassociation" => match is("section504Eligibility") {
            Some(false) => say(row, "section_504", "section504Eligibility", "false"),
            _ => has(row, "section_504"),
        },
        // Who leaves the program need not have left the status, so no status of its days is made of it.
        "studentlanguageinstructionprogramassociation" => {
            let property = "englishLearnerParticipation";
            if is(property) != Some(false) {
                say_second_best(row, "english_learner", property, "current");
            }
        }
        "studentschoolfoodserviceprogramassociation" => {
            for service in node.each("schoolFoodServiceProgramServices") {
                let property = "schoolFoodServiceProgramServices";
                let value = service.value("schoolFoodServiceProgramServiceDescriptor");
                if let Some(meals) = word(row, ("SchoolFoodServiceProgramService", property), value, "lunch")
                {
                    say(row, "lunch", property, &meals);
                }
            }
            if is("directCertification") == Some(true) {
                say(row, "lunch", "directCertification", "free");
                has(row, "directly_certified");
            }
        }
        _ => {}
    }
}

/// `studentInterventionAssociations`. They have no days of their own: those of the intervention are taken,
/// or the first day of the school year that is assumed. The dosage is in minutes and what was assigned; it
/// is left alone where attendance tells what took place.
pub(super) fn assigned_intervention(row: &mut Row<'_, '_, '_>) {
    const REFERENCE: &str = "interventionReference";
    let code = of_intervention(row);
    let (known, year) = (row.context.programs.interventions.get(&code).cloned(), row.context.year);
    let (begin, end) = match (known, year) {
        (Some((begin, end)), _) if !begin.is_empty() => (begin, end),
        (_, Some(year)) => {
            row.warn(REFERENCE, "assumed", "leads to no first day; that of the school year given is used");
            (year.first_day().to_string(), String::new())
        }
        _ => {
            let reason = "leads to no intervention of this export with a beginDate, and no school year to \
                          assume is given, so the days are unknown";
            return row.refuse(REFERENCE, "unknown_reference", reason);
        }
    };
    let mut draft = Draft::of_student("services.csv", row);
    draft.set("program", REFERENCE, &code);
    draft.set("begin", REFERENCE, &begin);
    draft.set("end", REFERENCE, &end);
    draft.send(row);
    let minutes = row.node.text("dosage");
    if !minutes.is_empty() && !row.context.programs.has_intervention_attendance {
        let mut draft = Draft::of_student("dosage.csv", row);
        draft.set("program", REFERENCE, &code);
        draft.set("date", REFERENCE, &begin);
        set_hours(&mut draft, "dosage", minutes);
        draft.send(row);
    }
}

/// `studentInterventionAttendanceEvents`
pub(super) fn intervention_attendance(row: &mut Row<'_, '_, '_>) {
    row.context.programs.has_intervention_attendance = true;
    let code = of_intervention(row);
    let mut draft = Draft::of_student("dosage.csv", row);
    draft.set("program", "interventionReference", &code);
    dose(row, draft, "interventionDuration");
}

/// `studentProgramAttendanceEvents`
pub(super) fn program_attendance(row: &mut Row<'_, '_, '_>) {
    let code = of_program(row);
    let mut draft = Draft::of_student("dosage.csv", row);
    draft.set("program", "programReference", &code);
    dose(row, draft, "programAttendanceDuration");
}

/// The dose of an event: hours from its minutes, or else a day or the part of one that it says.
fn dose(row: &mut Row<'_, '_, '_>, mut draft: Draft, minutes: &'static str) {
    const CATEGORY: &str = "attendanceEventCategoryDescriptor";
    draft.take(row, "date", "eventDate");
    let value = row.node.text(CATEGORY);
    match row.translate("AttendanceEventCategory", CATEGORY, value, ("dosage.csv", "unit")) {
        Word::Is(word) if ["excused", "unexcused"].contains(&word.as_str()) => draft.is_left_out = true,
        Word::Is(_) => {}
        Word::Blank { is_there: true } => draft.is_left_out = true,
        Word::Blank { is_there: false } => return row.refuse(CATEGORY, "missing", "is blank"),
        Word::Unmapped => return row.refuse(CATEGORY, "unmapped_code", super::draft::unmapped("unit")),
    }
    match (row.node.text(minutes), row.node.text("eventDuration")) {
        ("", days) => {
            draft.set("unit", "eventDuration", "day");
            draft.set("amount", "eventDuration", if days.is_empty() { "1" } else { days });
        }
        (text, _) => set_hours(&mut draft, minutes, text),
    }
    draft.send(row);
}

/// Hours, from minutes as they are written.
fn set_hours(draft: &mut Draft, property: &'static str, minutes: &str) {
    draft.set("unit", property, "hour");
    let hours = value::fixed(minutes, 2)
        .filter(|minutes| *minutes >= 0)
        .map(|minutes| minutes.saturating_add(30) / 60);
    // What is no number is left for the template to refuse.
    let text = hours.map_or(minutes.to_owned(), |hours| format!("{}.{:02}", hours / 100, hours % 100));
    draft.set("amount", property, &text);
}

fn of_program(row: &mut Row<'_, '_, '_>) -> String {
    let node = row.node;
    let name = node.text("programReference.programName");
    let code = code_of(name, node.text("programReference.programTypeDescriptor"));
    let codes = &row.context.programs.codes;
    let is_known = name.is_empty() || codes.is_empty() || codes.contains(&code);
    row.check_reference("programReference", is_known, "programs");
    code
}

fn of_intervention(row: &mut Row<'_, '_, '_>) -> String {
    let name = row.node.text("interventionReference.interventionIdentificationCode");
    let code = code_of(name, "");
    let interventions = &row.context.programs.interventions;
    let is_known = name.is_empty() || interventions.is_empty() || interventions.contains_key(&code);
    row.check_reference("interventionReference", is_known, "interventions");
    code
}
