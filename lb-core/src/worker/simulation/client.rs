//! A scripted client: what it sends, in which pieces, how it behaves, and what it has got.
//!
//! Everything is drawn once from the run's seed and the client's number, so that both ends and the judge know every byte.
//! A client's number stands near the begin of what it sends; by it a backend's bytes are checked (see [`super::backend`]).

use std::fmt;
use std::net::SocketAddr;

use super::kernel::FRONT;
use super::net::{Net, SocketId};
use super::socket::{End, WIRE_BYTES_MAX};
use crate::backend::ProxyVersion;
use crate::config::{Affinity, Mode, WorkerConfig};
use crate::session::first_line::FIRST_LINE_BYTES_MAX;
use crate::session::proxy_header::{Endpoints, Header};

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

/// What kind of bytes a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// A complete head and what follows it.
    Http,
    /// One head without a body, which may be sent twice, and sometimes another behind it.
    Safe,
    /// Something that is not HTTP.
    Raw,
    /// A head that can't be: the front answers 400 or 431.
    BadHead,
    /// The begin of a head, and FIN.
    CutShort,
    /// No PROXY header where one must come first.
    Unannounced,
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

/// Bytes of a head, request line included, that every good client sends.
fn head(number: usize, method: &str, fields: &str) -> Vec<u8> {
    format!("{method} /r?id={number:08} HTTP/1.1\r\n{fields}\r\n").into_bytes()
}

/// Where in a stream its client's number is.
pub(super) fn number_in(stream: &[u8]) -> Option<usize> {
    let at = stream.windows(3).take(24).position(|three| three == b"id=")? + 3;
    std::str::from_utf8(stream.get(at..at + 8)?).ok()?.parse().ok()
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
        let speech = match random.u8(..16) {
            15 if config.accept_proxy && !calm => Speech::Unannounced,
            _ if config.mode == Mode::Tcp => Speech::Raw,
            0 | 1 => Speech::Raw,
            2 => Speech::BadHead,
            3 => Speech::CutShort,
            4..10 => Speech::Safe,
            _ => Speech::Http,
        };
        let manner = if speech == Speech::CutShort { Manner::Good { fin_first: true } } else { manner };
        let (sends, forwarded) = match (speech, config.affinity) {
            (Speech::Http, Affinity::Connection) => {
                let sends = [head(number, "POST", "Host: a\r\n"), noise(random)].concat();
                (sends.clone(), sends)
            }
            (Speech::Http, Affinity::Request) => one_request(number, random),
            (Speech::Safe, affinity) => safe_request(number, affinity, random),
            (Speech::Unannounced, _) => (not_announced(random), Vec::new()),
            (Speech::Raw, _) => {
                let sends = [format!("\u{1}id={number:08}").into_bytes(), noise(random)].concat();
                (sends.clone(), sends)
            }
            (Speech::BadHead, _) => {
                let sends = bad_head(number, random);
                // Whoever ends before there is a line, or too much of one, may have spoken another protocol.
                let line = sends.iter().position(|&byte| byte == b'\n').unwrap_or(sends.len());
                let cut = sends[..line.min(FIRST_LINE_BYTES_MAX - 1)].to_vec();
                (sends, cut)
            }
            (Speech::CutShort, _) => {
                let mut sends = head(number, "GET", "");
                sends.truncate(random.usize(1..sends.len()));
                // Without a whole line it isn't known to be HTTP.
                (sends.clone(), sends)
            }
        };
        let piece_max = random.choice([1, 40, 2000, 100_000]).expect("there are four");
        // Thousands of single bytes only cost time.
        let piece_max = match sends.len() {
            0..=2000 => piece_max,
            2001..=100_000 => piece_max.max(200),
            _ => piece_max.max(WIRE_BYTES_MAX),
        };
        let announced = (config.accept_proxy && speech != Speech::Unannounced).then(|| address_of(number));
        let announcement = announced.map(|addr| announcement(addr, random)).unwrap_or_default();
        let replayable = if speech == Speech::Safe { head_len(&forwarded) } else { 0 };
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

/// Where a PROXY header says that a client comes from.
fn address_of(number: usize) -> SocketAddr {
    let [.., middle, low] = number.to_be_bytes();
    SocketAddr::from(([172, 16, middle, low], 2_000))
}

fn announcement(source: SocketAddr, random: &mut fastrand::Rng) -> Vec<u8> {
    let version = if random.bool() { ProxyVersion::V1 } else { ProxyVersion::V2 };
    Header::new(version, Some(&Endpoints { source, destination: FRONT })).as_bytes().to_vec()
}

/// What begins like a header at the best.
fn not_announced(random: &mut fastrand::Rng) -> Vec<u8> {
    match random.u8(..4) {
        0 => b"GET /r?id=1 HTTP/1.1\r\n\r\n".to_vec(),
        1 => b"PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n".to_vec(),
        2 => b"PROXY TCP4 1.2.3.4".to_vec(),
        _ => noise(random),
    }
}

/// A head without a body, and sometimes another one behind it; and the same as it is to be forwarded.
fn safe_request(number: usize, affinity: Affinity, random: &mut fastrand::Rng) -> (Vec<u8>, Vec<u8>) {
    let method = random.choice(["GET", "HEAD", "OPTIONS"]).expect("there are three");
    let fields = random.choice(["", "Host: a\r\n", "Content-Length: 0\r\n"]).expect("there are three");
    let surplus: &[u8] = if random.u8(..4) == 0 { b"GET /r?id=99999999 HTTP/1.1\r\n\r\n" } else { b"" };
    let sends = [&head(number, method, fields), surplus].concat();
    match affinity {
        Affinity::Connection => (sends.clone(), sends),
        Affinity::Request => (sends, head(number, method, &format!("Connection: close\r\n{fields}"))),
    }
}

fn head_len(bytes: &[u8]) -> usize {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4)
}

/// A request with a body, and sometimes what should not follow it; and the same as it is to be forwarded.
fn one_request(number: usize, random: &mut fastrand::Rng) -> (Vec<u8>, Vec<u8>) {
    let body = noise(random);
    let kept = random.choice(["", "Connection: keep-alive\r\n", "connection: x\r\n"]).expect("there are three");
    let (length, framed) = match random.bool() {
        true => (format!("Content-Length: {}\r\n", body.len()), body),
        false => ("Transfer-Encoding: chunked\r\n".to_owned(), chunked(&body, random)),
    };
    let surplus: &[u8] = if random.u8(..4) == 0 { b"GET /r?id=99999999 HTTP/1.1\r\n\r\n" } else { b"" };
    let sends = [&head(number, "POST", &format!("{kept}{length}")), &framed[..], surplus].concat();
    let forwarded = [&head(number, "POST", &format!("Connection: close\r\n{length}")), &framed[..]].concat();
    (sends, forwarded)
}

fn chunked(body: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut framed = Vec::new();
    for chunk in body.chunks(random.usize(1..4000)) {
        framed.extend(format!("{:x};x\r\n", chunk.len()).as_bytes());
        framed.extend([chunk, b"\r\n"].concat());
    }
    framed.extend(b"0\r\n\r\n");
    framed
}

fn bad_head(number: usize, random: &mut fastrand::Rng) -> Vec<u8> {
    match random.u8(..3) {
        0 => format!("GET /r?id={number:08} HTTP/7\r\n\r\n").into_bytes(),
        1 => format!("GET /r?id={number:08}&{} HTTP/1.1\r\n\r\n", "x".repeat(9000)).into_bytes(),
        // Too long only for whoever reads the whole head; others route by its line.
        _ => format!("GET /r?x={number:08} HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(17_000)).into_bytes(),
    }
}

/// Bytes that nobody would confuse with another's.
pub(super) fn noise(random: &mut fastrand::Rng) -> Vec<u8> {
    let length = match random.u8(..16) {
        0..6 => 0,
        6..12 => random.usize(1..400),
        12..15 => random.usize(400..20_000),
        // More than a turn may move.
        _ if random.u8(..8) == 0 => random.usize(400_000..1_000_000),
        _ => random.usize(20_000..200_000),
    };
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes
}
