//! From the first container to the last: what is made, as what, and that nothing is left.

use std::thread;

use rustix::process::Signal;

use super::site::{Site, add, docker};
use super::support::lb::names;
use super::support::{eventually, http};

#[test]
fn containers_are_made_as_configured_added_removed_and_nothing_is_left() {
    let Some(site) = Site::open() else { return };
    let mut lb = site.serve(2, &["--memory", "64m", "--cpus", "0.5", "--pids-limit", "50", "--server-id", "[{name}]"]);
    assert!(lb.get("/home").text().contains("[S"), "{:?}", lb.get("/home"));

    let made = site.inspect(&site.container("S1"));
    let labels = &made["Config"]["Labels"];
    assert_eq!((labels["lb.managed"].as_str(), labels["lb.name"].as_str()), (Some("true"), Some("S1")));
    assert_eq!((labels["lb.seat"].as_str(), labels["lb.pool"].as_str()), (Some("1"), Some(site.pool.as_str())));
    assert_eq!(labels["lb.instance"].as_str().map(str::len), Some(32));
    let host = &made["HostConfig"];
    assert_eq!((host["Memory"].as_u64(), host["NanoCpus"].as_u64()), (Some(64 << 20), Some(500_000_000)));
    assert_eq!((host["PidsLimit"].as_u64(), host["ReadonlyRootfs"].as_bool()), (Some(50), Some(true)));
    assert_eq!(host["CapDrop"][0].as_str(), Some("ALL"));
    assert_eq!(host["SecurityOpt"][0].as_str(), Some("no-new-privileges:true"));
    assert_eq!(host["RestartPolicy"]["Name"].as_str(), Some("no"));
    assert_eq!(host["LogConfig"]["Config"]["max-file"].as_str(), Some("1"));
    let aliases = made["NetworkSettings"]["Networks"][&site.pool]["Aliases"].as_array().unwrap().clone();
    assert!(aliases.iter().any(|alias| alias == "S1"), "{aliases:?}");

    assert_eq!(add(&lb, r#"{"n":2,"hostnames":["A","B"]}"#), ["S1", "S2", "A", "B"]);
    let removed = lb.ask_admin("DELETE", "/rm", r#"{"n":2,"hostnames":["S1","A"]}"#);
    assert_eq!(names(&removed), ["S2", "B"]);
    let expected = [site.container("B"), site.container("S2")];
    eventually("the removed ones are gone", || (site.containers() == expected).then_some(()));

    lb.signal(Signal::TERM);
    assert!(lb.wait_for_exit().success());
    assert_eq!(site.containers(), [""; 0]);
    assert!(!site.has_network(), "we made it and it is empty");
}

#[test]
fn a_name_is_free_while_its_container_still_drains() {
    let Some(site) = Site::open() else { return };
    let lb = site.serve(1, &["--command", "replica --delay 8s"]);
    let front = lb.front;
    let client = thread::spawn(move || http::get(front, "/home"));
    eventually("the request is under way", || (lb.metric("lb_backend_sessions_open") > 0.0).then_some(()));
    lb.ask_admin("DELETE", "/rm", r#"{"hostnames":["S1"]}"#);
    assert_eq!(add(&lb, r#"{"hostnames":["S1"]}"#), ["S1"]);
    assert_eq!(client.join().unwrap().status, 200, "its session went on to the end");
    eventually("the drained one is gone", || (site.containers() == [site.container("S1")]).then_some(()));
}

#[test]
fn a_name_that_a_strangers_container_has_is_a_clear_error_and_the_stranger_is_left_alone() {
    let Some(site) = Site::open() else { return };
    let name = site.container("X");
    let id = site.create_stranger(&name, &[]);
    let lb = site.serve(1, &[]);
    let refused = lb.ask_admin("POST", "/add", r#"{"hostnames":["X"]}"#);
    assert_eq!(refused.status, 500);
    let words = refused.text();
    assert!(words.contains(&name) && words.contains("docker rm -f"), "{words}");
    assert_eq!(site.inspect(&name)["Id"].as_str(), Some(id.as_str()));
    assert_eq!(lb.replicas(), ["S1"], "all or nothing");
}

#[test]
fn a_name_that_a_container_of_ours_still_has_is_made_free() {
    let Some(site) = Site::open() else { return };
    let lb = site.serve(1, &[]);
    let made = site.inspect(&site.container("S1"));
    let instance = format!("lb.instance={}", made["Config"]["Labels"]["lb.instance"].as_str().unwrap());
    let stale = site.create_stranger(&site.container("X"), &[&instance, "lb.replica=999"]);
    assert_eq!(add(&lb, r#"{"hostnames":["X"]}"#), ["S1", "X"]);
    assert_eq!(site.inspect(&stale)["Name"].as_str().unwrap(), format!("/{}-leaving-999", site.container("X")));
}

#[test]
fn under_the_profile_a_dead_container_keeps_its_plain_name_for_whoever_killed_it() {
    let Some(site) = Site::open() else { return };
    let pattern = format!("{}x{{n}}", site.pool);
    let mut lb = site.serve(2, &["--profile", "assignment", "--names", &pattern]);
    let dead = pattern.replace("{n}", "1");
    docker(&["kill", &dead]);
    eventually("it is replaced", || {
        let now = lb.replicas();
        (now.len() == 2 && !now.contains(&dead)).then_some(())
    });
    assert_eq!(site.inspect(&dead)["State"]["Status"].as_str(), Some("exited"));
    lb.signal(Signal::TERM);
    assert!(lb.wait_for_exit().success());
    assert_eq!(site.containers(), [""; 0], "not longer than we are there");
}
