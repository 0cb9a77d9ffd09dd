//! The access log's side of the data plane: one [`Record`] a session, and the bounded way out to whoever writes it.
//!
//! A worker notes what happens to a session (`worker/journal`) and, when it closes, sends one record and goes on: a
//! channel that is full costs the record, which is counted, never the worker's time. Not here: lines, files, JSON; that
//! is a thread of the control side's (`lb-admin/access_log`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::backend::Backend;
use crate::ring::KeyHash;
use crate::session::answer::Status;
use crate::session::close::CloseReason;
use crate::session::key::KeyedBy;
use crate::session::route::Failure;

/// Where a session stands, as its line tells it: the second letter of its end, and what its time was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its PROXY header is awaited.
    Announcement,
    /// Its head is read.
    Head,
    /// It waits for a place at its backend.
    Queue,
    /// A backend is being connected to.
    Connect,
    /// The backend has the request, and has said nothing yet.
    Wait,
    /// The response has begun.
    Data,
}

impl Stage {
    /// How many there are.
    pub const COUNT: usize = 6;

    /// Its letter.
    fn letter(self) -> char {
        match self {
            Self::Announcement => 'A',
            Self::Head => 'H',
            Self::Queue => 'Q',
            Self::Connect => 'C',
            Self::Wait => 'W',
            Self::Data => 'D',
        }
    }
}

/// One session, when it is over.
#[derive(Clone, Debug)]
pub struct Record {
    /// When it closed, on the wall's clock.
    pub closed: SystemTime,
    /// Which worker had it.
    pub worker: usize,
    /// Its number among that worker's, from 1.
    pub number: u64,
    /// Who asked: the address that a PROXY header announced, where there was one.
    pub client: SocketAddr,
    /// What it was routed by; `None` where it ended before that was known.
    pub key: Option<Key>,
    /// The version of the table that it was routed by last; 0: by none.
    pub table_version: u64,
    /// The number of the mapping that this table is of; 0: by none.
    pub epoch: u64,
    /// The backend that it was routed to last.
    pub backend: Option<Arc<Backend>>,
    /// Backends that were tried, the one that served it included.
    pub attempts: u32,
    /// Of those, the ones that were sent the request once more.
    pub replays: u32,
    /// What its time was spent on, in microseconds, by [`Stage`].
    pub spent_us: [u64; Stage::COUNT],
    /// From the accept to the close, in microseconds.
    pub total_us: u64,
    /// Bytes that backends have taken.
    pub bytes_to_backend: u64,
    /// Bytes of a backend's that the client has taken.
    pub bytes_to_client: u64,
    /// How it ended.
    pub end: End,
}

/// What a session was routed by.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key, hashed under the secret.
    pub hash: KeyHash,
    /// The slot that this is.
    pub slot: Option<u32>,
    /// Where it came from.
    pub by: KeyedBy,
    /// The key itself, where that is asked for and it is from the request.
    pub raw: Option<Box<[u8]>>,
}

/// Why and when a session ended.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// Why.
    pub reason: CloseReason,
    /// Where it stood when that was decided.
    pub stage: Stage,
    /// Whether the deadline of the queue had passed.
    pub queue_timed_out: bool,
    /// How its last attempt went that failed.
    pub last_failure: Failure,
}

impl End {
    /// Who ended it and when, as two letters; `--`: nobody, all of it was done. docs/logging.md has the table.
    pub fn letters(&self) -> [char; 2] {
        match self.who() {
            '-' => ['-', '-'],
            who => [who, self.stage.letter()],
        }
    }

    /// In upper case who did it, in lower case whose deadline passed: client, backend, and the balancer itself.
    fn who(&self) -> char {
        match self.reason {
            // It went without having asked for anything.
            CloseReason::Complete if matches!(self.stage, Stage::Announcement | Stage::Head) => 'C',
            CloseReason::Complete | CloseReason::ResponseComplete | CloseReason::HandedOver => '-',
            CloseReason::Answered(Status::BadRequest | Status::HeadTooLarge) => 'C',
            CloseReason::Answered(Status::HeadTimeout) | CloseReason::HeadTimeout | CloseReason::ClientStayed => 'c',
            CloseReason::Answered(Status::BadGateway) | CloseReason::BackendReset => 'B',
            CloseReason::Answered(Status::GatewayTimeout) => 'b',
            CloseReason::ClientReset | CloseReason::NotAnnounced => 'C',
            CloseReason::IdleTimeout | CloseReason::DrainDeadline | CloseReason::BackendRemoved => 'l',
            CloseReason::Moved => 'L',
            CloseReason::Answered(Status::Busy) | CloseReason::Unroutable if self.queue_timed_out => 'l',
            CloseReason::Answered(Status::Unavailable | Status::Busy) | CloseReason::TooManyOfSource => 'L',
            CloseReason::Unroutable => match self.last_failure {
                Failure::NoneReady => 'L',
                Failure::Refused | Failure::Reset | Failure::Closed => 'B',
                Failure::TimedOut | Failure::Overdue => 'b',
            },
        }
    }

    /// Why, in one word.
    pub fn reason(&self) -> &'static str {
        match self.reason {
            CloseReason::Complete if matches!(self.stage, Stage::Announcement | Stage::Head) => "no_request",
            CloseReason::Complete => "complete",
            CloseReason::ResponseComplete => "response_complete",
            CloseReason::Answered(_) => "answered",
            CloseReason::ClientReset => "client_reset",
            CloseReason::BackendReset => "backend_reset",
            CloseReason::NotAnnounced => "no_proxy_header",
            CloseReason::TooManyOfSource => "source_limit",
            CloseReason::HeadTimeout => "head_timeout",
            CloseReason::ClientStayed => "client_stayed",
            CloseReason::IdleTimeout => "idle_timeout",
            CloseReason::DrainDeadline => "drain_deadline",
            CloseReason::BackendRemoved => "backend_removed",
            CloseReason::Moved => "moved",
            CloseReason::Unroutable => "no_backend",
            CloseReason::HandedOver => "admin",
        }
    }

    /// The status code, where the front itself has answered.
    pub fn status(&self) -> Option<u16> {
        match self.reason {
            CloseReason::Answered(status) => Some(status.code()),
            _ => None,
        }
    }
}

/// What the workers put records into. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outlet {
    records: Sender<Record>,
    /// Whether records carry the keys themselves.
    pub raw_keys: bool,
}

impl Outlet {
    /// The way out and its other end; `room`: records that may wait.
    pub fn new(room: usize, raw_keys: bool) -> (Self, Receiver<Record>) {
        let (records, written) = bounded(room);
        (Self { records, raw_keys }, written)
    }

    /// Sends a record if there is room. Whether there was.
    pub(crate) fn send(&self, record: Record) -> bool {
        self.records.try_send(record).is_ok()
    }
}

#[cfg(test)]
mod tests;
