//! `lb` is killed, or told to leave its replicas running, and the next one goes on where it was: SPEC 6 on the binary.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::support::process::{is_alive, signal};
use crate::support::{Lb, eventually, http, load};

/// The processes that carry the mark of this state, as /proc shows it.
fn marked(lb: &Lb) -> BTreeSet<u32> {
    let instance = fs::read_to_string(lb.state_folder().join("instance")).unwrap();
    let mark = format!("LB_INSTANCE={}", instance.trim());
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    pids.filter(|pid| carries(*pid, &mark)).collect()
}

fn carries(pid: u32, mark: &str) -> bool {
    let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environ.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes())
}

/// The processes of the members.
fn pids(lb: &Lb) -> BTreeSet<u32> {
    lb.backends().iter().filter_map(|backend| backend["pid"].as_u64()).map(|pid| pid as u32).collect()
}

/// Waits until there is a process for every member, and no other.
fn settled(lb: &Lb) {
    eventually("each process is a member's", || {
        let all_ready = lb.backends().iter().all(|backend| backend["state"] == "ready");
        (all_ready && marked(lb) == pids(lb) && pids(lb).len() == lb.replicas().len()).then_some(())
    });
}

#[test]
fn after_sigkill_the_same_replicas_go_on_under_the_same_names_with_the_same_keys() {
    let mut lb = Lb::start(&[]);
    assert_eq!(lb.ask_admin("POST", "/add", r#"{"n":2,"hostnames":["A"]}"#).status, 200);
    assert_eq!(lb.ask_admin("DELETE", "/rm", r#"{"n":1,"hostnames":["S2"]}"#).status, 200);
    let (names, pids_before) = (lb.replicas(), pids(&lb));
    let before = load::ask_each(lb.front, 1..=300);
    lb.kill();
    let next = lb.next(&[]);
    next.wait_until_ready(4);
    assert_eq!(next.replicas(), names);
    assert!(pids(&next).is_subset(&pids_before), "nothing was started anew");
    settled(&next);
    let after = load::ask_each(next.front, 1..=300);
    assert_eq!(after.failed, [""; 0]);
    assert_eq!(after.replica_of, before.replica_of);
}

#[test]
fn a_replica_that_died_while_lb_was_dead_is_replaced_in_its_seat() {
    let mut lb = Lb::start(&[]);
    let dead = lb.pid_of("S2");
    let others = [lb.pid_of("S1"), lb.pid_of("S3")];
    lb.kill();
    assert!(signal(dead, Signal::KILL));
    let next = lb.next(&[]);
    next.wait_until_ready(3);
    let names = next.replicas();
    assert!(!names.contains(&"S2".to_owned()), "{names:?}");
    assert_eq!([next.pid_of("S1"), next.pid_of("S3")], others);
    settled(&next);
}

#[test]
fn killed_in_the_middle_of_an_add_it_comes_back_with_a_process_a_member_and_no_other() {
    let mut lb = Lb::with_replicas(1, &[]);
    for round in 0..10 {
        let admin = lb.admin;
        let adding = std::thread::spawn(move || http::try_send(admin, "POST", "/add", r#"{"n":8}"#).ok());
        // In the middle of the launches, each time a little later; in the last rounds perhaps when it has answered.
        let begun = marked(&lb).len();
        eventually("it has begun", || (marked(&lb).len() > begun + round || adding.is_finished()).then_some(()));
        let members_before = lb.replicas().len();
        lb.kill();
        let agreed = adding.join().unwrap().is_some_and(|answer| answer.status == 200);
        lb = lb.next(&[]);
        settled(&lb);
        let members = lb.replicas().len();
        assert!(members == members_before || members == members_before + 8, "{members} of {members_before}");
        assert!(!agreed || members > members_before || members_before > 8, "what was answered is there");
        if members > 20 {
            assert_eq!(lb.ask_admin("DELETE", "/rm", &format!(r#"{{"n":{}}}"#, members - 1)).status, 200);
            settled(&lb);
        }
    }
}

#[test]
fn an_unreadable_file_is_set_aside_and_what_was_left_running_is_ended() {
    let mut lb = Lb::with_replicas(2, &[]);
    let before = pids(&lb);
    lb.kill();
    fs::write(lb.state_folder().join("members.json"), "half a fi").unwrap();
    let next = lb.next(&["--replicas", "1"]);
    next.wait_until_ready(1);
    settled(&next);
    eventually("they are reaped by whoever inherited them", || before.iter().all(|pid| !is_alive(*pid)).then_some(()));
    assert_eq!(fs::read_to_string(next.state_folder().join("members.json.bad")).unwrap(), "half a fi");
    assert!(next.stderr().contains("set aside as members.json.bad"), "{}", next.stderr());
}

#[test]
fn while_the_state_cannot_be_written_changes_get_503_and_healing_goes_on() {
    let lb = Lb::with_replicas(2, &[]);
    let file = lb.state_folder().join("members.json");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    for (method, path) in [("POST", "/add"), ("DELETE", "/rm")] {
        let answer = lb.ask_admin(method, path, r#"{"n":1}"#);
        assert_eq!(answer.status, 503);
        assert!(answer.text().contains("mend the state directory"), "{answer:?}");
    }
    assert_eq!(lb.replicas(), ["S1", "S2"]);
    assert_eq!(lb.metric("lb_state_write_failing"), 1.0);
    assert!(signal(lb.pid_of("S1"), Signal::KILL));
    eventually("S1 is replaced", || (!lb.replicas().contains(&"S1".into()) && lb.replicas().len() == 2).then_some(()));
    fs::remove_dir(&file).unwrap();
    eventually("it is written again", || (lb.metric("lb_state_write_failing") == 0.0).then_some(()));
    assert_eq!(lb.ask_admin("POST", "/add", r#"{"n":1}"#).status, 200);
}

#[test]
fn a_second_one_on_the_same_state_ends_and_says_which() {
    let lb = Lb::with_replicas(1, &[]);
    // The port is free there, the folder is the same.
    let (code, words) = lb.next_to_end(&format!("127.0.0.2:{}", lb.front.port()));
    assert_eq!(code, 1, "{words}");
    let folder = lb.state_folder().display().to_string();
    let line = words.lines().last().unwrap();
    assert!(line.starts_with("error: ") && line.contains(&folder), "{words}");
    assert!(line.ends_with("stop it or give --state-dir"), "{words}");
    assert_eq!(lb.replicas(), ["S1"]);
}

#[test]
fn keep_replicas_leaves_them_running_and_a_normal_stop_does_not() {
    let mut lb = Lb::with_replicas(2, &["--keep-replicas"]);
    let before = pids(&lb);
    lb.signal(Signal::TERM);
    assert_eq!(lb.wait_for_exit().code(), Some(0));
    assert!(before.iter().all(|pid| is_alive(*pid)));
    assert_eq!(fs::read_dir(lb.state_folder().join("replicas")).unwrap().count(), 2, "what they write goes on");
    let mut next = lb.next(&[]);
    next.wait_until_ready(2);
    assert_eq!(pids(&next), before);
    next.signal(Signal::TERM);
    assert_eq!(next.wait_for_exit().code(), Some(0));
    eventually("they are gone", || before.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()).then_some(()));
    assert_eq!(marked(&next), BTreeSet::new());
}

#[test]
fn an_asked_for_number_of_replicas_wins_over_the_one_that_was_left() {
    let mut lb = Lb::with_replicas(3, &[]);
    let oldest = lb.pid_of("S1");
    lb.kill();
    let mut fewer = lb.next(&["--replicas", "1"]);
    settled(&fewer);
    assert_eq!((fewer.replicas(), fewer.pid_of("S1")), (vec!["S1".to_owned()], oldest));
    fewer.kill();
    let more = fewer.next(&["--replicas", "2"]);
    more.wait_until_ready(2);
    settled(&more);
    let names = more.replicas();
    assert!(names[0] == "S1" && !["S2", "S3"].contains(&names[1].as_str()), "{names:?}");
}
