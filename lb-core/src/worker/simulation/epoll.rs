//! epoll as the worker sees it: what is watched by descriptor number, and whom the next wait reports.
//!
//! Edge-triggered: a descriptor is reported once for each time that something happened, also if it was ready already,
//! and with everything that is true of it at the moment of the report. Watching reports what is true already. Closing a
//! descriptor forgets it, but not an event that was fetched before.

use std::collections::{BTreeMap, VecDeque};

use mio::Token;

use crate::session::flow::Readiness;

/// A descriptor number; the lowest free one is given out, so numbers are used again at once.
pub(super) type Descriptor = u32;

/// What happened to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// Bytes came.
    In,
    /// Room came free after there was none.
    Out,
    /// An end, an error, or the end of a handshake.
    State,
}

/// The flags of `poll`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask {
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) read_closed: bool,
    pub(super) hangup: bool,
    pub(super) error: bool,
}

#[derive(Clone, Copy, Debug)]
struct Interest {
    token: Token,
    wanted: Wanted,
}

/// What is asked of a descriptor. Errors and the end of both directions are always reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    Bytes,
    BytesAndRoom,
}

/// An epoll instance.
#[derive(Debug, Default)]
pub(super) struct Epoll {
    interests: BTreeMap<Descriptor, Interest>,
    ready: VecDeque<Descriptor>,
}

impl Epoll {
    /// Adds or changes an interest; the state of the moment counts as news.
    pub(super) fn watch(&mut self, fd: Descriptor, token: Token, wanted: Wanted) {
        self.interests.insert(fd, Interest { token, wanted });
        self.queue(fd);
    }

    pub(super) fn forget(&mut self, fd: Descriptor) {
        self.interests.remove(&fd);
        self.ready.retain(|&ready| ready != fd);
    }

    pub(super) fn wake(&mut self, fd: Descriptor, wake: Wake) {
        let Some(interest) = self.interests.get(&fd) else { return };
        let is_news = match wake {
            Wake::In => interest.wanted != Wanted::Nothing,
            Wake::Out => interest.wanted == Wanted::BytesAndRoom,
            Wake::State => true,
        };
        if is_news {
            self.queue(fd);
        }
    }

    fn queue(&mut self, fd: Descriptor) {
        if !self.ready.contains(&fd) {
            self.ready.push_back(fd);
        }
    }

    /// At most `most` events, oldest first; `poll` tells what is true of a descriptor now.
    pub(super) fn wait(&mut self, most: usize, mut poll: impl FnMut(Descriptor) -> Mask) -> Vec<(Token, Readiness)> {
        let mut events = Vec::new();
        while events.len() < most
            && let Some(fd) = self.ready.pop_front()
        {
            let Some(interest) = self.interests.get(&fd) else { continue };
            let mask = poll(fd);
            let readable = mask.readable && interest.wanted != Wanted::Nothing;
            let news = Readiness {
                readable,
                writable: mask.writable && interest.wanted == Wanted::BytesAndRoom,
                // As mio reads EPOLLHUP and EPOLLRDHUP.
                hangup: mask.hangup || (readable && mask.read_closed),
                error: mask.error,
            };
            if news != Readiness::default() {
                events.push((interest.token, news));
            }
        }
        events
    }
}
