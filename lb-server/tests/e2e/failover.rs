//! No GET is lost with its replica: killed while it holds requests, or stopped dead until health takes it out.

use rustix::process::Signal;

use crate::support::process::signal;
use crate::support::{Lb, Load, eventually, http, load};

/// Slow enough that a replica always holds requests while the load runs.
fn slow_replica() -> String {
    format!("{} replica --delay 30ms", env!("CARGO_BIN_EXE_lb"))
}

/// FAULTS B1: each kill meets requests that the replica has and hasn't answered; the clients never retry.
#[test]
fn no_get_fails_when_replicas_are_killed_under_load() {
    let lb = Lb::start(&["--command", &slow_replica()]);
    let load = Load::start(lb.front);
    for kill in 1..=6 {
        load.wait_for_more(200);
        let victims = lb.replicas();
        let victim = &victims[kill % victims.len()];
        assert!(signal(lb.pid_of(victim), Signal::KILL));
        eventually("another sits in its seat", || {
            let replicas = lb.replicas();
            (replicas.len() == 3 && !replicas.contains(victim)).then_some(())
        });
    }
    load.wait_for_more(200);
    let answers = load.stop();
    assert_eq!(answers.failed, [""; 0], "of {}", answers.answered);
    let metrics = lb.ask_admin("GET", "/metrics", "");
    assert!(metrics.metric("lb_replays_total") > 0.0, "a kill met no request: {}", metrics.text());
    assert!(metrics.metric("lb_replays_refused_total") < 1.0);
}

/// FAULTS B6: a stopped replica keeps its connections and still accepts new ones; nothing refuses or resets.
#[test]
fn once_health_has_taken_a_stopped_replica_out_no_get_fails() {
    let lb = Lb::start(&["--first-byte-timeout", "7s"]);
    let load = Load::start(lb.front);
    load.wait_for_more(200);
    let victim = lb.pid_of("S2");
    assert!(signal(victim, Signal::STOP));
    // Those of the sixteen clients that ask S2 wait there now; when their deadline passes it must be out.
    let state = || lb.backends().iter().find(|backend| backend["name"] == "S2").map(|backend| backend["state"].clone());
    eventually("S2 is taken out", || state().is_none_or(|state| state != "ready").then_some(()));
    let replayed = || lb.ask_admin("GET", "/metrics", "").metric("lb_replays_total") > 0.0;
    eventually("what S2 had is replayed", || replayed().then_some(()));
    load.wait_for_more(200);
    let answers = load.stop();
    signal(victim, Signal::CONT);
    assert_eq!(answers.failed, [""; 0], "of {}", answers.answered);
}

#[test]
fn a_post_is_not_sent_twice_and_its_client_is_told() {
    let lb = Lb::with_replicas(2, &["--command", &slow_replica()]);
    let before = load::ask_each(lb.front, 1..=20);
    let id = before.replica_of.iter().find(|(_, name)| *name == "S1").map(|(id, _)| *id).expect("S1 has some");
    let (front, victim) = (lb.front, lb.pid_of("S1"));
    assert!(signal(victim, Signal::STOP));
    let client = std::thread::spawn(move || http::send(front, "POST", &format!("/request?request_id={id}"), "{}"));
    let open = || lb.ask_admin("GET", "/metrics", "").metric("lb_backend_sessions_open") > 0.0;
    eventually("S1 has the request", || open().then_some(()));
    assert!(signal(victim, Signal::KILL));
    assert_eq!(client.join().unwrap().status, 502);
    assert!(lb.ask_admin("GET", "/metrics", "").metric("lb_replays_total") < 1.0);
}
