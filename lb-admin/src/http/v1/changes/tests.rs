//! Every change over HTTP: what reaches the owner, and how its answers are told.

use std::time::Duration;

use axum::body::Body;
use lb_core::backend::Weight;
use lb_core::ring::RingError;
use serde_json::Value;

use super::*;
use crate::http::routes::admin;
use crate::http::testing::{Asked as Sent, Got, agreeing, ask, members, scripted, send};

fn json(got: &Got) -> Value {
    serde_json::from_str(&got.body).expect("JSON")
}

fn request(change: Change) -> Request {
    Request { change, if_match: Vec::new() }
}

fn remove(n: Option<u64>) -> Change {
    Change::Remove(Remove { n, hostnames: vec!["S1".into()] })
}

fn edit(edit: Edit) -> Change {
    Change::Edit { name: "S1".into(), edit }
}

#[tokio::test]
async fn each_endpoint_asks_the_owner_for_its_change() {
    let mut scripted = agreeing(&["S1", "S2"]);
    let router = admin(scripted.api, true);
    let wait = Duration::from_secs(8);
    let add = Add { n: Some(2), hostnames: vec!["a".into()], wait: Duration::from_secs(2) };
    let weight = Edit { weight: Weight::parse("1.5").ok(), ..Edit::default() };
    let drain = Edit { drained: Some(true), max_connections: Some(0), weight: None };
    let cases = [
        ("POST", "/v1/backends?wait=2s", r#"{"n":2,"names":["a"]}"#, 201, "add", Change::Add(add)),
        ("DELETE", "/v1/backends/S1", "", 200, "remove", remove(None)),
        ("DELETE", "/v1/backends", r#"{"n":2,"names":["S1"]}"#, 200, "remove", remove(Some(2))),
        ("PATCH", "/v1/backends/S1", r#"{"weight":1.5}"#, 200, "weight", edit(weight)),
        ("PATCH", "/v1/backends/S1", r#"{"drained":true,"max_connections":0}"#, 200, "edit", edit(drain)),
        ("PUT", "/v1/target", r#"{"n":0}"#, 200, "target", Change::Target { n: 0, wait }),
        ("POST", "/v1/epochs/7/rollback", "", 200, "rollback", Change::Rollback { epoch: 7, wait }),
    ];
    for (method, path, body, status, kind, change) in cases {
        let got = ask(&router, method, path, body).await;
        assert_eq!((got.status.as_u16(), &json(&got)["change"]["kind"]), (status, &kind.into()), "{method} {path}");
        assert_eq!(json(&got)["applied"], true);
        assert_eq!(scripted.asked.recv().await, Some(Sent::Change(request(change.clone()))), "{method} {path}");

        let separator = if path.contains('?') { '&' } else { '?' };
        let got = ask(&router, method, &format!("{path}{separator}dry_run=true"), body).await;
        assert_eq!((got.status.as_u16(), &json(&got)["applied"]), (200, &false.into()), "{method} {path}");
        assert_eq!(scripted.asked.recv().await, Some(Sent::Plan(request(change))), "{method} {path}");
    }
}

#[tokio::test]
async fn the_answer_has_sorted_keys_and_the_epoch_as_its_tag() {
    let router = admin(agreeing(&["S1", "S2"]).api, true);
    let got = ask(&router, "PATCH", "/v1/backends/S1", r#"{"drained":true}"#).await;
    let begins = r#"{"N":2,"applied":true,"base_epoch":12,"change":{"kind":"drain","names":["S1"]},"effect":{"ideal"#;
    assert!(got.body.starts_with(begins) && got.body.ends_with("\"replicas\":[\"S1\",\"S2\"]}\n"), "{}", got.body);
    assert_eq!(got.headers["etag"], "\"12\"");
    let effect = &json(&got)["effect"];
    let keys: Vec<&String> = effect.as_object().expect("an object").keys().collect();
    assert!(got.body.contains("\"moves\":[],\"sample_keys\":[],\"sessions_touched\":0,\"shares\":["), "{keys:?}");
}

#[tokio::test]
async fn if_match_reaches_the_owner_however_it_is_written() {
    let mut scripted = agreeing(&["S1"]);
    let router = admin(scripted.api, true);
    let cases: [(&str, &[u64]); 4] = [("\"13\"", &[13]), ("13", &[13]), ("\"1\", \"2\"", &[1, 2]), ("*", &[])];
    for (written, read) in cases {
        let asked = axum::http::Request::builder().method("DELETE").uri("/v1/backends/S1").header("if-match", written);
        let got = send(&router, asked.body(Body::empty()).expect("a request")).await;
        assert_eq!(got.status, 200, "{written}");
        let Some(Sent::Change(request)) = scripted.asked.recv().await else { panic!("a change was asked for") };
        assert_eq!(request.if_match, read, "{written}");
    }
    for written in ["W/\"13\"", "\"x\"", "", "-1"] {
        let asked = axum::http::Request::builder().method("DELETE").uri("/v1/backends/S1").header("if-match", written);
        let got = send(&router, asked.body(Body::empty()).expect("a request")).await;
        assert_eq!(got.status, 400, "{written}");
    }
    assert!(scripted.asked.try_recv().is_err(), "none of them reached the owner");
}

#[tokio::test]
async fn what_is_wrong_with_the_request_never_reaches_the_owner() {
    let mut scripted = agreeing(&["S1"]);
    let router = admin(scripted.api, true);
    let cases = [
        ("POST", "/v1/backends", "", "it is empty"),
        ("POST", "/v1/backends", r#"{"n":0}"#, "positive integer"),
        ("POST", "/v1/backends", r#"{"hostnames":["a"]}"#, "no key 'hostnames'"),
        ("POST", "/v1/backends?wait=9s", r#"{"n":1}"#, "from 0 to 8s"),
        ("POST", "/v1/backends?dryrun=1", r#"{"n":1}"#, "did you mean dry_run?"),
        ("POST", "/v1/backends?dry_run=yes", r#"{"n":1}"#, "dry_run is true or false"),
        ("DELETE", "/v1/backends/S1", r#"{"n":1}"#, "no body"),
        ("PATCH", "/v1/backends/S1", r#"{"drain":true}"#, "did you mean drained?"),
        ("PATCH", "/v1/backends/S1", "{}", "nothing is asked for"),
        ("PUT", "/v1/target", r#"{"n":-1}"#, "integer from 0 on"),
        ("POST", "/v1/epochs/x/rollback", "", "an epoch is a number"),
    ];
    for (method, path, body, why) in cases {
        let got = ask(&router, method, path, body).await;
        assert_eq!(
            (got.status.as_u16(), got.content_type()),
            (400, "application/problem+json"),
            "{method} {path} {body}"
        );
        assert!(got.body.contains(why), "{method} {path} {body}: {}", got.body);
    }
    assert!(scripted.asked.try_recv().is_err());
}

#[tokio::test]
async fn refusals_of_the_owner_are_told_by_their_kind() {
    let name = || "S1".to_owned();
    let refused = RingError::WeightNotOne;
    let cases = [
        (ChangeError::UnknownName(name()), 404),
        (ChangeError::UnknownBackend(name()), 404),
        (ChangeError::UnknownEpoch(3), 404),
        (ChangeError::EpochIs { epoch: 12 }, 412),
        (ChangeError::NameTaken(name()), 409),
        (ChangeError::NotAReplica(name()), 409),
        (ChangeError::Busy, 409),
        (ChangeError::RingFull, 409),
        (ChangeError::OverCap { n: 9, max: 4, present: 1 }, 409),
        (ChangeError::WeightRefused { name: name(), why: refused }, 409),
        (ChangeError::NotOurs { epoch: 3, names: name() }, 409),
        (ChangeError::BadName(name()), 400),
        (ChangeError::NotReady(name()), 500),
        (ChangeError::NotSaved, 503),
    ];
    for (error, status) in cases {
        let router = admin(scripted(members(&["S1"]), Err(error.clone())).api, true);
        let got = ask(&router, "DELETE", "/v1/backends/S1", "").await;
        assert_eq!((got.status.as_u16(), &json(&got)["detail"]), (status, &error.to_string().into()));
    }
}

#[tokio::test]
async fn the_target_is_what_shall_be_beside_what_is() {
    let mut snapshot = members(&["S1", "S2", "S3"]);
    snapshot.backends[0].drained = true;
    snapshot.target = 4;
    let router = admin(scripted(snapshot, Ok(members(&[]))).api, true);
    let got = ask(&router, "GET", "/v1/target", "").await;
    assert_eq!(got.body, "{\"epoch\":12,\"present\":3,\"ready\":2,\"target\":4}\n");
}
