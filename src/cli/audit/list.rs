//! `throughline audit list`.

use super::{events, openings, text};
use crate::api::{self, Logged, v1 as pb};
use crate::audit::{Decision, Entry};
use crate::cli::connect::Connect;
use crate::cli::screen::{self, counted, say};
use crate::cli::steward::ask;
use crate::cli::table::{Align, Table, safe};
use crate::cli::{Done, Failure, Finish};
use crate::client::nonce;
use crate::client::{Complete, Session};
use crate::records::Violation;
use prost::Message;

#[derive(clap::Args)]
pub(in crate::cli) struct List {
    /// Only calls of this organization
    #[arg(long, value_name = "ORG")]
    organization: Option<String>,
    /// Only calls under this agreement
    #[arg(long = "under", value_name = "AGREEMENT")]
    agreement: Option<String>,
    /// Only this call, for example Query or Push
    #[arg(long, value_name = "RPC")]
    rpc: Option<String>,
    /// Only calls for this purpose
    #[arg(long, value_name = "PURPOSE")]
    purpose: Option<String>,
    /// Only calls of this person, by the name in the certificate
    #[arg(long = "by", value_name = "NAME")]
    principal: Option<String>,
    /// Only questions to this product
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
    /// Only calls that this rule decided, for example agreement.purpose
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Only calls with this decision
    #[arg(long, value_parser = Decision::ALL.map(Decision::name))]
    decision: Option<String>,
    /// From this day or moment on (UTC)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before this day or moment (UTC)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// From this entry on
    #[arg(long, default_value_t = 0, value_name = "INDEX")]
    from: u64,
    /// Entries at most; 0 means all
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Every entry of one organization's calls, proven to be all of them (of your own, where --organization names none). Other
    /// conditions are met by those that are shown
    #[arg(long, conflicts_with_all = ["from", "limit"])]
    complete: bool,
    /// Print JSON lines: the bytes that are hashed, with their index
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
    /// Print lines for a security event store, each with the entry's index and leaf hash
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["json", "csv"])]
    format: Option<events::Format>,
    /// Call as this role
    #[arg(long, default_value = "auditor", value_parser = ["auditor", "steward", "contributor", "partner"])]
    role: String,
    #[command(flatten)]
    connect: Connect,
}

impl List {
    pub(super) async fn run(self) -> Done {
        let session = self.connect.session(&self.role).await?;
        let request = pb::ListEntriesRequest {
            from_index: self.from,
            page_size: 1_000,
            organization: self.organization.unwrap_or_default(),
            agreement: self.agreement.unwrap_or_default(),
            rpc: self.rpc.unwrap_or_default(),
            decision: self.decision.unwrap_or_default(),
            since: self.since.unwrap_or_default(),
            until: self.until.unwrap_or_default(),
            purpose: self.purpose.unwrap_or_default(),
            nonce: if self.principal.is_some() { nonce()? } else { Vec::new() },
            principal: self.principal.unwrap_or_default(),
            product: self.product.unwrap_or_default(),
            rule: self.rule.unwrap_or_default(),
        };
        let parsed = match self.complete {
            true => complete(&session, &request).await?,
            false => list(&session, request, self.limit).await?,
        };
        if self.json {
            for Logged { index, bytes, opening, .. } in &parsed {
                let entry = String::from_utf8_lossy(bytes);
                let opening =
                    opening.as_ref().map(|opening| format!(",\"opening\":{}", openings::json(opening)));
                say(&format!("{{\"index\":{index},\"entry\":{entry}{}}}", opening.unwrap_or_default()));
            }
            return Ok(Finish::All);
        }
        if let Some(format) = self.format {
            parsed.iter().for_each(|logged| say(&events::line(format, logged)));
            return Ok(Finish::All);
        }
        if self.csv {
            return print_csv(&parsed);
        }
        print(&parsed);
        Ok(Finish::All)
    }
}

/// A page after the other, until there are enough.
async fn list(
    session: &Session,
    mut request: pb::ListEntriesRequest,
    limit: usize,
) -> Result<Vec<Logged>, Failure> {
    let mut entries = Vec::new();
    loop {
        let page = ask!(session, audit, list_entries, request.clone());
        entries.extend(page.entries);
        if limit > 0 && entries.len() >= limit {
            entries.truncate(limit);
            break;
        }
        // Each page is an entry itself, so a listing without an end would never reach it.
        if page.next_index == 0 || page.next_index <= request.from_index {
            break;
        }
        request.from_index = page.next_index;
    }
    Ok(entries.into_iter().map(Logged::try_from).collect::<Result<_, _>>()?)
}

/// What an organization's calls have left, proven to be all; of that, what is asked for.
async fn complete(session: &Session, request: &pb::ListEntriesRequest) -> Result<Vec<Logged>, Failure> {
    let wrong = |violations: Vec<Violation>| {
        let each = violations.iter().map(|wrong| format!("{} {}", wrong.field, wrong.reason));
        Failure::new(each.collect::<Vec<_>>().join("; "))
    };
    let filter = api::filter(request).map_err(wrong)?;
    let Complete { organization, mut entries, n_before, head } =
        session.complete(filter.organization.as_ref()).await?;
    screen::note(&format!(
        "{}, all that the calls of {organization} have left up to this one: proven, by the root {}",
        counted(head.size, "entry", "entries"),
        head.root
    ));
    if n_before > 0 {
        let before = counted(n_before as u64, "entry is", "entries are");
        screen::note(&format!("{before} from before that could be proven"));
    }
    entries.retain(|logged| filter.matches(&logged.entry));
    Ok(entries)
}

const HEADINGS: [&str; 10] =
    ["Entry", "Time", "Organization", "Role", "Call", "Decision", "Rule", "Agreement", "Purpose", "About"];

fn row(Logged { index, entry, .. }: &Logged) -> [String; 10] {
    let agreement = match (&entry.agreement, entry.agreement_version) {
        (Some(id), Some(version)) => format!("{id}@{version}"),
        _ => String::new(),
    };
    [
        index.to_string(),
        entry.time.to_string(),
        text(entry.organization.as_ref()),
        text(entry.role.as_ref()),
        entry.rpc.to_string(),
        entry.decision.name().into(),
        entry.rule.to_string(),
        agreement,
        text(entry.purpose.as_ref()),
        about(entry),
    ]
}

/// What a call was about, in a few words.
fn about(entry: &Entry) -> String {
    if let (Some(product), Some(indicator)) = (&entry.product, &entry.indicator) {
        let query = entry.query.as_ref().map(ToString::to_string).unwrap_or_default();
        return match (entry.cells_shown, entry.cells_hidden) {
            (Some(shown), Some(hidden)) => {
                format!("{product} {indicator} {query}; {shown} cells shown, {hidden} hidden")
            }
            _ => format!("{product} {indicator} {query}"),
        };
    }
    if let (Some(n_records), Some(batch)) = (entry.n_records, &entry.batch) {
        return format!("batch {batch}: {n_records} records, {} refused", entry.n_refused.unwrap_or(0));
    }
    if let Some(batch) = &entry.batch {
        return format!("delivery {batch}");
    }
    if let Some(edition) = entry.edition {
        return format!("edition {edition}");
    }
    if let (Some(size), Some(n)) = (entry.reviewed_size, entry.n_exceptions) {
        return format!("reviewed up to a log of {size}: {n} exceptions");
    }
    if let (Some(pair), Some(verdict)) = (&entry.pair, &entry.verdict) {
        return format!("pair {pair}: {verdict}");
    }
    entry.reason_code.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn print(entries: &[Logged]) {
    let headings =
        HEADINGS.map(|heading| (heading, if heading == "Entry" { Align::Right } else { Align::Left }));
    let mut table = Table::new(&headings);
    entries.iter().for_each(|logged| table.row(row(logged)));
    say(&table.print());
}

fn print_csv(entries: &[Logged]) -> Done {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEADINGS)?;
    for logged in entries {
        out.write_record(row(logged).map(|text| safe(&text)))?;
    }
    let bytes = out.into_inner().map_err(|error| Failure::new(error.to_string()))?;
    say(String::from_utf8_lossy(&bytes).trim_end());
    Ok(Finish::All)
}
