//! Editions over time: partners who keep all answers of all editions and put them together.

mod city;
mod harness;
mod intruder;
mod scenes;
