//! `throughline steward product`: load a data product, or say what it would cost.

use super::check::{csv, json, print};
use super::{Connect, ask, read};
use crate::api::v1 as pb;
use crate::cli::screen::{self, say};
use crate::cli::{Done, Failure, Finish};
use crate::client;
use prost::Message;
use std::path::PathBuf;
use tonic::Status;
use tonic_types::StatusExt;

#[derive(clap::Args)]
#[command(subcommand_negates_reqs = true)]
pub(in crate::cli) struct Product {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The document
    #[arg(required = true)]
    file: Option<PathBuf>,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Say what publishing would cost, and change nothing
    Check(Check),
}

/// Say what publishing would cost, and change nothing
#[derive(clap::Args)]
#[command(after_help = "\
The products are counted on the records as they stand and sealed in memory, together with the products that are
loaded; one that is loaded is replaced by the document with its id. That takes as long as publishing. Smaller versions
(less depth, districts only, without a dimension) are sealed too when the first took five seconds at most, or with
--variants: each takes up to as long again. Ctrl-C ends it.")]
struct Check {
    /// The documents
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Seal smaller versions too, however long it takes
    #[arg(long)]
    variants: bool,
    /// Seal no smaller versions
    #[arg(long, conflicts_with = "variants")]
    no_variants: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV: a line for each set of dimensions and level of the geography, and for each smaller version
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    connect: Connect,
}

impl Product {
    pub(super) async fn run(self) -> Done {
        match (self.verb, self.file) {
            (Some(Verb::Check(check)), _) => check.run().await,
            (None, Some(file)) => load(&self.connect, &file).await,
            (None, None) => Err(Failure::new("name the document")),
        }
    }
}

async fn load(connect: &Connect, file: &PathBuf) -> Done {
    let session = connect.session("steward").await?;
    let loaded = ask!(session, admin, put_product, pb::PutProductRequest { document: read(file)? });
    say(&format!(
        "product {} version {} is loaded; the next edition will have it",
        loaded.product, loaded.version
    ));
    Ok(Finish::All)
}

impl Check {
    async fn run(self) -> Done {
        let documents = self.files.iter().map(read).collect::<Result<_, _>>()?;
        let variants = match (self.variants, self.no_variants) {
            (true, _) => pb::Variants::All,
            (false, true) => pb::Variants::None,
            (false, false) => pb::Variants::Unspecified,
        };
        let session = self.connect.session("steward").await?;
        let request = pb::CheckProductRequest { documents, variants: variants.into() };
        let asked = request.encode_to_vec();
        let refused = |status| self.refused(&status);
        let mut stream = session.admin().check_product(request).await.map_err(refused)?.into_inner();
        let sign = screen::waiting();
        let mut last = None;
        while let Some(reply) = stream.message().await.map_err(client::Error::from)? {
            sign.set_message(reply.stage.clone());
            last = reply.report.map(|report| (report, reply.receipt));
        }
        sign.finish_and_clear();
        let (report, receipt) = last.ok_or_else(|| Failure::new("the service ended without a report"))?;
        session.binds(receipt.as_ref(), &asked, &report)?;
        if self.json {
            screen::json(&json(&report));
        } else if self.csv {
            say(csv(&report)?.trim_end());
        } else {
            print(&report);
        }
        Ok(Finish::All)
    }

    /// A refusal with every problem on a line of its own, under the name of its file.
    fn refused(&self, status: &Status) -> Failure {
        let mut text = status.message().to_owned();
        let violations = status.get_details_bad_request().map(|wrong| wrong.field_violations);
        for violation in violations.unwrap_or_default() {
            let mut field = violation.field;
            for (at, file) in self.files.iter().enumerate() {
                if let Some(path) = field.strip_prefix(&format!("documents[{at}].")) {
                    field = format!("{}: {path}", file.display());
                    break;
                }
            }
            text = format!("{text}\n  {field}: {}", violation.description);
        }
        Failure::new(text)
    }
}
