//! The client side: channel, push, receipt check.

pub mod pem;
pub mod channel;
