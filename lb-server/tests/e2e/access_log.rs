//! The access log of the binary: a line a session, in a file that logrotate moves away, on stdout, or lost and counted.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Lb, eventually, http};

/// Requests of each kind.
const REQUESTS: u64 = 25;

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// Sends something that is no request and reads the answer.
fn send_nonsense(lb: &Lb) {
    let mut client = http::connect(lb.front);
    client.write_all(b"GET /\r\n\r\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    client.read_to_end(&mut Vec::new()).unwrap();
}

fn start(flags: &[&str]) -> (TempDir, String, Lb) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("access.log").display().to_string();
    let lb = Lb::with_replicas(2, &[&["--access-log", &path], flags].concat());
    (dir, path, lb)
}

#[test]
fn every_connection_has_its_line_and_the_metrics_agree() {
    let (_dir, path, mut lb) = start(&[]);
    let mut answered = Vec::new();
    for id in 0..REQUESTS {
        answered.push(lb.replica_of(id));
        send_nonsense(&lb);
    }
    let closed = eventually("all are closed and written", || {
        let metrics = lb.ask_admin("GET", "/metrics", "");
        let [closed, written, dropped] = ["connections_closed", "access_log_lines", "access_log_dropped"]
            .map(|name| metrics.metric(&format!("lb_{name}_total")));
        (closed >= 2.0 * REQUESTS as f64 && written + dropped == closed).then_some((closed as usize, dropped))
    });
    assert_eq!(closed, (2 * REQUESTS as usize, 0.0));
    let all = lines(Path::new(&path));
    assert_eq!(all.len(), closed.0);
    let (served, refused): (Vec<_>, Vec<_>) = all.iter().partition(|line| line["status"].is_null());
    let mut names: Vec<&str> = served.iter().map(|line| line["backend"].as_str().unwrap()).collect();
    // Lines of two workers may come in another order than the clients.
    names.sort_unstable();
    answered.sort_unstable();
    assert_eq!(names, answered);
    for line in served {
        assert_eq!((&line["end"], &line["key_source"], line.get("key")), (&"--".into(), &"query".into(), None));
        assert_eq!(line["key_hash"].as_str().map(str::len), Some(16));
    }
    assert!(refused.iter().all(|line| line["status"] == 400 && line["end"] == "CH"), "{refused:?}");
    lb.signal(Signal::TERM);
    assert_eq!(lb.wait_for_exit().code(), Some(0));
}

#[test]
fn each_line_names_the_epoch_that_it_was_routed_by() {
    let (_dir, path, lb) = start(&[]);
    let epoch = || lb.ask_admin("GET", "/v1/epochs", "").json()["epoch"].as_u64().unwrap();
    let before = epoch();
    lb.replica_of(1);
    lb.ask_admin("PATCH", "/v1/backends/S1", r#"{"weight":2}"#);
    lb.replica_of(1);
    let seen = || lines(Path::new(&path)).iter().filter_map(|line| line["epoch"].as_u64()).collect::<Vec<_>>();
    let seen = eventually("both are written", || Some(seen()).filter(|seen| seen.len() == 2));
    assert_eq!((seen, epoch()), (vec![before, before + 1], before + 1));
}

#[test]
fn a_file_that_was_renamed_is_opened_anew_on_sigusr1_and_no_line_is_lost() {
    let (dir, path, mut lb) = start(&["--access-log-keys"]);
    (0..REQUESTS).for_each(|id| _ = lb.replica_of(id));
    let old = dir.path().join("access.log.1");
    fs::rename(&path, &old).unwrap();
    lb.signal(Signal::USR1);
    eventually("there is a new file", || Path::new(&path).exists().then_some(()));
    (REQUESTS..2 * REQUESTS).for_each(|id| _ = lb.replica_of(id));
    lb.signal(Signal::TERM);
    assert_eq!(lb.wait_for_exit().code(), Some(0));
    let all = [lines(&old), lines(Path::new(&path))].concat();
    let mut keys: Vec<u64> = all.iter().map(|line| line["key"].as_str().unwrap().parse().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!(keys, (0..2 * REQUESTS).collect::<Vec<_>>(), "whatever was not written yet is written at the end");
}

#[test]
fn on_stdout_there_is_nothing_else() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("stdout");
    let mut lb =
        Lb::launch_through(&format!("exec > {}", path.display()), &["--replicas", "1", "--access-log", "stdout"]);
    lb.wait_until_ready(1);
    (0..REQUESTS).for_each(|id| _ = lb.replica_of(id));
    lb.signal(Signal::TERM);
    assert_eq!(lb.wait_for_exit().code(), Some(0));
    assert_eq!(lines(&path).len(), REQUESTS as usize);
}

/// More lines than a pipe holds: the writer hangs, the clients must not notice, nor the end.
#[test]
fn a_reader_that_does_not_read_holds_up_neither_clients_nor_the_end() {
    let dir = TempDir::new().unwrap();
    let fifo = dir.path().join("fifo");
    let through = format!("mkfifo {0}; exec 9<> {0} > {0}", fifo.display());
    let mut lb = Lb::launch_through(&through, &["--replicas", "1", "--access-log", "stdout"]);
    lb.wait_until_ready(1);
    (0..300).for_each(|id| assert_eq!(lb.get(&format!("/request?request_id={id}")).status, 200));
    lb.signal(Signal::TERM);
    assert_eq!(lb.wait_for_exit().code(), Some(0));
    assert!(lb.stderr().contains("the last lines are lost"), "{}", lb.stderr());
}

#[test]
fn a_full_disk_is_said_once_and_costs_lines_only() {
    let lb = Lb::with_replicas(1, &["--access-log", "/dev/full"]);
    (0..REQUESTS).for_each(|id| _ = lb.replica_of(id));
    eventually("all are counted as lost", || {
        (lb.metric("lb_access_log_dropped_total") == lb.metric("lb_connections_closed_total")).then_some(())
    });
    assert_eq!(lb.metric("lb_access_log_lines_total"), 0.0);
    assert_eq!(lb.stderr().matches("access log /dev/full").count(), 1, "{}", lb.stderr());
}

#[test]
fn a_log_that_cannot_be_opened_is_an_error_in_one_line() {
    let (code, stderr) = Lb::run_to_end(&["--access-log", "/nowhere/access.log"]);
    assert_eq!((code, stderr.lines().count()), (1, 1), "{stderr}");
    assert!(stderr.contains("--access-log: /nowhere/access.log: No such file"), "{stderr}");
}

#[test]
fn sigusr1_without_an_access_log_ends_nothing() {
    let lb = Lb::with_replicas(1, &[]);
    lb.signal(Signal::USR1);
    assert_eq!(lb.get("/home").status, 200);
    assert_eq!(lb.metric("lb_access_log_lines_total"), 0.0);
}
