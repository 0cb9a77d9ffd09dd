//! What every route has in common: the form of JSON, HEAD, unknown paths, wrong methods.

use serde_json::{Value, json};

use super::super::testing::{agreeing, ask, members, scripted};
use super::*;
use crate::events::EventKind;
use lb_core::backend::BackendState;
use lb_core::backend::places::PlaceLimits;
use lb_core::control::Control;

#[tokio::test]
async fn rep_is_compact_sorted_and_ends_with_one_newline() {
    let router = admin(agreeing(&["S1", "S2", "S3"]).api, true);
    let got = ask(&router, "GET", "/rep", "").await;
    assert_eq!(got.status, 200);
    assert_eq!(got.content_type(), "application/json");
    assert_eq!(got.body, "{\"message\":{\"N\":3,\"replicas\":[\"S1\",\"S2\",\"S3\"]},\"status\":\"successful\"}\n");
}

#[tokio::test]
async fn pretty_indents_by_two_errors_too() {
    let router = admin(agreeing(&["S1"]).api, true);
    for query in ["?pretty", "?pretty=", "?x=1&pretty=true"] {
        let got = ask(&router, "GET", &format!("/rep{query}"), "").await;
        let lines: Vec<&str> = got.body.lines().collect();
        assert_eq!(lines[..3], ["{", "  \"message\": {", "    \"N\": 1,"], "{query}");
        assert!(got.body.ends_with("}\n"));
    }
    let got = ask(&router, "GET", "/nothing?pretty", "").await;
    assert!(got.body.starts_with("{\n  \"message\": \"<Error> "), "{}", got.body);
}

#[tokio::test]
async fn head_answers_as_get_without_the_body() {
    let router = admin(agreeing(&["S1"]).api, true);
    for path in ["/rep", "/livez", "/readyz", "/metrics", "/v1/backends", "/requests/S1"] {
        let get = ask(&router, "GET", path, "").await;
        let head = ask(&router, "HEAD", path, "").await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        let length: usize = head.headers["content-length"].to_str().expect("digits").parse().expect("a length");
        // The process's own times have moved on, and may have a digit more or less.
        let slack = if path == "/metrics" { 100 } else { 0 };
        assert!(length.abs_diff(get.body.len()) <= slack, "{path}: {length} of {}", get.body.len());
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_typed_404() {
    let router = admin(agreeing(&["S1"]).api, true);
    let paths = ["/index.html", "/reps", "/rep/", "/requests", "/requests/", "/requests/S1/x", "/ADD", "//rep", "/%ff"];
    for path in paths {
        for method in ["GET", "POST", "BREW"] {
            let got = ask(&router, method, path, "").await;
            assert_eq!(got.status, 404, "{method} {path}");
            let body = "{\"message\":\"<Error> there is nothing at this path\",\"status\":\"failure\"}\n";
            assert_eq!(got.body, body, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_a_typed_405_that_says_which_are_right() {
    let router = admin(agreeing(&["S1"]).api, true);
    let cases = [
        ("POST", "/rep", "GET,HEAD"),
        ("GET", "/add", "POST"),
        ("PUT", "/add", "POST"),
        ("GET", "/rm", "DELETE,POST"),
        ("OPTIONS", "/rm", "DELETE,POST"),
        ("DELETE", "/requests/S1", "GET,HEAD"),
        ("POST", "/metrics", "GET,HEAD"),
        ("BREW", "/livez", "GET,HEAD"),
        ("TRACE", "/rep", "GET,HEAD"),
        ("PATCH", "/add", "POST"),
        ("CONNECT", "127.0.0.1:80", "GET,HEAD,POST,DELETE"),
    ];
    for (method, path, allow) in cases {
        let got = ask(&router, method, path, "").await;
        assert_eq!((got.status.as_u16(), got.headers["allow"].to_str().unwrap()), (405, allow), "{method} {path}");
        let body: Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!(body["status"], "failure", "{method} {path}");
        assert_eq!(got.content_type(), "application/json");
    }
}

#[tokio::test]
async fn under_v1_an_error_is_a_problem_document() {
    let router = admin(agreeing(&["S1"]).api, true);
    for (method, path, status) in [("GET", "/v1/nothing", 404), ("POST", "/v1/events", 405), ("GET", "/v1", 404)] {
        let got = ask(&router, method, path, "").await;
        assert_eq!(got.status, status, "{method} {path}");
        assert_eq!(got.content_type(), "application/problem+json");
        let body: Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!(body["status"], status);
        assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn a_body_over_64_kib_is_refused_on_every_path() {
    let router = admin(agreeing(&["S1"]).api, true);
    for path in ["/add", "/rm", "/nothing", "/rep"] {
        for len in [64 * 1024 + 1, 10 * 1024 * 1024, 20 * 1024 * 1024] {
            let got = ask(&router, "POST", path, vec![b' '; len]).await;
            assert_eq!(got.status, 413, "{path} {len}");
            assert_eq!(got.body, "{\"message\":\"<Error> the body is over 64 KiB\",\"status\":\"failure\"}\n");
        }
    }
    let mut full = br#"{"n":1}"#.to_vec();
    full.resize(64 * 1024, b' ');
    assert_eq!(ask(&router, "POST", "/add", full).await.status, 200);
}

#[tokio::test]
async fn readyz_says_why_not() {
    let scripted = scripted(members(&["S1", "S2"]), Ok(members(&[])));
    let router = admin(scripted.api, true);
    let got = ask(&router, "GET", "/readyz", "").await;
    assert_eq!(got.body, "{\"message\":\"ready backends: 2\",\"status\":\"successful\"}\n");

    let mut draining = members(&["S1"]);
    draining.draining = true;
    scripted.snapshot.send_replace(draining.into());
    let got = ask(&router, "GET", "/readyz", "").await;
    assert_eq!(got.status, 503);
    assert!(got.body.contains("<Error> draining"), "{}", got.body);

    let mut down = members(&["S1"]);
    down.backends[0].state = BackendState::Down;
    scripted.snapshot.send_replace(down.into());
    let got = ask(&router, "GET", "/readyz", "").await;
    assert_eq!(got.status, 503);
    assert!(got.body.contains("<Error> no backend is ready"), "{}", got.body);
    assert_eq!(ask(&router, "GET", "/livez", "").await.status, 200);
}

#[tokio::test]
async fn v1_backends_tells_all_of_a_backend() {
    let mut snapshot = members(&["S1", "S2"]);
    let cell = snapshot.backends[0].backend.as_ref().unwrap().counters.cell(1);
    cell.sessions.add(5);
    cell.ended.add(2);
    let backend = snapshot.backends[0].backend.as_ref().unwrap();
    Control::without_workers().limit_places(backend, PlaceLimits { places: 7, waiting: 2 });
    let places = backend.places().unwrap();
    (0..7).for_each(|_| assert!(places.take()));
    assert_eq!(places.wait(0), Ok(None));
    snapshot.backends[1].backend = None;
    snapshot.backends[1].pid = None;
    snapshot.backends[1].state = BackendState::Starting;
    let router = admin(scripted(snapshot, Ok(members(&[]))).api, true);
    let got = ask(&router, "GET", "/v1/backends", "").await;
    let since = "2023-11-14T22:13:20.250Z";
    let body: Value = serde_json::from_str(&got.body).unwrap();
    let untried = json!({"count": 0, "p50": null, "p99": null});
    let common = json!({
        "bytes_to_backend_total": 0, "bytes_to_client_total": 0, "connect_failures_total": 0, "restarts": 0,
        "container": null, "drained": false, "origin": "replica", "first_byte_seconds": untried, "last_check": null, "since": since, "supervised": true, "weight": 1.0,
        "share_ideal": 0.5,
    });
    let own = [
        json!({"name": "S1", "seat": 1, "address": "127.0.0.1:20001", "state": "ready", "pid": 4242, "sessions": 3,
               "sessions_total": 5, "max_connections": 7, "waiting": 1}),
        json!({"name": "S2", "seat": 2, "address": null, "state": "starting", "pid": null, "sessions": 0,
               "sessions_total": 0, "max_connections": null, "waiting": 0}),
    ];
    for (index, own) in own.iter().enumerate() {
        for (key, value) in own.as_object().unwrap().iter().chain(common.as_object().unwrap()) {
            assert_eq!(&body["backends"][index][key], value, "{key} of {}", body["backends"][index]);
        }
    }
    let owned = |index: usize| body["backends"][index]["slots"].as_u64().unwrap();
    assert_eq!(owned(0) + owned(1), 65_536, "every slot is somebody's");
    assert_eq!(body["epoch"], 12);
    let keys: Vec<&String> = body["backends"][0].as_object().unwrap().keys().collect();
    let places: Vec<usize> = keys.iter().map(|key| got.body.find(&format!("\"{key}\"")).unwrap()).collect();
    assert!(places.is_sorted(), "keys are sorted: {}", got.body);
    let one = ask(&router, "GET", "/v1/backends/S2?pretty", "").await;
    assert_eq!(serde_json::from_str::<Value>(&one.body).unwrap(), body["backends"][1]);
}

#[tokio::test]
async fn a_backend_that_is_not_there_is_a_problem() {
    let router = admin(agreeing(&["S1"]).api, true);
    for (path, status) in [("S2", 404), ("%ff", 404), ("s1", 404), ("S1?x=1", 400)] {
        let got = ask(&router, "GET", &format!("/v1/backends/{path}"), "").await;
        assert_eq!((got.status.as_u16(), got.content_type()), (status, "application/problem+json"), "{path}");
    }
}

#[tokio::test]
async fn v1_events_come_with_the_clock_they_are_by() {
    let scripted = agreeing(&["S1"]);
    scripted.api.events.record(EventKind::Died, &"S1".into(), 1, "exit status 9".to_owned());
    let got = ask(&admin(scripted.api, true), "GET", "/v1/events", "").await;
    let body: Value = serde_json::from_str(&got.body).unwrap();
    let event = &body["events"][0];
    assert_eq!((&event["id"], &event["kind"], &event["name"]), (&json!(1), &json!("died"), &json!("S1")));
    assert!(event["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{event}");
    assert!(body["now_ms"].as_f64() >= event["at_ms"].as_f64());
    assert!(got.body.starts_with(r#"{"events":[{"at":"#), "keys are sorted: {}", got.body);
}

#[tokio::test]
async fn v1_events_after_one_leave_it_out() {
    let scripted = agreeing(&["S1"]);
    for detail in ["first", "second", "third"] {
        scripted.api.events.record(EventKind::Changed, &"S1".into(), 1, detail.to_owned());
    }
    let router = admin(scripted.api, true);
    for (query, ids) in [("", vec![1, 2, 3]), ("?after=0", vec![1, 2, 3]), ("?after=2", vec![3]), ("?after=9", vec![])]
    {
        let got = ask(&router, "GET", &format!("/v1/events{query}"), "").await;
        let body: Value = serde_json::from_str(&got.body).unwrap();
        let found: Vec<u64> =
            body["events"].as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()).collect();
        assert_eq!(found, ids, "{query}");
    }
    let got = ask(&router, "GET", "/v1/events?after=last", "").await;
    assert_eq!((got.status.as_u16(), got.content_type()), (400, "application/problem+json"));
    assert!(got.body.contains("after must be the id of an event, not 'last'"), "{}", got.body);
}

#[tokio::test]
async fn the_front_serves_the_assignments_paths_only() {
    let router = front(agreeing(&["S1"]).api);
    for path in ["/rep", "/requests/S1"] {
        assert_eq!(ask(&router, "GET", path, "").await.status, 200, "{path}");
    }
    for path in ["/livez", "/metrics", "/v1/backends", "/"] {
        assert_eq!(ask(&router, "GET", path, "").await.status, 404, "{path}");
    }
}
