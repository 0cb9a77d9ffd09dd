//! What a backend is: its name, its [`Seat`] in the ring, its address, and the counters the workers keep for it.
//!
//! A **seat** is a backend's lasting identity: a replica that dies is replaced in its seat by a new one under a new
//! name, so its keys come home. A [`BackendId`] names one incarnation and is never used twice in a process.
//! Not here: who is in the membership (lb-admin decides) and who owns which slot ([`crate::ring`]).

use std::fmt;
use std::hash::Hasher;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use siphasher::sip::SipHasher13;

use crate::histogram::scale::Quarters;
use crate::histogram::{Histogram, Reading};

pub mod places;

use places::{PlaceLimits, Places};

/// One incarnation of a backend, unique for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId(pub u64);

/// What the ring scores: a stable 64-bit digest of the seat, equal on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(pub u64);

/// A lasting place in the ring. Replicas come and go in it; its identity and number stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat {
    identity: Identity,
    number: u32,
}

impl Seat {
    /// The seat of a supervised replica: its identity is its number (counted from 1).
    pub fn numbered(number: u32) -> Self {
        Self { identity: digest("seat:", &number.to_string()), number }
    }

    /// The seat of a backend that somebody else runs: its identity is its name; `number` is what the `assignment`
    /// hash places it by.
    pub fn named(name: &str, number: u32) -> Self {
        Self { identity: digest("name:", name), number }
    }

    /// What every hash but `assignment` places the seat by, and the order in which ties are broken.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The number that was given when the seat was made; `i` in the functions of the `assignment` hash.
    pub fn number(&self) -> u32 {
        self.number
    }
}

/// SipHash-1-3 under the all-zero key: public on purpose, since seats are no secret and tables must agree.
fn digest(kind: &str, text: &str) -> Identity {
    let mut hasher = SipHasher13::new();
    hasher.write(kind.as_bytes());
    hasher.write(text.as_bytes());
    Identity(hasher.finish())
}

/// A backend's share relative to the others, in thousandths: `1000` is weight 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Weight(u32);

/// Why a weight was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("weight {0} is not between 0.001 and 256")]
pub struct WeightError(String);

impl Weight {
    /// Weight 1.
    pub const ONE: Self = Self(1000);
    /// The largest weight, 256.
    pub const MAX: Self = Self(256_000);

    /// From thousandths (`1500` = 1.5); refused outside 0.001 to 256.
    pub fn from_thousandths(thousandths: u32) -> Result<Self, WeightError> {
        if thousandths == 0 || thousandths > Self::MAX.0 {
            return Err(WeightError(format!("{}", f64::from(thousandths) / 1000.0)));
        }
        Ok(Self(thousandths))
    }

    /// From what a user types (`2`, `1.5`), rounded to a thousandth.
    pub fn parse(text: &str) -> Result<Self, WeightError> {
        let refused = || WeightError(text.to_owned());
        let value: f64 = text.parse().map_err(|_| refused())?;
        let thousandths = (value * 1000.0).round();
        if !(1.0..=f64::from(Self::MAX.0)).contains(&thousandths) {
            return Err(refused());
        }
        // In range by the check above, so the cast keeps the value.
        Ok(Self(thousandths as u32))
    }

    /// In thousandths.
    pub fn thousandths(self) -> u32 {
        self.0
    }
}

/// Where a backend stands in its life. Only `Ready` ones get sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BackendState {
    /// Started, no good health check yet.
    Starting,
    /// Gets sessions.
    Ready,
    /// Out of the ring; its sessions may finish.
    Draining,
    /// Known not to answer; its seat waits for it or for a replacement.
    Down,
}

impl fmt::Display for BackendState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::Down => "down",
        })
    }
}

/// `send-proxy=v1|v2`: how a backend is told who its client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyVersion {
    /// A line of text.
    V1,
    /// Binary.
    V2,
}

impl ProxyVersion {
    /// The header of a connection that has no client: a health check's (UNKNOWN and LOCAL in the format's words).
    pub fn unknown_header(self) -> &'static [u8] {
        match self {
            Self::V1 => b"PROXY UNKNOWN\r\n",
            Self::V2 => b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
        }
    }
}

/// A backend that may be given sessions: what a [`crate::ring::RingTable`] points at.
#[derive(Debug)]
pub struct Backend {
    /// This incarnation.
    pub id: BackendId,
    /// What users call it; unique in the membership at any time.
    pub name: Arc<str>,
    /// Its place in the ring.
    pub seat: Seat,
    /// Where it listens.
    pub addr: SocketAddr,
    /// Whether each connection to it begins with a PROXY header.
    pub send_proxy: Option<ProxyVersion>,
    /// What the workers count for it.
    pub counters: BackendCounters,
    places: OnceLock<Places>,
}

impl Backend {
    /// A backend with counters for `workers` workers.
    pub fn new(id: BackendId, name: Arc<str>, seat: Seat, addr: SocketAddr, workers: usize) -> Self {
        let counters = BackendCounters::new(workers);
        Self { id, name, seat, addr, send_proxy: None, counters, places: OnceLock::new() }
    }

    /// The same with places.
    pub fn with_places(self, limits: Option<PlaceLimits>) -> Self {
        if let Some(limits) = limits {
            let nobody_waits = self.limit_places(limits);
            debug_assert!(nobody_waits.is_empty(), "no session knows of it yet");
        }
        self
    }

    /// Its places, where they are limited or counted; `None`: nobody looks.
    #[inline]
    pub fn places(&self) -> Option<&Places> {
        self.places.get()
    }

    /// Changes how many places there are; gives the workers that are to be woken. Where nobody counted, sessions do so
    /// from now on; those that are open already never will, so the limit holds once they have ended.
    pub(crate) fn limit_places(&self, limits: PlaceLimits) -> Vec<usize> {
        let workers = self.counters.cells.len();
        self.places.get_or_init(|| Places::new(limits, workers)).limit_to(limits)
    }

    /// The same, told who its clients are.
    pub fn with_proxy_header(self, send_proxy: Option<ProxyVersion>) -> Self {
        Self { send_proxy, ..self }
    }
}

/// Counters of one backend, a cell a worker, so that each cell has one writer and no cache line is shared.
#[derive(Debug)]
pub struct BackendCounters {
    cells: Box<[BackendCell]>,
}

/// One worker's counts for one backend. Written by that worker only, read by anybody.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct BackendCell {
    /// Sessions routed to it (its connect succeeded).
    pub sessions: Counter,
    /// Of those, the ones that have ended.
    pub ended: Counter,
    /// Connects that were refused, reset or timed out.
    pub connect_failures: Counter,
    /// Bytes from clients to it.
    pub bytes_to_backend: Counter,
    /// Bytes from it to clients.
    pub bytes_to_client: Counter,
    /// From its connect to the first byte of its response, for every session that got one.
    pub first_byte: Histogram<Quarters>,
}

impl BackendCounters {
    fn new(workers: usize) -> Self {
        Self { cells: (0..workers.max(1)).map(|_| BackendCell::default()).collect() }
    }

    /// The cell that worker number `worker` writes.
    pub fn cell(&self, worker: usize) -> &BackendCell {
        &self.cells[worker]
    }

    /// Sessions open now, over all workers. Only meaningful as "none left" once no worker can route to it any more.
    pub fn open_sessions(&self) -> u64 {
        // `ended` first: a session that ends between the two reads may then only be counted as still open.
        let ended = self.sum(|cell| &cell.ended);
        self.sum(|cell| &cell.sessions).saturating_sub(ended)
    }

    /// How long it took to its first bytes, over all workers.
    pub fn first_byte(&self) -> Reading<Quarters> {
        Reading::of(self.cells.iter().map(|cell| &cell.first_byte))
    }

    /// The sum of one counter over all workers.
    pub fn sum(&self, pick: impl Fn(&BackendCell) -> &Counter) -> u64 {
        self.cells.iter().map(|cell| pick(cell).read()).sum()
    }
}

/// A counter with one writer: a load and a store instead of a locked add (2 ns, and no contention).
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`. Only the owning thread may call this; a second writer would lose counts.
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(n), Ordering::Release);
    }

    /// The value as last written.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}
