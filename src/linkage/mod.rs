//! Which records are one person, from encodings alone.
mod blocking;
mod cluster;
mod comparison;
mod exclusive;
mod features;
mod frequency;
mod keys;
mod learn;
mod model;
mod parallel;
mod prior;
mod resolve;
pub use comparison::LevelPattern;
pub use resolve::{Resolved, resolve};
