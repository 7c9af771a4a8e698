//! The client side: a session with a service, pushing, and the check of every receipt.
//!
//! An answer without a valid proof that it is in the log is no answer: the session refuses it.

pub mod pem;
pub mod channel;
mod complete;
mod memory;
mod nonce;
mod session;
mod student;
mod witnessing;
mod whole;
mod push;
mod opening;

pub use complete::{Complete, Incomplete};
pub use memory::{Memory, MemoryError};
pub use nonce::nonce;
pub use opening::{Foreseen, Opening, open};
pub use push::{Delivery, Progress, Pushed, RowRef};
pub use session::{Error, Session};
pub use student::StudentDisclosures;
pub use whole::WholeFiles;
pub use witnessing::{Continued, Witnessed};
