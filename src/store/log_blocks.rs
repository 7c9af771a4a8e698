//! Listings of the log that read what matches and nothing else.
//!
//! Of each whole block of entries it is kept which fields are in it, as hashes, and in which of its entries each of them is. The
//! entries behind the last whole block are looked through. Whose calls people's are stands beside the log, by name.

use super::{Error, Snapshot};
use crate::audit::{Entry, Filter, Hash, Opening};
use crate::calendar::Timestamp;
use crate::records::Code;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};

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

/// Some entries of a block: a bit for each.
#[derive(Clone, Copy)]
struct Places([u8; BLOCK as usize / 8]);

impl Places {
    const NONE: Self = Self([0; _]);
    const ALL: Self = Self([u8::MAX; _]);

    fn add(&mut self, at: u64) {
        self.0[at as usize / 8] |= 1 << (at % 8);
    }

    fn has(&self, at: u64) -> bool {
        self.0[at as usize / 8] >> (at % 8) & 1 == 1
    }

    fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(one, other)| *one &= other);
        self
    }

    fn or(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(one, other)| *one |= other);
        self
    }

    /// Neighbours, as the first of them and the first behind them, from a place on.
    fn runs(self, from: u64) -> impl Iterator<Item = (u64, u64)> {
        let next =
            move |from: u64, is_in: bool| (from..BLOCK).find(|at| self.has(*at) == is_in).unwrap_or(BLOCK);
        let run = move |from| {
            let start = next(from, true);
            (start < BLOCK).then(|| (start, next(start, false)))
        };
        std::iter::successors(run(from), move |(_, end)| run(*end))
    }
}

/// A block as it grows: what is in the entries behind the last whole block.
///
/// It is taken down entry by entry. A thousand at once took 10 ms, for which everybody waited whose call came then.
#[derive(Default)]
pub(super) struct Block {
    block: u64,
    n: u64,
    /// Nothing before the first entry.
    times: Option<(i64, i64)>,
    places: BTreeMap<[u8; 8], Places>,
    /// An entry does not read: the block is looked through each time, and no new entry is held up by an old one.
    is_damaged: bool,
}

impl Block {
    const fn new(block: u64) -> Self {
        Self { block, n: 0, times: None, places: BTreeMap::new(), is_damaged: false }
    }

    /// Takes down what is in the next entry, and keeps what is in the block where it completes that.
    pub(super) fn add(&mut self, connection: &Connection, entry: &Entry) -> Result<(), Error> {
        for spelling in entry.conditions().spellings() {
            self.places.entry(term(&spelling)).or_insert(Places::NONE).add(self.n);
        }
        let time = entry.time.millis();
        let (first, last) = self.times.unwrap_or((time, time));
        self.times = Some((first.min(time), last.max(time)));
        self.is_one_more(connection)
    }

    fn is_one_more(&mut self, connection: &Connection) -> Result<(), Error> {
        self.n += 1;
        if self.n < BLOCK {
            return Ok(());
        }
        let whole = std::mem::replace(self, Self::new(self.block + 1));
        let Some((first, last)) = whole.times.filter(|_| !whole.is_damaged) else { return Ok(()) };
        let terms: Vec<u8> = whole.places.keys().flatten().copied().collect();
        let places: Vec<u8> = whole.places.values().flat_map(|places| places.0).collect();
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO log_block (block, first_ms, last_ms, terms, places)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![whole.block.cast_signed(), first, last, terms, places])?;
        Ok(())
    }

    /// Takes down the stored entries of a block, as far as there are any.
    fn read(connection: &Connection, block: u64) -> Result<Self, Error> {
        let mut find = connection.prepare_cached(
            "SELECT entry FROM log_entry WHERE position >= ?1 AND position < ?2 ORDER BY position",
        )?;
        let mut rows =
            find.query(params![(block * BLOCK).cast_signed(), ((block + 1) * BLOCK).cast_signed()])?;
        let mut read = Self::new(block);
        while let Some(row) = rows.next()? {
            match Entry::parse(row.get_ref(0)?.as_blob().map_err(|_| damaged())?) {
                Ok(entry) => read.add(connection, &entry)?,
                Err(_) => {
                    read.is_damaged = true;
                    read.is_one_more(connection)?;
                }
            }
        }
        Ok(read)
    }
}

/// Keeps what is in the whole blocks of a log of `size` entries that is not kept yet, and gives back the block behind them.
pub(super) fn complete_all(connection: &Connection, size: u64) -> Result<Block, Error> {
    let kept: BTreeSet<u64> = {
        let mut kept = connection.prepare("SELECT block FROM log_block WHERE places NOT NULL")?;
        let kept = kept.query_map([], |row| row.get::<_, i64>(0))?;
        kept.map(|block| block.map(i64::cast_unsigned)).collect::<Result<_, _>>()?
    };
    let transaction = connection.unchecked_transaction()?;
    for block in (0..size / BLOCK).filter(|block| !kept.contains(block)) {
        Block::read(connection, block)?;
    }
    transaction.commit()?;
    Block::read(connection, size / BLOCK)
}

fn damaged() -> Error {
    Error::Damaged("a log entry")
}

fn term(spelling: &str) -> [u8; 8] {
    *Hash::of(spelling.as_bytes()).as_bytes().first_chunk().expect("a hash has 32 bytes")
}

/// What is looked for.
struct Search {
    /// All conditions but the one on a person.
    filter: Filter,
    terms: Vec<[u8; 8]>,
    person: Option<Person>,
}

/// Whose calls are looked for.
struct Person {
    name: Code,
    /// How entries from before there were commitments spell it.
    term: [u8; 8],
}

impl Search {
    fn new(filter: &Filter) -> Self {
        let of_person = Filter { principal: filter.principal.clone(), ..Filter::default() };
        let person = filter.principal.clone();
        let person = person.map(|name| Person { name, term: term(&of_person.spellings().concat()) });
        let filter = Filter { principal: None, ..filter.clone() };
        let terms = filter.spellings().iter().map(|spelling| term(spelling)).collect();
        Self { filter, terms, person }
    }

    /// Where in a block entries can match; `opened` are those that open to the person.
    fn places(&self, row: &rusqlite::Row<'_>, opened: &Places) -> rusqlite::Result<Places> {
        let is_after = match self.filter.since {
            Some(since) => since <= Timestamp::from_millis(row.get(1)?),
            None => true,
        };
        let is_before = match self.filter.until {
            Some(until) => Timestamp::from_millis(row.get(0)?) < until,
            None => true,
        };
        if !is_after || !is_before {
            return Ok(Places::NONE);
        }
        // From before places were kept.
        let Some(places) = row.get_ref(3)?.as_blob_or_null()? else { return Ok(Places::ALL) };
        let ((terms, _), (places, _)) = (row.get_ref(2)?.as_blob()?.as_chunks::<8>(), places.as_chunks());
        let of = |term: &[u8; 8]| {
            let at = terms.binary_search(term).ok();
            at.and_then(|at| places.get(at)).map_or(Places::NONE, |places| Places(*places))
        };
        let theirs = self.person.as_ref().map(|person| of(&person.term).or(opened));
        Ok(self.terms.iter().map(of).chain(theirs).fold(Places::ALL, |all, of| all.and(&of)))
    }

    fn matches(&self, bytes: &[u8], is_opened: bool) -> Result<bool, Error> {
        if self.person.is_none() && self.filter == Filter::default() {
            return Ok(true);
        }
        let entry = Entry::parse(bytes).map_err(|_| damaged())?;
        let is_theirs = |person: &Person| is_opened || entry.principal.as_ref() == Some(&person.name);
        Ok(self.person.as_ref().is_none_or(is_theirs) && self.filter.matches(&entry))
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
        let mut known =
            self.prepare("SELECT first_ms, last_ms, terms, places FROM log_block WHERE block = ?1")?;
        let mut read = self.prepare(
            "SELECT position, entry FROM log_entry WHERE position >= ?1 AND position < ?2 ORDER BY position",
        )?;
        let (mut entries, mut from) = (Vec::new(), from);
        while from < size {
            let start = from / BLOCK * BLOCK;
            let mut opened = Places::NONE;
            if let Some(person) = &search.person {
                let positions = self.opened_to(&person.name, start, start + BLOCK)?;
                positions.iter().for_each(|position| opened.add(position - start));
            }
            let block = (start / BLOCK).cast_signed();
            let places = known.query_row([block], |row| search.places(row, &opened)).optional()?;
            // The last block is not whole yet.
            for (first, end) in places.unwrap_or(Places::ALL).runs(from - start) {
                let mut rows =
                    read.query(params![(start + first).cast_signed(), (start + end).cast_signed()])?;
                while let Some(row) = rows.next()? {
                    let bytes = row.get_ref(1)?.as_blob().map_err(|_| damaged())?;
                    let position = row.get::<_, i64>(0)?.cast_unsigned();
                    if !search.matches(bytes, opened.has(position - start))? {
                        continue;
                    }
                    if entries.len() == page {
                        return Ok((entries, position));
                    }
                    let opening = self.opening(position)?;
                    entries.push(Logged { position, bytes: bytes.to_vec(), opening });
                }
            }
            from = start + BLOCK;
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
        let fill = move |tx: &mut Tx<'_>| entries.iter().try_for_each(|entry| tx.log(entry));
        let Committed::<()> { .. } = store.transaction("fill", fill).await.expect("a commit");
        assert_eq!(n_kept(&store), 3);
        let steps = move |tx: &mut Tx<'_>| {
            // As a log that has grown before blocks were kept, and before places were.
            tx.prepare("DELETE FROM log_block WHERE block = 1")?.execute([])?;
            tx.prepare("UPDATE log_block SET places = NULL WHERE block = 2")?.execute([])?;
            Ok::<_, Error>(())
        };
        let Committed::<()> { .. } = store.transaction("empty", steps).await.expect("a commit");
        store
    }

    #[tokio::test]
    async fn a_page_has_what_looking_at_every_entry_would_find() {
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let all: Vec<Entry> = (0..3_300).map(|n| entry(&mut random, n)).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(folder.path(), all.clone()).await;
        assert_eq!(n_kept(&store), 1);
        compare(&mut random, &all, &store).await;
        let mut stopped = store.stopped();
        drop(store);
        stopped.wait_for(|stopped| *stopped).await.expect("the writer says that it has stopped");
        // A start keeps what was not.
        let store = testing::open(folder.path());
        assert_eq!(n_kept(&store), 3);
        compare(&mut random, &all, &store).await;
    }

    fn n_kept(store: &Store) -> i64 {
        let count = |snapshot: &Snapshot<'_>| {
            let mut count = snapshot.prepare("SELECT count(*) FROM log_block WHERE places NOT NULL")?;
            Ok::<_, Error>(count.query_row([], |row| row.get(0))?)
        };
        store.read_blocking(count).expect("a number")
    }

    async fn compare(random: &mut ChaCha8Rng, all: &[Entry], store: &Store) {
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
                (0..).zip(all).filter(|(_, entry)| filter.matches(entry)).map(|(at, _)| at).collect();
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
