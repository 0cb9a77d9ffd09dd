//! Memory for bytes that could not be handed on at once: buffers of a session's own, from a pool.
//!
//! Most sessions never have one: bytes go through the worker's scratch in one turn. A buffer goes back to the pool as
//! soon as it is empty, so memory is paid for by stalled peers only, at most [`SCRATCH_BYTES`] a direction.

/// The scratch that every read goes into, and so the most that one direction can hold.
pub(crate) const SCRATCH_BYTES: usize = 64 * 1024;
/// Buffers kept for reuse; more are given back to the allocator.
const POOLED_MAX: usize = 256;

/// Bytes that wait for their sink, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Held {
    bytes: Vec<u8>,
    start: usize,
}

impl Held {
    /// What waits.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// How much waits.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }
}

/// Buffers for reuse.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    free: Vec<Vec<u8>>,
}

impl Buffers {
    /// Adds bytes behind what waits.
    pub(crate) fn hold(&mut self, held: &mut Held, bytes: &[u8]) {
        if held.bytes.capacity() == 0 {
            held.bytes = self.free.pop().unwrap_or_default();
        }
        held.bytes.extend_from_slice(bytes);
    }

    /// An empty buffer to write into, to be given back through [`Buffers::replace`] or [`Buffers::give_back`].
    pub(crate) fn empty(&mut self) -> Vec<u8> {
        self.free.pop().unwrap_or_default()
    }

    /// Lets `bytes` be what waits.
    pub(crate) fn replace(&mut self, held: &mut Held, bytes: Vec<u8>) {
        self.release(held);
        held.bytes = bytes;
    }

    /// The sink took `count` bytes.
    pub(crate) fn taken(&mut self, held: &mut Held, count: usize) {
        held.start += count;
        debug_assert!(held.start <= held.bytes.len(), "no more is taken than was held");
        if held.start == held.bytes.len() {
            self.release(held);
        }
    }

    /// Throws away what waits.
    pub(crate) fn release(&mut self, held: &mut Held) {
        let bytes = std::mem::take(held).bytes;
        self.give_back(bytes);
    }

    /// Takes a buffer back that was [`empty`](Self::empty).
    pub(crate) fn give_back(&mut self, mut bytes: Vec<u8>) {
        if bytes.capacity() > 0 && bytes.capacity() <= 2 * SCRATCH_BYTES && self.free.len() < POOLED_MAX {
            bytes.clear();
            self.free.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests;
