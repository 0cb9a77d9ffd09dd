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

/// One copy.
#[derive(Debug, Default)]
pub(crate) struct Head(Vec<u8>);

impl Head {
    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Buffers for reuse.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    #[expect(clippy::vec_box, reason = "the box goes to a session and comes back; unboxed, each time would allocate")]
    free: Vec<Box<Head>>,
}

impl Heads {
    /// A copy.
    pub(crate) fn hold(&mut self, bytes: &[u8]) -> Box<Head> {
        let mut head = self.free.pop().unwrap_or_else(|| Box::new(Head(Vec::with_capacity(FRESH_BYTES))));
        head.0.extend_from_slice(bytes);
        head
    }

    /// More of a request of which everything so far is held, if it is.
    pub(crate) fn add(&mut self, held: &mut Option<Box<Head>>, bytes: &[u8]) {
        let Some(head) = held else { return };
        if head.0.len() + bytes.len() <= HEAD_BYTES_MAX {
            head.0.extend_from_slice(bytes);
        } else {
            self.release(held);
        }
    }

    /// Holds no longer.
    pub(crate) fn release(&mut self, held: &mut Option<Box<Head>>) {
        if let Some(mut head) = held.take()
            && head.0.capacity() <= POOLED_BYTES_MAX
            && self.free.len() < POOLED_MAX
        {
            head.0.clear();
            self.free.push(head);
        }
    }
}

#[cfg(test)]
mod tests;
