//! The 64 bits that epoll gives back with an event: which session, which of its sockets, and which generation.
//!
//! A slab place is used again as soon as it is free, so an event that was already fetched may be for the former user.
//! The generation tells: it is never the same for two sessions that could meet in one batch of events. Two backend
//! sockets of one session can meet there: a write for the client's event finds the backend dead, the request goes to the
//! next one at once, and the dead one's own event is still to come. The number of the attempt tells.

use mio::Token;

use crate::session::flow::Side;

/// A session in the slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionKey {
    /// Place in the slab.
    pub(crate) index: u32,
    /// Counts up with every session of this worker; wraps after 2^27.
    pub(crate) generation: u32,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The control side has sent something.
    Commands,
    /// Connections wait on this listener.
    Listener(usize),
    /// A socket of a session.
    Socket(SessionKey, End),
}

/// Which socket of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The one that was accepted.
    Client,
    /// The backend's.
    Backend {
        /// By which attempt it was connected, in [`ATTEMPT_BITS`] bits: enough for all of a session's.
        attempt: u8,
    },
}

impl End {
    /// The backend's socket that this attempt, counted from 1, has led to.
    pub(crate) fn backend(attempt: u32) -> Self {
        Self::Backend { attempt: attempt as u8 & ATTEMPT_MASK }
    }

    pub(crate) fn side(self) -> Side {
        match self {
            Self::Client => Side::Client,
            Self::Backend { .. } => Side::Backend,
        }
    }
}

const GENERATION_BITS: u32 = 27;
const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;
/// `RETRIES_MAX` and the first attempt are eight.
const ATTEMPT_BITS: u32 = 3;
const ATTEMPT_MASK: u8 = (1 << ATTEMPT_BITS) - 1;
const ATTEMPT_SHIFT: u32 = 32 + GENERATION_BITS;
/// The top bit marks what isn't a session.
const SPECIAL: usize = 1 << 63;
const COMMANDS: usize = SPECIAL;
const FIRST_LISTENER: usize = SPECIAL | 1;
const BACKEND_SIDE: usize = 1 << 62;

impl SessionKey {
    /// The generation after this one.
    pub(crate) fn following(generation: u32) -> u32 {
        (generation + 1) & GENERATION_MASK
    }
}

impl Target {
    /// As registered.
    pub(crate) fn token(self) -> Token {
        Token(match self {
            Self::Commands => COMMANDS,
            Self::Listener(number) => FIRST_LISTENER + number,
            Self::Socket(key, end) => {
                let end = match end {
                    End::Client => 0,
                    End::Backend { attempt } => BACKEND_SIDE | usize::from(attempt) << ATTEMPT_SHIFT,
                };
                end | (key.generation as usize) << 32 | key.index as usize
            }
        })
    }

    /// As it comes back.
    pub(crate) fn of(token: Token) -> Self {
        match token.0 {
            COMMANDS => Self::Commands,
            listener if listener & SPECIAL != 0 => Self::Listener(listener - FIRST_LISTENER),
            socket => {
                let attempt = (socket >> ATTEMPT_SHIFT) as u8 & ATTEMPT_MASK;
                let end = if socket & BACKEND_SIDE == 0 { End::Client } else { End::Backend { attempt } };
                let generation = (socket >> 32) as u32 & GENERATION_MASK;
                Self::Socket(SessionKey { index: socket as u32, generation }, end)
            }
        }
    }
}

#[cfg(test)]
mod tests;
