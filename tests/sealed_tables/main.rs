//! Protecting tables as statisticians have them, refereed on tables and patterns that others published, on
//! invented ones, and on random ones.

mod harness;
mod known;
mod proof;
mod protected;
mod published;
mod random;
