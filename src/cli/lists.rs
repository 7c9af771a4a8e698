//! `throughline indicators` and `throughline products`.

use super::connect::Connect;
use super::screen::{self, say};
use super::steward::ask;
use super::table::{Align, Table};
use super::{Done, Finish};
use crate::api::v1 as pb;
use crate::outcomes::{Indicator, indicators};
use prost::Message;

/// List the indicators the service can count, with their definitions
#[derive(clap::Args)]
pub(super) struct Indicators {
    /// Only this one, with everything about it
    id: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Indicators {
    /// The library is part of the program, so this asks nobody; the service lists its own by an RPC.
    pub(super) fn run(self) -> Done {
        let chosen: Vec<&Indicator> =
            indicators().iter().filter(|each| self.id.as_ref().is_none_or(|id| *id == each.id)).collect();
        if chosen.is_empty() {
            return Err(super::Failure::new(
                "there is no such indicator (throughline indicators lists them)",
            ));
        }
        if self.json {
            screen::json(&chosen.iter().map(|each| json(each)).collect());
        } else if self.id.is_some() {
            chosen.iter().for_each(|each| print(each));
        } else {
            let headings = [
                ("Indicator", Align::Left),
                ("Measure", Align::Left),
                ("Of", Align::Left),
                ("A product sets", Align::Left),
                ("Name", Align::Left),
            ];
            let mut table = Table::new(&headings);
            for each in chosen {
                let unit = each.unit.name().replace('_', " ");
                let cells = [&each.id, each.measure.name(), &unit, &each.parameters.join(", "), &each.label];
                table.row(cells.map(str::to_owned));
            }
            say(&table.print());
            say("");
            say("  throughline indicators NAME tells how one is defined and where from");
        }
        Ok(Finish::All)
    }
}

fn print(indicator: &Indicator) {
    say(&format!("{} ({})", indicator.label, indicator.id));
    let lines = [
        ("says", &indicator.definition),
        ("numerator", &indicator.numerator),
        ("denominator", &indicator.denominator),
        ("rule", &indicator.rule),
        ("source", &indicator.source),
        ("caveat", &indicator.caveat),
    ];
    for (name, text) in lines.into_iter().filter(|(_, text)| !text.is_empty()) {
        say(&format!("  {name:<12} {text}"));
    }
    if let Some((who, reasons)) = indicator.left_out() {
        say(&format!("  {:<12} of {who}: {}", "left out", reasons.join("; ")));
    }
}

fn json(indicator: &Indicator) -> serde_json::Value {
    serde_json::json!({
        "id": indicator.id, "label": indicator.label, "definition": indicator.definition,
        "numerator": indicator.numerator, "denominator": indicator.denominator, "rule": indicator.rule,
        "source": indicator.source, "caveat": indicator.caveat, "unit": indicator.unit.name(),
        "measure": indicator.measure.name(), "parameters": indicator.parameters,
        "about": indicator.left_out().map(|(who, _)| who),
        "left_out": indicator.left_out().map(|(_, reasons)| reasons).unwrap_or_default(),
    })
}

/// List the data products that can be asked
#[derive(clap::Args)]
pub(super) struct Products {
    /// Only this one, with every category of every dimension
    id: Option<String>,
    /// Ask as this role
    #[arg(long, default_value = "partner", value_parser = ["partner", "steward", "auditor"])]
    role: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

impl Products {
    pub(super) fn run(self) -> Done {
        super::wait(async {
            let session = self.connect.session(&self.role).await?;
            let mut products = ask!(session, releases, list_products, pb::ListProductsRequest {}).products;
            products.retain(|product| self.id.as_ref().is_none_or(|id| *id == product.id));
            if self.json {
                screen::json(&products.iter().map(product_json).collect());
                return Ok(Finish::All);
            }
            if products.is_empty() {
                say("there is no product that you may ask");
            }
            for product in &products {
                print_product(product, self.id.is_some());
            }
            Ok(Finish::All)
        })
    }
}

fn print_product(product: &pb::Product, whole: bool) {
    say(&format!("{} v{}: {}", product.id, product.version, product.title));
    let years: Vec<_> = product.periods.iter().map(u32::to_string).collect();
    let edition = match product.edition {
        0 => "not in an edition yet".to_owned(),
        number => format!("edition {number}, {:.1} % of its cells hidden", product.hidden_share * 100.0),
    };
    let dimensions: Vec<_> = product.dimensions.iter().map(|dimension| dimension.id.as_str()).collect();
    let lines = [
        ("indicators", product.indicators.join(", ")),
        (
            "dimensions",
            format!("{} (up to {} at once, beside geography)", dimensions.join(", "), product.depth),
        ),
        ("years", years.join(", ")),
        ("rule", product.profile.clone()),
        ("mode", product.mode.clone()),
        ("edition", edition),
        ("agreements", product.agreements.join(", ")),
    ];
    for (name, text) in lines.into_iter().filter(|(_, text)| !text.is_empty()) {
        say(&format!("  {name:<12} {text}"));
    }
    if whole {
        for dimension in &product.dimensions {
            say(&format!("\n  {} ({})", dimension.label, dimension.id));
            let mut table =
                Table::new(&[("Category", Align::Left), ("Name", Align::Left), ("Part of", Align::Left)]);
            for category in &dimension.categories {
                let parent =
                    if category.id == category.parent { String::new() } else { category.parent.clone() };
                table.row([category.id.clone(), category.label.clone(), parent]);
            }
            say(&table.print());
        }
    }
    say("");
}

fn product_json(product: &pb::Product) -> serde_json::Value {
    let dimensions = product.dimensions.iter().map(|dimension| {
        let categories = dimension.categories.iter().map(|category| {
            serde_json::json!({"id": category.id, "label": category.label, "parent": category.parent})
        });
        serde_json::json!({
            "id": dimension.id, "label": dimension.label, "source": dimension.source,
            "program": dimension.program, "categories": categories.collect::<Vec<_>>(),
        })
    });
    serde_json::json!({
        "id": product.id, "version": product.version, "title": product.title, "indicators": product.indicators,
        "dimensions": dimensions.collect::<Vec<_>>(), "depth": product.depth, "periods": product.periods,
        "profile": product.profile, "edition": product.edition, "hidden_share": product.hidden_share,
        "agreements": product.agreements, "mode": product.mode, "population": product.population,
        "uses": product.uses.iter().map(|used| {
            let settings = used.settings.iter().map(|set| (set.name.clone(), set.value.clone().into()));
            serde_json::json!({
                "name": used.name, "indicator": used.indicator, "label": used.label,
                "settings": settings.collect::<serde_json::Map<_, serde_json::Value>>(),
            })
        }).collect::<Vec<_>>(),
    })
}
