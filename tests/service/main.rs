//! The whole service, from outside: the real program, mutual TLS on loopback, an invented city.
//!
//! One file a promise. Nothing here sleeps: a test waits for a line, a reply or the end of a process.

mod at_rest;
mod city;
mod encoded;
mod papers;
#[path = "../../benches/running/press.rs"]
mod press;
mod records;
mod rpcs;
mod syscalls;
mod vocabulary;
mod witnesses;

mod again;
mod bench;
mod canary;
mod changing;
mod check;
mod dry_run;
mod coded;
mod config;
mod destruction;
mod destruction_dates;
mod destruction_faults;
mod editions;
mod erasure;
mod evidence;
mod faults;
mod identity;
mod intake;
mod kill;
mod linkage;
mod log_key;
mod log;
mod mapping;
mod metrics;
mod model;
mod modes;
mod organizations;
mod people;
mod power;
mod pressure;
mod proof;
mod release;
mod rotation;
mod sources;
mod student;
mod student_cli;
mod terms;
mod whole;
