//! What publishing would cost, as people and machines read it.

use super::layers;
use crate::api::v1 as pb;
use crate::calendar::SchoolYear;
use crate::cli::Failure;
use crate::cli::screen::{count, counted, say};
use crate::cli::table::{Align, Table, bar, safe};
use std::collections::BTreeSet;

const LEVELS: [(&str, &str); 3] = [("all", "All"), ("district", "Districts"), ("school", "Schools")];

/// Prints the report in tables.
pub(super) fn print(report: &pb::CheckReport) {
    let seconds = report.freeze_seconds + report.tabulate_seconds + report.seal_seconds;
    say(&format!(
        "nothing was changed: {}, {} student-years as the records stand",
        counted(report.persons, "person", "persons"),
        count(report.student_years)
    ));
    say(&format!(
        "it took {seconds:.1} s (freeze {:.1}, count {:.1}, seal {:.1}); the seal has {}{}",
        report.freeze_seconds,
        report.tabulate_seconds,
        report.seal_seconds,
        size(report.seal_bytes),
        report
            .memory_peak_bytes
            .map_or_else(String::new, |bytes| format!(", and the service has used {} at most", size(bytes)))
    ));
    if !report.others.is_empty() {
        say(&format!("sealed together with what is loaded: {}", report.others.join(", ")));
    }
    say("");
    say(&lattices(report).print());
    layers::stays(report.edition, &report.periods).iter().for_each(|line| say(line));
    layers::released(&report.released).iter().for_each(|line| say(line));
    if !report.layers.is_empty() {
        say(&layers::words(&report.layers));
    }
    for product in &report.products {
        say("");
        print_product(product);
    }
    if report.variants_left_out > 0 {
        say("");
        say(&format!(
            "{} not sealed, which may take {:.0} s each: --variants says what they would win back",
            counted(report.variants_left_out, "smaller version was", "smaller versions were"),
            report.seal_seconds.ceil()
        ));
    }
}

fn lattices(report: &pb::CheckReport) -> Table {
    let headings = [
        ("Year", Align::Left),
        ("Unit", Align::Left),
        ("Groups to ask for", Align::Right),
        ("With somebody", Align::Right),
        ("Must stay uncertain", Align::Right),
        ("Linear rule only", Align::Right),
    ];
    let mut table = Table::new(&headings);
    for lattice in &report.lattices {
        let is_of = |of: &&pb::LayerReport| {
            lattice.mode == "suppress" && (&of.unit, of.period) == (&lattice.unit, lattice.period)
        };
        let layers = || report.layers.iter().filter(is_of);
        table.row([
            SchoolYear::new(lattice.period).map(|year| year.to_string()).unwrap_or_default(),
            match lattice.mode.as_str() {
                "suppress" => lattice.unit.replace('_', " "),
                mode => format!("{}, {mode}", lattice.unit.replace('_', " ")),
            },
            count(lattice.groups),
            count(lattice.occupied),
            count(layers().map(|of| of.sensitive).sum()),
            count(layers().map(|of| of.linear_only).sum()),
        ]);
    }
    table
}

fn print_product(product: &pb::CheckedProduct) {
    say(&format!(
        "{} version {}: {}; {} too small, {} hidden to protect them",
        product.product,
        product.version,
        counted(product.cells, "cell", "cells"),
        count(product.primary),
        count(product.secondary),
    ));
    if product.version_taken {
        say(
            "  this version is loaded with another content, or a newer one is: raise it to load the document",
        );
    }
    if !product.planes.is_empty() {
        say(&losses(product).print());
    }
    if !product.variants.is_empty() {
        say("");
        say(&variants(product).print());
        say("  Now and then are of the cells that both have; simple cells have one dimension at most.");
    }
}

/// Where the loss is: by dimension, by dimensions at once, and by level.
fn losses(product: &pb::CheckedProduct) -> Table {
    let levels: Vec<_> = (LEVELS.into_iter())
        .filter(|(level, _)| product.planes.iter().any(|plane| plane.level == *level))
        .collect();
    let mut headings =
        vec![("What", Align::Left), ("Cells", Align::Right), ("Hidden", Align::Right), ("", Align::Left)];
    headings.extend(levels.iter().map(|(_, heading)| (*heading, Align::Right)));
    let mut table = Table::new(&headings);
    let mut row = |name: String, keep: &dyn Fn(&pb::PlaneReport) -> bool| {
        let all = sum(product, keep);
        let mut row = vec![name, count(all.cells), percent(all), bar(share(all))];
        let of_level = |level: &str| sum(product, |plane| keep(plane) && plane.level == level);
        row.extend(levels.iter().map(|(level, _)| percent(of_level(level))));
        table.row(row);
    };
    row("everything".into(), &|_| true);
    let deepest = product.planes.iter().map(|plane| plane.dimensions.len()).max().unwrap_or(0);
    for n in 0..=deepest {
        let name = match n {
            0 => "no dimension".to_owned(),
            1 => "one dimension".to_owned(),
            n => format!("{n} dimensions at once"),
        };
        row(name, &|plane| plane.dimensions.len() == n);
    }
    let dimensions: BTreeSet<&String> = product.planes.iter().flat_map(|plane| &plane.dimensions).collect();
    for dimension in dimensions {
        row(format!("by {dimension}"), &|plane| plane.dimensions.contains(dimension));
    }
    table
}

fn variants(product: &pb::CheckedProduct) -> Table {
    let headings = [
        ("What would win back", Align::Left),
        ("Cells left", Align::Right),
        ("Hidden now", Align::Right),
        ("Then", Align::Right),
        ("", Align::Left),
        ("Shown more", Align::Right),
        ("Simple now", Align::Right),
        ("Then", Align::Right),
    ];
    let mut table = Table::new(&headings);
    for variant in &product.variants {
        let [before, after, simple_before, simple_after] =
            [variant.before, variant.after, variant.simple_before, variant.simple_after]
                .map(Option::unwrap_or_default);
        let won = match before.hidden.checked_sub(after.hidden) {
            Some(won) => count(won),
            None => format!("-{}", count(after.hidden - before.hidden)),
        };
        table.row([
            variant.change.clone(),
            count(after.cells),
            percent(before),
            percent(after),
            bar(share(after)),
            won,
            percent(simple_before),
            percent(simple_after),
        ]);
    }
    table
}

fn sum(product: &pb::CheckedProduct, keep: impl Fn(&pb::PlaneReport) -> bool) -> pb::HiddenCells {
    let mut sum = pb::HiddenCells::default();
    for hidden in product.planes.iter().filter(|plane| keep(plane)).filter_map(|plane| plane.hidden) {
        sum.cells += hidden.cells;
        sum.hidden += hidden.hidden;
    }
    sum
}

fn share(cells: pb::HiddenCells) -> f64 {
    if cells.cells == 0 { 0.0 } else { cells.hidden as f64 / cells.cells as f64 }
}

fn percent(cells: pb::HiddenCells) -> String {
    if cells.cells == 0 { "-".into() } else { format!("{:.1} %", share(cells) * 100.0) }
}

/// A number of bytes: `12 KB`, `1.4 GB`, in steps of a thousand.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// The report for machines.
pub(super) fn json(report: &pb::CheckReport) -> serde_json::Value {
    let cells = |cells: Option<pb::HiddenCells>| {
        let cells = cells.unwrap_or_default();
        serde_json::json!({"cells": cells.cells, "hidden": cells.hidden, "hidden_share": share(cells)})
    };
    let product = |product: &pb::CheckedProduct| {
        let planes = product.planes.iter().map(|plane| {
            serde_json::json!({
                "dimensions": plane.dimensions, "level": plane.level, "hidden": cells(plane.hidden),
            })
        });
        let variants = product.variants.iter().map(|variant| {
            serde_json::json!({
                "change": variant.change, "before": cells(variant.before), "after": cells(variant.after),
                "simple_before": cells(variant.simple_before), "simple_after": cells(variant.simple_after),
                "seal_seconds": variant.seal_seconds,
            })
        });
        serde_json::json!({
            "product": product.product, "version": product.version, "version_taken": product.version_taken,
            "cells": product.cells, "primary": product.primary, "secondary": product.secondary,
            "hidden_share": share(sum(product, |_| true)), "planes": planes.collect::<Vec<_>>(),
            "variants": variants.collect::<Vec<_>>(),
        })
    };
    let lattice = |lattice: &pb::LatticeReport| {
        serde_json::json!({
            "unit": lattice.unit, "period": lattice.period, "groups": lattice.groups,
            "occupied": lattice.occupied, "mode": lattice.mode,
        })
    };
    serde_json::json!({
        "persons": report.persons, "student_years": report.student_years, "others": report.others,
        "products": report.products.iter().map(product).collect::<Vec<_>>(),
        "lattices": report.lattices.iter().map(lattice).collect::<Vec<_>>(),
        "layers": layers::json(&report.layers), "freeze_seconds": report.freeze_seconds,
        "tabulate_seconds": report.tabulate_seconds, "seal_seconds": report.seal_seconds,
        "seal_bytes": report.seal_bytes, "memory_peak_bytes": report.memory_peak_bytes,
        "variants_left_out": report.variants_left_out, "edition": report.edition,
        "periods": layers::periods_json(&report.periods), "released": layers::released_json(&report.released),
    })
}

/// The products' cells as CSV.
pub(super) fn csv(report: &pb::CheckReport) -> Result<String, Failure> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "product",
        "version",
        "smaller",
        "dimensions",
        "level",
        "cells",
        "hidden",
        "hidden_now",
    ])?;
    for product in &report.products {
        let start = [safe(&product.product), product.version.to_string()];
        for plane in &product.planes {
            let hidden = plane.hidden.unwrap_or_default();
            let place = [String::new(), safe(&plane.dimensions.join("+")), plane.level.clone()];
            let numbers = [hidden.cells, hidden.hidden, hidden.hidden].map(|n| n.to_string());
            out.write_record(start.iter().cloned().chain(place).chain(numbers))?;
        }
        for variant in &product.variants {
            let (before, after) = (variant.before.unwrap_or_default(), variant.after.unwrap_or_default());
            let place = [safe(&variant.change), String::new(), String::new()];
            let numbers = [after.cells, after.hidden, before.hidden].map(|n| n.to_string());
            out.write_record(start.iter().cloned().chain(place).chain(numbers))?;
        }
    }
    let bytes = out.into_inner().map_err(|error| Failure::new(error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_in_units_that_people_read() {
        let bytes = [0, 1, 999_001, 1_500_000, 2_345_000_000];
        assert_eq!(bytes.map(size), ["0 KB", "1 KB", "1000 KB", "1.5 MB", "2.3 GB"]);
    }
}
