//! Editions and figures: facts in, and the counts that a person with a pencil gets.

mod attendance;
mod city;
mod cohorts;
mod edition;
mod geography;
mod growth;
mod left_out;
mod programs;
mod scores;
mod school_year;
mod star;
