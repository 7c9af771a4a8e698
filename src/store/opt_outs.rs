//! Opt-outs that outlive the records they came in.
//!
//! Whoever has opted out stays out when what says so is destroyed and others have records of the same person. So each
//! student of that person keeps that it has opted out and until when, and no more, as long as the student is here. It is no
//! record of anybody: no source is told of it, none compares its files with it, and nobody hears how many there are, which
//! would be how many such persons several sources know.

use super::{Error, Snapshot, StoredPerson, Tx};
use crate::calendar::Date;
use crate::identity::Token;
use crate::records::Fact;
use rusqlite::{OptionalExtension, params};
use std::collections::HashMap;

/// A student who stays opted out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedOptOut {
    /// Small number of the source.
    pub source: u32,
    /// Token of the student.
    pub student: Token,
    /// Last day; nothing for good.
    pub until: Option<Date>,
}

/// The persons who have opted out on a day, and until when.
pub(super) struct OptOuts {
    today: Date,
    until: HashMap<StoredPerson, Option<Date>>,
}

impl OptOuts {
    /// What a stored record says of a person.
    pub(super) fn add(&mut self, person: StoredPerson, fact: &[u8]) -> Result<(), Error> {
        match Fact::from_stored(fact) {
            Some(Fact::OptOut(opt_out)) => self.note(person, opt_out.until),
            _ => return Err(Error::Damaged("a record")),
        }
        Ok(())
    }

    /// Of several the one that holds longest counts; one that is over by then is of no use to anybody.
    fn note(&mut self, person: StoredPerson, until: Option<Date>) {
        if until.is_some_and(|until| until < self.today) {
            return;
        }
        let longest = self.until.entry(person).or_insert(until);
        *longest = longest.zip(until).map(|(one, other)| one.max(other));
    }
}

impl Snapshot<'_> {
    /// The students who stay opted out although nobody says so any more.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn carried_opt_outs(&self) -> Result<Vec<CarriedOptOut>, Error> {
        let mut statement =
            self.prepare("SELECT source, student, until FROM opted_out ORDER BY source, student")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, Token::from_bytes(row.get(1)?), row.get::<_, Option<i32>>(2)?))
        })?;
        rows.map(|row| {
            let (source, student, until) = row?;
            Ok(CarriedOptOut { source, student, until: until.map(day).transpose()? })
        })
        .collect()
    }

    /// The person of a student, if a roster has brought it.
    pub(super) fn person(&self, source: u32, student: &[u8; 16]) -> Result<Option<StoredPerson>, Error> {
        let mut find = self.prepare("SELECT person FROM subject WHERE source = ?1 AND student = ?2")?;
        Ok(find.query_row(params![source, student], |row| row.get(0)).optional()?)
    }

    /// What was carried so far, by person: a student that goes may be the only one it stands beside.
    pub(super) fn carried_of_persons(&self, today: Date) -> Result<OptOuts, Error> {
        let mut opt_outs = OptOuts { today, until: HashMap::new() };
        for carried in self.carried_opt_outs()? {
            if let Some(person) = self.person(carried.source, carried.student.as_bytes())? {
                opt_outs.note(person, carried.until);
            }
        }
        Ok(opt_outs)
    }
}

impl Tx<'_> {
    /// Keeps persons opted out of whom other records stay: without, these would be counted from the next edition on.
    pub(super) fn carry_over(&mut self, opt_outs: &OptOuts) -> Result<(), Error> {
        self.prepare("DELETE FROM opted_out")?.execute([])?;
        if opt_outs.until.is_empty() {
            return Ok(());
        }
        let mut put = self.prepare("INSERT INTO opted_out (source, student, until) VALUES (?1, ?2, ?3)")?;
        for subject in self.subjects()? {
            if let Some(until) = opt_outs.until.get(&subject.person) {
                put.execute(params![subject.source, subject.student.as_bytes(), until.map(Date::days)])?;
            }
        }
        Ok(())
    }
}

fn day(days: i32) -> Result<Date, Error> {
    Date::from_days(days).ok_or(Error::Damaged("an opt-out"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreements::Scope;
    use crate::calendar::Timestamp;
    use crate::records::{Kind, OptOut, OrgId};
    use crate::store::testing::{open, run};
    use crate::store::{Extent, Organization, Part, Store};

    const SOURCES: [&str; 3] = ["northfield", "eastbrook", "library"];

    fn date(text: &str) -> Date {
        text.parse().expect("a day")
    }

    /// A store with three sources that know of the same person, by tokens of their own.
    async fn of_one(folder: &std::path::Path) -> Store {
        let store = open(folder);
        change(&store, |tx| {
            for (at, id) in SOURCES.iter().enumerate() {
                let (id, roles) = (OrgId::new(id).expect("an id"), ["contributor".to_owned()].into());
                let name = id.to_string();
                tx.put_organization(&Organization { id: id.clone(), name, roles, active: true })?;
                let source = tx.source_number(&id)?;
                let student = format!("{:032x}", at + 1);
                let person = Kind::Person as u8;
                run(
                    tx,
                    &format!(
                        "INSERT INTO record (source, kind, key, student, fact)
                         VALUES ({source}, {person}, x'{student}', x'{student}', x'00');
                         INSERT INTO subject (source, student, encoding, person, model)
                         VALUES ({source}, x'{student}', zeroblob(29), 77, 0)"
                    ),
                )?;
            }
            Ok(())
        })
        .await;
        store
    }

    async fn change<T: Send + 'static>(
        store: &Store,
        steps: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        store.transaction("test", steps).await.expect("a commit").value
    }

    /// A source says that its student has opted out.
    async fn opt_out(store: &Store, source: u32, until: Option<&'static str>) {
        let fact = Fact::OptOut(OptOut { from: date("2025-01-01"), until: until.map(date) }).to_stored();
        let kind = Kind::OptOut as u8;
        change(store, move |tx| {
            let fact: String = fact.iter().map(|byte| format!("{byte:02x}")).collect();
            run(
                tx,
                &format!(
                    "INSERT INTO record (source, kind, key, student, fact)
                     SELECT source, {kind}, randomblob(16), student, x'{fact}' FROM subject WHERE source = {source}"
                ),
            )
        })
        .await;
    }

    async fn withdraw(store: &Store, source: u32, on: &'static str) {
        change(store, move |tx| {
            let scope = Scope::Source(OrgId::new("whoever").expect("an id"));
            let extent =
                Extent { parts: vec![Part::Source(source)], editions: vec![], sources: vec![source] };
            tx.erase(&scope, extent, None, Timestamp::start_of(date(on))).map(|_| ())
        })
        .await;
    }

    /// The sources beside whose students it stands, and until when.
    async fn carried(store: &Store) -> Vec<(u32, Option<Date>)> {
        let carried = store.read(|snapshot| snapshot.carried_opt_outs()).await.expect("a table");
        carried.into_iter().map(|of| (of.source, of.until)).collect()
    }

    #[tokio::test]
    async fn an_opt_out_outlives_one_source_after_the_other_and_is_no_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = of_one(folder.path()).await;
        let numbers: Vec<u32> =
            store.read(|snapshot| snapshot.sources()).await.expect("sources").iter().map(|of| of.0).collect();
        let [north, east, library] = numbers[..] else { panic!("three") };
        opt_out(&store, north, Some("2026-06-30")).await;
        opt_out(&store, north, None).await;
        let n_before = store.read(|snapshot| snapshot.record_counts()).await.expect("counts").len();
        withdraw(&store, north, "2025-03-01").await;
        assert_eq!(carried(&store).await, [(east, None), (library, None)]);
        let counts = store.read(|snapshot| snapshot.record_counts()).await.expect("counts");
        assert!(counts.iter().all(|of| of.kind == Kind::Person) && counts.len() == n_before - 2);
        let (held, _) = store.read(move |snapshot| snapshot.holdings(east)).await.expect("holdings");
        assert_eq!(held.len(), 1, "no source is told of it");
        withdraw(&store, east, "2025-03-01").await;
        assert_eq!(carried(&store).await, [(library, None)]);
        withdraw(&store, library, "2025-03-01").await;
        assert_eq!(carried(&store).await, []);
    }

    #[tokio::test]
    async fn one_that_is_over_is_not_carried() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = of_one(folder.path()).await;
        let sources = store.read(|snapshot| snapshot.sources()).await.expect("sources");
        let (north, east, library) = (sources[0].0, sources[1].0, sources[2].0);
        opt_out(&store, north, Some("2025-02-28")).await;
        withdraw(&store, north, "2025-03-01").await;
        assert_eq!(carried(&store).await, []);
        opt_out(&store, east, Some("2025-03-01")).await;
        withdraw(&store, east, "2025-03-01").await;
        assert_eq!(carried(&store).await, [(library, Some(date("2025-03-01")))], "its last day");
        withdraw(&store, north, "2025-03-02").await;
        assert_eq!(carried(&store).await, [], "and the next");
    }
}
