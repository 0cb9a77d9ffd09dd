//! A scripted backend's end of one connection: when it speaks, what, how it ends, and whose request it has got.
//!
//! What it says begins with its own number, so that a client's bytes can be told from another's. What it reads is held
//! against what the client whose number is in there means to have forwarded, byte by byte as it comes.

use std::fmt;

use super::client::{Client, READ_BYTES};
use super::kernel::FRONT;
use super::net::{Net, SocketId};
use super::socket::{End, WIRE_BYTES_MAX};
use super::speech::{self, noise};
use crate::session::proxy_header::{self, Endpoints};

/// How a backend treats a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conduct {
    /// Says all, then FIN, and reads to the end.
    Good,
    /// As a good one, but speaks before it has read anything.
    SpeaksFirst,
    /// Closes as soon as it has the connection.
    ClosesAtOnce,
    ResetsAtOnce,
    /// Takes everything and never says a byte.
    Hangs,
    /// Takes nothing, says nothing.
    Stopped,
    /// Says so many bytes, then resets.
    ResetsAfter(usize),
    /// Says so many bytes, then closes, whatever is unread.
    ClosesAfter(usize),
    /// Says so many bytes and nothing any more.
    StallsAfter(usize),
    /// Says all, then FIN, and never reads.
    NeverReads,
    /// Says all and waits for the client to end.
    Lingers,
}

/// One connection to a backend.
pub(super) struct Served {
    pub(super) id: SocketId,
    pub(super) conduct: Conduct,
    /// What it means to say.
    pub(super) says: Vec<u8>,
    pub(super) said: usize,
    /// Without the PROXY header.
    pub(super) got: Vec<u8>,
    /// A PROXY header must come first, and hasn't yet.
    awaits_header: bool,
    /// What the header said.
    announced: Option<Endpoints>,
    /// As far as it has been held against what its client sent.
    checked: usize,
    /// The client whose number has come.
    pub(super) client: Option<usize>,
    pub(super) end: Option<End>,
    pub(super) said_fin: bool,
    pub(super) gone: bool,
    /// It has reset, or closed with unread input.
    pub(super) aborted: bool,
    piece_max: usize,
}

/// Counts instead of bytes: what a failure prints is to be read.
impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, conduct, client, end, said_fin, gone, aborted, .. } = self;
        let (said, of, got) = (self.said, self.says.len(), self.got.len());
        write!(f, "{id:?} {conduct:?} for {client:?} said {said}/{of} got {got} end {end:?} fin {said_fin} ")?;
        write!(f, "gone {gone} aborted {aborted}")
    }
}

impl Served {
    pub(super) fn new(
        number: usize,
        id: SocketId,
        conduct: Conduct,
        awaits_header: bool,
        random: &mut fastrand::Rng,
    ) -> Self {
        let says = [format!("b{number:07}:").into_bytes(), noise(random)].concat();
        let piece_max = random.choice([1, 40, 2000, 100_000]).expect("there are four");
        let piece_max = match says.len() {
            0..=2000 => piece_max,
            2001..=100_000 => piece_max.max(200),
            _ => piece_max.max(WIRE_BYTES_MAX),
        };
        Self {
            id,
            conduct,
            says,
            said: 0,
            got: Vec::new(),
            awaits_header,
            announced: None,
            checked: 0,
            client: None,
            end: None,
            said_fin: false,
            gone: false,
            aborted: false,
            piece_max,
        }
    }

    /// Does one thing, if it has anything to do.
    pub(super) fn act(&mut self, net: &mut Net, clients: &[Client]) {
        if self.gone {
            return;
        }
        match self.conduct {
            Conduct::ClosesAtOnce => return self.close(net),
            Conduct::ResetsAtOnce => return self.reset(net),
            Conduct::Stopped => return,
            _ => {}
        }
        if net.random.bool() { self.say(net) } else { self.read(net, clients) }
    }

    fn say(&mut self, net: &mut Net) {
        let most = match self.conduct {
            Conduct::Hangs => 0,
            Conduct::ResetsAfter(most) | Conduct::ClosesAfter(most) | Conduct::StallsAfter(most) => {
                most.min(self.says.len())
            }
            _ => self.says.len(),
        };
        let speaks_first = matches!(self.conduct, Conduct::SpeaksFirst | Conduct::NeverReads);
        if self.got.is_empty() && self.end.is_none() && !speaks_first {
            return;
        }
        if self.said < most {
            let piece = net.random.usize(1..=self.piece_max).min(most - self.said);
            self.said += net.socket(self.id).peer_send(&self.says[self.said..self.said + piece]);
            return;
        }
        match self.conduct {
            Conduct::Good | Conduct::SpeaksFirst | Conduct::NeverReads => self.say_fin(net),
            Conduct::Lingers if self.end.is_some() => self.say_fin(net),
            Conduct::ResetsAfter(_) => self.reset(net),
            Conduct::ClosesAfter(_) => self.close(net),
            _ => {}
        }
    }

    fn say_fin(&mut self, net: &mut Net) {
        if !self.said_fin {
            net.socket(self.id).peer_fin();
            self.said_fin = true;
        }
    }

    fn read(&mut self, net: &mut Net, clients: &[Client]) {
        if self.conduct == Conduct::NeverReads {
            return;
        }
        let most = net.random.usize(1..=self.piece_max.max(READ_BYTES));
        self.end = self.end.or(net.socket(self.id).peer_read(most, &mut self.got));
        self.check(net, clients);
        let through = self.said_fin || self.conduct == Conduct::Hangs;
        if self.end == Some(End::Reset) || (self.end == Some(End::Fin) && through) {
            self.close(net);
        }
    }

    /// What a backend gets is a prefix of what its client sent.
    fn check(&mut self, net: &Net, clients: &[Client]) {
        if self.awaits_header && !self.take_header() {
            return;
        }
        if self.client.is_none() {
            self.client = speech::number_in(&self.got);
        }
        let Some(number) = self.client else { return };
        let client = &clients[number];
        if let Some(Endpoints { source, destination }) = self.announced.take() {
            let expected = client.announced.unwrap_or_else(|| net.client_addr(client.id));
            assert_eq!((source, destination), (expected, FRONT), "a backend was told of the wrong client");
        }
        let (from, to) = (std::mem::replace(&mut self.checked, self.got.len()), self.got.len());
        assert!(
            client.forwarded.get(from..to) == Some(&self.got[from..to]),
            "a backend got {} bytes that are no prefix of client {number}'s {}: {:?}",
            self.got.len(),
            client.forwarded.len(),
            client.speech
        );
    }

    /// Whether the header is complete; it is taken off then.
    fn take_header(&mut self) -> bool {
        match proxy_header::read(&self.got) {
            proxy_header::Read::More => false,
            proxy_header::Read::Complete { len, endpoints } => {
                assert!(endpoints.is_some(), "a backend was told of nobody");
                self.got.drain(..len);
                self.announced = endpoints;
                self.awaits_header = false;
                true
            }
            proxy_header::Read::Refused => panic!("a backend got no PROXY header: {self:?}"),
        }
    }

    /// The run is over: reads what there is.
    pub(super) fn hear_the_end(&mut self, net: &mut Net, clients: &[Client]) {
        if !self.gone {
            self.end = self.end.or(net.socket(self.id).peer_read(usize::MAX, &mut self.got));
            self.check(net, clients);
            self.close(net);
        }
    }

    fn close(&mut self, net: &mut Net) {
        self.gone = true;
        match net.peer_close(self.id) {
            End::Fin => self.said_fin = true,
            End::Reset => self.aborted = true,
        }
    }

    fn reset(&mut self, net: &mut Net) {
        self.gone = true;
        self.aborted = true;
        net.peer_reset(self.id);
    }
}
