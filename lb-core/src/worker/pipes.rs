//! The pipes of one worker: a pool with a bound, because each costs two descriptors and pages that the kernel counts
//! against the user.
//!
//! A session borrows one while it moves much, and gives it back when it is empty; one with bytes in it never comes
//! back, it is closed (whoever had it next would send a stranger's bytes). None to be had is no error: the session copies.

use crate::net::kernel::Kernel;

/// Empty pipes kept for reuse; more than a few are in use at once only where readers stall, and those hold theirs.
const POOLED_MAX: usize = 16;
/// How long no pipe is asked for after the kernel refused one: each refusal costs three calls.
const REFUSED_FOR_MS: u64 = 1000;

/// The pool.
#[derive(Debug)]
pub(crate) struct Pipes<P> {
    free: Vec<P>,
    lent: usize,
    max: usize,
    bytes: usize,
    asks_again_ms: u64,
}

/// A pipe that a session has, and how much is in it.
#[derive(Debug)]
pub(crate) struct Loan<P> {
    pub(crate) pipe: P,
    pub(crate) held: u32,
}

impl<P> Pipes<P> {
    /// At most `max` pipes of so many bytes.
    pub(crate) fn new(bytes: usize, max: usize) -> Self {
        Self { free: Vec::new(), lent: 0, max, bytes, asks_again_ms: 0 }
    }

    /// What a pipe holds.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// An empty pipe; `None` where all are lent or the kernel gives no more.
    pub(crate) fn take<K: Kernel<Pipe = P>>(&mut self, kernel: &K, now_ms: u64) -> Option<Loan<P>> {
        if self.lent >= self.max {
            return None;
        }
        let pipe = match self.free.pop() {
            Some(pipe) => pipe,
            None if now_ms < self.asks_again_ms => return None,
            None => match kernel.pipe(self.bytes) {
                Some(pipe) => pipe,
                None => {
                    self.asks_again_ms = now_ms + REFUSED_FOR_MS;
                    return None;
                }
            },
        };
        self.lent += 1;
        Some(Loan { pipe, held: 0 })
    }

    /// There is no session: pipes that are kept for none would only be descriptors that others miss.
    pub(crate) fn let_go(&mut self) {
        self.free.clear();
    }

    /// Those that wait to be used again: a simulation looks into them.
    #[cfg(test)]
    pub(crate) fn pooled(&self) -> &[P] {
        &self.free
    }

    /// How many sessions have one.
    #[cfg(test)]
    pub(crate) fn lent(&self) -> usize {
        self.lent
    }

    /// A session needs its pipe no more.
    pub(crate) fn give_back(&mut self, loan: Loan<P>) {
        debug_assert!(self.lent > 0, "no more come back than were lent");
        self.lent -= 1;
        if loan.held == 0 && self.free.len() < POOLED_MAX.min(self.max) {
            self.free.push(loan.pipe);
        }
    }
}

#[cfg(test)]
mod tests;
