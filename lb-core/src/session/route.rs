//! Which backend a session is given, and which comes next when that one can't be had.
//!
//! A [`Route`] remembers whom it has tried and keeps no table: each attempt looks in the newest one, so a session that
//! retries meets the replacement rather than the dead. Every attempt uses up one of a bounded number, so selection
//! always ends (FAULTS B11).

use super::answer::Status;
use crate::backend::BackendId;
use crate::config::RETRIES_MAX;
use crate::ring::{Candidates, KeyHash, RingTable};

/// Attempts of one session at the most: the first and its retries.
const ATTEMPTS_MAX: usize = RETRIES_MAX as usize + 1;

/// The attempts of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    key: KeyHash,
    tried: [BackendId; ATTEMPTS_MAX],
    attempts: u8,
    last_failure: Failure,
}

/// How an attempt ended. The first three left nothing behind at the backend, the others may have: it had the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody could be tried.
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
        Self { key, tried: [BackendId(0); ATTEMPTS_MAX], attempts: 0, last_failure: Failure::NoneReady }
    }

    /// The member index of the next backend to try, or what to tell the client.
    pub fn next(&mut self, table: &RingTable, retries: u32) -> Result<u16, Status> {
        let allowed = (retries as usize + 1).min(ATTEMPTS_MAX);
        let tried = &self.tried[..usize::from(self.attempts)];
        if tried.len() < allowed {
            let mut candidates = Candidates::new(table.slots().slot_of(self.key));
            while let Some(index) = candidates.next(table) {
                if let Some(backend) = table.backend(index)
                    && !tried.contains(&backend.id)
                {
                    self.tried[tried.len()] = backend.id;
                    self.attempts += 1;
                    return Ok(index);
                }
            }
        }
        Err(self.last_failure.status())
    }

    /// How the attempt before the one last given ended.
    pub fn last_failure(&self) -> Failure {
        self.last_failure
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

#[cfg(test)]
mod tests;
