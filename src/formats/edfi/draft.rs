//! A row of a template that is being put together from a resource.

use super::super::Defect;
use super::super::fields::Fields;
use super::super::lexer::{Cell, Span};
use super::super::template::{OfFile, Template, templates};
use super::context::{Context, Row, Word};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// A row of a template. Nothing is validated here: it is read as any row of the template is.
pub(super) struct Draft {
    pub(super) template: &'static Template,
    texts: Vec<Zeroizing<String>>,
    /// The property each text came from; blank for none.
    properties: Vec<&'static str>,
    /// A value that every row needs could not be translated.
    is_refused: bool,
    /// Such a value means that there is nothing to record.
    pub(super) is_left_out: bool,
}

impl Draft {
    /// An empty row of the template in that file.
    pub(super) fn new(file: &'static str) -> Self {
        let template =
            templates().iter().find(|template| template.file == file).expect("a rule names a template");
        let texts = template.columns.iter().map(|_| Zeroizing::default()).collect();
        let properties = vec![""; template.columns.len()];
        Self { template, texts, properties, is_refused: false, is_left_out: false }
    }

    /// An empty row about the student of `row`, who should be known.
    pub(super) fn of_student(file: &'static str, row: &mut Row<'_, '_, '_>) -> Self {
        let (mut draft, student) = (Self::new(file), row.student());
        draft.set("student_id", "studentReference.studentUniqueId", student);
        let is_known = student.is_empty() || row.context.people.may_have(student);
        row.check_reference("studentReference", is_known, "students");
        draft
    }

    /// Sets a column to what was made of a property.
    pub(super) fn set(&mut self, column: &str, property: &'static str, text: &str) {
        let at = self.at(column);
        self.texts[at] = Zeroizing::new(text.to_owned());
        self.properties[at] = property;
    }

    /// Sets a column to a property of the row's resource.
    pub(super) fn take(&mut self, row: &Row<'_, '_, '_>, column: &str, property: &'static str) {
        self.set(column, property, row.node.text(property));
    }

    /// Sets a column to the translation of a descriptor's value.
    pub(super) fn translate(
        &mut self,
        row: &mut Row<'_, '_, '_>,
        column: &'static str,
        (descriptor, property): (&str, &'static str),
        value: &str,
    ) {
        let is_required = self.template.columns[self.at(column)].is_required;
        let word = row.translate(descriptor, property, value, (self.template.file, column));
        match word {
            Word::Is(word) => return self.set(column, property, &word),
            Word::Blank { is_there } => self.is_left_out |= is_there && is_required,
            Word::Unmapped if is_required => {
                self.is_refused = true;
                row.refuse(property, "unmapped_code", unmapped(column));
            }
            Word::Unmapped => row.warn(property, "unmapped_code", unmapped(column)),
        }
        self.set(column, property, "");
    }

    /// Gives the record a key of the source's own: the student and what tells it apart.
    pub(super) fn key(&mut self, student: &str, parts: &[&str]) {
        if student.is_empty() {
            // The record is refused, and no key is made up for it.
            return;
        }
        let room = student.len() + parts.iter().map(|part| part.len() + 1).sum::<usize>();
        let mut key = Zeroizing::new(String::with_capacity(room));
        key.push_str(student);
        for part in parts {
            key.push('|');
            key.push_str(part);
        }
        self.set("record_key", "", &key);
    }

    pub(super) fn text(&self, column: &str) -> &str {
        &self.texts[self.at(column)]
    }

    fn at(&self, column: &str) -> usize {
        let found = self.template.columns.iter().position(|known| known.name == column);
        found.expect("a rule names columns of its template")
    }

    /// Sends the record, or notes what is wrong with it.
    pub(super) fn send(self, row: &mut Row<'_, '_, '_>) {
        if self.is_left_out {
            row.is_left_out = true;
            return;
        }
        row.has_record = true;
        let Context { kinds, matched, .. } = &mut *row.context;
        let kind = kinds.iter_mut().find(|kind| kind.template.file == self.template.file);
        let kind = kind.expect("there is one for each template");
        let cells: Vec<_> = self.texts.iter().map(|text| Cell::plain(text)).collect();
        let (line, n_cells) = (row.at.number, cells.len());
        let span = Span { line, n_lines: 1, n_cells, has_open_quote: false, is_torn: false };
        let mut fields = Fields::new(row.at.file, span, &kind.layout, &cells, true);
        if self.is_refused {
            row.is_refusal_noted = true;
            return kind.rows.refuse(&mut fields, &[], row.out);
        }
        let mut of_file = OfFile { file: row.at.file, seen: &mut kind.seen, matched };
        kind.rows.read(&mut fields, &mut of_file, row.out);
        row.is_refusal_noted |= fields.is_refused();
        for defect in fields.into_defects() {
            row.note(self.in_words_of_the_resource(defect));
        }
    }

    /// A defect of the template's column as one of the property its value came from.
    fn in_words_of_the_resource(&self, defect: Defect) -> Defect {
        let column = defect.column.as_deref().unwrap_or_default();
        let at = self.template.columns.iter().position(|known| known.name == column);
        let property = at.map(|at| self.properties[at]).unwrap_or_default();
        if property.is_empty() {
            let reason = format!("{} (in {})", defect.reason, self.template.file).into();
            return Defect { reason, ..defect };
        }
        let reason = format!("{} (for {column})", defect.reason).into();
        Defect { column: Some(property.to_owned()), reason, ..defect }
    }
}

pub(super) fn unmapped(column: &str) -> Cow<'static, str> {
    format!("has no translation in the mapping ed-fi (for {column})").into()
}
