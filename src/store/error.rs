//! What can go wrong with the store.

use std::path::PathBuf;

/// What can go wrong with the store itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no database at the path, or it is another program's.
    #[error("no throughline database at {}", .0.display())]
    Absent(PathBuf),
    /// A database is there already.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// A copy can not be given its name.
    #[error("cannot write {}", .0.display())]
    Unwritable(PathBuf),
    /// A newer version of the program wrote the file.
    #[error("the database has schema {found}, this program knows {known}: use a newer program")]
    Newer {
        /// Schema of the file.
        found: u32,
        /// Newest schema known.
        known: u32,
    },
    /// The service key is not the one the file was made with.
    #[error("the service key is not the one this database was made with")]
    WrongKey,
    /// What is stored can not be read back.
    #[error("stored data are damaged: {0}")]
    Damaged(&'static str),
    /// The database refused a statement; nothing was changed by this call.
    #[error("the database failed")]
    Database(#[from] rusqlite::Error),
    /// A commit failed: whether it is durable is not known until the file is opened again.
    #[error("a commit failed, its outcome is unknown until the service restarts")]
    Uncertain,
    /// The writer has stopped, after a failed commit or at shutdown.
    #[error("the store has stopped")]
    Stopped,
    /// A step panicked; nothing was changed by this call.
    #[error("a step failed unexpectedly")]
    Panicked,
}

impl Error {
    /// Whether it says nothing of what is stored: the machine is short of something, or the store is closing.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OperationInterrupted, OutOfMemory,
        };
        match self {
            Self::Database(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    CannotOpen
                        | DatabaseBusy
                        | DatabaseLocked
                        | DiskFull
                        | OperationInterrupted
                        | OutOfMemory
                )
            ),
            Self::Stopped => true,
            Self::Absent(_)
            | Self::Exists(_)
            | Self::Unwritable(_)
            | Self::Newer { .. }
            | Self::WrongKey
            | Self::Damaged(_)
            | Self::Uncertain
            | Self::Panicked => false,
        }
    }
}
