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
    /// `--accept-proxy`, and its first bytes were no PROXY header.
    NotAnnounced,
    /// `--accept-proxy`, and the client that it is for has as many connections as one may have.
    TooManyOfSource,
    /// A client that sent nothing, or too little, before the deadline for the head.
    HeadTimeout,
    /// The backend ended, and the client then neither sent anything nor ended for [`super::deadline::HALF_CLOSED`].
    ClientStayed,
    /// No byte in either direction for the idle timeout.
    IdleTimeout,
    /// The process stops and the drain deadline has passed.
    DrainDeadline,
    /// Its backend was removed and the drain deadline for that has passed.
    BackendRemoved,
    /// Its key belongs to another backend now (`--on-move`).
    Moved,
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
            Self::Complete | Self::HandedOver => (Close, Close),
            // The backend may still be sending what nobody reads.
            Self::ResponseComplete | Self::Answered(_) => (Close, Reset),
            // The client has been told FIN already, and may still be receiving what went before it; the backend must not
            // take a plain end for the client's.
            Self::ClientStayed => (Close, Reset),
            Self::ClientReset => (Close, Reset),
            Self::BackendReset => (Reset, Close),
            // No byte was answered, and SPEC 3 says silence: a plain close.
            Self::HeadTimeout => (Close, Close),
            Self::NotAnnounced | Self::TooManyOfSource => (Reset, Reset),
            Self::IdleTimeout | Self::DrainDeadline | Self::BackendRemoved => (Reset, Reset),
            Self::Moved | Self::Unroutable => (Reset, Reset),
        }
    }
}
