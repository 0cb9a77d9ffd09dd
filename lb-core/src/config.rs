//! What the data plane is started with. Built and checked by lb-server. A reload sends new ones; what
//! each session goes by is one of them whole.
//!
//! Plain values only, so that the pure `session` may read them as well as the workers.

use std::net::IpAddr;
use std::time::Duration;

use crate::access_log::Outlet;
use crate::ring::KeyHasher;
use crate::session::balance::BalanceFactor;
use crate::session::key::{KeySource, KeySources};

/// Settings of the data plane, the same for every worker. A duration of zero means "none".
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// Whether a first HTTP line is awaited.
    pub mode: Mode,
    /// Where a request's key is looked for.
    pub keys: KeySources,
    /// key → hash, under the secret and the rule.
    pub hasher: KeyHasher,
    /// One decision per connection or per request.
    pub affinity: Affinity,
    /// What is done with bytes that aren't HTTP, in [`Mode::Http`].
    pub non_http: NonHttp,
    /// From accept to a complete head.
    pub head_timeout: Duration,
    /// Per connect attempt.
    pub connect_timeout: Duration,
    /// From the request's last byte sent to the first byte of the response; [`Mode::Http`] only.
    pub first_byte_timeout: Duration,
    /// Without a byte in either direction.
    pub idle_timeout: Duration,
    /// Further backends tried for one session, at most [`RETRIES_MAX`].
    pub retries: u32,
    /// Requests that may be replayed, in percent of the sessions of the last seconds, beside a few that always may
    /// ([`crate::session::retry_budget`]); 0: none ever, and then none is held.
    pub retry_budget_percent: u32,
    /// How long a session may wait for a place at its backend.
    pub queue_timeout: Duration,
    /// How far above its share a backend may be loaded before the next of the slot gets its sessions; `None`: no limit.
    /// Needs backends that count their places.
    pub balance_factor: Option<BalanceFactor>,
    /// What becomes of a session whose key has moved to another backend.
    pub on_move: OnMove,
    /// Most sessions a second, over all workers, that are closed for that; 0 = as many as there are.
    pub on_move_rate: u32,
    /// How long such a session may still go on under [`OnMove::Drain`]; zero: it is never closed for that.
    pub drain_timeout: Duration,
    /// Whether `/rep`, `/add`, `/rm` and `/requests/…` on the front go to the admin side.
    pub serve_admin_paths: bool,
    /// Whether answered ids are recorded.
    pub record_answered: bool,
    /// Where a record of each session goes; `None`: nowhere, and nothing is noted.
    pub access_log: Option<Outlet>,
    /// Client connections over all workers; the rest waits in the accept queue.
    pub connections_max: usize,
    /// Client connections of one address (IPv6: one /64) over all workers; the rest is reset. 0 = as many as there may be.
    pub connections_per_source: u32,
    /// Whether every client connection begins with a PROXY header, which says who the client is.
    pub accept_proxy: bool,
    /// Where connections to backends come from; `None`: as the kernel likes.
    pub source: Option<Source>,
    /// Which bytes are moved without being copied.
    pub splice: Splice,
    /// Bytes that a pipe can hold.
    pub pipe_bytes: usize,
    /// Bytes that one of the pipes lent first can hold; `pipe_bytes` = they are all alike.
    pub large_pipe_bytes: usize,
    /// Pipes over all workers, a large one counted as as many as it holds; a direction that finds none is copied.
    pub pipes_max: usize,
}

impl WorkerConfig {
    /// The defaults of `lb serve`, under this hasher; at most 1,000 client connections.
    pub fn new(hasher: KeyHasher) -> Self {
        let query = |name: &str| KeySource::Query(name.to_owned());
        let header = KeySource::Header("x-request-id".to_owned());
        Self {
            mode: Mode::Http,
            keys: KeySources(vec![query("request_id"), query("id"), header, KeySource::Random]),
            hasher,
            affinity: Affinity::Connection,
            non_http: NonHttp::Raw,
            head_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(1),
            first_byte_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(3600),
            retries: 3,
            retry_budget_percent: 100,
            queue_timeout: Duration::from_secs(5),
            balance_factor: None,
            on_move: OnMove::Keep,
            on_move_rate: ON_MOVE_RATE,
            drain_timeout: Duration::from_secs(30),
            serve_admin_paths: false,
            record_answered: false,
            access_log: None,
            connections_max: 1000,
            connections_per_source: 0,
            accept_proxy: false,
            source: None,
            splice: Splice::Bulk,
            pipe_bytes: PIPE_BYTES,
            large_pipe_bytes: LARGE_PIPE_BYTES,
            pipes_max: 64,
        }
    }
}

/// Sessions closed a second because they moved, where nothing else is said: few enough for the clients that come back at
/// once, enough for some thousands in a minute.
pub const ON_MOVE_RATE: u32 = 100;

/// Most that `retry_budget_percent` may be: every session replayed as often as `retries` may allow.
pub const RETRY_BUDGET_PERCENT_MAX: u32 = 100 * RETRIES_MAX;
/// Most further backends that `retries` may ask for: a session remembers whom it has tried.
pub const RETRIES_MAX: u32 = 7;

/// `--source`: where connections to backends of the same address family come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// An address of this machine; the unspecified one: any.
    pub addr: IpAddr,
    /// First and last port; `None`: those that the kernel gives out.
    pub ports: Option<(u16, u16)>,
}

/// A pipe's size where nothing else is said: four times what a copied read takes, and an unprivileged user may have 256
/// of them.
pub const PIPE_BYTES: usize = 256 * 1024;

/// What those hold that are lent first where nothing else is said: as much as an ordinary kernel gives.
pub const LARGE_PIPE_BYTES: usize = 1024 * 1024;

/// When a direction goes through a pipe (`--pipe-size 0`: never).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splice {
    /// All is copied.
    Never,
    /// Once a read has shown that there is much, until there is little.
    Bulk,
    /// From the first byte that need not be looked at: slower for small messages, and what tests want.
    Always,
}

/// `--mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The first line is read for the key.
    Http,
    /// Nothing is awaited; the key is the client address.
    Tcp,
}

/// `--affinity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// One decision for the connection's first request.
    Connection,
    /// One decision a request: the forwarded head says `Connection: close`.
    Request,
}

/// `--on-move`: what becomes of an open session when a change of the mapping gives its key to another backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMove {
    /// It stays where it is, to its end.
    Keep,
    /// It may go on for the drain timeout, then it is closed.
    Drain,
    /// It is closed.
    Close,
}

/// `--non-http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonHttp {
    /// Forwarded, keyed by the client address.
    Raw,
    /// Closed with 400.
    Reject,
}
