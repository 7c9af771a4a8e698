//! An entry in, a receipt out: the access log as an RFC 6962 tree.
//!
//! Every call leaves an [`Entry`]; its bytes are a leaf of a Merkle tree whose head is signed as a C2SP
//! checkpoint, so anyone with the log's key can check any entry ([`Receipt`]), any growth
//! ([`verify_consistency`]) and the whole log ([`tile::verify`]) with public formats and without this
//! program. The tree is RFC 6962's and nothing of our own.
//!
//! What is left to others: storing nodes ([`Nodes`] is what is asked of the store), the clock, files, and
//! the decision that an answer waits for its entry. There is no index, no search and no personal data
//! here: an entry holds codes, counts and digests.
//!
//! A receipt is made from a signed tree that holds its entry, and in no other way:
//!
//! ```
//! use throughline::audit::Receipt;
//! let empty = Receipt::default();
//! assert_eq!(empty.index(), 0);
//! ```
//!
//! ```compile_fail,E0451
//! use throughline::audit::Receipt;
//! let forged = Receipt { index: 7, ..Receipt::default() };
//! assert_eq!(forged.index(), 7);
//! ```

mod call;
mod certificate;
mod hash;
mod tree;
mod proof;
mod key;
mod note;
mod key_change;
mod organizations;
mod checkpoint;
mod cosigner;
mod entry;
mod exceptions;
mod receipt;
mod saved;
pub mod tile;
pub mod witness;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use call::{Call, Counts, DEADLINE};
pub use certificate::{Certificate, NotACertificate, Statement};
pub use checkpoint::{Checkpoint, CheckpointError, Cosignature, SignedCheckpoint};
pub use cosigner::Cosigner;
pub use entry::{Decision, Entry, Filter, NotAQuery, NotAnEntry, NotItsOpening, Opening, QueryText, Version};
pub use exceptions::{Exception, Exceptions, Kind as ExceptionKind, Review, WorkingHours};
pub use hash::{Hash, NotAHash};
pub use key::{Algorithm, KeyError, SignerKey, VerifierKey};
pub use key_change::{NotAKeyChange, open_key_change};
pub use note::{Note, NoteError, Signed};
pub use organizations::{NotOfTree, OrganizationTrees};
pub use proof::{
    Nodes, NotProven, Unprovable, consistency_proof, inclusion_proof, root_at, verify_consistency,
    verify_inclusion,
};
pub use receipt::{NoReceipt, Proven, Receipt, ReceiptError};
pub use saved::NotSaved;
pub use tree::{Frontier, Head, Node, Split, leaf_hash, node_hash};
