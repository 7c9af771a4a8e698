//! Reports for machines: JSON, and CSV with one line a figure.

use super::page::{Page, Supplied};
use crate::cli::Failure;
use crate::cli::screen::say;
use crate::cli::sources;
use crate::cli::steward::hex;
use crate::cli::table::safe;
use crate::figures::{Aggregate, Counts, Figure, Interval, Row};
use serde_json::{Value, json};

pub(super) fn json(page: &Page) -> Value {
    let entries = page.entries.iter().map(|entry| {
        json!({
            "line": entry.line, "title": entry.title, "not_answered": entry.unanswered,
            "not_offered": entry.unoffered, "figure": entry.figure.as_ref().map(figure),
        })
    });
    let supplied = page.supplied.iter().map(|line| {
        json!({
            "line": line.line, "title": line.label, "note": line.note,
            "figures": line.figures.iter().map(aggregate).collect::<Vec<_>>(),
        })
    });
    json!({
        "report": page.id, "title": page.title,
        "pack": page.pack.as_ref().map(|(name, source)| json!({"name": name, "source": source})),
        "figures": entries.collect::<Vec<_>>(), "as_supplied": supplied.collect::<Vec<_>>(),
        "cells_hidden": page.loss().hidden, "cells": page.loss().cells,
        "sources": page.sources().iter().map(sources::json).collect::<Vec<_>>(), "credit": page.credits(),
    })
}

fn ends(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |ends| json!([ends.low, ends.high]))
}

fn figure(figure: &Figure) -> Value {
    let basis = &figure.basis;
    let rows = figure.rows.iter().map(|row| {
        let counts = |counts: &Counts| json!({"numerator": counts.numerator, "denominator": counts.people});
        json!({
            "year": row.year, "since": row.since, "group": row.group, "against": row.against,
            "quantity": row.quantity.name(), "value": row.value.as_ref().ok(), "unit": row.scale.name(),
            "interval": ends(row.interval), "counts": row.counts.iter().map(counts).collect::<Vec<_>>(),
            "flag": row.flag(), "says": says(row),
        })
    });
    let findings = figure.findings.iter();
    json!({
        "form": figure.form, "product": basis.product, "population": basis.population, "edition": basis.edition,
        "agreement": basis.agreement, "rule": basis.rule, "indicator": basis.indicator,
        "measure": basis.measure, "where": basis.filters,
        "definition": {
            "label": basis.definition.label, "definition": basis.definition.definition,
            "numerator": basis.definition.numerator, "denominator": basis.definition.denominator,
            "source": basis.definition.source, "caveat": basis.definition.caveat,
        },
        "table_digest": hex(&basis.table_digest),
        "cells_hidden": figure.loss.hidden, "cells": figure.loss.cells, "hidden_share": figure.loss.share(),
        "rows": rows.collect::<Vec<_>>(),
        "findings": findings.map(|found| {
            json!({"test": found.test, "status": found.status, "text": found.text})
        }).collect::<Vec<_>>(),
        "breaks": figure.breaks.iter().map(|each| json!({"year": each.year, "why": each.why})).collect::<Vec<_>>(),
        "annotations": figure.annotations.iter().map(|each| {
            json!({"year": each.year, "text": each.text})
        }).collect::<Vec<_>>(),
        "notes": figure.notes,
    })
}

fn aggregate(aggregate: &Aggregate) -> Value {
    json!({
        "year": aggregate.year, "population": aggregate.population, "numerator": aggregate.numerator,
        "denominator": aggregate.denominator, "value": aggregate.value, "unit": "percent",
        "interval": ends(aggregate.interval()), "source": aggregate.source, "as_of": aggregate.as_of.to_string(),
    })
}

fn says(row: &Row) -> String {
    row.value.as_ref().map_or_else(crate::figures::Missing::reason, |_| row.says.clone())
}

const COLUMNS: [&str; 29] = [
    "line",
    "title",
    "form",
    "product",
    "edition",
    "agreement",
    "rule",
    "indicator",
    "where",
    "quantity",
    "year",
    "since",
    "group",
    "against",
    "numerator",
    "denominator",
    "reference_numerator",
    "reference_denominator",
    "value",
    "unit",
    "low",
    "high",
    "flag",
    "says",
    "cells_hidden",
    "cells",
    "definition",
    "source",
    "as_of",
];

/// One line for each figure and each finding; then supplied figures, with the form `as_supplied`, and notes of whom all is
/// from.
pub(super) fn csv(page: &Page) -> Result<(), Failure> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS)?;
    for entry in &page.entries {
        let line = [safe(&entry.line), safe(&entry.title)];
        let Some(figure) = &entry.figure else {
            let (flag, why) = match (&entry.unanswered, &entry.unoffered) {
                (Some(why), _) => ("not_answered", why),
                (_, why) => ("not_offered", why.as_ref().unwrap_or(&entry.title)),
            };
            let mut record = vec![String::new(); COLUMNS.len()];
            [record[0], record[1]] = line;
            (record[22], record[23]) = (flag.into(), safe(why));
            out.write_record(record)?;
            continue;
        };
        for row in &figure.rows {
            out.write_record(line.iter().cloned().chain(row_of(figure, row)))?;
        }
        for found in &figure.findings {
            let mut record: Vec<String> = line.iter().cloned().chain(place_of(figure)).collect();
            record.resize(COLUMNS.len(), String::new());
            record[9] = format!("finding:{}", found.test);
            (record[22], record[23]) = (safe(found.status), safe(&found.text));
            out.write_record(record)?;
        }
    }
    for line in &page.supplied {
        for aggregate in &line.figures {
            out.write_record(supplied(line, aggregate))?;
        }
    }
    for source in page.sources() {
        out.write_record(note("source", &source.organization, &sources::sentence(&source)))?;
    }
    for credit in page.credits() {
        out.write_record(note("credit", "", credit))?;
    }
    let bytes = out.into_inner().map_err(|error| Failure::new(error.to_string()))?;
    say(String::from_utf8_lossy(&bytes).trim_end());
    Ok(())
}

fn number<T: ToString>(number: Option<T>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn place_of(figure: &Figure) -> [String; 7] {
    let basis = &figure.basis;
    [
        figure.form.to_owned(),
        safe(&basis.product),
        basis.edition.to_string(),
        safe(&basis.agreement),
        safe(&basis.rule),
        safe(&basis.indicator),
        safe(&basis.filters.join("; ")),
    ]
}

fn row_of(figure: &Figure, row: &Row) -> Vec<String> {
    let counts = |at: usize| row.counts.get(at).copied().unwrap_or(Counts { numerator: None, people: None });
    let (own, other) = (counts(0), counts(1));
    let mut record = Vec::from(place_of(figure));
    record.extend([
        row.quantity.name().to_owned(),
        row.year.to_string(),
        number(row.since),
        safe(&row.group),
        safe(&row.against),
        number(own.numerator),
        number(own.people),
        number(other.numerator),
        number(other.people),
        number(row.value.as_ref().ok()),
        row.scale.name().to_owned(),
        number(row.interval.map(|ends| ends.low)),
        number(row.interval.map(|ends| ends.high)),
        row.flag().to_owned(),
        safe(&says(row)),
        figure.loss.hidden.to_string(),
        figure.loss.cells.to_string(),
        safe(&figure.basis.definition.definition),
        safe(&figure.basis.definition.source),
        String::new(),
    ]);
    record
}

/// What stands once for the whole report.
fn note(of: &str, group: &str, text: &str) -> Vec<String> {
    let mut record = vec![String::new(); COLUMNS.len()];
    let known = [(9, format!("note:{of}")), (12, safe(group)), (22, "note".into()), (23, safe(text))];
    known.into_iter().for_each(|(at, text)| record[at] = text);
    record
}

fn supplied(line: &Supplied, aggregate: &Aggregate) -> Vec<String> {
    let mut record = vec![String::new(); COLUMNS.len()];
    let interval = aggregate.interval();
    let known = [
        (0, safe(&line.line)),
        (1, safe(&line.label)),
        (2, "as_supplied".into()),
        (9, "level".into()),
        (10, aggregate.year.to_string()),
        (12, safe(&aggregate.population)),
        (14, number(aggregate.numerator)),
        (15, number(aggregate.denominator)),
        (18, aggregate.value.to_string()),
        (19, "percent".into()),
        (20, number(interval.map(|ends| ends.low))),
        (21, number(interval.map(|ends| ends.high))),
        (22, "as_supplied".into()),
        (27, safe(&aggregate.source)),
        (28, aggregate.as_of.to_string()),
    ];
    known.into_iter().for_each(|(at, text)| record[at] = text);
    record
}
