//! `throughline certs`.

use super::certs::{self, DAYS, Options, SERVER_NAMES, Subject};
use super::{Done, Finish, screen};
use crate::calendar::Timestamp;
use crate::records::{Code, OrgId};
use crate::server::peer::{Role, TrustDomain};
use std::path::PathBuf;

/// Make certificates for a service and the organizations that call it
#[derive(clap::Subcommand)]
pub(super) enum Certs {
    /// Make a development authority, the service's certificate, and those of organizations
    Init(Init),
    /// Make one more certificate of that authority
    Issue(Issue),
}

#[derive(clap::Args)]
pub(super) struct Init {
    /// The folder to make
    #[arg(long, default_value = "certs", value_name = "DIR")]
    dir: PathBuf,
    /// Trust domain of the certificates
    #[arg(long, default_value = "city.example", value_name = "DOMAIN")]
    trust_domain: String,
    /// An organization and its role, as ORG.ROLE; may be given several times. Roles: contributor, partner,
    /// steward, auditor
    #[arg(long = "for", value_name = "ORG.ROLE", value_parser = member)]
    members: Vec<(OrgId, Role)>,
    /// A host name or address of the service; may be given several times
    #[arg(long = "server-name", value_name = "NAME", default_values = SERVER_NAMES)]
    server_names: Vec<String>,
    /// Days the certificates are valid
    #[arg(long, default_value_t = DAYS)]
    days: u32,
}

#[derive(clap::Args)]
pub(super) struct Issue {
    /// An organization and its role, as ORG.ROLE
    #[arg(value_name = "ORG.ROLE", value_parser = member)]
    member: (OrgId, Role),
    /// The account of one of its people, for agreements that name who may
    #[arg(long, value_name = "NAME", value_parser = person)]
    person: Option<Code>,
    /// The folder with the authority
    #[arg(long, default_value = "certs", value_name = "DIR")]
    dir: PathBuf,
    /// Days the certificate is valid
    #[arg(long, default_value_t = DAYS)]
    days: u32,
}

impl Certs {
    pub(super) fn run(self) -> Done {
        let made = match self {
            Self::Init(verb) => {
                let trust_domain = TrustDomain::new(&verb.trust_domain)?;
                let options = Options {
                    dir: &verb.dir,
                    trust_domain: &trust_domain,
                    organizations: &verb.members,
                    server_names: &verb.server_names,
                    days: verb.days,
                };
                certs::init(&options, Timestamp::now())?
            }
            Self::Issue(verb) => {
                let (organization, role) = &verb.member;
                let subject = match &verb.person {
                    Some(person) => Subject::Person(organization, *role, person),
                    None => Subject::Member(organization, *role),
                };
                certs::issue(&verb.dir, subject, verb.days, Timestamp::now())?
            }
        };
        for path in made {
            screen::say(&path.display().to_string());
        }
        Ok(Finish::All)
    }
}

fn person(text: &str) -> Result<Code, String> {
    Code::of_account(text)
        .map_err(|_| "expected 1 to 64 of a-z, 0-9, '.', '-' and '_', a letter or digit first".to_owned())
}

fn member(text: &str) -> Result<(OrgId, Role), String> {
    let parts = text.rsplit_once('.').and_then(|(id, role)| Some((OrgId::new(id).ok()?, Role::parse(role)?)));
    parts.ok_or_else(|| "expected ORG.ROLE with a role of contributor, partner, steward, auditor".to_owned())
}
