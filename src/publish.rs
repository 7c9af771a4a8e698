//! The way across: freeze an edition, tabulate its products, protect them together, seal, prove, log.
//!
//! Freezing looks at a snapshot and holds up no push. Only the last step writes: the edition, its seal
//! with its proof and the log entry commit together, so an edition is whole and on record or it does not exist.

mod before;
pub mod check;
mod counted;
mod freeze;
mod gathered;
mod handed_on;
mod notes;
mod opted_out;
mod whose;

pub(crate) use before::Before;

use crate::audit::{Call, Receipt};
use crate::calendar::SchoolYear;
use crate::disclosure::{self, Past, RuleProfile, Seal, SealReport};
use crate::outcomes::{self, Product, Tabulation, Unit};
use crate::parallel;
use crate::store::{self, CountedAnew, EditionNotes, EditionRow, Held, Snapshot, Store, Tx};
use freeze::{Frozen, freeze};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A stage of publishing, for whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Links are settled.
    Link,
    /// What is out is counted, and linked records become columns.
    Freeze,
    /// Products are counted over their lattices.
    Tabulate,
    /// Cells are protected and sealed.
    Seal,
    /// Edition and seal are stored.
    Store,
}

impl Stage {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Freeze => "freeze",
            Self::Tabulate => "tabulate",
            Self::Seal => "seal",
            Self::Store => "store",
        }
    }
}

/// What was published.
#[derive(Debug)]
pub struct Published {
    /// The edition.
    pub edition: EditionRow,
    /// Records about students no source has on a roster; they wait.
    pub n_waiting: u64,
    /// Persons of whom records were left out, as their source counts with consent alone and has none of theirs.
    pub n_without_consent: u64,
    /// In how many student-years, ten or more, sources said different things, by group.
    pub conflicts: Vec<(String, u64)>,
    /// School years that are not counted again, because the records that they were shown with are destroyed.
    pub closed: BTreeSet<SchoolYear>,
    /// What protection cost.
    pub report: SealReport,
    /// SHA-256 of the seal.
    pub seal_digest: [u8; 32],
    /// The log's proof.
    pub receipt: Receipt,
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No product is declared.
    #[error("no data product is declared")]
    NoProduct,
    /// A product can not be counted.
    #[error(transparent)]
    Outcomes(#[from] outcomes::Error),
    /// The lattice can not be protected.
    #[error(transparent)]
    Disclosure(#[from] disclosure::Error),
    /// The seal does not hide enough: a defect of the program.
    #[error("the new seal was not proven to hide enough, and was thrown away: {0}")]
    NotProven(#[from] disclosure::NotProven),
    /// Every school year was shown with records that are destroyed since.
    #[error(
        "every school year of the products was shown by an edition whose records are destroyed: what is out stays, and \
         is not counted again"
    )]
    Closed,
    /// Another edition was published meanwhile, or records were destroyed.
    #[error("another edition was published meanwhile, or records were destroyed")]
    Overtaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Publishes the next edition, or changes nothing. `progress` hears of each stage as it begins.
///
/// # Errors
///
/// [`Error`]; after [`store::Error::Uncertain`] the edition may be there.
pub async fn publish(
    store: &Store,
    title: String,
    call: Call,
    progress: impl Fn(Stage) + Send + Sync + 'static,
) -> Result<Published, Error> {
    progress(Stage::Link);
    // Beside two million records on their way into blocks, gathering them took more than twice as long.
    let _quiet = store.quiet();
    // What was linked at once, in the order of arrival, is settled first: an edition does not depend on it.
    store.transaction("publish.links", |tx| tx.settle_links().map_err(Error::from)).await?;
    let ties = *store.key().ties();
    let made = store.read(move |snapshot| {
        make(snapshot, title, &call, &ties, &progress).map(|made| (made, call, progress))
    });
    let (made, call, progress) = made.await?;
    progress(Stage::Store);
    let Made { row, notes, columns, metadata, seal, report, n_waiting, n_without_consent, .. } = made;
    let (conflicts, closed, n_destructions) = (made.conflicts, made.closed, made.n_destructions);
    let (held, counts) = (made.held, made.counts);
    let (seal_digest, proof_digest) = (seal.digest(), report.proof.digest());
    let proof = report.proof.clone();
    let steps = move |tx: &mut Tx<'_>| {
        if tx.edition(None)?.map_or(0, |newest| newest.number) + 1 != row.number {
            return Err(Error::Overtaken);
        }
        // What was destroyed since the records were read must not come back with them.
        if tx.destructions()?.len() != n_destructions {
            return Err(Error::Overtaken);
        }
        let columns = columns.iter().map(|(unit, name, bytes)| (unit.name(), &name[..], &bytes[..]));
        tx.put_edition(&row, &notes, &metadata, columns, &seal, &proof)?;
        tx.put_edition_holdings(row.number, &held)?;
        tx.put_counted(row.number, &counts)?;
        tx.log(&call.published(row.number, seal_digest, proof_digest))?;
        Ok(row)
    };
    let committed = store.transaction("publish.edition", steps).await?;
    store.copy_log().await;
    let (edition, receipt) = committed.with_receipt().ok_or(store::Error::Damaged("no log entry"))?;
    Ok(Published { edition, n_waiting, n_without_consent, conflicts, closed, report, seal_digest, receipt })
}

/// Fewer disagreements are not told of, as nobody hears of smaller numbers of students.
const CONFLICTS_MIN: u64 = 10;

/// Everything that is to be stored.
struct Made {
    row: EditionRow,
    notes: EditionNotes,
    columns: Vec<(Unit, String, Vec<u8>)>,
    metadata: String,
    seal: Seal,
    report: SealReport,
    n_waiting: u64,
    n_without_consent: u64,
    conflicts: Vec<(String, u64)>,
    closed: BTreeSet<SchoolYear>,
    /// Destructions on record when the records were read.
    n_destructions: usize,
    /// Under what the records that were read are held: what of them is destroyed takes the edition with it.
    held: Vec<Held>,
    /// Whom it counts, beside the edition before it. Whoever publishes or destroys meanwhile overtakes it.
    counts: CountedAnew,
}

fn make(
    snapshot: &Snapshot<'_>,
    title: String,
    call: &Call,
    ties: &[u8; 32],
    progress: &impl Fn(Stage),
) -> Result<Made, Error> {
    let products = snapshot.products()?;
    if products.is_empty() {
        return Err(Error::NoProduct);
    }
    let before = Before::next(snapshot)?;
    let number = before.number();
    progress(Stage::Freeze);
    // Editions before are counted first: there is never more than one in memory.
    let counted = before.count(products.clone(), |edition| Ok(Cow::Owned(snapshot.frozen(edition)?)))?;
    let Frozen { edition, sources, held, counts, n_waiting, n_without_consent } = freeze(snapshot, call)?;
    let counts = snapshot.counted_anew(counts)?;
    progress(Stage::Tabulate);
    let (tabulations, closed) = before.open(outcomes::tabulate(&edition, &counted.products)?);
    if tabulations.is_empty() && !closed.is_empty() {
        return Err(Error::Closed);
    }
    progress(Stage::Seal);
    let sealing = || sealed(number, &tabulations, &counted.past(), ties);
    // After late records most of it is one school year, which one core works on.
    let (sealed, (digest, coverage)) = parallel::both(sealing, || (edition.digest(), edition.coverage()));
    let (seal, report) = sealed?;
    let left_out = notes::left_out(&edition, &products, &seal);
    let row = EditionRow {
        number,
        title,
        frozen: call.time,
        digest,
        n_persons: edition.n_persons(),
        n_student_years: edition.n_rows(Unit::StudentYear) as u64,
        n_opted_out: edition.n_opted_out(),
        sources,
        destroyed: None,
    };
    let notes = EditionNotes { reports: notes::reports(snapshot, coverage, &row.sources)?, left_out };
    let many = edition.conflicts().filter(|(_, n)| *n >= CONFLICTS_MIN);
    let conflicts = many.map(|(group, n)| (group.to_owned(), n)).collect();
    Ok(Made {
        row,
        notes,
        metadata: edition.metadata(),
        columns: edition.into_columns().collect(),
        seal,
        report,
        n_waiting,
        n_without_consent,
        conflicts,
        closed,
        n_destructions: snapshot.destructions()?.len(),
        held,
        counts,
    })
}

/// Protects and seals what was counted. Nobody hears of a seal whose own proof does not hold, or holds only without what is
/// known by now.
fn sealed(
    number: u32,
    tabulations: &[Tabulation],
    past: &[Past<'_>],
    ties: &[u8; 32],
) -> Result<(Seal, SealReport), Error> {
    let profiles = RuleProfile::all();
    let (seal, report) = Seal::make_after(number, tabulations, past, &profiles, ties)?;
    seal.check_known(tabulations)?;
    report.proof.verify(&seal, tabulations, past, &profiles, ties)?;
    Ok((seal, report))
}

/// Every version of a product that an edition has been published with: what it showed is known for ever, so whatever is
/// published next must be counted together with it.
///
/// # Errors
///
/// [`store::Error`].
pub fn published_products(snapshot: &Snapshot<'_>) -> Result<Vec<Product>, store::Error> {
    Ok(Before::next(snapshot)?.published().to_vec())
}
