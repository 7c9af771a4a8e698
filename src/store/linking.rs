//! The linker at the writer. Of a state it takes seconds to read all encodings, so at a start they are read beside the first
//! answers, and who needs the linker waits for them.

use super::{Error, ServiceKey, schema, subjects};
use crate::linkage::Linker;
use rusqlite::{Connection, InterruptHandle};
use std::cell::{Cell, OnceCell};
use std::path::PathBuf;
use std::thread::JoinHandle;

/// The linker, or the thread that reads it.
pub(super) struct Linking {
    linker: OnceCell<Linker>,
    reading: Cell<Option<Reading>>,
}

struct Reading {
    thread: JoinHandle<Result<Linker, Error>>,
    interrupt: InterruptHandle,
}

impl Linking {
    /// Begins to read what is stored. Nothing of it is changed before it is read: who changes it needs the linker.
    pub(super) fn begin(connection: &Connection, key: &ServiceKey) -> Result<Self, Error> {
        let path = connection.path().map(PathBuf::from).ok_or(Error::Stopped)?;
        let (reader, key) = (schema::reader(&path)?, key.clone());
        let interrupt = reader.get_interrupt_handle();
        let read = move || {
            let read = subjects::load_linker(&reader, &key);
            if let Err(error) = &read {
                tracing::error!(%error, "what links students can not be read: nothing about students is taken in");
            }
            read
        };
        let thread = std::thread::Builder::new().name("store-linker".into()).spawn(read);
        let thread = thread.map_err(|_| Error::Stopped)?;
        let reading = Cell::new(Some(Reading { thread, interrupt }));
        Ok(Self { linker: OnceCell::new(), reading })
    }

    /// The linker, once it is read.
    pub(super) fn get(&self) -> Result<&Linker, Error> {
        if let Some(linker) = self.linker.get() {
            return Ok(linker);
        }
        // Where reading has failed, everybody hears that it did.
        let reading = self.reading.take().ok_or(Error::Damaged("an encoding"))?;
        let linker = reading.thread.join().map_err(|_| Error::Panicked)??;
        Ok(self.linker.get_or_init(|| linker))
    }

    /// The same, for a change.
    pub(super) fn get_mut(&mut self) -> Result<&mut Linker, Error> {
        self.get()?;
        self.linker.get_mut().ok_or(Error::Panicked)
    }

    /// Puts another in its place.
    pub(super) fn set(&mut self, linker: Linker) {
        self.linker = OnceCell::from(linker);
    }
}

impl Drop for Linking {
    /// Who hears that the store has stopped may open the file: nobody reads it any more by then.
    fn drop(&mut self) {
        if let Some(Reading { thread, interrupt }) = self.reading.take() {
            interrupt.interrupt();
            // It has nothing to say that somebody waits for.
            drop(thread.join());
        }
    }
}
