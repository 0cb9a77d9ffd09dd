//! Whose words are shown, and what is said where there are none.

use super::super::super::routes;
use super::super::super::testing::{agreeing, ask, members, ready, scripted};
use super::*;
use crate::membership::snapshot::BackendView;
use crate::supervisor::output::Outputs;

fn router(said: Result<Vec<u8>, OutputError>) -> axum::Router {
    let api = Api { outputs: Outputs::saying(said), ..agreeing(&["S1"]).api };
    routes::admin(api, true)
}

#[tokio::test]
async fn the_words_of_a_replica_come_as_plain_text_whatever_is_in_them() {
    let got = ask(&router(Ok(b"<script>\n\xff\x1b[31m\n".to_vec())), "GET", "/v1/backends/S1/logs?tail=2", "").await;
    assert_eq!((got.status.as_u16(), got.content_type()), (200, "text/plain; charset=utf-8"));
    assert_eq!(got.headers["x-content-type-options"], "nosniff");
    assert_eq!(got.body, "<script>\n\u{fffd}\u{1b}[31m\n");
}

#[tokio::test]
async fn a_wrong_question_is_told_what_is_wrong() {
    let router = router(Ok(Vec::new()));
    for (path, status, about) in [
        ("/v1/backends/S1/logs?tail=0", 400, "tail '0': must be 1 to 10000"),
        ("/v1/backends/S1/logs?tail=10001", 400, "must be 1 to 10000"),
        ("/v1/backends/S1/logs?tail=-1", 400, "must be 1 to 10000"),
        ("/v1/backends/S1/logs?tial=5", 400, "did you mean tail?"),
        ("/v1/backends/S2/logs", 404, "no backend of this name"),
        ("/v1/backends/..%2F..%2Fetc%2Fpasswd/logs", 404, "no backend of this name"),
        ("/v1/backends/%ff/logs", 404, "no backend of this name"),
    ] {
        let got = ask(&router, "GET", path, "").await;
        assert_eq!((got.status.as_u16(), got.content_type()), (status, "application/problem+json"), "{path}");
        assert!(got.body.contains(about), "{path}: {}", got.body);
    }
}

#[tokio::test]
async fn where_there_are_no_words_it_is_said_why() {
    for (error, status) in [(OutputError::NotRunning, 409), (OutputError::Unreadable("no engine".to_owned()), 503)] {
        let got = ask(&router(Err(error.clone())), "GET", "/v1/backends/S1/logs", "").await;
        assert_eq!(got.status.as_u16(), status);
        assert!(got.body.contains(&error.to_string()), "{}", got.body);
    }
    let somebodys = BackendView { supervised: false, ..ready("web", 1) };
    let snapshot = crate::membership::snapshot::Snapshot { backends: vec![somebodys], ..members(&["web"]) };
    let router = routes::admin(scripted(snapshot.clone(), Ok(snapshot)).api, true);
    let got = ask(&router, "GET", "/v1/backends/web/logs", "").await;
    assert_eq!(got.status.as_u16(), 409);
    assert!(got.body.contains("somebody else runs it"), "{}", got.body);
}
