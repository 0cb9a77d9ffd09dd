//! Copies of heads that may have to be sent once more, in buffers from a pool.
//!
//! Held from the moment a request goes to its backend until the first byte of the response, at most [`HEAD_BYTES_MAX`]
//! bytes; a request that grows beyond that isn't held any longer, nor replayed. Apart from [`super::buffers`], whose
//! buffers have held bulk: a hundred bytes must not keep tens of kilobytes. What may be held at all is said in
//! [`crate::session::replay`], what is done with it in [`super::replay`].

use crate::session::first_line::HEAD_BYTES_MAX;

/// A common head fits without growing.
const FRESH_BYTES: usize = 256;
/// Buffers kept for reuse: as many as requests can sensibly be waiting for their first byte in one worker.
const POOLED_MAX: usize = 1024;
/// Buffers that have grown beyond this go back to the allocator, so that the pool is 2 MiB at the most.
const POOLED_BYTES_MAX: usize = 2048;

/// Buffers for reuse.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    free: Vec<Vec<u8>>,
}

impl Heads {
    /// A copy.
    pub(crate) fn hold(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut head = self.free.pop().unwrap_or_else(|| Vec::with_capacity(FRESH_BYTES));
        head.extend_from_slice(bytes);
        head
    }

    /// More of a request of which everything so far is held, if it is.
    pub(crate) fn add(&mut self, held: &mut Option<Vec<u8>>, bytes: &[u8]) {
        let Some(head) = held else { return };
        if head.len() + bytes.len() <= HEAD_BYTES_MAX {
            head.extend_from_slice(bytes);
        } else {
            self.release(held);
        }
    }

    /// Holds no longer.
    pub(crate) fn release(&mut self, held: &mut Option<Vec<u8>>) {
        if let Some(mut head) = held.take()
            && head.capacity() <= POOLED_BYTES_MAX
            && self.free.len() < POOLED_MAX
        {
            head.clear();
            self.free.push(head);
        }
    }
}

#[cfg(test)]
mod tests;
