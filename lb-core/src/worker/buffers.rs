//! Memory for bytes that could not be handed on at once: buffers of a session's own, from a pool.
//!
//! Most sessions never have one: bytes go through the worker's scratch in one turn. A buffer goes back to the pool as
//! soon as it is empty, so memory is paid for by stalled peers only, at most [`SCRATCH_BYTES`] a direction.

/// The scratch that every read goes into, and so the most that one direction can hold.
pub(crate) const SCRATCH_BYTES: usize = 64 * 1024;
/// Buffers kept for reuse; more are given back to the allocator.
const POOLED_MAX: usize = 256;

/// Bytes that wait for their sink, oldest first. A pointer, because most sessions never hold any and each pays for it.
#[derive(Debug, Default)]
pub(crate) struct Held(Option<Box<Buffer>>);

/// Memory from the pool.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Held {
    /// What waits.
    pub(crate) fn pending(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |buffer| &buffer.bytes[buffer.start..])
    }

    /// How much waits.
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |buffer| buffer.bytes.len() - buffer.start)
    }
}

impl Buffer {
    /// To be written into.
    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

/// Buffers for reuse.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    #[expect(clippy::vec_box, reason = "the box goes to a session and comes back; unboxed, each time would allocate")]
    free: Vec<Box<Buffer>>,
}

impl Buffers {
    /// Adds bytes behind what waits.
    pub(crate) fn hold(&mut self, held: &mut Held, bytes: &[u8]) {
        let free = &mut self.free;
        held.0.get_or_insert_with(|| free.pop().unwrap_or_default()).bytes.extend_from_slice(bytes);
    }

    /// An empty buffer to write into, to be given back through [`Buffers::replace`] or
    /// [`Buffers::give_back`].
    pub(crate) fn empty(&mut self) -> Box<Buffer> {
        self.free.pop().unwrap_or_default()
    }

    /// Lets `buffer` be what waits.
    pub(crate) fn replace(&mut self, held: &mut Held, buffer: Box<Buffer>) {
        self.release(held);
        held.0 = Some(buffer);
    }

    /// The sink took `count` bytes.
    pub(crate) fn taken(&mut self, held: &mut Held, count: usize) {
        let Some(buffer) = &mut held.0 else { return };
        buffer.start += count;
        debug_assert!(buffer.start <= buffer.bytes.len(), "no more is taken than was held");
        if buffer.start == buffer.bytes.len() {
            self.release(held);
        }
    }

    /// Throws away what waits.
    pub(crate) fn release(&mut self, held: &mut Held) {
        if let Some(buffer) = held.0.take() {
            self.give_back(buffer);
        }
    }

    /// Takes back what [`Buffers::empty`] gave.
    pub(crate) fn give_back(&mut self, mut buffer: Box<Buffer>) {
        if buffer.bytes.capacity() <= 2 * SCRATCH_BYTES && self.free.len() < POOLED_MAX {
            buffer.bytes.clear();
            buffer.start = 0;
            self.free.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests;
