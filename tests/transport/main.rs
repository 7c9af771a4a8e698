//! Connections over real sockets on loopback.
//!
//! The certificates are made here and not by `certs`, so that wrong ones can be made too.

mod authority;
mod harness;
mod handshake;
mod lifetime;
mod files;
