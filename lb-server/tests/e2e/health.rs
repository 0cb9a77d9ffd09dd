//! Health checks as users set them, reports of the data path that a probe confirms or clears, and checks that are suspected.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::support::{Lb, Load, Outsider, eventually};

/// Checks so rare that only a report of the data path can have led to one.
const RARE: [&str; 2] = ["--check-interval", "1h"];

fn state_of(lb: &Lb, name: &str) -> String {
    let backends = lb.backends();
    let backend = backends.iter().find(|backend| backend["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    backend["state"].as_str().unwrap().to_owned()
}

fn wait_until(lb: &Lb, name: &str, state: &str) {
    eventually(&format!("{name} is {state}"), || (state_of(lb, name) == state).then_some(()));
}

fn serve(backends: &[String], flags: &[&str]) -> Lb {
    let mut all = if flags.starts_with(&RARE) { vec![] } else { vec!["--check-interval", "50ms"] };
    all.extend(backends.iter().flat_map(|backend| ["--backend", backend.as_str()]));
    all.extend(flags);
    Lb::launch(&all)
}

#[test]
fn a_check_port_is_asked_in_place_of_the_one_that_serves() {
    let (serving, checked) = (Outsider::start("a"), Outsider::start("checked"));
    let backend = format!("{},check=/heartbeat,check-port={}", serving.as_backend("a"), checked.addr.port());
    let lb = serve(&[backend], &[]);
    wait_until(&lb, "a", "ready");
    assert_eq!(lb.get("/home").replica(), "a");
    drop(checked);
    wait_until(&lb, "a", "down");
    assert_eq!(lb.get("/home").status, 503, "although the one that serves is well");
}

#[test]
fn only_the_statuses_that_were_asked_for_are_good() {
    let backend = Outsider::start("a");
    // The sample backend knows no such path: 400.
    let lb = serve(&[backend.as_backend("a")], &["--check", "/other", "--check-status", "4xx"]);
    wait_until(&lb, "a", "ready");
    let lb = serve(&[backend.as_backend("a"), backend.as_backend("b") + ",check=/home"], &["--check", "/other"]);
    wait_until(&lb, "b", "ready");
    assert_ne!(state_of(&lb, "a"), "ready");
}

#[test]
fn one_falls_and_rises_by_as_many_checks_as_were_asked_for() {
    let frozen = Outsider::start("a");
    let flags = ["--check", "/heartbeat", "--check-timeout", "100ms", "--check-fall", "2", "--check-rise", "4"];
    let lb = serve(&[frozen.as_backend("a")], &flags);
    wait_until(&lb, "a", "ready");
    frozen.freeze();
    wait_until(&lb, "a", "down");
    frozen.thaw();
    wait_until(&lb, "a", "ready");
    let events = lb.ask_admin("GET", "/v1/events", "").json();
    let events = events["events"].as_array().unwrap().clone();
    let kinds: Vec<&str> =
        events.iter().filter(|event| event["name"] == "a").map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["started", "ready", "down", "ready"]);
}

/// FAULTS B9: three of four stopped by hand look just like a checker that is too slow.
#[test]
fn a_majority_that_hangs_is_routed_to_again_and_one_that_refuses_is_not() {
    let mut backends: Vec<Outsider> = ["a", "b", "c", "d"].into_iter().map(Outsider::start).collect();
    let named: Vec<String> =
        ["a", "b", "c", "d"].iter().zip(&backends).map(|(name, one)| one.as_backend(name)).collect();
    let flags = ["--check", "/heartbeat", "--check-timeout", "100ms"];
    let lb = serve(&named, &flags);
    eventually("all are ready", || lb.backends().iter().all(|backend| backend["state"] == "ready").then_some(()));
    backends[0].freeze();
    backends[1].freeze();
    wait_until(&lb, "a", "down");
    wait_until(&lb, "b", "down");
    assert!(lb.metric("lb_failing_open") < 1.0, "half of them may be taken out");
    backends[2].freeze();
    eventually("the checks are suspected", || (lb.metric("lb_failing_open") > 0.0).then_some(()));
    assert!(lb.metric("lb_fail_open_total") > 0.0 && lb.stderr().contains("fail open: 3 of 4 members"));
    // Thawed, they answer whoever is sent there, before and after their checks say so.
    backends[..3].iter().for_each(Outsider::thaw);
    for id in 1..=200 {
        assert_eq!(lb.get(&format!("/?id={id}")).status, 400, "the sample backend's own answer");
    }
    eventually("the checks are believed", || (lb.metric("lb_failing_open") < 1.0).then_some(()));
    drop(backends.pop());
    wait_until(&lb, "d", "down");
    assert!(lb.metric("lb_failing_open") < 1.0, "one that refuses suspects nobody");
}

/// FAULTS B5: what a session suffers asks for a probe, and the probe decides: one that fails its check is out…
#[test]
fn one_that_accepts_and_closes_is_probed_and_taken_out_by_its_check() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let (good, bad) = (Outsider::start("good"), format!("bad={addr}"));
    // Answers its first check, then accepts and closes.
    thread::spawn(move || {
        let mut streams = listener.incoming().map_while(Result::ok);
        let mut first = streams.next().unwrap();
        // Closed with the request unread, the answer would be lost with it.
        assert!(first.read(&mut [0; 1024]).unwrap() > 0);
        first.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        drop(first);
        streams.for_each(drop);
    });
    let lb = serve(&[good.as_backend("good"), bad], &[&RARE[..], &["--check", "/heartbeat"]].concat());
    eventually("both are ready", || lb.backends().iter().all(|backend| backend["state"] == "ready").then_some(()));
    let load = Load::start(lb.front);
    wait_until(&lb, "bad", "down");
    load.wait_for_more(50);
    assert_eq!(load.stop().failed, [""; 0]);
}

/// … and one that passes it stays.
#[test]
fn one_that_accepts_and_closes_but_passes_its_check_stays() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let bad = format!("bad={}", listener.local_addr().unwrap());
    thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(drop));
    let good = Outsider::start("good");
    let lb = serve(&[good.as_backend("good"), bad], &RARE);
    eventually("both are ready", || lb.backends().iter().all(|backend| backend["state"] == "ready").then_some(()));
    let load = Load::start(lb.front);
    load.wait_for_more(300);
    assert_eq!((load.stop().failed, state_of(&lb, "bad").as_str()), (vec![], "ready"));
}

/// FAULTS B3: connects that get no answer at all.
#[test]
fn one_whose_connects_vanish_is_probed_and_taken_out() {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(1).unwrap();
    let addr = listener.local_addr().unwrap().as_socket().unwrap();
    let good = Outsider::start("good");
    let flags = ["--connect-timeout", "100ms", "--check-timeout", "100ms"];
    let lb = serve(&[good.as_backend("good"), format!("hole={addr}")], &[&RARE[..], &flags].concat());
    eventually("both are ready", || lb.backends().iter().all(|backend| backend["state"] == "ready").then_some(()));
    // Nobody accepts: once the queue is full, the kernel drops whoever knocks.
    let fill = || TcpStream::connect_timeout(&addr, Duration::from_millis(100)).ok();
    let _queued: Vec<TcpStream> = std::iter::from_fn(fill).take(50).collect();
    let load = Load::start(lb.front);
    wait_until(&lb, "hole", "down");
    load.wait_for_more(50);
    assert_eq!(load.stop().failed, [""; 0]);
}
