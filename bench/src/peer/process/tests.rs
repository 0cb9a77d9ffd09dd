//! Nothing is left of a child, nor of its children.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Process, TempDir, first_line_of, on_path};

fn shell(script: &str) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
    Process::start(&mut command, TempDir::new().expect("a temporary directory")).expect("sh is there")
}

#[test]
fn a_dropped_child_takes_its_own_children_and_its_directory_along() {
    let mut process = shell("sleep 600 & echo $!; exec sleep 600");
    let dir = process.dir.path().to_owned();
    let mut grandchild = BufReader::new(process.child().stdout.take().expect("it is piped")).lines();
    let grandchild = grandchild.next().expect("a line").expect("text");
    assert!(Path::new("/proc").join(&grandchild).exists() && dir.exists());
    drop(process);
    assert!(!dir.exists());
    let deadline = Instant::now() + Duration::from_secs(20);
    while is_running(&grandchild) {
        assert!(Instant::now() < deadline, "the child's child is left");
        std::thread::yield_now();
    }
}

/// A zombie is not: it is killed, and not yet reaped by whoever adopted it.
fn is_running(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z') && !line.contains('X'))
}

#[test]
fn a_child_that_ends_by_itself_leaves_its_last_words() {
    let process = shell("echo one >&2; echo two >&2");
    while !process.has_ended() {
        std::thread::yield_now();
    }
    assert_eq!(process.last_words(), "one | two");
}

#[test]
fn a_program_is_found_and_tells_its_version() {
    let sh = on_path("sh").expect("sh is on PATH");
    assert_eq!(first_line_of(&sh, &["-c", "echo version 1; echo more"]), "version 1");
    assert_eq!(on_path("surely-no-such-program"), None);
}
