//! An answer for machines: JSON, and CSV that no spreadsheet takes for formulas.

use crate::audit::Receipt;
use crate::cli::Failure;
use crate::cli::screen::say;
use crate::cli::sources;
use crate::cli::steward::hex;
use crate::cli::table::safe;
use crate::disclosure::{Cell, Mark, ProtectedTable, RateCode};

fn mark(cell: &Cell) -> &'static str {
    match cell.mark() {
        Mark::Shown => "shown",
        Mark::Hidden => "hidden",
        Mark::Zero => "zero",
        Mark::Empty => "empty",
        Mark::Unspecified => "unspecified",
    }
}

fn code_json(code: Option<&RateCode>) -> Option<serde_json::Value> {
    code.map(|code| serde_json::json!({"label": code.label, "first": code.first, "last": code.last}))
}

/// The whole answer.
pub(super) fn json(table: &ProtectedTable, receipt: &Receipt) -> serde_json::Value {
    let cells = table.cells().iter().map(|cell| {
        serde_json::json!({
            "period": cell.period, "categories": cell.categories, "mark": mark(cell),
            "denominator": cell.denominator, "numerator": cell.numerator, "value": cell.value,
            "deviation": cell.deviation, "margin": cell.margin,
            "code": code_json(cell.code.as_deref()),
            "earlier": cell.earlier.as_ref().map(|earlier| {
                serde_json::json!({
                    "edition": earlier.edition, "denominator": earlier.denominator,
                    "numerator": earlier.numerator, "value": earlier.value, "deviation": earlier.deviation,
                    "code": code_json(earlier.code.as_ref()),
                })
            }),
        })
    });
    let filters =
        table.filters().iter().map(|filter| (filter.dimension.clone(), filter.category.clone().into()));
    serde_json::json!({
        "product": table.product(), "product_version": table.product_version(), "edition": table.edition(),
        "indicator": table.indicator(), "measure": table.measure(), "dimensions": table.dimensions(),
        "filters": filters.collect::<serde_json::Map<_, serde_json::Value>>(),
        "profile": table.profile(), "cell_min": table.cell_min(), "rounded_to": table.rounded_to(),
        "people_noise": table.people_noise(),
        "agreement": table.agreement(), "credit": table.credit(),
        "sources": table.sources().iter().map(sources::json).collect::<Vec<_>>(),
        "left_out": table.left_out().iter().map(|left_out| {
            serde_json::json!({
                "period": left_out.period, "of": left_out.of, "reason": left_out.reason,
                "percent": left_out.percent, "below": left_out.below,
            })
        }).collect::<Vec<_>>(),
        "seal_digest": hex(table.seal_digest()), "table_digest": hex(&table.digest()),
        "cells": cells.collect::<Vec<_>>(),
        "counted": table.counted().iter().map(|counted| {
            serde_json::json!({
                "period": counted.period, "edition": counted.edition, "frozen": counted.frozen,
                "destroyed": Some(&counted.destroyed).filter(|day| !day.is_empty()),
            })
        }).collect::<Vec<_>>(),
        "receipt": {"index": receipt.index(), "checkpoint": receipt.checkpoint()},
    })
}

/// One line a cell.
pub(super) fn print_csv(table: &ProtectedTable) -> Result<(), Failure> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let dimensions = table.dimensions().iter().map(|id| safe(id));
    let heading =
        ["product", "edition", "indicator", "period"].map(str::to_owned).into_iter().chain(dimensions);
    out.write_record(
        heading
            .chain(["mark", "denominator", "numerator", "value", "deviation", "code"].map(str::to_owned))
            .chain(
                [
                    "earlier_edition",
                    "earlier_denominator",
                    "earlier_numerator",
                    "earlier_value",
                    "earlier_code",
                    "margin",
                ]
                .map(str::to_owned),
            ),
    )?;
    for cell in table.cells() {
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let float = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        let label = |code: Option<&RateCode>| code.map(|code| safe(&code.label)).unwrap_or_default();
        let earlier = cell.earlier.as_ref();
        let place = [
            safe(table.product()),
            table.edition().to_string(),
            safe(table.indicator()),
            cell.period.to_string(),
        ];
        let values = [
            mark(cell).to_owned(),
            number(cell.denominator),
            number(cell.numerator),
            float(cell.value),
            float(cell.deviation),
            label(cell.code.as_deref()),
            earlier.map(|earlier| earlier.edition.to_string()).unwrap_or_default(),
            number(earlier.and_then(|earlier| earlier.denominator)),
            number(earlier.and_then(|earlier| earlier.numerator)),
            float(earlier.and_then(|earlier| earlier.value)),
            label(earlier.and_then(|earlier| earlier.code.as_ref())),
            float(cell.margin),
        ];
        out.write_record(place.into_iter().chain(cell.categories.iter().map(|id| safe(id))).chain(values))?;
    }
    let bytes = out.into_inner().map_err(|error| Failure::new(error.to_string()))?;
    say(String::from_utf8_lossy(&bytes).trim_end());
    Ok(())
}
