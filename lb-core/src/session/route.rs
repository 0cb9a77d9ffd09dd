//! Which backend a session is given, and which comes next when that one can't be had.
//!
//! A [`Route`] remembers whom it has tried and keeps no table: each attempt looks in the newest one, so a session that
//! retries meets the replacement rather than the dead. Every attempt uses up one of a bounded number, so selection
//! always ends (FAULTS B11), also where none of them has room: then it is the first of those left.

use super::answer::Status;
use super::moved::Routed;
use crate::backend::BackendId;
use crate::config::RETRIES_MAX;
use crate::ring::{Candidates, KeyHash, RingTable};

/// Attempts of one session at the most: the first and its retries.
const ATTEMPTS_MAX: usize = RETRIES_MAX as usize + 1;

/// The attempts of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    key: KeyHash,
    /// The lower half of each one's id, which is enough to tell them apart: a process sees fewer than 2^32.
    tried: [u32; ATTEMPTS_MAX],
    /// The lower half of the version of the table that was asked last.
    version: u32,
    attempts: u8,
    at_random: bool,
    last_failure: Failure,
    /// It has waited for a place before.
    waited: bool,
}

/// Who is to be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The member index.
    pub index: u16,
    /// Others would have come first, but had no room.
    pub spilled: bool,
}

/// How an attempt ended. The first three left nothing behind at the backend, the others may have: it had the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failure {
    /// Nobody could be tried.
    #[default]
    NoneReady,
    /// The connect was refused, reset, unreachable, or answered by ourselves.
    Refused,
    /// No answer to the connect in time.
    TimedOut,
    /// The backend reset before the first byte of a response.
    Reset,
    /// The backend closed before the first byte of a response.
    Closed,
    /// No first byte of a response in time.
    Overdue,
}

impl Failure {
    /// Whether the next attempt sends a request once more that this one has had.
    pub fn is_after_sending(self) -> bool {
        matches!(self, Self::Reset | Self::Closed | Self::Overdue)
    }

    /// What the client is told where there is no next attempt.
    pub fn status(self) -> Status {
        match self {
            Self::NoneReady => Status::Unavailable,
            Self::Refused | Self::Reset | Self::Closed => Status::BadGateway,
            Self::TimedOut | Self::Overdue => Status::GatewayTimeout,
        }
    }
}

impl Route {
    /// For a key, nobody tried yet.
    pub fn new(key: KeyHash) -> Self {
        let tried = [0; ATTEMPTS_MAX];
        let last_failure = Failure::NoneReady;
        Self { key, tried, version: 0, attempts: 0, at_random: false, last_failure, waited: false }
    }

    /// The same, where the key is a random number that nobody comes back with.
    pub fn at_random(self) -> Self {
        Self { at_random: true, ..self }
    }

    /// By what it was routed.
    pub fn routed(&self) -> Routed {
        Routed { key: Some(self.key).filter(|_| !self.at_random), version: self.version }
    }

    /// The next backend to try, or what to tell the client. `has_room` is asked in the slot's order; where nobody has,
    /// the first is taken all the same.
    pub fn next(
        &mut self,
        table: &RingTable,
        retries: u32,
        mut has_room: impl FnMut(u16) -> bool,
    ) -> Result<Choice, Status> {
        self.version = table.version() as u32;
        let allowed = (retries as usize + 1).min(ATTEMPTS_MAX);
        let tried = &self.tried[..usize::from(self.attempts)];
        if tried.len() < allowed {
            let mut candidates = Candidates::new(table.slots().slot_of(self.key));
            let mut first = None;
            while let Some(index) = candidates.next(table) {
                let untried =
                    table.backend(index).map(|backend| backend.id).filter(|id| !tried.contains(&lower_half(*id)));
                let Some(id) = untried else { continue };
                if has_room(index) {
                    let spilled = first.is_some();
                    return Ok(self.attempt(id, Choice { index, spilled }));
                }
                first = first.or(Some((id, index)));
            }
            if let Some((id, index)) = first {
                return Ok(self.attempt(id, Choice { index, spilled: false }));
            }
        }
        Err(self.last_failure.status())
    }

    /// What it is routed by.
    pub fn key(&self) -> KeyHash {
        self.key
    }

    /// How the attempt before the one last given ended.
    pub fn last_failure(&self) -> Failure {
        self.last_failure
    }

    fn attempt(&mut self, id: BackendId, choice: Choice) -> Choice {
        self.tried[usize::from(self.attempts)] = lower_half(id);
        self.attempts += 1;
        choice
    }

    /// The backend last given has gone before it was tried: as if it had never been given.
    pub fn take_back(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
    }

    /// Begins to wait for a place. Whether it is for the first time: the deadline of the queue is one for all waits.
    pub fn wait(&mut self) -> bool {
        !std::mem::replace(&mut self.waited, true)
    }

    /// Notes how the attempt at the backend last given ended.
    pub fn failed(&mut self, failure: Failure) {
        self.last_failure = failure;
    }

    /// How many backends have been tried.
    pub fn attempts(&self) -> u32 {
        u32::from(self.attempts)
    }
}

fn lower_half(id: BackendId) -> u32 {
    id.0 as u32
}

#[cfg(test)]
mod tests;
