//! The folder that a verb works in where it sets up a service of its own.

use super::Failure;
use super::screen::note;
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// An empty folder. One of ours is removed when it is dropped, also where the work in it has failed.
pub(super) struct Folder {
    path: PathBuf,
    is_ours: bool,
}

impl Folder {
    /// The folder that was asked for, which is left there; without one, a new one among the temporary files.
    pub(super) fn new(asked: Option<&Path>, verb: &str) -> Result<Self, Failure> {
        let Some(path) = asked else { return Self::of_ours(verb) };
        if path.exists() && path.read_dir()?.next().is_some() {
            return Err(Failure::new(format!("{} is not empty", path.display())));
        }
        std::fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned(), is_ours: false })
    }

    fn of_ours(verb: &str) -> Result<Self, Failure> {
        let id = std::process::id();
        // In a container every run may have the same id: what one that was killed has left is not in the way.
        for n in 0..100 {
            let path = std::env::temp_dir().join(format!("throughline-{verb}-{id}-{n}"));
            // It will hold keys.
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path, is_ours: true }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(Failure::new(format!("cannot make the folder {}: {error}", path.display())));
                }
            }
        }
        Err(Failure::new("there is no name left for a temporary folder"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is removed at the end.
    pub(super) const fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// Leaves it there.
    pub(super) const fn keep(&mut self) {
        self.is_ours = false;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_ours
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            note(&format!("{} could not be removed: {error}", self.path.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_of_ours_is_removed_and_none_with_something_in_it_is_taken() {
        let ours = Folder::new(None, "test").ok().expect("there is room");
        let path = ours.path().to_owned();
        std::fs::write(path.join("file"), "").expect("written");
        drop(ours);
        assert!(!path.exists());

        let outer = tempfile::tempdir().expect("a folder");
        let theirs = outer.path().join("a/b");
        drop(Folder::new(Some(&theirs), "test").ok().expect("it is made"));
        assert!(theirs.is_dir());
        let Err(Failure(why)) = Folder::new(Some(outer.path()), "test") else { panic!("it is not empty") };
        assert!(why.ends_with("is not empty"), "{why}");
    }
}
