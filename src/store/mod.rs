//! One SQLite file, one writer, group commit.
