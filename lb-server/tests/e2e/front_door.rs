//! Who is let in: PROXY headers between two balancers, connections per address, and limits that don't fit.

use std::io::ErrorKind::ConnectionReset;
use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::support::{Lb, Peer, eventually, http};

const REQUEST: &[u8] = b"GET /request?request_id=7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn is_reset(mut client: TcpStream) -> bool {
    matches!(client.read(&mut [0]), Err(error) if error.kind() == ConnectionReset)
}

#[test]
fn two_balancers_in_a_row_speak_the_proxy_protocol_checks_included() {
    for (version, check) in [("v1", "/heartbeat"), ("v2", "/heartbeat"), ("v2", "tcp")] {
        let inner = Lb::with_replicas(1, &["--accept-proxy"]);
        let backend = format!("inner={},send-proxy={version}", inner.front);
        let outer = Lb::launch(&["--backend", &backend, "--check", check]);
        eventually("its checks are good", || (outer.ask_admin("GET", "/readyz", "").status == 200).then_some(()));
        assert_eq!(outer.replica_of(7), "S1");
        assert_eq!(inner.metric("lb_connections_refused_total"), 0.0, "{version} {check}");
        let mut direct = http::connect(inner.front);
        direct.write_all(REQUEST).unwrap();
        assert!(is_reset(direct), "a header is required");
        assert_eq!(inner.metric("lb_connections_refused_total"), 1.0);
    }
}

#[test]
fn one_address_has_no_more_connections_than_it_may() {
    let lb = Lb::with_replicas(1, &["--connections-per-source", "3"]);
    let open: Vec<_> = (0..3).map(|_| http::connect(lb.front)).collect();
    eventually("they are let in", || (lb.metric("lb_connections_accepted_total") >= 3.0).then_some(()));
    // The reset may be there before the connect has returned.
    assert!(http::try_connect(lb.front).map_or_else(|error| error.kind() == ConnectionReset, is_reset));
    assert_eq!(lb.metric("lb_connections_refused_total"), 1.0);
    drop(open);
    eventually("there is room again", || {
        let mut client = http::try_connect(lb.front).ok()?;
        client.write_all(REQUEST).ok()?;
        http::read_response(&mut client).ok().filter(|response| response.status == 200)
    });
}

#[test]
fn more_connections_than_the_file_limit_allows_are_an_error_that_says_so() {
    let (code, said) = Lb::run_to_end(&["--replicas", "0", "--connections", "1000000000"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("--connections 1000000000") && said.contains("LimitNOFILE"), "{said}");
    let (code, said) = Lb::run_to_end(&["--replicas", "0", "--source", "192.0.2.1"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("--source 192.0.2.1: no interface"), "{said}");
}

#[test]
fn connections_beyond_the_lowered_limit_wait_for_their_turn() {
    let lb = Lb::with_replicas(1, &["--connections", "4"]);
    let idle: Vec<_> = (0..40).map(|_| http::connect(lb.front)).collect();
    eventually("as many are in as may be", || (lb.metric("lb_connections_accepted_total") == 4.0).then_some(()));
    let mut late = http::connect(lb.front);
    late.write_all(REQUEST).unwrap();
    drop(idle);
    assert_eq!(http::read_response(&mut late).unwrap().status, 200);
}

/// The reserve is all that is left: who waits is told, instead of waiting for what may never come (envoy #6403).
#[test]
fn without_any_descriptor_clients_are_refused_with_the_reserve() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &["--head-timeout", "0"]);
    // Accepted beforehand: later there is no descriptor for it.
    let mut admin = http::connect(lb.admin);
    let mut metric = |name: &str| {
        admin.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        http::read_response(&mut admin).unwrap().metric(name)
    };
    assert_eq!(metric("lb_connections_refused_total"), 0.0);
    let first_free = (0..).find(|fd| !std::path::Path::new(&format!("/proc/{}/fd/{fd}", lb.pid())).exists()).unwrap();
    let limit = Rlimit { current: Some(first_free), maximum: getrlimit(Resource::Nofile).maximum };
    prlimit(Some(Pid::from_raw(lb.pid() as i32).unwrap()), Resource::Nofile, limit).unwrap();
    let clients: Vec<_> = (0..20).map(|_| http::connect(lb.front)).collect();
    // A check or an answer may have had a descriptor when we looked: a few clients have those now, and keep them.
    eventually("most are refused", || (metric("lb_connections_refused_total") >= 12.0).then_some(()));
    // The figure that says why is still told, and looking at it costs nobody a descriptor.
    assert!(metric("lb_process_open_fds") >= first_free as f64);
    let resets = clients.iter().filter(|client| client.take_error().unwrap().is_some()).count();
    assert!(resets >= 12, "{resets} of them know");
}
