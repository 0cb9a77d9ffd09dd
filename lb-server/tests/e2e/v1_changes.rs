//! Changes under `/v1` on a running balancer: planned, made, guarded by their epoch, gone back from, and what the front
//! does after each.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::support::http::{self, exchange};
use crate::support::{Lb, eventually, load};

const IDS: std::ops::RangeInclusive<u64> = 1..=300;

fn change(lb: &Lb, method: &str, path: &str, body: &str) -> Value {
    let answer = lb.ask_admin(method, path, body);
    assert!(matches!(answer.status, 200 | 201), "{method} {path} {body}: {answer:?}");
    answer.json()
}

fn refused(lb: &Lb, method: &str, path: &str, body: &str) -> (u16, String) {
    let answer = lb.ask_admin(method, path, body);
    (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
}

fn epoch(lb: &Lb) -> u64 {
    let answer = lb.ask_admin("GET", "/v1/target", "");
    answer.field("etag").and_then(|tag| tag.trim_matches('"').parse().ok()).expect("an epoch")
}

/// Which replica answers each id.
fn routed(lb: &Lb) -> BTreeMap<u64, String> {
    let answers = load::ask_each(lb.front, IDS);
    assert_eq!(answers.failed, [""; 0]);
    answers.replica_of.into_iter().collect()
}

/// The seat of the replica that answers each id.
fn seats(lb: &Lb) -> BTreeMap<u64, u64> {
    let seats: BTreeMap<String, u64> = lb
        .backends()
        .iter()
        .map(|view| (view["name"].as_str().unwrap().to_owned(), view["seat"].as_u64().unwrap()))
        .collect();
    routed(lb).into_iter().map(|(id, name)| (id, seats[&name])).collect()
}

#[test]
fn what_the_plan_of_an_addition_says_is_what_the_front_does_then() {
    let lb = Lb::start(&[]);
    let before = routed(&lb);
    let plan = change(&lb, "POST", "/v1/backends?dry_run=true", r#"{"names":["S9"]}"#);
    assert_eq!(
        (&plan["applied"], &plan["base_epoch"], &plan["epoch"]),
        (&false.into(), &1.into(), &2.into()),
        "{plan}"
    );
    assert_eq!((lb.replicas().len(), epoch(&lb)), (3, 1), "nothing was done");

    let done = change(&lb, "POST", "/v1/backends", r#"{"names":["S9"]}"#);
    assert_eq!((&done["applied"], &done["N"]), (&true.into(), &4.into()));
    let still = |mut effect: Value| {
        // Of the open sessions it is only an estimate.
        effect.as_object_mut().unwrap().remove("sessions_touched");
        effect
    };
    assert_eq!(still(plan["effect"].clone()), still(done["effect"].clone()));
    assert_eq!((&done["effect"]["unnecessary"], &done["effect"]["ideal_percent"]), (&0.into(), &25.0.into()));
    let after = routed(&lb);
    for id in IDS.filter(|id| before[id] != after[id]) {
        assert_eq!(after[&id], "S9", "id {id}");
    }
    for sample in done["effect"]["sample_keys"].as_array().unwrap() {
        let id: u64 = sample["key"].as_str().unwrap().parse().unwrap();
        assert_eq!((&sample["from"], &sample["to"]), (&before[&id].clone().into(), &after[&id].clone().into()));
    }
}

#[test]
fn who_is_drained_keeps_running_gets_nothing_new_and_has_its_ids_back_when_it_is_undrained() {
    let lb = Lb::start(&[]);
    let (before, pid) = (routed(&lb), lb.pid_of("S2"));
    change(&lb, "PATCH", "/v1/backends/S2", r#"{"drained":true}"#);
    let drained = routed(&lb);
    assert!(drained.values().all(|name| name != "S2"));
    assert!(IDS.filter(|id| before[id] != "S2").all(|id| before[&id] == drained[&id]), "nobody else's move");
    assert_eq!(lb.pid_of("S2"), pid);
    change(&lb, "PATCH", "/v1/backends/S2", r#"{"drained":false}"#);
    assert_eq!(routed(&lb), before);

    for name in ["S1", "S2", "S3"] {
        change(&lb, "PATCH", &format!("/v1/backends/{name}"), r#"{"drained":true}"#);
    }
    assert_eq!(lb.get("/home").status, 503);
    assert_eq!(lb.ask_admin("GET", "/readyz", "").status, 503);
}

#[test]
fn a_weight_moves_ids_only_towards_the_one_that_got_heavier() {
    let lb = Lb::start(&[]);
    let before = routed(&lb);
    let done = change(&lb, "PATCH", "/v1/backends/S1", r#"{"weight":3}"#);
    assert_eq!((&done["change"]["kind"], &done["effect"]["unnecessary"]), (&"weight".into(), &0.into()));
    let after = routed(&lb);
    let moved: Vec<u64> = IDS.filter(|id| before[id] != after[id]).collect();
    assert!(!moved.is_empty() && moved.iter().all(|id| after[id] == "S1"));
    let view = &lb.backends()[0];
    assert_eq!(view["weight"], 3.0);
}

#[test]
fn a_limit_of_connections_holds_at_once_and_over_a_replacement() {
    let lb = Lb::with_replicas(1, &[]);
    change(&lb, "PATCH", "/v1/backends/S1", r#"{"max_connections":7}"#);
    assert_eq!(lb.backends()[0]["max_connections"], 7);
    let pid = lb.pid_of("S1");
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid as i32).unwrap(), rustix::process::Signal::KILL)
        .unwrap();
    let limit = eventually("it is replaced", || {
        let backends = lb.backends();
        let new = backends.iter().find(|view| view["name"] != "S1" && view["state"] == "ready")?;
        Some(new["max_connections"].clone())
    });
    assert_eq!(limit, 7);
}

#[test]
fn going_back_brings_every_id_home_to_its_seat() {
    for hash in ["rendezvous", "assignment"] {
        let lb = Lb::start(&["--hash", hash]);
        let before = seats(&lb);
        change(&lb, "DELETE", "/v1/backends/S2", "");
        change(&lb, "PUT", "/v1/target", r#"{"n":4}"#);
        let back = change(&lb, "POST", "/v1/epochs/1/rollback", "");
        assert_eq!((&back["change"]["kind"], &back["N"], &back["epoch"]), (&"rollback".into(), &3.into(), &4.into()));
        assert_eq!(seats(&lb), before, "{hash}");
    }
}

#[test]
fn a_change_for_an_epoch_that_has_passed_is_not_made() {
    let lb = Lb::with_replicas(2, &[]);
    let remove = |epoch: u64| {
        let head = format!("DELETE /v1/backends/S1 HTTP/1.1\r\nHost: {}\r\nIf-Match: \"{epoch}\"\r\n", lb.admin);
        String::from_utf8(exchange(lb.admin, format!("{head}Connection: close\r\n\r\n").as_bytes())).unwrap()
    };
    change(&lb, "PATCH", "/v1/backends/S2", r#"{"weight":2}"#);
    let stale = remove(1);
    assert!(stale.starts_with("HTTP/1.1 412 ") && stale.contains("the epoch is 2"), "{stale}");
    assert_eq!(lb.replicas(), ["S1", "S2"]);
    let done = remove(2);
    assert!(done.starts_with("HTTP/1.1 200 ") && done.contains("etag: \"3\""), "{done}");
    assert_eq!(lb.replicas(), ["S2"]);
}

#[test]
fn what_cannot_be_done_is_refused_in_a_line_and_nothing_has_changed() {
    let lb = Lb::with_replicas(1, &[]);
    let cases = [
        ("POST", "/v1/backends", r#"{"names":["S1"]}"#, 409, "'S1' is there already"),
        ("POST", "/v1/backends", r#"{"n":100000}"#, 409, "replicas are allowed"),
        ("POST", "/v1/backends", r#"{"names":["-x"]}"#, 400, "is not a hostname"),
        ("DELETE", "/v1/backends/S7", "", 404, "'S7' is not a replica"),
        ("PATCH", "/v1/backends/S7", r#"{"drained":true}"#, 404, "there is no backend 'S7'"),
        ("PATCH", "/v1/backends/S1", r#"{"weight":0}"#, 400, "from 0.001 to 256"),
        ("PATCH", "/v1/backends/S1", r#"{"wieght":2}"#, 400, "did you mean weight?"),
        ("POST", "/v1/epochs/9/rollback", "", 404, "epoch 9 is not kept"),
        ("PUT", "/v1/target", r#"{"n":100000}"#, 409, "replicas are allowed"),
    ];
    for (method, path, body, status, why) in cases {
        let (got, detail) = refused(&lb, method, path, body);
        assert!(got == status && detail.contains(why), "{method} {path} {body}: {got} {detail}");
    }
    assert_eq!((lb.replicas(), epoch(&lb)), (vec!["S1".to_owned()], 1));
}

#[test]
fn epochs_and_what_was_set_go_on_after_a_crash() {
    let mut lb = Lb::with_replicas(2, &[]);
    change(&lb, "PATCH", "/v1/backends/S1", r#"{"drained":true,"weight":2}"#);
    let before = epoch(&lb);
    lb.kill();
    let lb = lb.next(&[]);
    lb.wait_until_ready(2);
    assert_eq!(epoch(&lb), before + 1, "the start is the next one");
    let view = &lb.backends()[0];
    assert_eq!((&view["drained"], &view["weight"]), (&true.into(), &2.0.into()));
    assert!(routed(&lb).values().all(|name| name == "S2"));
}

/// The ids of kept-alive connections are known, so is who has each: the number is no estimate.
#[test]
fn the_open_sessions_that_a_change_touches_are_counted_one_by_one_and_closed_where_that_is_asked_for() {
    let lb = Lb::start(&["--on-move", "close", "--on-move-rate", "0"]);
    let ask = |client: &mut TcpStream, id: u64| -> std::io::Result<String> {
        write!(client, "GET /request?request_id={id} HTTP/1.1\r\nHost: lb\r\n\r\n")?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"}\n") {
            let mut piece = [0; 512];
            match client.read(&mut piece)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => answer.extend_from_slice(&piece[..read]),
            }
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let mut clients: Vec<(u64, TcpStream)> = (1..=60).map(|id| (id, http::connect(lb.front))).collect();
    let with_s2 = clients.iter_mut().filter_map(|(id, client)| {
        let answer = ask(client, *id).unwrap();
        answer.contains("\"server_id\":\"S2\"").then_some(*id)
    });
    let with_s2: Vec<u64> = with_s2.collect();
    assert!(!with_s2.is_empty() && with_s2.len() < 60);

    let plan = change(&lb, "PATCH", "/v1/backends/S2?dry_run=true", r#"{"drained":true}"#);
    assert_eq!(plan["effect"]["sessions_touched"], with_s2.len());
    change(&lb, "PATCH", "/v1/backends/S2", r#"{"drained":true}"#);
    let closed = || lb.metric("lb_sessions_moved_total{result=\"closed\"}");
    eventually("those that moved are closed", || (closed() == with_s2.len() as f64).then_some(()));
    let gone = clients.iter_mut().filter_map(|(id, client)| ask(client, *id).err().map(|_| *id));
    assert_eq!(gone.collect::<Vec<_>>(), with_s2);
}
