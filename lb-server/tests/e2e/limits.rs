//! File descriptors that run out: clients are served or refused cleanly, and all goes on when there are some again.

use std::collections::BTreeSet;
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
    let usual = limit(Some(first_free_descriptor(lb.pid())));
    let mut waiting: Vec<_> = (0..20).map(|_| http::connect(lb.front)).collect();
    for client in &mut waiting {
        client.write_all(REQUEST).unwrap();
    }
    limit(usual);
    // No new connection comes that could wake the listener: it has to remember that it owes accepts.
    for client in &mut waiting {
        let status = http::read_response(client).unwrap().status;
        // 503: a health check gave a descriptor back, which was enough to accept but not to connect.
        assert!(status == 200 || status == 503, "{status}");
    }
    assert!(lb.metric("lb_accepts_deferred_total") > 0.0);
    assert_eq!(lb.replica_of(7), "S1");
}

/// The number that the next descriptor of a process gets: what RLIMIT_NOFILE bounds.
fn first_free_descriptor(pid: u32) -> u64 {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let open: BTreeSet<u64> =
        entries.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect();
    (0..).find(|fd| !open.contains(fd)).expect("finitely many are open")
}
