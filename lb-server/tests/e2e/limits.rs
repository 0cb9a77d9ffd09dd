//! File descriptors that run out: clients are served or refused cleanly, and all goes on when there are some again.

use std::io::{Read, Write};
use std::thread;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::support::{Lb, eventually, http};

const REQUEST: &[u8] = b"GET /request?request_id=7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[test]
fn two_hundred_clients_of_64_descriptors_are_all_served_or_refused_cleanly() {
    let lb = Lb::launch_with_nofile(64, &["--replicas", "1"]);
    eventually("it is ready", || (lb.ask_admin("GET", "/readyz", "").status == 200).then_some(()));
    let front = lb.front;
    let clients: Vec<_> = (0..200)
        .map(|_| {
            thread::spawn(move || {
                let mut received = Vec::new();
                let result = http::try_connect(front).and_then(|mut client| {
                    client.write_all(REQUEST)?;
                    client.read_to_end(&mut received)
                });
                // Refused cleanly: a reset, or the front's own 503; a hang would be a read that times out.
                match result {
                    Ok(_) => received.starts_with(b"HTTP/1.1 200 ") || received.starts_with(b"HTTP/1.1 503 "),
                    Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
                }
            })
        })
        .collect();
    assert!(clients.into_iter().all(|client| client.join().unwrap()));
    assert_eq!(lb.replica_of(7), "S1");
    assert_eq!(lb.replicas(), ["S1"], "the admin API has descriptors of its own");
}

#[test]
fn idle_connections_beyond_the_limit_wait_and_are_served_when_there_is_room() {
    let lb = Lb::launch_with_nofile(64, &["--replicas", "1"]);
    eventually("it is ready", || (lb.ask_admin("GET", "/readyz", "").status == 200).then_some(()));
    let idle: Vec<_> = (0..100).map(|_| http::connect(lb.front)).collect();
    let mut late = http::connect(lb.front);
    late.write_all(REQUEST).unwrap();
    assert_eq!(lb.ask_admin("GET", "/livez", "").status, 200);
    drop(idle);
    assert_eq!(http::read_response(&mut late).unwrap().status, 200);
}

#[test]
fn a_listener_that_ran_out_of_descriptors_accepts_again_when_there_are_some() {
    let lb = Lb::with_replicas(1, &[]);
    let pid = Pid::from_raw(lb.pid() as i32).unwrap();
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = |current| prlimit(Some(pid), Resource::Nofile, Rlimit { current, maximum }).unwrap().current;
    // Accepted and answered beforehand: later there is no descriptor for it either.
    let mut admin = http::connect(lb.admin);
    let mut deferred = || {
        admin.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        http::read_response(&mut admin).unwrap().metric("lb_accepts_deferred_total")
    };
    assert_eq!(deferred(), 0.0);
    // No descriptor at all: 0, 1 and 2 are open.
    let usual = limit(Some(3));
    let mut waiting: Vec<_> = (0..20).map(|_| http::connect(lb.front)).collect();
    for client in &mut waiting {
        client.write_all(REQUEST).unwrap();
    }
    eventually("an accept was put off", || (deferred() > 0.0).then_some(()));
    limit(usual);
    // No new connection comes that could wake the listener: it has to remember that it owes accepts.
    for client in &mut waiting {
        let status = http::read_response(client).unwrap().status;
        // 503: a health check had no descriptor either, so the replica may count as down for a moment.
        assert!(status == 200 || status == 503, "{status}");
    }
    eventually("requests are answered again", || (lb.get("/home").status == 200).then_some(()));
}
