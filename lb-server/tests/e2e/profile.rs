//! `--profile assignment`: the front answers the admin paths too, and every other request is routed by itself.

use std::io::Write;

use crate::support::lb::names;
use crate::support::{Lb, http, load};

const FLAGS: &[&str] = &["--profile", "assignment"];

#[test]
fn the_front_answers_rep_add_and_rm() {
    let lb = Lb::start(FLAGS);
    let rep = lb.get("/rep");
    assert_eq!(rep.text(), "{\"message\":{\"N\":3,\"replicas\":[\"S1\",\"S2\",\"S3\"]},\"status\":\"successful\"}\n");
    let added = http::send(lb.front, "POST", "/add", r#"{"n":2,"hostnames":["S4"]}"#);
    assert_eq!((added.status, names(&added).len()), (200, 5), "{added:?}");
    let removed = http::send(lb.front, "DELETE", "/rm", r#"{"n":2,"hostnames":["S4","S1"]}"#);
    assert_eq!((removed.status, names(&removed).len()), (200, 3), "{removed:?}");
    assert_eq!(names(&lb.get("/rep")), lb.replicas());
    let refused = http::send(lb.front, "POST", "/add", r#"{"n":1,"hostnames":["A","B"]}"#);
    assert_eq!(refused.status, 400);
}

#[test]
fn every_other_path_goes_to_a_replica() {
    let lb = Lb::start(FLAGS);
    assert_eq!(lb.get("/home").status, 200);
    for path in ["/", "/other", "/replicas", "/metrics"] {
        let message = format!("<Error> '{path}' endpoint does not exist in server replicas");
        let answer = lb.get(path);
        assert_eq!((answer.status, answer.json()["message"].as_str()), (400, Some(&*message)), "{path}");
    }
}

#[test]
fn answered_requests_are_recorded_one_id_a_line() {
    let lb = Lb::start(FLAGS);
    let answers = load::ask_each(lb.front, 1..=60);
    assert_eq!(answers.failed, [""; 0]);
    for (name, count) in answers.counts() {
        let response = lb.get(&format!("/requests/{name}"));
        assert_eq!(response.status, 200);
        let body = response.json();
        let recorded = body["requests"].as_array().expect("a list").clone();
        assert_eq!((recorded.len(), body["status"].as_str()), (count, Some("successful")), "{body}");
        assert!(response.text().lines().count() > count, "one id a line: {}", response.text());
        for id in recorded {
            let id: u64 = id.as_str().map_or_else(|| id.as_u64().unwrap(), |id| id.parse().unwrap());
            assert_eq!(answers.replica_of[&id], name);
        }
    }
    let unknown = lb.get("/requests/S9");
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.text(), "{\"message\":\"<Error> Server ID not found\",\"status\":\"failure\"}\n");
}

#[test]
fn a_kept_connection_may_mix_admin_paths_and_requests() {
    let lb = Lb::start(FLAGS);
    for path in ["/rep", "/home?id=1", "/rep"] {
        let mut client = http::connect(lb.front);
        write!(client, "GET {path} HTTP/1.1\r\nHost: anything.example\r\n\r\n").unwrap();
        assert_eq!(http::read_response(&mut client).unwrap().status, 200, "{path}");
    }
}

#[test]
fn a_client_that_keeps_its_connections_is_balanced_by_request() {
    let lb = Lb::start(&["--profile", "assignment", "--hash", "assignment"]);
    let single = load::ask_each(lb.front, 1..=300);
    let kept = load::ask_each_keeping_connections(lb.front, 1..=300);
    assert_eq!((&kept.failed, kept.answered), (&vec![], 300));
    assert_eq!(single.elsewhere_in(&kept), [0; 0]);
}

#[test]
fn adding_while_requests_run_answers_both_on_the_front() {
    let lb = Lb::start(FLAGS);
    let load = crate::support::Load::start(lb.front);
    load.wait_for_more(100);
    let added = http::send(lb.front, "POST", "/add", r#"{"n":1,"hostnames":["new"]}"#);
    assert_eq!(added.status, 200, "{added:?}");
    load.wait_for_more(200);
    assert_eq!(load.stop().failed, [""; 0]);
}
