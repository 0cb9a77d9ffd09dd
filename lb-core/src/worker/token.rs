//! The 64 bits that epoll gives back with an event: which session, which of its sockets, and which generation.
//!
//! A slab place is used again as soon as it is free, so an event that was already fetched may be for the former user.
//! The generation tells: it is never the same for two sessions that could meet in one batch of events. Two backend
//! sockets of one session can't meet there either: an attempt is given up by its own event or, after all events of a
//! turn, by its deadline.

use mio::Token;

use crate::session::relay::Side;

/// A session in the slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionKey {
    /// Place in the slab.
    pub(crate) index: u32,
    /// Counts up with every session of this worker; wraps after 2^30.
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
    Socket(SessionKey, Side),
}

const GENERATION_BITS: u32 = 30;
const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;
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
            Self::Socket(key, side) => {
                let side = if side == Side::Backend { BACKEND_SIDE } else { 0 };
                side | (key.generation as usize) << 32 | key.index as usize
            }
        })
    }

    /// As it comes back.
    pub(crate) fn of(token: Token) -> Self {
        match token.0 {
            COMMANDS => Self::Commands,
            listener if listener & SPECIAL != 0 => Self::Listener(listener - FIRST_LISTENER),
            socket => {
                let side = if socket & BACKEND_SIDE != 0 { Side::Backend } else { Side::Client };
                let generation = (socket >> 32) as u32 & GENERATION_MASK;
                Self::Socket(SessionKey { index: socket as u32, generation }, side)
            }
        }
    }
}

#[cfg(test)]
mod tests;
