//! What is found wrong with an answer.

use super::{to_balancer, to_replicas};

#[test]
fn an_answer_is_judged_by_status_words_and_count() {
    let [listing, refusal, ..] = to_balancer();
    let body = br#"{"message":{"N":3,"replicas":["S1","S2","S3"]},"status":"successful"}"#;
    assert_eq!(listing.wrong(200, body, 3), "");
    assert_eq!(listing.wrong(200, body, 4), "N is Some(3), not 4");
    assert_eq!(listing.wrong(500, body, 3), "status 500, not 200");
    assert_eq!(refusal.wrong(400, br#"{"message":"<Error> too many","status":"failure"}"#, 3), "");
    assert!(refusal.wrong(400, b"{}", 3).contains("<Error>"));
}

#[test]
fn heartbeat_may_be_empty() {
    let [_, heartbeat, ..] = to_replicas();
    assert_eq!(heartbeat.wrong(200, b"", 3), "");
}
