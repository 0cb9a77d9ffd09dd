//! What the workers send back: drained whenever they poke us.
//!
//! Reports go to the owner, the applied version to whoever waits for it, connections for the admin API to `http`.
//! Nothing here holds up a worker: it only leaves a permit in `wake`, and what we are too slow for stays in the bounded
//! channels, of which the workers know what to do when they are full.

use std::sync::Arc;
use std::time::Instant;

use lb_core::control::{Control, Report};
use tokio::sync::{Notify, mpsc, watch};

use crate::http::{Api, Places, serve_front};
use crate::membership::state::{Input, Sign, SignKind};

/// Connections from the front that are served at a time; where all are busy, the next ones wait in their channel.
const FRONT_REQUESTS_MAX: u32 = 256;

/// The workers' news and where each kind goes.
pub(crate) struct Inbox {
    pub(crate) control: Control,
    /// Poked by the workers.
    pub(crate) wake: Arc<Notify>,
    pub(crate) owner: mpsc::UnboundedSender<Input>,
    pub(crate) applied: watch::Sender<u64>,
}

impl Inbox {
    /// Runs until it is dropped. `api` serves the connections that asked for it on the front.
    pub(crate) async fn run(self, api: Api) {
        let front_wake = Notify::new();
        tokio::select! {
            () = self.pass_news_on(&front_wake) => {}
            () = take_over(&self.control, &front_wake, api) => {}
        }
    }

    async fn pass_news_on(&self, front_wake: &Notify) {
        loop {
            for (at, report) in self.control.reports() {
                // Fails only when the owner has ended: nobody is left to care.
                let _owner_is_gone = self.owner.send(suspicion(at, report));
            }
            let version = self.control.applied_version();
            self.applied.send_if_modified(|applied| std::mem::replace(applied, version) != version);
            front_wake.notify_one();
            self.wake.notified().await;
        }
    }
}

/// Serves the connections that the front hands over, so many at a time.
async fn take_over(control: &Control, wake: &Notify, api: Api) {
    let places = Places::new(FRONT_REQUESTS_MAX);
    loop {
        wake.notified().await;
        for request in control.front_requests() {
            let place = places.take().await;
            let (api, spot) = (api.clone(), place.spot());
            tokio::spawn(place.hold(async move {
                let client = request.client;
                if let Err(error) = serve_front(api, request, spot).await {
                    tracing::warn!("the admin request of {client} on the front could not be served: {error}");
                }
            }));
        }
    }
}

fn suspicion(at: Instant, report: Report) -> Input {
    let (id, kind) = match report {
        Report::ConnectRefused(id) => (id, SignKind::Refused),
        Report::ConnectTimedOut(id) => (id, SignKind::ConnectTimedOut),
        Report::DiedBeforeFirstByte(id) => (id, SignKind::LostRequest),
    };
    Input::Suspected { id, sign: Sign { kind, at } }
}
