//! `GET /v1/events` as a stream (`Accept: text/event-stream`): every event as it happens, and with `?state=true` the
//! summary and the backends at once and then every second.
//!
//! Nothing is kept for a client: a stream remembers the id that it has told last and looks for later ones when its client
//! has taken what was sent. So one that reads slowly gets what is newest, and sees by the ids what it has missed; one that
//! takes nothing any more is closed (`super::super::serve`). There are so many at a time; the state is made once a second
//! for all of them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::sse::Event as Message;
use axum::response::{IntoResponse, Response, Sse};
use futures_util::stream::unfold;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

use super::super::Api;
use super::super::places::Spot;
use super::backends::{self, BackendBody};
use super::strict::Problem;
use super::summary::Summary;
use crate::events::Event;
use crate::membership::snapshot::Snapshot;

/// Streams at a time: dashboards and scripts of some people.
pub(super) const STREAMS_MAX: usize = 64;
/// How often the state is told.
const STATE_EVERY: Duration = Duration::from_secs(1);
/// After so long without anything else a comment says that the stream lives.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// What all streams share. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    free: Arc<Semaphore>,
    state: Arc<Mutex<Option<Told>>>,
}

/// The state, and when it was made.
type Told = (Instant, Arc<str>);

/// The state as a stream tells it.
#[derive(Serialize)]
struct StateBody {
    backends: Vec<BackendBody>,
    summary: Summary,
}

impl Streams {
    pub(crate) fn new() -> Self {
        Self { free: Arc::new(Semaphore::new(STREAMS_MAX)), state: Arc::default() }
    }

    /// The state, not older than half a second.
    fn state(&self, api: &Api) -> Arc<str> {
        let mut last = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made, text)) = &*last
            && made.elapsed() < STATE_EVERY / 2
        {
            return Arc::clone(text);
        }
        let snapshot = api.membership.snapshot();
        let state = StateBody { backends: backends::all(&snapshot), summary: Summary::of(api, &snapshot) };
        let text: Arc<str> = serde_json::to_string(&state).expect("numbers and strings under string keys").into();
        *last = Some((Instant::now(), Arc::clone(&text)));
        text
    }
}

/// Follows the events after this id, or `None`: those to come.
pub(super) fn follow(
    api: Api,
    spot: Option<Spot>,
    after: Option<u64>,
    with_state: bool,
    uri: &Uri,
) -> Result<Response, Problem> {
    let Ok(permit) = Arc::clone(&api.streams.free).try_acquire_owned() else {
        let full =
            format!("{STREAMS_MAX} streams are open already: close one, or ask without Accept: text/event-stream");
        return Err(Problem::new(uri, StatusCode::SERVICE_UNAVAILABLE, full));
    };
    let follower = Follower::new(api, spot, after, with_state, permit);
    let mut response = Sse::new(unfold(follower, Follower::next)).into_response();
    // Its connection is a stream's only, so that whoever bounds its life needn't know whether the stream still goes on.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(response)
}

/// One stream.
struct Follower {
    api: Api,
    spot: Option<Spot>,
    /// The last event that was told.
    told: u64,
    /// Told next, in order.
    due: VecDeque<Message>,
    last_id: watch::Receiver<u64>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    state: Option<Interval>,
    _permit: OwnedSemaphorePermit,
}

impl Follower {
    fn new(api: Api, spot: Option<Spot>, after: Option<u64>, with_state: bool, permit: OwnedSemaphorePermit) -> Self {
        let mut last_id = api.events.watch();
        let last = *last_id.borrow_and_update();
        // An id that hasn't been given yet is an earlier process's: all of this one's events are later.
        let told = after.map_or(last, |after| if after > last { 0 } else { after });
        let state = with_state.then(|| {
            let mut ticks = interval(STATE_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        let snapshots = api.membership.watch();
        let mut follower = Self { api, spot, told, due: VecDeque::new(), last_id, snapshots, state, _permit: permit };
        follower.catch_up();
        follower
    }

    /// The next message; asked for when the client has taken the last one.
    async fn next(mut self) -> Option<(Result<Message, Infallible>, Self)> {
        if let Some(spot) = &self.spot {
            spot.takes();
        }
        loop {
            if let Some(message) = self.due.pop_front() {
                return Some((Ok(message), self));
            }
            tokio::select! {
                Ok(()) = self.last_id.changed() => self.catch_up(),
                () = tick(&mut self.state) => {
                    let state = self.api.streams.state(&self.api);
                    self.due.push_back(Message::default().event("state").data(&*state));
                }
                // The owner has ended: the process stops.
                () = closed(&mut self.snapshots) => return None,
                () = sleep(ALIVE_EVERY) => self.due.push_back(Message::default().comment("alive")),
            }
        }
    }

    fn catch_up(&mut self) {
        for event in self.api.events.after(self.told) {
            self.told = event.id;
            self.due.push_back(change(&event));
        }
    }
}

fn change(event: &Event) -> Message {
    let data = serde_json::to_string(event).expect("numbers and strings under string keys");
    Message::default().id(event.id.to_string()).event("change").data(data)
}

/// Never where no state is wanted.
async fn tick(state: &mut Option<Interval>) {
    match state {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}

async fn closed(snapshots: &mut watch::Receiver<Arc<Snapshot>>) {
    while snapshots.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests;
