//! The program as people use it: real files go in through the command line, and what comes out of a
//! running service is compared with figures that were computed elsewhere.

mod expected;
mod harness;
mod oneroster;
mod practice_codes;
mod practice_truth;
mod report;
mod star;
mod star_files;
mod star_poe;
