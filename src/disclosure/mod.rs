//! True counts in, a sealed lattice out.
