//! Bytes of a file as they come, in one buffer that is wiped.

use std::io::{self, BufRead, Read};
use zeroize::Zeroizing;

/// Bytes of the largest record. One that is larger is no record of a student.
pub(super) const RECORD_MAX: usize = 1 << 20;

/// A buffered source that knows how much of it has been used since it was last told to begin anew.
pub(super) struct Source<'a> {
    inner: &'a mut dyn Read,
    buffer: Zeroizing<Vec<u8>>,
    at: usize,
    end: usize,
    used: usize,
    /// Bytes that may be used until it is told to begin anew.
    used_max: usize,
}

impl<'a> Source<'a> {
    pub(super) fn new(inner: &'a mut dyn Read, used_max: usize) -> Self {
        let buffer = Zeroizing::new(vec![0; 1 << 16]);
        Self { inner, buffer, at: 0, end: 0, used: 0, used_max }
    }

    /// A record ended here.
    pub(super) fn begin_anew(&mut self) {
        self.used = 0;
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used > self.used_max {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "a record is too large"));
        }
        if self.at == self.end {
            (self.at, self.end) = (0, self.inner.read(&mut self.buffer)?);
        }
        Ok(&self.buffer[self.at..self.end])
    }

    fn consume(&mut self, n: usize) {
        self.at += n;
        self.used += n;
    }
}
