//! The rows of a file as rows of templates.
//!
//! Nothing is validated here: each record is put together as a row of its template, and read as one.

use super::super::defect::printable;
use super::super::fields::Fields;
use super::super::id::{Seen, short_digest};
use super::super::lexer::Cell;
use super::super::output::Output;
use super::super::table::{Layout, REST, Sheet};
use super::super::template::{Column, OfFile};
use super::bind::{Plan, Planned};
use super::queue::Place;
use super::source::Trouble;
use crate::formats::{Defect, Extent};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// Keys of the records made by all mappings, by their template.
#[derive(Default)]
pub(super) struct SeenByTemplate(BTreeMap<&'static str, Seen>);

/// Reads a file through its plan.
pub(super) fn read(
    sheet: Sheet,
    plan: &Plan<'_>,
    seen: &mut SeenByTemplate,
    matched: &mut Seen,
    out: &mut Output<'_>,
) {
    let names: Vec<_> = plan.names.iter().map(String::as_str).collect();
    let kinds: BTreeSet<_> = plan.records.iter().map(|record| record.rows.template.kind).collect();
    let kinds: Vec<_> = kinds.into_iter().collect();
    kinds.iter().for_each(|kind| out.extents.note(*kind, Extent::Mapped));
    let layout = Layout { read: &names, required: &[], expected: &[], skipped: &[REST], kinds: &kinds };
    let Some(table) = sheet.bind(&layout, out) else { return };
    out.mapped(&plan.mapping.name);
    let file = table.file();
    table.for_each(out, |row, out| {
        let mut is_skipped = true;
        for record in &plan.records {
            if record.conditions.iter().all(|condition| condition.holds(row, &plan.mapping.blank)) {
                is_skipped = false;
                let seen = seen.0.entry(record.rows.template.file).or_default();
                record.read(row, plan, &mut OfFile { file, seen, matched }, out);
            }
        }
        if is_skipped {
            out.skip_row(file);
        }
    });
}

impl Planned {
    fn read(
        &self,
        row: &mut Fields<'_, '_>,
        plan: &Plan<'_>,
        of_file: &mut OfFile<'_>,
        out: &mut Output<'_>,
    ) {
        let columns = self.rows.template.columns;
        let mut texts: Vec<Zeroizing<String>> = columns.iter().map(|_| Zeroizing::default()).collect();
        let mut troubles = Vec::new();
        for (at, source) in &self.columns {
            match source.value(row, &plan.mapping.blank) {
                Ok(text) => texts[*at] = text,
                Err(trouble) => troubles.push((&columns[*at], trouble)),
            }
        }
        if !troubles.is_empty() {
            // A column that could not be read is not the same as a blank one, so the record is not read on.
            let student = whom(row, columns, &texts);
            let lost: Vec<_> = troubles.iter().map(|(column, _)| column.name).collect();
            for (column, trouble) in troubles {
                if let Trouble::Unmapped { columns, code } = &trouble {
                    let place = self.place(plan, of_file.file, columns, column.name);
                    out.queue.note(place, code, row.line(), student);
                }
                let (columns, code, reason) = trouble.in_words();
                let reason = format!("{reason} (for {})", column.name);
                let defect = Defect::of_file(of_file.file, Some(&columns), code, reason);
                row.adopt([defect.at(row.line()).refused()]);
            }
            let cells: Vec<_> = texts.iter().map(|text| Cell::plain(text)).collect();
            let mut fields = Fields::new(of_file.file, row.span(), &self.layout, &cells, true);
            return self.rows.refuse(&mut fields, &lost, out);
        }
        let cells: Vec<_> = texts.iter().map(|text| Cell::plain(text)).collect();
        let mut fields = Fields::new(of_file.file, row.span(), &self.layout, &cells, true);
        self.rows.read(&mut fields, of_file, out);
        let defects = fields.into_defects().into_iter();
        row.adopt(defects.map(|defect| self.in_words_of_the_file(defect)));
    }

    /// Where an unknown code goes in the queue.
    fn place(&self, plan: &Plan<'_>, file: &str, columns: &str, becomes: &'static str) -> Place {
        let (file, mapping, column) = (file.to_owned(), plan.mapping.name.clone(), printable(columns));
        Place { file, mapping, column, template: self.rows.template.file, becomes }
    }

    /// A defect of the template's column as one of the columns its value came from.
    fn in_words_of_the_file(&self, defect: Defect) -> Defect {
        let template = self.rows.template;
        let name = defect.column.as_deref().unwrap_or_default();
        let source = self.columns.iter().find(|(at, _)| template.columns[*at].name == name);
        let columns = source.map(|(_, source)| source.columns().join(", ")).unwrap_or_default();
        if columns.is_empty() {
            let reason = format!("{} (in {})", defect.reason, template.file).into();
            return Defect { reason, ..defect };
        }
        let reason = format!("{} (for {name})", defect.reason).into();
        Defect { column: Some(printable(&columns)), reason, ..defect }
    }
}

/// A digest of whom a record is about; of the row, where that is not said.
fn whom(row: &Fields<'_, '_>, columns: &[Column], texts: &[Zeroizing<String>]) -> [u8; 16] {
    const WHO: [&str; 4] = ["student_id", "first_name", "last_name", "birth_date"];
    let mut who = Zeroizing::new(String::with_capacity(1_024));
    for (column, text) in columns.iter().zip(texts) {
        if WHO.contains(&column.name) && !text.is_empty() {
            who.push_str(text);
            who.push('\u{1F}');
        }
    }
    if who.is_empty() {
        who.push_str(&row.line().to_string());
    }
    short_digest(who.as_bytes())
}
