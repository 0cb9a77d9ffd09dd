//! A scripted client: what it sends, in which pieces, how it behaves, and what it has got.
//!
//! Everything is drawn once from the run's seed and the client's number, so that both ends and the judge know every byte.
//! A client's number stands near the begin of what it sends; by it a backend's bytes are checked (see [`super::backend`]).

use std::fmt;
use std::net::SocketAddr;

use super::net::{Net, SocketId};
use super::socket::{End, WIRE_BYTES_MAX};
use super::speech::{self, Speech};
use crate::config::{Affinity, WorkerConfig};

/// What a slow peer reads at once, at the most: single bytes would only cost time.
pub(super) const READ_BYTES: usize = 1_000;

/// What a client means to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Sends all, reads all, and says FIN: at once when all is sent, or when the other side has.
    Good { fin_first: bool },
    /// As a good one, but stays when the other side has ended.
    Stays,
    /// Sends all, reads nothing, stays.
    NeverReads,
    /// Sends so many bytes, then nothing any more.
    Silent { after: usize },
    /// Resets after so many doings.
    Resets { after: u32 },
    /// Closes after so many doings, whatever is unread.
    Closes { after: u32 },
}

/// One client connection.
pub(super) struct Client {
    pub(super) id: SocketId,
    pub(super) manner: Manner,
    pub(super) speech: Speech,
    /// What it means to send.
    pub(super) sends: Vec<u8>,
    /// What a backend is to get of that.
    pub(super) forwarded: Vec<u8>,
    /// Of what is sent, the PROXY header that comes first.
    pub(super) announcement: usize,
    /// Where a PROXY header says that it comes from.
    pub(super) announced: Option<SocketAddr>,
    /// As long as no more than this of what is forwarded has been sent to a backend it may be sent to another.
    pub(super) replayable: usize,
    pub(super) sent: usize,
    pub(super) got: Vec<u8>,
    /// How the other side has ended, as this client saw it.
    pub(super) end: Option<End>,
    pub(super) said_fin: bool,
    /// It has let its socket go.
    pub(super) gone: bool,
    /// It has reset, or closed with unread input.
    pub(super) aborted: bool,
    /// What is left to send has somebody to go to when the response has ended.
    sends_on: bool,
    piece_max: usize,
    doings: u32,
}

/// Counts instead of bytes: what a failure prints is to be read.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, manner, speech, end, said_fin, gone, aborted, .. } = self;
        let (sent, of, got) = (self.sent, self.sends.len(), self.got.len());
        write!(f, "{id:?} {manner:?} {speech:?} sent {sent}/{of} got {got} end {end:?} fin {said_fin} ")?;
        write!(f, "gone {gone} aborted {aborted}")
    }
}

impl Client {
    pub(super) fn new(
        number: usize,
        id: SocketId,
        config: &WorkerConfig,
        manner: Manner,
        calm: bool,
        random: &mut fastrand::Rng,
    ) -> Self {
        let speech = Speech::pick(config, calm, random);
        let manner = if speech == Speech::CutShort { Manner::Good { fin_first: true } } else { manner };
        let (sends, forwarded) = speech.words(number, config.affinity, random);
        let piece_max = random.choice([1, 40, 2000, 100_000]).expect("there are four");
        // Thousands of single bytes only cost time.
        let piece_max = match sends.len() {
            0..=2000 => piece_max,
            2001..=100_000 => piece_max.max(200),
            _ => piece_max.max(WIRE_BYTES_MAX),
        };
        let announced = (config.accept_proxy && speech != Speech::Unannounced).then(|| speech::address_of(number));
        let announcement = announced.map(|addr| speech::announcement(addr, random)).unwrap_or_default();
        let replayable = if speech == Speech::Safe { speech::head_len(&forwarded) } else { 0 };
        Self {
            id,
            manner,
            speech,
            announcement: announcement.len(),
            announced,
            replayable,
            sends: [announcement, sends].concat(),
            forwarded,
            sent: 0,
            got: Vec::new(),
            end: None,
            said_fin: false,
            gone: false,
            aborted: false,
            sends_on: config.affinity == Affinity::Connection && speech != Speech::BadHead,
            piece_max,
            doings: 0,
        }
    }

    /// Does one thing, if it has anything to do.
    pub(super) fn act(&mut self, net: &mut Net) {
        if self.gone {
            return;
        }
        self.doings += 1;
        match self.manner {
            Manner::Resets { after } if self.doings > after => return self.reset(net),
            Manner::Closes { after } if self.doings > after => return self.close(net),
            _ => {}
        }
        if net.random.bool() { self.send(net) } else { self.read(net) }
    }

    fn send(&mut self, net: &mut Net) {
        let most =
            if let Manner::Silent { after } = self.manner { after.min(self.sends.len()) } else { self.sends.len() };
        if self.sent < most {
            let piece = net.random.usize(1..=self.piece_max).min(most - self.sent);
            self.sent += net.socket(self.id).peer_send(&self.sends[self.sent..self.sent + piece]);
        } else if self.manner == (Manner::Good { fin_first: true }) {
            self.say_fin(net);
        }
    }

    fn say_fin(&mut self, net: &mut Net) {
        if !self.said_fin {
            net.socket(self.id).peer_fin();
            self.said_fin = true;
        }
    }

    fn read(&mut self, net: &mut Net) {
        if self.manner == Manner::NeverReads {
            return;
        }
        let most = net.random.usize(1..=self.piece_max.max(READ_BYTES));
        self.end = self.end.or(net.socket(self.id).peer_read(most, &mut self.got));
        let stays = matches!(self.manner, Manner::Stays | Manner::Silent { .. });
        match self.end {
            Some(End::Reset) => self.close(net),
            // Whoever isn't through goes on sending: a half-close is no end of the other half.
            Some(End::Fin) if !stays && (self.sent == self.sends.len() || !self.sends_on || self.answered()) => {
                self.close(net);
            }
            _ => {}
        }
    }

    /// Whether the front spoke, not a backend: nobody would take what is left to send.
    pub(super) fn answered(&self) -> bool {
        self.got.starts_with(b"HTTP/1.1 ")
    }

    /// The run is over: reads what there is.
    pub(super) fn hear_the_end(&mut self, net: &mut Net) {
        if !self.gone {
            self.end = self.end.or(net.socket(self.id).peer_read(usize::MAX, &mut self.got));
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

    pub(super) fn reset(&mut self, net: &mut Net) {
        self.gone = true;
        self.aborted = true;
        net.peer_reset(self.id);
    }

    /// Whether it has done all it means to do.
    pub(super) fn is_good(&self) -> bool {
        matches!(self.manner, Manner::Good { .. })
    }
}
