//! A worker's counters and histograms: plain, one writer, read from outside without a lock.
//!
//! Times are differences of the worker's clock, which is read once a turn: what begins and ends in one turn took 0, and
//! no other time is wrong by more than the turn.

use crate::backend::Counter;
use crate::histogram::Histogram;

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
    /// Connects that went on to the next backend because the one before was refused, reset or timed out.
    pub retries: Counter,
    /// Connects that were refused or reset, or met ourselves.
    pub connects_refused: Counter,
    /// Connects that got no answer in time.
    pub connects_timed_out: Counter,
    /// Requests sent once more because their backend reset before the first byte of a response.
    pub replays_reset: Counter,
    /// The same where it closed.
    pub replays_closed: Counter,
    /// The same where it was silent until the first-byte deadline and health had taken it down.
    pub replays_overdue: Counter,
    /// Replays that there was somebody for, but no retry budget left.
    pub replays_refused: Counter,
    /// Requests of which a copy was held until the first byte of their response, because they may be replayed.
    pub heads_held: Counter,
    /// Sessions that had to wait for a place.
    pub queued: Counter,
    /// Of those, the ones for which none came free in time.
    pub queue_timeouts: Counter,
    /// Sessions that were refused because as many waited as may.
    pub queue_full: Counter,
    /// Sessions given to a later backend of their slot by the balance factor.
    pub spilled: Counter,
    /// Sessions closed because the drain deadline of their backend had passed.
    pub evicted: Counter,
    /// Sessions whose key has moved with a mapping, and that stay where they are.
    pub moved_kept: Counter,
    /// Those that were closed for it.
    pub moved_closed: Counter,
    /// Those that were to be closed and had ended themselves by then.
    pub moved_drained: Counter,
    /// The front's own answers, by status: 400, 408, 431, 502, 503, 504 in this order.
    pub answers: [Counter; 6],
    /// Sessions ended by a reset from either side.
    pub resets: Counter,
    /// Sessions closed by a deadline (head, first byte, half-closed, idle, drain).
    pub timeouts: Counter,
    /// Connections refused because they began without a PROXY header (`--accept-proxy`).
    pub refused_unannounced: Counter,
    /// Connections refused because their client address had as many as it may (`--connections-per-source`).
    pub refused_by_source: Counter,
    /// Connections refused because no file descriptor came free in time.
    pub refused_without_descriptor: Counter,
    /// Accepts put off because no file descriptor was left.
    pub accepts_deferred: Counter,
    /// Times that a session had more to move than one turn allows.
    pub turns_cut_short: Counter,
    /// Events for a token whose session was gone.
    pub stale_events: Counter,
    /// Reports that didn't fit their channel.
    pub reports_dropped: Counter,
    /// Records of the access log that didn't fit theirs.
    pub access_log_dropped: Counter,
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
    /// From the begin of a connect to its success, for every connect that succeeded.
    pub connect: Histogram,
    /// From then to the first byte of the backend's response, for every session that got one.
    pub first_byte: Histogram,
    /// From the begin of a wait for a place to its being granted; of those that waited in vain nothing is in it.
    pub queue_wait: Histogram,
    /// From accept to the end of the client's connection, however it ended.
    pub session: Histogram,
    /// Every turn of the loop; the time asleep isn't in it.
    pub turn: Histogram,
}

/// The statuses of [`WorkerStats::answers`].
pub const ANSWER_STATUSES: [u16; 6] = [400, 408, 431, 502, 503, 504];
