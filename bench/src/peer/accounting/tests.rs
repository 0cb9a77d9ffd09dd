//! Reading what the kernel says of a process.

use std::time::{Duration, Instant};

use super::{cpu_ticks, cpu_time, family, resident_bytes, stat_fields};

#[test]
fn a_name_with_brackets_and_spaces_does_not_shift_the_fields() {
    let stat = "42 (a) b (c) S 7 42 42 0 -1 4194560 100 200 0 0 123 45 6 7 20 0 1 0";
    assert_eq!(stat_fields(stat).expect("it has a name")[1], "7");
    assert_eq!(cpu_ticks(stat), Some(168));
}

#[test]
fn our_own_time_grows_while_we_compute() {
    let own = rustix::process::getpid();
    let before = cpu_time(own);
    let deadline = Instant::now() + Duration::from_secs(20);
    while cpu_time(own) < before + Duration::from_millis(30) {
        assert!(Instant::now() < deadline, "reading /proc for 20 s costs more than 30 ms");
    }
    assert!(resident_bytes(own) > 0);
}

#[test]
fn a_child_belongs_to_the_family() {
    let mut child =
        std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("cat is there");
    let pid = rustix::process::Pid::from_child(&child);
    assert!(family(rustix::process::getpid()).contains(&pid));
    drop(child.stdin.take());
    child.wait().expect("it is ours");
}
