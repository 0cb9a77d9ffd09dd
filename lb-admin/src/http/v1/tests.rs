//! What all paths under `/v1` have in common.

use serde_json::Value;

use super::super::routes;
use super::super::testing::{agreeing, ask};

#[tokio::test]
async fn every_answer_carries_the_epoch_refusals_too() {
    let router = routes::admin(agreeing(&["S1"]).api, true);
    let cases = [
        ("GET", "/v1/backends", 200),
        ("GET", "/v1/events", 200),
        ("GET", "/v1/nothing", 404),
        ("POST", "/v1/events", 405),
    ];
    for (method, path, status) in cases {
        let got = ask(&router, method, path, "").await;
        assert_eq!((got.status.as_u16(), got.headers["etag"].to_str().unwrap()), (status, "\"12\""), "{method} {path}");
    }
    let too_large = ask(&router, "POST", "/v1/backends", vec![b' '; 70_000]).await;
    assert_eq!((too_large.status.as_u16(), too_large.headers["etag"].to_str().unwrap()), (413, "\"12\""));
    let plain = ask(&router, "GET", "/rep", "").await;
    assert!(!plain.headers.contains_key("etag"), "the unversioned paths stay as they are");
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_as_a_problem() {
    let router = routes::admin(agreeing(&["S1"]).api, true);
    for path in ["/v1/backends?pritty", "/v1/events?after_=1"] {
        let got = ask(&router, "GET", path, "").await;
        assert_eq!((got.status.as_u16(), got.content_type()), (400, "application/problem+json"), "{path}");
        let body: Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!((&body["title"], &body["type"]), (&"Bad Request".into(), &"about:blank".into()));
    }
}
