//! Changes under `/v1` with an `Idempotency-Key`: made once, answered as often as they are asked for.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use crate::support::http::{self, Response};
use crate::support::verb;
use crate::support::{Lb, eventually};

const REPLAYED: &str = "idempotency-replayed";
const CLIENTS: usize = 20;

/// The request is on its way; its answer can be read of the connection.
fn begin(lb: &Lb, method: &str, path: &str, body: &str, fields: &[(&str, &str)]) -> TcpStream {
    let mut stream = http::connect(lb.admin);
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{fields}", lb.admin);
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    stream
}

fn ask(lb: &Lb, method: &str, path: &str, body: &str, key: &str) -> Response {
    http::read_response(&mut begin(lb, method, path, body, &[("Idempotency-Key", key)])).unwrap()
}

fn is_replayed(answer: &Response) -> bool {
    answer.field(REPLAYED) == Some("true")
}

/// Asks until the first request has been answered.
fn replay(lb: &Lb, method: &str, path: &str, body: &str, key: &str) -> Response {
    eventually("the first one is answered", || Some(ask(lb, method, path, body, key)).filter(is_replayed))
}

fn epoch(lb: &Lb) -> u64 {
    lb.ask_admin("GET", "/v1/target", "").json()["epoch"].as_u64().unwrap()
}

#[test]
fn twenty_at_once_with_one_key_are_one_change_and_one_epoch() {
    let lb = Lb::with_replicas(1, &[]);
    let (before, together) = (epoch(&lb), Barrier::new(CLIENTS));
    let add = || ask(&lb, "POST", "/v1/backends", r#"{"n":1}"#, "\"twenty\"");
    let answers: Vec<Response> = thread::scope(|scope| {
        let client = || {
            together.wait();
            add()
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let (made, others): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 201 && !is_replayed(answer));
    let [made] = made[..] else { panic!("one of them makes it: {answers:?}") };
    for other in others {
        let is_early = other.status == 409 && other.field("retry-after") == Some("1");
        assert!(is_early || (is_replayed(other) && other.body == made.body), "{other:?}");
    }
    let again = add();
    assert!(is_replayed(&again) && again.status == 201, "{again:?}");
    assert_eq!((&again.body, again.field("etag")), (&made.body, made.field("etag")));
    assert_eq!((lb.replicas().len(), epoch(&lb)), (2, before + 1));
    let log = eventually("it is logged", || Some(lb.stderr()).filter(|log| log.contains("-> 201 (replayed)")));
    assert_eq!(log.lines().filter(|line| line.ends_with("-> 201")).count(), 1, "{log}");
}

#[test]
fn a_scaling_and_a_rollback_that_are_asked_for_again_undo_nothing_that_came_later() {
    let lb = Lb::with_replicas(2, &[]);
    let scaled = ask(&lb, "PUT", "/v1/target", r#"{"n":3}"#, "up");
    let back = ask(&lb, "POST", "/v1/epochs/1/rollback", "", "\"back\"");
    assert_eq!((scaled.status, back.status), (200, 200));
    assert_eq!(lb.ask_admin("PUT", "/v1/target", r#"{"n":4}"#).status, 200);
    let now = epoch(&lb);
    for (first, again) in [
        (scaled, ask(&lb, "PUT", "/v1/target", r#"{"n":3}"#, "up")),
        (back, ask(&lb, "POST", "/v1/epochs/1/rollback", "", "\"back\"")),
    ] {
        assert!(is_replayed(&again) && !is_replayed(&first), "{again:?}");
        let told = |answer: &Response| (answer.status, answer.field("etag").map(str::to_owned), answer.body.clone());
        assert_eq!(told(&first), told(&again));
    }
    assert_eq!((lb.replicas().len(), epoch(&lb)), (4, now));
}

#[test]
fn a_key_of_another_request_and_what_is_no_key_are_refused_in_a_line() {
    let lb = Lb::with_replicas(1, &[]);
    assert_eq!(ask(&lb, "PATCH", "/v1/backends/S1", r#"{"weight":2}"#, "k").status, 200);
    let now = epoch(&lb);
    let problem = |answer: Response| (answer.status, answer.json()["detail"].as_str().unwrap().to_owned());
    let (status, detail) = problem(ask(&lb, "PATCH", "/v1/backends/S1", r#"{"weight":3}"#, "k"));
    assert!(status == 422 && detail.contains("was used for another request"), "{status} {detail}");
    for key in ["\"open", "a b", "a,b", "", &"k".repeat(256)] {
        let (status, detail) = problem(ask(&lb, "PATCH", "/v1/backends/S1", r#"{"weight":3}"#, key));
        assert!(status == 400 && detail.starts_with("Idempotency-Key must"), "{key}: {status} {detail}");
    }
    let two = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")];
    let mut two = begin(&lb, "PATCH", "/v1/backends/S1", r#"{"weight":3}"#, &two);
    assert_eq!(problem(http::read_response(&mut two).unwrap()).1, "more than one Idempotency-Key: send one");
    assert_eq!((epoch(&lb), &lb.backends()[0]["weight"]), (now, &2.0.into()));

    // Refused before anybody judged it: the key is as good as new.
    assert_eq!(ask(&lb, "PATCH", "/v1/backends/S1", r#"{"wieght":3}"#, "typo").status, 400);
    assert_eq!(ask(&lb, "PATCH", "/v1/backends/S1", r#"{"weight":3}"#, "typo").status, 200);
}

/// The replica becomes ready when the test says so: not before its client has gone.
#[test]
fn an_addition_whose_client_hangs_up_is_made_and_its_answer_waits() {
    let dir = tempfile::tempdir().unwrap();
    let gate = dir.path().join("gate");
    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let command = format!("sh -c 'read _ < {}; exec {} replica'", gate.display(), env!("CARGO_BIN_EXE_lb"));
    let lb = Lb::with_replicas(0, &["--command", &command]);
    let before = epoch(&lb);
    let (path, body, key) = ("/v1/backends?wait=8s", r#"{"names":["Late"]}"#, "\"late\"");
    let first = begin(&lb, "POST", path, body, &[("Idempotency-Key", key)]);
    eventually("it is under way", || lb.backends().iter().any(|view| view["name"] == "Late").then_some(()));
    assert_eq!(ask(&lb, "POST", path, body, key).status, 409);
    SockRef::from(&first).set_linger(Some(Duration::ZERO)).unwrap();
    drop(first);
    // For both directions, so that it waits for nobody.
    let mut gate = OpenOptions::new().read(true).write(true).open(&gate).unwrap();
    gate.write_all(b"go\n").unwrap();
    let answer = replay(&lb, "POST", path, body, key);
    assert_eq!((answer.status, &answer.json()["change"]["names"][0]), (201, &"Late".into()), "{answer:?}");
    assert_eq!((lb.replicas(), epoch(&lb)), (vec!["Late".to_owned()], before + 1));
}

#[test]
fn a_command_with_a_key_is_carried_out_once_and_says_the_same_again() {
    let lb = Lb::with_replicas(2, &[]);
    let admin = lb.admin.to_string();
    let run = |words: &[&str]| verb::lb(&[words, &["--admin", &admin]].concat());
    for words in [
        &["add", "-n", "1", "--idempotency-key", "a \"quoted\\ key"][..],
        &["scale", "4", "--idempotency-key", "nightly-4"],
        &["rm", "S1", "--idempotency-key", "rm-1"],
        &["rollback", "1", "--idempotency-key", "back"],
    ] {
        let (first, now) = (verb::data(&run(words)), epoch(&lb));
        assert_eq!((verb::data(&run(words)), epoch(&lb)), (first, now), "{words:?}");
    }
    let refused = verb::error(&run(&["scale", "5", "--idempotency-key", "nightly-4"]), 5);
    assert!(refused.contains("422: this Idempotency-Key was used for another request"), "{refused}");
    assert_eq!(run(&["scale", "5", "--idempotency-key", ""]).status.code(), Some(2));
}
