//! `throughline query`: ask for a table, check its proof, and show it.

mod machine;
mod text;

use super::connect::Connect;
use super::{Done, Failure, Finish, screen};
use crate::api::v1 as pb;
use crate::disclosure::Filter;
use std::path::PathBuf;
use text::Names;

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
    /// Keep the proof that the access log holds the question and the answer in this file (C2SP tlog-proof)
    #[arg(long, value_name = "FILE.tlog-proof")]
    receipt: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV, one line a cell
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
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
            if let Some(file) = &self.receipt {
                std::fs::write(file, receipt.to_saved())
                    .map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))?;
            }
            if self.json {
                screen::json(&machine::json(&table, &receipt));
            } else if self.csv {
                machine::print_csv(&table)?;
            } else {
                let names = Names::of(&session, table.product()).await?;
                text::print(&table, &receipt, &names);
            }
            Ok(Finish::All)
        })
    }
}
