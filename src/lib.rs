//! Throughline: a table server for cradle-to-career collaborations.
//!
//! Districts and agencies push record-level data about children and the services they take part
//! in; partners get back only aggregates in which small cells are hidden. The modules stand in the
//! order the data meets them, and a module imports only from modules above it (`tests/layout.rs`).

mod chunked;
pub mod parallel;
pub mod calendar;
pub mod records;
pub mod identity;
pub mod linkage;
pub mod outcomes;
pub mod disclosure;
pub mod agreements;
pub mod audit;
pub mod store;
pub mod ingest;
pub mod publish;
pub mod verify;
pub mod links;
pub mod rotation;
pub mod destruction;
pub mod release;
pub mod student;
pub mod figures;
pub mod api;
pub mod formats;
pub mod practice;
pub mod client;
pub mod server;
pub mod cli;
