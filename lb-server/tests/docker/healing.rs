//! Whatever somebody does to a container, N serve again, and what was touched is gone.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use super::site::{Site, docker, try_docker};
use super::support::{Lb, eventually};

/// What somebody does to S1; then it has been replaced and exactly `n` containers are left.
fn replaced_after(n: usize, flags: &[&str], act: impl FnOnce(&str)) {
    let Some(site) = Site::open() else { return };
    let lb = site.serve(n, flags);
    let name = site.container("S1");
    act(&name);
    is_replaced(&site, &lb, n);
}

fn is_replaced(site: &Site, lb: &Lb, n: usize) {
    eventually("N are back, S1 isn't", || {
        let now = lb.replicas();
        (now.len() == n && !now.contains(&"S1".to_owned())).then_some(())
    });
    let mut expected: Vec<String> = lb.replicas().iter().map(|name| site.container(name)).collect();
    expected.sort();
    eventually("the dead one is removed", || (site.containers() == expected).then_some(()));
    assert_eq!(lb.get("/home").status, 200);
}

#[test]
fn killed() {
    replaced_after(2, &[], |name| drop(docker(&["kill", name])));
}

#[test]
fn stopped() {
    replaced_after(2, &[], |name| drop(docker(&["stop", name])));
}

#[test]
fn removed() {
    replaced_after(2, &[], |name| drop(docker(&["rm", "-f", name])));
}

/// The restarted one is another incarnation at another time: it is replaced like any that died. It may be removed before
/// its restart is over, which the client is told.
#[test]
fn restarted() {
    replaced_after(2, &[], |name| drop(try_docker(&["restart", name])));
}

#[test]
fn paused_for_good() {
    replaced_after(2, &[], |name| drop(docker(&["pause", name])));
}

/// A pause that is over at once leaves no trace in the list that is asked for every few seconds, so whoever hears of five
/// in a row has listened to the events.
#[test]
fn events_tell_of_what_no_list_does() {
    let Some(site) = Site::open() else { return };
    let lb = site.serve(2, &[]);
    let name = site.container("S1");
    for pause in 1..=5 {
        blink(&name);
        let heard = || lb.stderr().matches("S1 (seat 1) down: paused").count();
        eventually("the pause is noticed although it is over", || (heard() >= pause).then_some(()));
    }
}

/// Paused and resumed within milliseconds, past the slow `docker`: a longer pause would have it replaced.
fn blink(container: &str) {
    let mut engine = UnixStream::connect("/var/run/docker.sock").unwrap();
    for what in ["pause", "unpause"] {
        write!(engine, "POST /containers/{container}/{what} HTTP/1.1\r\nHost: e\r\nContent-Length: 0\r\n\r\n").unwrap();
        let mut answer = [0; 1024];
        let count = engine.read(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 204"), "{}", String::from_utf8_lossy(&answer[..count]));
    }
}

/// The files of a tmpfs are the memory of the container, and nothing can be swapped out.
#[test]
fn out_of_memory() {
    let Some(site) = Site::open() else { return };
    let lb = site.serve(2, &["--memory", "32m"]);
    let name = site.container("S1");
    let _killed_with_it = try_docker(&["exec", &name, "/dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M", "count=60"]);
    is_replaced(&site, &lb, 2);
    assert!(lb.stderr().contains("OOM-killed"), "{}", lb.stderr());
}
