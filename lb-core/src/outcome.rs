//! How a read or a write went: the words in which `net` tells and `session` is told.

/// How a read went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// That many bytes; `short`: fewer than there was room for.
    Bytes {
        /// Read.
        count: usize,
        /// The socket is empty now.
        short: bool,
    },
    /// The peer's FIN.
    End,
    /// EAGAIN.
    Blocked,
    /// Reset, or any other error that ends the connection.
    Failed,
}

/// How a write went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// The sink took that many bytes; fewer than offered means it is full.
    Bytes(usize),
    /// EAGAIN.
    Blocked,
    /// EPIPE, reset, or any other error that ends the connection.
    Failed,
}

/// splice(2) isn't to be had for this socket; nothing was moved, and nothing is known to be wrong with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CannotSplice;
