//! The mappings as they are listed, and the difference of two.

use std::time::{Duration, SystemTime};

use lb_core::ring::Owners;
use serde_json::{Value, json};

use super::super::super::routes;
use super::super::super::testing::{ask, members, scripted};
use super::*;
use crate::membership::mapping::History;

/// Epoch 12 of three replicas, then 13, in which S3 is drained.
fn drained() -> Snapshot {
    let snapshot = members(&["S1", "S2", "S3"]);
    let first = snapshot.history.newest();
    let mut seats = first.members.clone();
    seats[2].drained = true;
    let drained = seats[2].seat;
    let owners = Owners::new(&snapshot.slots, |member| member.seat != drained);
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(5);
    let next = first.next(at, "drain S3".to_owned(), seats, owners);
    let mut history = History::clone(&snapshot.history);
    history.push(next);
    Snapshot { history: Arc::new(history), ..snapshot }
}

async fn asked(path: &str) -> (u16, Value) {
    let got = ask(&routes::admin(scripted(drained(), Ok(drained())).api, true), "GET", path, "").await;
    (got.status.as_u16(), serde_json::from_str(&got.body).unwrap())
}

#[tokio::test]
async fn the_newest_comes_first_with_what_has_led_to_it() {
    let (_, listed) = asked("/v1/epochs").await;
    assert_eq!(listed["epoch"], 13);
    let causes: Vec<&Value> = listed["epochs"].as_array().unwrap().iter().map(|epoch| &epoch["cause"]).collect();
    assert_eq!(causes, ["drain S3", "start"]);
    let newest = &listed["epochs"][0];
    assert_eq!(newest["at"], "1970-01-01T00:00:05.000Z");
    assert_eq!(newest["members"][2], json!({"drained": true, "name": "S3", "seat": 3, "weight": 1.0}));
    assert!((30.0..37.0).contains(&newest["moved_percent"].as_f64().unwrap()), "{newest}");
    assert_eq!(newest["unnecessary"], 0);
}

#[tokio::test]
async fn a_difference_goes_either_way() {
    let (_, there) = asked("/v1/epochs/diff?from=12&to=13").await;
    let (_, back) = asked("/v1/epochs/diff?from=13&to=12").await;
    assert_eq!((&there["from"], &there["to"]), (&json!(12), &json!(13)));
    assert_eq!(there["effect"]["moved"], back["effect"]["moved"]);
    let givers: Vec<&Value> = there["effect"]["moves"].as_array().unwrap().iter().map(|step| &step["from"]).collect();
    assert_eq!(givers, ["S3", "S3"]);
    let (_, same) = asked("/v1/epochs/diff?from=13&to=13").await;
    assert_eq!((&same["effect"]["moved"], &same["effect"]["moves"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn what_is_not_kept_or_no_number_is_a_problem() {
    let cases = [
        ("?from=12&to=99", 404, "epoch 99 is not kept: GET /v1/epochs lists those that are"),
        ("?from=12", 400, "to must be the number of an epoch, not '': GET /v1/epochs lists them"),
        ("?from=a&to=12", 400, "from must be the number of an epoch, not 'a': GET /v1/epochs lists them"),
        ("?form=12&to=13", 400, "there is no query parameter 'form': did you mean from?"),
    ];
    for (query, status, detail) in cases {
        let (got, body) = asked(&format!("/v1/epochs/diff{query}")).await;
        assert_eq!((got, &body["detail"]), (status, &json!(detail)), "{query}");
    }
}
