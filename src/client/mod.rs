//! The client side: a session with a service, pushing, and the check of every receipt.
//!
//! An answer without a valid proof that it is in the log is no answer: the session refuses it.

pub mod pem;
pub mod channel;
mod session;
mod push;

pub use push::{Delivery, Progress, Pushed, RowRef, push};
pub use session::{Error, Session};
