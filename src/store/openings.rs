//! What opens the entries of people's calls: beside the log, and erased where a person is.

use super::needles::Needles;
use super::{Error, Snapshot, Tx};
use crate::audit::{Entry, Filter, Opening};
use crate::records::{Code, OrgId};
use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeSet;

/// What was erased of a person.
pub struct ErasedPerson {
    /// Entries that nobody can open any more.
    pub n_entries: u64,
    /// Entries from before there were commitments: they have the name, and keep it.
    pub n_named: u64,
    /// What a search of the file must not find: the random bytes that stood beside each name.
    pub needles: Needles,
}

/// The entry as it is logged at a position. What opens it is put beside the log.
pub(super) fn commit(connection: &Connection, position: u64, entry: Entry) -> Result<Entry, Error> {
    let Some(organization) = entry.organization.clone().filter(|_| entry.principal.is_some()) else {
        return Ok(entry);
    };
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt).map_err(|_| Error::Damaged("no randomness"))?;
    let Some((entry, opening)) = entry.committed(salt) else { return Ok(entry) };
    connection
        .prepare_cached(
            "INSERT INTO log_opening (position, salt, organization, principal, certificate_serial)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            position.cast_signed(),
            opening.salt,
            organization.as_str(),
            opening.principal.as_str(),
            opening.certificate_serial.as_ref().map(Code::as_str),
        ])?;
    Ok(entry)
}

fn opening(row: &Row<'_>) -> rusqlite::Result<Option<Opening>> {
    let (principal, serial): (String, Option<String>) = (row.get(1)?, row.get(2)?);
    let (Ok(principal), Ok(certificate_serial)) =
        (Code::new(&principal), serial.map(|serial| Code::new(&serial)).transpose())
    else {
        return Ok(None);
    };
    Ok(Some(Opening { salt: row.get(0)?, principal, certificate_serial }))
}

impl Snapshot<'_> {
    /// What opens the entry at a position; nothing where it needs nothing, or it was erased.
    pub(super) fn opening(&self, position: u64) -> Result<Option<Opening>, Error> {
        let mut find =
            self.prepare("SELECT salt, principal, certificate_serial FROM log_opening WHERE position = ?1")?;
        let found = find.query_row([position.cast_signed()], opening).optional()?;
        found.map(|opening| opening.ok_or(Error::Damaged("what opens a log entry"))).transpose()
    }

    /// Positions from one on and before another whose entries open to a name.
    pub(super) fn opened_to(&self, principal: &Code, from: u64, to: u64) -> Result<BTreeSet<u64>, Error> {
        let mut find = self.prepare(
            "SELECT position FROM log_opening WHERE principal = ?1 AND position >= ?2 AND position < ?3",
        )?;
        let of = params![principal.as_str(), from.cast_signed(), to.cast_signed()];
        let found = find.query_map(of, |row| row.get::<_, i64>(0))?;
        Ok(found.map(|position| position.map(i64::cast_unsigned)).collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Erases who called, of all entries of one person's calls, and the changes of theirs that wait for a second person.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn erase_person(&mut self, organization: &OrgId, person: &Code) -> Result<ErasedPerson, Error> {
        let (mut needles, mut n_entries) = (Needles::default(), 0);
        let of = params![organization.as_str(), person.as_str()];
        {
            let mut erase = self.prepare(
                "DELETE FROM log_opening WHERE organization = ?1 AND principal = ?2 RETURNING salt",
            )?;
            let mut salts = erase.query(of)?;
            while let Some(row) = salts.next()? {
                needles.add(row.get(0)?);
                n_entries += 1;
            }
        }
        self.prepare("DELETE FROM proposal WHERE organization = ?1 AND person = ?2")?.execute(of)?;
        let named = Filter {
            organization: Some(organization.clone()),
            principal: Some(person.clone()),
            ..Filter::default()
        };
        let n_named = self.log_entries(0, usize::MAX, &named)?.0.len() as u64;
        Ok(ErasedPerson { n_entries, n_named, needles })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Decision;
    use crate::calendar::Timestamp;
    use crate::store::{Committed, Rewriting, Store, testing};
    use std::sync::Arc;

    fn code(text: &str) -> Code {
        Code::new(text).expect("a code")
    }

    fn entry(organization: &str, person: Option<&str>) -> Entry {
        Entry {
            organization: Some(OrgId::new(organization).expect("an id")),
            principal: person.map(code),
            certificate_serial: Some(code("0a1b")),
            ..Entry::new(Timestamp::now(), code("r"), code("Query"), Decision::Allowed, code("rule"))
        }
    }

    async fn log(store: &Store, entries: Vec<Entry>) {
        let steps = move |tx: &mut Tx<'_>| entries.iter().try_for_each(|entry| tx.log(entry));
        let _: Committed<()> = store.transaction("log", steps).await.expect("they are logged");
    }

    async fn of(store: &Store, filter: Filter) -> Vec<u64> {
        let found = store.read(move |snapshot| snapshot.log_entries(0, 100, &filter)).await;
        found.expect("entries").0.iter().map(|logged| logged.position).collect()
    }

    #[tokio::test]
    async fn who_called_is_found_until_it_is_erased() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let store = testing::open(folder.path());
        let miller = |organization| entry(organization, Some("annika.miller"));
        log(&store, vec![miller("one"), entry("one", None), miller("two"), entry("one", Some("b.ito"))])
            .await;
        let by = |person| Filter { principal: Some(code(person)), ..Filter::default() };
        let of_one = Filter { organization: Some(OrgId::new("one").expect("an id")), ..by("annika.miller") };
        assert_eq!(of(&store, by("annika.miller")).await, [0, 2]);
        assert_eq!(of(&store, of_one.clone()).await, [0]);
        assert_eq!(of(&store, by("b.ito")).await, [3]);
        let before = store.read(|snapshot| snapshot.checkpoint()).await.expect("a checkpoint");
        for organization in ["one", "two"] {
            let organization = OrgId::new(organization).expect("an id");
            let steps = move |tx: &mut Tx<'_>| tx.erase_person(&organization, &code("annika.miller"));
            let Committed { value: erased, .. } = store.transaction("erase", steps).await.expect("erased");
            assert_eq!((erased.n_entries, erased.n_named, erased.needles.len()), (1, 0, 1));
            let rewritten = store.rewrite(vec![Arc::new(erased.needles)], false).await.expect("rewritten");
            assert!(matches!(rewritten, Rewriting::Done(_)), "nobody reads");
        }
        assert_eq!(of(&store, by("annika.miller")).await, [] as [u64; 0]);
        assert_eq!(of(&store, by("b.ito")).await, [3], "somebody else's stay");
        assert_eq!(store.read(|snapshot| snapshot.checkpoint()).await.expect("a checkpoint"), before);
        for file in std::fs::read_dir(folder.path()).expect("the folder") {
            let bytes = std::fs::read(file.expect("a file").path()).expect("it can be read");
            assert!(memchr::memmem::find(&bytes, b"annika").is_none());
        }
        drop(store);
        assert_eq!(of(&testing::open(folder.path()), by("b.ito")).await, [3], "and the log verifies");
    }
}
