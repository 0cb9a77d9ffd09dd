//! What one connection is to carry, drawn from a seed and the connection's number, so that both ends know it without
//! talking: how much each sends, in which pieces, who waits for whom, and who resets in the middle. Pure.

use super::tagged::Tagged;

/// Shares of all connections in 32nds, most bytes a write, most bytes a direction: most connections are small, as in
/// life, and some are long enough to be spliced.
const CLASSES: [(u8, usize, u64); 4] =
    [(13, 16, 600), (11, 1_400, 16_000), (7, 64 * 1024, 200_000), (1, 256 * 1024, 3_000_000)];
/// Most bytes of one write, over all classes.
pub(super) const PIECE_MAX: usize = 256 * 1024;
/// Most bytes of one read.
pub(super) const READ_MAX: usize = 64 * 1024;
/// Beginning of a connection that isn't HTTP; its number follows, eight bytes, the highest first.
const RAW_MARK: [u8; 8] = *b"\x16\x03LBBNCH";
const HTTP_BEFORE_ID: &str = "POST /traffic?id=";

/// One of the two that talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Client,
    Backend,
}

impl End {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Backend,
            Self::Backend => Self::Client,
        }
    }
}

/// What the first bytes look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// A request's head, then raw bytes.
    Http,
    /// Nothing that HTTP knows.
    Raw,
}

/// Who waits for the other's FIN before sending anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    Nobody,
    One(End),
}

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    id: u64,
    key: u64,
    /// Of the client and of the backend.
    lengths: [u64; 2],
    /// Most bytes of one write.
    pub(super) piece_max: usize,
    /// Most bytes of one read.
    pub(super) read_max: usize,
    pub(super) wire: Wire,
    waits: Waits,
    /// Who resets, and after how many of its bytes.
    pub(super) abort: Option<(End, u64)>,
}

impl Plan {
    /// The connection `id` of the run with this seed.
    pub(super) fn new(seed: u64, id: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut share = random.u8(..32);
        let class = CLASSES.iter().find(|(part, ..)| {
            let found = share < *part;
            share = share.wrapping_sub(*part);
            found
        });
        let &(_, piece_max, length_max) = class.unwrap_or(&CLASSES[0]);
        // Never nothing: for a backend that ends without a byte the front answers.
        let lengths = [random.u64(1..=length_max), random.u64(1..=length_max)];
        let waits = match random.u8(..8) {
            0 => Waits::One(End::Backend),
            1 => Waits::One(End::Client),
            _ => Waits::Nobody,
        };
        let abort = match random.u8(..8) {
            0 => Some((End::Client, random.u64(..lengths[0]))),
            1 => Some((End::Backend, random.u64(..lengths[1]))),
            _ => None,
        };
        Self {
            id,
            key: random.u64(..),
            lengths,
            piece_max,
            read_max: random.usize(1..=READ_MAX),
            wire: if random.u8(..4) == 0 { Wire::Raw } else { Wire::Http },
            waits,
            abort,
        }
    }

    /// What the client sends before anything else, so that the backend knows which connection this is.
    pub(super) fn preface(&self) -> Vec<u8> {
        match self.wire {
            Wire::Http => format!("{HTTP_BEFORE_ID}{} HTTP/1.1\r\nHost: traffic\r\n\r\n", self.id).into_bytes(),
            Wire::Raw => [RAW_MARK, self.id.to_be_bytes()].concat(),
        }
    }

    /// What `end` sends: its bytes and how many.
    pub(super) fn sent_by(&self, end: End) -> (Tagged, u64) {
        (Tagged::of(self.key.wrapping_add(end as u64)), self.lengths[end as usize])
    }

    /// What `end` shall receive.
    pub(super) fn received_by(&self, end: End) -> (Tagged, u64) {
        self.sent_by(end.other())
    }

    /// Whether `end` sends nothing before the other's FIN.
    pub(super) fn waits(&self, end: End) -> bool {
        self.waits == Waits::One(end)
    }

    /// After how many of its bytes `end` resets.
    pub(super) fn abort_of(&self, end: End) -> Option<u64> {
        self.abort.filter(|(who, _)| *who == end).map(|(_, after)| after)
    }
}

/// What the first bytes of a connection say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Preface {
    /// More are needed.
    Incomplete,
    /// A connection of this number; so many bytes said it.
    Of { id: u64, length: usize },
    /// A GET: somebody wants to know whether anybody is there.
    Probe,
    /// Nobody of ours.
    Foreign,
}

impl Preface {
    /// Reads it.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let both = |mark: &[u8]| bytes.iter().zip(mark).all(|(byte, mark)| byte == mark);
        let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
        if both(&RAW_MARK) && !bytes.is_empty() {
            let id = bytes.get(RAW_MARK.len()..RAW_MARK.len() + 8).and_then(|id| id.try_into().ok());
            return id
                .map_or(Self::Incomplete, |id| Self::Of { id: u64::from_be_bytes(id), length: RAW_MARK.len() + 8 });
        }
        if !both(HTTP_BEFORE_ID.as_bytes()) {
            return match (both(b"GET "), head) {
                (true, Some(_)) => Self::Probe,
                (true, None) => Self::Incomplete,
                (false, _) => Self::Foreign,
            };
        }
        let Some(length) = head else { return Self::Incomplete };
        let id = std::str::from_utf8(&bytes[HTTP_BEFORE_ID.len()..length]).ok();
        let id = id.and_then(|rest| rest.split(' ').next()?.parse().ok());
        id.map_or(Self::Foreign, |id| Self::Of { id, length })
    }
}

#[cfg(test)]
mod tests;
