//! `lb` is killed, or leaves its containers running, and the next one takes them over; of another runtime it ends them.

use rustix::process::Signal;

use super::site::{Site, docker};
use super::support::process::is_alive;
use super::support::{Lb, eventually};

#[test]
fn after_sigkill_the_same_containers_go_on_and_one_that_died_meanwhile_is_replaced() {
    let Some(site) = Site::open() else { return };
    let mut lb = site.serve(3, &[]);
    let before = site.ids();
    lb.kill();
    let mut next = site.serve_next(&lb, &[]);
    next.wait_until_ready(3);
    assert_eq!(next.replicas(), ["S1", "S2", "S3"]);
    assert_eq!(site.ids(), before, "nothing was started or stopped");
    assert_eq!(next.get("/home").status, 200);

    next.kill();
    docker(&["kill", &site.container("S2")]);
    let last = site.serve_next(&next, &[]);
    eventually("S2 is replaced", || {
        let names = last.replicas();
        (names.len() == 3 && !names.contains(&"S2".to_owned())).then_some(())
    });
    eventually("three containers are left", || (site.containers().len() == 3).then_some(()));
    assert_eq!(site.ids().intersection(&before).count(), 2);
    stops_clean(&site, last);
}

#[test]
fn with_keep_replicas_a_normal_stop_leaves_them_for_the_next() {
    let Some(site) = Site::open() else { return };
    let mut lb = site.serve(2, &["--keep-replicas"]);
    let before = site.ids();
    lb.signal(Signal::TERM);
    assert!(lb.wait_for_exit().success());
    assert_eq!(site.ids(), before);
    let next = site.serve_next(&lb, &[]);
    next.wait_until_ready(2);
    assert_eq!(site.ids(), before);
    stops_clean(&site, next);
}

#[test]
fn processes_that_an_earlier_runtime_has_left_are_ended() {
    let Some(site) = Site::open() else { return };
    let mut lb = Lb::with_replicas(2, &[]);
    let pids: Vec<u32> = lb.replicas().iter().map(|name| lb.pid_of(name)).collect();
    lb.kill();
    let next = site.serve_next(&lb, &[]);
    next.wait_until_ready(2);
    eventually("the processes have ended", || (!pids.iter().any(|pid| is_alive(*pid))).then_some(()));
    assert_eq!(site.ids().len(), 2);
    stops_clean(&site, next);
}

fn stops_clean(site: &Site, mut lb: Lb) {
    lb.signal(Signal::TERM);
    assert!(lb.wait_for_exit().success());
    assert!(site.containers().is_empty(), "{:?}", site.containers());
}
