//! What a certificate says.

use super::Because;
use crate::agreements::{Agreement, Basis, Scope};
use crate::audit::Statement;
use crate::calendar::Timestamp;
use crate::records::Kind;
use crate::store::{self, Destruction, Rewritten, Snapshot};

/// Why something is destroyed, in words.
pub(super) fn because(scope: &Scope, because: &Because) -> String {
    match (because, scope) {
        (Because::Asked(..), Scope::Source(_)) => "the source has withdrawn, as the steward says".to_owned(),
        (Because::Asked(..), Scope::Agreement(_)) => {
            "the agreement's date has come, and the steward asked for it".to_owned()
        }
        (Because::Date, _) => "the agreement's date has come".to_owned(),
        (Because::Restored(at), _) => {
            format!("it was destroyed on {at} already, and the service was started on a copy from before")
        }
    }
}

/// The statement of a destruction whose file was written anew.
pub(super) fn statement(
    snapshot: &Snapshot<'_>,
    of: &Destruction,
    rewritten: Rewritten,
    now: Timestamp,
) -> Result<Statement, store::Error> {
    let erased = &of.erased;
    let asked_by = of.asked_by.as_ref().map_or("nobody: it happened by itself", |id| id.as_str());
    let mut text = Statement::new(&snapshot.origin()?, of.number, &of.scope, of.erased_at)
        .line("because", &of.because)
        .line("asked by", asked_by);
    for (agreement, _) in snapshot.agreements()? {
        let is_about = match &of.scope {
            Scope::Source(source) => agreement.sources.contains(source),
            Scope::Agreement(id) => agreement.id == id.as_str(),
        };
        if is_about {
            text = text.line("agreement", &terms(&agreement, &of.scope));
        }
    }
    for (source, kinds) in &erased.records {
        for (kind, n) in kinds {
            text = text.line("records", &format!("{n} of {source}, {}", kind.replace('_', " ")));
        }
    }
    text = text
        .line("students", &format!("{} of these sources, with their encodings and links", erased.n_students))
        .line("decisions about links", &erased.n_decisions.to_string())
        .line("acknowledgements of batches", &erased.n_batches.to_string());
    if erased.n_kept > 0 {
        let kept = "records of these sources, received under another agreement, too, or under that alone";
        text = text.line("kept", &format!("{} {kept}", erased.n_kept));
    }
    if erased.records.values().any(|kinds| kinds.contains_key(Kind::OptOut.code())) {
        let kept = "opt-outs, until when and no more, beside records that others have of the same persons: they stay left out";
        text = text.line("kept", kept);
    }
    for edition in &erased.editions {
        let sources: Vec<&str> = edition.sources.iter().map(|id| id.as_str()).collect();
        let (number, frozen) = (edition.number, edition.frozen);
        text = text.line("edition", &format!("{number}, frozen {frozen}, of {}", sources.join(", ")));
    }
    for backup in snapshot.backups()?.iter().filter(|backup| backup.begun <= of.erased_at) {
        text = text.line("backup to destroy", &format!("{}, begun {}", backup.name, backup.begun));
    }
    let searched = match rewritten.n_needles {
        0 => "not: there was nothing to look for, or the service has started since and knows no token of it"
            .to_owned(),
        n => {
            format!("{n} keyed tokens of what was erased were looked for in all of its bytes: none is there")
        }
    };
    Ok(text
        .line("method", "rows deleted and overwritten (secure_delete), every row that stays written into a file of fresh pages (VACUUM), the write-ahead log emptied")
        .line("rewritten", &format!("{now}, {} bytes", rewritten.n_bytes))
        .line("searched", &searched)
        .line("stays", "the access log; the seals of the editions named, the answers they have released and the receipts of these")
        .line("not covered", "copies made otherwise than with `throughline backup`, a file system's snapshots, and what a disk keeps of bytes that were overwritten"))
}

/// An agreement in a line.
fn terms(agreement: &Agreement, scope: &Scope) -> String {
    let own = match scope {
        Scope::Source(source) => agreement.terms.bases.get(source),
        Scope::Agreement(_) => None,
    };
    let basis = match own.unwrap_or(&agreement.basis) {
        Basis::Studies => "studies, 34 CFR 99.31(a)(6)",
        Basis::AuditOrEvaluation => "audit or evaluation, 34 CFR 99.31(a)(3) and 99.35",
        Basis::SchoolOfficial => "school official, 34 CFR 99.31(a)(1)",
        Basis::Consent => "consent, 34 CFR 99.30",
    };
    format!(
        "{}, {}; legal basis {basis}; from {} to {}, to be destroyed by {}",
        agreement.reference(),
        agreement.title,
        agreement.begins,
        agreement.expires,
        agreement.destruction
    )
}
