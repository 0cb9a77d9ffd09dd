//! The thread: it writes what comes, says what it lost, and ends whatever its reader does.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::*;
use crate::config::AccessLogTarget;

/// How long a fact may take to come true.
const PATIENCE: Duration = Duration::from_secs(10);

fn log_to(path: &Path) -> AccessLog {
    AccessLog::start(&AccessLogConfig { target: AccessLogTarget::File(path.to_owned()), raw_keys: false }).unwrap()
}

/// Sessions end on loopback, so that there are records; gives the control side that counts them.
fn sessions(outlet: Outlet, count: usize) -> lb_core::control::Control {
    use lb_core::{config::WorkerConfig, net::listen::Fronts, ring::KeyHasher, worker};
    let fronts = Fronts::bind(&["127.0.0.1:0".parse().unwrap()], 1).unwrap();
    let addr = fronts.addrs()[0];
    let config = WorkerConfig { access_log: Some(outlet), ..WorkerConfig::new(KeyHasher::new([7; 16], false)) };
    let plane = worker::start(config, fronts, Arc::new(|| ())).unwrap();
    (0..count).for_each(|_| drop(std::net::TcpStream::connect(addr).unwrap()));
    let closed = || plane.control.stats().map(|stats| stats.closed.read()).sum::<u64>();
    until("all are closed", || closed() == count as u64);
    plane.control.stop();
    plane.threads.into_iter().for_each(|thread| thread.join().unwrap());
    plane.control
}

fn until(fact: &str, is_true: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < deadline, "waited in vain until {fact}");
        std::thread::yield_now();
    }
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap_or_default().lines().count()
}

#[test]
fn lines_are_there_within_a_second_and_all_of_them_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let log = log_to(&path);
    sessions(log.outlet(), 5);
    let began = Instant::now();
    until("it is written", || lines(&path) == 5);
    assert!(began.elapsed() < Duration::from_secs(1), "without anybody's asking");
    sessions(log.outlet(), 7);
    let counts = log.counts();
    log.finish();
    assert_eq!((lines(&path), counts.written(), counts.lost()), (12, 12, 0));
}

#[test]
fn what_was_logged_before_the_file_is_opened_anew_is_in_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let (path, old) = (dir.path().join("access.log"), dir.path().join("old"));
    let log = log_to(&path);
    sessions(log.outlet(), 3);
    fs::rename(&path, &old).unwrap();
    log.reopen();
    until("there is a new file", || path.exists());
    sessions(log.outlet(), 2);
    log.finish();
    assert_eq!((lines(&old), lines(&path)), (3, 2));
}

#[test]
fn lines_and_lost_ones_together_are_the_sessions() {
    let log = log_to(Path::new("/dev/full"));
    let control = sessions(log.outlet(), 50);
    let counts = log.counts();
    log.finish();
    let dropped: u64 = control.stats().map(|stats| stats.access_log_dropped.read()).sum();
    assert_eq!((counts.written(), counts.lost() + dropped), (0, 50));
}
