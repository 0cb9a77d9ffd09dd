//! What is held against every peer when a run is over: whose bytes it got, how many, and how they ended.
//!
//! * What a client got is a prefix of what one backend said to it, or of one of the front's own answers.
//! * A clean end is shown to a client only where that backend ended cleanly and all it said was delivered, and to a
//!   backend only where its client ended cleanly and all it sent was. A reset never becomes a clean end.
//! * A request goes to another backend only while it is one head without a body, no byte of a response has been read,
//!   and that backend hasn't had it before.
//! * In calm weather everybody gets everything.

use std::collections::BTreeMap;

use super::backend::Served;
use super::client::{Client, Manner};
use super::ledger::Account;
use super::socket::End;
use super::speech::{self, Speech};
use super::world::{Weather, World};
use crate::config::{Affinity, Mode, NonHttp};
use crate::session::answer::Status;
use crate::session::proxy_header;

/// Panics at the first broken promise.
pub(super) fn judge(world: &World) {
    for (number, client) in world.clients.iter().enumerate() {
        match client.got.first() {
            None => silence(world, number, client),
            Some(b'H') => answer(world, number, client),
            Some(_) => response(world, number, client),
        }
    }
    for served in &world.served {
        request(world, served);
    }
    attempts(world);
    let stats = world.harness.stats();
    assert_eq!(stats.accepted.read(), stats.closed.read());
    for backend in &world.harness.backends {
        assert_eq!(backend.counters.open_sessions(), 0);
        if let Some(places) = backend.places() {
            assert_eq!((places.open(), places.waiting()), (0, 0), "places of {}", backend.name);
        }
    }
    let sources = world.harness.worker.desk.sources.as_ref();
    assert_eq!(sources.map_or(0, |sources| sources.known()), 0, "addresses without a connection are forgotten");
}

/// A client that got nothing.
fn silence(world: &World, number: usize, client: &Client) {
    if client.end != Some(End::Fin) {
        assert!(world.weather == Weather::Storm, "client {number} got no answer in calm weather: {client:?}");
        return;
    }
    // Raw bytes may be answered by a FIN alone; HTTP is owed an answer as soon as it has begun.
    let nothing_heard = client.sent == 0 || client.speech == Speech::Raw || client.speech == Speech::CutShort;
    let too_slow = matches!(client.manner, Manner::Silent { .. }) || world.weather == Weather::Storm;
    assert!(nothing_heard || too_slow, "client {number} asked and got an empty clean end: {client:?}");
}

/// A client that was answered by the front.
fn answer(world: &World, number: usize, client: &Client) {
    let mut statuses = Status::ALL.into_iter().filter(|status| status.response().starts_with(&client.got));
    let status = statuses.next().unwrap_or_else(|| panic!("client {number} got what nobody says: {client:?}"));
    if statuses.next().is_some() {
        assert_ne!(client.end, Some(End::Fin), "client {number} got the begin of an answer for a whole");
        return;
    }
    if client.end == Some(End::Fin) {
        assert_eq!(client.got.len(), status.response().len(), "client {number} got half of the front's {status:?}");
    }
    let config = &world.harness.worker.desk.config;
    let rejected = client.speech == Speech::Raw && config.non_http == NonHttp::Reject;
    match (status, client.speech) {
        (Status::BadRequest, Speech::BadHead | Speech::CutShort) => {}
        (Status::BadRequest, Speech::Raw) if rejected => {}
        (Status::BadRequest, Speech::Http | Speech::Safe) if !client.is_good() => {}
        (Status::HeadTooLarge, Speech::BadHead) => {}
        (Status::BadRequest | Status::HeadTooLarge, _) => panic!("client {number} got {status:?}: {client:?}"),
        _ => assert!(world.weather == Weather::Storm, "client {number} got {status:?} in calm weather"),
    }
    assert!(config.mode == Mode::Http, "the front never speaks in tcp mode");
}

/// A client that got bytes of a backend.
fn response(world: &World, number: usize, client: &Client) {
    let is_its = |served: &&Served| served.says[..served.said].starts_with(&client.got);
    let Some(served) = world.served.iter().find(is_its) else {
        panic!("client {number} got bytes that no backend said: {:?}", &client.got[..client.got.len().min(40)]);
    };
    // Fewer bytes than a number has may be anybody's.
    let known = client.got.len() >= served.says.len().min(9);
    if known && let Some(other) = served.client {
        assert_eq!(other, number, "a response went to a client that didn't ask for it");
    }
    if known && client.end == Some(End::Fin) {
        assert!(served.said_fin, "client {number} got a clean end that its backend never gave: {:?}", served.conduct);
        assert_eq!(client.got.len(), served.said, "client {number} got a clean end too early");
    }
    if world.weather == Weather::Calm {
        assert_eq!(client.end, Some(End::Fin), "client {number} was not told the end");
        assert_eq!(client.got.len(), served.says.len(), "client {number} misses bytes");
    }
}

/// What a backend got.
fn request(world: &World, served: &Served) {
    let Some(number) = served.client else { return };
    let client = &world.clients[number];
    let whole = client.sent == client.sends.len();
    let by_connection = world.harness.worker.desk.config.affinity == Affinity::Connection;
    if served.end == Some(End::Fin) {
        assert!(client.said_fin, "a backend got a clean end that client {number} never gave: {:?}", client.manner);
        if by_connection || whole {
            let sent = client.sent.saturating_sub(client.announcement);
            let sent = if by_connection { sent } else { client.forwarded.len() };
            assert_eq!(served.got.len(), sent, "a backend got the clean end of client {number} too early");
        }
    }
    if world.weather == Weather::Calm && by_connection {
        assert_eq!(served.got.len(), client.forwarded.len(), "a backend misses bytes of client {number}");
    }
    debug_assert_eq!(speech::number_in(&served.got), Some(number));
}

/// Who was sent which request, in the order of the connects.
fn attempts(world: &World) {
    let net = world.harness.kernel.net();
    let mut by_client: BTreeMap<usize, Vec<(&Account, usize)>> = BTreeMap::new();
    for account in net.ledger.accounts() {
        let header = match proxy_header::read(&account.begin) {
            proxy_header::Read::Complete { len, .. } => len,
            _ => 0,
        };
        if let Some(number) = speech::number_in(&account.begin[header..]) {
            by_client.entry(number).or_default().push((account, account.written - header));
        }
    }
    for (number, accounts) in by_client {
        let client = &world.clients[number];
        let retries = world.harness.worker.desk.config.retries as usize;
        assert!(accounts.len() <= retries + 1, "client {number} was sent to {} backends", accounts.len());
        for (nth, (account, _)) in accounts.iter().enumerate() {
            let again = accounts[..nth].iter().any(|(former, _)| former.addr == account.addr);
            assert!(!again, "the request of client {number} went to {} twice", account.addr);
        }
        let (_, given_up) = accounts.split_last().expect("none is empty");
        for (account, sent) in given_up {
            assert_eq!(client.speech, Speech::Safe, "the request of client {number} was sent twice: {client:?}");
            assert_eq!(account.read, 0, "client {number} was sent on after a byte of a response");
            assert!(*sent <= client.replayable, "client {number} had sent more than one head: {account:?}");
        }
    }
}
