//! The generated messages, and their conversions to and from the domain.
//!
//! Parsing happens here and nowhere after: a record either becomes a whole domain value or a list of
//! everything that is wrong with it. A violation names a field and a reason and never the value.

mod check;
mod fact;
mod filter;
mod kind;
mod logged;
mod query;
mod record;
mod send;

/// Messages and services of `proto/exchange/v1`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]
pub mod v1 {
    tonic::include_proto!("exchange.v1");
}

/// Metadata key under which a receipt travels when the answer has no field for it.
pub const RECEIPT: &str = "throughline-receipt-bin";

pub use filter::filter;
pub use kind::{kind_of, kind_to};
pub use logged::{Logged, NotLogged, opening_to};
pub use query::question;
pub use record::{MAX_ID, incoming};
pub use send::{clear, encoded};
