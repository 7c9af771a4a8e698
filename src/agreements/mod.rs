//! A query in, a permit with obligations or a refusal out.
