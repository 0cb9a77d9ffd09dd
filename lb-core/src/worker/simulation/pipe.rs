//! A pipe between two sockets, as far as splice(2) shows it: a ring of slots, each for one piece of what came.
//!
//! A slot holds a page at the most, and one byte at the least: with segments of one byte a pipe is full long before its
//! bytes are (FAULTS fact 1). Its content stands here and not in the worker, so whoever takes a pipe that isn't empty
//! sends a stranger's bytes, and is found out. Descriptors, refusals and calls are counted in [`super::net`].

use std::collections::VecDeque;

/// What one slot holds.
pub(super) const SLOT_BYTES: usize = 4096;

/// A pipe, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PipeId(pub(super) u32);

/// What is in a pipe.
#[derive(Debug)]
pub(super) struct Pipe {
    /// The lengths of the pieces.
    slots: VecDeque<usize>,
    slots_max: usize,
    bytes: VecDeque<u8>,
}

impl Pipe {
    /// For at least so many bytes, where they come in whole pages.
    pub(super) fn new(bytes: usize) -> Self {
        Self { slots: VecDeque::new(), slots_max: bytes.div_ceil(SLOT_BYTES).max(1), bytes: VecDeque::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.slots.len() >= self.slots_max
    }

    /// One piece comes in, into a slot of its own.
    pub(super) fn put(&mut self, piece: impl ExactSizeIterator<Item = u8>) {
        debug_assert!(!self.is_full() && piece.len() <= SLOT_BYTES);
        self.slots.push_back(piece.len());
        self.bytes.extend(piece);
    }

    /// The oldest bytes, at most so many.
    pub(super) fn peek(&mut self, most: usize) -> &[u8] {
        let count = most.min(self.bytes.len());
        &self.bytes.make_contiguous()[..count]
    }

    /// The oldest bytes leave.
    pub(super) fn drop_front(&mut self, count: usize) {
        self.bytes.drain(..count);
        leave(&mut self.slots, count);
    }
}

/// Takes `count` bytes off the pieces, oldest first.
pub(super) fn leave(pieces: &mut VecDeque<usize>, mut count: usize) {
    while count > 0
        && let Some(piece) = pieces.front_mut()
    {
        let taken = count.min(*piece);
        *piece -= taken;
        count -= taken;
        if *piece == 0 {
            pieces.pop_front();
        }
    }
}
