//! What is said of a key is what the table does with it.

use std::sync::Arc;
use std::time::SystemTime;

use lb_core::backend::Backend;
use lb_core::backend::places::PlaceLimits;
use lb_core::ring::{Candidates, KeyHasher};
use serde_json::{Value, json};

use super::super::super::routes;
use super::super::super::testing::{Got, agreeing, ask, members, scripted};
use super::*;

const NAMES: [&str; 12] = ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12"];

/// The same membership after those of `down` have gone down.
fn with_down(snapshot: &Snapshot, down: &[&str]) -> Snapshot {
    let mut after = snapshot.clone();
    for view in after.backends.iter_mut().filter(|view| down.contains(&&*view.name)) {
        view.state = BackendState::Down;
    }
    let up = after.backends.iter().filter(|view| view.state == BackendState::Ready);
    let table = RingTable::new(8, Arc::clone(snapshot.table.slots()), up.filter_map(|view| view.backend.clone()));
    Snapshot { table: Arc::new(table), ..after }
}

/// The same membership, each with so many places (0: no end of them, but counted).
fn with_places(snapshot: &Snapshot, places: u32) -> Snapshot {
    let limits = PlaceLimits { places, waiting: 5 };
    let counted = snapshot.backends.iter().filter_map(|view| view.backend.as_ref()).map(|backend| {
        let Backend { id, ref name, seat, addr, .. } = **backend;
        Arc::new(Backend::new(id, Arc::clone(name), seat, addr, 1).with_places(Some(limits)))
    });
    let table = RingTable::new(8, Arc::clone(snapshot.table.slots()), counted);
    Snapshot { table: Arc::new(table), ..snapshot.clone() }
}

fn explained(key: &str, snapshot: &Snapshot) -> Explanation {
    let hash = KeyHasher::new([7; 16], false).hash(key.as_bytes());
    Asked::Key(key.as_bytes().to_vec()).explained(hash, None, snapshot, &[])
}

async fn asked(snapshot: Snapshot, query: &str) -> Got {
    let router = routes::admin(scripted(snapshot.clone(), Ok(snapshot)).api, true);
    ask(&router, "GET", &format!("/v1/explain{query}"), "").await
}

#[test]
fn whoever_is_ready_and_down_the_key_goes_where_the_table_sends_it() {
    let all = members(&NAMES);
    for down in 0..=NAMES.len() {
        let snapshot = with_down(&all, &NAMES[..down]);
        for id in 0..200 {
            let hash = KeyHasher::new([7; 16], false).hash(id.to_string().as_bytes());
            let expected = snapshot.table.lookup(hash).map(|backend| backend.name.to_string());
            let said = explained(&id.to_string(), &snapshot);
            assert_eq!(said.routed_to, expected, "id {id}, {down} down");
            assert_eq!(said.candidates.iter().filter(|candidate| candidate.chosen).count(), usize::from(down < 12));
        }
    }
}

#[test]
fn those_before_the_chosen_one_say_why_and_those_behind_it_nothing() {
    let all = members(&NAMES[..4]);
    let order = explained("7", &all);
    let names: Vec<&str> = order.candidates.iter().map(|candidate| &*candidate.name).collect();
    assert_eq!((order.owner.as_deref(), order.routed_to.as_deref()), (Some(names[0]), Some(names[0])));
    let said = explained("7", &with_down(&all, &names[..2]));
    assert_eq!((said.owner.as_deref(), said.routed_to.as_deref()), (Some(names[0]), Some(names[2])));
    let skipped: Vec<Option<&str>> = said.candidates.iter().map(|candidate| candidate.skipped.as_deref()).collect();
    let down = Some("down since 2023-11-14T22:13:20.250Z");
    assert_eq!(skipped, [down, down, None, None]);
}

#[test]
fn what_was_last_heard_of_a_backend_is_said() {
    let snapshot = with_down(&members(&["S1"]), &["S1"]);
    let event = |id, kind, seat, detail: &str| Event {
        at: SystemTime::UNIX_EPOCH,
        at_ms: 1.0,
        detail: detail.to_owned(),
        id,
        kind,
        name: "S1".into(),
        seat,
    };
    let events = [
        event(1, EventKind::Down, 1, "connect refused"),
        event(2, EventKind::Down, 1, "timed out"),
        event(3, EventKind::Down, 2, "somebody else"),
        event(4, EventKind::ConnectRefused, 1, "a hint only"),
    ];
    let why = why_skipped(&snapshot.backends[0], &events);
    assert_eq!(why, "down since 2023-11-14T22:13:20.250Z: timed out");
    let mut starting = snapshot.backends[0].clone();
    starting.state = BackendState::Starting;
    let why = why_skipped(&starting, &events);
    assert_eq!(why, "starting since 2023-11-14T22:13:20.250Z, no good health check yet");
}

#[test]
fn one_beyond_the_ranks_has_the_place_that_it_has_in_the_walk() {
    let all = members(&NAMES);
    for id in 0..50 {
        let order = explained(&id.to_string(), &all);
        let mut walk = Candidates::new(order.slot);
        let names: Vec<String> = std::iter::from_fn(|| walk.next(&all.table))
            .map(|index| all.table.backend(index).unwrap().name.to_string())
            .collect();
        for (place, last) in names.iter().enumerate() {
            let others: Vec<&str> = names.iter().filter(|name| *name != last).map(String::as_str).collect();
            let said = explained(&id.to_string(), &with_down(&all, &others));
            let chosen = said.candidates.iter().find(|candidate| candidate.chosen).unwrap();
            assert_eq!((&chosen.name, chosen.rank as usize), (last, place), "id {id}");
        }
    }
}

#[tokio::test]
async fn a_key_is_read_as_the_front_reads_one() {
    let got = asked(members(&["S1", "S2"]), "?key=a%20b+c%zz").await;
    assert_eq!(got.status, 200, "{}", got.body);
    let body: Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(body["key"], "a b+c%zz");
    let hash = KeyHasher::new([7; 16], false).hash(b"a b+c%zz");
    assert_eq!(body["hash"], format!("{:016x}", hash.0));
    assert_eq!(body["source"], Value::Null);
}

#[tokio::test]
async fn a_client_has_one_hash_whichever_way_its_address_is_written() {
    let mut hashes = Vec::new();
    for source in ["10.0.0.1", "::ffff:10.0.0.1", "%3A%3Affff%3A10.0.0.1"] {
        let got = asked(members(&["S1", "S2"]), &format!("?source={source}")).await;
        let body: Value = serde_json::from_str(&got.body).unwrap();
        hashes.push((body["hash"].clone(), body["routed_to"].clone()));
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 1, "{hashes:?}");
}

#[tokio::test]
async fn without_anybody_a_key_has_a_slot_and_no_owner() {
    let got = asked(members(&[]), "?key=7").await;
    let body: Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!((&body["owner"], &body["routed_to"], &body["candidates"]), (&Value::Null, &Value::Null, &json!([])));
    assert!(body["slot"].is_u64(), "{body}");
}

#[tokio::test]
async fn what_cant_be_explained_is_a_problem_that_says_why() {
    let nothing = "say what is to be explained: ?key=KEY as in the request, or ?source=ADDRESS of a client";
    let cases = [
        ("", nothing),
        ("?key=", nothing),
        ("?key=1&source=10.0.0.1", "key and source can't both be given: the front goes by one of them"),
        ("?source=localhost", "source must be an IP address such as 192.0.2.7, not 'localhost'"),
        ("?source=10.0.0.1%0a", "source must be an IP address such as 192.0.2.7, not '10.0.0.1\n'"),
        ("?kye=1", "there is no query parameter 'kye': did you mean key?"),
    ];
    for (query, detail) in cases {
        let got = asked(members(&["S1"]), query).await;
        assert_eq!((got.status.as_u16(), got.content_type()), (400, "application/problem+json"), "{query}");
        let body: Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!(body["detail"], detail, "{query}");
    }
}

#[tokio::test]
async fn the_secret_is_not_in_an_answer_nor_in_what_is_printed_of_it() {
    let api = agreeing(&["S1"]).api;
    let debug = format!("{:?}", api.hasher);
    assert!(!debug.contains('['), "{debug}");
}

/// What the API would say of a key where backends have places, and sessions are given to them as they come.
#[test]
fn with_places_and_a_bound_it_names_who_gets_the_next_session_and_why_not_those_before() {
    for (factor, limits) in [("1.25", None), ("1.25", Some(3)), ("1000", Some(3)), ("none", Some(3))] {
        let factor = BalanceFactor::parse(factor).ok();
        let snapshot = with_places(&members(&NAMES[..4]), limits.unwrap_or(0));
        let table = &snapshot.table;
        let (mut over, mut refused) = (0, 0);
        for id in 0..40_u32 {
            // One hot key, as it comes in two thirds of all requests.
            let key = if id % 3 == 0 { id.to_string() } else { "hot".to_owned() };
            let hash = KeyHasher::new([7; 16], false).hash(key.as_bytes());
            let said = Asked::Key(key.into_bytes()).explained(hash, factor, &snapshot, &[]);
            let loads = Loads::new(table, factor);
            let index = loads.choose(hash).unwrap();
            let backend = table.backend(index).unwrap();
            assert_eq!(said.routed_to.as_deref(), Some(&*backend.name));
            let places = backend.places().unwrap();
            let before = said.candidates.iter().take_while(|candidate| !candidate.chosen);
            let why: Vec<&str> = before.map(|candidate| candidate.skipped.as_deref().expect("it was ready")).collect();
            assert!(why.is_empty() || loads.admit(index), "only who has room gets what is passed on: {said:?}");
            over += why.len();
            assert!(
                why.iter().all(|why| why.contains("open sessions: ") || why.contains("places are taken")),
                "{why:?}"
            );
            let chosen = said.candidates.iter().find(|candidate| candidate.chosen).unwrap();
            let load = chosen.load.as_ref().unwrap();
            assert_eq!((load.open, load.places, load.waiting), (places.open(), places.limit(), places.waiting()));
            let takes = places.take();
            let waits = !takes && places.wait(0).is_ok();
            assert_eq!((said.waits, said.refused), (waits, !takes && !waits), "{said:?}");
            refused += u32::from(said.refused);
        }
        assert_eq!(refused > 0, limits.is_some(), "five wait for each, and there are more");
        assert_eq!(over > 0, factor.is_some(), "without a bound nobody is passed over");
    }
}
