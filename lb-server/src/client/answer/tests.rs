//! What an answer becomes, also where it isn't ours.

use super::*;
use crate::cli::target::Target;
use crate::client::http::{Method, Terms};
use crate::exit::Exit;

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, body: Bytes::copy_from_slice(body.as_bytes()) }
}

fn judged(status: u16, body: &str, token: Option<&str>) -> (Exit, String) {
    let target: Target = "127.0.0.1:1".parse().expect("an address");
    let request = Request {
        target: &target,
        method: Method::GET,
        path: "/rep",
        body: String::new(),
        terms: Terms::default(),
        token,
        flag: "--admin",
    };
    let error = answer(status, body).successful(&request).expect_err("not 2xx");
    (error.exit(), error.to_string())
}

#[test]
fn the_class_of_a_status_decides_how_the_command_ends() {
    for (status, exit) in [(400, Exit::Refused), (404, Exit::Refused), (500, Exit::Failed), (503, Exit::Failed)] {
        assert_eq!(judged(status, "", None).0, exit, "{status}");
    }
    assert_eq!(judged(302, "", None).0, Exit::Failed);
}

#[test]
fn the_reason_is_told_in_the_servers_words() {
    let body = r#"{"message":"<Error> n must be positive","status":"failure"}"#;
    assert_eq!(judged(400, body, None).1, "127.0.0.1:1: 400: n must be positive");
    let problem = r#"{"detail":"no such seat","status":409,"title":"Conflict"}"#;
    assert_eq!(judged(409, problem, None).1, "127.0.0.1:1: 409: no such seat");
}

#[test]
fn a_refusal_for_want_of_a_token_says_where_it_comes_from() {
    assert!(judged(401, "", None).1.ends_with("--token-file FILE gives the admin token"));
    assert!(judged(401, "", Some("x")).1.contains("another token"));
}

#[test]
fn a_strangers_answer_is_one_line_without_control_bytes() {
    let (_, line) = judged(404, "<html>\u{1b}[31m it's\r\nmore", None);
    assert_eq!(line, "127.0.0.1:1: 404: <html>\\u{1b}[31m it's");
    let long = judged(404, &"x".repeat(10_000), None).1;
    assert!(long.len() < 300, "{}", long.len());
    assert_eq!(judged(500, "", None).1, "127.0.0.1:1: 500: no reason given");
}

#[test]
fn names_are_found_where_the_assignment_puts_them_and_nowhere_else() {
    let rep = answer(200, r#"{"message":{"N":2,"replicas":["S1","S2"]},"status":"successful"}"#);
    assert_eq!(rep.names(), Some(vec!["S1".to_owned(), "S2".to_owned()]));
    for body in ["", "[]", r#"{"message":"hello"}"#, r#"{"message":{"replicas":[1]}}"#] {
        assert_eq!(answer(200, body).names(), None, "{body}");
    }
}
