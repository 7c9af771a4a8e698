//! The way across.
