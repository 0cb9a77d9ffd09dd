//! A worker's counters: plain, one writer, read from outside without a lock.

use crate::backend::Counter;

/// What one worker has counted since it started.
#[derive(Debug, Default)]
pub struct WorkerStats {
    /// Client connections accepted.
    pub accepted: Counter,
    /// Client connections that have ended, however.
    pub closed: Counter,
    /// Sessions that were given a backend.
    pub routed: Counter,
    /// Of those, keyed at random because no source yielded a key.
    pub unkeyed_random: Counter,
    /// Keyed by the client address because the bytes were not HTTP.
    pub unkeyed_raw: Counter,
    /// Keyed by the client address because the front runs in `tcp` mode or `source` was configured.
    pub unkeyed_source: Counter,
    /// Requests after the first on a connection, seen to follow it to its backend.
    pub requests_pinned: Counter,
    /// Connects that went on to the next backend.
    pub retries: Counter,
    /// The front's own answers, by status: 400, 408, 431, 502, 503, 504 in this order.
    pub answers: [Counter; 6],
    /// Sessions ended by a reset from either side.
    pub resets: Counter,
    /// Sessions closed by a deadline (head, first byte, half-closed, idle, drain).
    pub timeouts: Counter,
    /// Accepts put off because no file descriptor was left.
    pub accepts_deferred: Counter,
    /// Times that a session had more to move than one turn allows.
    pub turns_cut_short: Counter,
    /// Events for a token whose session was gone.
    pub stale_events: Counter,
    /// Reports that didn't fit their channel.
    pub reports_dropped: Counter,
    /// Bytes from clients to backends.
    pub bytes_to_backend: Counter,
    /// Bytes from backends to clients.
    pub bytes_to_client: Counter,
    /// Of these two, what went through a pipe and was never copied.
    pub spliced_bytes: Counter,
    /// Times that a direction that had much to move was copied because it got no pipe, or the kernel wouldn't splice it.
    pub splice_fallbacks: Counter,
    /// Pipes given to a session.
    pub pipes_taken: Counter,
    /// Pipes that came back from one, or were closed with it.
    pub pipes_returned: Counter,
    /// Longest turn of the loop so far, in microseconds.
    pub longest_turn_us: Counter,
}

/// The statuses of [`WorkerStats::answers`].
pub const ANSWER_STATUSES: [u16; 6] = [400, 408, 431, 502, 503, 504];
