//! The access log's tree in the database: appended within a transaction, signed once a commit.

use super::log_blocks::{self, Block};
use super::{Error, Snapshot, openings};
use crate::audit::{
    Checkpoint, Entry, Frontier, Hash, Head, Node, Nodes, OrganizationTrees, Receipt, SignedCheckpoint,
    SignerKey, VerifierKey, consistency_proof, leaf_hash,
};
use crate::records::OrgId;
use rusqlite::{Connection, OptionalExtension, params};

/// The log at the writer.
pub(super) struct Log {
    frontier: Frontier,
    organizations: OrganizationTrees,
    signer: SignerKey,
    /// Size the stored checkpoint covers.
    signed: u64,
    checkpoint: Option<SignedCheckpoint>,
    fresh: Fresh,
    block: Block,
}

/// What was appended since a group of steps began: entries, and all nodes of the tree that their proofs need. Each proof was
/// some twenty reads of the table.
#[derive(Default)]
struct Fresh {
    /// The position of the first.
    from: u64,
    entries: Vec<Entry>,
    /// The peaks of the tree before it, then what each entry completed.
    nodes: Vec<Node>,
}

/// The log at a moment that a rollback goes back to.
pub(super) struct Mark {
    frontier: Frontier,
    organizations: OrganizationTrees,
    n_entries: usize,
    n_nodes: usize,
}

impl Log {
    /// Reads the log whole: every entry must lead to the root of the last signed checkpoint.
    pub(super) fn open(connection: &Connection, signer: SignerKey) -> Result<Self, Error> {
        let Read { frontier, organizations, checkpoint } = read(connection, signer.verifier())?;
        let signed = frontier.size();
        let block = log_blocks::complete_all(connection, signed)?;
        Ok(Self { signed, frontier, organizations, signer, checkpoint, fresh: Fresh::default(), block })
    }

    /// A group of steps begins.
    pub(super) fn begin(&mut self) {
        self.fresh.from = self.frontier.size();
        self.fresh.entries.clear();
        self.fresh.nodes.clear();
        self.fresh.nodes.extend(self.frontier.peaks());
    }

    /// What to go back to should a step fail.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            frontier: self.frontier.clone(),
            organizations: self.organizations.clone(),
            n_entries: self.fresh.entries.len(),
            n_nodes: self.fresh.nodes.len(),
        }
    }

    /// Forgets what was appended since.
    pub(super) fn back_to(&mut self, mark: Mark) {
        (self.frontier, self.organizations) = (mark.frontier, mark.organizations);
        self.fresh.entries.truncate(mark.n_entries);
        self.fresh.nodes.truncate(mark.n_nodes);
    }

    /// Position of the entry that is appended next.
    pub(super) fn next_position(&self) -> u64 {
        self.frontier.size()
    }

    /// Appends an entry, also to the tree of its organization, and returns its position. It tells how the tree of `listed` is.
    pub(super) fn append(
        &mut self,
        connection: &Connection,
        entry: &Entry,
        listed: Option<&OrgId>,
    ) -> Result<u64, Error> {
        let position = self.frontier.size();
        let entry = openings::commit(connection, position, self.organizations.place(entry, listed))?;
        let bytes = entry.to_bytes();
        let leaf = leaf_hash(&bytes);
        connection
            .prepare_cached("INSERT INTO log_entry (position, entry) VALUES (?1, ?2)")?
            .execute(params![position.cast_signed(), bytes])?;
        let mut insert =
            connection.prepare_cached("INSERT INTO log_node (level, position, hash) VALUES (?1, ?2, ?3)")?;
        if let Some(organization) = &entry.organization {
            self.organizations.append(organization, leaf);
        }
        for node in self.frontier.append(leaf) {
            insert.execute(params![node.level, node.index.cast_signed(), node.hash.as_bytes()])?;
            self.fresh.nodes.push(node);
        }
        self.fresh.entries.push(entry);
        Ok(position)
    }

    /// A text signed with the log's key. It must not be one that could be taken for a checkpoint.
    pub(super) fn sign_note(&self, text: &str) -> String {
        format!("{text}\n{}", self.signer.sign(text))
    }

    /// Signs the tree as it is, when it has grown since it was last signed, and files what it has grown by: the group is
    /// complete.
    pub(super) fn sign(&mut self, connection: &Connection) -> Result<(), Error> {
        if self.frontier.size() == self.signed {
            return Ok(());
        }
        for entry in &self.fresh.entries {
            self.block.add(connection, entry)?;
        }
        let checkpoint = Checkpoint::new(self.signer.verifier().name(), self.frontier.head());
        let checkpoint = checkpoint.map_err(|_| Error::Damaged("the origin"))?.sign(&self.signer);
        connection
            .prepare_cached(
                "INSERT INTO log_checkpoint (one, size, note) VALUES (1, ?1, ?2)
                 ON CONFLICT (one) DO UPDATE SET size = ?1, note = ?2",
            )?
            .execute(params![self.frontier.size().cast_signed(), checkpoint.note()])?;
        self.signed = self.frontier.size();
        self.checkpoint = Some(checkpoint);
        Ok(())
    }

    /// The receipt of an entry that the newest checkpoint covers.
    pub(super) fn receipt(
        &self,
        connection: &Connection,
        position: Option<u64>,
    ) -> Result<Option<Receipt>, Error> {
        let (Some(position), Some(checkpoint)) = (position, &self.checkpoint) else { return Ok(None) };
        let fresh = position.checked_sub(self.fresh.from);
        if let Some(entry) = fresh.and_then(|at| self.fresh.entries.get(at as usize)) {
            return Ok(Some(Receipt::new(&self.fresh, position, entry, checkpoint).map_err(|_| damaged())?));
        }
        let mut find = connection.prepare_cached("SELECT entry FROM log_entry WHERE position = ?1")?;
        let bytes: Vec<u8> = find.query_row([position.cast_signed()], |row| row.get(0))?;
        let entry = Entry::parse(&bytes).map_err(|_| Error::Damaged("a log entry"))?;
        let receipt = Receipt::new(&StoredNodes(connection), position, &entry, checkpoint);
        Ok(Some(receipt.map_err(|_| damaged())?))
    }
}

impl Nodes for Fresh {
    type Error = Error;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Error> {
        // The newest are asked for most, and they are a few hundred at most.
        let found = self.nodes.iter().rev().find(|node| (node.level, node.index) == (level, index));
        found.map(|node| node.hash).ok_or_else(damaged)
    }
}

fn damaged() -> Error {
    Error::Damaged("the access log does not verify")
}

/// A log that verifies.
pub(super) struct Read {
    pub(super) frontier: Frontier,
    organizations: OrganizationTrees,
    checkpoint: Option<SignedCheckpoint>,
}

/// Reads every entry and every node, and compares them with the last checkpoint that `key` has signed.
pub(super) fn read(connection: &Connection, key: &VerifierKey) -> Result<Read, Error> {
    let (mut frontier, mut organizations) = (Frontier::new(), OrganizationTrees::default());
    let mut statement = connection.prepare("SELECT position, entry FROM log_entry ORDER BY position")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let entry = row.get_ref(1)?.as_blob().map_err(|_| damaged())?;
        if row.get::<_, i64>(0)?.cast_unsigned() != frontier.size() {
            return Err(damaged());
        }
        let leaf = leaf_hash(entry);
        organizations.append_stored(entry, leaf);
        for node in frontier.append(leaf) {
            if StoredNodes(connection).node(node.level, node.index)? != node.hash {
                return Err(damaged());
            }
        }
    }
    let note: Option<String> =
        connection.query_row("SELECT note FROM log_checkpoint", [], |row| row.get(0)).optional()?;
    let checkpoint = note.map(|note| SignedCheckpoint::open(note.as_bytes(), key)).transpose();
    let checkpoint = checkpoint.map_err(|_| damaged())?;
    let head = checkpoint.as_ref().map_or_else(Head::empty, |signed| signed.checkpoint().head());
    if head == frontier.head() { Ok(Read { frontier, organizations, checkpoint }) } else { Err(damaged()) }
}

/// The complete subtrees as they are stored.
pub(super) struct StoredNodes<'a>(pub(super) &'a Connection);

impl Nodes for StoredNodes<'_> {
    type Error = Error;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Error> {
        let mut find =
            self.0.prepare_cached("SELECT hash FROM log_node WHERE level = ?1 AND position = ?2")?;
        let hash: Option<[u8; 32]> =
            find.query_row(params![level, index.cast_signed()], |row| row.get(0)).optional()?;
        hash.map(Hash::new).ok_or(Error::Damaged("a node of the access log is missing"))
    }
}

impl Snapshot<'_> {
    /// Reads the log whole, as at every start, and gives back its head.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] when it does not lead to the last signed checkpoint; [`Error::Database`].
    pub fn verify_log(&self, key: &VerifierKey) -> Result<Head, Error> {
        Ok(read(self.connection(), key)?.frontier.head())
    }

    /// Entries in the log.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn log_size(&self) -> Result<u64, Error> {
        let mut statement = self.prepare("SELECT coalesce(max(position) + 1, 0) FROM log_entry")?;
        Ok(statement.query_row([], |row| row.get::<_, i64>(0))?.cast_unsigned())
    }

    /// The newest signed checkpoint; nothing before the first entry.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn checkpoint(&self) -> Result<Option<String>, Error> {
        let mut statement = self.prepare("SELECT note FROM log_checkpoint")?;
        Ok(statement.query_row([], |row| row.get(0)).optional()?)
    }

    /// Proof that the log of size `old` is a prefix of the log of size `new`.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] when the sizes are not in order or a node is missing.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, Error> {
        consistency_proof(&StoredNodes(self.connection()), old, new).map_err(|_| damaged())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Decision;
    use crate::audit::testing::pkcs8;
    use crate::calendar::Timestamp;
    use crate::records::Code;
    use crate::store::{Committed, Tx, testing};

    fn entry(n: u64) -> Entry {
        let code = |text: &str| Code::new(text).expect("a code");
        let (time, id) = (Timestamp::from_millis(1_800_000_000_000), code(&format!("r-{n}")));
        let organization = OrgId::new(&format!("org-{}", n % 3)).ok();
        Entry { organization, ..Entry::new(time, id, code("Query"), Decision::Allowed, code("in-force")) }
    }

    #[tokio::test]
    async fn a_receipt_proves_its_entry_whatever_else_of_its_group_was_undone() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = testing::open(folder.path());
        let signer = SignerKey::from_pkcs8("test/log", &pkcs8([7; 32])).expect("a key");
        let is_undone = |n: u64| n % 3 == 1;
        let mut waiting = Vec::new();
        for n in 0..300 {
            let steps = move |tx: &mut Tx<'_>| {
                tx.log_unproven(&entry(1_000 + n))?;
                tx.log(&entry(n))?;
                if is_undone(n) { Err(Error::Damaged("on purpose")) } else { Ok(()) }
            };
            waiting.push(store.submit("test", steps).await.expect("the store runs"));
        }
        let mut n_proven = 0;
        for (n, pending) in (0..).zip(waiting) {
            let committed = pending.committed().await;
            assert_eq!(committed.is_err(), is_undone(n));
            let Ok(Committed { receipt, .. }) = committed else { continue };
            let proven = receipt.expect("a proof").verify(signer.verifier(), None, None).expect("it holds");
            assert_eq!(proven.entry.request_id, entry(n).request_id);
            assert_eq!(proven.index, 2 * n_proven + 1, "those that were undone have no place");
            n_proven += 1;
        }
        // What is in the table is the same log.
        let head = store.read_blocking(|snapshot| snapshot.verify_log(signer.verifier()));
        assert_eq!(head.map_err(|error: Error| error).expect("it verifies").size, 2 * n_proven);
        let old = store.transaction("old", |tx| tx.receipt_of(5)).await;
        let old: Committed<_> = old.map_err(|error: Error| error).expect("it is there");
        let proven = old.value.expect("a proof").verify(signer.verifier(), None, None).expect("it holds");
        assert_eq!((proven.index, proven.entry.request_id), (5, entry(3).request_id));
    }
}
