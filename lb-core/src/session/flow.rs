//! The words of [`super::relay`]: the two sides and directions of a session, what the kernel has said of a socket, and the
//! counts of one direction. What follows from them is decided there.

use super::bulk::Bulk;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Requests.
    ClientToBackend,
    /// Responses.
    BackendToClient,
}

/// One end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Whom we accepted.
    Client,
    /// Whom we connected to.
    Backend,
}

impl Direction {
    /// Where its bytes come from.
    pub fn source(self) -> Side {
        match self {
            Self::ClientToBackend => Side::Client,
            Self::BackendToClient => Side::Backend,
        }
    }

    /// Where its bytes go.
    pub fn sink(self) -> Side {
        match self {
            Self::ClientToBackend => Side::Backend,
            Self::BackendToClient => Side::Client,
        }
    }
}

impl Side {
    /// The direction that begins here.
    pub fn source_of(self) -> Direction {
        match self {
            Self::Client => Direction::ClientToBackend,
            Self::Backend => Direction::BackendToClient,
        }
    }
}

/// What the kernel has said of one socket and not yet taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// There may be bytes, an end or an error to read.
    pub readable: bool,
    /// There may be room to write.
    pub writable: bool,
    /// The peer's FIN is known to be behind the bytes that are readable.
    pub hangup: bool,
    /// An error is pending on the socket.
    pub error: bool,
}

/// One direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    /// Bytes read and not yet taken by the sink.
    pub(super) held: u32,
    /// The source has ended: nothing more will be read.
    pub(super) eof: bool,
    /// Whether a pipe would serve it better.
    pub(super) bulk: Bulk,
    /// The sink has been told.
    pub(super) shut: bool,
    /// Bytes read from the source in all.
    pub(super) filled: u64,
    /// Of those, taken by the sink.
    pub(super) flushed: u64,
}

impl Flow {
    /// Whether the source has ended and everything it sent was handed on.
    pub(super) fn is_over(&self) -> bool {
        self.eof && self.held == 0
    }
}
