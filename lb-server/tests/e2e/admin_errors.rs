//! Every row of the admin API's error table: a typed 4xx with `<Error> …`, nothing applied.

use crate::support::{Lb, Response, eventually, http};

/// What every refusal looks like.
fn assert_refused(response: &Response, status: u16, message: &str) {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.field("content-type"), Some("application/json"), "{response:?}");
    let body = response.json();
    assert_eq!(body["status"], "failure", "{response:?}");
    let said = body["message"].as_str().expect("a message");
    assert!(said.starts_with("<Error> ") && said.contains(message), "{said:?} lacks {message:?}");
    let compact = format!("{{\"message\":{},\"status\":\"failure\"}}\n", body["message"]);
    assert_eq!(response.text(), compact, "compact, keys sorted, one newline");
}

#[test]
fn more_hostnames_than_n_are_refused_in_the_assignments_words() {
    let lb = Lb::with_replicas(2, &[]);
    let add = lb.ask_admin("POST", "/add", r#"{"n":1,"hostnames":["A","B"]}"#);
    let message = "<Error> Length of hostname list is more than newly added instances";
    assert_eq!(add.status, 400);
    assert_eq!(add.text(), format!("{{\"message\":\"{message}\",\"status\":\"failure\"}}\n"));
    let rm = lb.ask_admin("DELETE", "/rm", r#"{"n":1,"hostnames":["S1","S2"]}"#);
    let message = "<Error> Length of hostname list is more than removable instances";
    assert_eq!(rm.status, 400);
    assert_eq!(rm.text(), format!("{{\"message\":\"{message}\",\"status\":\"failure\"}}\n"));
    assert_eq!(lb.replicas(), ["S1", "S2"], "nothing was applied");
}

#[test]
fn a_wrong_n_a_bad_name_or_bad_json_is_refused_and_nothing_applied() {
    let lb = Lb::with_replicas(1, &[]);
    let too_long = format!(r#"{{"hostnames":["{}"]}}"#, "x".repeat(64));
    let deep = format!(r#"{{"n":1,"x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        r#"{"n":0}"#,
        r#"{"n":-1}"#,
        r#"{"n":1.5}"#,
        r#"{"n":"3"}"#,
        r#"{"n":1000000}"#,
        r#"{"n":1e400}"#,
        r#"{"n":18446744073709551616}"#,
        r#"{"n":null}"#,
        r#"{"n":1,"hostnames":"A"}"#,
        r#"{"n":1,"hostnames":[7]}"#,
        r#"{"n":1,"hostnames":[""]}"#,
        r#"{"n":1,"hostnames":["-a"]}"#,
        r#"{"n":1,"hostnames":["a b"]}"#,
        r#"{"n":1,"hostnames":["../etc"]}"#,
        r#"{"n":1,"hostnames":["é"]}"#,
        "{}",
        "[]",
        "3",
        "{",
        "",
        "\u{0}",
        &too_long,
        &deep,
    ] {
        for (method, path) in [("POST", "/add"), ("DELETE", "/rm")] {
            // 1,000,000 is too many to add; removing more than there are is legal.
            if path == "/rm" && body == r#"{"n":1000000}"# {
                continue;
            }
            let shown: String = body.chars().take(60).collect();
            let answer = lb.ask_admin(method, path, body);
            assert_eq!(answer.status, 400, "{method} {path} {shown}: {answer:?}");
            assert_refused(&answer, 400, "");
        }
    }
    assert_eq!(lb.replicas(), ["S1"]);
}

#[test]
fn a_body_over_64_kib_is_refused_and_memory_is_not_the_price() {
    let lb = Lb::with_replicas(1, &[]);
    let body = format!(r#"{{"n":1,"x":"{}"}}"#, "x".repeat(65 * 1024));
    let answer = lb.ask_admin("POST", "/add", &body);
    assert!((400..500).contains(&answer.status), "{answer:?}");
    assert_eq!(lb.replicas(), ["S1"]);
}

#[test]
fn unknown_names_and_backends_are_not_removed() {
    let peer = crate::support::Peer::listen();
    let backend = peer.as_backend("x");
    let lb = Lb::launch(&["--replicas", "1", "--backend", &backend]);
    let listed = eventually("both are listed", || Some(lb.replicas()).filter(|replicas| replicas.len() == 2));
    let unknown = lb.ask_admin("DELETE", "/rm", r#"{"n":2,"hostnames":["S1","S9"]}"#);
    assert_refused(&unknown, 400, "S9");
    let backend = lb.ask_admin("DELETE", "/rm", r#"{"n":1,"hostnames":["x"]}"#);
    assert_refused(&backend, 400, "x");
    assert_eq!(lb.replicas(), listed);
    let random = lb.ask_admin("DELETE", "/rm", r#"{"n":2}"#);
    assert_eq!(random.status, 200);
    assert_eq!(lb.replicas(), ["x"], "random picks never choose a --backend");
}

#[test]
fn the_content_type_of_a_body_does_not_matter() {
    let lb = Lb::with_replicas(1, &[]);
    let body = r#"{"n":1,"hostnames":["A"]}"#;
    let form = "Content-Type: application/x-www-form-urlencoded";
    let head = format!("POST /add HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{form}\r\n");
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    let answer = String::from_utf8(http::exchange(lb.admin, request.as_bytes())).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(lb.replicas(), ["S1", "A"]);
}

#[test]
fn a_wrong_path_or_method_is_a_typed_refusal() {
    let lb = Lb::with_replicas(1, &[]);
    assert_refused(&lb.ask_admin("GET", "/nothing", ""), 404, "");
    assert_refused(&lb.ask_admin("GET", "/add", ""), 405, "");
    assert_refused(&lb.ask_admin("POST", "/rep", ""), 405, "");
    assert_eq!(
        lb.ask_admin("GET", "/requests/S9", "").text(),
        "{\"message\":\"<Error> Server ID not found\",\"status\":\"failure\"}\n"
    );
}

#[test]
fn a_replica_that_cannot_start_fails_the_whole_add() {
    // Replicas that start as they should until their program is deleted.
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("replica");
    std::fs::copy(env!("CARGO_BIN_EXE_lb"), &program).unwrap();
    let lb = Lb::with_replicas(1, &["--command", &format!("{} replica", program.display())]);
    std::fs::remove_file(&program).unwrap();
    assert_refused(&lb.ask_admin("POST", "/add", r#"{"n":2}"#), 500, "");
    assert_eq!(lb.replicas(), ["S1"], "all or nothing");
}

#[test]
fn the_assignments_ring_is_full_at_some_point_and_says_so() {
    let lb = Lb::with_replicas(1, &["--hash", "assignment", "--slots", "16"]);
    assert_refused(&lb.ask_admin("POST", "/add", r#"{"n":1}"#), 400, "ring full");
    assert_eq!(lb.replicas(), ["S1"]);
}
