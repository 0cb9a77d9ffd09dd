//! What a word means for processes and for containers, and the moment in which a process ends.

use std::process::Command;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::time::Instant;

use super::{Blow, Fate, until_gone};

#[test]
fn a_word_means_what_a_user_would_type_for_that_replica() {
    assert_eq!(Blow::of(Fate::Stop, false).unwrap(), Blow::Freeze);
    assert_eq!(Blow::of(Fate::Stop, true).unwrap(), Blow::DockerStop);
    assert!(Blow::of(Fate::Pause, true).unwrap().freezes() && !Blow::of(Fate::Rm, true).unwrap().freezes());
    let refused = Blow::of(Fate::Oom, false).unwrap_err();
    assert!(refused.to_string().contains("--runtime docker"), "{refused}");
}

#[test]
fn a_process_is_gone_when_it_has_ended_and_not_before() {
    let began = Instant::now();
    let mut child = Command::new("sleep").arg("0.2").spawn().unwrap();
    let process = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).unwrap();
    let gone = until_gone(&process).unwrap();
    assert!(child.try_wait().unwrap().is_some(), "it has ended by now");
    assert!(gone > began);
    child.wait().unwrap();
}
