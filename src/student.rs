//! One student, for its own source: what is held, which editions counted it, and what was answered of these (34 CFR 99.32).
//!
//! What partners were given are protected tables of many: they hold no record of anybody. So what is told is of which editions'
//! making the student's records were a part, and every answer of these editions, whether or not its cells have the student in
//! them, which nobody keeps. It is told as far as the source can know by itself: a student whom others have opted out counts
//! as if they had not.
//!
//! Editions have noted whom they counted since version 19 of the schema. Of one from before nobody knows it, and the answer
//! says so. What is destroyed leaves nothing to tell; that it was, is on record.

use crate::agreements::Scope;
use crate::audit::{Decision, Entry, Filter, Receipt, SignedCheckpoint, VerifierKey};
use crate::calendar::{Date, Timestamp};
use crate::identity::Token;
use crate::records::{Code, Fact, Kind, OrgId};
use crate::store::{self, CountingEdition, Snapshot, StudentRecords};
use std::collections::{BTreeMap, BTreeSet};

/// Answers in a page at most.
const PAGE: usize = 1_000;

/// Entries of answers that are looked at for a page at most, whatever they were answered from.
const LOOKED_AT: usize = 50_000;

/// What the next edition would make of a student's records as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There are none, and none were withdrawn.
    Unknown,
    /// All of them were withdrawn.
    Withdrawn,
    /// They wait for a roster that has the student.
    Waiting,
    /// The student has opted out, until a day or for good.
    OptedOut(Option<Date>),
    /// They count with consent alone, and none is in force.
    WithoutConsent,
    /// They are counted.
    Counted,
}

/// Records that stand, by kind and the agreements they are held under, with how many there are.
pub type Standing = BTreeMap<(Kind, Vec<String>), u64>;

/// An edition that has, or may have, counted a student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    /// Its number.
    pub number: u32,
    /// When it was frozen.
    pub frozen: Timestamp,
    /// False where it has records of the source, and nobody knows of whom.
    pub is_known: bool,
}

/// What is told of a student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What is held; only beside the first answers.
    pub held: Option<(State, Standing)>,
    /// The editions, by number.
    pub editions: Vec<Counting>,
    /// When records of the source were destroyed, and perhaps some of the student.
    pub destroyed: Vec<Timestamp>,
    /// What was answered of these editions, in the order of the log, each proven.
    pub answers: Vec<Receipt>,
    /// Where the answers go on; 0 where these are the last.
    pub next_index: u64,
}

/// A source's student, and from which entry of the log on answers are wanted.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The source.
    pub source: OrgId,
    /// The student.
    pub student: Token,
    /// Where answers begin.
    pub from_index: u64,
}

/// Looks up what is known of a student on a day. Receipts lead to the newest checkpoint, which one of `keys` has signed.
///
/// # Errors
///
/// [`store::Error`].
pub fn look(
    snapshot: &Snapshot<'_>,
    keys: &[VerifierKey],
    asked: &Asked,
    today: Date,
) -> Result<Told, store::Error> {
    let destroyed = destroyed(snapshot, &asked.source)?;
    let Some(source) = snapshot.source(&asked.source)? else {
        let held = (asked.from_index == 0).then(|| (State::Unknown, Standing::new()));
        return Ok(Told { held, editions: Vec::new(), destroyed, answers: Vec::new(), next_index: 0 });
    };
    let is_on_roster = snapshot.is_on_roster(source, asked.student)?;
    let held = match asked.from_index {
        0 => Some(held(snapshot, asked, source, is_on_roster, today)?),
        _ => None,
    };
    let editions = editions(snapshot, asked, source, is_on_roster)?;
    let (answers, next_index) = answers(snapshot, keys, &editions, asked.from_index)?;
    Ok(Told { held, editions, destroyed, answers, next_index })
}

fn destroyed(snapshot: &Snapshot<'_>, source: &OrgId) -> Result<Vec<Timestamp>, store::Error> {
    let of_source = |of: &store::Destruction| match &of.scope {
        Scope::Source(id) => id == source,
        Scope::Agreement(_) => of.erased.records.contains_key(source),
    };
    let all = snapshot.destructions()?.into_iter();
    Ok(all.filter(of_source).map(|of| of.erased_at).collect())
}

fn held(
    snapshot: &Snapshot<'_>,
    asked: &Asked,
    source: u32,
    is_on_roster: bool,
    today: Date,
) -> Result<(State, Standing), store::Error> {
    let records = snapshot.records_of_student(source, asked.student)?;
    let agreements = snapshot.agreements()?;
    let is_opt_in = agreements.iter().any(|(agreement, _)| agreement.terms.opt_in.contains(&asked.source));
    let state = state(&records, is_on_roster, is_opt_in, today);
    let mut standing = Standing::new();
    for record in records.standing {
        *standing.entry((record.kind(), record.agreements)).or_default() += 1;
    }
    Ok((state, standing))
}

fn state(records: &StudentRecords, is_on_roster: bool, is_opt_in: bool, today: Date) -> State {
    let facts = || records.standing.iter().map(|record| &record.fact);
    // Of several the one that holds longest counts; no day at all is the longest.
    let opt_outs = facts().filter_map(|fact| match fact {
        Fact::OptOut(opt_out) if opt_out.lasts(today) => Some(opt_out.until),
        _ => None,
    });
    let opted_out = opt_outs.max_by_key(|until| (until.is_none(), *until));
    let has_consent = facts().any(|fact| matches!(fact, Fact::Consent(consent) if consent.holds(today)));
    match opted_out {
        _ if records.standing.is_empty() => match records.n_withdrawn > 0 || is_on_roster {
            true => State::Withdrawn,
            false => State::Unknown,
        },
        Some(until) => State::OptedOut(until),
        None if !is_on_roster => State::Waiting,
        None if is_opt_in && !has_consent => State::WithoutConsent,
        None => State::Counted,
    }
}

fn editions(
    snapshot: &Snapshot<'_>,
    asked: &Asked,
    source: u32,
    is_on_roster: bool,
) -> Result<Vec<Counting>, store::Error> {
    let spans = snapshot.counted_in(source, asked.student)?;
    let counting = |edition: CountingEdition| {
        let is_told = match edition.is_noted {
            true => spans.iter().any(|span| span.has(edition.number)),
            // Editions count nobody whom no roster has brought.
            false => is_on_roster && edition.sources.contains(&asked.source),
        };
        let CountingEdition { number, frozen, is_noted, .. } = edition;
        is_told.then_some(Counting { number, frozen, is_known: is_noted })
    };
    Ok(snapshot.counting_editions()?.into_iter().filter_map(counting).collect())
}

/// A page of what was answered of editions.
fn answers(
    snapshot: &Snapshot<'_>,
    keys: &[VerifierKey],
    editions: &[Counting],
    from: u64,
) -> Result<(Vec<Receipt>, u64), store::Error> {
    let numbers: BTreeSet<u32> = editions.iter().map(|edition| edition.number).collect();
    let (Some(note), false) = (snapshot.checkpoint()?, numbers.is_empty()) else {
        return Ok((Vec::new(), 0));
    };
    let damaged = |_| store::Error::Damaged("the access log's checkpoint");
    let checkpoint = SignedCheckpoint::open_any(note.as_bytes(), keys).map_err(damaged)?;
    let filter =
        Filter { rpc: Code::new("Query").ok(), decision: Some(Decision::Allowed), ..Filter::default() };
    let (mut answers, mut from, mut n_looked_at) = (Vec::new(), from, 0);
    loop {
        let (entries, next) = snapshot.log_entries(from, PAGE, &filter)?;
        n_looked_at += entries.len();
        for logged in entries {
            let entry = Entry::parse(&logged.bytes).map_err(|_| store::Error::Damaged("a log entry"))?;
            if !entry.edition.is_some_and(|edition| numbers.contains(&edition)) {
                continue;
            }
            if answers.len() == PAGE {
                return Ok((answers, logged.position));
            }
            answers.push(snapshot.receipt(logged.position, &checkpoint)?);
        }
        if next == 0 || n_looked_at >= LOOKED_AT {
            return Ok((answers, next));
        }
        from = next;
    }
}

#[cfg(test)]
mod tests;
