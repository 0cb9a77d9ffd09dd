//! The answers of the two, good and bad.

use serde_json::{Value, json};

use super::super::super::testing::{agreeing, ask, members, scripted};
use super::super::super::{ChangeRate, routes};
use super::*;
use crate::membership::command::ChangeError;

fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn the_configuration_is_shown_with_who_said_what() {
    let router = routes::admin(agreeing(&["S1"]).api, true);
    let got = ask(&router, "GET", "/v1/config", "").await;
    let wanted = r#"{"config":{"retries":"3"},"file":null,"sources":{"retries":"default"}}"#;
    assert_eq!((got.status, got.body.trim_end()), (StatusCode::OK, wanted));
}

#[tokio::test]
async fn a_reload_says_what_has_changed_and_a_dry_run_does_nothing() {
    let mut scripted = agreeing(&["S1"]);
    let router = routes::admin(scripted.api.clone(), true);
    let planned = body(&ask(&router, "POST", "/v1/reload?dry_run=true", "").await.body);
    assert_eq!(planned["changes"][0], json!({"from": 3, "key": "retries", "takes_effect": "now", "to": 1}));
    assert_eq!(planned["applied"], false);
    assert!(scripted.asked.try_recv().is_err(), "nobody was asked for anything");
    let done = body(&ask(&router, "POST", "/v1/reload", "").await.body);
    assert_eq!((&done["applied"], &done["changes"]), (&json!(true), &planned["changes"]));
    assert!(scripted.asked.try_recv().is_ok());
}

#[tokio::test]
async fn a_reload_that_cannot_be_is_a_typed_problem() {
    for (error, status) in [
        (ChangeError::Unfit("'a' is left out".to_owned()), 409),
        (ChangeError::RingFull, 409),
        (ChangeError::NotSaved, 503),
        (ChangeError::Stopping, 503),
    ] {
        let router = routes::admin(scripted(members(&["S1"]), Err(error)).api, true);
        let got = ask(&router, "POST", "/v1/reload", "").await;
        assert_eq!((got.status.as_u16(), got.content_type()), (status, "application/problem+json"));
    }
    let api = Api { changes: ChangeRate::new(1), ..agreeing(&["S1"]).api };
    let router = routes::admin(api, true);
    for _ in 0..4 {
        assert_eq!(ask(&router, "POST", "/v1/reload", "").await.status, StatusCode::OK);
    }
    assert_eq!(ask(&router, "POST", "/v1/reload", "").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(&router, "POST", "/v1/reload?dry_run=perhaps", "").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(ask(&router, "GET", "/v1/reload", "").await.status, StatusCode::METHOD_NOT_ALLOWED);
}
