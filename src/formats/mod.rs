//! What sources export, read into submissions.
