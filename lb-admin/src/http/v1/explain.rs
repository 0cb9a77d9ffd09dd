//! `GET /v1/explain`: where a key goes, who else could have had it, and why those before were passed over.
//!
//! It can't disagree with the data path, because it is the data path: the key is read from the query as the front reads
//! one ([`lb_core::keying`]), hashed by the workers' own [`KeyHasher`] and walked through the table that they route by
//! ([`Loads::choose`]), by the load that there is now. A hash is shown only of what the asker brings, so nobody learns
//! more of the secret than by asking the front itself.
//!
//! [`KeyHasher`]: lb_core::ring::KeyHasher

use std::net::IpAddr;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use lb_core::backend::BackendState;
use lb_core::keying::{query_key, source_key};
use lb_core::load::{BalanceFactor, Loads};
use lb_core::ring::{KeyHash, RingTable};
use serde::Serialize;
use utoipa::ToSchema;

use self::load::Load;
use super::super::Api;
use super::super::answer::Style;
use super::super::openapi::ProblemBody;
use super::strict::{self, Problem};
use crate::events::{Event, EventKind};
use crate::membership::mapping::Mapping;
use crate::membership::snapshot::{BackendView, Snapshot};

mod load;

/// Where a key goes, and why.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Explanation {
    /// Who is asked, in this order: the slot's owner, its fallbacks, and whoever else is reached if none of them is ready.
    candidates: Vec<Candidate>,
    /// The mapping that holds now.
    epoch: u64,
    /// The key's hash, 16 hex digits.
    hash: String,
    /// Whose it was in every mapping that is kept, the newest first.
    history: Vec<Owned>,
    /// What was asked for: the key, percent-decoded as the front does.
    key: Option<String>,
    /// Whose slot it is, ready or not: the first that isn't drained.
    owner: Option<String>,
    /// The next session would be refused there, with 503: all places are taken, and as many wait for one as may.
    refused: bool,
    /// Who gets the next session with this key; null: nobody is ready, the client is told 503.
    routed_to: Option<String>,
    /// The slot that the hash falls in.
    slot: u32,
    /// What was asked for: the client's address.
    #[schema(value_type = Option<String>, example = "192.0.2.7")]
    source: Option<IpAddr>,
    /// The next session would wait there: all places are taken, and there is room in the queue.
    waits: bool,
}

/// One of those who could have the key.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Candidate {
    /// It gets the key.
    chosen: bool,
    /// What it has to do now; null: nobody counts (neither --max-connections nor --balance-factor), or it isn't ready.
    load: Option<Load>,
    /// The name of whoever sits there.
    name: String,
    /// 0 is the owner.
    rank: u32,
    /// The seat.
    seat: u32,
    /// Why it is passed over, were it asked; null: it isn't.
    skipped: Option<String>,
    /// starting, ready, draining or down.
    #[schema(value_type = String, example = "ready")]
    state: String,
}

/// Whose slot it was.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Owned {
    /// Since when.
    #[schema(format = DateTime)]
    at: String,
    /// The number of that mapping.
    epoch: u64,
    /// The name that the owner had; null: there was nobody.
    owner: Option<String>,
}

/// What is to be explained.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Key(Vec<u8>),
    Source(IpAddr),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum ExplainError {
    #[error("say what is to be explained: ?key=KEY as in the request, or ?source=ADDRESS of a client")]
    Nothing,
    #[error("key and source can't both be given: the front goes by one of them")]
    Both,
    #[error("source must be an IP address such as 192.0.2.7, not '{0}'")]
    Source(String),
}

/// Where a key goes, and why
#[utoipa::path(
    get,
    path = "/v1/explain",
    tag = "ring",
    params(
        ("key" = Option<String>, Query, description = "A key as it stands in a request"),
        ("source" = Option<String>, Query, description = "A client's address, where that is the key"),
    ),
    responses(
        (status = 200, description = "Who gets it, and why not those before", body = Explanation),
        (status = 400, description = "Neither of key and source, both, or no address", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn explain(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &["key", "source"])?;
    let asked = Asked::read(&uri).map_err(|error| Problem::new(&uri, StatusCode::BAD_REQUEST, error))?;
    let hash = match &asked {
        Asked::Key(key) => api.hasher.hash(key),
        Asked::Source(client) => api.hasher.hash(&source_key(*client)),
    };
    // The snapshot first: whatever has led to it is in the events by then.
    let snapshot = api.membership.snapshot();
    let factor = *api.balance.borrow();
    Ok(style.ok(&asked.explained(hash, factor, &snapshot, &api.events.all())))
}

impl Asked {
    fn read(uri: &Uri) -> Result<Self, ExplainError> {
        let target = uri.path_and_query().map_or_else(|| uri.path(), |target| target.as_str());
        match (query_key(target, "key"), query_key(target, "source")) {
            (Some(key), None) => Ok(Self::Key(key)),
            (None, Some(source)) => {
                let source = String::from_utf8_lossy(&source);
                source.parse().map(Self::Source).map_err(|_| ExplainError::Source(source.into_owned()))
            }
            (None, None) => Err(ExplainError::Nothing),
            (Some(_), Some(_)) => Err(ExplainError::Both),
        }
    }

    fn explained(
        self,
        hash: KeyHash,
        factor: Option<BalanceFactor>,
        snapshot: &Snapshot,
        events: &[Event],
    ) -> Explanation {
        let table = &snapshot.table;
        let slot = table.slots().slot_of(hash);
        let loads = Loads::new(table, factor);
        let chosen = loads.choose(hash);
        let seen = Seen { loads, factor, snapshot, events };
        let candidates: Vec<Candidate> = walked(slot, chosen, table)
            .map(|(rank, index)| Candidate::new(rank, index, chosen == Some(index), &seen))
            .collect();
        let name_of = |candidate: &Candidate| candidate.name.clone();
        let (key, source) = match self {
            Self::Key(key) => (Some(String::from_utf8_lossy(&key).into_owned()), None),
            Self::Source(client) => (None, Some(client)),
        };
        Explanation {
            epoch: snapshot.epoch(),
            hash: format!("{:016x}", hash.0),
            history: snapshot.history.iter().rev().map(|mapping| Owned::new(mapping, slot)).collect(),
            key,
            owner: snapshot.history.newest().owner_name(slot).map(str::to_owned),
            refused: chosen.is_some_and(|index| seen.loads.refuses(index)),
            routed_to: candidates.iter().find(|candidate| candidate.chosen).map(name_of),
            candidates,
            slot,
            source,
            waits: chosen.is_some_and(|index| seen.loads.waits(index)),
        }
    }
}

/// What there is to see.
struct Seen<'a> {
    loads: Loads<'a>,
    factor: Option<BalanceFactor>,
    snapshot: &'a Snapshot,
    events: &'a [Event],
}

/// The ranks of the slot, then whoever was chosen where it is none of them, each with how many come before it.
fn walked(slot: u32, chosen: Option<u16>, table: &RingTable) -> impl Iterator<Item = (u32, u16)> {
    let ranked = table.slots().ranked(slot);
    let beyond = chosen.filter(|index| !ranked.contains(index)).map(|index| {
        // Past the ranks all others come in order of identity, which is that of their indices.
        let before = (0..index).filter(|other| !ranked.contains(other)).count();
        ((ranked.len() + before) as u32, index)
    });
    (0..).zip(ranked.iter().copied()).chain(beyond)
}

impl Owned {
    fn new(mapping: &Mapping, slot: u32) -> Self {
        let owner = mapping.owner_name(slot).map(str::to_owned);
        Self { at: humantime::format_rfc3339_millis(mapping.at).to_string(), epoch: mapping.epoch, owner }
    }
}

impl Candidate {
    fn new(rank: u32, index: u16, chosen: bool, seen: &Seen<'_>) -> Self {
        let Seen { loads, factor, snapshot, events } = seen;
        let seat = snapshot.table.slots().members()[usize::from(index)].seat.number();
        let routable = snapshot.table.backend(index).is_some();
        // Whoever drains has left the ring: its seat may be somebody else's by now.
        let holds = |view: &&BackendView| view.seat == seat && view.state != BackendState::Draining;
        let view = snapshot.backends.iter().find(holds);
        let load = Load::of(index, loads);
        let skipped = match view {
            Some(view) if !routable => Some(why_skipped(view, events)),
            // Where nobody has room, the first is given it all the same.
            _ if chosen => None,
            _ if loads.admit(index) => None,
            _ => load.as_ref().zip(*factor).map(|(load, factor)| load.why_none(factor)),
        };
        Self {
            chosen,
            load,
            name: view.map_or_else(String::new, |view| view.name.to_string()),
            rank,
            seat,
            skipped,
            state: view.map_or(BackendState::Down, |view| view.state).to_string(),
        }
    }
}

/// In words: since when, and what was last heard of it.
fn why_skipped(view: &BackendView, events: &[Event]) -> String {
    let since = humantime::format_rfc3339_millis(view.since);
    let is_trouble = |kind| matches!(kind, EventKind::Down | EventKind::Died | EventKind::StartFailed);
    let trouble = events.iter().rev().find(|event| event.seat == view.seat && is_trouble(event.kind));
    let why = trouble.filter(|event| !event.detail.is_empty()).map(|event| format!(": {}", event.detail));
    match view.state {
        _ if view.drained => "drained: it gets no new sessions until somebody says so".to_owned(),
        BackendState::Starting => format!("starting since {since}, no good health check yet"),
        state => format!("{state} since {since}{}", why.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
