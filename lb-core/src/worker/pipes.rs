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
    free_large: Vec<P>,
    lent: usize,
    /// What there is, lent or free; a large one counts as as many as it holds.
    open: usize,
    max: usize,
    bytes: usize,
    /// What a large one holds; as much as the others: there are none.
    large_bytes: usize,
    asks_again_ms: u64,
    asks_large_again_ms: u64,
}

/// A pipe that a session has, and how much is in it.
#[derive(Debug)]
pub(crate) struct Loan<P> {
    pub(crate) pipe: P,
    pub(crate) held: u32,
    /// How much it may be asked to take at once.
    pub(crate) bytes: u32,
}

impl<P> Pipes<P> {
    /// At most `max` pipes of so many bytes.
    pub(crate) fn new(bytes: usize, max: usize) -> Self {
        let (free, free_large) = (Vec::new(), Vec::new());
        Self {
            free,
            free_large,
            lent: 0,
            open: 0,
            max,
            bytes,
            large_bytes: bytes,
            asks_again_ms: 0,
            asks_large_again_ms: 0,
        }
    }

    /// The same, half of their bytes as pipes of `large_bytes`, which are lent first: who moves much is mostly alone, and
    /// pays half in a pipe four times as large.
    pub(crate) fn with_large(self, large_bytes: usize) -> Self {
        Self { large_bytes: large_bytes.max(self.bytes), ..self }
    }

    /// An empty pipe; `None` where all are lent or the kernel gives no more.
    pub(crate) fn take<K: Kernel<Pipe = P>>(&mut self, kernel: &K, now_ms: u64) -> Option<Loan<P>> {
        let large = self.free_large.pop().or_else(|| self.open_large(kernel, now_ms));
        let (pipe, bytes) = match large {
            Some(pipe) => (pipe, self.large_bytes),
            None => (self.free.pop().or_else(|| self.open_one(kernel, now_ms))?, self.bytes),
        };
        self.lent += 1;
        Some(Loan { pipe, held: 0, bytes: bytes as u32 })
    }

    fn open_large<K: Kernel<Pipe = P>>(&mut self, kernel: &K, now_ms: u64) -> Option<P> {
        let units = self.units(self.large_bytes);
        if units == 1 || self.open + units > self.max / 2 || now_ms < self.asks_large_again_ms {
            return None;
        }
        let pipe = kernel.pipe(self.large_bytes);
        match pipe {
            Some(_) => self.open += units,
            None => self.asks_large_again_ms = now_ms + REFUSED_FOR_MS,
        }
        pipe
    }

    fn open_one<K: Kernel<Pipe = P>>(&mut self, kernel: &K, now_ms: u64) -> Option<P> {
        if self.open >= self.max || now_ms < self.asks_again_ms {
            return None;
        }
        let pipe = kernel.pipe(self.bytes);
        match pipe {
            Some(_) => self.open += 1,
            None => self.asks_again_ms = now_ms + REFUSED_FOR_MS,
        }
        pipe
    }

    /// There is no session: pipes that are kept for none would only be descriptors that others miss.
    pub(crate) fn let_go(&mut self) {
        debug_assert_eq!(self.lent, 0, "whoever has one has a session");
        self.free.clear();
        self.free_large.clear();
        self.open = 0;
    }

    /// Those that wait to be used again: a simulation looks into them.
    #[cfg(test)]
    pub(crate) fn pooled(&self) -> impl ExactSizeIterator<Item = &P> {
        let all: Vec<&P> = self.free.iter().chain(&self.free_large).collect();
        all.into_iter()
    }

    /// How many sessions have one.
    #[cfg(test)]
    pub(crate) fn lent(&self) -> usize {
        self.lent
    }

    /// A session needs its pipe no more.
    pub(crate) fn give_back(&mut self, loan: Loan<P>) {
        let bytes = loan.bytes as usize;
        let units = self.units(bytes);
        debug_assert!(self.lent > 0 && self.open >= units, "no more come back than were lent");
        self.lent -= 1;
        let free = if units > 1 { &mut self.free_large } else { &mut self.free };
        if loan.held == 0 && free.len() < POOLED_MAX {
            free.push(loan.pipe);
        } else {
            self.open -= units;
        }
    }

    fn units(&self, bytes: usize) -> usize {
        bytes / self.bytes.max(1)
    }
}

#[cfg(test)]
mod tests;
