//! What a certificate says. It goes to every party of an agreement, so it has no count in it.

use super::Because;
use super::counts::sources;
use super::unfinished::Searched;
use crate::agreements::{Agreement, Basis, Scope};
use crate::audit::{Hash, Statement};
use crate::calendar::Timestamp;
use crate::store::{self, Counts, Destruction, Snapshot};

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

/// The agreements that something is destroyed under, each with its legal basis. They are looked up before anything is
/// erased: what a source has sent under is erased, too, and another version may be loaded before the certificate is signed.
pub(super) fn terms(snapshot: &Snapshot<'_>, scope: &Scope) -> Result<Vec<String>, store::Error> {
    let mut sent = Vec::new();
    if let Scope::Source(source) = scope
        && let Some(number) = snapshot.source(source)?
    {
        sent = snapshot.sent_under(number)?;
    }
    let is_about = |agreement: &Agreement| match scope {
        Scope::Source(source) => {
            agreement.sources.contains(source) || sent.iter().any(|(id, _)| *id == agreement.id)
        }
        Scope::Agreement(id) => agreement.id == id.as_str(),
    };
    let agreements = snapshot.agreements()?.into_iter().map(|(agreement, _)| agreement);
    Ok(agreements.filter(is_about).map(|agreement| term(&agreement, scope)).collect())
}

/// The statement of a destruction whose file was written anew.
pub(super) fn statement(
    snapshot: &Snapshot<'_>,
    of: &Destruction,
    searched: Option<&Searched>,
    counts: &[Counts],
    now: Timestamp,
) -> Result<Statement, store::Error> {
    let asked_by = of.asked_by.as_ref().map_or("nobody: it happened by itself", |id| id.as_str());
    let mut text = Statement::new(&snapshot.origin()?, of.number, &of.scope, of.erased_at)
        .line("because", &of.because)
        .line("asked by", asked_by);
    // A program from before these were taken down has taken none; then they are as they are now.
    let known = if of.terms.is_empty() { terms(snapshot, &of.scope)? } else { of.terms.clone() };
    for term in &known {
        text = text.line("agreement", term);
    }
    let sources: Vec<&str> = sources(&of.erased).into_iter().map(|id| id.as_str()).collect();
    let records = match (&of.scope, sources.is_empty()) {
        (Scope::Source(_), true) => "none were there".to_owned(),
        (Scope::Agreement(_), true) => "none were there but what is kept".to_owned(),
        (Scope::Source(source), _) => format!("all that {source} has sent"),
        (Scope::Agreement(_), _) => {
            format!("all that {} have sent under the agreement, but for what is kept", sources.join(", "))
        }
    };
    text = text
        .line("records", &records)
        .line("students", "those of whom no roster is left, with their encodings and links")
        .line("decisions about links", "those about such students")
        .line("acknowledgements of batches", "those of what was destroyed")
        .line(
            "kept",
            "opt-outs, until when and no more, beside records that others have of the same persons",
        );
    if matches!(of.scope, Scope::Agreement(_)) {
        let kept = "records that were received under another agreement that lasts, too, or of which it is not known whether \
                    they were";
        text = text.line("kept", kept);
    }
    for counts in counts {
        let whose = counts.of.as_ref().map_or("all", |id| id.as_str());
        let digest = Hash::of(counts.text.as_bytes());
        text = text.line("counts", &format!("of {whose}, SHA-256 {digest}"));
    }
    for edition in &of.erased.editions {
        let sources: Vec<&str> = edition.sources.iter().map(|id| id.as_str()).collect();
        let (number, frozen) = (edition.number, edition.frozen);
        text = text.line("edition", &format!("{number}, frozen {frozen}, of {}", sources.join(", ")));
    }
    for backup in snapshot.backups()? {
        let named = format!("{}, begun {}", backup.name, backup.begun);
        text = match backup.number <= of.last_backup {
            true => text.line("backup to destroy", &named),
            // Its rows are not in it; pages that are not in use are copied with the others.
            false => text.line("backup that may hold bytes", &named),
        };
    }
    let searched = match searched {
        None if of.remains => {
            "not since the service has started; an earlier search found tokens of it, and the file was written anew since"
        }
        None => {
            "not: there was nothing to look for, or the service has started since and knows no token of it"
        }
        Some(Searched { n_standing: 0, .. }) => {
            "keyed tokens of what was erased were looked for in all bytes of the file: none is there"
        }
        Some(_) => {
            "keyed tokens of what was erased were looked for in all bytes of the file: none is there but in rows that were \
             received since"
        }
    };
    Ok(text
        .line("method", "rows deleted and overwritten (secure_delete), every row that stays written into a file of fresh pages (VACUUM), the write-ahead log emptied")
        .line("rewritten", &now.to_string())
        .line("searched", searched)
        .line("stays", "the access log; the seals of the editions named, the answers they have released and the receipts of these")
        .line("not covered", "copies made otherwise than with `throughline backup`, a file system's snapshots, and what a disk keeps of bytes that were overwritten"))
}

/// An agreement in a line.
fn term(agreement: &Agreement, scope: &Scope) -> String {
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
