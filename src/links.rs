//! The way the steward looks at linkage: how it does, pairs to decide about, and what people decide.
//!
//! Looking changes no link: everything is linked anew in memory, on the records as they stand. A decision is kept and
//! logged at once, and links follow it when the next edition settles them. Nothing here leaves with a name, a token or a
//! value: a pair goes by a keyed digest and by the levels of its comparison.

use crate::calendar::{SchoolYear, Timestamp};
use crate::identity::Token;
use crate::linkage::{Contradiction, Review, Verdict, Wanted};
use crate::records::{Fact, OrgId};
use crate::store::{self, LinkVerdict, PairId, Snapshot, Store, Tx};
use std::collections::{BTreeMap, BTreeSet};

/// Pairs in a report, unless more or fewer are asked for.
pub const OFFERED: usize = 100;
/// Pairs in a report, at most.
pub const OFFERED_MAX: usize = 1_000;

/// A linkage, with what the store knows of it.
#[derive(Debug)]
pub struct Report {
    /// How it came out.
    pub review: Review,
    /// Students by source, and by source and school year where the source says who was enrolled.
    pub rates: Vec<Rate>,
    /// The names of the pairs offered, in their order.
    pub names: Vec<PairId>,
    /// The decisions that stand, the newest first.
    pub decisions: Vec<LinkVerdict>,
    /// The sources by their numbers.
    pub sources: BTreeMap<u32, OrgId>,
}

/// How many students of a source are known to another source, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The source.
    pub source: OrgId,
    /// The school year; absent for all its students.
    pub year: Option<SchoolYear>,
    /// Its students.
    pub n_students: u64,
    /// Of these, the ones that were linked to a student of another source.
    pub n_linked: u64,
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No pair of that name was in the last report, and none is decided.
    #[error("there is no such pair in the last report, nor among the decisions")]
    Unknown,
    /// There is no decision to take back.
    #[error("nothing is decided about this pair itself, so there is nothing to take back")]
    Undecided,
    /// It does not fit other decisions.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Links all that is stored anew and says how it came out, with the pairs that are wanted.
///
/// # Errors
///
/// [`store::Error`].
pub async fn review(store: &Store, wanted: Wanted) -> Result<Report, store::Error> {
    let (linker, enrolled, sources, decisions) = store
        .read(|snapshot| {
            let sources = snapshot.sources()?.into_iter().collect();
            Ok::<_, store::Error>((
                snapshot.linker()?,
                enrolled(snapshot)?,
                sources,
                snapshot.link_verdicts()?,
            ))
        })
        .await?;
    let key = store.key().clone();
    let look = move || {
        let review = linker.review(&wanted);
        let names = review.offered.iter().map(|of| key.pair_id(&of.pair)).collect();
        let rates = rates(&review, &enrolled, &sources);
        Report { review, rates, names, decisions, sources }
    };
    tokio::task::spawn_blocking(look).await.map_err(|_| store::Error::Panicked)
}

/// Decides about a pair and says from which edition on links follow: the next one.
///
/// # Errors
///
/// [`Error`]; then nothing is changed.
pub fn decide(tx: &mut Tx<'_>, name: PairId, verdict: Verdict, now: Timestamp) -> Result<u32, Error> {
    let pair = tx.pair(name)?.ok_or(Error::Unknown)?;
    tx.allows(pair, verdict)??;
    tx.put_link_verdict(pair, verdict, now)?;
    Ok(next_edition(tx)?)
}

/// Takes the decision about a pair back and says from which edition on weights decide again: the next one.
///
/// # Errors
///
/// [`Error`]; then nothing is changed.
pub fn withdraw(tx: &mut Tx<'_>, name: PairId) -> Result<u32, Error> {
    let pair = tx.pair(name)?.ok_or(Error::Unknown)?;
    if !tx.remove_link_verdict(pair)? {
        return Err(Error::Undecided);
    }
    Ok(next_edition(tx)?)
}

fn next_edition(tx: &Tx<'_>) -> Result<u32, store::Error> {
    Ok(tx.edition(None)?.map_or(1, |newest| newest.number + 1))
}

type Enrolled = BTreeMap<(u32, SchoolYear), BTreeSet<Token>>;

/// Who was enrolled in which school year, by source.
fn enrolled(snapshot: &Snapshot<'_>) -> Result<Enrolled, store::Error> {
    let mut enrolled = Enrolled::new();
    snapshot.each_record(|record| {
        if let (Fact::Enrollment(enrollment), Some(student)) = (&record.fact, record.student) {
            enrolled.entry((record.source, enrollment.school_year)).or_default().insert(student);
        }
        Ok(())
    })?;
    Ok(enrolled)
}

fn rates(review: &Review, enrolled: &Enrolled, sources: &BTreeMap<u32, OrgId>) -> Vec<Rate> {
    let mut students: BTreeMap<u32, BTreeMap<Token, bool>> = BTreeMap::new();
    for (subject, is_linked) in &review.linked {
        students.entry(subject.source).or_default().insert(subject.student, *is_linked);
    }
    let mut rates = Vec::new();
    for (number, students) in students {
        let Some(source) = sources.get(&number) else { continue };
        let rate = |year: Option<SchoolYear>, linked: &mut dyn Iterator<Item = bool>| {
            let mut rate = Rate { source: source.clone(), year, n_students: 0, n_linked: 0 };
            linked.for_each(|is_linked| {
                rate.n_students += 1;
                rate.n_linked += u64::from(is_linked);
            });
            rate
        };
        rates.push(rate(None, &mut students.values().copied()));
        // Of the enrolled, those whom the source has on its roster.
        for ((_, year), enrolled) in enrolled.iter().filter(|((of, _), _)| *of == number) {
            rates.push(rate(Some(*year), &mut enrolled.iter().filter_map(|one| students.get(one).copied())));
        }
    }
    rates
}
