//! A list that grows without being moved.

use std::ops::{Index, IndexMut};

/// Items in chunks of which each stays where it is. A plain list of half a gigabyte is copied when it is full, and for as
/// long there are two of it.
#[derive(Debug)]
pub(crate) struct Chunked<T> {
    chunks: Vec<Vec<T>>,
}

/// Items of a chunk.
const CHUNK: usize = 1_024;

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> Chunked<T> {
    /// Adds an item at the end; its position.
    pub(crate) fn push(&mut self, item: T) -> usize {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let n_before = (self.chunks.len() - 1) * CHUNK;
        let last = self.chunks.last_mut().expect("one was pushed");
        last.push(item);
        n_before + last.len() - 1
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    pub(crate) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }
}

impl<T> Index<usize> for Chunked<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.chunks[at / CHUNK][at % CHUNK]
    }
}

impl<T> IndexMut<usize> for Chunked<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.chunks[at / CHUNK][at % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stand_where_they_were_put() {
        let mut list = Chunked::default();
        let positions = (0..3 * CHUNK + 5).map(|item| list.push(item));
        assert!(positions.eq(0..3 * CHUNK + 5));
        assert!(list.iter().copied().eq(0..3 * CHUNK + 5));
        assert_eq!((list.len(), Chunked::<u8>::default().len()), (3 * CHUNK + 5, 0));
        list[CHUNK] = 7;
        assert_eq!((list[CHUNK - 1], list[CHUNK], list[CHUNK + 1]), (CHUNK - 1, 7, CHUNK + 1));
        assert_eq!((list.get(3 * CHUNK + 4), list.get(3 * CHUNK + 5)), (Some(&(3 * CHUNK + 4)), None));
    }
}
