//! Courses that students took, with their credits.

use super::super::value;
use super::codes::{bare, code_or_slug, slug};
use super::context::{Row, Word};
use super::draft::{Draft, unmapped};
use std::collections::HashMap;

/// Subjects, as the table of academic subjects has them, whose courses are core.
const CORE: [&str; 8] =
    ["ELA", "ENGLISH", "READING", "CRITICAL_READING", "WRITING", "MATH", "SCIENCE", "SOCIAL_STUDIES"];

/// Whether a course is core, by its code, where its subject is known.
#[derive(Default)]
pub(super) struct Courses(HashMap<String, bool>);

/// `courses`: only whether they are core
pub(super) fn course(row: &mut Row<'_, '_, '_>) {
    const SUBJECT: &str = "academicSubjects.academicSubjectDescriptor";
    for subject in row.node.each("academicSubjects") {
        let value = subject.value("academicSubjectDescriptor");
        match row.translate("AcademicSubject", SUBJECT, value, ("courses_taken.csv", "core")) {
            Word::Is(word) => {
                let is_core = CORE.contains(&word.as_str());
                *row.context.courses.0.entry(row.node.text("courseCode").to_owned()).or_default() |= is_core;
            }
            Word::Unmapped => row.warn(SUBJECT, "unmapped_code", unmapped("core")),
            Word::Blank { .. } => {}
        }
    }
}

/// `courseTranscripts`
pub(super) fn transcript(row: &mut Row<'_, '_, '_>) {
    const RECORD: &str = "studentAcademicRecordReference";
    const COURSE: &str = "courseReference.courseCode";
    const RESULT: &str = "courseAttemptResultDescriptor";
    let node = row.node;
    let mut draft = Draft::of_student("courses_taken.csv", row);
    let year = node.text("studentAcademicRecordReference.schoolYear");
    draft.set("school_year", RECORD, year);
    let (course, term) =
        (node.text(COURSE), slug(bare(node.text("studentAcademicRecordReference.termDescriptor"))));
    draft.set("course", COURSE, &code_or_slug(course));
    draft.set("term", RECORD, &term);
    if let Some(is_core) = row.context.courses.0.get(course) {
        draft.set("core", COURSE, if *is_core { "true" } else { "false" });
    }
    for (column, property) in [("credits_attempted", "attemptedCredits"), ("credits_earned", "earnedCredits")]
    {
        let credits = node.find(property).map(|credits| credits.value("credits")).unwrap_or_default();
        draft.set(column, property, &hundredths(credits));
    }
    draft.translate(row, "failed", ("CourseAttemptResult", RESULT), node.text(RESULT));
    // The same course may be tried again in a term, with another result.
    draft.key(row.student(), &[year, course, &term, &slug(bare(node.text(RESULT)))]);
    draft.send(row);
}

/// Credits to hundredths: a third of one is written `0.333`. What is no number stays as it is.
fn hundredths(credits: &str) -> String {
    match value::fixed(credits, 3)
        .filter(|credits| *credits >= 0)
        .map(|credits| credits.saturating_add(5) / 10)
    {
        Some(credits) => format!("{}.{:02}", credits / 100, credits % 100),
        None => credits.to_owned(),
    }
}
