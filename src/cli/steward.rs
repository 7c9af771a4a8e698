//! `throughline steward`: organizations, agreements, products, links, editions.

mod check;
mod destroy;
mod erase;
mod key;
mod layers;
mod linkage;
mod product;
mod publish;

use super::connect::Connect;
use super::screen::{count, counted, say};
use super::table::{Align, Table};
use super::{Done, Failure, Finish, screen};
use crate::api::v1 as pb;
use prost::Message;
use std::path::PathBuf;

/// Run a collaboration: organizations, agreements, products, links, editions
#[derive(clap::Subcommand)]
pub(super) enum Steward {
    /// Register an organization, or change its name or roles
    Register(Register),
    /// Suspend an organization: it gets nothing until it is registered again
    Suspend(Suspend),
    /// List the organizations
    Organizations(Plain),
    /// Load a data-sharing agreement (TOML)
    Agreement(Document),
    /// List the agreements
    Agreements(Plain),
    /// Load a data product (TOML), or say what it would cost to publish it
    Product(product::Product),
    /// How linkage does, with doubtful or other pairs, or decide about a pair
    Linkage(linkage::Linkage),
    /// Which linkage key is in use, or change it step by step
    Key(key::Key),
    /// Freeze an edition, protect it and seal it
    Publish(publish::Publish),
    /// Approve an edition for answers under an agreement that lets editions wait for review
    Approve(Approve),
    /// Count an edition again and replay the proof that its seal hides enough
    Verify(super::verify::Verify),
    /// Destroy what a source has sent that withdraws, or what an agreement says whose date has come
    Destroy(destroy::Destroy),
    /// Erase who called, where it was one person, from all that is kept of the access log
    ErasePerson(erase::ErasePerson),
    /// What the service holds
    Status(Plain),
}

#[derive(clap::Args)]
pub(super) struct Register {
    /// Its id, as in its certificates
    organization: String,
    /// Its public name
    #[arg(long)]
    name: Option<String>,
    /// A role it may act in; may be given several times
    #[arg(long = "role", required = true, value_parser = ["contributor", "partner", "steward", "auditor"])]
    roles: Vec<String>,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Args)]
pub(super) struct Suspend {
    /// Its id
    organization: String,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Args)]
pub(super) struct Document {
    /// The document
    file: PathBuf,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Args)]
pub(super) struct Approve {
    /// Its number; the newest by default
    edition: Option<u32>,
    /// The agreement's id
    #[arg(long, value_name = "ID")]
    agreement: String,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Args)]
pub(super) struct Plain {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: Connect,
}

/// Calls a unary method and checks the receipt of the answer.
macro_rules! ask {
    ($session:expr, $client:ident, $method:ident, $request:expr) => {{
        let request = $request;
        let bytes = request.encode_to_vec();
        let response = $session.$client().$method(request).await.map_err($crate::client::Error::from)?;
        $session.proven(&bytes, response)?
    }};
}
pub(super) use ask;

impl Steward {
    pub(super) fn run(self) -> Done {
        super::wait(async {
            match self {
                Self::Register(verb) => verb.run().await,
                Self::Suspend(verb) => verb.run().await,
                Self::Organizations(verb) => organizations(verb).await,
                Self::Agreement(verb) => agreement(verb).await,
                Self::Agreements(verb) => agreements(verb).await,
                Self::Product(verb) => verb.run().await,
                Self::Linkage(verb) => verb.run().await,
                Self::Key(verb) => verb.run().await,
                Self::Publish(verb) => verb.run().await,
                Self::Approve(verb) => approve(verb).await,
                Self::Verify(verb) => verb.run().await,
                Self::Destroy(verb) => verb.run().await,
                Self::ErasePerson(verb) => verb.run().await,
                Self::Status(verb) => status(verb).await,
            }
        })
    }
}

impl Register {
    async fn run(self) -> Done {
        let session = self.connect.session("steward").await?;
        let organization = pb::Organization {
            name: self.name.unwrap_or_else(|| self.organization.clone()),
            id: self.organization.clone(),
            roles: self.roles.clone(),
            standing: pb::Standing::Active.into(),
        };
        ask!(
            session,
            admin,
            put_organization,
            pb::PutOrganizationRequest { organization: Some(organization) }
        );
        say(&format!("{} is registered as {}", self.organization, self.roles.join(", ")));
        Ok(Finish::All)
    }
}

impl Suspend {
    async fn run(self) -> Done {
        let session = self.connect.session("steward").await?;
        let known = ask!(session, admin, list_organizations, pb::ListOrganizationsRequest {});
        let found = known.organizations.into_iter().find(|known| known.id == self.organization);
        let organization = found.ok_or_else(|| Failure::new("there is no such organization"))?;
        let organization = pb::Organization { standing: pb::Standing::Suspended.into(), ..organization };
        ask!(
            session,
            admin,
            put_organization,
            pb::PutOrganizationRequest { organization: Some(organization) }
        );
        say(&format!("{} is suspended", self.organization));
        Ok(Finish::All)
    }
}

async fn organizations(verb: Plain) -> Done {
    let session = verb.connect.session("steward").await?;
    let list = ask!(session, admin, list_organizations, pb::ListOrganizationsRequest {}).organizations;
    let standing = |each: &pb::Organization| match each.standing() {
        pb::Standing::Active => "active",
        pb::Standing::Suspended | pb::Standing::Unspecified => "suspended",
    };
    if verb.json {
        let rows = list.iter().map(|each| {
            serde_json::json!({"id": each.id, "name": each.name, "roles": each.roles, "standing": standing(each)})
        });
        screen::json(&rows.collect());
        return Ok(Finish::All);
    }
    let headings = [
        ("Organization", Align::Left),
        ("Name", Align::Left),
        ("Roles", Align::Left),
        ("Standing", Align::Left),
    ];
    let mut table = Table::new(&headings);
    for each in &list {
        table.row([each.id.clone(), each.name.clone(), each.roles.join(", "), standing(each).into()]);
    }
    say(&table.print());
    Ok(Finish::All)
}

fn read(file: &PathBuf) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))
}

async fn agreement(verb: Document) -> Done {
    let session = verb.connect.session("steward").await?;
    let loaded = ask!(session, admin, put_agreement, pb::PutAgreementRequest { document: read(&verb.file)? });
    say(&format!(
        "agreement {} version {} is loaded, SHA-256 {}",
        loaded.agreement,
        loaded.version,
        hex(&loaded.digest)
    ));
    Ok(Finish::All)
}

async fn agreements(verb: Plain) -> Done {
    let session = verb.connect.session("steward").await?;
    let list = ask!(session, admin, list_agreements, pb::ListAgreementsRequest {}).agreements;
    if verb.json {
        let rows = list.iter().map(|each| {
            serde_json::json!({
                "agreement": each.agreement, "version": each.version, "digest": hex(&each.digest),
                "title": each.title, "state": each.state, "expires": each.expires,
            })
        });
        screen::json(&rows.collect());
        return Ok(Finish::All);
    }
    let headings = [
        ("Agreement", Align::Left),
        ("Version", Align::Right),
        ("State", Align::Left),
        ("Expires", Align::Left),
        ("Title", Align::Left),
    ];
    let mut table = Table::new(&headings);
    for each in list {
        table.row([
            each.agreement,
            each.version.to_string(),
            each.state.replace('_', " "),
            each.expires,
            each.title,
        ]);
    }
    say(&table.print());
    Ok(Finish::All)
}

async fn approve(verb: Approve) -> Done {
    let session = verb.connect.session("steward").await?;
    let (edition, agreement) = (verb.edition.unwrap_or(0), verb.agreement.clone());
    let response = ask!(session, admin, approve_edition, pb::ApproveEditionRequest { edition, agreement });
    say(&format!("edition {} may be answered from under {}", response.edition, verb.agreement));
    Ok(Finish::All)
}

async fn status(verb: Plain) -> Done {
    let session = verb.connect.session("steward").await?;
    let status = ask!(session, admin, get_status, pb::GetStatusRequest {});
    if verb.json {
        let sources = status.sources.iter().map(|each| {
            serde_json::json!({
                "source": each.source, "kind": each.kind, "records": each.records, "last_received": each.last_received,
            })
        });
        screen::json(&serde_json::json!({
            "version": status.version, "persons": status.persons, "editions": status.editions,
            "log_size": status.log_size, "witnesses": status.witnesses, "witnessed_size": status.witnessed_size,
            "witnessed_at": Some(&status.witnessed_at).filter(|time| !time.is_empty()), "sources": sources.collect::<Vec<_>>(),
        }));
        return Ok(Finish::All);
    }
    say(&format!(
        "throughline {}: {}, {}, {} in the access log",
        status.version,
        counted(status.persons, "person", "persons"),
        counted(status.editions.into(), "edition", "editions"),
        counted(status.log_size, "entry", "entries"),
    ));
    let witnesses = counted(status.witnesses.into(), "organization cosigns", "organizations cosign");
    say(&match status.witnessed_at.as_str() {
        "" => format!("{witnesses} it: too few for it to be witnessed yet"),
        time => format!(
            "{witnesses} it: witnessed up to {} at {time}",
            counted(status.witnessed_size, "entry", "entries")
        ),
    });
    let headings = [
        ("Source", Align::Left),
        ("Kind", Align::Left),
        ("Records", Align::Right),
        ("Last received", Align::Left),
    ];
    let mut table = Table::new(&headings);
    for each in status.sources {
        table.row([each.source, each.kind.replace('_', " "), count(each.records), each.last_received]);
    }
    say(&table.print());
    Ok(Finish::All)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
