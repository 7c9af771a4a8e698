//! The program as people use it: real files go in through the command line, and what comes out of a
//! running service is compared with figures that were computed elsewhere.

mod doubles;
mod engine;
mod expected;
mod harness;
mod montucky;
mod nels;
mod oneroster;
mod oulad;
mod practice_codes;
mod practice_truth;
mod published;
mod quine;
mod sgp;
mod sheets;
mod star;
mod star_files;
mod star_poe;
mod texas;
