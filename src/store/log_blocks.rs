//! Listings of the log that pass over what can not match.
//!
//! Of each whole block of entries it is kept which fields are in it, as hashes. Within a block, bytes are looked for before an
//! entry is read: an entry has one spelling. Whose calls people's are stands beside the log, by name.

use super::{Error, Snapshot};
use crate::audit::{Entry, Filter, Hash, Opening};
use crate::calendar::Timestamp;
use crate::records::Code;
use memchr::memmem::Finder;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;

/// Entries in a block.
const BLOCK: u64 = 1_024;

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its position.
    pub position: u64,
    /// The bytes that are hashed.
    pub bytes: Vec<u8>,
    /// What opens it, where it was a person's call that nobody has erased.
    pub opening: Option<Opening>,
}

/// A page of a listing, and where the next page begins, 0 at the end of the log.
pub type Page = (Vec<Logged>, u64);

/// Keeps what is in the block that the entry at `position` completes, if it completes one.
pub(super) fn complete(connection: &Connection, position: u64) -> Result<(), Error> {
    if !(position + 1).is_multiple_of(BLOCK) {
        return Ok(());
    }
    let block = position / BLOCK;
    let mut find =
        connection.prepare_cached("SELECT entry FROM log_entry WHERE position BETWEEN ?1 AND ?2")?;
    let mut rows = find.query(params![(block * BLOCK).cast_signed(), position.cast_signed()])?;
    let (mut terms, mut first, mut last) = (BTreeSet::new(), i64::MAX, i64::MIN);
    while let Some(row) = rows.next()? {
        // A block with an entry that does not read is looked through each time: no new entry is held up by an old one.
        let Ok(entry) = Entry::parse(row.get_ref(0)?.as_blob().map_err(|_| damaged())?) else {
            return Ok(());
        };
        terms.extend(entry.conditions().spellings().iter().map(|spelling| term(spelling)));
        (first, last) = (first.min(entry.time.millis()), last.max(entry.time.millis()));
    }
    let terms: Vec<u8> = terms.into_iter().flatten().collect();
    let put = "INSERT OR REPLACE INTO log_block (block, first_ms, last_ms, terms) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(put)?.execute(params![block.cast_signed(), first, last, terms])?;
    Ok(())
}

fn damaged() -> Error {
    Error::Damaged("a log entry")
}

fn term(spelling: &str) -> [u8; 8] {
    *Hash::of(spelling.as_bytes()).as_bytes().first_chunk().expect("a hash has 32 bytes")
}

fn finder(spelling: &str) -> Finder<'static> {
    Finder::new(spelling.as_bytes()).into_owned()
}

/// What is looked for.
struct Search {
    /// All conditions but the one on a person.
    filter: Filter,
    terms: Vec<[u8; 8]>,
    bytes: Vec<Finder<'static>>,
    person: Option<Person>,
}

/// Whose calls are looked for.
struct Person {
    name: Code,
    /// How entries from before there were commitments spell it.
    term: [u8; 8],
    bytes: Finder<'static>,
}

impl Search {
    fn new(filter: &Filter) -> Self {
        let of_person = Filter { principal: filter.principal.clone(), ..Filter::default() };
        let person = filter.principal.clone().map(|name| {
            let spelling = of_person.spellings().concat();
            Person { name, term: term(&spelling), bytes: finder(&spelling) }
        });
        let filter = Filter { principal: None, ..filter.clone() };
        let spellings = filter.spellings();
        Self {
            filter,
            terms: spellings.iter().map(|spelling| term(spelling)).collect(),
            bytes: spellings.iter().map(|spelling| finder(spelling)).collect(),
            person,
        }
    }

    /// `opened` are the entries of the block that open to the person.
    fn may_be_in(&self, first: i64, last: i64, terms: &[u8], opened: &BTreeSet<u64>) -> bool {
        let is_after = self.filter.since.is_none_or(|since| since <= Timestamp::from_millis(last));
        let is_before = self.filter.until.is_none_or(|until| Timestamp::from_millis(first) < until);
        let (known, _) = terms.as_chunks::<8>();
        let is_in = |term: &[u8; 8]| known.binary_search(term).is_ok();
        let may_be_theirs =
            self.person.as_ref().is_none_or(|person| !opened.is_empty() || is_in(&person.term));
        is_after && is_before && may_be_theirs && self.terms.iter().all(is_in)
    }

    fn matches(&self, position: u64, bytes: &[u8], opened: &BTreeSet<u64>) -> Result<bool, Error> {
        let is_theirs = |person: &Person| opened.contains(&position) || person.bytes.find(bytes).is_some();
        if !self.person.as_ref().is_none_or(is_theirs)
            || !self.bytes.iter().all(|finder| finder.find(bytes).is_some())
        {
            return Ok(false);
        }
        Ok(self.filter.matches(&Entry::parse(bytes).map_err(|_| damaged())?))
    }
}

impl Snapshot<'_> {
    /// Entries from a position on that pass a filter, a page of them, and where the next page begins (0 at
    /// the end of the log).
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn log_entries(&self, from: u64, page: usize, filter: &Filter) -> Result<Page, Error> {
        let search = Search::new(filter);
        let size = self.log_size()?;
        let mut known = self.prepare("SELECT first_ms, last_ms, terms FROM log_block WHERE block = ?1")?;
        let mut read = self.prepare(
            "SELECT position, entry FROM log_entry WHERE position >= ?1 AND position < ?2 ORDER BY position",
        )?;
        let (mut entries, mut from) = (Vec::new(), from);
        while from < size {
            let block = from / BLOCK;
            let end = (block + 1) * BLOCK;
            let opened = match &search.person {
                Some(person) => self.opened_to(&person.name, from, end)?,
                None => BTreeSet::new(),
            };
            let may_be = known.query_row([block.cast_signed()], |row| {
                let terms = row.get_ref(2)?.as_blob()?;
                Ok(search.may_be_in(row.get(0)?, row.get(1)?, terms, &opened))
            });
            // The last block is not whole yet, and those from before blocks were kept have nothing to pass over them by.
            let may_be = may_be.optional()?.unwrap_or(true);
            if may_be {
                let mut rows = read.query(params![from.cast_signed(), end.cast_signed()])?;
                while let Some(row) = rows.next()? {
                    let bytes = row.get_ref(1)?.as_blob().map_err(|_| damaged())?;
                    let position = row.get::<_, i64>(0)?.cast_unsigned();
                    if !search.matches(position, bytes, &opened)? {
                        continue;
                    }
                    if entries.len() == page {
                        return Ok((entries, position));
                    }
                    let opening = self.opening(position)?;
                    entries.push(Logged { position, bytes: bytes.to_vec(), opening });
                }
            }
            from = end;
        }
        Ok((entries, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Decision;
    use crate::records::{Code, OrgId};
    use crate::store::{Committed, Store, Tx, testing};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    fn code(text: &str) -> Code {
        Code::new(text).expect("a code")
    }

    /// An entry of few words, so that most conditions meet some; the first thousand have words of their own.
    fn entry(random: &mut ChaCha8Rng, n: u64) -> Entry {
        let mut word = |words: [&str; 3]| {
            let at = if n < 1_000 { 2 } else { random.next_u32() as usize % 2 };
            code(words[at])
        };
        let (rpc, rule) = (word(["Query", "Push", "Old"]), word(["a.one", "a.two", "a.old"]));
        let (purpose, product) = (word(["p1", "p2", "p0"]), word(["city", "county", "town"]));
        let decision = Decision::ALL[random.next_u32() as usize % 3];
        let time = Timestamp::from_millis(1_000 * n.cast_signed() + i64::from(random.next_u32() % 5_000));
        Entry {
            organization: OrgId::new(&format!("org-{}", random.next_u32() % 4)).ok(),
            agreement: random.next_u32().is_multiple_of(2).then(|| code("city-outcomes")),
            purpose: Some(purpose),
            product: Some(product),
            principal: (n == 2_500).then(|| code("a.miller")),
            ..Entry::new(time, code(&format!("r-{n}")), rpc, decision, rule)
        }
    }

    async fn store(folder: &std::path::Path, entries: Vec<Entry>) -> Store {
        let store = testing::open(folder);
        let steps = move |tx: &mut Tx<'_>| {
            entries.iter().try_for_each(|entry| tx.log(entry))?;
            // As a log that has grown before blocks were kept.
            tx.prepare("DELETE FROM log_block WHERE block = 1")?.execute([])?;
            Ok::<_, Error>(())
        };
        let Committed::<()> { .. } = store.transaction("fill", steps).await.expect("a commit");
        store
    }

    #[tokio::test]
    async fn a_page_has_what_looking_at_every_entry_would_find() {
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let all: Vec<Entry> = (0..3_300).map(|n| entry(&mut random, n)).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(folder.path(), all.clone()).await;
        let mut n_found = 0;
        for round in 0..300 {
            let of = &all[random.next_u32() as usize % all.len()];
            let full = of.conditions();
            let mut chosen = || random.next_u32().is_multiple_of(3);
            let filter = Filter {
                organization: full.organization.filter(|_| chosen()),
                agreement: full.agreement.filter(|_| chosen()),
                rpc: full.rpc.filter(|_| chosen()),
                decision: full.decision.filter(|_| chosen()),
                purpose: full.purpose.filter(|_| chosen()),
                principal: if round % 50 == 0 { Some(code("a.miller")) } else { None },
                product: if chosen() { Some(code("county")) } else { full.product.filter(|_| chosen()) },
                rule: if chosen() { Some(code("a.none")) } else { full.rule.filter(|_| chosen()) },
                since: chosen().then_some(of.time),
                until: chosen().then(|| Timestamp::from_millis(of.time.millis() + 400_000)),
            };
            let expected: Vec<u64> =
                (0..).zip(&all).filter(|(_, entry)| filter.matches(entry)).map(|(at, _)| at).collect();
            let (mut found, mut from) = (Vec::new(), 0);
            loop {
                let filter = filter.clone();
                let page = store.read(move |snapshot| snapshot.log_entries(from, 700, &filter)).await;
                let (page, next): Page = page.map_err(|error: Error| error).expect("a log");
                for Logged { position, bytes, opening } in &page {
                    let kept = Entry::parse(bytes).expect("an entry");
                    let kept = opening.as_ref().map_or(Ok(kept.clone()), |opening| kept.opened(opening));
                    let kept = kept.expect("its own opening");
                    let as_made = Entry { own_size: None, own_root: None, ..kept };
                    assert_eq!(as_made, all[*position as usize]);
                }
                found.extend(page.iter().map(|logged| logged.position));
                if next == 0 {
                    break;
                }
                from = next;
            }
            assert_eq!(found, expected, "{filter:?}");
            n_found += found.len();
        }
        assert!(n_found > 1_000, "{n_found}");
    }
}
