//! When a direction goes through a pipe instead of being copied: once a read has found more than the scratch holds, and
//! as long as there is much each time.
//!
//! Splicing a small message costs more than copying it, a large one a fifth. So a direction begins by copying; it is
//! taken for bulk at the first read that comes back full, and stays bulk as long as at least [`BULK_BYTES_MIN`] bytes
//! come between two moments at which its socket is empty. What is decided here says nothing of pipes: the worker takes
//! one from its pool when the direction moves, and gives it back when the socket is empty. [`super::relay`] asks.

use crate::config::Splice;

/// Bytes between two empty moments below which copying is cheaper.
pub const BULK_BYTES_MIN: u32 = 16 * 1024;

/// What is known of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bulk {
    when: Splice,
    is_bulk: bool,
    /// It is bulk, yet it goes without a pipe.
    denied: bool,
    /// Bytes spliced since the socket was last empty.
    since_empty: u32,
}

impl Default for Bulk {
    fn default() -> Self {
        Self::new(Splice::Never)
    }
}

impl Bulk {
    /// Nothing has been moved yet.
    pub fn new(when: Splice) -> Self {
        Self { when, is_bulk: when == Splice::Always, denied: false, since_empty: 0 }
    }

    /// Whether what comes next is to be spliced.
    pub fn wants_pipe(&self) -> bool {
        self.is_bulk
    }

    /// A read came back as full as it could.
    pub fn filled_whole_read(&mut self) {
        self.is_bulk = self.when != Splice::Never;
    }

    /// That many bytes went into a pipe.
    pub fn moved(&mut self, count: usize) {
        self.denied = false;
        self.since_empty = self.since_empty.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// The socket is empty.
    pub fn emptied(&mut self) {
        if self.since_empty < BULK_BYTES_MIN && self.when != Splice::Always {
            self.is_bulk = false;
        }
        self.since_empty = 0;
    }

    /// There was no pipe: it is copied, and asks again at its next full read. Whether that is news.
    pub fn denied(&mut self) -> bool {
        self.is_bulk = self.when == Splice::Always;
        !std::mem::replace(&mut self.denied, true)
    }
}

#[cfg(test)]
mod tests;
