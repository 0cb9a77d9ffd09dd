//! What a run of the load generator sends, and when it ends. Plain data: nothing here does I/O.
//!
//! Every run is bounded twice, in requests and in time, so that a balancer that hangs can't hang the experiment.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// One run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The balancer's front.
    pub(crate) front: SocketAddr,
    /// The ids that are asked for; must not be empty. Not looked at where `order` is `SixDigits`.
    pub(crate) ids: RangeInclusive<u64>,
    /// In which order they are asked for.
    pub(crate) order: IdOrder,
    /// Equal seeds give equal ids.
    pub(crate) seed: u64,
    /// Requests sent at the most.
    pub(crate) requests_max: u64,
    /// When the next request is sent.
    pub(crate) arrivals: Arrivals,
    /// Requests in flight at the same time, at the most.
    pub(crate) concurrency: usize,
    /// What happens to a connection after its answer.
    pub(crate) connections: Connections,
    /// What is asked for; `?request_id=ID` is added (or `&request_id=ID` where it has a query).
    pub(crate) path: Cow<'static, str>,
    /// Sent by POST; without it the request is a GET.
    pub(crate) body: Option<Arc<[u8]>>,
    /// From the connect to the last byte of the answer.
    pub(crate) request_timeout: Duration,
    /// No request is begun after this.
    pub(crate) time_max: Duration,
}

impl Plan {
    /// GETs each id of `1..=last` once, a connection each, in a closed loop at concurrency 100.
    pub(crate) fn each_once(front: SocketAddr, last: u64) -> Self {
        Self {
            front,
            ids: 1..=last,
            order: IdOrder::Sequential,
            seed: 0,
            requests_max: last,
            arrivals: Arrivals::AfterAnswer,
            concurrency: 100,
            connections: Connections::OnePerRequest,
            path: Cow::Borrowed("/request"),
            body: None,
            request_timeout: Duration::from_secs(30),
            time_max: Duration::from_secs(600),
        }
    }
}

/// In which order ids are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum IdOrder {
    /// One after the other and then from the start again.
    Sequential,
    /// 100000 to 999999, each as likely.
    SixDigits,
    /// The n-th id in proportion to 1 / n^exponent: few are hot, most are rare.
    Zipf {
        /// 1.0 is the classic; more is steeper.
        exponent: f64,
    },
}

/// When the next request is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arrivals {
    /// Closed loop: when a client has its answer.
    AfterAnswer,
    /// Open loop: at this fixed rate (above 0), answered or not; latencies count from when a request was due.
    PerSecond(f64),
}

/// What happens to a connection after its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connections {
    /// `Connection: close`, and a new one for the next request.
    OnePerRequest,
    /// Kept for the next request unless the answer says `close` (or ends with the connection).
    KeepAlive,
}
