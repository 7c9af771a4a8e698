//! What holds after every step, and at the end.

use crate::model::{Held, line};
use crate::papers::SOURCES;
use crate::people::Canaries;
use crate::world::World;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use throughline::audit::{Entry, Filter, SignedCheckpoint, VerifierKey, verify_consistency};
use throughline::records::OrgId;
use throughline::store::{Logged, Snapshot, Store};

impl World<'_> {
    /// The service and its model agree.
    pub(crate) fn check(&mut self) {
        if !std::mem::take(&mut self.is_changed) {
            return;
        }
        self.check_log();
        let (model, names) = (&self.model, SOURCES.map(|name| OrgId::new(name).expect("an id")));
        self.look(|snapshot| {
            for (name, held) in names.iter().zip(&model.held) {
                let found = match snapshot.source(name)? {
                    Some(number) => records(snapshot, number)?,
                    None => Held::new(),
                };
                assert!(
                    found == *held,
                    "{name} holds {} records, and not {}: {}",
                    found.len(),
                    held.len(),
                    differing(&found, held)
                );
            }
            assert_eq!(snapshot.n_persons()?, model.linkage.n_persons(), "persons");
            assert_eq!(
                snapshot.edition(None)?.map_or(0, |edition| edition.number),
                model.n_editions,
                "editions"
            );
            for organization in snapshot.organizations()? {
                assert_eq!(
                    !organization.active,
                    model.is_suspended(organization.id.as_str()),
                    "{}",
                    organization.id
                );
            }
            Ok(())
        });
    }

    /// The same of what takes longer to look at: how many records there are, the linkage keys, and what is witnessed.
    pub(crate) fn check_rest(&self) {
        let counts = self.look(|snapshot| snapshot.record_counts());
        let n_records: u64 = counts.iter().map(|count| count.n_records).sum();
        assert_eq!(n_records, self.model.held.iter().map(|held| held.len() as u64).sum::<u64>(), "records");
        self.check_keys();
        self.check_witnessed();
    }

    /// The log has the entries that it must have and no others, goes on from what was seen of it, and has the entry of
    /// every receipt where the receipt says.
    fn check_log(&mut self) {
        let (from, log_key) = (self.n_compared, &self.keys.log);
        let last = self.heads.last().copied();
        let (entries, head, proof) = self.look(|snapshot| {
            let (entries, _) = snapshot.log_entries(from, usize::MAX, &Filter::default())?;
            let note = snapshot.checkpoint()?.expect("there are entries");
            let head =
                SignedCheckpoint::open(note.as_bytes(), log_key).expect("the log's own").checkpoint().head();
            let proof = last.map(|last| snapshot.consistency(last.size, head.size)).transpose()?;
            Ok((entries, head, proof))
        });
        if let Some((last, proof)) = last.zip(proof) {
            verify_consistency(&last, &head, &proof).expect("the log goes on from what was seen of it");
        }
        let found: Vec<Entry> =
            entries.iter().map(|logged| Entry::parse(&logged.bytes).expect("an entry")).collect();
        let lines: Vec<String> = found.iter().map(line).collect();
        assert_eq!(lines, self.log[from as usize..], "entries from {from} on");
        assert_eq!(head.size, self.log.len() as u64);
        for (entry, at) in found.iter().zip(from..) {
            let Some(name) = &entry.organization else { continue };
            let is_own = |line: &&String| line.split(' ').next() == Some(name.as_str());
            let n_own = self.log[..at as usize].iter().filter(is_own).count() as u64;
            assert_eq!(entry.own_size, Some(n_own), "place of entry {at} among those of {name}");
        }
        for (index, bytes) in std::mem::take(&mut self.receipts) {
            let logged = entries.iter().find(|logged: &&Logged| logged.position == index);
            assert!(logged.is_some_and(|logged| logged.bytes == bytes), "the entry of receipt {index}");
        }
        self.n_compared = head.size;
        self.heads.push(head);
    }
}

fn records(snapshot: &Snapshot<'_>, source: u32) -> Result<Held, throughline::store::Error> {
    let mut found = BTreeMap::new();
    snapshot.each_record_of(source, |key, stored| {
        let before = found.insert((stored.fact.kind(), key), (stored.student, Arc::new(stored.fact)));
        assert!(before.is_none(), "a record is there once");
    })?;
    Ok(found)
}

fn differing(found: &Held, held: &Held) -> String {
    let other = found.iter().filter(|(key, value)| held.get(key) != Some(value)).map(|(_, (_, fact))| fact);
    let missing = held.keys().filter(|key| !found.contains_key(key)).map(|(kind, _)| kind.code());
    format!("not as it should be {:?}, missing {:?}", other.collect::<Vec<_>>(), missing.collect::<Vec<_>>())
}

/// A database that nobody has open verifies whole, and in no file of the folder is anything that names a student, nor a key.
pub(crate) fn check_files(
    folder: &Path,
    database: &Path,
    log: &VerifierKey,
    n_entries: u64,
    canaries: &Canaries,
) {
    let head = Store::verify(database, log).expect("it verifies");
    assert_eq!(head.size, n_entries, "the log of the closed database");
    for file in std::fs::read_dir(folder).expect("a folder") {
        let path = file.expect("readable").path();
        let bytes = std::fs::read(&path).expect("readable");
        if let Some(at) = canaries.find(&bytes) {
            panic!("{} names a student, or holds a key, at {at}", path.display());
        }
    }
}
