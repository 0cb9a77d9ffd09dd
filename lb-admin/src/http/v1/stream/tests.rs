//! What a stream tells, from where on, and how many there may be.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::time::timeout;
use tower::ServiceExt;

use super::super::super::routes;
use super::super::super::testing::{Scripted, agreeing};
use super::*;
use crate::events::EventKind;

/// A deadline for what must happen; reached only where a test fails.
const SOON: Duration = Duration::from_secs(30);

struct Open {
    status: StatusCode,
    body: Body,
}

async fn open(router: &Router, query: &str, last_id: Option<&str>) -> Open {
    let mut request = Request::builder().uri(format!("/v1/events{query}")).header("accept", "text/event-stream");
    if let Some(last_id) = last_id {
        request = request.header("last-event-id", last_id);
    }
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    Open { status: response.status(), body: response.into_body() }
}

impl Open {
    /// The next message; `None`: the stream has ended.
    async fn next(&mut self) -> Option<String> {
        let frame = timeout(SOON, self.body.frame()).await.expect("it tells something")?;
        Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
    }

    async fn ids(&mut self, count: usize) -> Vec<u64> {
        let mut ids = Vec::new();
        for _ in 0..count {
            let message = self.next().await.expect("it goes on");
            let (id, data) = message.strip_prefix("id: ").unwrap().split_once("\nevent: change\ndata: ").unwrap();
            let event: Value = serde_json::from_str(data).unwrap();
            assert_eq!(event["id"], id.parse::<u64>().unwrap());
            ids.push(id.parse().unwrap());
        }
        ids
    }
}

fn happen(scripted: &Scripted, times: usize) {
    (0..times).for_each(|_| scripted.api.events.record(EventKind::Changed, &"S1".into(), 1, String::new()));
}

fn served() -> (Scripted, Router) {
    let scripted = agreeing(&["S1", "S2"]);
    let router = routes::admin(scripted.api.clone(), true);
    (scripted, router)
}

#[tokio::test]
async fn an_event_is_told_as_it_happens_and_none_of_before() {
    let (scripted, router) = served();
    happen(&scripted, 2);
    let mut stream = open(&router, "", None).await;
    happen(&scripted, 1);
    assert_eq!((stream.status.as_u16(), stream.ids(1).await), (200, vec![3]));
    happen(&scripted, 2);
    assert_eq!(stream.ids(2).await, [4, 5]);
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_has_missed() {
    let (scripted, router) = served();
    happen(&scripted, 5);
    for (query, last_id, ids) in [
        ("?after=3", None, vec![4, 5]),
        ("", Some("4"), vec![5]),
        ("?after=1", Some("4"), vec![5]),
        ("?after=0", None, vec![1, 2, 3, 4, 5]),
        // Of an earlier process, which had come further.
        ("", Some("99"), vec![1, 2, 3, 4, 5]),
    ] {
        let mut stream = open(&router, query, last_id).await;
        assert_eq!(stream.ids(ids.len()).await, ids, "{query} {last_id:?}");
    }
}

#[tokio::test]
async fn the_state_is_told_at_once_and_again() {
    let (_scripted, router) = served();
    let mut stream = open(&router, "?state=true", None).await;
    for _ in 0..2 {
        let message = stream.next().await.unwrap();
        let data = message.strip_prefix("event: state\ndata: ").unwrap();
        let state: Value = serde_json::from_str(data).unwrap();
        assert_eq!(state["summary"]["verdict"]["text"], "2 of 2 replicas are ready");
        assert_eq!(state["backends"][1]["name"], "S2");
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_happens_a_comment_says_that_it_lives() {
    let (_scripted, router) = served();
    let mut stream = open(&router, "", None).await;
    let begin = Instant::now();
    assert_eq!(stream.next().await.unwrap(), ": alive\n\n");
    assert_eq!(begin.elapsed(), ALIVE_EVERY);
}

#[tokio::test]
async fn a_client_that_was_away_too_long_gets_what_is_newest() {
    let (scripted, router) = served();
    let mut stream = open(&router, "", None).await;
    happen(&scripted, 3000);
    let ids = stream.ids(1000).await;
    assert_eq!((ids[0], ids[999]), (2001, 3000), "no more is kept for it than for everybody");
}

#[tokio::test]
async fn more_than_so_many_are_refused_until_one_ends() {
    let (_scripted, router) = served();
    let mut streams = Vec::new();
    for _ in 0..STREAMS_MAX {
        streams.push(open(&router, "", None).await);
    }
    assert!(streams.iter().all(|stream| stream.status == StatusCode::OK));
    let mut refused = open(&router, "", None).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.next().await.unwrap().contains("64 streams are open already"));
    streams.pop();
    assert_eq!(open(&router, "", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn it_ends_with_the_membership() {
    let (scripted, router) = served();
    let mut stream = open(&router, "", None).await;
    drop(scripted.snapshot);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn what_is_no_id_is_refused() {
    let (_scripted, router) = served();
    for (query, last_id, detail) in [
        ("?after=x", None, "after must be the id of an event, not 'x'"),
        ("", Some("-1"), "Last-Event-ID must be the id of an event, not '-1'"),
        ("?state=1", None, "state must be true or false, not '1'"),
    ] {
        let mut refused = open(&router, query, last_id).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        let body = refused.next().await.unwrap();
        assert!(body.contains(detail), "{body}");
    }
}
