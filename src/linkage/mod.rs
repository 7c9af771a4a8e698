//! Which records are one person, from encodings alone.
