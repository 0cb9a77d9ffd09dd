//! What can be read of a running balancer under `/v1`: its summary, its ring, its epochs, and events as they happen.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::process::signal;
use crate::support::{Lb, Outsider, eventually, http};

fn read(lb: &Lb, path: &str) -> Value {
    let response = lb.ask_admin("GET", path, "");
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    response.json()
}

/// A stream of events; lines as they come.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(lb: &Lb, path: &str, last_id: &str) -> Self {
        let mut stream = http::connect(lb.admin);
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{last_id}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    /// The data of the next message that `wanted` likes.
    fn next(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the stream goes on");
            let data = line.strip_prefix("data: ").and_then(|data| serde_json::from_str(data).ok());
            if let Some(data) = data.filter(&wanted) {
                return data;
            }
        }
    }
}

#[test]
fn the_summary_says_what_is_wrong_and_that_it_is_well_again() {
    let outsider = Outsider::start("b1");
    let lb = Lb::launch(&["--replicas", "2", "--backend", &outsider.as_backend("b1")]);
    lb.wait_until_ready(3);
    eventually("all is well", || (read(&lb, "/v1/summary")["verdict"]["level"] == "ok").then_some(()));
    let summary = read(&lb, "/v1/summary");
    assert_eq!(summary["verdict"]["text"], "3 of 3 backends are ready");
    assert_eq!((&summary["replicas"]["ready"], &summary["backends"]["total"]), (&2.into(), &3.into()));
    let origin = |name: &str| read(&lb, &format!("/v1/backends/{name}"))["origin"].clone();
    assert_eq!((origin("S1"), origin("b1")), ("replica".into(), "backend".into()));
    (0..20).for_each(|id| assert_eq!(lb.get(&format!("/home?id={id}")).status, 200));
    assert!(read(&lb, "/v1/summary")["sessions"]["total"].as_u64() >= Some(20));

    drop(outsider);
    let verdict = eventually("it is told", || {
        let verdict = read(&lb, "/v1/summary")["verdict"].clone();
        (verdict["level"] == "warn").then_some(verdict)
    });
    let text = verdict["text"].as_str().unwrap();
    assert!(text.starts_with("b1 is down since 20") && text.contains("mend it at 127.0.0.1:"), "{text}");
}

#[test]
fn a_change_is_in_the_ring_in_the_epochs_and_in_their_difference() {
    let lb = Lb::start(&[]);
    let before = read(&lb, "/v1/ring");
    assert_eq!(lb.ask_admin("POST", "/add", r#"{"hostnames":["A"]}"#).status, 200);
    let after = read(&lb, "/v1/ring");
    let (from, to) = (before["epoch"].as_u64().unwrap(), after["epoch"].as_u64().unwrap());
    assert_ne!(before["digest"], after["digest"]);
    let share = |ring: &Value, name: &str| -> Option<u64> {
        ring["shares"].as_array().unwrap().iter().find(|share| share["name"] == name)?["slots"].as_u64()
    };
    let effect = read(&lb, &format!("/v1/epochs/diff?from={from}&to={to}"))["effect"].clone();
    assert_eq!((effect["moved"].as_u64(), &effect["unnecessary"]), (share(&after, "A"), &0.into()));
    let owned: Vec<u64> = read(&lb, "/v1/ring?name=A")["ranges"].as_array().unwrap()[0]
        .as_array()
        .unwrap()
        .iter()
        .map(|slot| slot.as_u64().unwrap())
        .collect();
    assert!(owned[0] <= owned[1] && owned[1] < 65_536);
    let listed = read(&lb, "/v1/epochs");
    assert_eq!((&listed["epoch"], &listed["epochs"][0]["cause"]), (&to.into(), &"add A".into()));
    assert_eq!(read(&lb, "/v1/backends/A")["slots"].as_u64(), share(&after, "A"));
}

#[test]
fn a_stream_tells_a_death_as_it_happens_and_goes_on_where_it_was_left() {
    let lb = Lb::start(&[]);
    let mut stream = Stream::open(&lb, "/v1/events?state=true", "");
    let first = stream.next(|data| data["summary"].is_object());
    assert_eq!(first["backends"].as_array().unwrap().len(), 3);
    assert!(signal(lb.pid_of("S2"), Signal::KILL));
    let died = stream.next(|data| data["kind"] == "died");
    assert_eq!(died["name"], "S2");
    stream.next(|data| data["summary"]["replicas"]["replaced"] == 1);
    drop(stream);
    let last_id = format!("Last-Event-ID: {}\r\n", died["id"]);
    let mut resumed = Stream::open(&lb, "/v1/events", &last_id);
    let next = resumed.next(|_| true);
    assert_eq!(next["id"].as_u64(), died["id"].as_u64().map(|id| id + 1), "{next}");
}
