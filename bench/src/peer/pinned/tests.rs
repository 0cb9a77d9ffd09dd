//! What is started there stays there, and whoever started it doesn't.

use rustix::thread::sched_getaffinity;

use super::on_last_cpu;

#[test]
fn only_what_is_started_inside_is_pinned() {
    let before = sched_getaffinity(None).expect("it can be asked");
    let inside =
        on_last_cpu(|| std::thread::spawn(|| sched_getaffinity(None).expect("it can be asked").count()).join());
    assert_eq!(inside.expect("the thread ends"), 1);
    assert_eq!(sched_getaffinity(None).expect("it can be asked").count(), before.count());
}
