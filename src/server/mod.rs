//! The service.

pub mod peer;
pub mod limits;
pub mod refusal;
pub mod tls;
pub mod connection;
pub mod accept;
