//! The last 1,000 things that happened to the membership, for `GET /v1/events` and the benchmark.
//!
//! Times are monotonic milliseconds since start, so that differences between two events are exact, and once more by the
//! wall clock, for people.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use serde::{Serialize, Serializer};
use tokio::sync::watch;
use utoipa::ToSchema;

/// Events kept; the oldest go first.
pub const EVENTS_MAX: usize = 1000;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A replica was started (or a `--backend` configured).
    Started,
    /// Its first good check, or it came back.
    Ready,
    /// Its checks fail.
    Down,
    /// Its process is gone.
    Died,
    /// Lost, it is in no worker's table any more; how long that took.
    Ejected,
    /// It counts: the `/add` that asked for it was carried out, or the autoscaler asked for it.
    Added,
    /// It was taken out by `/rm` or by the autoscaler, or with an `/add` that failed.
    Removed,
    /// Its last session ended, or the drain deadline passed, and it was stopped.
    Stopped,
    /// A replacement was asked for in its seat.
    Replacing,
    /// A start failed; the next one waits.
    StartFailed,
    /// The data path was refused by it.
    ConnectRefused,
    /// A step of the autoscaler, under its own name and seat 0.
    Scaled,
    /// What its source says of it has changed: weight, check or address.
    Changed,
    /// Another mapping holds: its epoch, what has led to it and how much it moves. Nobody's in particular.
    Mapped,
    /// So many members hang that their checks are suspected, and they are routed to again.
    FailOpen,
    /// The checks are believed again.
    FailOpenEnded,
    /// The configuration was read again and applied, under its own name and seat 0.
    Reloaded,
}

impl EventKind {
    /// One line for people; what asks for their attention is a warning.
    fn log(self, name: &str, seat: u32, detail: &str) {
        if matches!(self, Self::FailOpen | Self::FailOpenEnded) {
            // Nobody's in particular.
            tracing::warn!("{}: {detail}", if self == Self::FailOpen { "fail open" } else { "no longer failing open" });
            return;
        }
        let dash = if detail.is_empty() { "" } else { ": " };
        let what = match self {
            Self::Started => "started",
            Self::Ready => "ready",
            Self::Down => "down",
            Self::Died => "died",
            Self::Ejected => "out of the ring",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Stopped => "stopped",
            Self::Replacing => "replacing",
            Self::StartFailed => "start failed",
            Self::ConnectRefused => "connect refused",
            Self::Mapped => return tracing::info!("{detail}"),
            Self::Scaled | Self::Reloaded => return tracing::info!("{name}: {detail}"),
            Self::Changed => "changed",
            Self::FailOpen => "fail open",
            Self::FailOpenEnded => "fail open ended",
        };
        match self {
            Self::Down | Self::Died | Self::StartFailed => tracing::warn!("{name} (seat {seat}) {what}{dash}{detail}"),
            _ => tracing::info!("{name} (seat {seat}) {what}{dash}{detail}"),
        }
    }
}

/// One event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Event {
    /// When, by the wall clock.
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: SystemTime,
    /// Milliseconds since start, monotonic, in fractions.
    pub at_ms: f64,
    /// In words; may be empty.
    pub detail: String,
    /// Counts up from 1, without gaps.
    pub id: u64,
    /// What.
    pub kind: EventKind,
    /// To whom.
    pub name: Arc<str>,
    /// Its seat's number.
    pub seat: u32,
}

fn rfc3339<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(*at))
}

/// The log. One writer (the owner), any reader; the admin side only, so a lock is fine.
#[derive(Debug)]
pub struct EventLog {
    start: Instant,
    inner: Mutex<Inner>,
    last_id: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    last_id: u64,
    events: VecDeque<Event>,
}

impl EventLog {
    /// An empty log whose clock starts now.
    pub fn new() -> Self {
        Self { start: Instant::now(), inner: Mutex::default(), last_id: watch::Sender::new(0) }
    }

    /// Milliseconds since start.
    pub fn now_ms(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1000.0
    }

    /// Appends an event and logs it as one line.
    pub fn record(&self, kind: EventKind, name: &Arc<str>, seat: u32, detail: String) {
        kind.log(name, seat, &detail);
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.last_id += 1;
        let (id, name) = (inner.last_id, Arc::clone(name));
        let event = Event { at: SystemTime::now(), at_ms: self.now_ms(), detail, id, kind, name, seat };
        if inner.events.len() == EVENTS_MAX {
            inner.events.pop_front();
        }
        inner.events.push_back(event);
        drop(inner);
        self.last_id.send_replace(id);
    }

    /// The id of the newest, to wait for the next with.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.last_id.subscribe()
    }

    /// What is kept, oldest first.
    pub fn all(&self) -> Vec<Event> {
        self.after(0)
    }

    /// The same without those up to this id.
    pub fn after(&self, id: u64) -> Vec<Event> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.events.iter().filter(|event| event.id > id).cloned().collect()
    }
}

impl Default for EventLog {
    fn default() -> Self {
        Self::new()
    }
}
