//! A replica that dies is replaced in its seat: its name goes, the count returns, its keys come home, no other moves.

use std::collections::BTreeSet;

use rustix::process::Signal;

use crate::support::process::{children_of, is_alive, signal};
use crate::support::{Lb, eventually, load};

#[test]
fn a_killed_replica_is_replaced_in_its_seat() {
    let lb = Lb::start(&[]);
    let before = load::ask_each(lb.front, 1..=600);
    let pid = lb.pid_of("S2");
    assert!(signal(pid, Signal::KILL));
    let replicas = eventually("S2 is gone and three are there", || {
        let replicas = lb.replicas();
        (replicas.len() == 3 && !replicas.contains(&"S2".to_owned())).then_some(replicas)
    });
    let replacement = replicas.iter().find(|name| !["S1", "S3"].contains(&name.as_str())).expect("a new name");
    let after = load::ask_each(lb.front, 1..=600);
    assert_eq!(after.failed, [""; 0]);
    for (id, name) in &before.replica_of {
        let expected = if name == "S2" { replacement } else { name };
        assert_eq!(&after.replica_of[id], expected, "id {id}");
    }
    assert!(!is_alive(pid), "no zombie is left");
}

#[test]
fn while_a_replica_is_down_only_its_keys_go_elsewhere() {
    // A replacement that can't start keeps the seat empty: the program is deleted before the kill.
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("replica");
    std::fs::copy(env!("CARGO_BIN_EXE_lb"), &program).unwrap();
    let command = format!("{} replica", program.display());
    let lb = Lb::start(&["--command", &command]);
    let before = load::ask_each(lb.front, 1..=300);
    std::fs::remove_file(&program).unwrap();
    assert!(signal(lb.pid_of("S2"), Signal::KILL));
    eventually("S2 is gone", || (!lb.replicas().contains(&"S2".to_owned())).then_some(()));
    let meanwhile = load::ask_each(lb.front, 1..=300);
    assert_eq!(meanwhile.failed, [""; 0]);
    let moved: BTreeSet<u64> = before.elsewhere_in(&meanwhile).into_iter().collect();
    let owned: BTreeSet<u64> = (1..=300).filter(|id| before.replica_of[id] == "S2").collect();
    assert_eq!(moved, owned);

    std::fs::copy(env!("CARGO_BIN_EXE_lb"), &program).unwrap();
    eventually("the seat is taken again", || (lb.replicas().len() == 3).then_some(()));
    let healed = load::ask_each(lb.front, 1..=300);
    let away: BTreeSet<u64> = before.elsewhere_in(&healed).into_iter().collect();
    assert_eq!(away, owned, "the others' keys are where they were, S2's are with its replacement");
    assert_eq!(owned.iter().map(|id| &healed.replica_of[id]).collect::<BTreeSet<_>>().len(), 1);
}

#[test]
fn all_replicas_killed_at_once_come_back() {
    let lb = Lb::start(&[]);
    for name in ["S1", "S2", "S3"] {
        assert!(signal(lb.pid_of(name), Signal::KILL));
    }
    eventually("three new ones", || {
        let replicas = lb.replicas();
        let old = replicas.iter().any(|name| ["S1", "S2", "S3"].contains(&name.as_str()));
        (replicas.len() == 3 && !old).then_some(())
    });
    let answers = load::ask_each(lb.front, 1..=100);
    assert_eq!(answers.failed, [""; 0]);
}

#[test]
fn somebody_elses_program_is_balanced_and_healed() {
    let command = "python3 -m http.server --bind 127.0.0.1 {port}";
    let lb = Lb::with_replicas(2, &["--command", command, "--check", "tcp"]);
    for id in 1..=20 {
        let page = lb.get(&format!("/?id={id}"));
        assert_eq!(page.status, 200);
        assert!(page.text().contains("Directory listing"), "{}", page.text());
    }
    assert!(signal(lb.pid_of("S1"), Signal::KILL));
    eventually("S1 is gone and two are there", || {
        let replicas = lb.replicas();
        (replicas.len() == 2 && !replicas.contains(&"S1".to_owned())).then_some(())
    });
    for id in 1..=20 {
        assert_eq!(lb.get(&format!("/?id={id}")).status, 200);
    }
}

#[test]
fn a_replica_inherits_no_socket_of_the_balancer() {
    let lb = Lb::with_replicas(1, &[]);
    let sockets = |pid: u32| {
        let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
        let targets = fds.filter_map(|fd| std::fs::read_link(fd.unwrap().path()).ok());
        targets.map(|target| target.display().to_string()).filter(|target| target.starts_with("socket:"))
    };
    let ours: BTreeSet<String> = sockets(lb.pid()).collect();
    let inherited: Vec<String> = sockets(lb.pid_of("S1")).filter(|socket| ours.contains(socket)).collect();
    assert_eq!(inherited, [""; 0]);
}

#[test]
fn a_child_that_somebody_else_started_is_reaped_too() {
    // What PID 1 of a container gets from orphans, a shell that becomes lb leaves behind as well.
    let lb = Lb::launch_through("{ sleep 0.2 & }", &["--replicas", "1"]);
    let replica = eventually("S1 runs", || lb.backends()[0]["pid"].as_u64()) as u32;
    eventually("only the replica is left", || (children_of(lb.pid()) == [replica]).then_some(()));
    assert!(signal(replica, Signal::KILL));
    eventually("it is replaced: its end was not taken from its own task", || {
        let replicas = lb.replicas();
        (replicas.len() == 1 && replicas != ["S1"]).then_some(())
    });
    let events = lb.ask_admin("GET", "/v1/events", "");
    let died = events.text();
    assert!(died.contains("killed by signal 9"), "{died}");
}
