//! `throughline steward publish`.

use super::{hex, layers};
use crate::api::v1 as pb;
use crate::calendar::SchoolYear;
use crate::cli::connect::Connect;
use crate::cli::screen::{self, count, counted, say};
use crate::cli::table::{Align, Table};
use crate::cli::{Done, Failure, Finish};
use std::time::Instant;

#[derive(clap::Args)]
pub(in crate::cli) struct Publish {
    /// What people should call the edition
    #[arg(long, default_value = "")]
    title: String,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

impl Publish {
    pub(super) async fn run(self) -> Done {
        let session = self.connect.session("steward").await?;
        let request = pb::PublishRequest { title: self.title };
        let stream = session.admin().publish(request).await.map_err(crate::client::Error::from)?;
        let mut stream = stream.into_inner();
        let sign = screen::waiting();
        let (mut last, mut stages) = (None, Vec::new());
        while let Some(reply) = stream.message().await.map_err(crate::client::Error::from)? {
            sign.set_message(reply.stage.clone());
            stages.push((reply.stage, Instant::now()));
            last = reply.report.map(|report| (report, reply.receipt));
        }
        sign.finish_and_clear();
        let (report, receipt) = last.ok_or_else(|| Failure::new("the service ended without a report"))?;
        let entry = session.entry(receipt.as_ref())?;
        if entry.edition != Some(report.edition) {
            return Err(crate::client::Error::OtherCall.into());
        }
        let stages = stages.windows(2).map(|pair| (pair[0].0.as_str(), pair[1].1 - pair[0].1));
        if self.json {
            let stages = stages.map(|(stage, took)| (stage.to_owned(), took.as_secs_f64().into()));
            let mut report = json(&report);
            report["stages"] = serde_json::Value::Object(stages.collect());
            screen::json(&report);
        } else {
            let stages = stages.map(|(stage, took)| format!("{stage} {:.1}", took.as_secs_f64()));
            print(&report, &stages.collect::<Vec<_>>().join(", "));
        }
        Ok(Finish::All)
    }
}

/// `stages` says what of it took how many seconds.
fn print(report: &pb::EditionReport, stages: &str) {
    say(&format!(
        "edition {}: {}, {} student-years, {:.1} s ({stages})",
        report.edition,
        counted(report.persons, "person", "persons"),
        count(report.student_years),
        report.seconds
    ));
    if report.opted_out > 0 {
        say(&format!("left out because they opted out: {}", counted(report.opted_out, "person", "persons")));
    }
    if report.without_consent > 0 {
        say(&format!(
            "left out for want of their consent, as far as sources need it: {}",
            counted(report.without_consent, "person", "persons")
        ));
    }
    if report.waiting > 0 {
        say(&format!(
            "waiting for a roster that has their student: {}",
            counted(report.waiting, "record", "records")
        ));
    }
    if !report.closed.is_empty() {
        let years = report.closed.iter().filter_map(|&year| Some(SchoolYear::new(year)?.to_string()));
        say(&format!(
            "not counted again, as the records they were shown with are destroyed: {}",
            years.collect::<Vec<_>>().join(", ")
        ));
    }
    if !report.conflicts.is_empty() {
        let each = report
            .conflicts
            .iter()
            .map(|of| format!("{} {}", of.group.replace('_', " "), count(of.student_years)));
        say(&format!("sources disagree, in student-years: {}", each.collect::<Vec<_>>().join(", ")));
    }
    let headings = [
        ("Product", Align::Left),
        ("Cells", Align::Right),
        ("Too small", Align::Right),
        ("Hidden to protect them", Align::Right),
        ("Hidden", Align::Right),
    ];
    let mut table = Table::new(&headings);
    for product in &report.products {
        table.row([
            product.product.clone(),
            count(product.cells),
            count(product.primary),
            count(product.secondary),
            format!("{:.1} %", product.hidden_share * 100.0),
        ]);
    }
    say(&table.print());
    layers::stays(report.edition, &report.periods).iter().for_each(|line| say(line));
    layers::released(&report.released).iter().for_each(|line| say(line));
    if !report.layers.is_empty() {
        say(&layers::words(&report.layers));
    }
}

fn json(report: &pb::EditionReport) -> serde_json::Value {
    let products = report.products.iter().map(|product| {
        serde_json::json!({
            "product": product.product, "cells": product.cells, "primary": product.primary,
            "secondary": product.secondary, "hidden_share": product.hidden_share,
            "seal_digest": hex(&product.seal_digest),
        })
    });
    serde_json::json!({
        "edition": report.edition, "persons": report.persons, "student_years": report.student_years,
        "opted_out": report.opted_out, "waiting": report.waiting,
        "without_consent": report.without_consent, "digest": hex(&report.digest),
        "products": products.collect::<Vec<_>>(), "layers": layers::json(&report.layers),
        "periods": layers::periods_json(&report.periods), "released": layers::released_json(&report.released),
        "seconds": report.seconds, "closed": report.closed,
        "conflicts": (report.conflicts.iter())
            .map(|of| (of.group.clone(), of.student_years.into()))
            .collect::<serde_json::Map<_, serde_json::Value>>(),
    })
}
