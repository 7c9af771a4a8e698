//! Entries of the access log in the formats of security event stores.
//!
//! Each line has the entry's index and leaf hash, so that it can be traced back to its proof. What a format has no field for
//! goes where it keeps such things, under the entry's own names; nothing is left out and nothing is added.
//!
//! Sources: OCSF 1.3 API Activity (class 6003); Elastic Common Schema 8.11; ArcSight Common Event Format, revision 0.

use crate::api::Logged;
use crate::audit::{Decision, Entry, Hash, leaf_hash};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Format {
    /// Open Cybersecurity Schema Framework, JSON lines
    Ocsf,
    /// Elastic Common Schema, JSON lines
    Ecs,
    /// Common Event Format, a line each
    Cef,
}

/// What a call does, in the four words that the formats share.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Activity {
    Create = 1,
    Read = 2,
    Update = 3,
    Other = 99,
}

impl Activity {
    fn of(rpc: &str) -> Self {
        let begins = |words: &[&str]| words.iter().any(|word| rpc.starts_with(word));
        match rpc {
            "Query" | "ExportLog" => Self::Read,
            "Push" | "Publish" => Self::Create,
            _ if begins(&["Get", "List", "Check", "Verify"]) => Self::Read,
            _ if begins(&["Put", "Change", "Decide", "Approve"]) => Self::Update,
            _ => Self::Other,
        }
    }

    const fn ecs(self) -> &'static str {
        match self {
            Self::Create => "creation",
            Self::Read => "access",
            Self::Update => "change",
            Self::Other => "info",
        }
    }
}

/// A line of a format.
pub(super) fn line(format: Format, logged: &Logged) -> String {
    let Logged { index, bytes, entry, .. } = logged;
    // Of the bytes in the log: the entry may be opened.
    let hash = leaf_hash(bytes);
    match format {
        Format::Ocsf => ocsf(*index, &hash, entry).to_string(),
        Format::Ecs => ecs(*index, &hash, entry).to_string(),
        Format::Cef => cef(*index, &hash, entry),
    }
}

/// The entry's fields but for those that have one of their own.
fn rest(entry: &Entry, own: &[&str]) -> Map<String, Value> {
    let whole = serde_json::to_value(entry).unwrap_or_default();
    let fields = whole.as_object().cloned().unwrap_or_default();
    fields.into_iter().filter(|(name, _)| !own.contains(&name.as_str())).collect()
}

/// An object without the fields that are not known.
fn known(fields: Value) -> Value {
    match fields {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name, known(value)));
            let is_there =
                |value: &Value| !value.is_null() && value.as_object().is_none_or(|of| !of.is_empty());
            Value::Object(fields.filter(|(_, value)| is_there(value)).collect())
        }
        other => other,
    }
}

fn ocsf(index: u64, hash: &Hash, entry: &Entry) -> Value {
    const OWN: [&str; 9] = [
        "certificate_serial",
        "decision",
        "organization",
        "principal",
        "product",
        "request_id",
        "rpc",
        "rule",
        "time",
    ];
    let activity = Activity::of(entry.rpc.as_str()) as u32;
    // Of what has only begun there is no status yet.
    let (severity, status) = match entry.decision {
        Decision::Intended => (1, 0),
        Decision::Allowed => (1, 1),
        Decision::Refused => (2, 2),
    };
    let mut unmapped = rest(entry, &OWN);
    unmapped.insert("leaf_hash".into(), hash.to_string().into());
    known(json!({
        "category_uid": 6, "class_uid": 6003, "activity_id": activity, "type_uid": 600_300 + activity,
        "time": entry.time.millis(),
        "severity_id": severity,
        "status_id": status,
        "status_detail": entry.rule,
        "metadata": {
            "version": "1.3.0", "uid": entry.request_id, "sequence": index,
            "product": {"name": "Throughline", "vendor_name": "Throughline", "version": env!("CARGO_PKG_VERSION")},
        },
        "actor": {"user": {"name": entry.principal, "org": {"uid": entry.organization}}},
        "api": {"operation": entry.rpc, "request": {"uid": entry.request_id}},
        "src_endpoint": {"uid": entry.certificate_serial},
        "resources": entry.product.as_ref().map(|product| json!([{"type": "data product", "uid": product}])),
        "unmapped": unmapped,
    }))
}

fn ecs(index: u64, hash: &Hash, entry: &Entry) -> Value {
    const OWN: [&str; 9] = [
        "certificate_serial",
        "decision",
        "organization",
        "principal",
        "request_id",
        "role",
        "rpc",
        "rule",
        "time",
    ];
    let (outcome, decided) = match entry.decision {
        Decision::Intended => ("unknown", "start"),
        Decision::Allowed => ("success", "allowed"),
        Decision::Refused => ("failure", "denied"),
    };
    known(json!({
        "@timestamp": entry.time.to_string(),
        "ecs": {"version": "8.11.0"},
        "event": {
            "id": entry.request_id, "kind": "event", "category": ["api"], "sequence": index, "hash": hash.to_string(),
            "type": [Activity::of(entry.rpc.as_str()).ecs(), decided], "action": entry.rpc, "outcome": outcome,
        },
        "rule": {"id": entry.rule},
        "organization": {"id": entry.organization},
        "user": {"name": entry.principal, "roles": entry.role.as_ref().map(|role| json!([role]))},
        "tls": {"client": {"x509": {"serial_number": entry.certificate_serial}}},
        "throughline": rest(entry, &OWN),
    }))
}

fn cef(index: u64, hash: &Hash, entry: &Entry) -> String {
    const OWN: [&str; 5] = ["decision", "principal", "request_id", "rpc", "time"];
    let (outcome, severity) = match entry.decision {
        Decision::Intended => ("unknown", 1),
        Decision::Allowed => ("success", 1),
        Decision::Refused => ("failure", 5),
    };
    let version = env!("CARGO_PKG_VERSION");
    let rpc = header(entry.rpc.as_str());
    let mut line = format!("CEF:0|Throughline|Throughline|{version}|{rpc}|{rpc} {outcome}|{severity}|");
    let mut add = |name: &str, value: &str| {
        let space = if line.ends_with('|') { "" } else { " " };
        write!(line, "{space}{name}={}", extension(value)).expect("a String takes every write");
    };
    add("rt", &entry.time.millis().to_string());
    add("externalId", entry.request_id.as_str());
    add("outcome", outcome);
    if let Some(principal) = &entry.principal {
        add("suser", principal.as_str());
    }
    add("index", &index.to_string());
    add("leafHash", &hash.to_string());
    for (name, value) in rest(entry, &OWN) {
        add(&name, value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str());
    }
    line
}

fn header(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

fn extension(text: &str) -> String {
    text.replace('\\', "\\\\").replace('=', "\\=").replace('\r', "\\r").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::QueryText;
    use crate::calendar::Timestamp;
    use crate::records::{Code, OrgId};

    fn entry() -> Entry {
        let code = |text: &str| Code::new(text).expect("a code");
        let time = Timestamp::from_millis(1_800_000_000_000);
        Entry {
            organization: OrgId::new("city-partnership").ok(),
            role: Some(code("partner")),
            principal: Some(code("a.miller")),
            product: Some(code("city")),
            query: QueryText::new("by race where geography=northfield").ok(),
            cells_hidden: Some(4),
            ..Entry::new(time, code("r-1"), code("Query"), Decision::Refused, code("agreement.purpose"))
        }
    }

    fn told(format: Format) -> Value {
        serde_json::from_str(&line(format, &logged(entry()))).expect("it is JSON")
    }

    fn logged(entry: Entry) -> Logged {
        Logged { index: 7, bytes: entry.to_bytes(), entry, opening: None }
    }

    #[test]
    fn a_line_of_ocsf_is_api_activity() {
        let told = told(Format::Ocsf);
        assert_eq!((&told["class_uid"], &told["type_uid"]), (&6003.into(), &600_302.into()));
        assert_eq!((&told["status_id"], &told["status_detail"]), (&2.into(), &"agreement.purpose".into()));
        assert_eq!(told["time"], 1_800_000_000_000_i64);
        assert_eq!(told["actor"]["user"], json!({"name": "a.miller", "org": {"uid": "city-partnership"}}));
        assert_eq!(told["metadata"]["sequence"], 7);
        assert_eq!(told["unmapped"]["cells_hidden"], 4);
        assert_eq!(told["unmapped"]["leaf_hash"], leaf_hash(&entry().to_bytes()).to_string());
        assert!(told.get("src_endpoint").is_none(), "no certificate is known");
    }

    #[test]
    fn a_line_of_ecs_keeps_what_has_no_field() {
        let told = told(Format::Ecs);
        assert_eq!(told["@timestamp"], "2027-01-15T08:00:00.000Z");
        assert_eq!(told["event"]["type"], json!(["access", "denied"]));
        assert_eq!((&told["event"]["sequence"], &told["event"]["outcome"]), (&7.into(), &"failure".into()));
        assert_eq!(told["user"], json!({"name": "a.miller", "roles": ["partner"]}));
        assert_eq!(told["throughline"]["query"], "by race where geography=northfield");
        assert!(told.get("tls").is_none());
    }

    #[test]
    fn a_line_of_cef_is_one_line_whatever_is_in_it() {
        let told = line(Format::Cef, &logged(entry()));
        assert!(told.starts_with("CEF:0|Throughline|Throughline|"), "{told}");
        assert!(told.contains(
            "|Query|Query failure|5|rt=1800000000000 externalId=r-1 outcome=failure suser=a.miller index=7 "
        ));
        assert!(told.contains(" query=by race where geography\\=northfield "), "{told}");
        assert_eq!((header("a|b\\"), extension("a=b\\\n")), ("a\\|b\\\\".into(), "a\\=b\\\\\\n".into()));
    }

    /// Every field of an entry is in every format, under one name or another.
    #[test]
    fn nothing_is_left_out() {
        let code = |text: &str| Code::new(text).expect("a code");
        let whole = Entry {
            agreement: Some(code("an-agreement")),
            agreement_version: Some(31),
            batch: Some(code("a-batch")),
            cells_shown: Some(32),
            certificate_serial: Some(code("5e71a1")),
            edition: Some(33),
            indicator: Some(code("an-indicator")),
            legal_basis: Some(code("a-basis")),
            n_records: Some(34),
            n_refused: Some(35),
            product: Some(code("a-product")),
            purpose: Some(code("a-purpose")),
            reason_code: Some(code("a-reason")),
            request_digest: Some(Hash::of(b"request")),
            response_digest: Some(Hash::of(b"response")),
            step: Some(code("a-step")),
            ..entry()
        };
        // Words of the formats' own stand for these two.
        let fields = rest(&whole, &["decision", "time", "query"]);
        assert!(fields.len() > 20, "{}", fields.len());
        for format in [Format::Ocsf, Format::Ecs, Format::Cef] {
            let line = line(format, &logged(whole.clone()));
            for (name, value) in &fields {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                assert!(line.contains(&value), "{format:?}: {name} is {value}");
            }
        }
    }
}
