//! The proof that travels with an answer.

use super::proof::inclusion_proof;
use super::{
    CheckpointError, Entry, Hash, Nodes, NotAnEntry, NotProven, SignedCheckpoint, Unprovable, VerifierKey,
    leaf_hash, verify_inclusion,
};
use std::fmt;

/// The log holds an entry: the message `exchange.v1.Receipt`.
///
/// [`Receipt::new`] makes one only from a signed tree that holds the entry. One that was decoded from bytes
/// means nothing before [`Receipt::verify`].
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
#[prost(skip_debug)]
pub struct Receipt {
    #[prost(uint64, tag = "1")]
    index: u64,
    #[prost(bytes = "vec", tag = "2")]
    entry: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    proof: Vec<Vec<u8>>,
    #[prost(string, tag = "4")]
    checkpoint: String,
}

/// Why there is no receipt for an entry. The answer that waits for it must not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReceipt<E> {
    /// The store failed, or the checkpoint is older than the entry.
    #[error("the proof can not be built")]
    Unprovable(#[from] Unprovable<E>),
    /// The stored nodes do not lead from the entry to the signed root: the log is damaged.
    #[error("the log does not verify")]
    Damaged(#[source] NotProven),
}

/// What a verified receipt shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The entry.
    pub entry: Entry,
    /// Its position in the log, from 0.
    pub index: u64,
    /// The checkpoint that covers it. Compare its head with the last one seen:
    /// [`Head::check_consistent`](super::Head::check_consistent).
    pub checkpoint: SignedCheckpoint,
}

/// Why a receipt proves nothing. The answer that came with it must be thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The entry is not one.
    #[error("the entry of the receipt can not be read")]
    Entry(#[from] NotAnEntry),
    /// The checkpoint is not one, or not signed by the pinned key.
    #[error(
        "the checkpoint of the receipt is not signed by the log's key as it is kept here: the log may have another by now, so ask the steward"
    )]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is of another log with the same key.
    #[error("the checkpoint of the receipt is of another log")]
    Origin,
    /// The proof does not lead from the entry to the checkpoint.
    #[error("the entry is not shown to be in the log")]
    Proof(#[from] NotProven),
    /// The entry is of another request.
    #[error("the entry is not of this request")]
    Request,
    /// The entry is of another answer.
    #[error("the entry is not of this answer")]
    Response,
}

impl Receipt {
    /// The receipt of the entry at `index`, proven to `checkpoint`.
    ///
    /// # Errors
    ///
    /// [`NoReceipt`] when the proof can not be built or does not hold.
    pub fn new<N: Nodes>(
        nodes: &N,
        index: u64,
        entry: &Entry,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Self, NoReceipt<N::Error>> {
        let head = checkpoint.checkpoint().head();
        let entry = entry.to_bytes();
        let proof = inclusion_proof(nodes, index, head.size)?;
        verify_inclusion(&leaf_hash(&entry), index, &head, &proof).map_err(NoReceipt::Damaged)?;
        let proof = proof.iter().map(|hash| hash.as_bytes().to_vec()).collect();
        Ok(Self { index, entry, proof, checkpoint: checkpoint.note().to_owned() })
    }

    /// A receipt as somebody has saved it, which is to be verified.
    pub(super) fn of_parts(index: u64, entry: Vec<u8>, proof: Vec<Vec<u8>>, checkpoint: String) -> Self {
        Self { index, entry, proof, checkpoint }
    }

    /// Position of the entry in the log, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The entry's bytes, as they are hashed.
    #[must_use]
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }

    /// The inclusion proof, leaf to root.
    #[must_use]
    pub fn proof(&self) -> &[Vec<u8>] {
        &self.proof
    }

    /// The signed checkpoint the proof leads to.
    #[must_use]
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    /// Checks everything a receipt claims, with the pinned key of the log, whose name is the log's origin.
    ///
    /// The digests are of what this side sent and received ([`Hash::of`] of the bytes); one that is given
    /// must be the entry's, one that is not is not compared.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`] names the check that failed.
    pub fn verify(
        &self,
        log: &VerifierKey,
        request_digest: Option<&Hash>,
        response_digest: Option<&Hash>,
    ) -> Result<Proven, ReceiptError> {
        let entry = Entry::parse(&self.entry)?;
        let checkpoint = SignedCheckpoint::open(self.checkpoint.as_bytes(), log)?;
        if checkpoint.checkpoint().origin() != log.name() {
            return Err(ReceiptError::Origin);
        }
        let proof =
            self.proof.iter().map(|hash| Hash::try_from(hash.as_slice())).collect::<Result<Vec<_>, _>>();
        let proof = proof.map_err(|_| NotProven::Length)?;
        verify_inclusion(&leaf_hash(&self.entry), self.index, &checkpoint.checkpoint().head(), &proof)?;
        if request_digest.is_some_and(|digest| entry.request_digest.as_ref() != Some(digest)) {
            return Err(ReceiptError::Request);
        }
        if response_digest.is_some_and(|digest| entry.response_digest.as_ref() != Some(digest)) {
            return Err(ReceiptError::Response);
        }
        Ok(Proven { entry, index: self.index, checkpoint })
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receipt({})", self.index)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::audit::testing::{Memory, cosigner, log_key};
    use crate::audit::{Checkpoint, Decision, Head, NoteError};
    use crate::calendar::Timestamp;
    use crate::records::Code;
    use prost::Message as _;

    fn entry(n: u64) -> Entry {
        let code = |text: &str| Code::new(text).expect("a valid code");
        let time = Timestamp::from_millis(1_800_000_000_000);
        let id = code(&format!("r-{n}"));
        Entry {
            request_digest: Some(Hash::of(b"request")),
            response_digest: Some(Hash::of(b"response")),
            ..Entry::new(time, id, code("Query"), Decision::Allowed, code("in-force"))
        }
    }

    fn log(size: u64) -> (Memory, SignedCheckpoint) {
        let mut memory = Memory::default();
        (0..size).for_each(|n| memory.append(&entry(n).to_bytes()));
        let head = memory.frontier.head();
        (memory, signed(head))
    }

    fn signed(head: Head) -> SignedCheckpoint {
        Checkpoint::new(log_key().verifier().name(), head).expect("a valid origin").sign(&log_key())
    }

    /// A log of so many entries, with the receipt of each.
    pub(in crate::audit) fn saved_log(size: u64) -> (Vec<Receipt>, SignedCheckpoint) {
        let (memory, checkpoint) = log(size);
        let receipt =
            |index| Receipt::new(&memory, index, &entry(index), &checkpoint).expect("the log holds it");
        ((0..size).map(receipt).collect(), checkpoint)
    }

    fn verify(receipt: &Receipt) -> Result<Proven, ReceiptError> {
        receipt.verify(log_key().verifier(), Some(&Hash::of(b"request")), Some(&Hash::of(b"response")))
    }

    #[test]
    fn a_receipt_survives_the_wire_and_proves_its_entry() {
        let (memory, checkpoint) = log(11);
        for index in 0..11 {
            let receipt = Receipt::new(&memory, index, &entry(index), &checkpoint).expect("the log holds it");
            let receipt = Receipt::decode(&receipt.encode_to_vec()[..]).expect("it was just encoded");
            let proven = verify(&receipt).expect("the log holds it");
            assert_eq!((proven.entry, proven.index), (entry(index), index));
            assert_eq!(proven.checkpoint, checkpoint);
            assert_eq!(receipt.entry(), entry(index).to_bytes());
            assert_eq!(receipt.checkpoint(), checkpoint.note());
        }
    }

    #[test]
    fn no_receipt_is_made_for_what_the_log_does_not_hold() {
        let (mut memory, checkpoint) = log(11);
        let make = |memory: &Memory, index, n| Receipt::new(memory, index, &entry(n), &checkpoint).err();
        assert_eq!(make(&memory, 11, 11), Some(NoReceipt::Unprovable(Unprovable::OutOfRange)));
        assert_eq!(make(&memory, 3, 4), Some(NoReceipt::Damaged(NotProven::Root)));
        memory.nodes.insert((1, 1), Hash::of(b"damaged"));
        assert_eq!(make(&memory, 0, 0), Some(NoReceipt::Damaged(NotProven::Root)));
        memory.nodes.remove(&(1, 1));
        assert!(matches!(make(&memory, 0, 0), Some(NoReceipt::Unprovable(Unprovable::Nodes(_)))));
    }

    #[test]
    fn each_check_says_what_failed() {
        let (memory, checkpoint) = log(11);
        let receipt = Receipt::new(&memory, 3, &entry(3), &checkpoint).expect("the log holds it");
        let check = |receipt: Receipt, expected| assert_eq!(verify(&receipt), Err(expected));
        check(Receipt::default(), ReceiptError::Entry(NotAnEntry::Malformed));
        check(
            Receipt { entry: entry(4).to_bytes(), ..receipt.clone() },
            ReceiptError::Proof(NotProven::Root),
        );
        check(Receipt { index: 4, ..receipt.clone() }, ReceiptError::Proof(NotProven::Root));
        check(Receipt { index: 11, ..receipt.clone() }, ReceiptError::Proof(NotProven::OutOfRange));
        check(Receipt { proof: vec![], ..receipt.clone() }, ReceiptError::Proof(NotProven::Length));
        check(
            Receipt { proof: vec![vec![0; 31]; 4], ..receipt.clone() },
            ReceiptError::Proof(NotProven::Length),
        );
        let other = signed(log(12).0.frontier.head());
        check(
            Receipt { checkpoint: other.note().to_owned(), ..receipt.clone() },
            ReceiptError::Proof(NotProven::Root),
        );
        let other = Checkpoint::new("other", checkpoint.checkpoint().head()).expect("a valid origin");
        let other = other.sign(&log_key());
        check(Receipt { checkpoint: other.note().to_owned(), ..receipt.clone() }, ReceiptError::Origin);
        let unsigned = ReceiptError::Checkpoint(CheckpointError::Note(NoteError::Unsigned));
        assert_eq!(receipt.verify(cosigner(1).verifier(), None, None), Err(unsigned));
        let (asked, told) = (Hash::of(b"request"), Hash::of(b"response"));
        let key = log_key().verifier().clone();
        assert_eq!(receipt.verify(&key, Some(&told), Some(&told)), Err(ReceiptError::Request));
        assert_eq!(receipt.verify(&key, Some(&asked), Some(&asked)), Err(ReceiptError::Response));
        assert!(receipt.verify(&key, None, None).is_ok());
    }

    #[test]
    fn any_flipped_bit_of_a_receipt_is_found() {
        let (memory, checkpoint) = log(11);
        let receipt = Receipt::new(&memory, 3, &entry(3), &checkpoint).expect("the log holds it");
        let bytes = receipt.encode_to_vec();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok(changed) = Receipt::decode(&changed[..]) else { continue };
            assert!(verify(&changed).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_receipt_is_not_printed() {
        let (memory, checkpoint) = log(2);
        let receipt = Receipt::new(&memory, 1, &entry(1), &checkpoint).expect("the log holds it");
        assert_eq!(format!("{receipt:?}"), "Receipt(1)");
    }
}
