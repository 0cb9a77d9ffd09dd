//! What the tests of this folder share: a membership whose owner is a script, and requests through a router.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use lb_core::backend::{Backend, BackendId, BackendState, Seat, Weight};
use lb_core::control::Control;
use lb_core::ring::{KeyHasher, Member, Owners, Ring, RingConfig, RingTable, Rule};
use tokio::sync::{mpsc, watch};
use tower::ServiceExt;

use super::{Api, ChangeRate, Keys, Streams};
use crate::config::Access;
use crate::events::EventLog;
use crate::membership::change::{Changed, Request};
use crate::membership::command::{Add, ChangeError, Command, Membership, Remove};
use crate::membership::mapping::{History, Mapping, Seated};
use crate::membership::snapshot::{BackendView, Origin, Scaled, Snapshot};
use crate::reload::fixed::Fixed;
use crate::request_log::RequestLog;
use crate::supervisor::output::{OutputError, Outputs};

/// A change as the owner was asked for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Add(Add),
    Remove(Remove),
    Change(Request),
    Plan(Request),
    /// What has changed, in words.
    Configure(String),
}

/// An API whose owner answers every change alike; it needs a runtime.
pub(crate) struct Scripted {
    pub(crate) api: Api,
    /// What the owner was asked for, in order.
    pub(crate) asked: mpsc::UnboundedReceiver<Asked>,
    /// Replaces the snapshot.
    pub(crate) snapshot: watch::Sender<Arc<Snapshot>>,
}

pub(crate) fn scripted(snapshot: Snapshot, answer: Result<Snapshot, ChangeError>) -> Scripted {
    let (commands, mut inbox) = mpsc::channel(8);
    let (tell, asked) = mpsc::unbounded_channel();
    let before = Arc::clone(snapshot.history.newest());
    let answer = answer.map(|snapshot| {
        let after = Arc::clone(snapshot.history.newest());
        Changed { snapshot: Arc::new(snapshot), before, after }
    });
    tokio::spawn(async move {
        while let Some(command) = inbox.recv().await {
            let (asked, back) = match command {
                Command::Add(add, back) => (Asked::Add(add), back),
                Command::Configure(settings, back) => (Asked::Configure(settings.what), back),
                Command::Remove(remove, back) => (Asked::Remove(remove), back),
                Command::Change(request, back) => (Asked::Change(request), back),
                Command::Plan(request, back) => (Asked::Plan(request), back),
            };
            // The test may have seen enough, and the client may be gone.
            let _ = tell.send(asked);
            let _ = back.send(answer.clone());
        }
    });
    let (snapshot, seen) = watch::channel(Arc::new(snapshot));
    let (membership, changes) = (Membership::new(commands, seen), ChangeRate::new(0));
    let (reloads, access, _) = Fixed::good(Access::default()).reloads(membership.clone(), changes.clone());
    let api = Api {
        membership,
        events: Arc::new(EventLog::new()),
        control: Control::without_workers(),
        requests: RequestLog::new(Some(4)),
        access,
        changes,
        keys: Keys::new(),
        reloads,
        autoscale: None,
        connections_max: 1000,
        streams: Streams::new(),
        hasher: KeyHasher::new([7; 16], false),
        balance: watch::channel(None).1,
        access_log: None,
        outputs: Outputs::saying(Err(OutputError::NotRunning)),
    };
    Scripted { api, asked, snapshot }
}

/// An API over these ready replicas, whose owner agrees to everything.
pub(crate) fn agreeing(names: &[&str]) -> Scripted {
    scripted(members(names), Ok(members(names)))
}

/// Ready replicas of these names, ids and seats counted from 1.
pub(crate) fn members(names: &[&str]) -> Snapshot {
    let config = RingConfig::new(Rule::Rendezvous, None, 0).unwrap();
    let views: Vec<BackendView> = names.iter().zip(1..).map(|(name, number)| ready(name, number)).collect();
    let mut ring = Ring::new(config);
    for number in 1..=views.len() as u32 {
        ring.add(Member { seat: Seat::numbered(number), weight: Weight::ONE }).unwrap();
    }
    let slots = ring.slot_map();
    let seated = |(name, number): (&&str, u32)| Seated {
        name: (*name).into(),
        seat: Seat::numbered(number),
        weight: Weight::ONE,
        drained: false,
        max_connections: None,
        supervised: true,
        places: Vec::new(),
    };
    let seats = names.iter().zip(1..).map(seated).collect();
    let owners = Owners::new(&slots, |_| true);
    let mapping = Mapping::nothing(&slots, 11).next(SystemTime::UNIX_EPOCH, "start".to_owned(), seats, owners);
    // Of their own, so that a test may still change those in the views.
    let backends = names.iter().zip(1..).filter_map(|(name, number)| ready(name, number).backend);
    let table = Arc::new(RingTable::new(7, Arc::clone(&slots), backends));
    Snapshot {
        version: 7,
        backends: views,
        target: names.len() as u32,
        history: Arc::new(History::new(Arc::new(mapping))),
        slots,
        table,
        draining: false,
        replaced: 2,
        changes: 0,
        scaled: Scaled { up: 3, down: 1 },
        fails_open: false,
        fail_opens: 0,
    }
}

pub(crate) fn ready(name: &str, number: u32) -> BackendView {
    let seat = Seat::numbered(number);
    let addr = ([127, 0, 0, 1], 20_000 + number as u16).into();
    let name: Arc<str> = name.into();
    BackendView {
        name: Arc::clone(&name),
        seat: number,
        weight: Weight::ONE,
        drained: false,
        state: BackendState::Ready,
        since: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250),
        supervised: true,
        origin: Origin::Replica,
        container: None,
        pid: Some(4242),
        listed: true,
        failures: 0,
        restarts: 0,
        checks: None,
        backend: Some(Arc::new(Backend::new(BackendId(number.into()), name, seat, addr, 2))),
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn content_type(&self) -> &str {
        self.headers["content-type"].to_str().unwrap()
    }
}

/// One request, without a Host, through the router alone.
pub(crate) async fn ask(router: &Router, method: &str, path: &str, body: impl Into<Body>) -> Got {
    send(router, axum::http::Request::builder().method(method).uri(path).body(body.into()).unwrap()).await
}

pub(crate) async fn send(router: &Router, request: axum::http::Request<Body>) -> Got {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Got { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into()).unwrap() }
}
