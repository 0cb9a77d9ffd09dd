//! Probes and their schedule against scripted peers on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lb_core::backend::{Backend, BackendId, ProxyVersion, Seat};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::probe::{self, Probe};
use super::rise_fall::Outcome;
use super::schedule::{Checks, Stagger};
use crate::config::sample::config;
use crate::config::{Check, CheckKind, OwnCheck};
use crate::membership::state::{Input, Watched};

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
    Check::new(CheckKind::Http("/heartbeat".into()))
}

fn tcp() -> Check {
    Check::new(CheckKind::Tcp)
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
    assert_eq!(probe(addr, &tcp()).await, Outcome::Refused);
}

#[tokio::test]
async fn a_tcp_check_asks_nothing() {
    let (addr, _task) = peer(b"").await;
    assert_eq!(probe(addr, &tcp()).await, Outcome::Good);
}

/// Without it every check of a backend that wants a PROXY header would fail, and its own log be full of clients that broke off.
#[tokio::test]
async fn a_backend_that_wants_a_proxy_header_gets_one_from_its_checks_too() {
    for (check, asked) in [(heartbeat(), "GET /heartbeat HTTP/1.1\r\n"), (tcp(), "")] {
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
    assert_eq!(outcome, Outcome::Bad("no answer in 1s".to_owned()));
}

fn replica(backend: &Arc<Backend>) -> Watched {
    let (backend, checks) = (Arc::clone(backend), Arc::default());
    Watched { backend, supervised: true, own_check: OwnCheck::default(), up: false, checks }
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
    let backend = Arc::new(backend);
    let watched = replica(&backend);
    checks.watch(&watched);
    assert!(matches!(next(&mut inputs).await, Input::Healthy(BackendId(1))));
    checks.probe_now(backend.id, true);
    assert!(matches!(next(&mut inputs).await, Input::Cleared(BackendId(1))), "nothing was wrong");
    task.abort();
    assert!(task.await.is_err_and(|ended| ended.is_cancelled()), "the listener is closed");
    checks.probe_now(backend.id, true);
    assert!(matches!(next(&mut inputs).await, Input::Unhealthy { id: BackendId(1), refused: true, .. }));
    checks.unwatch(backend.id);
    let last = watched.checks.last().expect("it was checked");
    assert_eq!((last.ok, &*last.detail), (false, "connect refused"));
    let [good, refused, bad, unknown] = watched.checks.counts();
    assert!(good >= 2 && refused >= 1 && bad + unknown == 0, "{:?}", watched.checks);
}

#[tokio::test]
async fn backends_are_looked_up_at_start() {
    let (found, mut inputs) = mpsc::unbounded_channel();
    let mut checks = Checks::new(&config(0), found);
    checks.resolve("ext".into(), "127.0.0.1:4321".into());
    let Input::Resolved { name, addr } = next(&mut inputs).await else { panic!("the first word is the address") };
    assert_eq!((&*name, addr), ("ext", SocketAddr::from(([127, 0, 0, 1], 4321))));
}

#[tokio::test]
async fn a_check_on_a_port_of_its_own_asks_there_and_nowhere_else_and_without_a_proxy_header() {
    let (addr, _task) = peer(b"HTTP/1.1 200 OK\r\n\r\n").await;
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("port 0").local_addr().expect("bound");
    let check = Check { port: Some(addr.port()), ..heartbeat() };
    let asking = Probe { addr: nobody, check, send_proxy: Some(ProxyVersion::V1) };
    assert_eq!(probe::probe(&asking).await, Outcome::Good);
    let check = Check { port: Some(nobody.port()), ..heartbeat() };
    assert_eq!(probe(addr, &check).await, Outcome::Refused, "although the one that serves is well");
}

#[tokio::test]
async fn the_good_statuses_are_those_asked_for() {
    let (addr, _task) = peer(b"HTTP/1.1 302 Found\r\n\r\n").await;
    let check = Check { status: "200,204".parse().expect("a set"), ..heartbeat() };
    assert_eq!(probe(addr, &check).await, Outcome::Bad("status 302".into()));
    let check = Check { status: "3xx".parse().expect("a set"), ..heartbeat() };
    assert_eq!(probe(addr, &check).await, Outcome::Good);
}

#[tokio::test(start_paused = true)]
async fn a_probe_waits_as_long_as_was_asked_for() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("port 0");
    let check = Check { timeout: Duration::from_millis(1500), ..heartbeat() };
    let outcome = probe(listener.local_addr().expect("bound"), &check).await;
    assert_eq!(outcome, Outcome::Bad("no answer in 1.5s".to_owned()));
}

#[test]
fn one_that_comes_alone_is_probed_at_once_and_many_are_not_in_one_breath() {
    let (mut stagger, now) = (Stagger::default(), Instant::now());
    assert_eq!(stagger.first_probe(now), now);
    let later = now + Duration::from_secs(1);
    assert_eq!(stagger.first_probe(later), later, "alone again");
    let firsts: Vec<_> = (0..5000).map(|_| stagger.first_probe(later)).collect();
    assert!(firsts[..500].windows(2).all(|pair| pair[0] < pair[1]), "one after another");
    assert!(firsts.iter().all(|first| *first <= later + Duration::from_secs(1)), "nobody is forgotten");
}

/// What a changed check finds of one that is up: still up, told once.
#[tokio::test]
async fn another_check_of_one_that_is_up_takes_it_down_only_when_it_fails() {
    let (found, mut inputs) = mpsc::unbounded_channel();
    let mut checks = Checks::new(&config(0), found);
    let (addr, _task) = peer(b"HTTP/1.1 200 OK\r\n\r\n").await;
    let backend = Arc::new(Backend::new(BackendId(1), Arc::from("b"), Seat::numbered(1), addr, 1));
    let watched = |asks, up| Watched {
        backend: Arc::clone(&backend),
        supervised: false,
        own_check: OwnCheck { asks: Some(asks), port: None },
        up,
        checks: Arc::default(),
    };
    checks.watch(&watched(CheckKind::Tcp, false));
    assert!(matches!(next(&mut inputs).await, Input::Healthy(_)));
    checks.watch(&watched(CheckKind::Http("/heartbeat".into()), true));
    assert!(matches!(next(&mut inputs).await, Input::Healthy(_)));
    checks.watch(&watched(CheckKind::Http("/other".into()), true));
    assert!(matches!(next(&mut inputs).await, Input::Unhealthy { refused: false, .. }));
}
