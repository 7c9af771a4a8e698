//! Identifiers in, pseudonyms and encodings out; nothing else ever sees a name.
