//! `/add`, `/rm` and `/requests/NAME` before an owner that answers what the test says.

use std::time::Duration;

use lb_core::control::Answered;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::testing::{Asked, agreeing, ask, members, ready, scripted};
use super::super::{ChangeRate, routes};
use super::*;
use crate::request_log::RequestLog;

fn failure(message: &str) -> String {
    format!("{}\n", json!({"message": format!("<Error> {message}"), "status": "failure"}))
}

#[tokio::test]
async fn add_asks_the_owner_and_answers_with_what_it_said() {
    let mut scripted = scripted(members(&["S1"]), Ok(members(&["S1", "S5", "S4"])));
    let router = routes::admin(scripted.api.clone(), true);
    let got = ask(&router, "POST", "/add?wait=500ms", r#"{"n":2,"hostnames":["S5","S4"]}"#).await;
    assert_eq!(got.status, 200);
    assert_eq!(got.body, "{\"message\":{\"N\":3,\"replicas\":[\"S1\",\"S5\",\"S4\"]},\"status\":\"successful\"}\n");
    let hostnames = vec!["S5".to_owned(), "S4".to_owned()];
    let add = Add { n: Some(2), hostnames, wait: Duration::from_millis(500) };
    assert_eq!(scripted.asked.try_recv().unwrap(), Asked::Add(add));
}

#[tokio::test]
async fn rm_is_delete_and_post_alike() {
    for method in ["DELETE", "POST"] {
        let mut scripted = scripted(members(&["S1", "S2"]), Ok(members(&["S2"])));
        let router = routes::admin(scripted.api.clone(), true);
        let got = ask(&router, method, "/rm", r#"{"hostnames":["S1"]}"#).await;
        assert_eq!(got.body, "{\"message\":{\"N\":1,\"replicas\":[\"S2\"]},\"status\":\"successful\"}\n");
        let remove = Remove { n: None, hostnames: vec!["S1".to_owned()] };
        assert_eq!(scripted.asked.try_recv().unwrap(), Asked::Remove(remove));
    }
}

#[tokio::test]
async fn every_refusal_of_the_owner_has_its_status_and_text() {
    let name = || "S9".to_owned();
    let cases = [
        (ChangeError::TooManyNamesToAdd, 400, "Length of hostname list is more than newly added instances"),
        (ChangeError::TooManyNamesToRemove, 400, "Length of hostname list is more than removable instances"),
        (ChangeError::CountNotPositive, 400, "n must be a positive integer"),
        (ChangeError::UnknownName(name()), 400, "'S9' is not a replica"),
        (ChangeError::NotAReplica(name()), 400, "'S9' is a --backend; only replicas can be removed here"),
        (ChangeError::RingFull, 400, "ring full"),
        (
            ChangeError::OverCap { n: 70, max: 64, present: 3 },
            400,
            "n = 70: at most 64 replicas are allowed, 3 are there",
        ),
        (ChangeError::NotReady(name()), 500, "replica 'S9' was not ready in time"),
        (
            ChangeError::StartFailed { name: name(), why: "no such file".to_owned() },
            500,
            "replica 'S9' could not be started: no such file",
        ),
        (ChangeError::Stopping, 503, "the load balancer is stopping"),
    ];
    for (error, status, text) in cases {
        let router = routes::admin(scripted(members(&["S1"]), Err(error.clone())).api, true);
        for (method, path) in [("POST", "/add"), ("DELETE", "/rm")] {
            let got = ask(&router, method, path, r#"{"n":1}"#).await;
            assert_eq!((got.status.as_u16(), got.body), (status, failure(text)), "{error:?} {path}");
        }
    }
}

#[tokio::test]
async fn a_wrong_body_or_wait_is_a_400_and_never_reaches_the_owner() {
    let mut scripted = agreeing(&["S1"]);
    let router = routes::admin(scripted.api.clone(), true);
    let bodies = ["", "{", "[]", "null", r#"{"n":0}"#, r#"{"n":"4"}"#, r#"{"n":1e400}"#, r#"{"n":1,"hostnames":"S1"}"#];
    for body in bodies {
        for (method, path) in [("POST", "/add"), ("DELETE", "/rm"), ("POST", "/rm")] {
            let got = ask(&router, method, path, body).await;
            assert_eq!(got.status, 400, "{method} {path} {body}");
            assert!(got.body.starts_with("{\"message\":\"<Error> "), "{}", got.body);
        }
    }
    let got = ask(&router, "POST", "/add?wait=9s", r#"{"n":1}"#).await;
    assert_eq!(got.body, failure("wait must be a time from 0 to 8s, such as 2s or 500ms"));
    assert!(scripted.asked.try_recv().is_err());
}

#[tokio::test]
async fn changes_beyond_the_rate_are_a_429_with_retry_after_and_reads_go_on() {
    let mut scripted = agreeing(&["S1"]);
    scripted.api.changes = ChangeRate::new(1);
    let router = routes::admin(scripted.api.clone(), true);
    for malformed in ["{", r#"{"n":-1}"#, ""].iter().cycle().take(30) {
        assert_eq!(ask(&router, "POST", "/add", *malformed).await.status, 400, "what is malformed takes nothing");
    }
    let mut refused = None;
    for _ in 0..20 {
        let got = ask(&router, "DELETE", "/rm", r#"{"n":1}"#).await;
        if got.status == 429 {
            refused = Some(got);
        }
    }
    let refused = refused.expect("20 at once are more than 4");
    assert_eq!(refused.headers["retry-after"], "1");
    let text = "too many changes at once: ask again in 1 s (--admin-rate says how many are taken)";
    assert_eq!(refused.body, failure(text));
    assert_eq!(ask(&router, "GET", "/rep", "").await.status, 200);
    let reached = std::iter::from_fn(|| scripted.asked.try_recv().ok()).count();
    assert!((4..20).contains(&reached), "{reached} reached the owner");
}

#[tokio::test]
async fn requests_lists_the_ids_one_a_line() {
    let scripted = agreeing(&["S1", "S2"]);
    let router = routes::admin(scripted.api.clone(), true);
    let ids: [&[u8]; 3] = [b"007", b"", b"caf\xc3\xa9\xff"];
    scripted.api.requests.record(ids.map(|id| Answered::new(BackendId(1), id)));
    let got = ask(&router, "GET", "/requests/S1", "").await;
    let lines = [
        "{",
        "  \"requests\": [",
        "    \"007\",",
        "    \"\",",
        "    \"café\u{fffd}\"",
        "  ],",
        "  \"status\": \"successful\"",
        "}",
    ];
    assert_eq!(got.body, format!("{}\n", lines.join("\n")));
    let got = ask(&router, "GET", "/requests/S2", "").await;
    assert_eq!(got.body, "{\n  \"requests\": [],\n  \"status\": \"successful\"\n}\n");
}

#[tokio::test]
async fn requests_counts_what_was_overwritten() {
    let scripted = agreeing(&["S1"]);
    scripted.api.requests.record((0..6).map(|id| Answered::new(BackendId(1), id.to_string().as_bytes())));
    let got = ask(&routes::admin(scripted.api, true), "GET", "/requests/S1", "").await;
    let body: Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(body, json!({"dropped": 2, "requests": ["2", "3", "4", "5"], "status": "successful"}));
}

#[tokio::test]
async fn requests_of_an_unknown_name_are_a_404() {
    let router = routes::admin(agreeing(&["S1"]).api, true);
    for name in ["S9", "s1", "%ff", "S1%00"] {
        let got = ask(&router, "GET", &format!("/requests/{name}"), "").await;
        assert_eq!((got.status.as_u16(), got.body), (404, failure("Server ID not found")), "{name}");
    }
}

#[tokio::test]
async fn a_name_used_again_means_its_new_holder() {
    let mut snapshot = members(&["S2"]);
    let mut draining = ready("S2", 5);
    draining.listed = false;
    snapshot.backends.push(draining);
    let scripted = scripted(snapshot, Ok(members(&[])));
    let answered = [(1, "new"), (5, "old")].map(|(backend, id)| Answered::new(BackendId(backend), id.as_bytes()));
    scripted.api.requests.record(answered);
    let got = ask(&routes::admin(scripted.api, true), "GET", "/requests/S2", "").await;
    assert!(got.body.contains("\"new\"") && !got.body.contains("\"old\""), "{}", got.body);
}

#[tokio::test]
async fn where_nothing_is_recorded_the_answer_says_so() {
    let mut scripted = agreeing(&["S1"]);
    scripted.api.requests = RequestLog::new(None);
    let router = routes::admin(scripted.api, true);
    let got = ask(&router, "GET", "/requests/S1", "").await;
    assert_eq!(got.status, 404);
    assert!(got.body.contains("<Error> requests are not recorded; start with --record-requests"), "{}", got.body);
    assert_eq!(ask(&router, "GET", "/requests/S9", "").await.body, failure("Server ID not found"));
}

/// Bytes that are often nearly right.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| n.to_string()),
        ".{0,8}".prop_map(|text| json!(text).to_string()),
        proptest::collection::vec(".{0,8}", 0..4).prop_map(|list| json!(list).to_string()),
        Just("null".to_owned()),
    ];
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        (value.clone(), value).prop_map(|(n, names)| format!(r#"{{"n":{n},"hostnames":{names}}}"#).into_bytes()),
    ]
}

proptest! {
    #[test]
    fn whatever_is_sent_the_answer_is_typed_and_never_a_5xx(body in bodies()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let router = routes::admin(agreeing(&["S1"]).api, true);
            for (method, path) in [("POST", "/add"), ("DELETE", "/rm"), ("POST", "/rm?pretty")] {
                let got = ask(&router, method, path, body.clone()).await;
                let answer: Value = serde_json::from_str(&got.body).unwrap();
                match got.status.as_u16() {
                    200 => assert_eq!(answer["status"], "successful"),
                    400 => assert!(answer["message"].as_str().unwrap().starts_with("<Error> ")),
                    other => panic!("{other} for {method} {path}"),
                }
            }
        });
    }
}
