//! What the writer reads beside the first answers of a start: of a state it takes seconds.

use super::{Error, schema};
use rusqlite::{Connection, InterruptHandle};
use std::cell::{Cell, OnceCell};
use std::path::PathBuf;
use std::thread::JoinHandle;

/// What is read, or the thread that reads it.
pub(super) struct Beside<T> {
    value: OnceCell<T>,
    reading: Cell<Option<Reading<T>>>,
}

struct Reading<T> {
    thread: JoinHandle<Result<T, Error>>,
    interrupt: InterruptHandle,
}

impl<T: Send + 'static> Beside<T> {
    /// Begins to read what is stored, in a thread of that name.
    pub(super) fn begin(
        connection: &Connection,
        name: &str,
        read: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let path = connection.path().map(PathBuf::from).ok_or(Error::Stopped)?;
        let reader = schema::reader(&path)?;
        let interrupt = reader.get_interrupt_handle();
        let read = move || {
            let read = read(&reader);
            if let Err(error) = &read {
                let thread = std::thread::current();
                tracing::error!(%error, thread = thread.name(), "what is stored can not be read at the start");
            }
            read
        };
        let thread = std::thread::Builder::new().name(name.into()).spawn(read);
        let thread = thread.map_err(|_| Error::Stopped)?;
        Ok(Self { value: OnceCell::new(), reading: Cell::new(Some(Reading { thread, interrupt })) })
    }

    /// What is read, once it is.
    pub(super) fn get(&self) -> Result<&T, Error> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        // Where reading has failed, everybody hears that it did.
        let reading = self.reading.take().ok_or(Error::Damaged("what is read at a start"))?;
        let value = reading.thread.join().map_err(|_| Error::Panicked)??;
        Ok(self.value.get_or_init(|| value))
    }

    /// The same, for a change.
    pub(super) fn get_mut(&mut self) -> Result<&mut T, Error> {
        self.get()?;
        self.value.get_mut().ok_or(Error::Panicked)
    }
}

impl<T> Beside<T> {
    /// Puts another in its place.
    pub(super) fn set(&mut self, value: T) {
        self.value = OnceCell::from(value);
    }
}

impl<T> Drop for Beside<T> {
    /// Who hears that the store has stopped may open the file: nobody reads it any more by then.
    fn drop(&mut self) {
        if let Some(Reading { thread, interrupt }) = self.reading.take() {
            interrupt.interrupt();
            // It has nothing to say that somebody waits for.
            drop(thread.join());
        }
    }
}
