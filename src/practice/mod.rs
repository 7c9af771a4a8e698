//! An invented city.
