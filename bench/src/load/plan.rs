//! What a run of the load generator sends, and when it ends. Plain data: nothing here does I/O.
//!
//! Every run is bounded twice, in requests and in time, so that a balancer that hangs can't hang the experiment.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// One run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The balancer's front.
    pub(crate) front: SocketAddr,
    /// The ids that are asked for, one after the other and then from the start again; must not be empty.
    pub(crate) ids: RangeInclusive<u64>,
    /// Requests sent at the most.
    pub(crate) requests_max: u64,
    /// Requests in flight at the same time; each waits for its answer before the next is sent (closed loop).
    pub(crate) concurrency: usize,
    /// What happens to a connection after its answer.
    pub(crate) connections: Connections,
    /// From the connect to the last byte of the answer.
    pub(crate) request_timeout: Duration,
    /// No request is begun after this.
    pub(crate) time_max: Duration,
}

impl Plan {
    /// Each id of `1..=last` once, a connection each, at concurrency 100.
    pub(crate) fn each_once(front: SocketAddr, last: u64) -> Self {
        Self {
            front,
            ids: 1..=last,
            requests_max: last,
            concurrency: 100,
            connections: Connections::OnePerRequest,
            request_timeout: Duration::from_secs(30),
            time_max: Duration::from_secs(600),
        }
    }

    /// The id of the `index`-th request (from 0).
    pub(crate) fn id_at(&self, index: u64) -> u64 {
        let (first, last) = (self.ids.start(), self.ids.end());
        first + index % (last - first + 1)
    }
}

/// What happens to a connection after its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connections {
    /// `Connection: close`, and a new one for the next request.
    OnePerRequest,
    /// Kept for the next request unless the answer says `close` (or ends with the connection).
    KeepAlive,
}
