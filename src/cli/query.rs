//! `throughline query`: ask for a table, check its proof, and show it.

use super::connect::Connect;
use super::screen::{self, count, counted, say};
use super::steward::{ask, hex};
use super::table::{Align, Table, bar, safe};
use super::{Done, Failure, Finish};
use crate::api::v1 as pb;
use crate::audit::Receipt;
use crate::calendar::SchoolYear;
use crate::client::Session;
use crate::disclosure::{Cell, Filter, Mark, ProtectedTable, RateCode};
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};

/// Ask for a table
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  throughline query city chronic_absence --agreement city-outcomes --purpose public_reporting \\
      --by race --by sex --where geography=northfield --year 2025

`throughline products` tells what can be asked. Without a valid proof that the access log holds the question
and the answer, the answer is refused.")]
pub(super) struct Query {
    /// The data product
    product: String,
    /// Name of one of its indicators
    indicator: String,
    /// A dimension to break down by; up to five
    #[arg(long = "by", value_name = "DIMENSION")]
    by: Vec<String>,
    /// A dimension held at one category
    #[arg(long = "where", value_name = "DIMENSION=CATEGORY", value_parser = pair)]
    filters: Vec<(String, String)>,
    /// A school year, by the year it ends in; all by default
    #[arg(long = "year", value_name = "YEAR")]
    years: Vec<u32>,
    /// An edition; the newest by default
    #[arg(long, value_name = "NUMBER")]
    edition: Option<u32>,
    /// The agreement you ask under
    #[arg(long, env = "THROUGHLINE_AGREEMENT", value_name = "ID")]
    agreement: String,
    /// The purpose you ask for, one of the agreement's
    #[arg(long, env = "THROUGHLINE_PURPOSE", value_name = "PURPOSE")]
    purpose: String,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV, one line a cell
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    connect: Connect,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    parts.map(|(name, value)| (name.into(), value.into())).ok_or_else(|| "expected DIMENSION=CATEGORY".into())
}

impl Query {
    pub(super) fn run(self) -> Done {
        super::wait(async {
            let session = self.connect.session("partner").await?;
            let question = pb::QueryRequest {
                agreement: self.agreement,
                purpose: self.purpose,
                product: self.product,
                indicator: self.indicator,
                dimensions: self.by,
                filters: self
                    .filters
                    .iter()
                    .map(|(name, value)| Filter { dimension: name.clone(), category: value.clone() })
                    .collect(),
                periods: self.years,
                edition: self.edition.unwrap_or(0),
            };
            let (table, receipt) = session.query(question).await?;
            if self.json {
                screen::json(&json(&table, &receipt));
            } else if self.csv {
                print_csv(&table)?;
            } else {
                let names = Names::of(&session, table.product()).await?;
                print(&table, &receipt, &names);
            }
            Ok(Finish::All)
        })
    }
}

/// What people call dimensions and categories.
struct Names {
    dimensions: BTreeMap<String, String>,
    categories: BTreeMap<(String, String), String>,
}

impl Names {
    async fn of(session: &Session, product: &str) -> Result<Self, Failure> {
        let products = ask!(session, releases, list_products, pb::ListProductsRequest {}).products;
        let (mut dimensions, mut categories) = (BTreeMap::new(), BTreeMap::new());
        for dimension in
            products.into_iter().filter(|each| each.id == product).flat_map(|each| each.dimensions)
        {
            for category in dimension.categories {
                categories.insert((dimension.id.clone(), category.id), category.label);
            }
            dimensions.insert(dimension.id, dimension.label);
        }
        Ok(Self { dimensions, categories })
    }

    fn dimension<'a>(&'a self, id: &'a str) -> &'a str {
        self.dimensions.get(id).map_or(id, String::as_str)
    }

    fn category<'a>(&'a self, dimension: &str, id: &'a str) -> &'a str {
        self.categories.get(&(dimension.to_owned(), id.to_owned())).map_or(id, String::as_str)
    }
}

fn print(table: &ProtectedTable, receipt: &Receipt, names: &Names) {
    let by: Vec<_> = table.dimensions().iter().map(|id| names.dimension(id)).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ").to_lowercase()) };
    say(&format!("{}{by}", table.indicator().replace('_', " ")));
    for filter in table.filters() {
        say(&format!(
            "{}: {}",
            names.dimension(&filter.dimension),
            names.category(&filter.dimension, &filter.category)
        ));
    }
    say(&format!(
        "product {} v{}, edition {}, agreement {}, rule {}",
        table.product(),
        table.product_version(),
        table.edition(),
        table.agreement(),
        table.profile()
    ));
    let mut headings: Vec<(&'static str, Align)> = vec![("Year", Align::Left)];
    // The headings live as long as the program: there are few, and it ends right after.
    headings
        .extend(table.dimensions().iter().map(|id| (&*names.dimension(id).to_owned().leak(), Align::Left)));
    // A rule that codes rates prints nobody with the outcome, and some such rules no students at all.
    let is_shown = |cell: &&Cell| cell.mark() == Mark::Shown;
    let has_people = !table.cells().iter().filter(is_shown).any(|cell| cell.denominator.is_none());
    let is_coded = |cell: &Cell| {
        cell.code.is_some() || cell.earlier.as_ref().is_some_and(|earlier| earlier.code.is_some())
    };
    let has_numerators = table.measure() == "share" && !table.cells().iter().any(is_coded);
    if has_people {
        headings.push(("Students", Align::Right));
    }
    if has_numerators {
        headings.push(("With it", Align::Right));
    }
    let value_heading = match table.measure() {
        "share" => "Share",
        "ratio" => "Rate",
        "mean" => "Mean",
        _ => "",
    };
    if !value_heading.is_empty() {
        headings.push((value_heading, Align::Right));
        headings.push(("", Align::Left));
    }
    let mut printed = Table::new(&headings);
    for cell in table.cells().iter().filter(|cell| cell.mark() != Mark::Empty) {
        let year = SchoolYear::new(cell.period).map(|year| year.to_string()).unwrap_or_default();
        let mut row = vec![year];
        row.extend(
            table
                .dimensions()
                .iter()
                .zip(&cell.categories)
                .map(|(id, category)| names.category(id, category).to_owned()),
        );
        let earlier = cell.earlier.as_ref();
        if has_people {
            row.push(shown(cell.denominator, earlier.and_then(|earlier| earlier.denominator)));
        }
        if has_numerators {
            row.push(shown(cell.numerator, earlier.and_then(|earlier| earlier.numerator)));
        }
        if !value_heading.is_empty() {
            row.extend(value(table.measure(), cell));
        }
        printed.row(row);
    }
    say("");
    say(&printed.print());
    footnotes(table, receipt);
}

/// What stands behind a figure that is of an earlier edition.
const EARLIER: &str = " †";

fn shown(number: Option<u64>, earlier: Option<u64>) -> String {
    match (number, earlier) {
        (Some(number), _) => count(number),
        (None, Some(earlier)) => count(earlier) + EARLIER,
        (None, None) => "*".to_owned(),
    }
}

/// A value and the bar beside it; that of a code is as long as the middle of its range.
fn value(measure: &str, cell: &Cell) -> [String; 2] {
    let earlier = cell.earlier.as_ref();
    let (code, earlier_code) = (cell.code.as_ref(), earlier.and_then(|earlier| earlier.code.as_ref()));
    if let Some(code_shown) = code.or(earlier_code) {
        let mark = if code.is_none() { EARLIER } else { "" };
        let middle = (code_shown.first + code_shown.last) as f64 / 200.0;
        return [format!("{}{mark}", code_shown.label), bar(middle)];
    }
    let earlier = earlier.and_then(|earlier| earlier.value);
    let mark = if cell.value.is_none() && earlier.is_some() { EARLIER } else { "" };
    match (cell.value.or(earlier), measure) {
        (None, _) => ["*".to_owned(), String::new()],
        (Some(value), "share" | "ratio") => {
            let margin =
                cell.margin.map(|margin| format!(" \u{b1} {:.1}", margin * 100.0)).unwrap_or_default();
            [format!("{:.1}{margin} %{mark}", value * 100.0), bar(value)]
        }
        (Some(value), _) => {
            let margin = cell.margin.map(|margin| format!(" \u{b1} {margin:.2}")).unwrap_or_default();
            [format!("{value:.2}{margin}{mark}"), String::new()]
        }
    }
}

fn footnotes(table: &ProtectedTable, receipt: &Receipt) {
    let n = |mark| table.cells().iter().filter(|cell| cell.mark() == mark).count() as u64;
    let (hidden, empty, all) = (n(Mark::Hidden), n(Mark::Empty), table.cells().len() as u64);
    let earlier: BTreeSet<u32> =
        table.cells().iter().filter_map(|cell| Some(cell.earlier.as_ref()?.edition)).collect();
    say("");
    if hidden > 0 {
        say(&format!(
            "  *  hidden to protect students: {} of {} cells. A hidden cell says nothing else about itself.",
            count(hidden),
            count(all)
        ));
    }
    if !earlier.is_empty() {
        let editions = earlier.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        say(&format!(
            "  †  as edition {editions} showed it; it has changed too little since, or protects others."
        ));
    }
    if table.cells().iter().any(|cell| cell.code.is_some() && cell.denominator.is_none()) {
        say("     The rule prints ranges of rates, and no numbers of students.");
    }
    if table.people_noise() > 0.0 {
        say(&format!(
            "     Noise was added to protect students: 19 of 20 numbers of students are within \u{b1}{:.0} of the counted one.",
            1.96 * table.people_noise()
        ));
    }
    if table.rounded_to() > 0 {
        say(&format!(
            "     Numbers of students are rounded to the nearest {}, and shares made of those.",
            table.rounded_to()
        ));
    }
    if empty > 0 {
        say(&format!("     Left out: {} without students.", counted(empty, "group", "groups")));
    }
    for counted in table.counted().iter().filter(|counted| counted.edition != table.edition()) {
        let year = SchoolYear::new(counted.period).map(|year| year.to_string()).unwrap_or_default();
        say(&format!(
            "     {year} is as in edition {}: the records of too few students have changed since.",
            counted.edition
        ));
    }
    for source in table.sources() {
        let mut parts = Vec::new();
        if !source.delivered.is_empty() {
            parts.push(format!("delivered {}", source.delivered));
        }
        if source.days_late > 0 {
            parts.push(format!("{} late", counted(source.days_late.into(), "day", "days")));
        }
        for covered in source.coverage.iter().filter(|covered| covered.attendance < 95) {
            let year = SchoolYear::new(covered.period).map(|year| year.to_string()).unwrap_or_default();
            parts.push(format!("attendance of {} % or more of its students in {year}", covered.attendance));
        }
        say(&format!("     Source {}: {}.", source.organization, parts.join("; ")));
    }
    if !table.credit().is_empty() {
        say(&format!("     {}", table.credit()));
    }
    say(&format!("  On record as entry {} of the access log; the proof was checked.", receipt.index()));
}

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

fn json(table: &ProtectedTable, receipt: &Receipt) -> serde_json::Value {
    let cells = table.cells().iter().map(|cell| {
        serde_json::json!({
            "period": cell.period, "categories": cell.categories, "mark": mark(cell),
            "denominator": cell.denominator, "numerator": cell.numerator, "value": cell.value,
            "deviation": cell.deviation, "margin": cell.margin,
            "code": code_json(cell.code.as_ref()),
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
        "sources": table.sources().iter().map(|source| {
            serde_json::json!({
                "organization": source.organization, "delivered": source.delivered, "days_late": source.days_late,
                "coverage": source.coverage.iter().map(|covered| {
                    serde_json::json!({
                        "period": covered.period, "attendance": covered.attendance, "assessment": covered.assessment,
                    })
                }).collect::<Vec<_>>(),
            })
        }).collect::<Vec<_>>(),
        "seal_digest": hex(table.seal_digest()), "table_digest": hex(&table.digest()),
        "cells": cells.collect::<Vec<_>>(),
        "counted": table.counted().iter().map(|counted| {
            serde_json::json!({"period": counted.period, "edition": counted.edition})
        }).collect::<Vec<_>>(),
        "receipt": {"index": receipt.index(), "checkpoint": receipt.checkpoint()},
    })
}

fn print_csv(table: &ProtectedTable) -> Result<(), Failure> {
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
            label(cell.code.as_ref()),
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
