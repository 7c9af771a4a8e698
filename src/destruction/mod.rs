//! The way to nothing: erase, write the file anew, certify.
//!
//! What a source has sent goes when it withdraws; what was received under an agreement goes on that agreement's date. The
//! rows and the entry that says so commit together. Then the file is written anew, for as long as it takes, and only after
//! that the certificate is signed and put on record. Each step is found again by the next start: a destruction that was
//! begun is finished, and none is certified before it is.
//!
//! Certificates go to every party, and true counts do not: who may hear of these gets them in texts of their own, whose
//! digests the certificate has.
//!
//! What stays is the access log, the seals of editions and what they released. What nobody here can reach is told in the
//! certificate: backups by their names, other copies and the remains on disks in words.

mod certificate;
mod counts;
mod dates;
mod extent;
#[cfg(test)]
mod testing;
mod unfinished;

pub use dates::{doubt_clock, is_due, keep, note_backups};
pub use unfinished::{Unfinished, finish};

use crate::agreements::{Scope, State};
use crate::audit::{Call, Entry, Hash};
use crate::calendar::{Date, Timestamp};
use crate::records::{Code, OrgId};
use crate::store::{self, Backup, Destruction, Erased, Needles, NewDestruction, Snapshot, Store, Tx};
use extent::extent;

/// Why nothing was destroyed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such source or agreement.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// The agreement's date has not come.
    #[error("the agreement is to be destroyed on {0}, and was not loaded with an earlier date")]
    NotYet(Date),
    /// It is destroyed already.
    #[error("the agreement is destroyed already")]
    Already,
    /// What would be destroyed is not what was looked at.
    #[error("what would be destroyed now is not what was shown: look at it again")]
    NotAsShown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What a destruction would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Kinds, counts and editions.
    pub erased: Erased,
    /// Backups that would still have it.
    pub backups: Vec<Backup>,
    /// Names this preview: who destroys says which one was looked at.
    pub id: String,
}

/// Says what a destruction would take, by carrying it out and undoing it.
///
/// # Errors
///
/// [`Error`].
pub async fn preview(store: &Store, scope: Scope, now: Timestamp) -> Result<Preview, Error> {
    enum Undone {
        Shown(Box<Preview>),
        Failed(Error),
    }
    impl<E: Into<Error>> From<E> for Undone {
        fn from(error: E) -> Self {
            Self::Failed(error.into())
        }
    }
    let steps = move |tx: &mut Tx<'_>| {
        may(tx, &scope, now.date())?;
        let extent = extent(tx, &scope, now.date())?;
        let (erased, backups) = (tx.erase(&scope, extent, None, now)?, tx.backups()?);
        let id = id(&scope, &erased);
        Err::<(), _>(Undone::Shown(Box::new(Preview { erased, backups, id })))
    };
    match store.transaction("destruction.preview", steps).await {
        Err(Undone::Shown(preview)) => Ok(*preview),
        Err(Undone::Failed(error)) => Err(error),
        Ok(_) => Err(store::Error::Damaged("a preview").into()),
    }
}

/// Why something is destroyed.
pub enum Because {
    /// A steward asked, who has looked at the preview of that id.
    Asked(Box<Call>, String),
    /// The agreement's date has come.
    Date,
    /// It was destroyed before, at that time, and the database is of an earlier one.
    Restored(Timestamp),
}

/// Erases the rows, and puts that on record in the same transaction; the number of the destruction.
///
/// # Errors
///
/// [`Error`], after which nothing has changed.
pub async fn begin(
    store: &Store,
    unfinished: &mut Unfinished,
    scope: Scope,
    because: Because,
) -> Result<u32, Error> {
    let steps = move |tx: &mut Tx<'_>| {
        // Nobody commits between this moment and the end of these steps: a backup that was begun before it is known here.
        let now = Timestamp::now();
        if !matches!(because, Because::Restored(_)) {
            may(tx, &scope, now.date())?;
        }
        log_backups(tx)?;
        let (terms, extent) = (certificate::terms(tx, &scope)?, extent(tx, &scope, now.date())?);
        let mut needles = Needles::default();
        let erased = tx.erase(&scope, extent, Some(&mut needles), now)?;
        let n_records = erased.n_records();
        let (entry, asked_by) = match &because {
            Because::Asked(call, shown) if *shown == id(&scope, &erased) => {
                (call.destroys(&scope, "erase", n_records, None), call.organization.clone())
            }
            Because::Asked(..) => return Err(Error::NotAsShown),
            Because::Date | Because::Restored(_) => {
                (Entry::destroys(now, &scope, "erase", Some(n_records)), None)
            }
        };
        let because = certificate::because(&scope, &because);
        let new = NewDestruction {
            scope: &scope,
            asked_by: asked_by.as_ref(),
            because: &because,
            terms: &terms,
            erased: &erased,
        };
        let number = tx.put_destruction(&new, now)?;
        tx.log(&entry)?;
        Ok((number, needles))
    };
    let (number, needles) = store.transaction("destruction.erase", steps).await?.value;
    unfinished.add(number, needles);
    Ok(number)
}

/// Whether something may be destroyed.
fn may(snapshot: &Snapshot<'_>, scope: &Scope, today: Date) -> Result<(), Error> {
    match scope {
        Scope::Source(id) => {
            snapshot.source(id)?.ok_or(Error::Unknown("source that has sent anything")).map(|_| ())
        }
        Scope::Agreement(id) => {
            let agreement = snapshot.agreement(id.as_str())?.ok_or(Error::Unknown("agreement"))?;
            if agreement.state(today) != State::Destroyed {
                return Err(Error::NotYet(agreement.destruction));
            }
            match snapshot.destroyed(scope)? {
                Some(_) => Err(Error::Already),
                None => Ok(()),
            }
        }
    }
}

/// Puts backups on record that were begun since it was last done.
fn log_backups(tx: &mut Tx<'_>) -> Result<(), store::Error> {
    for backup in tx.unlogged_backups()? {
        tx.log(&Entry::backed_up(backup.begun, &backup.name))?;
        tx.backup_is_logged(backup.number)?;
    }
    Ok(())
}

/// Names a preview by what it shows.
fn id(scope: &Scope, erased: &Erased) -> String {
    let shown = serde_json::to_string(erased).unwrap_or_default();
    let digest = Hash::of(format!("{scope}\n{shown}").as_bytes());
    digest.as_bytes()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The certificates that an organization may have: of its own data, of agreements it is a party to; all of them for
/// stewards and auditors. Of the counts it has those of its own data.
///
/// # Errors
///
/// [`store::Error`].
pub fn certificates(
    snapshot: &Snapshot<'_>,
    organization: &OrgId,
    sees_all: bool,
) -> Result<Vec<Destruction>, store::Error> {
    let mut found = snapshot.destructions()?;
    if !sees_all {
        let agreements = snapshot.agreements()?;
        let is_party = |id: &Code| {
            agreements.iter().any(|(agreement, _)| {
                agreement.id == id.as_str()
                    && (agreement.sources.contains(organization) || agreement.partners.contains(organization))
            })
        };
        found.retain(|of| match &of.scope {
            Scope::Source(id) => id == organization,
            // Without texts of counts it was signed before there were any, and has the counts of all sources in it.
            Scope::Agreement(_) if of.note.is_some() && of.counts.is_empty() => false,
            Scope::Agreement(id) => is_party(id) || of.erased.records.contains_key(organization),
        });
        found.iter_mut().for_each(|of| of.counts.retain(|counts| counts.of.as_ref() == Some(organization)));
    }
    Ok(found)
}
