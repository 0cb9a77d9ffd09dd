//! SIGTERM: accepted requests finish, nobody is reset, nothing is left behind.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use rustix::process::Signal;

use crate::support::process::is_alive;
use crate::support::{Lb, Peer, eventually, expect_reset, http};

const REQUEST: &[u8] = b"GET /request?request_id=7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[test]
fn sigterm_under_load_resets_nobody_and_leaves_nothing() {
    let mut lb = Lb::start(&[]);
    let replicas: Vec<u32> = ["S1", "S2", "S3"].map(|name| lb.pid_of(name)).into();
    let (stopped, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    let failed = Mutex::new(Vec::new());
    let front = lb.front;
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !stopped.load(Ordering::Relaxed) {
                    // A refused connect was never accepted. What was accepted must be answered in full.
                    let Ok(mut client) = TcpStream::connect(front) else { continue };
                    let answer = client.write_all(REQUEST).and_then(|()| http::read_response(&mut client));
                    match answer {
                        Ok(response) if response.status == 200 => _ = answered.fetch_add(1, Ordering::Relaxed),
                        other => failed.lock().unwrap().push(format!("{other:?}")),
                    }
                }
            });
        }
        eventually("the load runs", || (answered.load(Ordering::Relaxed) > 300).then_some(()));
        lb.signal(Signal::TERM);
        let status = lb.wait_for_exit();
        stopped.store(true, Ordering::Relaxed);
        assert_eq!(status.code(), Some(0), "{}", lb.stderr());
    });
    assert_eq!(failed.into_inner().unwrap(), [""; 0]);
    for pid in replicas {
        assert!(!is_alive(pid), "replica {pid} is left");
    }
    assert_eq!(lb.state_files(), [""; 0]);
}

#[test]
fn a_request_that_is_under_way_is_finished_before_the_end() {
    let peer = Peer::listen();
    let mut lb = Lb::before(&[&peer], &[]);
    let mut client = http::connect(lb.front);
    client.write_all(REQUEST).unwrap();
    let mut backend = peer.accept();
    backend.read_exact(&mut vec![0; REQUEST.len()]).unwrap();
    lb.signal(Signal::TERM);
    eventually("new connections are refused", || TcpStream::connect(lb.front).is_err().then_some(()));
    backend.write_all(b"HTTP/1.1 200 OK\r\n\r\nfinished").unwrap();
    drop(backend);
    assert!(http::read_to_end(&mut client).ends_with(b"finished"));
    drop(client);
    assert_eq!(lb.wait_for_exit().code(), Some(0));
}

#[test]
fn a_session_that_never_ends_is_closed_at_the_drain_deadline() {
    let peer = Peer::listen();
    let mut lb = Lb::before(&[&peer], &["--drain-timeout", "100ms"]);
    let mut client = http::connect(lb.front);
    client.write_all(REQUEST).unwrap();
    let _backend = peer.accept();
    lb.signal(Signal::TERM);
    assert_eq!(lb.wait_for_exit().code(), Some(0));
}

#[test]
fn a_key_press_or_a_closed_terminal_ends_it_like_sigterm() {
    for signal in [Signal::INT, Signal::QUIT, Signal::HUP] {
        let mut lb = Lb::with_replicas(2, &[]);
        let replicas = [lb.pid_of("S1"), lb.pid_of("S2")];
        lb.signal(signal);
        assert_eq!(lb.wait_for_exit().code(), Some(0), "{signal:?}");
        assert!(!replicas.into_iter().any(is_alive), "{signal:?}");
        assert_eq!(lb.state_files(), [""; 0], "{signal:?}");
    }
}

#[test]
fn under_nohup_a_closed_terminal_ends_nothing() {
    let lb = Lb::launch_through("trap '' HUP", &["--replicas", "0"]);
    // It has printed its addresses, and that is after it has taken its signals over.
    let status = std::fs::read_to_string(format!("/proc/{}/status", lb.pid())).unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
    assert_eq!(u64::from_str_radix(ignored, 16).unwrap() & 1, 1, "SIGHUP is left as it was: {status}");
}

#[test]
fn readyz_says_503_while_draining() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    let mut client = http::connect(lb.front);
    client.write_all(REQUEST).unwrap();
    let backend = peer.accept();
    lb.signal(Signal::TERM);
    eventually("/readyz turns 503", || (lb.ask_admin("GET", "/readyz", "").status == 503).then_some(()));
    drop(backend);
}

#[test]
fn a_second_sigterm_ends_a_drain_at_once() {
    let peer = Peer::listen();
    let mut lb = Lb::before(&[&peer], &["--drain-timeout", "1h"]);
    let mut client = http::connect(lb.front);
    client.write_all(REQUEST).unwrap();
    let _backend = peer.accept();
    lb.signal(Signal::TERM);
    eventually("it drains", || lb.stderr().contains("signal again to end now").then_some(()));
    lb.signal(Signal::TERM);
    assert_eq!(lb.wait_for_exit().code(), Some(0));
    expect_reset(&mut client);
    assert!(lb.stderr().contains("ended by a second signal, 1 session open"), "{}", lb.stderr());
}

/// The replica itself would go on answering until it is killed; the data plane ends what it still has.
#[test]
fn the_sessions_of_a_removed_replica_are_reset_at_the_drain_deadline() {
    let command = format!("{} replica --delay 1h --listen 127.0.0.1:{{port}}", env!("CARGO_BIN_EXE_lb"));
    let lb = Lb::with_replicas(1, &["--drain-timeout", "200ms", "--command", &command]);
    let mut client = http::connect(lb.front);
    client.write_all(REQUEST).unwrap();
    eventually("its session is open", || (lb.metric("lb_backend_sessions_open") == 1.0).then_some(()));
    assert_eq!(lb.ask_admin("DELETE", "/rm", r#"{"n":1,"hostnames":["S1"]}"#).status, 200);
    assert!(expect_reset(&mut client).is_empty());
    assert_eq!(lb.metric("lb_sessions_evicted_total"), 1.0);
}
