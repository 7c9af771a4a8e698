//! Programs and interventions, who takes part in them, and how much.

use super::super::id::hex_digest;
use super::super::value;
use super::context::{Row, Word};
use super::draft::Draft;
use super::people::{say, say_second_best, word};
use std::collections::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization;

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
    membership(row);
}

/// What a program says of the students in it.
fn membership(row: &mut Row<'_, '_, '_>) {
    let node = row.node;
    let said_or_true = |property| Some(node.text(property)).filter(|text| !text.is_empty()).unwrap_or("true");
    match row.at.resource {
        "studenthomelessprogramassociation" => say(row, "homeless", "programReference", "true"),
        "studentmigranteducationprogramassociation" => say(row, "migrant", "programReference", "true"),
        "studentspecialeducationprogramassociation" => {
            say(row, "disability_idea", "ideaEligibility", said_or_true("ideaEligibility"));
        }
        "studentsection504programassociation" => {
            say(row, "section_504", "section504Eligibility", said_or_true("section504Eligibility"));
        }
        "studentlanguageinstructionprogramassociation" => {
            let property = "englishLearnerParticipation";
            if value::boolean(said_or_true(property)) == Some(true) {
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
            if value::boolean(node.text("directCertification")) == Some(true) {
                say(row, "lunch", "directCertification", "free");
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
    let hours = value::fixed(minutes, 2).filter(|minutes| *minutes >= 0).map(|minutes| (minutes + 30) / 60);
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

/// The value of a descriptor without its namespace.
fn bare(value: &str) -> &str {
    value.rsplit('#').next().unwrap_or_default()
}

/// The code of a program, which is the same wherever the same name and type are: `bilingual`, or
/// `school-food-service:compensatory-services`; blank for no name. Who offers it is not part of the code,
/// since the whole collaboration shares it.
pub(super) fn code_of(name: &str, kind: &str) -> String {
    let (name_slug, kind_slug) = (slug(name), slug(bare(kind)));
    let code = if kind_slug.is_empty() || kind_slug == name_slug {
        name_slug
    } else {
        format!("{name_slug}:{kind_slug}")
    };
    if code.len() <= CODE_MAX { code } else { shortened(&code) }
}

/// Characters of the longest code.
const CODE_MAX: usize = 64;

/// The beginning of a code, and of the digest of all of it.
fn shortened(code: &str) -> String {
    format!("{}-{}", code[..47].trim_end_matches(['-', ':']), &hex_digest(code.as_bytes())[..16])
}

/// Small letters and digits without accents, with `-` for whatever is between.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !unicode_normalization::char::is_combining_mark(c)
            && !slug.is_empty()
            && !slug.ends_with('-')
        {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    // Of a script without any such letter nothing is left to read; a digest tells its names apart.
    let slug = if slug.is_empty() && !text.trim().is_empty() {
        hex_digest(text.as_bytes())[..16].to_owned()
    } else {
        slug
    };
    if slug.len() <= CODE_MAX { slug } else { shortened(&slug) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Code;

    #[test]
    fn codes_of_programs_are_codes_and_stay_the_same() {
        let uri = |value: &str| format!("uri://ed-fi.org/ProgramTypeDescriptor#{value}");
        for (name, kind, expected) in [
            ("Bilingual", uri("bilingual"), "bilingual"),
            ("Título I, Part A ", uri("Title I Part A"), "titulo-i-part-a:title-i-part-a"),
            ("21st CCLC", "Support".to_owned(), "21st-cclc:support"),
            ("", String::new(), ""),
        ] {
            assert_eq!(code_of(name, &kind), expected);
        }
        let long = "An uncommonly long name of a program that goes on and on, and then on";
        let codes = [code_of(long, ""), code_of(long, &uri("x")), code_of("學校", "")];
        assert!(codes.iter().all(|code| Code::new(code).is_ok()), "{codes:?}");
        assert_ne!(codes[0], codes[1]);
        assert_eq!(codes[0], code_of(long, ""));
    }
}
