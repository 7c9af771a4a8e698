//! What a reading knows so far, and the resource it is at.

use super::super::defect::printable;
use super::super::id::{Seen, short_digest};
use super::super::mapping::Place;
use super::super::output::Output;
use super::super::table::Columns;
use super::super::template::{Rows, Template, templates};
use super::super::{Defect, Mappings, Severity};
use super::courses::Courses;
use super::node::Node;
use super::organizations::Organizations;
use super::people::People;
use super::programs::Programs;
use super::results::Tests;
use crate::calendar::SchoolYear;
use crate::records::Kind;
use std::borrow::Cow;

/// The mapping whose tables translate descriptors.
pub(super) const MAPPING: &str = "ed-fi";

/// What rows of one resource need to know of others.
pub(super) struct Context<'m> {
    mappings: &'m Mappings,
    pub(super) year: Option<SchoolYear>,
    pub(super) kinds: Vec<KindOf>,
    pub(super) matched: Seen,
    pub(super) organizations: Organizations,
    pub(super) people: People,
    pub(super) programs: Programs,
    pub(super) tests: Tests,
    pub(super) courses: Courses,
}

/// How rows of a template are read, and their keys so far.
pub(super) struct KindOf {
    pub(super) template: &'static Template,
    pub(super) rows: Rows,
    pub(super) layout: Columns,
    pub(super) seen: Seen,
}

impl<'m> Context<'m> {
    pub(super) fn new(mappings: &'m Mappings, year: Option<SchoolYear>) -> Self {
        // Students have numbers in Ed-Fi, so that nobody is known by match fields alone.
        let kind = |template: &'static Template| KindOf {
            template,
            rows: Rows::new(template, |_| false),
            layout: Columns::of(template.columns.iter().map(|column| column.name)),
            seen: Seen::default(),
        };
        Self {
            mappings,
            year,
            kinds: templates().iter().map(kind).collect(),
            matched: Seen::default(),
            organizations: Organizations::default(),
            people: People::default(),
            programs: Programs::default(),
            tests: Tests::default(),
            courses: Courses::default(),
        }
    }
}

/// A value of a descriptor, translated.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    Is(String),
    /// It is not there, or its translation is blank.
    Blank {
        is_there: bool,
    },
    /// It has no translation, and waits in the queue.
    Unmapped,
}

/// Where a resource stands, and which it is.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) file: &'a Cow<'static, str>,
    /// Its line, or its number in the file.
    pub(super) number: u64,
    pub(super) resource: &'a str,
    /// What it becomes.
    pub(super) kinds: &'static [Kind],
}

/// A resource while it is read. It collects every problem.
pub(super) struct Row<'a, 'm, 'o> {
    pub(super) context: &'a mut Context<'m>,
    pub(super) out: &'a mut Output<'o>,
    pub(super) at: At<'a>,
    pub(super) node: &'a Node,
    defects: Vec<Defect>,
    /// Something was to be made of it; nothing is made of it on purpose.
    pub(super) has_record: bool,
    pub(super) is_left_out: bool,
    /// The keys of what is refused are noted already.
    pub(super) is_refusal_noted: bool,
}

impl<'a, 'm, 'o> Row<'a, 'm, 'o> {
    pub(super) fn new(
        context: &'a mut Context<'m>,
        out: &'a mut Output<'o>,
        at: At<'a>,
        node: &'a Node,
    ) -> Self {
        let (has_record, is_left_out, is_refusal_noted) = (false, false, false);
        Self { context, out, at, node, defects: Vec::new(), has_record, is_left_out, is_refusal_noted }
    }

    pub(super) fn finish(self) {
        if self.is_left_out && !self.has_record && self.defects.is_empty() {
            self.out.skip_row(self.at.file);
        }
        let is_refused = self.defects.iter().any(|defect| defect.severity == Severity::Refused);
        if is_refused && !self.is_refusal_noted {
            self.at.kinds.iter().for_each(|kind| self.out.extents.refused(*kind, None, None));
        }
        self.out.record(self.defects);
    }

    /// Notes a defect, once where several records of the row have the same.
    pub(super) fn note(&mut self, defect: Defect) {
        let defect = defect.at(self.at.number);
        if !self.defects.contains(&defect) {
            self.defects.push(defect);
        }
    }

    pub(super) fn warn(&mut self, property: &str, code: &'static str, reason: impl Into<Cow<'static, str>>) {
        self.note(Defect::of_file(self.at.file, Some(property), code, reason));
    }

    pub(super) fn refuse(
        &mut self,
        property: &str,
        code: &'static str,
        reason: impl Into<Cow<'static, str>>,
    ) {
        self.note(Defect::of_file(self.at.file, Some(property), code, reason).refused());
    }

    /// What a value of the descriptor of that name becomes; `becomes` is a column of a template.
    pub(super) fn translate(
        &mut self,
        descriptor: &str,
        property: &str,
        value: &str,
        becomes: (&'static str, &'static str),
    ) -> Word {
        // `uri://ed-fi.org/RaceDescriptor#White`, in any namespace, or the value alone.
        let value = value.rsplit('#').next().unwrap_or_default().trim();
        if value.is_empty() {
            return Word::Blank { is_there: false };
        }
        match self.context.mappings.descriptor(descriptor, value) {
            Some("") => Word::Blank { is_there: true },
            Some(word) => Word::Is(word.to_owned()),
            None => {
                let (template, becomes) = becomes;
                let (file, mapping, column) =
                    (self.at.file.to_string(), MAPPING.to_owned(), printable(property));
                let place = Place { file, mapping, column, template, becomes };
                self.out.queue.note(place, value, self.at.number, self.whom());
                Word::Unmapped
            }
        }
    }

    /// The words of a descriptor whose values stand somewhere in a text, the longest value first.
    pub(super) fn words_within(&self, descriptor: &str, text: &str) -> Option<String> {
        let lower = text.to_lowercase();
        let values = self.context.mappings.descriptor_values(descriptor);
        let found = values.filter(|(value, word)| !word.is_empty() && lower.contains(value));
        found.max_by_key(|(value, _)| (value.len(), *value)).map(|(_, word)| word.to_owned())
    }

    /// A digest of whom the row is about; of the row, where that is not said.
    fn whom(&self) -> [u8; 16] {
        let student = self.student();
        if student.is_empty() {
            short_digest(&self.at.number.to_be_bytes())
        } else {
            short_digest(student.as_bytes())
        }
    }

    /// The student's number; blank when it is not said.
    pub(super) fn student(&self) -> &'a str {
        const PATHS: [&str; 3] = [
            "studentReference.studentUniqueId",
            "studentUniqueId",
            "studentAcademicRecordReference.studentUniqueId",
        ];
        PATHS.iter().map(|path| self.node.text(path)).find(|id| !id.is_empty()).unwrap_or_default()
    }

    /// Warns when what the row refers to is not in the export, though others of its kind are.
    pub(super) fn check_reference(&mut self, property: &str, is_known: bool, resource: &str) {
        if !is_known {
            let reason = format!("refers to one that {resource} of this export do not have");
            self.warn(property, "unknown_reference", reason);
        }
    }
}
