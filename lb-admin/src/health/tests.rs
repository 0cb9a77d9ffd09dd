//! Probes and their schedule against scripted peers on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lb_core::backend::{Backend, BackendId, ProxyVersion, Seat};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::probe::{self, Probe};
use super::rise_fall::Outcome;
use super::schedule::Checks;
use crate::config::sample::config;
use crate::config::{Check, StaticBackend};
use crate::membership::state::Input;

const DEADLINE: Duration = Duration::from_secs(30);

/// A peer that answers every connection with these bytes and closes it.
async fn peer(answer: &'static [u8]) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("port 0");
    let addr = listener.local_addr().expect("bound");
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let expected = format!("GET /heartbeat HTTP/1.1\r\nHost: {addr}\r\n");
            if request[..length].starts_with(expected.as_bytes()) {
                // The prober may have seen enough and closed.
                let _closed = stream.write_all(answer).await;
            }
        }
    });
    (addr, task)
}

fn heartbeat() -> Check {
    Check::Http("/heartbeat".into())
}

async fn probe(addr: SocketAddr, check: &Check) -> Outcome {
    probe::probe(&Probe { addr, check: check.clone(), send_proxy: None }).await
}

async fn probed(answer: &'static [u8]) -> Outcome {
    let (addr, task) = peer(answer).await;
    let outcome = probe(addr, &heartbeat()).await;
    task.abort();
    outcome
}

#[tokio::test]
async fn only_the_status_is_judged() {
    for good in
        [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"HTTP/1.0 204 No Content\r\n\r\n", b"HTTP/1.1 302\r\n", b"HTTP/1.1 399 x"]
    {
        assert_eq!(probed(good).await, Outcome::Good);
    }
    for (bad, why) in [
        (&b"HTTP/1.1 404 Not Found\r\n\r\n"[..], "status 404"),
        (b"HTTP/1.1 503 x\n", "status 503"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "status 100"),
        (b"+PONG\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 2000 OK\r\n", "the answer is not HTTP"),
        (&[b'x'; 100_000], "the answer is not HTTP"),
    ] {
        assert_eq!(probed(bad).await, Outcome::Bad(why.to_owned()));
    }
    assert_eq!(probed(b"").await, Outcome::Bad("closed without an answer".to_owned()));
}

#[tokio::test]
async fn a_refused_connect_is_told_from_a_bad_answer() {
    let (addr, task) = peer(b"").await;
    task.abort();
    assert!(task.await.is_err_and(|ended| ended.is_cancelled()), "the listener is closed");
    assert_eq!(probe(addr, &heartbeat()).await, Outcome::Refused);
    assert_eq!(probe(addr, &Check::Tcp).await, Outcome::Refused);
}

#[tokio::test]
async fn a_tcp_check_asks_nothing() {
    let (addr, _task) = peer(b"").await;
    assert_eq!(probe(addr, &Check::Tcp).await, Outcome::Good);
}

/// Without it every check of a backend that wants a PROXY header would fail, and its own log be full of clients that broke off.
#[tokio::test]
async fn a_backend_that_wants_a_proxy_header_gets_one_from_its_checks_too() {
    for (check, asked) in [(heartbeat(), "GET /heartbeat HTTP/1.1\r\n"), (Check::Tcp, "")] {
        for version in [ProxyVersion::V1, ProxyVersion::V2] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("port 0");
            let addr = listener.local_addr().expect("bound");
            let expected = [version.unknown_header(), asked.as_bytes()].concat();
            let peer = async {
                let (mut stream, _) = listener.accept().await.expect("a probe");
                let mut begin = vec![0; expected.len()];
                stream.read_exact(&mut begin).await.expect("its begin");
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("answered");
                begin
            };
            let asking = Probe { addr, check: check.clone(), send_proxy: Some(version) };
            let (outcome, begin) = tokio::join!(probe::probe(&asking), peer);
            assert_eq!((outcome, begin), (Outcome::Good, expected));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_accepts_and_says_nothing_is_bad_after_a_second() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("port 0");
    let outcome = probe(listener.local_addr().expect("bound"), &heartbeat()).await;
    assert_eq!(outcome, Outcome::Bad("no answer in 1 s".to_owned()));
}

async fn next(inputs: &mut mpsc::UnboundedReceiver<Input>) -> Input {
    timeout(DEADLINE, inputs.recv()).await.expect("in time").expect("it runs")
}

#[tokio::test]
async fn a_backend_that_went_away_is_down_with_the_first_probe_that_the_data_path_asks_for() {
    let (found, mut inputs) = mpsc::unbounded_channel();
    let mut checks = Checks::new(&config(0), found);
    let (addr, task) = peer(b"HTTP/1.1 200 OK\r\n\r\n").await;
    let backend = Backend::new(BackendId(1), Arc::from("S1"), Seat::numbered(1), addr, 1);
    checks.watch(&backend, true);
    assert!(matches!(next(&mut inputs).await, Input::Healthy(BackendId(1))));
    checks.probe_now(backend.id, true);
    assert!(matches!(next(&mut inputs).await, Input::Cleared(BackendId(1))), "nothing was wrong");
    task.abort();
    assert!(task.await.is_err_and(|ended| ended.is_cancelled()), "the listener is closed");
    checks.probe_now(backend.id, true);
    assert!(matches!(next(&mut inputs).await, Input::Unhealthy { id: BackendId(1), refused: true, .. }));
    checks.unwatch(backend.id);
}

#[tokio::test]
async fn backends_are_looked_up_at_start() {
    let (found, mut inputs) = mpsc::unbounded_channel();
    let checks = Checks::new(&config(0), found);
    let host = "127.0.0.1:4321".to_owned();
    checks.resolve(&[StaticBackend {
        name: "ext".into(),
        host,
        weight: lb_core::backend::Weight::ONE,
        send_proxy: None,
    }]);
    let Input::Resolved { name, addr } = next(&mut inputs).await else { panic!("the first word is the address") };
    assert_eq!((&*name, addr), ("ext", SocketAddr::from(([127, 0, 0, 1], 4321))));
}
