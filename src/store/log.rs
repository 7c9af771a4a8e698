//! The access log's tree in the database: appended within a transaction, signed once a commit.

use super::{Error, Snapshot, log_blocks, openings};
use crate::audit::{
    Checkpoint, Entry, Frontier, Hash, Head, Nodes, OrganizationTrees, Receipt, SignedCheckpoint, SignerKey,
    VerifierKey, consistency_proof, leaf_hash,
};
use crate::records::OrgId;
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// The log at the writer. A clone is what a rollback goes back to.
#[derive(Clone)]
pub(super) struct Log {
    frontier: Frontier,
    organizations: OrganizationTrees,
    signer: Arc<SignerKey>,
    /// Size the stored checkpoint covers.
    signed: u64,
    checkpoint: Option<Arc<SignedCheckpoint>>,
}

impl Log {
    /// Reads the log whole: every entry must lead to the root of the last signed checkpoint.
    pub(super) fn open(connection: &Connection, signer: SignerKey) -> Result<Self, Error> {
        let Read { frontier, organizations, checkpoint } = read(connection, signer.verifier())?;
        let signed = frontier.size();
        log_blocks::complete_all(connection, signed)?;
        Ok(Self {
            signed,
            frontier,
            organizations,
            signer: Arc::new(signer),
            checkpoint: checkpoint.map(Arc::new),
        })
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
        }
        log_blocks::complete(connection, position)?;
        Ok(position)
    }

    /// A text signed with the log's key. It must not be one that could be taken for a checkpoint.
    pub(super) fn sign_note(&self, text: &str) -> String {
        format!("{text}\n{}", self.signer.sign(text))
    }

    /// Signs the tree as it is, when it has grown since it was last signed.
    pub(super) fn sign(&mut self, connection: &Connection) -> Result<(), Error> {
        if self.frontier.size() == self.signed {
            return Ok(());
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
        self.checkpoint = Some(Arc::new(checkpoint));
        Ok(())
    }

    /// Receipts of entries that the newest checkpoint covers.
    pub(super) fn receipts(&self, connection: &Connection, positions: &[u64]) -> Result<Vec<Receipt>, Error> {
        let Some(checkpoint) = &self.checkpoint else { return Ok(Vec::new()) };
        let mut find = connection.prepare_cached("SELECT entry FROM log_entry WHERE position = ?1")?;
        let mut receipt = |&position: &u64| {
            let bytes: Vec<u8> = find.query_row([position.cast_signed()], |row| row.get(0))?;
            let entry = Entry::parse(&bytes).map_err(|_| Error::Damaged("a log entry"))?;
            let receipt = Receipt::new(&StoredNodes(connection), position, &entry, checkpoint);
            receipt.map_err(|_| Error::Damaged("the access log does not verify"))
        };
        positions.iter().map(&mut receipt).collect()
    }
}

/// A log that verifies.
pub(super) struct Read {
    pub(super) frontier: Frontier,
    organizations: OrganizationTrees,
    checkpoint: Option<SignedCheckpoint>,
}

/// Reads every entry and every node, and compares them with the last checkpoint that `key` has signed.
pub(super) fn read(connection: &Connection, key: &VerifierKey) -> Result<Read, Error> {
    let damaged = || Error::Damaged("the access log does not verify");
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
        let proof = consistency_proof(&StoredNodes(self.connection()), old, new);
        proof.map_err(|_| Error::Damaged("the access log does not verify"))
    }
}
