//! An engine that hangs, breaks off or is away is no news about replicas: the ring stays full, the admin API answers, and
//! what happened meanwhile is made good afterwards.

use rustix::process::Signal;

use super::proxy::{Mode, Proxy};
use super::site::{Site, add, docker};
use super::support::{Lb, eventually, http};

/// The replicas are in the ring and serve, and the admin API answers.
fn all_is_well(lb: &Lb) {
    assert_eq!(lb.replicas(), ["S1", "S2"]);
    let backends = lb.backends();
    let members = backends.iter().filter(|backend| backend["state"] != "draining").count();
    assert_eq!((lb.get("/home").status, members), (200, 2));
}

/// `lb` has said that the engine is silent, so it has concluded from it whatever it concludes.
fn notices_silence(lb: &Lb) {
    eventually("the silence is noticed", || lb.stderr().contains("replicas are taken to live on").then_some(()));
}

#[test]
fn away_it_empties_nothing_and_a_replica_that_died_meanwhile_is_replaced_afterwards() {
    let Some(site) = Site::open() else { return };
    let proxy = Proxy::start();
    let lb = site.serve_through(&proxy.exported(), 2, &[]);
    proxy.turn(Mode::Absent);
    notices_silence(&lb);
    all_is_well(&lb);
    docker(&["rm", "-f", &site.container("S1")]);
    eventually("its checks fail", || {
        let backends = lb.backends();
        backends.iter().any(|backend| backend["name"] == "S1" && backend["state"] == "down").then_some(())
    });
    assert_eq!(lb.get("/home").status, 200, "the other one serves");
    let refused = lb.ask_admin("POST", "/add", r#"{"n":1}"#);
    assert_eq!(refused.status, 500);
    assert!(refused.text().contains("no Docker engine answers"), "{}", refused.text());

    proxy.turn(Mode::Pass);
    eventually("two serve again, S1 is another", || {
        let now = lb.replicas();
        (now.len() == 2 && !now.contains(&"S1".to_owned())).then_some(())
    });
}

#[test]
fn hanging_it_holds_up_nobody_but_what_needs_it() {
    let Some(site) = Site::open() else { return };
    let proxy = Proxy::start();
    let lb = site.serve_through(&proxy.exported(), 2, &[]);
    proxy.turn(Mode::Hang);
    notices_silence(&lb);
    all_is_well(&lb);
    let late = lb.ask_admin("POST", "/add?wait=500ms", r#"{"hostnames":["A"]}"#);
    assert_eq!(late.status, 500, "a typed answer in time: {late:?}");
    all_is_well(&lb);
    proxy.turn(Mode::Absent);
    proxy.turn(Mode::Pass);
    add(&lb, r#"{"hostnames":["B"]}"#);
    let expected = ["B", "S1", "S2"].map(|name| site.container(name));
    eventually("what the hanging call has made is gone", || (site.containers() == expected).then_some(()));
}

#[test]
fn a_broken_event_stream_is_opened_again_and_a_restart_that_nobody_saw_is_found() {
    let Some(site) = Site::open() else { return };
    let proxy = Proxy::start();
    let lb = site.serve_through(&proxy.exported(), 2, &[]);
    proxy.turn(Mode::Absent);
    notices_silence(&lb);
    docker(&["restart", "-t", "1", &site.container("S1")]);
    proxy.turn(Mode::Pass);
    eventually("the restarted one is replaced", || {
        let now = lb.replicas();
        (now.len() == 2 && !now.contains(&"S1".to_owned())).then_some(())
    });
    // By an event, long before the next list would be due.
    docker(&["kill", &site.container("S2")]);
    eventually("events come again", || (!lb.replicas().contains(&"S2".to_owned())).then_some(()));
}

#[test]
fn a_container_that_the_engine_refuses_to_remove_is_told_once_with_the_command_that_does_and_goes_when_it_can() {
    let Some(site) = Site::open() else { return };
    let proxy = Proxy::start();
    let mut lb = site.serve_through(&proxy.exported(), 2, &[]);
    let id = site.inspect(&site.container("S1"))["Id"].as_str().unwrap().to_owned();
    proxy.turn(Mode::RefuseRemovals);
    assert_eq!(lb.ask_admin("DELETE", "/rm", r#"{"hostnames":["S1"]}"#).status, 200);
    let words = "the engine doesn't remove a container: ";
    let told =
        eventually("somebody is told", || lb.stderr().lines().find(|line| line.contains(words)).map(str::to_owned));
    assert!(
        told.contains("device or resource busy") && told.contains(&format!("docker rm -f {}", &id[..12])),
        "{told}"
    );
    assert_eq!((lb.replicas(), lb.get("/home").status), (vec!["S2".to_owned()], 200));
    proxy.turn(Mode::Pass);
    lb.signal(Signal::TERM);
    lb.wait_for_exit();
    assert_eq!(lb.stderr().matches(words).count(), 1, "{}", lb.stderr());
    assert!(site.containers().is_empty(), "{:?}", site.containers());
}

#[test]
fn without_an_engine_or_an_image_the_start_fails_in_one_line() {
    let Some(site) = Site::open() else { return };
    let proxy = Proxy::start();
    let missing = ["--runtime", "docker", "--image", "lb-no-such-image", "--pool", &site.pool, "--network", &site.pool];
    let (code, words) = Lb::run_to_end(&missing);
    assert_eq!(code, 1);
    assert!(words.contains("docker build -t lb-no-such-image"), "{words}");
    proxy.vanish();
    let state_dir = tempfile::tempdir().unwrap();
    let script = format!("{}; exec \"$0\" \"$@\"", proxy.exported());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_lb"), "serve", "--runtime", "docker"]);
    shell.args(["--front", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state-dir"]).arg(state_dir.path());
    let ended = shell.output().unwrap();
    let words = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{words}");
    assert!(words.contains("no Docker engine answers") && words.contains("--runtime process"), "{words}");
}

#[test]
fn runtime_auto_says_which_it_is() {
    let Some(site) = Site::open() else { return };
    let flags = ["--runtime", "auto", "--image", "lb-no-such-image", "--command", "sleep 60", "--replicas", "0"];
    let mut lb = Lb::launch(&flags);
    assert_eq!(http::get(lb.admin, "/rep").status, 200);
    assert!(lb.stderr().contains("runtime auto: process"), "{}", lb.stderr());
    lb.signal(Signal::TERM);
    lb.wait_for_exit();
    let lb = site.serve(0, &["--runtime", "auto"]);
    assert!(lb.stderr().contains("runtime auto: docker"), "{}", lb.stderr());
}
