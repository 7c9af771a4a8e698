//! The generated messages and their conversions.
