//! Whatever somebody does to a container, N serve again, and what was touched is gone.

use super::site::{Site, docker, try_docker};
use super::support::{Lb, eventually};

/// What somebody does to S1; then it has been replaced and exactly `n` containers are left.
fn replaced_after(n: usize, flags: &[&str], act: impl FnOnce(&str)) {
    let Some(site) = Site::open() else { return };
    let lb = site.serve(n, flags);
    let name = site.container("S1");
    act(&name);
    is_replaced(&site, &lb, n);
}

fn is_replaced(site: &Site, lb: &Lb, n: usize) {
    eventually("N are back, S1 isn't", || {
        let now = lb.replicas();
        (now.len() == n && !now.contains(&"S1".to_owned())).then_some(())
    });
    let mut expected: Vec<String> = lb.replicas().iter().map(|name| site.container(name)).collect();
    expected.sort();
    eventually("the dead one is removed", || (site.containers() == expected).then_some(()));
    assert_eq!(lb.get("/home").status, 200);
}

#[test]
fn killed() {
    replaced_after(2, &[], |name| drop(docker(&["kill", name])));
}

#[test]
fn stopped() {
    replaced_after(2, &[], |name| drop(docker(&["stop", name])));
}

#[test]
fn removed() {
    replaced_after(2, &[], |name| drop(docker(&["rm", "-f", name])));
}

/// The restarted one is another incarnation at another time: it is replaced like any that died. It may be removed before
/// its restart is over, which the client is told.
#[test]
fn restarted() {
    replaced_after(2, &[], |name| drop(try_docker(&["restart", name])));
}

#[test]
fn paused_for_good() {
    replaced_after(2, &[], |name| drop(docker(&["pause", name])));
}

/// The files of a tmpfs are the memory of the container, and nothing can be swapped out.
#[test]
fn out_of_memory() {
    let Some(site) = Site::open() else { return };
    let lb = site.serve(2, &["--memory", "32m"]);
    let name = site.container("S1");
    let _killed_with_it = try_docker(&["exec", &name, "/dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M", "count=60"]);
    is_replaced(&site, &lb, 2);
    assert!(lb.stderr().contains("OOM-killed"), "{}", lb.stderr());
}
