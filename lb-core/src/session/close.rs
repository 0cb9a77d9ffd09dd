//! How a session ends. A normal end is a reason, not an error.

use super::answer::Status;

/// Why a session ended; each is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Both sides said FIN and everything was handed on.
    Complete,
    /// `--affinity request`: the response is complete.
    ResponseComplete,
    /// The front answered itself.
    Answered(Status),
    /// The client reset, or can't be written to any more.
    ClientReset,
    /// The backend reset, or can't be written to any more, and the client was told so.
    BackendReset,
    /// A client that sent nothing, or too little, before the deadline for the head.
    HeadTimeout,
    /// No byte in either direction for the idle timeout.
    IdleTimeout,
    /// The backend has ended, and the client, which knows, has neither sent nor ended for long.
    ClientStayed,
    /// The process stops and the drain deadline has passed.
    DrainDeadline,
    /// No backend could be had for a client that can't be answered.
    Unroutable,
    /// The connection went to the admin side.
    HandedOver,
}

/// What becomes of the two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// FIN, or nothing more to say.
    Close,
    /// RST: the peer must not take what it got for the whole.
    Reset,
}

impl CloseReason {
    /// How (client, backend) are closed. A side that reset is closed plainly: there is nobody to tell.
    pub fn farewells(self) -> (Farewell, Farewell) {
        use Farewell::{Close, Reset};
        match self {
            // What the kernel still holds for a slow client goes on its way after a plain close.
            Self::Complete | Self::HandedOver | Self::ClientStayed => (Close, Close),
            // The backend may still be sending what nobody reads.
            Self::ResponseComplete | Self::Answered(_) => (Close, Reset),
            Self::ClientReset => (Close, Reset),
            Self::BackendReset => (Reset, Close),
            // No byte was answered, and SPEC 3 says silence: a plain close.
            Self::HeadTimeout => (Close, Close),
            Self::IdleTimeout | Self::DrainDeadline | Self::Unroutable => (Reset, Reset),
        }
    }
}
