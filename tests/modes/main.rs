//! Products that round or add noise instead of hiding, over editions, by what can be asked of their seals.

mod city;
mod noisy;
mod rounded;
