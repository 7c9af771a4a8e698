//! What is wrong with a mapping, said all at once.

use std::fmt;

/// One mistake. It names keys, columns and files, and never what stands in a file's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The mapping file as it was named, or the name of a shipped mapping.
    pub mapping: String,
    /// Line of the mapping file, the first being 1, where there is one to point at.
    pub line: Option<u64>,
    /// What is wrong, in words.
    pub reason: String,
}

/// Every mistake that was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(mistakes) = self;
        let n = mistakes.len();
        write!(f, "{n} {} in mappings, so nothing was read", if n == 1 { "mistake" } else { "mistakes" })?;
        for Mistake { mapping, line, reason } in mistakes {
            match line {
                Some(line) => write!(f, "\n  {mapping}, line {line}: {reason}")?,
                None => write!(f, "\n  {mapping}: {reason}")?,
            }
        }
        Ok(())
    }
}
