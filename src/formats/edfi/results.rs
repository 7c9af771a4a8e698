//! Results of tests, diplomas, and what is known of college.

use super::codes::{bare, code_or_slug, slug};
use super::context::{Row, Word};
use super::draft::{Draft, unmapped};
use super::node::Node;
use std::collections::HashMap;

const SUBJECT: &str = "academicSubjects.academicSubjectDescriptor";

/// Subjects of tests by identifier and namespace.
#[derive(Default)]
pub(super) struct Tests(HashMap<(String, String), String>);

/// `assessments`: only what subject a test is of
pub(super) fn test(row: &mut Row<'_, '_, '_>) {
    let node = row.node;
    let key = (node.text("assessmentIdentifier").to_owned(), node.text("namespace").to_owned());
    let mut subjects = Vec::new();
    for subject in node.each("academicSubjects") {
        let value = subject.value("academicSubjectDescriptor");
        match row.translate("AcademicSubject", SUBJECT, value, ("assessments.csv", "subject")) {
            Word::Is(word) => subjects.push(word),
            Word::Unmapped => row.warn(SUBJECT, "unmapped_code", unmapped("subject")),
            Word::Blank { .. } => {}
        }
    }
    if subjects.len() > 1 {
        row.warn(SUBJECT, "several_values", "has several subjects; the first is used");
    }
    if let Some(subject) = subjects.into_iter().next() {
        row.context.tests.0.insert(key, subject);
    }
}

/// `studentAssessments`
pub(super) fn assessment(row: &mut Row<'_, '_, '_>) {
    let node = row.node;
    let mut draft = Draft::of_student("assessments.csv", row);
    let identifier = node.text("assessmentReference.assessmentIdentifier");
    let test = code_or_slug(identifier);
    draft.set("test", "assessmentReference", &test);
    let subject = subject(row, identifier);
    draft.set("subject", "assessmentReference", &subject);
    draft.take(row, "date", "administrationDate");
    let grade = ("GradeLevel", "whenAssessedGradeLevelDescriptor");
    draft.translate(row, "grade", grade, node.text("whenAssessedGradeLevelDescriptor"));
    scores(row, &mut draft);
    if let Some(level) = level(row) {
        let (level, proficient) = level.split_once(' ').unwrap_or((&level, ""));
        draft.set("level", "performanceLevels.performanceLevelDescriptor", level);
        draft.set("proficient", "performanceLevels.performanceLevelDescriptor", proficient);
    }
    let reason = node.text("reasonNotTestedDescriptor");
    draft.set("not_tested", "reasonNotTestedDescriptor", &slug(bare(reason)));
    let id = node.text("studentAssessmentIdentifier");
    if !id.is_empty() {
        draft.key(row.student(), &[id, &test]);
    }
    draft.send(row);
}

/// The subject that the test has, or that its identifier tells.
fn subject(row: &mut Row<'_, '_, '_>, identifier: &str) -> String {
    let namespace = row.node.text("assessmentReference.namespace");
    let key = (identifier.to_owned(), namespace.to_owned());
    if let Some(subject) = row.context.tests.0.get(&key) {
        return subject.clone();
    }
    let has_tests = !row.context.tests.0.is_empty();
    row.check_reference("assessmentReference", !has_tests, "assessments");
    let found = row.words_within("AcademicSubject", identifier).unwrap_or_default();
    if !found.is_empty() {
        let reason = "leads to no test with a subject; the subject is taken from the identifier";
        row.warn("assessmentReference", "assumed", reason);
    }
    found
}

/// The result that is a scale score, and its error; of several, that of the method that comes first.
fn scores(row: &mut Row<'_, '_, '_>, draft: &mut Draft) {
    const METHOD: &str = "scoreResults.assessmentReportingMethodDescriptor";
    let mut best: Option<(String, &Node)> = None;
    for result in row.node.each("scoreResults") {
        let method = result.text("assessmentReportingMethodDescriptor");
        let becomes = ("assessments.csv", "scale_score");
        match row.translate("AssessmentReportingMethod", METHOD, method, becomes) {
            Word::Is(word) if word == "standard_error" => {
                draft.set("standard_error", "scoreResults.result", result.text("result"));
            }
            Word::Is(rank) if best.as_ref().is_none_or(|(first, _)| rank < *first) => {
                best = Some((rank, result));
            }
            Word::Unmapped => row.warn(METHOD, "unmapped_code", unmapped("scale_score")),
            Word::Is(_) | Word::Blank { .. } => {}
        }
    }
    if let Some((_, result)) = best {
        draft.set("scale_score", "scoreResults.result", result.text("result"));
    }
}

/// The first performance level that has a translation.
fn level(row: &mut Row<'_, '_, '_>) -> Option<String> {
    const LEVEL: &str = "performanceLevels.performanceLevelDescriptor";
    let mut levels = Vec::new();
    for level in row.node.each("performanceLevels") {
        let value = level.value("performanceLevelDescriptor");
        match row.translate("PerformanceLevel", LEVEL, value, ("assessments.csv", "level")) {
            Word::Is(word) => levels.push(word),
            Word::Unmapped => row.warn(LEVEL, "unmapped_code", unmapped("level")),
            Word::Blank { .. } => {}
        }
    }
    if levels.windows(2).any(|pair| pair[0] != pair[1]) {
        row.warn(LEVEL, "several_values", "has several levels; the first is used");
    }
    levels.into_iter().next()
}

/// `studentAcademicRecords`: only the diplomas
pub(super) fn diplomas(row: &mut Row<'_, '_, '_>) {
    let node = row.node;
    for diploma in node.each("diplomas") {
        let mut draft = Draft::of_student("diplomas.csv", row);
        let kind = ("DiplomaType", "diplomas.diplomaTypeDescriptor");
        draft.translate(row, "type", kind, diploma.text("diplomaTypeDescriptor"));
        draft.set("date", "diplomas.diplomaAwardDate", diploma.text("diplomaAwardDate"));
        draft.send(row);
    }
    row.is_left_out |= node.each("diplomas").next().is_none();
}

/// `postSecondaryEvents`: an enrollment begins a spell that never ends, for an exit does not say which one it
/// ends; a degree is a spell of its day. Terms and standing are not said at all: a clearinghouse knows more.
pub(super) fn college(row: &mut Row<'_, '_, '_>) {
    const CATEGORY: &str = "postSecondaryEventCategoryDescriptor";
    const COLLEGE: &str = "postSecondaryInstitutionReference.postSecondaryInstitutionId";
    let node = row.node;
    let becomes = ("postsecondary.csv", "graduated");
    let graduated = match row.translate("PostSecondaryEventCategory", CATEGORY, node.text(CATEGORY), becomes)
    {
        Word::Is(word) => word == "graduated",
        Word::Blank { is_there: true } => {
            row.is_left_out = true;
            return;
        }
        Word::Blank { is_there: false } => return row.refuse(CATEGORY, "missing", "is blank"),
        Word::Unmapped => return row.refuse(CATEGORY, "unmapped_code", unmapped("graduated")),
    };
    let mut draft = Draft::of_student("postsecondary.csv", row);
    draft.take(row, "institution", COLLEGE);
    draft.take(row, "begin", "eventDate");
    if graduated {
        draft.take(row, "end", "eventDate");
    }
    draft.set("graduated", CATEGORY, if graduated { "true" } else { "false" });
    let level = row.context.organizations.college(node.text(COLLEGE)).map(str::to_owned);
    if level.is_none() && !node.text(COLLEGE).is_empty() {
        let reason = "leads to no institution with a level; it is taken for neither two-year nor four-year";
        row.warn("postSecondaryInstitutionReference", "assumed", reason);
    }
    draft.set("level", "postSecondaryInstitutionReference", level.as_deref().unwrap_or("other"));
    draft.send(row);
}
