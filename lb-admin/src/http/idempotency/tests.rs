//! Changes that are asked for more than once.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use lb_core::ring::Owners;
use proptest::prelude::*;
use proptest::string::string_regex;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tower::ServiceExt;

use super::super::ChangeRate;
use super::super::openapi::document;
use super::super::routes::admin;
use super::super::testing::{Got, Scripted, agreeing, members, scripted, send};
use super::*;
use crate::config::Access;
use crate::membership::change::Changed;
use crate::membership::command::{ChangeError, Command, Membership};
use crate::membership::mapping::History;
use crate::membership::snapshot::Snapshot;
use crate::token::Token;

/// How long a failing test hangs.
const WITHIN: Duration = Duration::from_secs(20);

const CHANGES: [(&str, &str, &str); 8] = [
    ("POST", "/v1/backends?wait=2s", r#"{"names":["a"]}"#),
    ("DELETE", "/v1/backends/S1", ""),
    ("DELETE", "/v1/backends", r#"{"names":["S1"]}"#),
    ("PATCH", "/v1/backends/S1", r#"{"weight":1.5}"#),
    ("PUT", "/v1/target", r#"{"n":4}"#),
    ("POST", "/v1/epochs/7/rollback", ""),
    ("POST", "/v1/reload", ""),
    ("POST", "/v1/backends?dry_run=false&pretty", r#"{"n":1}"#),
];

fn request(method: &str, path: &str, body: &'static str, key: &str) -> axum::http::Request<Body> {
    let request = axum::http::Request::builder().method(method).uri(path).header(key::HEADER, key);
    request.body(Body::from(body)).expect("a request")
}

async fn ask(router: &Router, (method, path, body): (&str, &str, &'static str), key: &str) -> Got {
    let answered = timeout(WITHIN, send(router, request(method, path, body, key))).await;
    answered.expect("whoever asks is answered")
}

fn is_replayed(got: &Got) -> bool {
    got.headers.contains_key(REPLAYED)
}

/// Everything but that it is a replay.
fn said(got: &Got) -> (u16, String, Vec<(String, HeaderValue)>) {
    let headers = got.headers.iter().filter(|(name, _)| **name != REPLAYED);
    let headers = headers.map(|(name, value)| (name.to_string(), value.clone())).collect();
    (got.status.as_u16(), got.body.clone(), headers)
}

/// The membership an epoch later.
fn later() -> Arc<Snapshot> {
    let mut later = members(&["S1", "S2"]);
    let newest = later.history.newest();
    let next = newest.next(SystemTime::UNIX_EPOCH, "later".to_owned(), Vec::new(), Owners::new(&later.slots, |_| true));
    later.history = Arc::new(History::new(Arc::new(next)));
    Arc::new(later)
}

#[tokio::test]
async fn the_same_request_with_the_same_key_is_answered_again_and_made_once() {
    for change in CHANGES {
        let mut scripted = agreeing(&["S1", "S2"]);
        let router = admin(scripted.api, true);
        let first = ask(&router, change, "\"one\"").await;
        assert!(first.status.is_success() && !is_replayed(&first), "{change:?}: {first:?}");
        scripted.asked.recv().await.expect("the owner was asked");
        scripted.snapshot.send_replace(later());
        for key in ["\"one\"", "one"] {
            let again = ask(&router, change, key).await;
            assert!(is_replayed(&again), "{change:?}");
            assert_eq!(said(&again), said(&first), "{change:?}");
        }
        assert!(scripted.asked.try_recv().is_err(), "{change:?}: the owner was asked again");
        ask(&router, change, "two").await;
        scripted.asked.recv().await.expect("another key is another change");
    }
}

#[tokio::test]
async fn a_refusal_that_was_judged_is_kept_and_one_that_came_at_the_wrong_time_is_not() {
    for (error, kept) in [
        (ChangeError::UnknownName("S1".into()), true),
        (ChangeError::EpochIs { epoch: 12 }, true),
        (ChangeError::BadName("S1".into()), true),
        (ChangeError::RingFull, true),
        (ChangeError::NotReady("S1".into()), true),
        (ChangeError::Busy, false),
        (ChangeError::NotSaved, false),
        (ChangeError::Stopping, false),
    ] {
        let mut scripted = scripted(members(&["S1"]), Err(error.clone()));
        let router = admin(scripted.api, true);
        let first = ask(&router, CHANGES[1], "k").await;
        scripted.snapshot.send_replace(later());
        let again = ask(&router, CHANGES[1], "k").await;
        assert_eq!((is_replayed(&first), is_replayed(&again)), (false, kept), "{error:?}");
        assert_eq!((first.status, &first.body), (again.status, &again.body), "{error:?}");
        assert_eq!(first.headers["etag"] == again.headers["etag"], kept, "{error:?}");
        scripted.asked.recv().await.expect("the first time");
        assert_eq!(scripted.asked.try_recv().is_ok(), !kept, "{error:?}");
    }
}

#[tokio::test]
async fn a_key_that_came_with_another_request_is_refused_and_nothing_is_done() {
    let mut scripted = agreeing(&["S1"]);
    let router = admin(scripted.api, true);
    let first = ask(&router, ("DELETE", "/v1/backends", r#"{"names":["S1"]}"#), "k").await;
    assert_eq!(first.status, 200);
    scripted.asked.recv().await.expect("the owner was asked");
    let mut others = vec![
        request("POST", "/v1/backends", r#"{"names":["S1"]}"#, "k"),
        request("DELETE", "/v1/backends/S1", "", "k"),
        request("DELETE", "/v1/backends?pretty", r#"{"names":["S1"]}"#, "k"),
        request("DELETE", "/v1/backends", r#"{"names":["S2"]}"#, "k"),
        request("DELETE", "/v1/backends", r#"{"names":["S1"]}"#, "k"),
    ];
    others[4].headers_mut().insert(IF_MATCH, HeaderValue::from_static("\"12\""));
    for other in others {
        let got = send(&router, other).await;
        assert_eq!((got.status.as_u16(), got.content_type()), (422, "application/problem+json"));
        assert!(got.body.contains("was used for another request"), "{}", got.body);
    }
    assert!(scripted.asked.try_recv().is_err());
}

#[tokio::test]
async fn what_is_no_key_is_refused_and_where_none_is_meant_it_means_nothing() {
    let mut scripted = agreeing(&["S1"]);
    let router = admin(scripted.api, true);
    for path in ["/v1/target", "/v1/target?dry_run=true"] {
        let got = ask(&router, ("PUT", path, r#"{"n":4}"#), "\"open").await;
        assert_eq!((got.status.as_u16(), got.content_type()), (400, "application/problem+json"), "{path}");
        assert!(got.body.contains("Idempotency-Key must be a string"), "{}", got.body);
    }
    assert!(scripted.asked.try_recv().is_err());

    // A plan, and a path of the assignment: as if there were no key.
    for ignoring in [("PUT", "/v1/target?dry_run=true", r#"{"n":4}"#), ("POST", "/add", r#"{"n":1}"#)] {
        for _ in 0..2 {
            let got = ask(&router, ignoring, "k").await;
            assert!(got.status == 200 && !is_replayed(&got));
            scripted.asked.recv().await.expect("the owner was asked");
        }
    }
    assert_eq!(ask(&router, ("GET", "/v1/target", ""), "\"open").await.status, 200);
    assert!(!is_replayed(&ask(&router, CHANGES[4], "k").await), "the key was free");
}

/// An API whose owner is the test.
fn held() -> (Scripted, Router, mpsc::Receiver<Command>) {
    let mut scripted = agreeing(&["S1"]);
    let (commands, inbox) = mpsc::channel(8);
    scripted.api.membership = Membership::new(commands, scripted.api.membership.watch());
    let router = admin(scripted.api.clone(), true);
    (scripted, router, inbox)
}

async fn next_change(inbox: &mut mpsc::Receiver<Command>) -> oneshot::Sender<Result<Changed, ChangeError>> {
    match inbox.recv().await {
        Some(Command::Change(_, back)) => back,
        other => panic!("a change was asked for, not {other:?}"),
    }
}

#[tokio::test]
async fn a_change_whose_client_has_gone_is_answered_to_whoever_asks_again() {
    let (_scripted, router, mut inbox) = held();
    let first = tokio::spawn(router.clone().oneshot(request("DELETE", "/v1/backends/S1", "", "k")));
    let back = next_change(&mut inbox).await;
    // As hyper does where the connection is gone: the answer is waited for no more.
    first.abort();
    assert!(first.await.expect_err("it was aborted").is_cancelled());

    let got = ask(&router, CHANGES[1], "k").await;
    assert_eq!((got.status.as_u16(), &got.headers[RETRY_AFTER]), (409, &HeaderValue::from_static("1")));
    assert!(got.body.contains("still being answered"), "{}", got.body);
    assert_eq!(ask(&router, CHANGES[4], "k").await.status, 422, "another request is another request at once");

    back.send(Err(ChangeError::NotAReplica("S1".to_owned()))).expect("somebody waits for it");
    let replayed = async {
        loop {
            let got = ask(&router, CHANGES[1], "k").await;
            if is_replayed(&got) {
                return got;
            }
            tokio::task::yield_now().await;
        }
    };
    let answered = timeout(WITHIN, replayed).await.expect("the answer is kept");
    assert!(answered.status == 409 && answered.body.contains("only replicas can be removed"), "{}", answered.body);
    assert!(inbox.try_recv().is_err(), "the owner was asked once");
}

#[tokio::test]
async fn an_answer_that_never_comes_leaves_the_key_free() {
    async fn panics() {
        panic!("a handler that panics");
    }
    let api = agreeing(&["S1"]).api;
    let once = from_fn_with_state(api, once);
    let router = Router::new().route("/v1/panics", post(panics)).route_layer(once);
    for _ in 0..2 {
        let answered = tokio::spawn(router.clone().oneshot(request("POST", "/v1/panics", "", "k"))).await;
        assert!(answered.is_err_and(|error| error.is_panic()), "it reaches the handler, and ends its connection only");
    }
}

#[tokio::test]
async fn a_replay_takes_nothing_of_the_rate_and_too_fast_is_not_kept() {
    let api = Api { changes: ChangeRate::new(1), ..agreeing(&["S1"]).api };
    let (router, rate) = (admin(api.clone(), true), api.changes);
    assert_eq!(ask(&router, CHANGES[4], "a").await.status, 200);
    for _ in 0..20 {
        assert!(is_replayed(&ask(&router, CHANGES[4], "a").await));
    }
    while rate.take().is_ok() {}
    assert_eq!(ask(&router, CHANGES[4], "b").await.status, 429);
    rate.set(0);
    let got = ask(&router, CHANGES[4], "b").await;
    assert!(got.status == 200 && !is_replayed(&got));
}

#[tokio::test]
async fn nobody_learns_an_answer_without_the_token() {
    let scripted = agreeing(&["S1"]);
    let token = Token::new("a-token-for-the-tests", [7; 16]).expect("a token");
    let (_access, now) = watch::channel(Access { token: Some(token), ..Access::default() });
    let router = admin(Api { access: now, ..scripted.api }, true);
    let mut known = request("PUT", "/v1/target", r#"{"n":4}"#, "k");
    known.headers_mut().insert("authorization", HeaderValue::from_static("Bearer a-token-for-the-tests"));
    assert_eq!(send(&router, known).await.status, 200);
    assert_eq!(ask(&router, CHANGES[4], "k").await.status, 401);
}

#[test]
fn the_document_says_so_of_every_change_under_v1_and_of_nothing_else() {
    let paths = document()["paths"].as_object().expect("paths");
    let mut described = 0;
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let has_key = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            assert_eq!(has_key, path.starts_with("/v1/") && changes_something(&method), "{method} {path}");
            assert_eq!(operation["responses"]["422"].is_object(), has_key, "{method} {path}");
            let success = &operation["responses"]["200"]["headers"]["Idempotency-Replayed"];
            assert_eq!(success.is_object(), has_key, "{method} {path}");
            for (status, response) in operation["responses"].as_object().expect("responses") {
                let is_kept = !["401", "413", "422", "429", "503", "default"].contains(&&**status);
                let may_be_replayed = response["headers"]["Idempotency-Replayed"].is_object();
                assert_eq!(may_be_replayed, has_key && is_kept, "{method} {path} {status}: a refusal is kept too");
            }
            described += usize::from(has_key);
        }
    }
    assert_eq!(described, 7);
}

proptest! {
    /// What the document calls a key is read as one.
    #[test]
    fn keys_as_the_document_describes_them_are_keys(
        text in string_regex(document::PATTERN.trim_matches(['^', '$'])).expect("a pattern")
    ) {
        let request = request("PUT", "/v1/target", "", &text);
        prop_assert!(key::read(request.headers()).is_ok_and(|key| key.is_some()), "{}", text);
    }
}
