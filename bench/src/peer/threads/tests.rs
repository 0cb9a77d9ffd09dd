//! Threads of this very process: found by name, kept on a CPU, their time read.

use std::sync::mpsc::channel;
use std::time::Instant;

use rustix::process::getpid;
use rustix::thread::sched_getaffinity;

use super::*;

#[test]
fn the_threads_of_a_name_are_found_and_pinned_and_no_others() {
    let (go, wait) = channel::<()>();
    let (tell, told) = channel();
    let body = move || {
        tell.send(()).expect("somebody listens");
        let _told_to_end = wait.recv();
    };
    let thread = std::thread::Builder::new().name("one-of-a-kind".to_owned()).spawn(body).expect("a thread");
    told.recv().expect("it has begun");
    let found = named(getpid(), "one-of");
    assert_eq!(found.len(), 1);
    assert!(named(getpid(), "").len() > 1 && named(getpid(), "no-such-name").is_empty());
    let ours = sched_getaffinity(None).expect("it can be asked");
    let last = (0..CpuSet::MAX_CPU).rev().find(|&cpu| ours.is_set(cpu)).expect("there is one");
    assert!(pin(&found, last));
    let theirs = sched_getaffinity(Some(found[0])).expect("it can be asked");
    assert!(theirs.count() == 1 && theirs.is_set(last));
    assert_eq!(sched_getaffinity(None).expect("it can be asked").count(), ours.count());
    go.send(()).expect("it waits");
    thread.join().expect("it ends");
}

#[test]
fn the_time_of_a_thread_that_computes_grows() {
    let own = [rustix::thread::gettid()];
    let before = scheduled(getpid(), &own).expect("the kernel tells");
    let deadline = Instant::now() + Duration::from_secs(20);
    while scheduled(getpid(), &own).expect("the kernel tells").since(before).ran < Duration::from_millis(30) {
        assert!(Instant::now() < deadline, "reading /proc for 20 s costs more than 30 ms");
    }
    assert_eq!(scheduled(getpid(), &[Pid::from_raw(i32::MAX).expect("a number")]), None);
}
